#!/bin/sh
# Installs cognito-creds for one user: no sudo, no edits to shell files. In its checkout it builds the program; elsewhere, and as the
# copy that belongs to a release, it downloads a release. Everything is in functions that the last line calls, so that a file cut off
# on its way does nothing.
set -eu

# Where releases are. release/installer.sh writes it into the copy that belongs to a release.
repository=''

usage() {
    cat <<'END'
Installs cognito-creds: built from this checkout, or from a release where there is no checkout.

Usage: ./install.sh [--release [VERSION]] [--from URL] [--prefix DIR] [--demo] [--dry-run]
       ./install.sh --uninstall [--prefix DIR] [--dry-run]

  --release [VERSION]   download the newest release, or this one, and check it against its SHA256SUMS
  --from URL            download from this folder, which has SHA256SUMS and the archives: https, or http on this machine
  --prefix DIR          install to DIR/bin instead of $XDG_BIN_HOME or ~/.local/bin
  --demo                install, then show it at work against a stand-in for AWS; needs no AWS account, but a checkout
  --uninstall           remove what was installed; `cognito-creds logout --all` before it removes the logins
  --dry-run             say what would be done, and change nothing
  --help                show this text
END
}

# Two lines: what happened, then what to run.
fail() {
    printf '%s\n%s\n' "$1" "$2" >&2
    exit 1
}

first_line() { printf '%s\n' "$1" | sed 1q; }

wrong_usage() {
    printf '%s\n%s\n' "$1" "Usage: ./install.sh --help" >&2
    exit 2
}

main() {
    prefix='' action=install demo=no dry_run=no release=no version='' from=''
    checkout='' place='' others='' temporary='' downloads=''
    # What is installed is no secret, and others may use it under a prefix of all.
    umask 022
    # What other programs say is read here, and ranges of letters are those of ASCII.
    locale=${LC_ALL:-}
    export LC_ALL=C
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
    find_checkout
    parse "$@"
    bin_dir=$(choose_bin_dir)
    program=$bin_dir/cognito-creds
    share_dir=$(choose_share_dir)
    case $action in
    install)
        refuse_windows
        install_program
        ;;
    uninstall) uninstall_program ;;
    esac
    if [ "$demo" = yes ]; then run_demo; fi
}

clean_up() {
    if [ -n "$temporary" ]; then rm -f -- "$temporary"; fi
    if [ -n "$downloads" ]; then rm -rf -- "$downloads"; fi
}

# Empty where this file was piped into a shell, belongs to a release or stands alone: then no Cargo.toml that somebody left beside it
# is built. That runs what it says, and a folder of downloads may be everybody's.
find_checkout() {
    [ -z "$repository" ] || return 0
    case $0 in
    install.sh | */install.sh) ;;
    *) return ;;
    esac
    beside=$(cd -- "$(dirname -- "$0")" && pwd -P)
    if grep -q '^name = "cognito-creds"' "$beside/Cargo.toml" 2>/dev/null; then checkout=$beside; fi
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
        --release)
            release=yes
            case ${2:-} in
            '' | -*) ;;
            *)
                version=$2
                shift
                ;;
            esac
            ;;
        --release=*) release=yes version=${1#--release=} ;;
        --from)
            [ $# -ge 2 ] || wrong_usage "--from needs an address."
            from=$2
            shift
            ;;
        --from=*) from=${1#--from=} ;;
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
    [ "$action$release" != uninstallyes ] || wrong_usage "--release and --uninstall exclude each other."
    [ "$demo$checkout" != yes ] || wrong_usage "--demo needs install.sh in a checkout."
}

# The same command once more.
again() { printf '%s\n' "$(command_line)$place$(release_options)$others"; }

# The same command for the folder $1, a word of a shell command.
elsewhere() { printf '%s\n' "$(command_line) --prefix $1$(release_options)$others"; }

command_line() {
    case $checkout:$0 in
    ?*:*) echo ./install.sh ;;
    :*.sh) printf 'sh %s\n' "$(quote "$0")" ;;
    *)
        if [ -n "$from" ]; then address=$from; else address=${repository:-https://releases.example.com}/releases/latest/download; fi
        printf '%s\n' "curl --proto '=https' --tlsv1.2 -sSfL $(quote "$address/install.sh") | sh -s --"
        ;;
    esac
}

