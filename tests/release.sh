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

# What a job hands over: the next one notices a changed file, one more and one less.
mkdir -p "$place/given/a" "$place/given/b"
printf one >"$place/given/a/program"
printf two >"$place/given/b/program.exe"
GITHUB_OUTPUT=$place/outputs release/handover.sh give "$place/given" sums >/dev/null
handed=$(sed '1d; $d' "$place/outputs")
taken() { release/handover.sh take "$place/given" 2>"$place/said" <<<"$handed"; }
handed=$'\n'$handed$'\r\n\n' taken || fail "What was handed over is refused: $(cat "$place/said")"
printf three >"$place/given/c"
! taken || fail "A file more was taken."
rm "$place/given/c" "$place/given/b/program.exe"
! taken || fail "A file less was taken."
printf Two >"$place/given/b/program.exe"
! taken || fail "A changed file was taken."
! release/handover.sh take "$place/given" 2>/dev/null <<<'' || fail "No checksums at all were enough."

# Where Git Bash builds, rustc is told the paths that it sees.
mkdir "$place/fakes"
cat >"$place/fakes/cygpath" <<'END'
#!/bin/sh
printf 'D:%s\n' "$3" | sed 's|/|\\|g'
END
cat >"$place/fakes/cargo" <<'END'
#!/bin/sh
printf %s "$CARGO_ENCODED_RUSTFLAGS" | tr '\037' '\n'
END
chmod 755 "$place/fakes/cygpath" "$place/fakes/cargo"
flags=$(CARGO_HOME=/c/home PATH=$place/fakes:$PATH release/build.sh)
for mapped in "D:${PWD//\//\\}=/cognito-creds" 'D:\c\home=/cargo'; do
    grep --quiet --line-regexp --fixed-strings -e "--remap-path-prefix=$mapped" <<<"$flags" || fail "No $mapped: $flags"
done

echo "$(($(listed | wc -l) - 1)) crates in the program for $host"
