# reach.sh SERVER DIRECTORY: lists the shares with a ticket of the machine itself, which is kept nowhere.
if [ -s /etc/krb5.keytab ]; then
    # A directory: a file for tickets that exists and is empty is refused. By its environment smbclient of both releases finds the ticket.
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    export KRB5CCNAME="FILE:$place/ticket"
    KRB5_CLIENT_KTNAME=/etc/krb5.keytab ldapsearch -Q -LLL -Y GSSAPI -H "ldap://$2" -s base -b "" dn >/dev/null
    smbclient -N -g -L "$1" --use-kerberos=required 2>&1
else
    smbclient -g -L "$1" --use-kerberos=required -P 2>&1
fi
