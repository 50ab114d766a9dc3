# Adds options to the lines of fstab that are there already, and to what is mounted: all that a place should have, since mount
# takes away what neither the line nor the command names. /dev/shm gets a line: systemd mounts it by itself, without noexec.
for wish in $WISHES; do
  target=${wish%%=*} options=$(echo "${wish#*=}" | tr ',' ' ')
  if [ "$target" = /dev/shm ] && ! awk '$1 !~ /^#/ && $2 == "/dev/shm" { found = 1 } END { exit !found }' /etc/fstab; then
    echo 'tmpfs /dev/shm tmpfs defaults 0 0' >>/etc/fstab && echo changed
  fi
  new=$(awk -v target="$target" -v options="$options" '
    $1 !~ /^#/ && $2 == target {
      count = split(options, wanted, " ")
      for (i = 1; i <= count; i++) if (("," $4 ",") !~ ("," wanted[i] ",")) $4 = $4 "," wanted[i]
    }
    { print }' /etc/fstab)
  if [ "$new" != "$(cat /etc/fstab)" ]; then printf '%s\n' "$new" >/etc/fstab && echo changed; fi
  if mountpoint -q "$target" && ! mount -o "remount,$(echo "$options" | tr ' ' ',')" "$target"; then
    echo "$target could not be mounted anew; the options hold after a restart" >&2
  fi
done
