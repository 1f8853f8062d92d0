#!/usr/bin/env bash
# Packs PROGRAM with completions, manual page, licences and README into FOLDER, and prints the archive's path:
#
#   release/archive.sh PROGRAM FOLDER [TARGET [RUNS_HERE]]
#
# RUNS_HERE is the same program for this machine, which prints completions and page, where PROGRAM is for another.
# The bytes depend on the files and the commit alone: order, owners, modes and times are settled here.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: release/archive.sh PROGRAM FOLDER [TARGET [RUNS_HERE]]" >&2; exit 2; }
program=$(realpath -- "$1") folder=$(realpath -- "$2") runs_here=$(realpath -- "${4:-$1}")
cd -- "$(dirname -- "$0")/.."
# shellcheck source=release/names.sh
. release/names.sh
target=${3:-$host_target}
name=$(folder_of "$target")
archive=$folder/$(archive_of "$target")

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
mkdir -- "$place/$name"
cp -- README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$place/$name"
release/licences.py "$place/$name/THIRD-PARTY.txt" "$target"
release/extras.sh "$runs_here" "$place/$name"
case $target in
*-windows-*) inside=cognito-creds.exe ;;
*) inside=cognito-creds ;;
esac
cp -T -- "$program" "$place/$name/$inside"
chmod -R u=rwX,go=rX -- "$place/$name"
find "$place/$name" -type f -exec chmod 644 {} +
chmod 755 -- "$place/$name/$inside"

rm -f -- "$archive"
case $archive in
*.zip)
    # A zip has local times, of two seconds each.
    find "$place/$name" -exec touch --date="@$released_at" {} +
    (cd -- "$place" && find "$name" | LC_ALL=C sort | TZ=UTC zip -q -9 -X -@ "$archive")
    ;;
*)
    tar --create --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$released_at" \
        --directory "$place" -- "$name" | gzip --no-name --best >"$archive"
    ;;
esac
printf '%s\n' "$archive"
