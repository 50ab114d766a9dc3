# shellcheck shell=sh
# What the package leaves when it is purged: of files only those that are as it made them, and on Debian 13 its accounts. With an argument
# it is only told.
check=$1
drop() {
  echo "$*"
  [ -n "$check" ] || "$@" || exit
}
is_group_of_nobody() {
  getent group "$1" >/dev/null && [ ! -e "/var/lib/dpkg/info/$2.list" ]
}

[ ! -e /usr/sbin/postfix ] || exit 0
if printf '# See man 5 aliases for format\npostmaster:    root\n' | cmp -s - /etc/aliases; then
  drop rm -f /etc/aliases /etc/aliases.db
fi
[ ! -e /etc/mailname ] || drop rm /etc/mailname
if getent passwd postfix >/dev/null; then
  drop userdel postfix
fi
for group in postfix postdrop; do
  ! is_group_of_nobody "$group" postfix || drop groupdel --force "$group"
done
