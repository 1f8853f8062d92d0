#!/usr/bin/env bash
# Writes what PROGRAM prints for shells and for man into FOLDER: release/extras.sh PROGRAM FOLDER
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: release/extras.sh PROGRAM FOLDER" >&2; exit 2; }
mkdir -p -- "$2/completions"
"$1" completions bash >"$2/completions/cognito-creds.bash"
"$1" completions zsh >"$2/completions/_cognito-creds"
"$1" completions fish >"$2/completions/cognito-creds.fish"
"$1" completions powershell >"$2/completions/cognito-creds.ps1"
"$1" completions elvish >"$2/completions/cognito-creds.elv"
"$1" man >"$2/cognito-creds.1"
