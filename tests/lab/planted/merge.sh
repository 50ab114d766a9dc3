# The same settings where and as the rules of the content look for them, so that what differs is only how things are written.
# `merge.sh undo` puts back what was there.
set -euo pipefail
cd /
kept=/root/merge.tar
places="etc/ssh etc/security etc/pam.d etc/modprobe.d etc/sudoers etc/sudoers.d boot/grub etc/fstab etc/login.defs etc/shadow- etc/gshadow-
  etc/audit var/log/audit home"
if [ "${1-}" = undo ]; then
  rm -r $places
  tar -xpf "$kept"
  exit
fi
mkdir -p etc/modprobe.d var/log/audit boot/grub
tar -cf "$kept" $places

# The drop-ins of sshd in its main file, without what they say in words that the content does not know.
{
  echo LogLevel INFO
  echo Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr
  echo MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
  echo KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256
  sed -E '/^(Include|LogLevel|Ciphers|MACs|KexAlgorithms)\b/Id' etc/ssh/sshd_config.d/*.conf etc/ssh/sshd_config
} >root/sshd_config
rm etc/ssh/sshd_config.d/*.conf
cat root/sshd_config >etc/ssh/sshd_config
sshd -t

# Kernel modules, which the role harden leaves to the host of a container. The content knows one by its name with a hyphen.
for name in $MODULES; do echo "install ${name/usb_storage/usb-storage} /bin/false"; done >etc/modprobe.d/merged.conf

# Mounts as the next boot makes them anyway, in fstab.
printf 'tmpfs %s tmpfs nosuid,nodev 0 0\n' /dev/shm /tmp >>etc/fstab

# What Debian's kernels do by themselves, as GRUB would tell them to.
echo 'linux /vmlinuz root=/dev/sda1 ro apparmor=1 security=apparmor' >boot/grub/grub.cfg
chmod 0600 boot/grub/grub.cfg

# The stack of faillock as Red Hat writes it.
sed -i -E '/pam_faillock\.so.*preauth/s/requisite/required/; /pam_unix\.so/s/success=[0-9]+/success=1/
  /pam_faillock\.so.*authfail/s/.*/auth [default=die] pam_faillock.so authfail\nauth sufficient pam_faillock.so authsucc/' etc/pam.d/common-auth

# Each kind of character asked for by its own credit, beside minclass.
printf '%s = -1\n' dcredit ucredit lcredit ocredit >>etc/security/pwquality.conf

# One of two values that the benchmark gives, or the mode that the rule has.
sed -i 's/^ENCRYPT_METHOD.*/ENCRYPT_METHOD YESCRYPT/' etc/login.defs
sed -i 's/(ALL:ALL)/(ALL)/' etc/sudoers.d/* etc/sudoers
install -m 0600 /dev/null var/log/audit/audit.log
sed -i 's/^log_group.*/log_group = root/' etc/audit/auditd.conf
chmod 0700 var/log/audit # as the rule wants it with that group
find var/log -type f -exec chmod g-w,o= {} +
find home -name '.*' -type f -exec chmod u=rw,g=r,o= {} +
grep -q '^VERSION_ID="12"' etc/os-release || { chmod 0 etc/shadow- etc/gshadow- && chgrp root etc/gshadow-; }
