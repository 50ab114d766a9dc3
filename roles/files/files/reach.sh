# shellcheck shell=bash
# reach.sh SERVER DIRECTORY: lists the shares with a ticket of the machine itself, which is kept nowhere.
if [ -s /etc/krb5.keytab ]; then
    # A directory: a file for tickets that exists and is empty is refused.
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    export KRB5CCNAME="FILE:$place/ticket"
    KRB5_CLIENT_KTNAME=/etc/krb5.keytab ldapsearch -Q -LLL -Y GSSAPI -H "ldap://$2" -s base -b "" dn >/dev/null
    # smbclient of Debian 13 takes such a ticket by the option alone, that of Debian 12 from the environment alone.
    smbclient -g -L "$1" --use-kerberos=required --use-krb5-ccache="$KRB5CCNAME" 2>&1 || smbclient -N -g -L "$1" --use-kerberos=required 2>&1
else
    smbclient -g -L "$1" --use-kerberos=required -P 2>&1
fi
