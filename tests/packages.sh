#!/usr/bin/env bash
# What package managers get: archives of every target, Homebrew formula, Scoop manifest, names for cargo binstall, Debian package.
# Each is filled, unpacked or installed, and what comes out is run. As root, for dpkg:
#
#   tests/packages.sh PROGRAM
#
# Needs jq, zip, unzip, ruby, lintian, dpkg-dev and cargo-deb.
set -euo pipefail
program=$(realpath -- "$1")
cd -- "$(dirname -- "$0")/.."
place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
# shellcheck source=release/names.sh
. release/names.sh

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# same WHAT EXPECTED SEEN
same() {
    [ "$2" = "$3" ] || fail "$1: expected" "$2" "and saw" "$3"
    echo "ok      $1"
}

works() {
    same "$1" "cognito-creds $version" "$("$2" --version)"
}

# A release's archives, each with the program of this machine in it.
release=$place/release
mkdir "$release" "$place/filled"
mapfile -t targets <release/targets
for target in "${targets[@]}"; do release/archive.sh "$program" "$release" "$target" >>"$place/archives"; done
release/checksums.sh "$release"

extras=(CHANGELOG.md LICENSE-APACHE LICENSE-MIT README.md THIRD-PARTY.txt cognito-creds.1 completions
    completions/_cognito-creds completions/cognito-creds.{bash,elv,fish,ps1})
for target in "${targets[@]}"; do
    folder=$(folder_of "$target")
    case $target in
    *-windows-*)
        unzip -q "$release/$(archive_of "$target")" -d "$place"
        inside=cognito-creds.exe
        ;;
    *)
        tar --extract --directory "$place" --file "$release/$(archive_of "$target")"
        inside=cognito-creds
        ;;
    esac
    same "$target: what is in it" "$(printf '%s\n' "${extras[@]}" "$inside" | LC_ALL=C sort)" \
        "$(cd "$place/$folder" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort)"
    works "$target: unpacked" "$place/$folder/$inside"
done
windows=$release/$(archive_of x86_64-pc-windows-msvc)
cp -- "$windows" "$place/before.zip"
(TZ=Pacific/Kiritimati && export TZ && umask 077 && release/archive.sh "$program" "$release" x86_64-pc-windows-msvc >/dev/null)
cmp -- "$place/before.zip" "$windows" || fail "Two zips of the same files differ."

# Licences: every crate that the program is built of, with a text.
licences=$place/$(folder_of "$host_target")/THIRD-PARTY.txt
listed=$(grep -E '^[a-zA-Z0-9_-]+ [0-9][^ ]* \(.+\)$' "$licences" | cut -d ' ' -f 1,2 | sort -u)
same "licences: of every crate" "$(cargo tree --package cognito-creds --edges normal --target "$host_target" --locked \
    --prefix none --format '{p}' | awk '$1 != "cognito-creds" { print $1, substr($2, 2) }' | sort -u)" "$listed"
grep -q 'Copyright.*Brian Smith' "$licences" || fail "ring's own licence is missing."
! grep -q -F "$PWD" "$licences" || fail "The licences hold a path of this machine."
grep -q '^musl libc (MIT)$' "$place/$(folder_of x86_64-unknown-linux-musl)/THIRD-PARTY.txt" || fail "musl's licence is missing."
! grep -q '^musl libc' "$licences" || fail "A program without musl names it."
! grep -q '^security-framework ' "$licences" || fail "A program for Linux names what macOS needs."

# Formula and manifest: the addresses and sums of what was made.
release/packages.sh "$release" "$place/filled" >/dev/null
formula=$place/filled/cognito-creds.rb manifest=$place/filled/cognito-creds.json
ruby -c "$formula" >/dev/null
where() { # where TARGET
    printf '%s %s' "$(downloads)/$(archive_of "$1")" "$(sha256sum "$release/$(archive_of "$1")" | cut -d ' ' -f 1)"
}
same "brew: addresses and sums" "macos arm $(where aarch64-apple-darwin)
macos intel $(where x86_64-apple-darwin)
linux arm $(where aarch64-unknown-linux-gnu)
linux intel $(where x86_64-unknown-linux-gnu)" "$(ruby tests/packages/formula.rb "$formula" urls)"
ruby tests/packages/formula.rb "$formula" install "$place/$(folder_of x86_64-unknown-linux-gnu)" "$place/brew"
works "brew: installed, and its own test" "$place/brew/bin/cognito-creds"

same "scoop: address, sum and folder" "$(where x86_64-pc-windows-msvc) $(folder_of x86_64-pc-windows-msvc)" \
    "$(jq -r '.architecture["64bit"] | "\(.url) \(.hash) \(.extract_dir)"' "$manifest")"
same "scoop: the next version's are named alike" "$(jq -r '.architecture["64bit"] | .url, .extract_dir' "$manifest")" \
    "$(jq -r '.autoupdate.architecture["64bit"] | .url, .extract_dir' "$manifest" | sed "s/\$version/$version/g")"
[ -f "$place/$(jq -r '.architecture["64bit"].extract_dir + "/" + .bin' "$manifest")" ] || fail "Scoop's program is not in the archive."
same "scoop: nothing but keys of its schema" "##
architecture
autoupdate
bin
checkver
description
homepage
license
version" "$(jq -r 'keys[]' packaging/scoop/cognito-creds.json)"

sed -i '/apple-darwin/d' "$release/SHA256SUMS"
if release/packages.sh "$release" "$place/filled" 2>/dev/null; then fail "A release without macOS got a formula."; fi
release/checksums.sh "$release"

