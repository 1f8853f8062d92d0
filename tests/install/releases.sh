# shellcheck shell=sh
# Releases to install, right and wrong ones, and the server that has them: tests/install/server.py.
#
#   . tests/install/releases.sh    after world.sh, with $program, what the good release holds

# The cases read what these leave, and set what they read.
# shellcheck disable=SC2034,SC2154
served=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; rm -rf -- "$world" "$served"' EXIT
server=''
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
target=$(uname -m)-unknown-linux-musl
archive=cognito-creds-$version-$target.tar.gz

# Leaves the server's two addresses in $http and $https.
make_releases() {
    ln -s "$(command -v busybox)" "$served/ash"
    mkdir "$served/good"
    "$root/release/archive.sh" "$program" "$served/good" "$target" >/dev/null
    echo sbom >"$served/good/cognito-creds-$version-$target.cdx.json"
    "$root/release/checksums.sh" "$served/good"
    make_older
    make_wrong_ones
    make_strange_ones
    serve
}

# A release of 0.0.1, a folder with two versions, and a repository that has both as GitHub has them.
make_older() {
    mkdir "$served/older" "$served/two"
    pack older 0.0.1 'echo cognito-creds 0.0.1'
    cp "$served/good"/*.tar.gz "$served/older"/*.tar.gz "$served/two"
    "$root/release/checksums.sh" "$served/two"
    releases=$served/repository/releases
    mkdir -p "$releases/latest/download" "$releases/download"
    cp "$served/good/SHA256SUMS" "$releases/latest/download"
    cp -R "$served/good" "$releases/download/v$version"
    cp -R "$served/older" "$releases/download/v0.0.1"
}

# Packs a program of VERSION that does WORDS into the release NAME; what is in $inside goes with it.
pack() {
    folder=cognito-creds-$2-$target
    mkdir -p "$served/$1" "$served/packed/$folder"
    printf '#!/bin/sh\n%s\n' "$3" >"$served/packed/$folder/cognito-creds"
    chmod 755 "$served/packed/$folder/cognito-creds"
    tar -czf "$served/$1/$folder.tar.gz" -C "$served/packed" "$folder"
    "$root/release/checksums.sh" "$served/$1"
    rm -r "$served/packed"
}

# What came is not what SHA256SUMS says.
make_wrong_ones() {
    for name in wrong-sum cut-off page without-archive without-line other-sums other-version; do cp -R "$served/good" "$served/$name"; done
    printf x >>"$served/wrong-sum/$archive"
    head -c 1000000 "$served/good/$archive" >"$served/cut-off/$archive"
    echo '<!DOCTYPE HTML><html>Sign in, please</html>' >"$served/page/$archive"
    rm "$served/without-archive/$archive"
    sed -i '/tar\.gz$/d' "$served/without-line/SHA256SUMS"
    # Half a checksum, another name that ends or begins alike, a folder before it.
    sum=$(sha256sum "$served/good/$archive")
    sum=${sum%% *}
    printf '%.32s  %s\n%s  %s.asc\n%s  not-%s\n%s  ./%s\n' "$sum" "$archive" "$sum" "$archive" "$sum" "$archive" "$sum" "$archive" \
        >"$served/other-sums/SHA256SUMS"
    printf '%s  cognito-creds-%s-%s.tar.gz\n' "$sum" "$(printf '%s' "$version" | tr . x)" "$target" >"$served/other-version/SHA256SUMS"
}

# The checksums are right, and the archive is strange.
make_strange_ones() {
    pack strange "$version" 'echo needs another machine; exit 1'
    python3 - "$served" "${archive%.tar.gz}" <<'PYTHON'
import io, pathlib, sys, tarfile

served, inside = pathlib.Path(sys.argv[1]), sys.argv[2]
program = b"#!/bin/sh\necho cognito-creds 6.6.6\n"
members = {
    "climbs": [f"{inside}/cognito-creds", f"{inside}/../../../evil"],
    "absolute": [f"{inside}/cognito-creds", "/tmp/evil-cognito-creds"],
    "beside": [f"{inside}/cognito-creds", "evil"],
    "nothing-inside": [f"{inside}/README.md"],
    "link": [f"{inside}/README.md"],
}
for name, files in members.items():
    (served / name).mkdir()
    with tarfile.open(served / name / f"{inside}.tar.gz", "w:gz") as tar:
        for file in files:
            info = tarfile.TarInfo(file)
            info.size, info.mode = len(program), 0o755
            tar.addfile(info, io.BytesIO(program))
        if name == "link":
            info = tarfile.TarInfo(f"{inside}/cognito-creds")
            info.type, info.linkname = tarfile.SYMTYPE, "/bin/true"
            tar.addfile(info)
PYTHON
    for name in climbs absolute beside nothing-inside link; do "$root/release/checksums.sh" "$served/$name"; done
}

serve() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$served/private.pem" -out "$served/certificate.pem" 2>/dev/null
    cat "$served/private.pem" "$served/certificate.pem" >"$served/key.pem"
    echo "ca_certificate = $served/certificate.pem" >"$served/wgetrc"
    python3 "$root/tests/install/server.py" "$served" &
    server=$!
    wait_for "$served/ports"
    read -r http https <"$served/ports"
    http=http://127.0.0.1:$http https=https://127.0.0.1:$https
}

# ---- the person who installs one

# With install.sh alone, and no Rust.
alone() {
    for tool in curl wget tar gzip sha256sum; do ln -sf "$(command -v $tool)" "$tools/$tool"; done
    rm -f "$tools/cargo" "$tools/cc"
    script=$world/install.sh runner=''
    cp "$root/install.sh" "$script"
}

# Takes the install.sh that belongs to a release.
of_release() {
    mkdir "$world/of-release"
    "$root/release/installer.sh" "$https/repository" "$world/of-release" >/dev/null
    script=$world/of-release/install.sh
}

# Another version and a login are there already.
an_old_install() {
    mkdir -p "$home/.local/bin" "$home/.local/state/cognito-creds/logins"
    printf '#!/bin/sh\necho cognito-creds 0.0.0\n' >"$home/.local/bin/cognito-creds"
    chmod 755 "$home/.local/bin/cognito-creds"
    echo login >"$home/.local/state/cognito-creds/logins/a"
    chmod 600 "$home/.local/state/cognito-creds/logins/a"
}

# Everything in a folder: kind, mode, name, contents.
tree() { (cd "$1" && find . -printf '%y %m %p %l\n' | sort && find . -type f -exec sha256sum {} + | sort); }
