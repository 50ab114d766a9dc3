# The first load also locks the rules (-e 2); from then on new ones wait for a restart, which loads what is on disk.
if auditctl -s | grep -qx 'enabled 2'; then
  echo "the rules of the audit are fixed until a restart; the new ones hold after it" >&2
else
  augenrules --load && echo changed
fi
