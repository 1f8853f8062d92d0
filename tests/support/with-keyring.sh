#!/bin/sh
# Runs COMMAND beside a Secret Service of its own: a private D-Bus session, a gnome-keyring with a
# throw-away password, fresh XDG folders and no display. Ends what it started and nothing else, and
# exits as COMMAND does.
#
#   with-keyring.sh [--locked | --no-collection] COMMAND [ARGUMENT...]
#
#   --locked         the default collection exists, but nobody has unlocked it
#   --no-collection  the service runs without a default collection, as on WSL
#
# HOME stays, so that COMMAND may be cargo.
set -eu

fail() {
    echo "with-keyring.sh: $1" >&2
    exit 127
}

need() {
    command -v "$1" >/dev/null || fail "$1 is missing; on Debian: apt-get install $2"
}

service_is_up() {
    dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
        org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets 2>/dev/null | grep -q 'boolean true'
}

# A keyring that never comes up is a failure.
await_service() {
    tries=0
    until service_is_up; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "gnome-keyring did not start: $(cat "$WITH_KEYRING_WORLD/log")"
        sleep 0.05
    done
}

start_unlocked() {
    printf 'throw-away' >"$WITH_KEYRING_WORLD/password"
    gnome-keyring-daemon --foreground --unlock --components=secrets \
        <"$WITH_KEYRING_WORLD/password" >"$WITH_KEYRING_WORLD/log" 2>&1 &
    keyring=$!
    await_service
}

start_closed() {
    gnome-keyring-daemon --foreground --components=secrets </dev/null >"$WITH_KEYRING_WORLD/log" 2>&1 &
    keyring=$!
    await_service
}

stop() {
    kill "$keyring" 2>/dev/null || true
    wait "$keyring" 2>/dev/null || true
}

# The second half, on the private bus.
inside() {
    state=$1
    shift
    trap stop EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    case $state in
    unlocked) start_unlocked ;;
    locked)
        start_unlocked
        stop
        while service_is_up; do sleep 0.05; done
        start_closed
        ;;
    no-collection) start_closed ;;
    esac
    "$@"
}

main() {
    state=unlocked
    case ${1-} in
    --inside)
        shift
        inside "$@"
        return
        ;;
    --locked | --no-collection)
        state=${1#--}
        shift
        ;;
    esac
    [ $# -gt 0 ] || fail "usage: with-keyring.sh [--locked | --no-collection] COMMAND [ARGUMENT...]"
    need gnome-keyring-daemon gnome-keyring
    need dbus-run-session dbus
    need dbus-send dbus

    WITH_KEYRING_WORLD=$(mktemp -d)
    trap 'rm -rf "$WITH_KEYRING_WORLD"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    export WITH_KEYRING_WORLD
    export XDG_RUNTIME_DIR="$WITH_KEYRING_WORLD/run" XDG_DATA_HOME="$WITH_KEYRING_WORLD/data"
    export XDG_CONFIG_HOME="$WITH_KEYRING_WORLD/config" XDG_CACHE_HOME="$WITH_KEYRING_WORLD/cache"
    export XDG_STATE_HOME="$WITH_KEYRING_WORLD/state"
    mkdir -m 700 "$XDG_RUNTIME_DIR" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME" "$XDG_STATE_HOME"
    unset DISPLAY WAYLAND_DISPLAY GNOME_KEYRING_CONTROL DBUS_SESSION_BUS_ADDRESS
    status=0
    dbus-run-session -- "$0" --inside "$state" "$@" || status=$?
    exit "$status"
}

main "$@"
