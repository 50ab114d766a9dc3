# shellcheck shell=bash
# look.sh DIRECTORY GROUP: prints joined, grouped, and member where the machine logs in with the directory.
if [ -e /etc/sssd/sssd.conf ]; then
    echo member
    echo "People of the directory log in on this machine, and a file server is for the administrator alone. Take another machine, or take" \
        "the role directory off this one first." >&2
fi
getent group "$2" >/dev/null && echo grouped
if [ -s /var/lib/samba/private/secrets.tdb ] && command -v net >/dev/null; then
    net ads testjoin >/dev/null 2>&1 || ! timeout 3 bash -c ": </dev/tcp/$1/88" 2>/dev/null && echo joined
fi
exit 0
