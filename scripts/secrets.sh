#!/usr/bin/env bash
# secrets.sh FOLDER makes the passwords and keys docker-compose.yml reads, once. A file
# that is there is left alone: a new database password would lock everybody out, and a
# new encryption key would make what is stored unreadable.
set -euo pipefail
folder=$1

# Only the owner can enter the folder; inside, the files can be read by the containers,
# which run under users of their own and see each file alone, through a mount.
mkdir -p "$folder"
chmod 700 "$folder"

random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# keep NAME writes standard input to a new secret, without a newline at its end.
keep() {
	if [ -e "$folder/$1" ]; then
		echo "$folder/$1 is there already"
		return
	fi
	(umask 077 && cat >"$folder/.$1.new")
	chmod 444 "$folder/.$1.new"
	mv "$folder/.$1.new" "$folder/$1"
	echo "$folder/$1 made"
}

random | keep postgres_password
random | keep temporal_db_password
random | keep pirogue_db_password
printf 'postgres://pirogue:%s@postgres:5432/pirogue?sslmode=disable' "$(cat "$folder/pirogue_db_password")" |
	keep database_url
printf 'k1:%s' "$(od -An -tx1 -N32 /dev/urandom | tr -d ' \n')" | keep pirogue_keys
printf '{"operators": [], "routes": []}' | keep operators
# Where Alertmanager sends what. Put the addresses of your own pager, ticket system and
# heartbeat in: these reach nobody.
printf 'http://127.0.0.1:9/pager' | keep pager_url
printf 'http://127.0.0.1:9/tickets' | keep tickets_url
printf 'http://127.0.0.1:9/heartbeat' | keep heartbeat_url
