#!/usr/bin/env bash
# The static program for Linux: that it is static, and what it does in an empty root (tests/empty_root.rs).
#
#   tests/musl.sh TARGET [PROGRAM]    builds PROGRAM first (release/build.sh) where none is given
#
# Needs readelf and script; for another architecture than this machine's also qemu-user-static, and Linux 6.7, whose user
# namespaces have programs for foreign binaries of their own. As root, or where a user may make such a namespace.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: tests/musl.sh TARGET [PROGRAM]" >&2; exit 2; }
target=$1
[ $# -lt 2 ] || program=$(realpath -- "$2")
cd -- "$(dirname -- "$0")/.."

if [ -z "${program:-}" ]; then
    release/build.sh --target "$target"
    program=$(realpath -- "${CARGO_TARGET_DIR:-target}/$target/release/cognito-creds")
fi

# Neither a loader nor a library: the kernel starts it by itself.
headers=$(readelf --wide --program-headers --dynamic "$program")
! grep -E 'INTERP|\(NEEDED\)' <<<"$headers" || { echo "$program is not static." >&2; exit 1; }
printf '%s: static, %d bytes\n' "$target" "$(stat --format %s -- "$program")"

cargo test --workspace --locked --test empty_root --no-run
run=(cargo test --workspace --locked --test empty_root)
# What the tests mount goes with this namespace.
inside=(unshare --mount --propagation private)
[ "$(id -u)" -eq 0 ] || inside+=(--map-root-user)
export COGNITO_CREDS_STATIC=$program

architecture=${target%%-*}
if [ "$architecture" = "$(uname -m)" ]; then
    exec "${inside[@]}" "${run[@]}"
fi

emulator=$(command -v "qemu-$architecture-static") || { echo "qemu-$architecture-static is missing." >&2; exit 1; }
# The first 20 bytes of a program for this machine, any kind of file (e_type 2 or 3) and of system (binfmt_misc(5)).
magic=$(od -An -v -tx1 -N20 -- "$program" | tr -d '\n' | sed 's/ /\\x/g')
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
[ "$(id -u)" -ne 0 ] || inside+=(--map-root-user)
export COGNITO_CREDS_EMULATED=1
# QEMU 7.2 emulates neither keyrings nor the question for a terminal's modes (TCGETS2).
run+=(-- --skip it_renews_behind_the_back_of_a_call --skip the_address_can_be_pasted)
# shellcheck disable=SC2016 # the inner shell's words
exec "${inside[@]}" sh -c '
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    printf %s "$1" >/proc/sys/fs/binfmt_misc/register
    shift
    exec "$@"' register ":emulated:M::$magic:$mask:$emulator:F" "${run[@]}"
