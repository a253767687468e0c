#!/usr/bin/env bash
# Starts deploy/local as a newcomer does, on a Postgres and in folders of its own, and looks at what it promises: services serve, not as
# root; what runs is left alone; what is old is drained before the schemas change and started anew; nothing is left running.
#
#   checks/local.sh DEPLOY BINARIES
#
# As root it is played as root and as an ordinary user, otherwise as who you are.
set -euo pipefail
BUILT=$(cd "$2" && pwd)
NAMES=(customer-profile ticketing sla-monitor ombudsman-escalation webhooks gateway)
HERE=$(mktemp -d)
chmod 0711 "$HERE"
# Where everybody reaches it: a clone of root's may lie where nobody else does.
mkdir -p "$HERE"/repository/{deploy,services/gateway/webhooks}
touch "$HERE/repository/services/gateway/Cargo.toml"
cp -r "$1/local" "$1/postgres" "$HERE/repository/deploy/"
rm -rf "$HERE/repository/deploy/local/data"
chmod -R a+rX "$HERE/repository"
UP=$HERE/repository/deploy/local/up
PG=$(command -v pg_ctl || find /usr/lib/postgresql -name pg_ctl | sort | tail -n 1)
# Below the ports that connections are given.
export VENTANILLA_PORT_SHIFT=$((3000 + RANDOM % 2500 * 6))
PORT=$((VENTANILLA_PORT_SHIFT + 5000))

as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }
over() {
    local said=$?
    "${WHO[@]}" env VENTANILLA_LOCAL="$HERE/${ROUND:-none}" "${UP%up}down" >/dev/null 2>&1 || true
    as_postgres "$PG" -D "$HERE/pg/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$HERE"
    exit "$said"
}
WHO=(env)
trap over EXIT
mkdir "$HERE/pg"
[ "$(id -u)" != 0 ] || chown postgres: "$HERE/pg"
as_postgres "${PG%pg_ctl}initdb" -D "$HERE/pg/data" -U postgres -A trust --no-sync >"$HERE/said" 2>&1 || { cat "$HERE/said" && exit 1; }
as_postgres "$PG" -D "$HERE/pg/data" -l "$HERE/pg/log" -w -o "-p $PORT -h 127.0.0.1 -k $HERE/pg -F" start >/dev/null
export VENTANILLA_ADMIN_URL=postgres://postgres@127.0.0.1:$PORT/postgres

fails() { echo "as $ROUND: $*" >&2 && exit 1; }
pids() { for name in "${NAMES[@]}"; do echo "$name $(cat "$VENTANILLA_LOCAL/run/$name.pid")"; done; }
up() { "${WHO[@]}" "$UP" --json >"$HERE/json" 2>"$HERE/said" || { cat "$HERE/said" >&2 && fails 'up ended with an error'; }; }

played() { # ROUND COMMAND...: by that prefix
    ROUND=$1
    shift
    WHO=("$@")
    export VENTANILLA_LOCAL=$HERE/$ROUND VENTANILLA_DATABASE=local_$ROUND VENTANILLA_BIN=$HERE/bin_$ROUND
    mkdir -p "$VENTANILLA_LOCAL" "$VENTANILLA_BIN"
    [ "$ROUND" != user ] || chown nobody: "$VENTANILLA_LOCAL"
    chmod 0711 "$VENTANILLA_BIN"
    for name in "${NAMES[@]}"; do cp -L "$BUILT/ventanilla-$name" "$VENTANILLA_BIN/"; done
    up
    "${WHO[@]}" "${UP%up}status" >"$HERE/status" || { cat "$HERE/status" && fails 'not everybody serves'; }
    local first name pid service_uid
    first=$(pids)
    while read -r name pid; do
        service_uid=$(stat -c %u "/proc/$pid")
        [ "$service_uid" != 0 ] || fails "$name runs as root"
        # What is not its own to read: of the user that `up` made, the passwords and the issuer's key.
        if [ "$ROUND" = root ]; then
            for secret in passwords/ticketing keys/issuer.pem log/ticketing.log; do
                ! setpriv "--reuid=$service_uid" --clear-groups --regid="$(stat -c %g "/proc/$pid")" cat "$VENTANILLA_LOCAL/$secret" >/dev/null 2>&1 ||
                    fails "$name may read $secret"
            done
        fi
    done <<<"$first"
    up
    [ "$(pids)" = "$first" ] || fails 'what ran was not left alone'
    cp "$VENTANILLA_BIN/ventanilla-ombudsman-escalation" "$HERE/another"
    mv "$HERE/another" "$VENTANILLA_BIN/ventanilla-ombudsman-escalation"
    up
    [ "$(pids | grep -v ombudsman)" = "$(grep -v ombudsman <<<"$first")" ] || fails 'more than what is old was started anew'
    [ "$(pids | grep ombudsman)" != "$(grep ombudsman <<<"$first")" ] || fails 'an old office runs on beside the new schema'
    grep -q 'older binaries run and are drained first: ombudsman-escalation' "$HERE/said" || fails 'who was drained was not said'
    "${WHO[@]}" "${UP%up}down" 2>/dev/null
    while read -r name pid; do [ ! -e "/proc/$pid/exe" ] || fails "$name was left running"; done <<<"$first"
    rm -rf "$VENTANILLA_BIN"
}

if [ "$(id -u)" = 0 ]; then
    played root env
    played user setpriv --reuid=nobody --regid=nogroup --clear-groups
    echo 'played as root, whose services are not, and as an ordinary user'
else
    played user env
    echo 'played as an ordinary user'
fi
