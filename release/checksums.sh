#!/usr/bin/env bash
# Writes FOLDER/SHA256SUMS for every other file in FOLDER: release/checksums.sh FOLDER
# Whoever downloads them: sha256sum --check SHA256SUMS
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: release/checksums.sh FOLDER" >&2; exit 2; }
cd -- "$1"
export LC_ALL=C
files=()
for file in *; do
    if [ -f "$file" ] && [ "$file" != SHA256SUMS ]; then files+=("$file"); fi
done
[ "${#files[@]}" -gt 0 ] || { echo "There is no file in $1." >&2; exit 1; }
sha256sum -- "${files[@]}" >SHA256SUMS
