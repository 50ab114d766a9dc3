# reach.sh SERVER DIRECTORY: lists the shares with a ticket of the machine itself, which is kept nowhere.
if [ -s /etc/krb5.keytab ]; then
    # A directory: a file for tickets that exists and is empty is refused.
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    KRB5_CLIENT_KTNAME=/etc/krb5.keytab KRB5CCNAME=FILE:$place/ticket ldapsearch -Q -LLL -Y GSSAPI -H "ldap://$2" -s base -b "" dn >/dev/null
    smbclient -g -L "$1" --use-kerberos=required --use-krb5-ccache="$place/ticket" 2>&1
else
    smbclient -g -L "$1" --use-kerberos=required -P 2>&1
fi
