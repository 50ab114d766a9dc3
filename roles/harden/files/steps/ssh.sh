# shellcheck shell=sh
# Tests the settings together with all the others. If they do not work together, they are removed before sshd reads them.
if sshd -t; then
  systemctl reload ssh.service && echo changed
else
  rm -f /etc/ssh/sshd_config.d/10-oplever-harden.conf /etc/ssh/sshd_config.d/zz-oplever-harden.conf
  echo "sshd rejects these settings together with its other files; 10-oplever-harden.conf and zz-oplever-harden.conf were removed and sshd keeps its present settings" >&2
  exit 1
fi
