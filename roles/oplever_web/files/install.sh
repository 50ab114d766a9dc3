# shellcheck shell=sh
# Installs the wheels beside "$1" into it, whole or not at all.
set -eu
home=$1
wheels=$1.wheels
rm -rf "$home"
python3 -m venv "$home"
"$home/bin/pip" install -q --no-cache-dir --disable-pip-version-check --no-index --find-links "$wheels" --require-hashes -r "$wheels/desk.lock"
"$home/bin/pip" install -q --no-cache-dir --disable-pip-version-check --no-index --no-deps "$wheels"/oplever-*.whl
"$home/bin/pip" check
touch "$home/.complete"
rm -rf "$wheels"
