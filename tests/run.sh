#!/usr/bin/env bash
# Runs the tests, suite by suite, and installs what they miss (Debian packages; Python, Node and Cargo packages under target/tools).
#
#   tests/run.sh            everything but what --list calls "by name only"
#   tests/run.sh --quick    what needs nothing but Rust
#   tests/run.sh NAME...    these suites
#   tests/run.sh --list     their names, and what each is for
#
# A suite that fails does not stop the others. The last line is `N passed, N failed`; any failure makes the exit code 1.
set -euo pipefail

quick_suites=(fmt clippy docs unit)
all_suites=("${quick_suites[@]}" deny macos shellcheck workflows build release packages install completions keychain kernel users disks clocks wsl shells day soak kills bench ssh awscli1 awscli2 boto3 jssdk rustsdk awscrt serve containers api developer browser ministack templates demo fuzz)
# Each of these takes release builds of its own, a build of every crate for another system, or GitHub. They are run by name alone,
# before a release; README.md names them.
named_suites=(reproducible advisories musl musl_arm64 windows windows_check)

# No suite takes half of this; what takes longer hangs.
seconds_per_suite=1500

root=$(cd -- "$(dirname -- "$0")/.." && pwd -P)
target=${CARGO_TARGET_DIR:-$root/target}

# What the suites stand on.
# shellcheck source=tests/run/parts.sh
. "$root/tests/run/parts.sh" "$target/tools"

# ---- the suites, each in a shell of its own with `set -e`

suite_fmt() {
    cargo fmt --all --check
}

suite_clippy() {
    cargo clippy --workspace --all-targets --locked -- -D warnings
    # --all-targets leaves out the suites that run by name.
    local by_name
    mapfile -t by_name < <(grep -B 1 '^test = false' Cargo.toml | sed -n 's/^name = "\(.*\)"/--test=\1/p')
    [ "${#by_name[@]}" -gt 0 ] || die "Cargo.toml names no suite that runs by name."
    cargo clippy --workspace --locked "${by_name[@]}" -- -D warnings
}

suite_docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
}

suite_unit() {
    if cargo nextest --version >/dev/null 2>&1; then
        # Most tests wait more than they work.
        cargo nextest run --workspace --locked --no-fail-fast --test-threads "$((2 * $(nproc)))"
        # nextest runs no examples in documentation.
        cargo test --workspace --locked --doc
    else
        cargo test --workspace --locked --no-fail-fast
    fi
}

# What the program is made of has to be allowed; what tests are made of has to come from crates.io, too.
suite_deny() {
    cargo_tool cargo-deny 0.20.2
    cargo deny --locked check -D unmatched-skip -D unnecessary-skip licenses bans sources
    cargo deny --locked --workspace check sources
}

# The RustSec database comes from GitHub.
suite_advisories() {
    cargo_tool cargo-deny 0.20.2
    cargo deny --locked check advisories
}

# Checked, not linked: that takes a Mac.
suite_macos() {
    need_rust_target aarch64-apple-darwin
    need_rust_target x86_64-apple-darwin
    python_environment zig
    tests/macos-check.sh "$tools/zig/bin/python-zig"
}

suite_shellcheck() {
    need shellcheck
    git ls-files -z --cached --others --exclude-standard -- '*.sh' .ci/run | xargs -0 shellcheck
}

# GitHub runs them; here they are read by what knows its rules.
suite_workflows() {
    need shellcheck
    python_environment workflows
    local from=$tools/workflows/bin
    "$from/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
    "$from/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
    "$from/zizmor" --offline --no-progress --quiet --min-severity medium .github
    "$from/python" tests/workflows/check.py
}

suite_build() {
    release_binary
    ls -l "$target/release/cognito-creds"
}

suite_release() {
    need jq
    cargo_tool cargo-cyclonedx 0.5.9
    release_binary
    tests/release.sh "$target/release/cognito-creds"
}

# As root, for dpkg in a folder that is a root of its own.
suite_packages() {
    need jq
    need zip
    need unzip
    need ruby
    need lintian
    need dpkg-shlibdeps dpkg-dev
    cargo_tool cargo-deb 3.6.3
    release_binary
    tests/packages.sh "$target/release/cognito-creds"
}

# Two release builds.
suite_reproducible() {
    tests/reproducible.sh
}

