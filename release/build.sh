#!/usr/bin/env bash
# Builds the program as it is published: the bytes depend on the source, Cargo.lock, the Rust version and the linker, not on
# the folders that it is built in. Arguments go to cargo (--target-dir, --target TARGET).
#
# For *-unknown-linux-musl the program is static. That takes `rustup target add TARGET` and the GCC of the target's
# architecture (Debian: gcc, gcc-aarch64-linux-gnu); the C library and the linker are rustup's.
#
# A plain `cargo build --release` is the same program, but for the places in messages of panics: those in dependencies
# begin with the builder's own CARGO_HOME. The flags stand here because `cargo install` would read them nowhere:
# docs/decisions/0009-how-the-release-is-built.md.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."

cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
commit=$(rustc --version --verbose | sed -n 's/^commit-hash: //p')

# A path as rustc sees it: for Git Bash on Windows D:\a is /d/a.
native() {
    if command -v cygpath >/dev/null; then cygpath -w -- "$1"; else printf '%s\n' "$1"; fi
}
# Nor may Git Bash translate the flags.
export MSYS2_ENV_CONV_EXCL=CARGO_ENCODED_RUSTFLAGS

# With the component rust-src, the standard library's places are those of this machine, too.
flags=(
    "--remap-path-prefix=$(native "$PWD")=/cognito-creds"
    "--remap-path-prefix=$(native "$cargo_home")=/cargo"
    "--remap-path-prefix=$(native "$sysroot/lib/rustlib/src/rust")=/rustc/$commit"
)
# Flags from elsewhere would make it another program.
unset RUSTFLAGS
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS

# What cargo is told of one target alone, as the variable PREFIX_TARGET.
tell() {
    local name=$1_${target//-/_}$2
    declare -gx "$name=$3"
}

target='' last=''
for word in "$@"; do
    case $word in --target=*) target=${word#*=} ;; esac
    [ "$last" != --target ] || target=$word
    last=$word
done
case $target in
*-unknown-linux-musl)
    # TLS has C in it, which calls nothing of glibc unless Ubuntu's default of checked calls is taken back.
    tell CC '' "${target%%-*}-linux-gnu-gcc"
    tell CFLAGS '' -U_FORTIFY_SOURCE
    # One linker whatever machine builds, so that the bytes don't depend on that machine's.
    target=${target^^}
    tell CARGO_TARGET _LINKER rust-lld
    ;;
esac
exec cargo build --release --locked --bin cognito-creds "$@"
