#!/bin/bash
# Each shell completes commands, options and profiles, by what `completions` prints, and man shows the page.
# Usage: tests/completions.sh PROGRAM_FOLDER
set -euo pipefail

PATH=$(cd -- "$1" && pwd -P):$PATH
HOME=$(mktemp -d)
export PATH HOME
trap 'rm -rf -- "$HOME"' EXIT
failed=0

mkdir "$HOME/.aws"
cat >"$HOME/.aws/config" <<'END'
[profile dev]
cognito_domain = acme
cognito_client_id = 1example23456789
[profile data science]
cognito_domain = acme
[profile sso]
sso_session = x
END

# check WHAT EXPECTED SEEN: SEEN holds EXPECTED.
check() {
    case $3 in
    *"$2"*) echo "ok      $1" ;;
    *)
        printf 'FAILED  %s: %s is not among\n%s\n' "$1" "$2" "$3"
        failed=1
        ;;
    esac
}

# The candidates for a line whose last word is being typed, as each shell's own machinery finds them.
# They are called by their names, and single quotes hold what is the other shell's.
# shellcheck disable=SC2317
in_bash() {
    bash --noprofile --norc -c '
        source <(cognito-creds completions bash)
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        _clap_complete_cognito_creds cognito-creds "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@" 2>/dev/null
}

# shellcheck disable=SC2016,SC2317
in_fish() {
    fish --no-config -c 'cognito-creds completions fish | source; complete --do-complete "$argv"' "$*"
}

# zsh completes at a prompt alone: a pseudo-terminal of its own, on which Tab is pressed.
# shellcheck disable=SC2317
in_zsh() {
    zsh -fc '
        zmodload zsh/zpty
        zpty shell "TERM=dumb PS1=\"> \" zsh -fi"
        zpty -w shell "autoload -Uz compinit && compinit -u && source <(cognito-creds completions zsh) && echo rea\"\"dy"
        zpty -r shell seen "*ready*"
        zpty -n -w shell "$1"$'"'\t\t'"'
        sleep 1
        while zpty -rt shell more; do print -rn -- "$more"; done
        zpty -d shell' zsh "$*"
}

for shell in bash fish zsh; do
    check "$shell: commands" credential-process "$("in_$shell" cognito-creds cre)"
    check "$shell: options" --no-browser "$("in_$shell" cognito-creds login --no-b)"
    check "$shell: profiles" dev "$("in_$shell" cognito-creds login --profile d)"
    profiles=$("in_$shell" cognito-creds status --profile '')
    case $profiles in
    *sso*)
        echo "FAILED  $shell: a profile of somebody else's is among them"
        failed=1
        ;;
    esac
done

for shell in powershell elvish; do
    check "$shell: a registration" COGNITO_CREDS_COMPLETE "$(cognito-creds completions $shell)"
done

page=$(cognito-creds man | MANWIDTH=78 man --warnings=w -l - 2>"$HOME/warnings")
check "man: commands" "credential-process" "$page"
check "man: keys" "cognito_refresh_margin = duration" "$page"
check "man: without warnings" "" "$(cat "$HOME/warnings")"
if [ -s "$HOME/warnings" ]; then
    cat "$HOME/warnings"
    failed=1
fi
exit "$failed"
