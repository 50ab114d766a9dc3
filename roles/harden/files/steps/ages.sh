# shellcheck shell=sh
# Sets the maximum age of existing passwords. An account that would be expired or locked at once is left alone: the audit keeps
# reporting it until its owner has chosen a new password.
today=$(($(date +%s) / 86400))
while IFS=: read -r name hash changed _ max _ inactive _; do
  case $hash in '' | [*!]*) continue ;; esac
  if [ -z "$changed" ] || [ $((changed + MAX_DAYS)) -le "$today" ]; then continue; fi
  if [ -z "$max" ] || [ "$max" -gt "$MAX_DAYS" ]; then chage --maxdays "$MAX_DAYS" "$name" && echo changed; fi
  if [ -z "$inactive" ] || [ "$inactive" -gt "$INACTIVE_DAYS" ] || [ "$inactive" -lt 0 ]; then
    chage --inactive "$INACTIVE_DAYS" "$name" && echo changed
  fi
done </etc/shadow
