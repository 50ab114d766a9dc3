# shellcheck shell=sh
# What the packages leave when they are purged; the dumps stay. With an argument it is only told.
check=$1
drop() {
  echo "$*"
  [ -n "$check" ] || "$@" || exit
}

[ ! -e /usr/bin/pg_ctlcluster ] || exit 0
for path in /etc/postgresql /etc/postgresql-common /var/lib/postgresql /var/log/postgresql \
  /etc/systemd/system/postgresql@*-main.service.d /etc/systemd/system/multi-user.target.wants/postgresql@*-main.service; do
  { [ ! -e "$path" ] && [ ! -L "$path" ]; } || drop rm -r "$path"
done
if getent passwd postgres >/dev/null; then
  drop userdel postgres
fi
if getent group postgres >/dev/null; then
  drop groupdel postgres
fi
