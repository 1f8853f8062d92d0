#!/usr/bin/env bash
# Writes the licences of everything that is in the program for TARGET to FILE, each text once, after the crates that it is of:
#
#   release/licences.sh FILE [TARGET]
#
# The texts are the files that the crates' own packages hold. A crate that brings none, and may not be taken under MIT, whose
# text is known, stops the release. Needs jq.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: release/licences.sh FILE [TARGET]" >&2; exit 2; }
case $1 in /*) file=$1 ;; *) file=$PWD/$1 ;; esac
cd -- "$(dirname -- "$0")/.."
# shellcheck source=release/names.sh
. release/names.sh
target=${2:-$host_target}
export LC_ALL=C

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
mkdir "$place/texts" "$place/owners"

# The text in the file $1 is a licence of $2.
is_licence_of() {
    local text
    # Some have the line ends of Windows, or blanks at the end.
    tr -d '\r' <"$1" | sed 's/[[:blank:]]*$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$place/text"
    text=$(sha256sum <"$place/text" | cut -c -64)
    cp -- "$place/text" "$place/texts/$text"
    printf '%s\n' "$2" >>"$place/owners/$text"
}

mit_of() {
    printf 'MIT License\n\nCopyright (c) %s\n\n' "$1"
    sed -n '/^Permission is hereby granted/,$p' LICENSE-MIT
}

cargo tree --package cognito-creds --edges normal --target "$target" --locked --prefix none --format '{p}' |
    awk '$1 != "cognito-creds" { print $1 " " substr($2, 2) }' | sort -u >"$place/built"
cargo metadata --locked --format-version 1 --filter-platform "$target" |
    jq --raw-output '.packages[] | ["\(.name) \(.version)", .license // "none", .manifest_path,
        (.authors | join(", ") | if . == "" then "the authors" else . end)] | join("\t")' | sort -u >"$place/known"
join -t $'\t' "$place/built" "$place/known" >"$place/crates"
[ "$(wc -l <"$place/crates")" -eq "$(wc -l <"$place/built")" ] || { echo "cargo tree and cargo metadata disagree." >&2; exit 1; }

while IFS=$'\t' read -r crate licence manifest authors; do
    mapfile -d '' -t texts < <(find "$(dirname -- "$manifest")" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' \
        -o -iname 'notice*' -o -iname 'unlicense*' -o -iname 'copyright*' \) ! -name '*.rs' -print0 | sort -z)
    if [ "${#texts[@]}" -eq 0 ]; then
        case " $licence " in
        *" MIT "*) mit_of "the authors of $crate: $authors" >"$place/mit" ;;
        *) echo "$crate ($licence) brings no text of its licence." >&2 && exit 1 ;;
        esac
        texts=("$place/mit")
    fi
    for text in "${texts[@]}"; do is_licence_of "$text" "$crate ($licence)"; done
done <"$place/crates"

mit_of "The Rust Project contributors" >"$place/rust"
is_licence_of "$place/rust" "the Rust standard library (MIT OR Apache-2.0)"
case $target in
*-musl)
    mit_of "2005-2020 Rich Felker, et al." >"$place/musl"
    is_licence_of "$place/musl" "musl libc (MIT)"
    ;;
esac

{
    echo "cognito-creds $version for $target holds the work of others, under these licences."
    # In the order of the first crate that each is of.
    for text in "$place"/owners/*; do
        sort -u "$text" | head -n 1 | tr '\n' '\t'
        basename -- "$text"
    done | sort | cut -f 2 | while read -r text; do
        printf '\n%s\n\n' "================================================================================"
        sort -u "$place/owners/$text"
        printf '\n%s\n\n' "--------------------------------------------------------------------------------"
        cat "$place/texts/$text"
    done
} >"$file"
