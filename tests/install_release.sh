#!/bin/sh
# Tests of install.sh as it installs a release, under dash, bash and BusyBox's ash, from a server of their own.
# Usage: tests/install_release.sh PROGRAM
set -eu

program=$(realpath -- "$1")
root=$(cd -- "$(dirname -- "$0")/.." && pwd -P)
# shellcheck source=tests/install/world.sh
. "$root/tests/install/world.sh"
# shellcheck source=tests/install/releases.sh
. "$root/tests/install/releases.sh"

# As somebody who has install.sh alone and no Rust; $world/tmp is where temporary files go.
get() {
    mkdir -p "$world/tmp"
    install "TMPDIR=$world/tmp" "CURL_CA_BUNDLE=$served/certificate.pem" "WGETRC=$served/wgetrc" "$@"
}

# The same, with another version and a login there already; it has to fail in two lines, change nothing and leave nothing.
refused() {
    [ -e "$home/.local/bin/cognito-creds" ] || an_old_install
    before=$(tree "$home")
    get "$@"
    # What it says of its progress is no part of the failure.
    out=$(printf '%s\n' "$out" | grep -v '^Downloading cognito-creds-')
    check exit 1 "$code"
    check lines 2 "$(lines)"
    check "the command can be pasted" yes "$(printf '%s\n' "$out" | tail -n 1 | sh -n 2>&1 && echo yes)"
    untouched
}

untouched() {
    check "the home is as it was" "$before" "$(tree "$home")"
    check "no temporary files" "" "$(ls -A "$world/tmp")"
}

got_the_release() {
    check exit 0 "$code"
    check version "cognito-creds $version" "$(installed_version)"
    check "no temporary files" "" "$(ls -A "$world/tmp")"
}

# ---- the cases

alone_it_downloads_and_installs() {
    get --from "$http/good"
    got_the_release
    check "all files" "$installed" "$(listing "$home")"
    check_says "Installed cognito-creds $version to $home/.local/bin"
    cmp "$program" "$home/.local/bin/cognito-creds" || ok=no
}

https_works_and_so_does_a_redirect_to_it() {
    get --from "$https/good/"
    got_the_release
    for _ in curl wget; do
        rm -rf "$home/.local"
        get --from "$https/to-https"
        got_the_release
        rm -f "$tools/curl"
    done
}

a_redirect_to_http_is_not_followed() {
    for _ in curl wget; do
        refused --from "$https/to-http"
        check_says "SHA256SUMS leads to an address that does not begin with https"
        refused --from "$http/to-http"
        check_says "SHA256SUMS leads to an address that does not begin with https"
        rm -f "$tools/curl"
    done
}

http_is_for_this_machine_alone() {
    for from in http://example.com/x http://127.0.0.1.example.com/x http://127.0.0.1@example.com/x http://localhost:1@example.com/ \
        'http://127.0.0.1\@example.com/' ftp://127.0.0.1/ file:///etc/ 127.0.0.1/x https:// 'https://a b/'; do
        get --from "$from"
        check "exit with $from" 2 "$code"
        check_says "--from takes an https address"
    done
    for from in http://localhost:1/x http://127.0.0.1:1 'http://[::1]:1/'; do
        get --from "$from" --dry-run
        check "exit with $from" 0 "$code"
    done
}

the_copy_of_a_release_knows_where_releases_are() {
    of_release
    get
    got_the_release
    for asked in 0.0.1 v0.0.1; do
        get --release $asked
        check version "cognito-creds 0.0.1" "$(installed_version)"
    done
    get --release "--prefix=$world/elsewhere"
    check version "cognito-creds $version" "$(installed_version "$world/elsewhere/bin")"
    refused --release 9.9.9
    check_says "There is no $https/repository/releases/download/v9.9.9/SHA256SUMS."
    check "way on" "sh $script --release" "$(printf '%s\n' "$out" | tail -n 1)"
}

# With the server's address in place of the page's.
the_lines_of_the_page_work() {
    of_release
    mkdir "$world/lines"
    awk -v folder="$world/lines" '/^```sh$/ { n++; inside = 1; next } /^```$/ { inside = 0 } inside { print >(folder "/" n) }' \
        "$root/docs/install.md"
    sed "s|https://github.com/_owner_/cognito-creds/releases/latest/download|$https/of-release|" "$world/lines/1" >"$world/line.sh"
    cp -R "$world/of-release" "$served/"
    script=$world/line.sh
    get
    got_the_release
    sed "s|https://mirror.example.com/releases|$http/two|; s|0\.1\.0|$version|; s|/opt|$world/opt|" "$world/lines/2" >"$world/line.sh"
    cp "$world/of-release/install.sh" "$world"
    get
    check exit 0 "$code"
    check version "cognito-creds $version" "$(installed_version "$world/opt/team/bin")"
}