release_options() {
    if [ "$release" = yes ]; then printf ' --release%s' "${version:+ $(quote "$version")}"; fi
    if [ -n "$from" ]; then printf ' --from %s' "$(quote "$from")"; fi
}

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

# Git Bash and its kin run this file, but nothing of what it puts into place is for Windows.
refuse_windows() {
    case $(uname -s) in
    MINGW* | MSYS* | CYGWIN*) ;;
    *) return 0 ;;
    esac
    if [ -n "$checkout" ]; then
        remedy="cargo install --locked --path $(quote "$checkout")"
    elif [ -n "$repository" ]; then
        remedy="git clone $repository cognito-creds && cargo install --locked --path cognito-creds"
    else
        remedy="cargo install --locked --path cognito-creds"
    fi
    fail "install.sh is for Linux, WSL and macOS. On Windows cargo builds and installs the program; docs/windows.md tells what that needs." "$remedy"
}

install_program() {
    # A folder to download from and a lack of source say it as well.
    if [ "$release$from" != no ] || [ -z "$checkout" ]; then way=download; else way=build; fi
    if [ $way = download ]; then prepare_download; fi
    if [ "$way$demo" != downloadno ]; then
        find_cargo
        require_rust
        require_c_compiler
    fi
    if [ "$dry_run" = yes ]; then
        say_what_would_be_done
        return
    fi
    require_writable
    if [ $way = download ]; then
        download
    else
        new=$(build)
        [ -x "$new" ] || fail "cargo said that it built '$new', but there is no such program." "cargo clean && $(again)"
    fi
    put_in_place "$new"
    put_share_files
    report
}

