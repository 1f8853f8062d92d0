#!/usr/bin/env bash
# Compiles for macOS what CI compiles there (.github/workflows/ci.yml), as far as it goes without a Mac: nothing is linked
# and nothing runs. What differs between the processors is in no test, so the tests are compiled for one of them.
#
#   tests/macos-check.sh ZIG    the whole path of a zig that compiles C for macOS, as PyPI's ziglang has it; a small
#                               script is written beside it
set -euo pipefail

main() {
    local zig=$1
    "$zig" version >/dev/null
    cd -- "$(dirname -- "$0")/.."
    check "$zig" aarch64 --workspace --exclude cognito-bench --all-targets
    check "$zig" x86_64 --package cognito-creds --lib --bins
}

check() {
    local zig=$1 target=$2-apple-darwin compiler
    # Always the same path: with another one cargo would compile ring anew.
    compiler=$(dirname -- "$zig")/cc-$2-macos
    c_compiler "$zig" "$2-macos" "$compiler"
    printf '%s\n' "-- $target"
    env "CC_${target//-/_}=$compiler" AR=ar \
        cargo clippy "${@:3}" --keep-going --locked --target "$target" -- -D warnings
}

# ring's C files are for Apple's compiler. What only that one understands is left out; zig names the target in its
# own way and has macOS' headers with it.
c_compiler() {
    cat >"$3" <<END
#!/usr/bin/env bash
arguments=()
for argument; do
    case \$argument in
    --target=* | -mmacosx-version-min=* | -gfull) ;;
    *) arguments+=("\$argument") ;;
    esac
done
exec '$1' cc -target $2 "\${arguments[@]}"
END
    chmod +x "$3"
}

main "$@"
