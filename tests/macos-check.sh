#!/usr/bin/env bash
# Compiles for macOS as far as it goes without a Mac, with the lints of the rest: the program, its tests, the sandbox.
# The benchmarks count what Linux counts. Nothing is linked and nothing runs.
#
#   tests/macos-check.sh ZIG    ZIG: a zig that compiles C for macOS, as PyPI's ziglang has it
set -euo pipefail

targets=(aarch64-apple-darwin x86_64-apple-darwin)

main() {
    local zig=$1 folder target
    "$zig" version >/dev/null
    folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder's name, now
    trap "rm -rf -- '$folder'" EXIT
    cd -- "$(dirname -- "$0")/.."
    for target in "${targets[@]}"; do
        c_compiler "$zig" "${target%%-*}-macos" "$folder/$target"
        printf '%s\n' "-- $target"
        env "CC_${target//-/_}=$folder/$target" AR=ar \
            cargo clippy --package cognito-creds --package cognito-sandbox --all-targets --locked --target "$target" -- -D warnings
    done
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
