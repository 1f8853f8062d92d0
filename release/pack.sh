#!/usr/bin/env bash
# Makes the files of a release in FOLDER, of what was built and signed elsewhere:
#
#   release/pack.sh BUILT FOLDER
#
# BUILT/TARGET/cognito-creds (or .exe) for every line of release/targets, and BUILT/packages/*.deb. Runs on Linux: the program
# for this machine prints completions and page for all. Needs jq, zip and cargo-cyclonedx.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: release/pack.sh BUILT FOLDER" >&2; exit 2; }
mkdir -p -- "$2"
built=$(realpath -- "$1") folder=$(realpath -- "$2")
cd -- "$(dirname -- "$0")/.."
# shellcheck source=release/names.sh
. release/names.sh

runs_here=$built/$host_target/cognito-creds
# What has passed through a store of artifacts is no program any more.
chmod 755 -- "$runs_here"
while read -r target; do
    program=$built/$target/cognito-creds
    case $target in *-windows-*) program=$program.exe ;; esac
    release/archive.sh "$program" "$folder" "$target" "$runs_here"
    release/sbom.sh "$folder/$(folder_of "$target").cdx.json" "$target"
done <release/targets
cp -- "$built"/packages/*.deb "$folder"
release/installer.sh "$repository" "$folder"
# Formula and manifest need the sums of the archives.
release/checksums.sh "$folder"
release/packages.sh "$folder" "$folder"
release/checksums.sh "$folder"
