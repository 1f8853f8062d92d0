#!/usr/bin/env bash
# Packs PROGRAM, built for this machine, as a Debian package into FOLDER and prints its path: release/deb.sh PROGRAM FOLDER
#
# Needs cargo-deb (cargo install --locked cargo-deb) and dpkg-dev. What is in the package stands in Cargo.toml. The libraries
# that it needs are those of the machine that PROGRAM was linked on: on the oldest system that is to run it.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: release/deb.sh PROGRAM FOLDER" >&2; exit 2; }
program=$(realpath -- "$1") folder=$(realpath -- "$2")
cd -- "$(dirname -- "$0")/.."
# shellcheck source=release/names.sh
. release/names.sh

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
install -D -- "$program" "$place/release/cognito-creds"

# cargo-deb takes the other files from the checkout.
rm -rf target/deb
mkdir -p target/deb
release/extras.sh "$program" target/deb
release/licences.py target/deb/THIRD-PARTY.txt "$host_target"
{
    printf 'Under the licence below or, as you choose, under the Apache License, Version 2.0,\n'
    printf 'which Debian has in /usr/share/common-licenses/Apache-2.0.\n\n'
    cat LICENSE-MIT
} >target/deb/licence
# The form that Debian's tools read.
maintainer=$(sed -n '/^\[package.metadata.deb\]/,/^\[/s/^maintainer = "\(.*\)"/\1/p' Cargo.toml)
date=$(date --utc --date="@$released_at" '+%a, %d %b %Y %H:%M:%S +0000')
printf 'cognito-creds (%s) unstable; urgency=medium\n\n  * See %s/blob/v%s/CHANGELOG.md\n\n -- %s  %s\n' \
    "$version" "$repository" "$version" "$maintainer" "$date" >target/deb/changelog
umask 022
CARGO_TARGET_DIR=$place SOURCE_DATE_EPOCH=$released_at \
    cargo deb --quiet --locked --no-build --no-strip --output "$folder"
