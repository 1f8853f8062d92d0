#!/usr/bin/env bash
# Builds the program as it is published: the bytes depend on the source, Cargo.lock, the Rust version and the linker, not on
# the folders that it is built in. Arguments go to cargo (--target-dir, --target).
#
# A plain `cargo build --release` is the same program, but for the places in messages of panics: those in dependencies
# begin with the builder's own CARGO_HOME. The flags stand here because `cargo install` would read them nowhere:
# docs/decisions/0009-how-the-release-is-built.md.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."

cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
commit=$(rustc --version --verbose | sed -n 's/^commit-hash: //p')

# With the component rust-src, the standard library's places are those of this machine, too.
flags=(
    "--remap-path-prefix=$PWD=/cognito-creds"
    "--remap-path-prefix=$cargo_home=/cargo"
    "--remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc/$commit"
)
# Flags from elsewhere would make it another program.
unset RUSTFLAGS
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS
exec cargo build --release --locked --bin cognito-creds "$@"
