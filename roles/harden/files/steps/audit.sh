# shellcheck shell=sh
# Loading the rules for the first time also locks them (-e 2); after that, new rules are loaded at the next boot.
if auditctl -s | grep -qx 'enabled 2'; then
  echo "the audit rules are locked until the next reboot; the new rules apply after it" >&2
else
  augenrules --load && echo changed
fi
