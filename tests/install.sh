#!/bin/sh
# Tests of install.sh, under dash and bash. A stub takes cargo's place, but for one real build at the end.
# Usage: tests/install.sh
set -eu

root=$(cd -- "$(dirname -- "$0")/.." && pwd -P)
# shellcheck source=tests/install/world.sh
. "$root/tests/install/world.sh"

# ---- the tests: each starts with an empty home, whose path holds spaces

installs_to_local_bin() {
    install
    check exit 0 "$code"
    check version "cognito-creds 1.0.0" "$(installed_version)"
    check "all files" "$installed" "$(listing "$home")"
    check_says "Installed cognito-creds 1.0.0 to $home/.local/bin"
    check_says "cognito-creds login --profile NAME"
}

a_second_install_replaces_the_first() {
    install
    install STUB_BUILT=2.0.0
    check exit 0 "$code"
    check version "cognito-creds 2.0.0" "$(installed_version)"
    check "no leftovers" "$installed" "$(listing "$home")"
}

builds_the_locked_release() {
    install
    out=$(cat "$world/cargo.log")
    check_says "build --release --locked --bin cognito-creds"
}

honours_xdg_bin_home_and_prefix() {
    install "XDG_BIN_HOME=$world/xdg"
    check version "cognito-creds 1.0.0" "$(installed_version "$world/xdg")"
    install "XDG_BIN_HOME=$world/xdg" --prefix "$world/with space/"
    check version "cognito-creds 1.0.0" "$(installed_version "$world/with space/bin")"
    install --prefix=relative
    check version "cognito-creds 1.0.0" "$(installed_version "$world/relative/bin")"
    check "no program in the home" no "$([ -e "$home/.local/bin" ] && echo yes || echo no)"
    check "completions beside the program" yes "$([ -s "$world/with space/share/man/man1/cognito-creds.1" ] && echo yes)"
}

what_shells_and_man_look_for_is_no_reason_to_fail() {
    : >"$world/file"
    install "XDG_DATA_HOME=$world/file"
    check exit 0 "$code"
    check_says "Could not write $world/file/man/man1/cognito-creds.1."
    check version "cognito-creds 1.0.0" "$(installed_version)"
}

uninstall_removes_the_program_alone() {
    install
    echo mine >"$home/.local/bin/other"
    install --uninstall
    check exit 0 "$code"
    check left "./.local/bin/other " "$(listing "$home")"
    install --uninstall
    check "exit of the second" 0 "$code"
    check_says "There is no cognito-creds in $home/.local/bin."
}

dry_run_changes_nothing() {
    install --dry-run --demo
    check exit 0 "$code"
    check_says "Would write: $home/.local/bin/cognito-creds"
    check home "" "$(listing "$home")"
    install
    install --dry-run --uninstall
    check_says "Would remove: $home/.local/bin/cognito-creds"
    check version "cognito-creds 1.0.0" "$(installed_version)"
}

demo_runs_after_the_install() {
    install --demo
    check exit 0 "$code"
    check version "cognito-creds 1.0.0" "$(installed_version)"
    check "last call of cargo" "run --locked --example demo -- --program $home/.local/bin/cognito-creds" "$(tail -n 1 "$world/cargo.log")"
}

the_path_line_comes_only_when_needed() {
    install
    check_says "That folder is not in your PATH yet."
    check_says ">>~/.bashrc"
    install SHELL=/usr/bin/zsh
    check_says ">>~/.zshrc"
    check_says "fpath+='$home/.local/share/zsh/site-functions'"
    install SHELL=/usr/bin/fish
    check_says "fish_add_path '$home/.local/bin'"
    check_silent_about "fpath"
    install --prefix "$world/on-path"
    install "PATH=$tools:$world/on-path/bin" --prefix "$world/on-path"
    check_silent_about "PATH"
}

the_path_line_works() {
    install SHELL=/bin/sh
    line=$(printf '%s\n' "$out" | sed -n 's/^  \(export PATH=.*\)$/\1/p')
    check "found by its name" "$home/.local/bin/cognito-creds" "$(eval "$line" && command -v cognito-creds)"
}

