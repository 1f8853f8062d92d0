#!/usr/bin/env bash
# Writes what the program is made of (CycloneDX 1.5, JSON) to FILE, for one platform:
#
#   release/sbom.sh FILE [TARGET]
#
# Needs cargo-cyclonedx (cargo install --locked cargo-cyclonedx) and jq. The same commit gives the same file.
set -euo pipefail
here=$PWD
cd -- "$(dirname -- "$0")/.."

[ $# -ge 1 ] || { echo "usage: release/sbom.sh FILE [TARGET]" >&2; exit 2; }
case $1 in /*) file=$1 ;; *) file=$here/$1 ;; esac
target=${2:-$(rustc --version --verbose | sed -n 's/^host: //p')}

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT

# cargo-cyclonedx writes beside every Cargo.toml of the workspace, so it gets a copy. The folder's name has to differ from the
# package's: cargo leaves a name out of its identifiers that the folder has, too.
mkdir "$place/source"
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' path; do [ ! -e "$path" ] || printf '%s\0' "$path"; done |
    tar --create --null --files-from=- | tar --extract --directory "$place/source"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} \
    cargo cyclonedx --quiet --manifest-path "$place/source/Cargo.toml" --format json --spec-version 1.5 \
    --describe binaries --no-build-deps --target "$target"

# It takes what any member of the workspace wants, so also what only tests switch on; cargo tree knows what is built.
cargo tree --package cognito-creds --edges normal --target "$target" --locked --prefix none --format '{p}' |
    awk '{ print $1 "@" substr($2, 2) }' | sort -u >"$place/built"
jq --rawfile built "$place/built" '
    ($built | rtrimstr("\n") | split("\n") | map({(.): true}) | add) as $built
    | (.metadata.component | "pkg:cargo/\(.name)@\(.version)") as $program
    | def known: (split("#") | last) | in($built);
      def placeless: if startswith("path+file:") then $program else . end;
    .components |= map(select("\(.name)@\(.version)" | in($built)))
    | .dependencies |= map(select(.ref | known)
        | .ref |= placeless
        | if .dependsOn then .dependsOn |= map(select(known)) else . end)
    | .metadata.component |= (."bom-ref" = $program | .purl = $program)
' "$place/source/cognito-creds_bin.cdx.json" >"$place/sbom.json"
mv -- "$place/sbom.json" "$file"