a_copy_of_nowhere_says_so() {
    refused
    check_says "does not know where releases are"
    check_says "--from https://"
}

piped_into_a_shell_it_builds_nothing_that_lies_around() {
    mkdir -p "$world/tmp"
    printf '[package]\nname = "cognito-creds"\n' >"$world/Cargo.toml"
    # shellcheck disable=SC2016 # the stub's own variables
    stub cargo 'touch "$WORLD/cargo.log"'
    of_release
    # Called by its name alone, a shell gives a name that looks like a file here.
    ln -sf "$shell" "$tools/sh"
    code=0
    # shellcheck disable=SC2002 # as it is piped
    out=$(cd "$world" && cat "$script" | env -i HOME="$home" PATH="$tools" TMPDIR="$world/tmp" WORLD="$world" \
        CURL_CA_BUNDLE="$served/certificate.pem" sh 2>&1) || code=$?
    got_the_release
    check "calls of cargo" no "$([ -e "$world/cargo.log" ] && echo yes || echo no)"
}

the_copy_of_a_release_builds_nothing_that_lies_beside_it() {
    of_release
    # As in a folder that others may write to.
    printf '[package]\nname = "cognito-creds"\n' >"$world/of-release/Cargo.toml"
    # shellcheck disable=SC2016 # the stub's own variables
    stub cargo 'touch "$WORLD/cargo.log"'
    stub rustc 'echo rustc 1.999.0'
    stub cc ''
    mkdir -p "$world/tmp"
    for called in "$script" install.sh ./install.sh; do
        rm -rf "$home/.local"
        code=0
        out=$(cd "$world/of-release" && env -i HOME="$home" PATH="$tools" TMPDIR="$world/tmp" WORLD="$world" \
            CURL_CA_BUNDLE="$served/certificate.pem" "$shell" "$called" 2>&1) || code=$?
        got_the_release
        check "calls of cargo by $called" no "$([ -e "$world/cargo.log" ] && echo yes || echo no)"
    done
    get --demo
    check "exit of --demo" 2 "$code"
    check_says "--demo needs install.sh in a checkout."
    check "calls of cargo by --demo" no "$([ -e "$world/cargo.log" ] && echo yes || echo no)"
}

a_checkout_downloads_when_it_is_told_to() {
    script=$root/install.sh
    get --release --from "$http/good"
    got_the_release
}

each_machine_gets_its_program() {
    while read -r system machine built_for; do
        stub uname "case \$1 in -s) echo $system ;; -m) echo $machine ;; esac"
        get --release 1.0.0 --from "$http/good" --dry-run
        check_says "Would download: cognito-creds-1.0.0-$built_for.tar.gz and SHA256SUMS from $http/good"
    done <<MACHINES
Linux x86_64 x86_64-unknown-linux-musl
Linux aarch64 aarch64-unknown-linux-musl
Linux arm64 aarch64-unknown-linux-musl
Darwin x86_64 x86_64-apple-darwin
Darwin arm64 aarch64-apple-darwin
MACHINES
    for system in "Linux armv7l" "FreeBSD amd64"; do
        stub uname "case \$1 in -s) echo ${system% *} ;; -m) echo ${system#* } ;; esac"
        refused --from "$http/good"
        check_says "could install on $system"
    done
    stub uname 'echo MINGW64_NT-10.0-19045'
    refused --from "$http/good"
    check_says "docs/windows.md"
    check "way on" "cargo install --locked --path cognito-creds" "$(printf '%s\n' "$out" | tail -n 1)"
}

upgrade_and_downgrade_keep_the_logins() {
    an_old_install
    for wanted in "$version" 0.0.1 "$version"; do
        get --release "$wanted" --from "$http/two"
        check "exit for $wanted" 0 "$code"
        check version "cognito-creds $wanted" "$(installed_version)"
        check login login "$(cat "$home/.local/state/cognito-creds/logins/a")"
    done
    refused --from "$http/two"
    check_says "SHA256SUMS has several versions for $target."
    check_says "sh $script --release $version --from $http/two"
    install --uninstall
    check left "./.local/state/cognito-creds/logins/a " "$(listing "$home")"
}

