#!/bin/sh
# What sshd of the backup server runs in place of a shell, with -c and the command that authorized_keys forces. Without a forced
# command the words would come from the other side; they are refused. Words are never read as those of a shell.
set -f
refuse() { echo "This account only takes backups." >&2; exit 1; }
if [ "$1" != -c ] || [ -z "${SSH_ORIGINAL_COMMAND+set}" ]; then refuse; fi
case $2 in
  "/usr/bin/borg serve --append-only --restrict-to-repository /"*) ;;
  *) refuse ;;
esac
[ "$SSH_ORIGINAL_COMMAND" != rights ] || { printf '%s\n' "$2"; exit 0; }
# shellcheck disable=SC2086  # the words of the forced command
exec $2
