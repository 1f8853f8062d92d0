#!/usr/bin/env bash
# Fills the Homebrew formula and the Scoop manifest of packaging/ for the archives that RELEASE/SHA256SUMS lists, into FOLDER:
#
#   release/packages.sh RELEASE FOLDER
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: release/packages.sh RELEASE FOLDER" >&2; exit 2; }
sums=$(realpath -- "$1")/SHA256SUMS folder=$(realpath -- "$2")
cd -- "$(dirname -- "$0")/.."
# shellcheck source=release/names.sh
. release/names.sh

edits=(-e "s|@VERSION@|$version|g" -e "s|@REPOSITORY@|$repository|g")
while read -r target; do
    archive=$(archive_of "$target")
    sum=$(awk -v name="$archive" '$2 == name { print $1 }' "$sums")
    [[ $sum =~ ^[0-9a-f]{64}$ ]] || { echo "$sums has no checksum of $archive." >&2; exit 1; }
    edits+=(-e "s|@URL $target@|$(downloads)/$archive|g" -e "s|@SHA256 $target@|$sum|g")
done <release/targets

for template in packaging/homebrew/cognito-creds.rb packaging/scoop/cognito-creds.json; do
    filled=$folder/$(basename -- "$template")
    # The lines that tell of this script are about the template.
    sed -e '/release\/packages.sh/d' "${edits[@]}" "$template" >"$filled"
    if grep '@' "$filled"; then
        echo "That of $template was not filled in." >&2
        exit 1
    fi
    printf '%s\n' "$filled"
done
