#!/bin/sh
# Run once by the postgres image on an empty data folder: the login of the serving connections, member of tamga_app and
# of nothing else. The service makes the other roles itself.
set -eu
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 --set password="$APP_PASSWORD" <<'SQL'
CREATE ROLE tamga_app NOLOGIN;
CREATE ROLE tamga_serving LOGIN PASSWORD :'password' IN ROLE tamga_app;
SQL
