# The settings are tried together with all the others; what does not hold together is taken back before sshd sees it.
if sshd -t; then
  systemctl reload ssh.service && echo changed
else
  rm /etc/ssh/sshd_config.d/10-oplever-harden.conf
  exit 1
fi