say_what_would_be_done() {
    case $way in
    download) echo "Would download: cognito-creds-${version:-VERSION}-$target.tar.gz and SHA256SUMS from $folder" ;;
    build) echo "Would run: $cargo build --release --locked --bin cognito-creds (in $checkout)" ;;
    esac
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
    found=$(command -v "${compiler%% *}" 2>/dev/null) || found=''
    case $(uname -s)-$found in
    # Every Mac has /usr/bin/cc, which without the Command Line Tools is a stub that offers them in a window.
    Darwin- | Darwin-/usr/bin/*) require_command_line_tools ;;
    esac
    if [ -n "$found" ]; then return; fi
    if command -v apt-get >/dev/null 2>&1; then remedy=$(to_install gcc libc6-dev); else remedy=$(to_install gcc); fi
    fail "Building needs a C compiler ('${compiler%% *}' was not found): parts of the TLS library, ring, are in C, and Rust links with it." \
        "$remedy && $(again)"
}

require_command_line_tools() {
    if xcode-select -p >/dev/null 2>&1; then return; fi
    # The command opens a window and ends at once, so nothing can follow it in one line.
    fail "Building needs Apple's Command Line Tools: parts of the TLS library, ring, are in C, and Rust links with them. When the window that this opens has finished, run $(again) again." \
        "xcode-select --install"
}

# How to get the packages $@. What is missing here comes with macOS.
to_install() {
    for manager in apt-get dnf zypper; do
        if command -v $manager >/dev/null 2>&1; then
            echo "sudo $manager install $*"
            return
        fi
    done
    if command -v apk >/dev/null 2>&1; then echo "sudo apk add $*"; else echo "sudo dnf install $*"; fi
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

# ---- a release

prepare_download() {
    find_target
    find_folder
    find_loader
    find_summer
}

find_target() {
    system=$(uname -s) machine=$(uname -m)
    case $system-$machine in
    # Linked statically: it runs with any libc, and with none.
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    *) fail "No release has a program that install.sh could install on $system $machine; it has to be built." "$(from_source)" ;;
    esac
}

# How to go without a release.
from_source() {
    if [ -n "$checkout" ]; then
        echo "./install.sh$place"
    elif [ -n "$repository" ]; then
        echo "git clone $repository cognito-creds && cognito-creds/install.sh$place"
    else
        echo "cognito-creds/install.sh$place"
    fi
}

# The folder to download from, and a version that can be part of an address and of a pattern.
find_folder() {
    version=${version#v}
    case $version in
    *[!0-9A-Za-z.+-]*) wrong_usage "$version is no version." ;;
    esac
    if [ -n "$from" ]; then
        folder=${from%/}
        trustworthy "$folder" || wrong_usage "--from takes an https address, or an http address of this machine: http://127.0.0.1:PORT."
        return
    fi
    if [ -z "$repository" ] && [ -n "$checkout" ]; then
        # A source whose publisher is not settled yet has _owner_ there.
        repository=$(sed -n '/_owner_/d; s/^repository = "\(https:.*\)"/\1/p' "$checkout/Cargo.toml")
    fi
    if [ -z "$repository" ] && [ -n "$checkout" ]; then
        fail "No release has been published yet, so there is none to download; this checkout can be built." "$(from_source)$others"
    fi
    [ -n "$repository" ] || fail "This copy of install.sh belongs to no release and does not know where releases are." \
        "$(again) --from https://releases.example.com"
    if [ -n "$version" ]; then folder=$repository/releases/download/v$version; else folder=$repository/releases/latest/download; fi
}

# http only where no network is: an answer from elsewhere could be anybody's, and its SHA256SUMS too.
trustworthy() {
    case $1 in
    *[!!-~]*) return 1 ;;
    https://?*) return 0 ;;
    esac
    printf '%s\n' "$1" | grep -Eq '^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/|$)'
}

find_loader() {
    if command -v curl >/dev/null 2>&1; then
        loader=with_curl
    # BusyBox has a wget, too, that checks no certificate.
    elif wget --version 2>/dev/null | grep -q '^GNU Wget'; then
        loader=with_wget
    else
        fail "Downloading needs curl or GNU wget, and neither was found." "$(to_install curl) && $(again)"
    fi
}

find_summer() {
    if command -v sha256sum >/dev/null 2>&1; then
        summer=sha256sum
    elif command -v shasum >/dev/null 2>&1; then
        summer="shasum -a 256"
    elif command -v openssl >/dev/null 2>&1; then
        summer="openssl dgst -sha256 -r"
    else
        fail "Checking a download needs sha256sum, shasum or openssl, and none was found." "$(to_install coreutils) && $(again)"
    fi
}

# Leaves the program of the release in $new. Nothing is unpacked before its checksum is right.
download() {
    downloads=$(mktemp -d 2>/dev/null) || fail "Can't make a folder in ${TMPDIR:-/tmp}." "df -h $(quote "${TMPDIR:-/tmp}")"
    fetch "$folder/SHA256SUMS" "$downloads/SHA256SUMS"
    find_line
    # The newest release may be another one by now.
    newest=${archive#cognito-creds-}
    if [ -z "$from" ]; then folder=$repository/releases/download/v${newest%"-$target.tar.gz"}; fi
    echo "Downloading $archive"
    fetch "$folder/$archive" "$downloads/$archive"
    compare
    unpack
}

# Finds $archive and its $sum, and so which version is the newest.
find_line() {
    pattern=$(printf '%s\n' "$version" | sed 's/\./\\./g')
    found=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]\(cognito-creds-${pattern:-[0-9][0-9A-Za-z.+-]*}-$target\.tar\.gz\)\$/\1 \2/p" "$downloads/SHA256SUMS")
    sum=${found%% *} archive=${found#* }
    case $archive in
    *[[:space:]]*) fail "$folder/SHA256SUMS has several versions for $target." "$(with_last_version)" ;;
    ?*) return ;;
    esac
    if is_web_page "$downloads/SHA256SUMS"; then fail_for_web_page "$folder/SHA256SUMS"; fi
    fail "$folder/SHA256SUMS has no line for ${version:+version $version on }$target, so there is nothing to check a download against." \
        "$(from_source)"
}

# The same command for one version of several: the one that is listed last.
with_last_version() {
    version=$(printf '%s\n' "$found" | sed -n "\$s/.* cognito-creds-\(.*\)-$target.*/\1/p")
    release=yes
    again
}

compare() {
    # shellcheck disable=SC2086 # a command and its arguments
    is=$($summer <"$downloads/$archive")
    is=${is%% *}
    if [ "$is" = "$sum" ]; then return; fi
    if is_web_page "$downloads/$archive"; then fail_for_web_page "$folder/$archive"; fi
    fail "$folder/$archive is not what SHA256SUMS says: its checksum is $is instead of $sum. Nothing of it was unpacked or installed." \
        "$(again)"
}

is_web_page() { grep -qi -e '<html' -e '<!doctype' -- "$1"; }

fail_for_web_page() {
    fail "$1 is a web page instead of the file; a network that wants a sign-in of its own answers like that." "$(again)"
}

