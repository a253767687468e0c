#!/bin/sh
# Runs in the image of Postgres: roles and schemas, then their passwords.
set -eu
PGPASSWORD=$(cat /run/secrets/postgres.password)
export PGPASSWORD PGHOST=postgres PGUSER=postgres PGDATABASE=ventanilla
psql -X -q -v ON_ERROR_STOP=1 -f /roles.sql
psql -X -q -v ON_ERROR_STOP=1 -f /run/secrets/passwords.sql
