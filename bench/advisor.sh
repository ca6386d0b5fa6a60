# How cheap pgadvise's indexes make a workload, and in what time, by budget: a table for any database and folder of queries.
#
#   bench/run advisor CONN FOLDER [--budgets "50MB 100MB …"] [-- OPTION…]
#
# CONN is a libpq connection string of a database with HypoPG; FOLDER holds .sql files. OPTIONs go to `pgadvise advise`; to compare
# with tools of two-column indexes that take HypoPG's sizes: -- --max-width 2 --size-estimate hypopg. Columns: what is left of the
# estimated cost, indexes and their size, plans asked for, seconds by the clock and of pgadvise's own processor time, and of the
# server's, where it runs on this machine and its statistics file can be read (--postmaster PID).
budgets="50MB 100MB 250MB 500MB 1000MB 1500MB"
postmaster=
options=()
words=()
while (($#)); do
  case $1 in
    --budgets) budgets=${2:?}; shift 2 ;;
    --postmaster) postmaster=${2:?}; shift 2 ;;
    --) shift; options=("$@"); break ;;
    -*) usage ;;
    *) words+=("$1"); shift ;;
  esac
done
((${#words[@]} == 2)) || usage
conn=${words[0]}
folder=${words[1]}

queries=()
for file in "$folder"/*.sql; do queries+=(--workload "$file"); done

ticks() { # of the server's finished backends
  [[ -n $postmaster ]] || { echo 0; return; }
  sed 's/.*) //' "/proc/$postmaster/stat" | awk '{print $14 + $15}'
}

printf '%8s %7s %8s %9s %7s %9s %9s %9s\n' budget cost indexes size plans seconds pgadvise server
for budget in $budgets; do
  before=$(ticks)
  spent=$({ TIMEFORMAT='%R %U %S'
    time "$pgadvise" advise --db "$conn" "${queries[@]}" --budget "$budget" --format json -o "$work/advice.json" "${options[@]}" 2>"$work/err"; } 2>&1) ||
    { cat "$work/err" >&2; exit 1; }
  sleep 0.3
  server=$(awk -v a="$before" -v b="$(ticks)" -v hz="$(getconf CLK_TCK)" 'BEGIN {print (b - a) / hz}')
  python3 - "$work/advice.json" "$budget" "$spent" "$server" <<'PYTHON'
import json, sys
advice = json.load(open(sys.argv[1]))
seconds, user, system = map(float, sys.argv[3].split())
size = sum(index["size_bytes"] for index in advice["indexes"]) / 1e6
print("%8s %7.4f %8d %6.0f MB %7d %9.2f %9.2f %9s" % (sys.argv[2], advice["cost_after"] / advice["cost_before"], len(advice["indexes"]), size,
      advice["what_if_calls"], seconds, user + system, sys.argv[4] if float(sys.argv[4]) else "-"))
PYTHON
done
