#!/usr/bin/env bash
# What the program is made of, on every platform: one TLS stack, one outbound HTTP client, and no direct dependency that
# nobody decided on. Tests and the sandbox may use what they like.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."

# Direct dependencies. A new one is a decision: its gain against its size, build time and trust.
allowed=(
    aws-runtime aws-sdk-cognitoidentity aws-smithy-xml aws-types
    ureq rustls url http httpdate
    hyper hyper-util http-body-util tokio
    keyring keyring-core secret-service linux-keyutils
    serde serde_json base64 sha2 getrandom time
    secrecy zeroize zeroizing-alloc
    clap clap_complete roff thiserror log tracing open rustix rpassword signal-hook supports-hyperlinks
)

# A second TLS stack or crypto provider, a second HTTP client, and crates that were measured and left out.
# (openssl-probe is no OpenSSL: it knows where systems keep their certificates.)
forbidden='^(aws-lc.*|openssl|openssl-sys|openssl-src|native-tls|hyper-rustls|hyper-tls|reqwest|tiny_http|jsonwebtoken|libdbus-sys)$'

tree() {
    cargo tree --package cognito-creds --edges normal --target all --locked --prefix none "$@"
}

failed=0
complain() {
    printf '%s\n' "$*" >&2
    failed=1
}

direct=$(tree --depth 1 --format '{p}' | awk 'NR > 1 { print $1 }' | sort -u)
packages=$(tree --format '{p}' | awk '{ print $1 }' | sort -u)
features=$(tree --format '{p} [{f}]')
[ "$(wc -w <<<"$packages")" -gt 50 ] || complain "cargo tree shows only $(wc -w <<<"$packages") packages: this test looks at nothing."

for package in $direct; do
    case " ${allowed[*]} " in
    *" $package "*) ;;
    *) complain "$package is a direct dependency that tests/dependencies.sh does not know." ;;
    esac
done

while read -r package; do
    complain "$package is in the tree. How it came in: cargo tree --edges normal --target all --invert $package"
done < <(grep -E "$forbidden" <<<"$packages")

if grep -E '^hyper v[^[]*\[(.*,)?client(,.*)?\]' <<<"$features"; then
    complain "hyper is built with its client: outbound HTTP goes through ureq alone."
fi

echo "$(wc -w <<<"$direct") direct dependencies, $(wc -w <<<"$packages") packages"
exit $failed
