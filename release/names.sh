# shellcheck shell=bash
# What the parts of a release are called: docs/releasing.md. Sourced, in the checkout's folder.

# The field $1 of the package in Cargo.toml.
field() {
    sed -n "/^\[package\]/,/^\[/s/^$1 = \"\(.*\)\"/\1/p" Cargo.toml
}

version=$(field version)
repository=$(field repository)
# shellcheck disable=SC2034 # for whoever sources this, as is the next
host_target=$(rustc --version --verbose | sed -n 's/^host: //p')
# What every file of a release is as old as: the commit.
# shellcheck disable=SC2034
released_at=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# The folder in the archive for the target $1, which the archive's name begins with.
folder_of() {
    printf '%s\n' "cognito-creds-$version-$1"
}

# The archive for the target $1.
archive_of() {
    case $1 in
    *-windows-*) printf '%s\n' "$(folder_of "$1").zip" ;;
    *) printf '%s\n' "$(folder_of "$1").tar.gz" ;;
    esac
}

# Where this version's files are downloaded from.
downloads() {
    printf '%s\n' "$repository/releases/download/v$version"
}
