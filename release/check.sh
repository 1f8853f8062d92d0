#!/usr/bin/env bash
# Whether this commit may be released under TAG, from ADDRESS (a repository at GitHub): release/check.sh TAG ADDRESS
#
# The tag, Cargo.toml and CHANGELOG.md have to agree on the version, and Cargo.toml has to name the repository: package managers
# download from there. The commit has to be on that repository's branch `main`, as it was reviewed, and the images that programs are
# linked in have to be named by their digests: a tag may be another image tomorrow.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: release/check.sh TAG ADDRESS" >&2; exit 2; }
tag=$1 address=$2
cd -- "$(dirname -- "$0")/.."
# shellcheck source=release/names.sh
. release/names.sh

refuse() {
    printf '%s\n' "$*" >&2
    exit 1
}

[ "$tag" = "v$version" ] || refuse "The tag is $tag, and Cargo.toml has version $version."
grep -q -E "^## \[${version//./\\.}\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md ||
    refuse "CHANGELOG.md has no line '## [$version] - YEAR-MONTH-DAY'."
[ -n "$(release/news.sh)" ] || refuse "CHANGELOG.md says nothing about $version."
[ "$repository" = "$address" ] || refuse "Cargo.toml has the repository $repository, and this is $address."
! grep -n '_owner_' Cargo.toml || refuse "These lines of Cargo.toml are still to be filled in."
cargo metadata --locked --format-version 1 --no-deps >/dev/null || refuse "Cargo.lock is not that of Cargo.toml."

unpinned=$(grep -n -E '^ *image:' .github/workflows/*.yml | grep -v -E '@sha256:[0-9a-f]{64}$' || true)
[ -z "$unpinned" ] || refuse "These images have no digest (docs/releasing.md):
$unpinned"
git merge-base --is-ancestor HEAD refs/remotes/origin/main || refuse "origin/main does not contain this commit."
