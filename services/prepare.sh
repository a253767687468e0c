#!/usr/bin/env bash
# Describes every checked query anew in .sqlx, from the database that DATABASE_URL (or .env) names,
# whose schemas it recreates first. Needs nothing but cargo.
set -euo pipefail
cd "$(dirname "$0")/.."

recreate() { cargo run -q -p ventanilla-postgres --example dev -- "$1" "services/$2/migrations"; }
recreate customer_profile customer-profile
recreate ticketing ticketing
recreate sla_monitor sla-monitor
recreate ombudsman ombudsman-escalation
recreate webhooks gateway/webhooks

rm -rf .sqlx && mkdir .sqlx
export SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$PWD/.sqlx"
for service in customer-profile ticketing sla-monitor ombudsman-escalation gateway/webhooks; do
    touch "services/$service/src/lib.rs"
    cargo check -q -p "ventanilla-${service##*/}" --all-targets
done
echo "$(ls .sqlx | wc -l) queries described"
