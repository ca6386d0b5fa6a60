# Two builds of pgadvise on the same inputs: instructions (which no other work on the machine changes), the shortest of three times, and
# peak memory. Needs valgrind and GNU time.
#
#   bench/run compare-builds OLD NEW [--db CONN --workload FILE]
#
# OLD and NEW are programs, for instance build/release/pgadvise of the last release and of this checkout. `check` reads a made schema of
# 1,000 tables and then fixtures/shop with its log; `digest` reads a made log of 16 MB. With --db, `check` reads that database and `advise` plans FILE's
# statements on it (bench/run many-templates makes both).
# The instructions of a run with a database are those of pgadvise alone, not of the server.
(($# == 2 || $# == 6)) || usage
old=$(realpath "$1") new=$(realpath "$2")
shift 2
conn= workload=
while (($#)); do
  case $1 in
    --db) conn=$2 ;;
    --workload) workload=$(realpath "$2") ;;
    *) echo "compare-builds: unknown argument $1" >&2; exit 2 ;;
  esac
  shift 2
done
for needed in valgrind /usr/bin/time; do
  command -v "$needed" >/dev/null || { echo "compare-builds: $needed is missing: apt-get install valgrind time" >&2; exit 2; }
done

for n in $(seq 1000); do
  echo "CREATE TABLE parent_$n (id bigint PRIMARY KEY, name varchar(200), payload text, created timestamp NOT NULL);"
  echo "CREATE TABLE child_$n (id bigint PRIMARY KEY, parent_id bigint REFERENCES parent_$n, state text, price real);"
  echo "CREATE INDEX ON child_$n (state); CREATE INDEX ON child_$n (state, price);"
done >"$work/schema.sql"
python3 "$root/bench/log-memory.py" --write "$work/made.log" --size 16 --templates 2000 --sessions 200 >/dev/null

run() { "$@" >/dev/null 2>"$work/errors" || (($? == 1)) || { echo "compare-builds: $* failed:" >&2; head -5 "$work/errors" >&2; exit 1; }; }

measure() {  # PROGRAM ARGUMENTS…: "instructions seconds MB"
  local best= memory=0 seconds kb instructions
  for _ in 1 2 3; do
    run /usr/bin/time -o "$work/time" -f '%e %M' "$@"
    read -r seconds kb < <(tail -1 "$work/time")
    if [[ -z $best ]] || awk "BEGIN { exit !($seconds < $best) }"; then best=$seconds; fi
    ((kb <= memory)) || memory=$kb
  done
  run valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --log-file="$work/counts" "$@"
  instructions=$(awk '/I +refs:/ { gsub(",", "", $NF); print $NF }' "$work/counts")
  echo "$instructions $best $((memory / 1024))"
}

compare() {  # NAME ARGUMENTS…
  local name=$1 was is
  shift
  was=$(measure "$old" "$@") is=$(measure "$new" "$@")
  echo "$name $was $is" | awk '{ printf "%-18s %9.0f %9.0f %6.2f   %7.2f %7.2f   %6d %6d\n", $1, $2 / 1e6, $5 / 1e6, $5 / $2, $3, $6, $4, $7 }'
}

printf '%-18s %9s %9s %6s   %7s %7s   %6s %6s\n' "" "old: M i." "new: M i." ratio "old: s" "new: s" "old: MB" "new: MB"
cd "$work"  # outside of a repository
compare check-schema check --schema schema.sql
cp -r "$root/fixtures/shop" shop
compare check-shop check shop --log shop/logs/shop.log
compare digest digest -j 1 made.log
if [[ $conn ]]; then
  compare check-db check --db "$conn"
  compare advise advise -j 1 --db "$conn" --workload "$workload"
fi
