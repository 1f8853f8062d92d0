#!/usr/bin/env bash
# release/build.sh makes the same bytes twice: in two folders of different depth, for two users with a home, a CARGO_HOME,
# a umask, a locale and a time zone of their own. And no path of the machine is in the program.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT

cargo_home=${CARGO_HOME:-$HOME/.cargo}
rustup_home=${RUSTUP_HOME:-$HOME/.rustup}

# Builds a copy of the checkout (as it stands, without what git ignores) in FOLDER, with the variables that follow.
build() {
    local folder=$1 entry
    shift
    mkdir -p "$folder/source" "$folder/home" "$folder/cargo"
    # What cargo has downloaded is shared; its lock and the path that it is found at are not.
    for entry in "$cargo_home"/*; do ln -s -- "$entry" "$folder/cargo/"; done
    git ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
        tar --create --null --files-from=- | tar --extract --directory "$folder/source"
    env RUSTUP_HOME="$rustup_home" CARGO_HOME="$folder/cargo" HOME="$folder/home" CARGO_TARGET_DIR="$folder/target" "$@" \
        "$folder/source/release/build.sh"
    mv -- "$folder/target/release/cognito-creds" "$folder/cognito-creds"
    rm -rf -- "$folder/target"
}

first=$place/a
second=$place/another/much/deeper/folder
(umask 022 && build "$first" LC_ALL=C.UTF-8 TZ=UTC)
(umask 077 && build "$second" LC_ALL=C TZ=Pacific/Kiritimati)

sha256sum "$first/cognito-creds" "$second/cognito-creds"
cmp -- "$first/cognito-creds" "$second/cognito-creds" || {
    echo "Two builds of one source differ. Where: diffoscope, or cmp -l." >&2
    exit 1
}
for path in "$place" "$cargo_home" "$rustup_home" "$PWD"; do
    if grep --quiet --text --fixed-strings -- "$path" "$first/cognito-creds"; then
        echo "The program holds $path, a path of the machine that built it." >&2
        exit 1
    fi
done
grep --quiet --text --fixed-strings /cargo/registry/src/ "$first/cognito-creds" || {
    echo "No place of a dependency is in the program: this test looks at nothing." >&2
    exit 1
}
