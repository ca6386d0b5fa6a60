# A Prometheus that scrapes `pgadvise watch --serve`: does it have data for each panel of dashboards/runs-prometheus.json?
#   bench/run dashboards-prometheus [PROMETHEUS]
# Prints each panel's query and its answer after at least five scrapes. Exit code 1: a panel has no answer within a minute.
# Needs: what `pgadvise sandbox` needs, psql, python3, prometheus.
(($# <= 1)) || usage
prometheus=${1:-prometheus}

if [[ ! ${PGADVISE_DASHBOARDS_FOLDER:-} ]]; then
  PGADVISE_DASHBOARDS_FOLDER=$work timeout 300 "$pgadvise" sandbox -- "$root/bench/run" dashboards-prometheus "$prometheus"
  exit
fi

# In the sandbox.
folder=$PGADVISE_DASHBOARDS_FOLDER watch='' server=''
cleanup() {
  for one in $watch $server; do kill "$one" 2>/dev/null || true; done
  wait
}
wait_for() { # FILE PATTERN PROCESS: prints what the sed PATTERN finds in the file that the process writes
  local found='' try
  for ((try = 0; try < 600; ++try)); do
    found=$(sed -n "$2" "$1" | head -n 1)
    if [[ $found ]]; then echo "$found"; return; fi
    kill -0 "$3" 2>/dev/null || break
    sleep 0.1
  done
  cat "$1" >&2
  return 1
}

psql -qX -v ON_ERROR_STOP=1 -f "$root/fixtures/snapshot/schema.sql" "$DATABASE_URL" >/dev/null
"$pgadvise" watch --db env --every 2s --serve 0 2>"$folder/watch.log" &
watch=$!
address=$(wait_for "$folder/watch.log" 's|.*serves http://\([^/ ]*\)/.*|\1|p' $watch)
cat >"$folder/prometheus.yml" <<END
scrape_configs:
  - job_name: pgadvise
    scrape_interval: 1s
    static_configs: [{targets: ["$address"]}]
END
"$prometheus" --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" --web.listen-address=127.0.0.1:0 \
  2>"$folder/prometheus.log" &
server=$!
port=$(wait_for "$folder/prometheus.log" 's|.*msg="Listening on".*address=127.0.0.1:\([0-9]*\).*|\1|p' $server)
"$prometheus" --version 2>&1 | head -n 1
for ((try = 0; try < 60; ++try)); do
  sleep 1
  if python3 "$root/bench/dashboard-answers.py" "http://127.0.0.1:$port" >"$folder/answers" && grep -qE '^  .*\| ([5-9]|[1-9][0-9]+)$' "$folder/answers"; then
    cat "$folder/answers"
    exit
  fi
done
cat "$folder/answers"
exit 1