a_running_program_is_replaced_and_runs_on() {
    mkdir -p "$home/.local/bin"
    cp "$(command -v sleep)" "$home/.local/bin/cognito-creds"
    "$home/.local/bin/cognito-creds" 60 &
    running=$!
    get --from "$http/good"
    got_the_release
    check "the old one runs" yes "$(kill -0 "$running" && echo yes)"
    kill "$running"
    wait "$running" 2>/dev/null || true
}

modes_do_not_follow_the_umask() {
    for mask in 077 000; do
        rm -rf "$home/.local"
        umask "$mask"
        get --from "$http/good"
        umask 022
        check "mode of the program under $mask" 755 "$(stat -c %a "$home/.local/bin/cognito-creds")"
        check "mode of the page under $mask" 644 "$(stat -c %a "$home/.local/share/man/man1/cognito-creds.1")"
        check "mode of its folder under $mask" 755 "$(stat -c %a "$home/.local/share/man/man1")"
    done
}

each_tool_for_checksums_will_do() {
    for tool in shasum openssl; do
        rm -f "$tools/sha256sum" "$tools/shasum"
        ln -s "$(command -v $tool)" "$tools/$tool"
        refused --from "$http/wrong-sum"
        check_says "is not what SHA256SUMS says"
        get --from "$http/good"
        got_the_release
        rm -rf "$home/.local"
    done
    rm "$tools/openssl"
    refused --from "$http/good"
    check_says "needs sha256sum, shasum or openssl"
}

without_gzip_it_says_what_to_install() {
    rm "$tools/gzip"
    refused --from "$http/good"
    check_says "$archive has the right checksum, but tar can't read it: "
    check_says "sudo apt-get install tar gzip && sh $script"
}

without_curl_and_wget_it_says_what_to_install() {
    rm "$tools/curl" "$tools/wget"
    refused --from "$http/good"
    check_says "needs curl or GNU wget"
    check_says "sudo apt-get install curl && sh $script --from $http/good"
    # It checks no certificate.
    ln -s "$(command -v busybox)" "$tools/wget"
    refused --from "$http/good"
    check_says "needs curl or GNU wget"
}

what_is_not_what_its_checksum_says_is_not_unpacked() {
    # shellcheck disable=SC2016 # the stub's own variables
    stub tar 'touch "$WORLD/unpacked"; exit 1'
    for _ in curl wget; do
        for folder in wrong-sum cut-off; do
            refused --from "$http/$folder"
            check_says "is not what SHA256SUMS says"
            check unpacked no "$([ -e "$world/unpacked" ] && echo yes || echo no)"
        done
        rm -f "$tools/curl"
    done
}

a_broken_transfer_is_told() {
    for _ in curl wget; do
        refused --from "$http/short"
        check_says "$archive can't be loaded: "
        check_says "sh $script --from $http/short"
        rm -f "$tools/curl"
    done
}

a_missing_file_is_told() {
    for _ in curl wget; do
        refused --from "$http/nothing"
        check_says "There is no $http/nothing/SHA256SUMS."
        refused --from "$http/without-archive"
        check_says "There is no $http/without-archive/$archive."
        rm -f "$tools/curl"
    done
}

a_missing_line_is_told() {
    for folder in without-line other-sums; do
        refused --from "$http/$folder"
        check_says "/SHA256SUMS has no line for $target"
    done
    # A dot of a version is a dot.
    refused --from "$http/other-version" --release "$version"
    check_says "/SHA256SUMS has no line for version $version on $target"
}

a_page_of_the_network_is_told() {
    refused --from "$http/portal"
    check_says "SHA256SUMS is a web page instead of the file"
    refused --from "$http/page"
    check_says "$archive is a web page instead of the file"
}

no_network_is_told() {
    for _ in curl wget; do
        refused --from https://releases.invalid
        check_says "its name can't be looked up. Is there a network?"
        refused --from https://127.0.0.1:1
        check_says "https://127.0.0.1:1/SHA256SUMS can't be loaded: "
        rm -f "$tools/curl"
    done
}

a_server_that_proves_nothing_is_told() {
    : >"$world/wgetrc"
    for _ in curl wget; do
        refused CURL_CA_BUNDLE=/dev/null "WGETRC=$world/wgetrc" --from "$https/good"
        check_says "$https/good/SHA256SUMS can't be loaded: "
        rm -f "$tools/curl"
    done
}