a_failed_build_keeps_the_old_program() {
    install
    install STUB_BUILD=fails
    check exit 1 "$code"
    check_says "The build failed"
    check version "cognito-creds 1.0.0" "$(installed_version)"
}

a_killed_install_keeps_the_old_program() {
    for signal in KILL TERM; do
        rm -f "$world/copying"
        install
        # A copy that gets no further than its first bytes.
        # shellcheck disable=SC2016 # the stub's own variables
        stub cp 'shift; printf "#!" >"$2"; echo $$ >"$WORLD/copying.new"; mv "$WORLD/copying.new" "$WORLD/copying"; exec sleep 60'
        env -i HOME="$home" PATH="$tools" WORLD="$world" STUB_BUILT=2.0.0 "$shell" "$root/install.sh" >/dev/null 2>&1 </dev/null &
        installer=$!
        wait_for "$world/copying"
        kill -s "$signal" "$installer"
        kill -s KILL "$(cat "$world/copying")"
        wait "$installer" 2>/dev/null || true
        check "version after $signal" "cognito-creds 1.0.0" "$(installed_version)"
        rm -f "$tools/cp"
        ln -s "$(command -v cp)" "$tools/cp"
    done
    install STUB_BUILT=2.0.0
    check "version after another try" "cognito-creds 2.0.0" "$(installed_version)"
    install --uninstall
    check "no leftovers" "" "$(listing "$home")"
}

an_unwritable_target_is_told_before_the_build() {
    : >"$world/file"
    rm -f "$world/cargo.log"
    install --prefix "$world/file"
    check exit 1 "$code"
    check lines 2 "$(lines)"
    check_says "Can't write to $world/file/bin."
    check "no build" "--version" "$(cat "$world/cargo.log")"
}

without_cargo_it_says_how_to_get_it() {
    rm "$tools/cargo"
    install
    check exit 1 "$code"
    check lines 2 "$(lines)"
    check_says "https://sh.rustup.rs"
    check_says "$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")"
}

cargo_outside_the_path_is_found() {
    mkdir -p "$home/.cargo/bin"
    mv "$tools/cargo" "$home/.cargo/bin/cargo"
    install
    check exit 0 "$code"
    check version "cognito-creds 1.0.0" "$(installed_version)"
}

an_old_cargo_is_refused() {
    for version in 1.9.0 1.63.0 1.94.0 0.99.0; do
        install STUB_VERSION=$version
        check "exit with $version" 1 "$code"
        check lines 2 "$(lines)"
        check_says "rustup update"
    done
    for version in 1.94.1 1.94.10 1.100.0 2.0.0; do
        install STUB_VERSION=$version
        check "exit with $version" 0 "$code"
    done
}

without_a_c_compiler_it_says_what_for() {
    rm "$tools/cc"
    install
    check exit 1 "$code"
    check lines 2 "$(lines)"
    check_says "ring"
    check_says "apt-get install gcc"
    check_says "&& ./install.sh"
    install CC=sh
    check "exit with CC" 0 "$code"
}

# Its cc is there in any case, and opens a window.
a_mac_without_the_command_line_tools_is_told_before_the_build() {
    stub uname 'echo Darwin'
    for tools_are in 'exit 2' absent; do
        if [ "$tools_are" = absent ]; then rm "$tools/xcode-select"; else stub xcode-select "$tools_are"; fi
        install CC=/usr/bin/cc --demo
        check "exit with $tools_are" 1 "$code"
        check lines 2 "$(lines)"
        check_says "When the window that this opens has finished, run ./install.sh --demo again."
        check "to paste" "xcode-select --install" "$(printf '%s\n' "$out" | tail -n 1)"
    done
    install
    check "exit with a compiler of one's own" 0 "$code"
    # shellcheck disable=SC2016 # the stub's own variables
    stub xcode-select '[ "$*" = -p ]'
    install CC=/usr/bin/cc
    check "exit with them" 0 "$code"
}

