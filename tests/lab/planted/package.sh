# Install an empty package: bash package.sh NAME VERSION [script to run after installing]
set -euo pipefail
place=$(mktemp -d)
mkdir "$place/DEBIAN"
cat >"$place/DEBIAN/control" <<END
Package: $1
Version: $2
Architecture: all
Maintainer: Nobody <nobody@lab.example>
Description: planted by a test
END
if [ $# = 3 ]; then
  printf '#!/bin/sh\n%s\n' "$3" >"$place/DEBIAN/postinst"
  chmod 755 "$place/DEBIAN/postinst"
fi
dpkg-deb --build "$place" "$place.deb"
dpkg --install "$place.deb"
