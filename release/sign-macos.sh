#!/usr/bin/env bash
# Signs PROGRAMs with a Developer ID and has Apple notarize them, on a Mac: release/sign-macos.sh PROGRAM...
#
#   MACOS_CERTIFICATE            the "Developer ID Application" certificate and its key, PKCS #12, base64
#   MACOS_CERTIFICATE_PASSWORD   its password
#   MACOS_NOTARY_KEY             the App Store Connect API key, a .p8 file as it is
#   MACOS_NOTARY_KEY_ID          its ID
#   MACOS_NOTARY_ISSUER          its issuer
#
# The identifier never changes: the Keychain lets a program at the items of one that has the same identifier and team.
set -euo pipefail
identifier=cognito-creds

place=$(mktemp -d)
keychain=$place/signing.keychain-db
password=$(openssl rand -hex 24)
trap 'security delete-keychain "$keychain" 2>/dev/null || true; rm -rf -- "$place"' EXIT
umask 077

printf '%s' "$MACOS_CERTIFICATE" | base64 --decode >"$place/certificate.p12"
printf '%s\n' "$MACOS_NOTARY_KEY" >"$place/key.p8"
security create-keychain -p "$password" "$keychain"
security set-keychain-settings -lut 3600 "$keychain"
security unlock-keychain -p "$password" "$keychain"
security import "$place/certificate.p12" -P "$MACOS_CERTIFICATE_PASSWORD" -f pkcs12 -k "$keychain" -T /usr/bin/codesign
security set-key-partition-list -S apple-tool:,apple: -s -k "$password" "$keychain" >/dev/null
security list-keychains -d user -s "$keychain" login.keychain-db

for program in "$@"; do
    codesign --sign "Developer ID Application" --keychain "$keychain" --identifier "$identifier" \
        --options runtime --timestamp --force "$program"
    codesign --verify --strict --verbose=2 "$program"
    # A bare program holds no ticket: Gatekeeper asks Apple for it.
    ditto -c -k "$program" "$place/program.zip"
    xcrun notarytool submit "$place/program.zip" --wait --timeout 30m \
        --key "$place/key.p8" --key-id "$MACOS_NOTARY_KEY_ID" --issuer "$MACOS_NOTARY_ISSUER" | tee "$place/answer"
    grep -q 'status: Accepted' "$place/answer"
done
