#!/usr/bin/env bash
# Prints what CHANGELOG.md says of the version in Cargo.toml.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
# shellcheck source=release/names.sh
. release/names.sh
awk -v begins="## [$version]" '/^## / { of_it = index($0, begins) == 1; next } of_it' CHANGELOG.md | sed '/./,$!d'
