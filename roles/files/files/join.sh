# shellcheck shell=bash
# join.sh DOMAIN WORKGROUP DIRECTORY NAME: joins with the password of stdin, which winbind then replaces with one that nobody knows. Samba
# replaces a password of a domain only where it has one, so it first gets one.
set -e
IFS= read -r once || true
secrets=/var/lib/samba/private/secrets.tdb
systemctl stop smbd.service winbind.service
rm -f "$secrets"
net getlocalsid >/dev/null 2>&1
asked=$(PASSWD=$once timeout 20 rpcclient -U "$4\$@$1" --use-kerberos=required "$3" -c lsaquery 2>&1) || { echo "$asked" >&2; exit 1; }
net setdomainsid "$(echo "$asked" | sed -n 's/^Domain Sid: //p')" >/dev/null
now=$(date +%s)
bytes=$(printf '\\%02x\\%02x\\%02x\\%02x' $((now & 255)) $((now >> 8 & 255)) $((now >> 16 & 255)) $((now >> 24 & 255)))
tdbtool "$secrets" >/dev/null <<END
store SECRETS/MACHINE_PASSWORD/$2 none\\00
store SECRETS/MACHINE_LAST_CHANGE_TIME/$2 $bytes
store SECRETS/MACHINE_SEC_CHANNEL_TYPE/$2 \\02\\00\\00\\00
quit
END
printf %s "$once" | net changesecretpw -i -f >/dev/null
systemctl start winbind.service
if ! { timeout 30 wbinfo --change-secret && timeout 30 wbinfo -t; } >/dev/null; then
    rm -f "$secrets"
    echo "winbind did not change the password, or it does not hold." >&2
    exit 1
fi
