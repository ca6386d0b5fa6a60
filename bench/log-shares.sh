# What reading a log takes in instructions, which no other work on the machine changes: of a line, and the share that
# is done in order by one thread at a time, whatever the number of threads. Needs valgrind.
#
#   bench/run log-shares [LOG…]
#
# Without a log: the simple protocol's part of fixtures/logs/pgbench.log repeated, and loops with their parameters in DETAIL
# lines, 9 MB each. stderr only.
case ${1-} in -*) usage ;; esac
command -v valgrind >/dev/null || { echo "log-shares: valgrind is missing: apt-get install valgrind" >&2; exit 2; }

share() {  # NAME LOG
  valgrind --tool=callgrind --callgrind-out-file="$work/profile" "$pgadvise" digest -j 1 "$2" -o "$work/workload" >/dev/null 2>&1
  callgrind_annotate --inclusive=yes --threshold=100 "$work/profile" 2>/dev/null |
    awk -v name="$1" -v lines="$(wc -l <"$2")" '
      { count = $1; gsub(",", "", count) }
      /pgadvise::log::run\(/ && count > all { all = count }
      /StderrDecoder::take\(/ && count > taken { taken = count }
      END { printf "%-10s %8d %10.0f %8.0f %%\n", name, lines, all / lines, 100 * taken / all }'
}

printf '%-10s %8s %10s %10s\n' "" lines "each" "in order"
if [ $# -gt 0 ]; then
  for log; do share "$(basename "$log")" "$log"; done
  exit
fi
while [ "$(stat -c %s "$work/pgbench.log" 2>/dev/null || echo 0)" -lt $((9 << 20)) ]; do grep " statement: " "$root/fixtures/logs/pgbench.log" >>"$work/pgbench.log"; done
python3 "$root/bench/log-memory.py" --write "$work/loops.log" --size 9 --templates 20 --sessions 16
share pgbench "$work/pgbench.log"
share loops "$work/loops.log"
