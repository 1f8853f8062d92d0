#!/usr/bin/env bash
# Writes the install.sh of a release to FOLDER: it knows that releases are at ADDRESS, a repository at GitHub.
#
#   release/installer.sh ADDRESS FOLDER
#
# Before release/checksums.sh, so that SHA256SUMS has it, too.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: release/installer.sh ADDRESS FOLDER" >&2; exit 2; }
address=${1%/} folder=$(realpath -- "$2")
cd -- "$(dirname -- "$0")/.."
[[ $address =~ ^https://[A-Za-z0-9.:/_-]+$ ]] || { echo "$address is no https address of a repository." >&2; exit 2; }
[ "$(grep -c "^repository=''$" install.sh)" -eq 1 ] || { echo "install.sh has no place for the address." >&2; exit 1; }
sed "s|^repository=''$|repository='$address'|" install.sh >"$folder/install.sh"
chmod 755 -- "$folder/install.sh"
printf '%s\n' "$folder/install.sh"