# cargo binstall: its templates give the names of the archives.
cargo metadata --locked --no-deps --format-version 1 |
    jq '.packages[] | select(.name == "cognito-creds") | .metadata.binstall' >"$place/binstall.json"
expand() { # expand KEY TARGET
    local text
    text=$(jq -r --arg key "$1" --arg target "$2" '.overrides[$target][$key] // .[$key]' "$place/binstall.json")
    text=${text//'{ repo }'/$repository} text=${text//'{ version }'/$version} text=${text//'{ name }'/cognito-creds}
    text=${text//'{ target }'/$2} text=${text//'{ bin }'/cognito-creds}
    case $2 in *-windows-*) text=${text//'{ binary-ext }'/.exe} ;; *) text=${text//'{ binary-ext }'/} ;; esac
    printf '%s\n' "$text"
}
for target in "${targets[@]}"; do
    same "binstall: $target" "$(downloads)/$(archive_of "$target")" "$(expand pkg-url "$target")"
    [ -f "$place/$(expand bin-dir "$target")" ] || fail "There is no $(expand bin-dir "$target") in the archive for $target."
    case $(expand pkg-fmt "$target"):$(archive_of "$target") in
    tgz:*.tar.gz | zip:*.zip) ;;
    *) fail "binstall would unpack the archive for $target as $(expand pkg-fmt "$target")." ;;
    esac
done

# The Debian package: the same bytes twice, wanted by lintian, installed into a root of its own, run, and gone.
deb=$(release/deb.sh "$program" "$place")
mkdir "$place/again"
release/deb.sh "$program" "$place/again" >/dev/null
cmp -- "$deb" "$place/again/$(basename -- "$deb")" || fail "Two packages of the same files differ."
# An address of mail is there when there is a repository.
lintian --allow-root --fail-on error --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$deb"
apt-get install --simulate --no-install-recommends "$deb" >"$place/simulated" || fail "Its dependencies can't be had here."
grep -q '^Conf cognito-creds ' "$place/simulated" || fail "apt-get would not install it."
root=$place/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
contents() { find "$root" ! -path "$root/var/*" | sort; }
empty=$(contents)
in_root() { dpkg --root="$root" --log=/dev/null --force-script-chrootless --force-depends "$@" >>"$place/dpkg.log" 2>&1 || { cat "$place/dpkg.log" >&2 && exit 1; }; }
in_root --install "$deb"
works "deb: installed" "$root/usr/bin/cognito-creds"
for file in share/bash-completion/completions/cognito-creds share/zsh/vendor-completions/_cognito-creds \
    share/fish/vendor_completions.d/cognito-creds.fish share/man/man1/cognito-creds.1.gz share/doc/cognito-creds/copyright \
    share/doc/cognito-creds/THIRD-PARTY.txt share/doc/cognito-creds/changelog.Debian.gz; do
    [ -s "$root/usr/$file" ] || fail "The package has no $file."
done
same "deb: the page" "$("$program" man | sha256sum)" "$(gzip -dc "$root/usr/share/man/man1/cognito-creds.1.gz" | sha256sum)"
in_root --remove cognito-creds
in_root --purge cognito-creds
same "deb: nothing stays" "$empty" "$(contents)"

# What may be released: one commit, one version, one repository.
copy=$place/copy
mkdir "$copy"
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' path; do [ ! -e "$path" ] || printf '%s\0' "$path"; done |
    tar --create --null --files-from=- | tar --extract --directory "$copy"
address=https://github.com/acme/cognito-creds
check() { SOURCE_DATE_EPOCH=0 "$copy/release/check.sh" "$@" 2>&1; }
refused() { # refused WORDS TAG ADDRESS
    local said
    if said=$(check "${@:2}"); then fail "$2 of $3 passed."; fi
    case $said in *"$1"*) echo "ok      refused: $said" ;; *) fail "Expected '$1': $said" ;; esac
}
refused "Cargo.toml has version" "v9.9.9" "$address"
refused "CHANGELOG.md has no line" "v$version" "$address"
sed -i "s/^## \[Unreleased\]$/&\n\n## [$version] - 2026-01-31/" "$copy/CHANGELOG.md"
refused "Cargo.toml has the repository" "v$version" "$address"
sed -i "s/^repository = .*/repository = \"${address//\//\\/}\"/" "$copy/Cargo.toml"
refused "still to be filled in" "v$version" "$address"
sed -i 's/@_owner_\.example/@example.org/' "$copy/Cargo.toml"
refused "have no digest" "v$version" "$address"
digest=$(printf x | sha256sum)
sed -i "s/^ *image: .*/&@sha256:${digest%% *}/" "$copy"/.github/workflows/*.yml
in_copy() { git -C "$copy" -c user.name=A -c user.email=a@example.org "$@"; }
in_copy init --quiet
in_copy add --all
in_copy commit --quiet --message=main
in_copy update-ref refs/remotes/origin/main HEAD
in_copy commit --quiet --allow-empty --message="Nobody has seen it"
refused "origin/main does not contain" "v$version" "$address"
in_copy update-ref refs/remotes/origin/main HEAD
in_copy commit --quiet --allow-empty --message=later
in_copy update-ref refs/remotes/origin/main HEAD
in_copy reset --quiet --hard HEAD^
same "a release that may be made" "" "$(check "v$version" "$address")"
same "its news" "$(sed -n '/^## \[Unreleased\]/,$p' CHANGELOG.md | sed 1,2d)" "$(SOURCE_DATE_EPOCH=0 "$copy/release/news.sh")"
