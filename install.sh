#!/bin/sh
# Builds cognito-creds from this checkout and installs it for one user: no sudo, no edits to shell files.
# Everything is in functions that the last line calls, so that a file cut off on its way does nothing.
set -eu

usage() {
    cat <<'END'
Builds cognito-creds from this checkout and installs it.

Usage: ./install.sh [--prefix DIR] [--demo] [--dry-run]
       ./install.sh --uninstall [--prefix DIR] [--dry-run]

  --prefix DIR   install to DIR/bin instead of $XDG_BIN_HOME or ~/.local/bin
  --demo         install, then show it at work against a stand-in for AWS; needs no AWS account
  --uninstall    remove what was installed; `cognito-creds logout --all` before it removes the logins
  --dry-run      say what would be done, and change nothing
  --help         show this text
END
}

# Two lines: what happened, then what to run.
fail() {
    printf '%s\n%s\n' "$1" "$2" >&2
    exit 1
}

wrong_usage() {
    printf '%s\n%s\n' "$1" "Usage: ./install.sh --help" >&2
    exit 2
}

main() {
    prefix='' action=install demo=no dry_run=no temporary='' place='' others=''
    parse "$@"
    checkout=$(cd -- "$(dirname -- "$0")" && pwd -P)
    bin_dir=$(choose_bin_dir)
    program=$bin_dir/cognito-creds
    share_dir=$(choose_share_dir)
    case $action in
    install) install_program ;;
    uninstall) uninstall_program ;;
    esac
    if [ "$demo" = yes ]; then run_demo; fi
}

parse() {
    while [ $# -gt 0 ]; do
        case $1 in
        --prefix)
            [ $# -ge 2 ] || wrong_usage "--prefix needs a folder."
            prefix=$2
            shift
            ;;
        --prefix=*) prefix=${1#--prefix=} ;;
        --demo) demo=yes others="$others --demo" ;;
        --uninstall) action=uninstall others="$others --uninstall" ;;
        --dry-run) dry_run=yes others="$others --dry-run" ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) wrong_usage "install.sh has no option $1." ;;
        esac
        shift
    done
    if [ -n "$prefix" ]; then place=" --prefix $(quote "$prefix")"; fi
    [ "$action$demo" != uninstallyes ] || wrong_usage "--demo and --uninstall exclude each other."
}

# The same command once more.
again() { printf '%s\n' "./install.sh$place$others"; }

# The same command for the folder $1, a word of a shell command.
elsewhere() { printf '%s\n' "./install.sh --prefix $1$others"; }

