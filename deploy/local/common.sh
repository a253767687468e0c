# What `up`, `down` and `status` share. Sourced, not run.
# shellcheck shell=bash

LOCAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPOSITORY=$(cd "$LOCAL/../.." && pwd)
# Keys, tokens, passwords, logs and checkpoints of this machine. Root's services run as a user of their own, who reaches no home of
# root's; where an earlier version left the folder beside this script, it stays there.
if [ -n "${VENTANILLA_LOCAL:-}" ]; then DATA=$VENTANILLA_LOCAL; elif [ "$(id -u)" != 0 ] || [ -d "$LOCAL/data" ]; then DATA=$LOCAL/data; else
    DATA=/var/lib/ventanilla-local
fi

# name, port, schema (which is also the database role), crate
SERVICES=(
    "customer-profile 7101 customer_profile ventanilla-customer-profile"
    "ticketing 7102 ticketing ventanilla-ticketing"
    "sla-monitor 7103 sla_monitor ventanilla-sla-monitor"
    "ombudsman-escalation 7104 ombudsman ventanilla-ombudsman-escalation"
)
# These join as soon as the workspace has them.
if [ -d "$REPOSITORY/services/gateway/webhooks" ]; then
    SERVICES+=("webhooks 7105 webhooks ventanilla-webhooks")
fi
if [ -f "$REPOSITORY/services/gateway/Cargo.toml" ]; then
    SERVICES+=("gateway 7100 - ventanilla-gateway")
fi

say() { printf 'ventanilla: %s\n' "$*" >&2; }
die() {
    say "$@"
    exit 1
}

# The port a service listens on, and the one its figures are read from.
port() { echo $(($1 + ${VENTANILLA_PORT_SHIFT:-0})); }
metrics_port() { echo $(($(port "$1") + 2000)); }

pid_of() {
    local pid
    pid=$(cat "$DATA/run/$1.pid" 2>/dev/null) || return 1
    # A pid is used again after a while: it must still be this program.
    if [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == */ventanilla-"$1"* ]]; then echo "$pid"; else return 1; fi
}

# Stops these: SIGTERM, and SIGKILL for who has not drained after twelve seconds. Data stays.
drain() { # NAME...
    local name pid
    for name in "$@"; do
        if pid=$(pid_of "$name"); then kill -TERM "$pid"; fi
    done
    for name in "$@"; do
        for _ in $(seq 60); do
            pid=$(pid_of "$name") || continue 2
            sleep 0.2
        done
        say "$name did not drain and is killed"
        kill -KILL "$pid"
    done
}

# Asks grpc.health.v1.Health/Check of the whole server: an empty message out, `08 01` (SERVING) back.
grpc_serves() {
    local answer
    answer=$(printf '\0\0\0\0\0' | curl -sS --max-time 2 --http2-prior-knowledge -X POST \
        -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- \
        "http://127.0.0.1:$1/grpc.health.v1.Health/Check" 2>/dev/null | od -An -tx1 | tr -d ' \n')
    [ "$answer" = 00000000020801 ]
}

serves() {
    if [ "$1" = gateway ]; then
        curl -fsS --max-time 2 -o /dev/null "http://127.0.0.1:$2/readyz" 2>/dev/null
    else
        grpc_serves "$2"
    fi
}