# Takes the program alone out of the archive, through a pipe: no name in it becomes a path here.
unpack() {
    inside=${archive%.tar.gz}
    problem=$(tar -tzf "$downloads/$archive" 2>&1 >"$downloads/names") ||
        fail "$archive has the right checksum, but tar can't read it: $(first_line "$problem")" "$(to_install tar gzip) && $(again)"
    if grep -Evq "^$inside/([A-Za-z0-9_][A-Za-z0-9_.-]*/?)*\$" "$downloads/names"; then
        fail "$archive has a name in it that has no place there, so nothing of it was unpacked." "$(from_source)"
    fi
    new=$downloads/cognito-creds
    problem=$(tar -xzOf "$downloads/$archive" "$inside/cognito-creds" 2>&1 >"$new") ||
        fail "Unpacking $archive failed: $(first_line "$problem")" "df -h $(quote "${TMPDIR:-/tmp}")"
    [ -s "$new" ] || fail "$archive has no program in it." "$(from_source)"
}

# The way on where a version is missing: the newest one, or the source.
without_version() {
    if [ -z "$version" ]; then
        from_source
    else
        version=''
        again
    fi
}

# Loads the address $1 into the file $2.
fetch() {
    problem=''
    $loader "$1" "$2"
    said=$(sed -n '/[^[:space:]]/h; ${ g; s/^curl: ([0-9]*) *//; s/\.*$/./; p; }' "$downloads/log")
    case $problem in
    '') ;;
    missing) fail "There is no $1." "$(without_version)" ;;
    insecure) fail "$1 leads to an address that does not begin with https, and nothing is taken from there." "$(again)" ;;
    disk) fail "Can't write to ${TMPDIR:-/tmp}: $said" "df -h $(quote "${TMPDIR:-/tmp}")" ;;
    name) fail "$1 can't be loaded: its name can't be looked up. Is there a network?" "$(again)" ;;
    *) fail "$1 can't be loaded: $said" "$(again)" ;;
    esac
}

with_curl() {
    code=0
    status=$(curl --proto "=https,${1%%:*}" --proto-redir '=https' --tlsv1.2 --globoff --silent --show-error --fail --location \
        --connect-timeout 20 --speed-limit 1 --speed-time 30 --write-out '%{http_code}' --output "$2" --url "$1" \
        2>"$downloads/log") || code=$?
    case $code-$status in
    0-*) ;;
    1-*) problem=insecure ;;
    6-*) problem=name ;;
    22-404 | 22-410) problem=missing ;;
    23-*) problem=disk ;;
    *) problem=other ;;
    esac
}

# wget has no option that keeps it from http, so the redirects are followed here.
with_wget() {
    address=$1
    for _ in 1 2 3 4 5; do
        code=0
        wget --no-verbose --server-response --max-redirect=0 --tries=1 --timeout=30 --secure-protocol=TLSv1_2 \
            --output-document="$2" -- "$address" 2>"$downloads/log" || code=$?
        address=$(sed -n 's/^ *[Ll]ocation: *\([^[:space:]]*\).*/\1/p' "$downloads/log" | tail -n 1)
        case $code-$address in
        8-https://*) continue ;;
        8-?*) problem=insecure ;;
        0-*) ;;
        3-*) problem=disk ;;
        *) problem=other ;;
        esac
        if grep -q 'unable to resolve' "$downloads/log"; then problem=name; fi
        if grep -Eq '^ *HTTP/[0-9.]+ (404|410)' "$downloads/log"; then problem=missing; fi
        return
    done
    problem=other
}

# A rename swaps old and new in one step: a call made meanwhile, or a kill, finds a whole program.
put_in_place() {
    temporary=$(mktemp "$bin_dir/.cognito-creds.XXXXXX")
    problem=$(cp -- "$1" "$temporary" 2>&1) ||
        fail "Copying to $bin_dir failed, and what was there is as it was: $(first_line "$problem")" "df -h $(quote "$bin_dir")"
    chmod 755 "$temporary"
    problem=$("$temporary" --version 2>&1) ||
        fail "The new program does not run here, and what was there is as it was: $(first_line "$problem")" "$(from_source)"
    mv -f -- "$temporary" "$program"
    temporary=''
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
    LC_ALL=$locale "$cargo" run --locked --example demo -- --program "$program"
}

# In braces, so that not even this line does anything before its end.
{ main "$@"; }
