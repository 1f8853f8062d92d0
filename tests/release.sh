#!/usr/bin/env bash
# The pieces of a release, made of PROGRAM: release/archive.sh, release/checksums.sh, release/sbom.sh.
# tests/release.sh PROGRAM; needs jq and cargo-cyclonedx.
set -euo pipefail
program=$(realpath -- "$1")
cd -- "$(dirname -- "$0")/.."
place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

host=$(rustc --version --verbose | sed -n 's/^host: //p')
mkdir "$place/first" "$place/second"

# The archive: the same bytes at any time and under any umask, and what is in it works.
archive=$(cd / && umask 022 && "$OLDPWD/release/archive.sh" "$program" "$place/first")
cp -T -- "$program" "$place/copied-now"
(umask 077 && release/archive.sh "$place/copied-now" "$place/second" >"$place/name")
cmp -- "$archive" "$(cat "$place/name")" || fail "Two archives of the same files differ."
tar --extract --directory "$place" --file "$archive"
folder=$place/$(basename -- "$archive" .tar.gz)
"$folder/cognito-creds" --version
diff <(cd "$folder" && find . -type f -printf '%m %P\n' | sort) <(
    printf '644 %s\n' CHANGELOG.md LICENSE-APACHE LICENSE-MIT README.md THIRD-PARTY.txt cognito-creds.1 \
        completions/_cognito-creds completions/cognito-creds.{bash,elv,fish,ps1}
    echo "755 cognito-creds"
) || fail "The archive holds something else."
! tar --list --verbose --numeric-owner --file "$archive" | grep -v ' 0/0 ' || fail "The archive names the owner of the files."

# The list of what is in the program: every crate that cargo builds into it and no other, each as Cargo.lock pins it.
sbom=$place/first/$(basename -- "$archive" .tar.gz).cdx.json
release/sbom.sh "$sbom"
release/sbom.sh "$place/second/sbom.json" "$host"
cmp -- "$sbom" "$place/second/sbom.json" || fail "Two lists for the same commit differ."
jq --exit-status '.bomFormat == "CycloneDX" and .specVersion == "1.5"' "$sbom" >/dev/null || fail "This is not CycloneDX 1.5."
built() {
    cargo tree --package cognito-creds --edges normal --target "$host" --locked --prefix none --format '{p}' |
        awk '{ print $1, substr($2, 2) }' | sort -u
}
listed() {
    jq --raw-output '(.metadata.component, .components[]) | "\(.name) \(.version)"' "$sbom" | sort
}
diff <(built) <(listed) || fail "The list (>) is not what cargo builds (<)."
pinned() {
    awk -F'"' '/^name = / { name = $2 } /^version = / { version = $2 } /^checksum = / { print name, version, $2 }' Cargo.lock
}
strangers=$(comm -13 <(pinned | sort) <(jq --raw-output '.components[] | "\(.name) \(.version) \(.hashes[0].content)"' "$sbom" | sort))
[ -z "$strangers" ] || fail "The list has what Cargo.lock has not: $strangers"
jq --exit-status 'all(.components[]; .licenses | length > 0)' "$sbom" >/dev/null || fail "A crate has no licence in the list."
jq --exit-status '([.metadata.component, .components[] | ."bom-ref"] | sort) as $known
    | ([.dependencies[] | .ref] | sort) == $known
    and ([.dependencies[] | .dependsOn // [] | .[]] - $known) == []' "$sbom" >/dev/null ||
    fail "The list's edges lead to something that is not in it."
! grep --fixed-strings "file:" "$sbom" || fail "The list holds a path of this machine."

# The checksums: of every file, and they notice a change.
release/checksums.sh "$place/first"
release/checksums.sh "$place/first"
[ "$(wc -l <"$place/first/SHA256SUMS")" -eq 2 ] || fail "SHA256SUMS does not have the two files: $(cat "$place/first/SHA256SUMS")"
(cd "$place/first" && sha256sum --check --strict SHA256SUMS)
printf 'x' >>"$archive"
! (cd "$place/first" && sha256sum --check --status SHA256SUMS) || fail "A changed archive passed."

echo "$(($(listed | wc -l) - 1)) crates in the program for $host"
