#!/usr/bin/env bash
# Dumps the database of PGDATABASE and its like into BACKUP_FOLDER: `once` now, `check` tells whether the newest dump is of the
# last 26 hours; without a word, each day at BACKUP_HOUR, UTC, for as long as it runs.
set -euo pipefail
folder=${BACKUP_FOLDER:-/backups}
keep_days=${BACKUP_KEEP_DAYS:-14}

# One step depends on the other by hand: under `dump || …`, errexit does not.
dump() {
  local file="$folder/laurel-$(date -u +%Y%m%dT%H%M%SZ).dump"
  # Readable by nobody else: it has everything. What cannot be listed cannot be restored.
  if (umask 077 && pg_dump --format=custom --no-owner --no-acl --file="$file.partial") &&
    pg_restore --list "$file.partial" >/dev/null; then
    mv "$file.partial" "$file" && echo "$file: $(stat -c %s "$file") bytes" &&
      find "$folder" -maxdepth 1 -name 'laurel-*.dump' -mmin "+$((keep_days * 1440))" -print -delete
  else
    rm -f "$file.partial"
    return 1
  fi
}

case "${1:-}" in
once) dump ;;
check) [ -n "$(find "$folder" -maxdepth 1 -name 'laurel-*.dump' -mmin -1560 -print -quit)" ] ;;
'')
  while true; do
    now=$(date -u +%s)
    next=$(date -u -d "today ${BACKUP_HOUR:-3}:00" +%s)
    [ "$next" -gt "$now" ] || next=$(date -u -d "tomorrow ${BACKUP_HOUR:-3}:00" +%s)
    sleep $((next - now)) &
    # So that a stopped container does not wait for the night.
    trap 'kill $! 2>/dev/null; exit 0' TERM INT
    wait $!
    dump || echo 'The backup has failed; it is tried again tomorrow.' >&2
  done
  ;;
*)
  echo 'usage: scheduled-backup.sh [once | check]' >&2
  exit 2
  ;;
esac
