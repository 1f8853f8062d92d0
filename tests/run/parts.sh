# shellcheck shell=bash
# What the suites of tests/run.sh stand on: the program, tools and packages. Everything here is quick when it is there already.
#
#   . tests/run/parts.sh FOLDER    where Cargo, Python and Node packages are kept

tools=$1

# The optimised program, as install.sh builds it.
release_binary() {
    cargo build --release --locked --bin cognito-creds
}

# The sandbox and the tests' other programs. The same command as in `unit`, so that cargo builds them once.
test_programs() {
    cargo test --workspace --locked --no-run --quiet
}

# What every AWS client needs.
client_parts() {
    need_keyring
    need faketime
    release_binary
    test_programs
}

# Makes sure that COMMAND is there; PACKAGE is its Debian package where that has another name.
need() {
    if command -v "$1" >/dev/null 2>&1; then return; fi
    apt_install "${2:-$1}"
    command -v "$1" >/dev/null 2>&1 || die "$1 is still missing after 'apt-get install ${2:-$1}'."
}

need_keyring() {
    need dbus-run-session dbus-daemon
    need gnome-keyring-daemon gnome-keyring
    need secret-tool libsecret-tools
}

apt_install() {
    local as_root=()
    command -v apt-get >/dev/null 2>&1 || die "$* is missing, and there is no apt-get to install it with."
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo -n)
        "${as_root[@]}" true 2>/dev/null || die "$* is missing: sudo apt-get install $*"
    fi
    "${as_root[@]}" apt-get -q -o DPkg::Lock::Timeout=300 update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

# Installs the cargo command NAME in VERSION, unless it is there, and lets cargo find it. Unoptimised: that halves the wait.
cargo_tool() {
    local place=$tools/$1
    if ! grep -q "^\"$1 $2 " "$place/.crates.toml" 2>/dev/null; then
        CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --version "$2" --root "$place" "$1"
    fi
    PATH=$place/bin:$PATH
}

# Makes sure that Rust's standard library for TARGET is there.
need_rust_target() {
    # Cargo asks the same compiler, whoever installed it.
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$1/lib" ]; then return; fi
    if command -v rustup >/dev/null 2>&1 && rustup target add "$1"; then return; fi
    die "Rust's standard library for $1 is missing, and rustup could not add it.
Where rustup reaches its server, or with a Rust that came from it: rustup target add $1"
}

# Makes the Python environment NAME of tests/real/requirements/NAME.txt, unless it stands already.
python_environment() {
    local place=$tools/$1 wanted=tests/real/requirements/$1.txt
    if cmp -s "$wanted" "$place/installed.txt"; then return; fi
    need_python
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    rm -rf -- "$place"
    python3 -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    cp -- "$wanted" "$place/installed.txt"
}

need_python() {
    need python3
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or newer is needed; $(python3 --version) is here."
}

# Installs the Node packages that FOLDER pins, as NAME, unless they stand already.
node_packages() {
    local place=$tools/$1 wanted=$2/package-lock.json
    if cmp -s "$wanted" "$place/installed.json"; then return; fi
    rm -rf -- "$place"
    mkdir -p "$place"
    cp -- "$2/package.json" "$wanted" "$place"
    npm ci --prefix "$place" --ignore-scripts --no-audit --no-fund
    cp -- "$wanted" "$place/installed.json"
}

# A workspace of its own, so that its dependencies are none of the program's.
rust_sdk_client() {
    local manifest=tests/real/clients/rust/Cargo.toml
    cargo fmt --check --manifest-path "$manifest"
    cargo build --locked --manifest-path "$manifest" --target-dir "$tools/rustsdk"
}

# Runs a Python test file that needs the standard library only, inside a session with an unlocked keyring of its own.
with_system_python() {
    PYTHONDONTWRITEBYTECODE=1 tests/support/with-keyring.sh python3 "$1" --verbose
}

# Runs a Python test file with the Python environment NAME, inside a session with an unlocked keyring of its own.
in_keyring() {
    python_environment "$1"
    PYTHONDONTWRITEBYTECODE=1 tests/support/with-keyring.sh "$tools/$1/bin/python" "$2" --verbose
}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}
