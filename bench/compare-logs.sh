# Reads one log with wc -l, pgadvise and pgBadger, one after the other on the same machine, and prints a table.
#
#   bench/run compare-logs [--size MB] [--record MB] [--threads N] [--keep DIR] [--without-pgbadger]
#
# The log is pgbench's (-M simple, log_min_duration_statement = 0), recorded as stderr, csvlog and jsonlog at once from a
# server of its own; the recording is repeated on the days that follow until the size is reached. pgBadger reads the
# recording only (--record): it takes about a second for a megabyte. As root the server runs as the user postgres.
size=1024 record=60 threads=2 keep= pgbadger=pgbadger
while [ $# -gt 0 ]; do
  case $1 in
    --size) size=$2; shift ;;
    --record) record=$2; shift ;;
    --threads) threads=$2; shift ;;
    --keep) keep=$2; shift ;;
    --without-pgbadger) pgbadger= ;;
    *) usage ;;
  esac
  shift
done
[ -z "$pgbadger" ] || command -v pgbadger >/dev/null || { echo "compare-logs: pgbadger is missing: apt-get install pgbadger, or --without-pgbadger" >&2; exit 2; }
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)

folder=${keep:-$work}
mkdir -p "$folder"
server=$folder/server
as_server() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
cleanup() {
  [ ! -f "$server/data/postmaster.pid" ] || as_server "$bin/pg_ctl" -D "$server/data" -m immediate stop >/dev/null || true
}

megabytes() { echo $(($(stat -c %s "$1") >> 20)); }

record_logs() {
  mkdir -p "$server"
  [ "$(id -u)" != 0 ] || { chmod 755 "$folder"; chown postgres "$server"; }
  as_server "$bin/initdb" -D "$server/data" -A trust -U postgres --no-sync >/dev/null
  as_server tee -a "$server/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$server'
fsync = off
logging_collector = on
log_destination = 'stderr,csvlog,jsonlog'
log_filename = 'bench.log'
log_rotation_size = 0
log_min_duration_statement = 0
log_timezone = 'UTC'
CONF
  as_server "$bin/pg_ctl" -D "$server/data" -w start >/dev/null
  local log=$server/data/log/bench.log
  as_server "$bin/pgbench" -h "$server" -U postgres -i -s 10 -q postgres 2>/dev/null
  while [ "$(megabytes "$log")" -lt "$record" ]; do
    as_server "$bin/pgbench" -h "$server" -U postgres -n -M simple -c 8 -T 10 postgres >/dev/null 2>&1
  done
  as_server "$bin/pg_ctl" -D "$server/data" -m fast stop >/dev/null
  for kind in log csv json; do cp "${log%log}$kind" "$folder/recorded.$kind"; done
  rm -rf "$server"
}

# The recording again, a day later each time.
repeat() {  # KIND MB
  local out=$folder/$2.$1 from day=0
  from=$(sed -n '1s/^[^0-9]*\([0-9-]\{10\}\).*/\1/p' "$folder/recorded.$1")
  : >"$out"
  while [ "$(megabytes "$out")" -lt "$2" ]; do
    sed "s/$from/$(date -u -d "$from + $day days" +%F)/" "$folder/recorded.$1" >>"$out"
    day=$((day + 1))
  done
  truncate -s "$(($2 << 20))" "$out"
  echo "$out"
}

# The best of three, in seconds: what others do on the machine only adds.
best() {
  local out=
  for _ in 1 2 3; do
    local now
    now=$( { /usr/bin/env time -f %e "$@" >/dev/null 2>"$folder/stderr"; } 2>&1 || true)
    now=$(tail -1 "$folder/stderr")
    out=$(printf '%s\n%s\n' "${out:-$now}" "$now" | sort -g | head -1)
  done
  echo "$out"
}
peak() { /usr/bin/env time -f %M "$@" 2>&1 >/dev/null | tail -1; }
rate() { awk -v mb="$1" -v s="$2" 'BEGIN { printf "%.0f", mb / (s > 0 ? s : 0.01) }'; }
row() { printf '%-34s %8s %9s %9s %9s %10s\n' "$@"; }

[ -f "$folder/recorded.log" ] || record_logs
row "" MB s MB/s "x wc -l" "peak MB"
for kind in log csv json; do
  file=$(repeat $kind "$size")
  wc=$(best wc -l "$file")
  row "wc -l, $kind" "$size" "$wc" "$(rate "$size" "$wc")" 1 ""
  for n in 1 "$threads"; do
    s=$(best "$pgadvise" digest -j "$n" "$file" -o "$folder/out.json")
    row "pgadvise digest -j $n, $kind" "$size" "$s" "$(rate "$size" "$s")" "$(awk -v a="$s" -v b="$wc" 'BEGIN { printf "%.1f", a / (b > 0 ? b : 0.01) }')" \
      $(($(peak "$pgadvise" digest -j "$n" "$file" -o "$folder/out.json") >> 10))
  done
  rm "$file"
done
if [ -n "$pgbadger" ]; then
  mb=$(megabytes "$folder/recorded.log")
  s=$( { /usr/bin/env time -f %e pgbadger -q -f stderr -o "$folder/out.html" "$folder/recorded.log"; } 2>&1 | tail -1)
  own=$(best "$pgadvise" digest -j "$threads" "$folder/recorded.log" -o "$folder/out.json")
  row "pgbadger, log" "$mb" "$s" "$(awk -v mb="$mb" -v s="$s" 'BEGIN { printf "%.2f", mb / s }')" "" ""
  row "pgadvise digest -j $threads, log" "$mb" "$own" "$(rate "$mb" "$own")" "" ""
  awk -v a="$s" -v b="$own" 'BEGIN { printf "pgadvise reads %.0f times as fast as pgBadger\n", a / (b > 0 ? b : 0.01) }'
fi
echo
echo "How time grows with size (stderr, -j $threads):"
for mb in 10 100 500 "$((2 * size))"; do
  file=$(repeat log "$mb")
  s=$(best "$pgadvise" digest -j "$threads" "$file" -o "$folder/out.json")
  row "" "$mb" "$s" "$(rate "$mb" "$s")" "" ""
  rm "$file"
done