suite_musl() {
    musl x86_64
}

suite_musl_arm64() {
    musl aarch64
}

# The static program of ARCHITECTURE, in an empty root.
musl() {
    if [ "$1" = "$(uname -m)" ]; then
        need "$1-linux-gnu-gcc" gcc
    else
        need "$1-linux-gnu-gcc" "gcc-${1//_/-}-linux-gnu"
        need "qemu-$1-static" qemu-user-static
    fi
    need readelf binutils
    need script bsdutils
    need_rust_target "$1-unknown-linux-musl"
    tests/musl.sh "$1-unknown-linux-musl"
}

# A build of every crate for another system.
suite_windows() {
    tests/windows.sh
}

# Tests as well, unlike `windows`: for what CI compiles there.
suite_windows_check() {
    tests/windows.sh --check
}

suite_install() {
    need dash
    need jq
    need busybox
    need curl
    need wget
    need shasum perl
    need openssl
    need_python
    release_binary
    tests/install.sh
    tests/install_release.sh "$target/release/cognito-creds"
}

suite_completions() {
    need fish
    need zsh
    need man man-db
    release_binary
    tests/completions.sh "$target/release"
}

# These two and `unit` share their compiled crates: --workspace gives all of them the same features.
suite_keychain() {
    need_keyring
    tests/support/with-keyring.sh cargo test --workspace --locked \
        --test keychain --test keychain_cache --test keychain_words --test client_secret
}

suite_kernel() {
    need keyctl keyutils
    need setpriv util-linux
    cargo test --workspace --locked --test kernel
}

# 24 hours in a minute.
suite_day() {
    need faketime
    cargo test --workspace --locked --test day
}

# The seed that it prints brings the same plan again: SOAK_SEED; SOAK_HOURS makes the day longer or shorter.
suite_soak() {
    need faketime
    cargo test --workspace --locked --test soak -- --nocapture
}

# 500 kills; the seed that each part prints brings the same ones again.
suite_kills() {
    local kills=("$target/debug/kills" --program "$target/release/cognito-creds")
    need_keyring
    release_binary
    cargo build --workspace --locked --bin kills
    "${kills[@]}" --stores file,kernel --times 400
    tests/support/with-keyring.sh "${kills[@]}" --stores keychain --times 100
}

suite_users() {
    need setpriv util-linux
    cargo test --workspace --locked --test users
}

suite_disks() {
    need nsenter util-linux
    need strace
    cargo test --workspace --locked --test disks
}

suite_clocks() {
    need faketime
    cargo test --workspace --locked --test clocks
}

# Windows is played: its kernel's name, its drive and its programs; as root, because only root mounts.
suite_wsl() {
    need unshare util-linux
    cargo test --workspace --locked --test wsl
}

# PowerShell is no Debian package: what it would read is judged by the grammar that editors use for it.
suite_shells() {
    need dash
    need fish
    python_environment shells
    COGNITO_CREDS_PYTHON="$tools/shells/bin/python" cargo test --workspace --locked --test shells
}

# What can be counted. The times are for a quiet machine: tests/bench/run.sh.
suite_bench() {
    need_keyring
    need strace
    tests/bench/run.sh --quick
}

# The AWS clients: each measures what docs/clients.md says of it. `UPDATE_DOCS=1 tests/run.sh NAME...` writes that.

suite_awscli1() {
    client_parts
    in_keyring awscli tests/real/test_awscli1.py
}

suite_awscli2() {
    client_parts
    # Not the `aws` of version 1 that PATH may have.
    [ -x /usr/bin/aws ] || apt_install awscli
    need_python
    with_system_python tests/real/test_awscli2.py
}

suite_boto3() {
    client_parts
    in_keyring boto3 tests/real/test_boto3.py
}

suite_jssdk() {
    client_parts
    need node nodejs
    need npm
    need_python
    node_packages jssdk tests/real/clients/js
    with_system_python tests/real/test_jssdk.py
}

suite_rustsdk() {
    client_parts
    need_python
    rust_sdk_client
    with_system_python tests/real/test_rustsdk.py
}

suite_awscrt() {
    client_parts
    in_keyring awscrt tests/real/test_awscrt.py
}

