# shellcheck shell=sh
# What the tests of install.sh stand on: a world of one's own for each, and words to check it with.
#
#   . tests/install/world.sh    with $root, the checkout, and $shell, what runs install.sh

# The cases read what these leave, and set what they read.
# shellcheck disable=SC2034,SC2154
world=$(mktemp -d)
trap 'rm -rf -- "$world"' EXIT
passed=0 failed=0

# A folder of programs: everything that install.sh needs of the system, and the stubs.
make_tools() {
    tools=$world/tools
    mkdir -p "$tools"
    for tool in sh cat chmod cp dirname grep mkdir mktemp mv rm sed tail uname sleep; do
        ln -sf "$(command -v "$tool")" "$tools/$tool"
    done
    stub cc 'exit 0'
    stub apt-get 'exit 0'
    # shellcheck disable=SC2016 # the stub's own variables
    stub cargo '
        echo "$*" >>"$WORLD/cargo.log"
        case $1 in
        --version) echo "cargo ${STUB_VERSION:-99.0.0} (stub)" ;;
        build)
            if [ "${STUB_BUILD:-}" = fails ]; then echo "error: could not compile" >&2; exit 101; fi
            mkdir -p "$WORLD/tar get"
            printf "#!/bin/sh\necho cognito-creds %s\n" "${STUB_BUILT:-1.0.0}" >"$WORLD/tar get/cognito-creds"
            chmod 755 "$WORLD/tar get/cognito-creds"
            printf "{\"reason\":\"compiler-artifact\",\"executable\":null}\n"
            printf "{\"reason\":\"compiler-artifact\",\"executable\":\"%s\",\"fresh\":true}\n" "$WORLD/tar get/cognito-creds"
            printf "{\"reason\":\"build-finished\",\"success\":true}\n"
            ;;
        esac'
}

stub() {
    # Never through a link that an earlier stub's name may be.
    rm -f "$tools/$1"
    printf '#!/bin/sh\n%s\n' "$2" >"$tools/$1"
    chmod 755 "$tools/$1"
}

# Runs install.sh as a person with an empty home would; leaves its output in $out and its exit code in $code.
# Variables in front of the arguments (NAME=value) go to its environment.
install() {
    code=0
    variables=''
    while [ $# -gt 0 ]; do
        case $1 in
        --*) break ;;
        *=*)
            variables="$variables $1"
            shift
            ;;
        *) break ;;
        esac
    done
    # shellcheck disable=SC2086 # several words, none of which holds a space
    out=$(cd "$world" && env -i HOME="$home" PATH="$tools" SHELL=/bin/bash WORLD="$world" $variables \
        "${runner:-$shell}" "${script:-$root/install.sh}" "$@" 2>&1 </dev/null) || code=$?
}

check() {
    if [ "$2" = "$3" ]; then return; fi
    printf '    %s: expected [%s], got [%s]\n' "$1" "$2" "$3"
    ok=no
}

check_says() {
    case $out in
    *"$1"*) return ;;
    esac
    printf '    expected to read [%s] in:\n%s\n' "$1" "$out"
    ok=no
}

check_silent_about() {
    case $out in
    *"$1"*)
        printf '    expected not to read [%s] in:\n%s\n' "$1" "$out"
        ok=no
        ;;
    esac
}

lines() { printf '%s\n' "$out" | wc -l | tr -d ' '; }

# Everything in a folder, hidden files too.
listing() { (cd "$1" && find . -type f | sort | tr '\n' ' '); }

# All files of an installation in $home.
installed="./.local/bin/cognito-creds ./.local/share/bash-completion/completions/cognito-creds "
installed="$installed./.local/share/fish/vendor_completions.d/cognito-creds.fish ./.local/share/man/man1/cognito-creds.1 "
installed="$installed./.local/share/zsh/site-functions/_cognito-creds "

installed_version() { "${1:-$home/.local/bin}/cognito-creds" --version; }

wait_for() {
    tries=0
    while [ ! -e "$1" ]; do
        tries=$((tries + 1))
        if [ $tries -gt 200 ]; then
            echo "    $1 never came"
            ok=no
            return
        fi
        sleep 0.05
    done
}

run() {
    home="$world/a home"
    rm -rf "$world"
    mkdir -p "$home"
    make_tools
    "${before_each:-:}"
    ok=yes
    "$1"
    if [ "$ok" = yes ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    printf '%s  %s (%s)\n' "$([ "$ok" = yes ] && echo ok || echo FAILED)" "$1" "$shell"
}