# The folder as an absolute path: the line for ~/.aws/config needs one.
choose_bin_dir() {
    if [ -n "$prefix" ]; then
        case $prefix in
        /*) printf '%s\n' "${prefix%/}/bin" ;;
        *) printf '%s\n' "$(pwd)/${prefix%/}/bin" ;;
        esac
    elif [ -n "${XDG_BIN_HOME:-}" ]; then
        printf '%s\n' "${XDG_BIN_HOME%/}"
    elif [ -n "${HOME:-}" ]; then
        printf '%s\n' "$HOME/.local/bin"
    else
        fail "HOME is not set, so there is no folder to install to." "$(elsewhere /usr/local)"
    fi
}

# The folder for completions and the manual page, empty where nobody says which.
choose_share_dir() {
    if [ -n "$prefix" ]; then
        printf '%s\n' "${bin_dir%/bin}/share"
    elif [ -n "${XDG_DATA_HOME:-}" ]; then
        printf '%s\n' "${XDG_DATA_HOME%/}"
    elif [ -n "${HOME:-}" ]; then
        printf '%s\n' "$HOME/.local/share"
    fi
}

# Where shells and man look below it, and what the program prints for them.
share_files() {
    cat <<'END'
bash-completion/completions/cognito-creds completions bash
zsh/site-functions/_cognito-creds completions zsh
fish/vendor_completions.d/cognito-creds.fish completions fish
man/man1/cognito-creds.1 man
END
}

install_program() {
    [ -f "$checkout/Cargo.toml" ] || fail "install.sh has to stay in its checkout: it builds the source beside it." \
        "cd cognito-creds && $(again)"
    find_cargo
    require_rust
    require_c_compiler
    if [ "$dry_run" = yes ]; then
        say_what_would_be_done
        return
    fi
    require_writable
    built=$(build)
    [ -x "$built" ] || fail "cargo said that it built '$built', but there is no such program." "cargo clean && $(again)"
    put_in_place "$built"
    put_share_files
    report
}

say_what_would_be_done() {
    echo "Would run: $cargo build --release --locked --bin cognito-creds (in $checkout)"
    echo "Would write: $program"
    if [ -n "$share_dir" ]; then
        share_files | while read -r file _; do echo "Would write: $share_dir/$file"; done
    fi
    if [ "$demo" = yes ]; then echo "Would run: $cargo run --locked --example demo -- --program $program (in $checkout)"; fi
}

find_cargo() {
    # rustup puts cargo where the shell that ran it does not look yet.
    for cargo in cargo "${CARGO_HOME:-${HOME:-}/.cargo}/bin/cargo"; do
        if command -v "$cargo" >/dev/null 2>&1; then return; fi
    done
    fail "Building needs Rust's cargo, $(rust_needed) or newer, and there is none. Install it from https://rustup.rs; Debian's and Ubuntu's own cargo is often too old." \
        "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh && . \"\$HOME/.cargo/env\" && $(again)"
}

rust_needed() {
    sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$checkout/Cargo.toml"
}

require_rust() {
    needed=$(rust_needed)
    # In the checkout, where a toolchain override of rustup would count as well.
    found=$(cd "$checkout" && "$cargo" --version 2>/dev/null | sed -n 's/^cargo \([0-9][0-9.]*\).*/\1/p')
    [ -n "$found" ] || fail "$cargo does not work: '$cargo --version' names no version." "rustup default stable && $(again)"
    if older "$found" "$needed"; then
        fail "Building needs Rust $needed or newer, and $(command -v "$cargo") is $found. Debian's and Ubuntu's own cargo is often too old; https://rustup.rs has the newest." \
            "rustup update stable && $(again)"
    fi
}

# Is version $1 older than version $2? Both are numbers with dots; a missing part is 0.
older() {
    left=$1. right=$2.
    while [ -n "$left$right" ]; do
        l=${left%%.*} r=${right%%.*}
        if [ "${l:-0}" -lt "${r:-0}" ]; then return 0; fi
        if [ "${l:-0}" -gt "${r:-0}" ]; then return 1; fi
        left=${left#*.} right=${right#*.}
    done
    return 1
}

require_c_compiler() {
    compiler=${CC:-cc}
    # $CC may hold arguments or a wrapper: `ccache gcc`.
    if command -v "${compiler%% *}" >/dev/null 2>&1; then return; fi
    case $(uname -s) in
    Darwin) remedy="xcode-select --install" ;;
    *) if command -v apt-get >/dev/null 2>&1; then remedy="sudo apt-get install gcc libc6-dev"; else remedy="sudo dnf install gcc"; fi ;;
    esac
    fail "Building needs a C compiler ('${compiler%% *}' was not found): parts of the TLS library, ring, are in C, and Rust links with it." \
        "$remedy && $(again)"
}

# Before the build, which takes minutes.
require_writable() {
    if ! mkdir -p -- "$bin_dir" 2>/dev/null || [ ! -w "$bin_dir" ]; then
        fail "Can't write to $bin_dir." "$(elsewhere "\"\$HOME/.local\"")"
    fi
    if [ -d "$program" ]; then fail "$program is a folder." "$(elsewhere "\"\$HOME/.local\"")"; fi
}

# Prints where cargo put the program: only cargo knows, with all the settings that can move it.
build() {
    messages=$(cd "$checkout" && "$cargo" build --release --locked --bin cognito-creds --message-format=json-render-diagnostics) ||
        fail "The build failed; cargo's own message is above." "cd $(quote "$checkout") && $cargo build --release --locked"
    printf '%s\n' "$messages" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}

