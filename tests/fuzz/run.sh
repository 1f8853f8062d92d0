#!/usr/bin/env bash
# Builds the fuzz targets and runs them, two at a time.
#
#   tests/fuzz/run.sh                       each for a minute, those with little to read for a third of one
#   tests/fuzz/run.sh SECONDS [TARGET...]   these, or all, for this long
#
# A finding ends its target and makes the exit code 1; its input lies in target/fuzz/findings, to be run again with
# the command that is printed. What the runs learn stays in target/fuzz/corpus and is where the next ones begin.
# cargo-fuzz is looked for in PATH.
#
# No sanitizer: the program has no unsafe code of its own, and without one the stable compiler suffices.
# Overflow and debug assertions are checked.
set -euo pipefail

root=$(cd -- "$(dirname -- "$0")/../.." && pwd -P)
place=${CARGO_TARGET_DIR:-$root/target}/fuzz

# Their whole input is a head, a document or some words.
little_to_read=(serve discovery wire stored shown)

main() {
    cd -- "$root"
    if [ "${1:-}" = --one ]; then
        one "$2" "$3"
        return
    fi
    local seconds=${1:-} targets=("${@:2}")
    if [ "${#targets[@]}" -eq 0 ]; then
        mapfile -t targets < <(basename -s .rs -- tests/fuzz/fuzz_targets/*.rs)
    fi
    cargo fuzz build --fuzz-dir tests/fuzz --sanitizer none --target-dir "$place/build"
    local name
    for name in "${targets[@]}"; do
        printf '%s\0%s\0' "$name" "${seconds:-$(default_seconds "$name")}"
    done | xargs -0 -n 2 -P 2 -- "$BASH" tests/fuzz/run.sh --one || exit 1
}

default_seconds() {
    if [[ " ${little_to_read[*]} " == *" $1 "* ]]; then echo 20; else echo 60; fi
}

# Runs target NAME for SECONDS. The seeds are read only; what is new goes into the first folder.
one() {
    local name=$1 seconds=$2 host code=0 log=$place/$1.log
    host=$(rustc -vV | sed -n 's/^host: //p')
    local program=$place/build/$host/release/$name
    mkdir -p "$place/corpus/$name" "$place/findings"
    "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="$place/findings/$name-" "$place/corpus/$name" "tests/fuzz/corpus/$name" \
        >"$log" 2>&1 </dev/null || code=$?
    if [ "$code" -ne 0 ]; then
        printf 'FOUND   %-16s by %s\n' "$name" "$program $(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
        grep -A 3 'panicked at\|ERROR: libFuzzer' "$log" | head -n 12
        return 1
    fi
    printf 'clean   %-16s %4d s  %10d executions\n' "$name" "$seconds" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
}

main "$@"