# The lines of docs/api-gateway.md.
suite_api() {
    need_keyring
    need curl
    need_python
    release_binary
    test_programs
    PYTHONDONTWRITEBYTECODE=1 tests/support/with-keyring.sh python3 tests/real/test_api.py --verbose
}

# AWS clients without a profile: by way of serve, exec and env.
suite_serve() {
    need_keyring
    need node nodejs
    need npm
    release_binary
    test_programs
    node_packages jssdk tests/real/clients/js
    rust_sdk_client
    in_keyring serve tests/real/test_serve.py
}

# The lines of docs/containers.md; as root, because only root starts a container engine.
suite_containers() {
    PATH=$PATH:/usr/sbin:/sbin
    need_keyring
    need dockerd docker.io
    need docker docker-cli
    need ip iproute2
    need socat
    release_binary
    test_programs
    in_keyring serve tests/real/test_containers.py
}

# The example backend of docs/examples, and a password typed on a pseudo-terminal.
suite_developer() {
    need_keyring
    release_binary
    test_programs
    in_keyring developer tests/real/test_developer.py
}

# Two networks with an SSH server in one of them; as root, because only root makes networks.
suite_ssh() {
    PATH=$PATH:/usr/sbin:/sbin
    need ip iproute2
    need socat
    need tmux
    need ssh openssh-client
    need sshd openssh-server
    need_python
    release_binary
    test_programs
    PYTHONDONTWRITEBYTECODE=1 python3 tests/real/test_ssh.py --verbose
}

suite_browser() {
    need_keyring
    need chromium
    need chromedriver chromium-driver
    # Chromium draws empty boxes where a machine has no font at all.
    if ! fc-list | grep -q .; then apt_install fonts-dejavu-core; fi
    release_binary
    test_programs
    in_keyring awscli tests/real/test_browser.py
    with_system_python tests/real/test_callback_attacks.py
}

suite_ministack() {
    need_keyring
    release_binary
    in_keyring ministack tests/real/test_ministack.py
}

