#!/usr/bin/env bash
# Packs PROGRAM with its licences and README into FOLDER/cognito-creds-VERSION-TARGET.tar.gz and prints that path:
#
#   release/archive.sh PROGRAM FOLDER [TARGET]
#
# The bytes depend on the files and the commit alone: order, owners, modes and times are settled here.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: release/archive.sh PROGRAM FOLDER [TARGET]" >&2; exit 2; }
program=$(realpath -- "$1") folder=$(realpath -- "$2")
cd -- "$(dirname -- "$0")/.."
target=${3:-$(rustc --version --verbose | sed -n 's/^host: //p')}
version=$(sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
name=cognito-creds-$version-$target

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
mkdir -- "$place/$name"
cp -- README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$place/$name"
cp -T -- "$program" "$place/$name/cognito-creds"
chmod -R u=rwX,go=rX -- "$place/$name"
chmod 755 -- "$place/$name/cognito-creds"
chmod 644 -- "$place/$name"/[A-Z]*

tar --create --format=ustar --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" --directory "$place" -- "$name" |
    gzip --no-name --best >"$folder/$name.tar.gz"
printf '%s\n' "$folder/$name.tar.gz"
