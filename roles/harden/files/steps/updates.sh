# shellcheck shell=sh
# Installs the security updates that wait.
before=$(dpkg-query --show)
unattended-upgrade || exit
[ "$before" = "$(dpkg-query --show)" ] || echo changed
