# Runs `watch --store --log --serve` against pgbench with two restarts of the server, one reset of its statistics, one rotation of the log
# and a store that is down for a while. Prints, at the end: CPU share of watch and its checks, memory of watch at the begin and at the end, the
# rounds, those that failed, and whether the store has every round and every line of the log.
#   bench/run watch-soak [--every SECONDS] [--rate CALLS_PER_SECOND] MINUTES
# Needs: initdb, pg_ctl and pgbench on PATH (as root: the user postgres), sqlite3, curl.
every=10 rate=50
while [[ ${1:-} == --* ]]; do
  case $1 in
    --every) every=$2 ;;
    --rate) rate=$2 ;;
    *) break ;;
  esac
  shift 2
done
(($# == 1)) || usage
minutes=$1 folder=$work
chmod 755 "$folder"
watch= bench=
as_server() { if ((EUID == 0)); then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
cleanup() {
  for one in $watch $bench; do kill "$one" 2>/dev/null || true; done
  for name in db store; do (cd / && as_server pg_ctl -D "$folder/$name/data" -m immediate stop >/dev/null 2>&1) || true; done
}

# NAME [OPTION…]: a server with its socket in $folder/NAME
start() {
  local name=$1
  shift
  (cd / && as_server pg_ctl -D "$folder/$name/data" -w -l "$folder/$name/log" -o "-k $folder/$name -c listen_addresses= -c fsync=off $*" start >/dev/null)
}
make() {
  mkdir "$folder/$1"
  if ((EUID == 0)); then chown postgres "$folder/$1"; fi
  (cd / && as_server initdb -D "$folder/$1/data" -A trust -N -U postgres >/dev/null)
}
db_options="-c shared_preload_libraries=pg_stat_statements -c log_min_duration_statement=0 -c log_line_prefix='%m [%p] %u@%d '"
start_db() { start db "$db_options"; }
stop() { (cd / && as_server pg_ctl -D "$folder/$1/data" -w -m fast stop >/dev/null); }
make db
make store
start_db
start store
db="host=$folder/db dbname=postgres user=postgres"
PGOPTIONS='-c log_min_duration_statement=-1' pgbench -q -i -s 5 "$db" >/dev/null 2>&1
psql -qX "$db" -c 'CREATE EXTENSION pg_stat_statements'

DATABASE_URL=$db PGADVISE_STORE="postgresql:///postgres?host=$folder/store&user=postgres" XDG_STATE_HOME=$folder/state \
  "$pgadvise" watch --db env --store env --store-as shop --every "$every" --serve 0 -o "$folder/shop.prom" \
  --log "$folder/db/log" --log-line-prefix '%m [%p] %u@%d ' 2>"$folder/watch.err" &
watch=$!
until [[ -s $folder/shop.prom ]]; do sleep 0.2; kill -0 $watch; done  # the first round: the position in the log is known
url=$(sed -n 's/.*serves \([^ ]*\) .*/\1/p' "$folder/watch.err")
calls_in() { cat "$@" | grep -cE 'ms  statement: (UPDATE|SELECT|INSERT) .*pgbench_' || true; }  # pgadvise's own are none of these
lines_before=$(calls_in "$folder/db/log")
memory() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$watch/status"; }
threads() { sed -n 's/^Threads:[^0-9]*//p' "/proc/$watch/status"; }
memory_before=$(memory) threads_before=$(threads) began=$(date +%s%N)

load() {
  local one=
  trap 'kill $one 2>/dev/null; exit' TERM
  while :; do
    pgbench -n -c 2 -R "$rate" -T 3600 -M simple "$db" >/dev/null 2>&1 &
    one=$!
    wait $one || sleep 0.5
  done
}
load &
bench=$!
part=$((minutes * 60 / 8))
sleep $part; echo "$(date +%T) restart" ; stop db; start_db
sleep $part; echo "$(date +%T) the store is down"; stop store
sleep $part; echo "$(date +%T) rotation"; mv "$folder/db/log" "$folder/db/log.1"; stop db; start_db
sleep $part; echo "$(date +%T) the store is up"; start store
sleep $part; echo "$(date +%T) reset"; psql -qX "$db" -c 'SELECT pg_stat_statements_reset()' >/dev/null
sleep $part; echo "$(date +%T) metrics: $(curl -s "${url}metrics" | grep -c '^pgadvise_') samples, report: $(curl -s "$url" | wc -c) bytes"
sleep $part
kill $bench 2>/dev/null || true; wait $bench 2>/dev/null || true; bench=
sleep $((2 * every + 5))
memory_after=$(memory) threads_after=$(threads) seconds=$((($(date +%s%N) - began) / 1000000))
ticks=$(getconf CLK_TCK)
cpu=$(awk -v t="$ticks" '{ sub(/.*\) /, ""); print ($12 + $13 + $14 + $15) * 1000 / t }' "/proc/$watch/stat")
metric() { sed -n "s/^pgadvise_watch_$1{[^}]*} //p" "$folder/shop.prom"; }
rounds=$(metric checks_total) failed=$(metric failed_checks_total) waiting=$(metric spool_runs) dropped=$(metric spool_dropped_total)
stopped=$(date +%s%N)
kill -TERM $watch; wait $watch && code=0 || code=$?; watch=
stopped=$((($(date +%s%N) - stopped) / 1000000))
store() { psql -qXAt "host=$folder/store dbname=postgres user=postgres" -c "SET search_path = pgadvise" -c "$1"; }
stored=$(store 'SELECT count(DISTINCT started) FROM run')
logged=$(($(calls_in "$folder/db/log" "$folder/db/log.1") - lines_before))
calls=$(store "SELECT sum(calls) FROM query_bucket q JOIN query_class c USING (class_id) WHERE c.text ~ '^(UPDATE|SELECT|INSERT) .*pgbench_'")
echo "seconds: $((seconds / 1000)), a check every $every s"
echo "CPU of watch and its checks: $(awk -v c="$cpu" -v s="$seconds" 'BEGIN { printf "%.1f %%", 100 * c / s }'), $(awk -v c="$cpu" -v r="$rounds" 'BEGIN { printf "%.0f ms", c / r }') for a round"
echo "memory of watch: $memory_before kB at the begin, $memory_after kB at the end; threads: $threads_before, $threads_after"
echo "rounds: $rounds, failed: $failed, in the store: $stored; waiting: $waiting, dropped: $dropped"
echo "calls in the log: $logged, in the store: $calls"
echo "SIGTERM: exit code $code after $stopped ms"
echo "messages of watch:"
sed 's/^/  /' "$folder/watch.err" | cut -c1-160 | head -40
