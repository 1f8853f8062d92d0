#!/usr/bin/env bash
# Measures the release build against its budgets and prints the table of docs/performance.md.
#
#   tests/bench/run.sh            everything, about a minute once it is built
#   tests/bench/run.sh --quick    what is counted and not timed
#   tests/bench/run.sh --json     for a program to read; also with --quick
#
# A missed budget is marked and makes the exit code 1. Whatever else the machine does moves the times, less so the ratios.
set -euo pipefail

root=$(cd -- "$(dirname -- "$0")/../.." && pwd -P)
target=${CARGO_TARGET_DIR:-$root/target}

need() {
    command -v "$1" >/dev/null 2>&1 && return
    printf '%s is missing; on Debian: apt-get install %s\n' "$1" "$2" >&2
    exit 1
}

main() {
    cd -- "$root"
    command -v cargo >/dev/null 2>&1 || { echo "cargo is missing: https://rustup.rs has it." >&2; exit 1; }
    need strace strace
    need gnome-keyring-daemon gnome-keyring
    need dbus-run-session dbus

    cargo build --release --locked --quiet --bin cognito-creds
    cargo build --release --locked --quiet --package cognito-yardsticks
    cargo build --locked --quiet --package cognito-bench --bin cognito-bench

    # Copies, as install.sh makes them. What a linker has just written lies in memory in smaller pieces, and running it
    # takes a fifth longer.
    programs=$(mktemp -d)
    trap 'rm -rf -- "$programs"' EXIT
    cp -- "$target"/release/{cognito-creds,empty,keychain-read} "$programs"
    COGNITO_CREDS_PROGRAM=$programs/cognito-creds tests/support/with-keyring.sh "$target/debug/cognito-bench" "$@"
}

main "$@"