in_a_shell_for_windows_it_leads_to_cargo() {
    for system in MINGW64_NT-10.0-19045 MSYS_NT-10.0-22631 CYGWIN_NT-10.0; do
        stub uname "echo $system"
        install
        check "exit in $system" 1 "$code"
        check lines 2 "$(lines)"
        check_says "docs/windows.md"
        check "to paste" "cargo install --locked --path $root" "$(printf '%s\n' "$out" | tail -n 1)"
    done
    check home "" "$(listing "$home")"
}

a_release_that_nobody_has_published_leads_to_the_build() {
    cp "$root/install.sh" "$world"
    sed 's/^repository = .*/repository = "https:\/\/github.com\/_owner_\/cognito-creds"/' "$root/Cargo.toml" >"$world/Cargo.toml"
    script=$world/install.sh
    for asked in --release --release=1.0.0; do
        install $asked --prefix "$world/here" --dry-run
        check "exit of $asked" 1 "$code"
        check lines 2 "$(lines)"
        check_says "No release has been published yet"
        check "to paste" "./install.sh --prefix $world/here --dry-run" "$(printf '%s\n' "$out" | tail -n 1)"
    done
    script=''
}

a_remedy_keeps_the_options_that_were_given() {
    : >"$world/file"
    install --demo --prefix "$world/file"
    check_says "./install.sh --prefix \"\$HOME/.local\" --demo"
    rm "$tools/cc"
    install --prefix "$world/it's here" --dry-run --demo
    check_says "&& ./install.sh --prefix '$world/it'\\''s here' --dry-run --demo"
}

wrong_usage_is_exit_2() {
    for arguments in --nonsense --prefix "--demo --uninstall"; do
        # shellcheck disable=SC2086 # two words are two arguments
        install $arguments
        check "exit of $arguments" 2 "$code"
        check lines 2 "$(lines)"
    done
    install --help
    check "exit of --help" 0 "$code"
    check_says "Usage: ./install.sh"
}

a_cut_off_script_does_nothing() {
    mkdir "$world/cut"
    cp "$root/Cargo.toml" "$world/cut"
    size=$(wc -c <"$root/install.sh")
    # After each letter of the last line, and here and there before it.
    for length in $(seq 1 997 $((size - 30))) $(seq $((size - 30)) $((size - 2))); do
        head -c "$length" "$root/install.sh" >"$world/cut/install.sh"
        env -i HOME="$home" PATH="$tools" WORLD="$world" "$shell" "$world/cut/install.sh" >/dev/null 2>&1 </dev/null || true
        check "home after $length bytes" "" "$(listing "$home")"
    done
    check "calls of cargo" no "$([ -e "$world/cargo.log" ] && echo yes || echo no)"
}

a_real_build_installs_a_program_that_runs() {
    out=$("$shell" "$root/install.sh" --prefix "$home/real" 2>&1 </dev/null) || {
        printf '%s\n' "$out"
        ok=no
        return
    }
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
    check version "cognito-creds $version" "$(installed_version "$home/real/bin")"
}

for shell in dash bash; do
    shell=$(command -v $shell)
    for name in installs_to_local_bin a_second_install_replaces_the_first builds_the_locked_release \
        honours_xdg_bin_home_and_prefix what_shells_and_man_look_for_is_no_reason_to_fail \
        uninstall_removes_the_program_alone dry_run_changes_nothing \
        demo_runs_after_the_install the_path_line_comes_only_when_needed the_path_line_works \
        a_failed_build_keeps_the_old_program a_killed_install_keeps_the_old_program \
        an_unwritable_target_is_told_before_the_build without_cargo_it_says_how_to_get_it \
        cargo_outside_the_path_is_found an_old_cargo_is_refused without_a_c_compiler_it_says_what_for \
        a_mac_without_the_command_line_tools_is_told_before_the_build in_a_shell_for_windows_it_leads_to_cargo \
        a_release_that_nobody_has_published_leads_to_the_build \
        a_remedy_keeps_the_options_that_were_given wrong_usage_is_exit_2 a_cut_off_script_does_nothing; do
        run $name
    done
done
# Once: what it protects does not depend on the shell.
run a_real_build_installs_a_program_that_runs

echo "install: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
