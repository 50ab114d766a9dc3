# shellcheck shell=sh
# Enables the PAM profiles. pam-auth-update keeps options that people changed, so nullok, once removed, stays removed.
# If root can no longer authenticate with the new rules, the previous ones are restored. Files are replaced by renaming:
# a login in between never meets half a file.
before=$(cat /etc/pam.d/common-*)
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
cp -p /etc/pam.d/common-* "$kept"
for name in oplever-faillock oplever-faillock-notify oplever-pwhistory pwquality; do
  if [ -f "/usr/share/pam-configs/$name" ]; then profiles="$profiles $name"; fi
done
# shellcheck disable=SC2086 # a list of words
[ -z "$profiles" ] || pam-auth-update --enable $profiles
sed -i -E '/^[^#]*pam_unix\.so/s/[[:space:]]+nullok(_secure)?\b//' /etc/pam.d/common-auth /etc/pam.d/common-password
if ! su -s /bin/sh root -c true; then
  for file in "$kept"/common-*; do
    target=/etc/pam.d/${file##*/}
    cp -p "$file" "$target.oplever" && mv "$target.oplever" "$target"
  done
  echo "root can no longer authenticate with the new PAM rules; the previous ones were restored" >&2
  exit 1
fi
[ "$before" = "$(cat /etc/pam.d/common-*)" ] || echo changed
