#!/usr/bin/env bash
# Builds the program for Windows (x86_64-pc-windows-gnu) and runs tests/windows with it under Wine, in a Windows
# of its own that is gone afterwards. Installs what it misses, as tests/run.sh does.
#
#   tests/windows.sh             all of them
#   tests/windows.sh WORDS...    as of `cargo test -- WORDS...`
#   tests/windows.sh --check     compiles what CI compiles on Windows (.github/workflows/ci.yml), and runs nothing
set -euo pipefail

system=x86_64-pc-windows-gnu

cd -- "$(dirname -- "$0")/.."
root=$(pwd -P)
target=${CARGO_TARGET_DIR:-$root/target}
# shellcheck source=tests/run/parts.sh
. "$root/tests/run/parts.sh" "$target/tools"

main() {
    need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
    need_rust_target "$system"
    if [ "${1:-}" = --check ]; then
        cargo clippy --workspace --exclude cognito-bench --all-targets --keep-going --locked --target "$system" -- -D warnings
        return
    fi
    need wine

    # Unused code is found in no other build.
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS="-D warnings" \
        cargo build --locked --bin cognito-creds --target "$system"
    cargo test --workspace --locked --no-run --test windows

    begin_windows
    COGNITO_CREDS_EXE=$target/$system/debug/cognito-creds.exe
    export COGNITO_CREDS_EXE
    cargo test --workspace --locked --test windows -- "$@" | tee "$folder/log"

    local passed version
    passed=$(sed -n 's/^test result: ok\. \([0-9]*\) passed;.*/\1/p' "$folder/log")
    [ "$passed" -gt 0 ] || die "No test ran."
    version=$(wine --version)
    printf '%s tests passed under %s\n' "$passed" "$version"
}

# A Windows that nobody has used: its folders, its registry and, until the end, its kernel.
begin_windows() {
    folder=$(mktemp -d)
    trap end_windows EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    unset DISPLAY WAYLAND_DISPLAY
    WINE=$(command -v wine)
    # Nothing is said of what Wine lacks, nothing offered for installation, no menu made on the host.
    export WINE WINEPREFIX=$folder/windows WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
    HOME=$folder wine wineboot --init >"$folder/boot" 2>&1 || die "Wine does not start: $(cat "$folder/boot")"
    wineserver --wait

    local system32=$WINEPREFIX/drive_c/windows/system32
    # Wine has it since version 9.
    if [ ! -e "$system32/bcryptprimitives.dll" ]; then
        x86_64-w64-mingw32-gcc -Wall -Werror -O2 -s -shared -o "$system32/bcryptprimitives.dll" \
            tests/windows/process_prng.c -ladvapi32
    fi

    x86_64-w64-mingw32-gcc -Wall -Werror -O2 -s -o "$folder/icacls.exe" tests/windows/icacls.c
    mv -- "$folder/icacls.exe" "$system32/icacls.exe"

    # At each start Wine gives every process one folder of these names. Until this server ends, the tests give
    # each of their machines its own.
    wineserver --persistent
    local name
    for name in USERPROFILE LOCALAPPDATA APPDATA HOMEDRIVE HOMEPATH; do
        wine reg delete 'HKEY_CURRENT_USER\Volatile Environment' /v "$name" /f >/dev/null
    done
    # In the place of the icacls that is part of Wine.
    wine reg add 'HKEY_CURRENT_USER\Software\Wine\DllOverrides' /v icacls.exe /d native /f >/dev/null
}

# With every process that a test has left running in it.
end_windows() {
    wineserver --kill || true
    wineserver --wait || true
    rm -rf -- "$folder"
}

main "$@"