names_that_lead_elsewhere_are_refused() {
    for folder in climbs absolute beside; do
        refused --from "$http/$folder"
        check_says "has a name in it that has no place there"
    done
    for folder in link nothing-inside; do
        refused --from "$http/$folder"
        check_says "$archive"
    done
    check "nothing came of it" "" "$(find "$world" /tmp -maxdepth 1 -name 'evil*')"
}

a_program_that_does_not_run_here_is_not_installed() {
    refused --from "$http/strange"
    check_says "does not run here, and what was there is as it was: needs another machine"
}

a_full_disk_is_told() {
    # The archive is smaller than the program: first there is no room for either, then for the second only.
    for blocks in 8 $(($(wc -c <"$served/good/$archive") / 512 + 8)); do
        # Limits of bash are in other units.
        printf '#!/bin/sh\ntrap "" XFSZ\nulimit -f %s\nexec "%s" "%s" "$@"\n' "$blocks" "$shell" "$world/install.sh" >"$world/limited.sh"
        script=$world/limited.sh
        runner=$(command -v dash)
        refused --from "$http/good"
        check_says "df -h $world/tmp"
        check_says "$(if [ "$blocks" = 8 ]; then echo "Can't write to $world/tmp"; else echo "Unpacking $archive failed: "; fi)"
    done
    script=$world/install.sh runner=''
    # shellcheck disable=SC2016 # the stub's own variables
    stub cp 'echo part >"$3"; echo "cp: error writing $3: No space left on device" >&2; exit 1'
    refused --from "$http/good"
    check_says "No space left on device"
    check_says "df -h"
}

an_unwritable_prefix_is_told_before_the_download() {
    : >"$world/file"
    : >"$served/requests"
    refused --from "$http/good" --prefix "$world/file"
    check_says "Can't write to $world/file/bin."
    check_says "sh $script --prefix \"\$HOME/.local\" --from $http/good"
    check requests "" "$(cat "$served/requests")"
}

interrupted_it_leaves_nothing() {
    an_old_install
    mkdir -p "$world/tmp"
    before=$(tree "$home")
    for signal in INT TERM HUP; do
        rm -f "$served/stalling"
        # As a terminal does it: a group of its own, and all of it gets the signal.
        python3 -c '
import os, pathlib, signal, subprocess, sys, time
number, stalling, *command = sys.argv[1:]
installer = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
while not pathlib.Path(stalling).exists() and installer.poll() is None:
    time.sleep(0.02)
os.killpg(installer.pid, signal.Signals["SIG" + number])
code = installer.wait(60)
print("ended by", code if code >= 0 else 128 - code)' "$signal" "$served/stalling" \
            env -i HOME="$home" PATH="$tools" TMPDIR="$world/tmp" "$shell" "$script" --from "$http/stalled" >"$world/ended" 2>&1 || true
        check "end by $signal" "ended by $((128 + $(kill_number $signal)))" "$(tail -n 1 "$world/ended")"
        untouched
    done
}

kill_number() { case $1 in HUP) echo 1 ;; INT) echo 2 ;; TERM) echo 15 ;; esac; }
make_releases
# What depends on the shell.
in_each_shell='alone_it_downloads_and_installs https_works_and_so_does_a_redirect_to_it
    the_copy_of_a_release_knows_where_releases_are a_copy_of_nowhere_says_so
    piped_into_a_shell_it_builds_nothing_that_lies_around the_copy_of_a_release_builds_nothing_that_lies_beside_it
    upgrade_and_downgrade_keep_the_logins modes_do_not_follow_the_umask
    what_is_not_what_its_checksum_says_is_not_unpacked a_missing_line_is_told names_that_lead_elsewhere_are_refused
    a_full_disk_is_told interrupted_it_leaves_nothing'
# What depends on the programs that it calls.
once='the_lines_of_the_page_work a_redirect_to_http_is_not_followed http_is_for_this_machine_alone a_checkout_downloads_when_it_is_told_to
    each_machine_gets_its_program a_running_program_is_replaced_and_runs_on each_tool_for_checksums_will_do
    without_gzip_it_says_what_to_install without_curl_and_wget_it_says_what_to_install a_broken_transfer_is_told a_missing_file_is_told
    a_page_of_the_network_is_told no_network_is_told a_server_that_proves_nothing_is_told
    a_program_that_does_not_run_here_is_not_installed an_unwritable_prefix_is_told_before_the_download'
before_each=alone
for shell in "$(command -v dash)" "$(command -v bash)" "$served/ash"; do
    for case in $in_each_shell $once; do run "$case"; done
    once=''
done

echo "install_release: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