# A rename swaps old and new in one step: a call made meanwhile, or a kill, finds a whole program.
put_in_place() {
    trap 'rm -f -- "$temporary"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    temporary=$(mktemp "$bin_dir/.cognito-creds.XXXXXX")
    cp -- "$1" "$temporary"
    chmod 755 "$temporary"
    mv -f -- "$temporary" "$program"
    trap - EXIT HUP INT TERM
}

# The program works without them, so nothing here fails the install.
put_share_files() {
    [ -n "$share_dir" ] || return 0
    share_files | while read -r file command; do
        # shellcheck disable=SC2086 # a command and its argument
        mkdir -p -- "$(dirname -- "$share_dir/$file")" 2>/dev/null &&
            { "$program" $command >"$share_dir/$file"; } 2>/dev/null ||
            echo "Could not write $share_dir/$file."
    done
}

report() {
    echo "Installed $("$program" --version) to $bin_dir"
    case $bin_dir in
    *[[:space:]]*) echo "The path holds a space, and some AWS clients can't run such a credential_process: ./install.sh --prefix DIR chooses another." ;;
    esac
    case :${PATH:-}: in
    *:"$bin_dir":*)
        first=$(command -v cognito-creds || true)
        if [ -n "$first" ] && [ "$first" != "$program" ]; then echo "But $first comes first in your PATH."; fi
        ;;
    *)
        echo "That folder is not in your PATH yet. To add it:"
        echo "  $(path_line)"
        ;;
    esac
    tell_zsh
    if [ "$demo" = no ]; then
        echo "Next, with a profile as README.md shows:"
        echo "  cognito-creds login --profile NAME"
    fi
}

# bash, fish and man look in a person's own folder by themselves, zsh only in the system's.
tell_zsh() {
    case ${SHELL:-}:$share_dir in
    *: | *:/usr/share | *:/usr/local/share) ;;
    */zsh:*)
        echo "For completions in zsh, before compinit in ~/.zshrc:"
        echo "  fpath+=$(quote "$share_dir/zsh/site-functions")"
        ;;
    esac
}

path_line() {
    export_line="export PATH=$(quote "$bin_dir"):\"\$PATH\""
    case ${SHELL:-} in
    */fish) echo "fish_add_path $(quote "$bin_dir")" ;;
    */zsh) echo "echo $(quote "$export_line") >>~/.zshrc && $export_line" ;;
    */bash) echo "echo $(quote "$export_line") >>~/.bashrc && $export_line" ;;
    *) echo "$export_line" ;;
    esac
}

# $1 as one word of a shell command.
quote() {
    case $1 in
    *[!A-Za-z0-9_./:@%+=-]*) printf "'%s'\n" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")" ;;
    *) printf '%s\n' "$1" ;;
    esac
}

uninstall_program() {
    if [ ! -f "$program" ] && [ ! -L "$program" ]; then
        echo "There is no cognito-creds in $bin_dir."
        return
    fi
    if [ "$dry_run" = yes ]; then
        echo "Would remove: $program"
        share_files | while read -r file _; do
            if [ -f "$share_dir/$file" ]; then echo "Would remove: $share_dir/$file"; fi
        done
        return
    fi
    # With what a killed install may have left.
    rm -f -- "$program" "$bin_dir"/.cognito-creds.?????? 2>/dev/null ||
        fail "Can't remove $program." "sudo rm $(quote "$program")"
    if [ -n "$share_dir" ]; then
        share_files | while read -r file _; do rm -f -- "$share_dir/$file" 2>/dev/null || true; done
    fi
    echo "Removed $program. Logins that it kept in the keychain are still there."
}

run_demo() {
    if [ "$dry_run" = yes ]; then return; fi
    cd "$checkout"
    "$cargo" run --locked --example demo -- --program "$program"
}

main "$@"
