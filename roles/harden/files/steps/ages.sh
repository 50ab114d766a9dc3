# Gives existing passwords an age. An account that would be expired or locked by it at once keeps what it has: the audit goes
# on telling, and its owner chooses a new password first.
today=$(($(date +%s) / 86400))
while IFS=: read -r name hash changed _ max _ inactive _; do
  case $hash in '' | [*!]*) continue ;; esac
  [ -n "$changed" ] && [ $((changed + MAX_DAYS)) -gt "$today" ] || continue
  if [ -z "$max" ] || [ "$max" -gt "$MAX_DAYS" ]; then chage --maxdays "$MAX_DAYS" "$name" && echo changed; fi
  if [ -z "$inactive" ] || [ "$inactive" -gt "$INACTIVE_DAYS" ] || [ "$inactive" -lt 0 ]; then
    chage --inactive "$INACTIVE_DAYS" "$name" && echo changed
  fi
done </etc/shadow
