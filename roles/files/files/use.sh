# shellcheck shell=bash
# use.sh SERVER ACCOUNT SHARE: prints what the account may do, write, read or nothing; or what went wrong. Its password is in PASSWD.
answer=$(smbclient "//$1/$3" --use-kerberos=required -U "$2" -c "mkdir .oplever-$$; rmdir .oplever-$$; ls" 2>&1)
case "$answer" in
*"tree connect failed: NT_STATUS_ACCESS_DENIED"*) echo nothing ;;
*"NT_STATUS_ACCESS_DENIED making remote directory"*"blocks available"*) echo read ;;
*NT_STATUS*) echo "$answer" ;;
*"blocks available"*) echo write ;;
*) echo "$answer" ;;
esac