# The templates of docs/setup, its commands and the README's.
suite_templates() {
    need_keyring
    release_binary
    python_environment cfn-lint
    "$tools/cfn-lint/bin/cfn-lint" --include-checks I -- docs/setup/*.yaml
    python_environment awscli
    in_keyring ministack tests/real/test_templates.py
    in_keyring ministack tests/real/test_setup_pages.py
}

suite_demo() {
    local prefix
    prefix=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder's name, now
    trap "rm -rf -- '$prefix'" EXIT
    ./install.sh --prefix "$prefix" --demo
}

# Each parser of foreign text for a minute; longer: tests/fuzz/run.sh SECONDS.
suite_fuzz() {
    need g++
    cargo_tool cargo-fuzz 0.13.2
    cargo fmt --check --manifest-path tests/fuzz/Cargo.toml
    tests/fuzz/run.sh
}

# What a suite is for, as its line of --list.
about() {
    case $1 in
    fmt) echo "the source is formatted" ;;
    clippy) echo "lints, also of the suites that run by name" ;;
    docs) echo "the source's own documentation builds" ;;
    unit) echo "every test that needs nothing but Rust" ;;
    deny) echo "licences, one TLS stack, one HTTP client, no second versions, crates.io alone: .deny.toml" ;;
    advisories) echo "no dependency has a known weakness, is abandoned or withdrawn; needs GitHub; by name only" ;;
    macos) echo "everything compiles for macOS, with the same lints; nothing of it runs" ;;
    shellcheck) echo "lints of the shell scripts" ;;
    build) echo "the optimised program" ;;
    workflows) echo "what GitHub runs: its grammar, its pins, rights and secrets, and the shell in it" ;;
    packages) echo "archives of every target, Homebrew, Scoop, cargo binstall, and a Debian package installed and removed; as root" ;;
    release) echo "archive, checksums and the list of what is in the program" ;;
    reproducible) echo "two release builds in different places are the same, byte for byte; by name only" ;;
    windows) echo "the program for Windows lives under Wine, with its Credential Manager; 3 minutes; by name only" ;;
    windows_check) echo "everything compiles for Windows, with the same lints; nothing of it runs; by name only" ;;
    musl) echo "the static program for x86-64 in an empty root, a release build; by name only" ;;
    musl_arm64) echo "the same for arm64, emulated where the machine is another; by name only" ;;
    install) echo "install.sh under dash, bash and BusyBox: builds, releases from a server of its own" ;;
    completions) echo "bash, fish and zsh complete; man shows the page" ;;
    keychain) echo "a real Secret Service: kept, locked, absent, too big" ;;
    kernel) echo "the kernel keyring, several sessions and users" ;;
    users) echo "several users on one machine" ;;
    disks) echo "disks that are full, break or are several; as root" ;;
    clocks) echo "clocks that are wrong or jump" ;;
    wsl) echo "Linux inside Windows, with a Windows that is played; as root" ;;
    shells) echo "dash, bash, fish, PowerShell and .env files read what env writes" ;;
    day) echo "24 hours of work in a minute" ;;
    soak) echo "20 profiles, 8 callers, faults, kills and edits for 24 hours of a moved clock" ;;
    kills) echo "500 kills at random moments; no login is lost" ;;
    bench) echo "budgets that can be counted; the times: tests/bench/run.sh" ;;
    ssh) echo "two networks: a real sshd, the tunnel that is printed, pasting, tmux" ;;
    awscli1) echo "the AWS CLI 1 with a profile that runs the program; docs/clients.md" ;;
    awscli2) echo "the same with Debian's AWS CLI 2" ;;
    boto3) echo "the same with boto3" ;;
    jssdk) echo "the same with the AWS SDK for JavaScript" ;;
    rustsdk) echo "the same with the AWS SDK for Rust" ;;
    awscrt) echo "the same with the AWS Common Runtime" ;;
    api) echo "docs/api-gateway.md: its lines call an API with curl" ;;
    developer) echo "the example backend of docs/examples, with boto3 and a typed password" ;;
    serve) echo "AWS CLI, boto3, SDKs for JavaScript and Rust by way of serve, exec and env" ;;
    containers) echo "docs/containers.md: its lines run with a real Docker engine" ;;
    browser) echo "sign-ins and the AWS console in a real Chromium, also with a hostile page beside them" ;;
    ministack) echo "sign-ins at somebody else's stand-in for Cognito" ;;
    templates) echo "docs/setup and the README: templates are deployed, commands run" ;;
    demo) echo "install.sh --demo from end to end" ;;
    fuzz) echo "everything that reads foreign text, fed with anything, a minute each" ;;
    *) die "The suite $1 has no description." ;;
    esac
}

# ---- the runner

main() {
    local suites=() name
    cd -- "$root"
    case ${1:-} in
    --list)
        local words
        for name in "${all_suites[@]}" "${named_suites[@]}"; do
            words=$(about "$name")
            printf '%-14s %s\n' "$name" "$words"
        done
        return
        ;;
    --inside)
        "suite_$2"
        return
        ;;
    --quick) suites=("${quick_suites[@]}") ;;
    '') suites=("${all_suites[@]}") ;;
    -*) wrong_usage "$1" ;;
    *)
        for name in "$@"; do
            declare -F "suite_$name" >/dev/null || wrong_usage "$name"
        done
        suites=("$@")
        ;;
    esac
    command -v cargo >/dev/null 2>&1 || die "cargo is missing: https://rustup.rs has it."
    run_suites "${suites[@]}"
}

wrong_usage() {
    printf 'There is no suite %s.\nThe suites: tests/run.sh --list\n' "$1" >&2
    exit 2
}

run_suites() {
    local name started code passed=0 failed=0 report=''
    trap 'kill "${child:-}" 2>/dev/null; exit 130' INT TERM
    for name in "$@"; do
        printf '\n== %s\n' "$name"
        started=$SECONDS
        # A group of its own, so that whatever a suite leaves running ends with it when it hangs.
        timeout --kill-after=10 "$seconds_per_suite" "$BASH" tests/run.sh --inside "$name" </dev/null &
        child=$!
        code=0
        wait "$child" || code=$?
        if [ "$code" -eq 0 ]; then
            passed=$((passed + 1))
            report+=$(printf 'ok      %-14s %4d s' "$name" $((SECONDS - started)))$'\n'
        else
            failed=$((failed + 1))
            report+=$(printf 'FAILED  %-14s %4d s  (exit %d)' "$name" $((SECONDS - started)) "$code")$'\n'
        fi
    done
    printf '\n%s\n%d passed, %d failed\n' "$report" "$passed" "$failed"
    [ "$failed" -eq 0 ]
}

main "$@"
