# How fast PostgreSQL does the work of migrations: rewrites, scans, index builds. The figures of docs/lock-forecast.md, and the rates of
# src/model/schema/lock_rates.h.
#
#   bench/run lock-work [--rows "50000 200000 800000"] [--repeat N] [-o FILE.csv]
#
# Starts a PostgreSQL of its own (initdb and postgres from pg_config's folder, as user postgres when root runs this) with its default
# settings in a temporary folder, and removes it afterwards. For each kind of work a line: rows and MB of the table's heap per second of
# all sizes, widths and repetitions, and the formula of src/model/schema/lock_rates.h that fits them. FILE.csv has every measurement. Takes
# five to twenty minutes.
rows="50000 200000 800000"
repeat=3
csv=
while (($#)); do
  case $1 in
    --rows) rows=${2:?}; shift 2 ;;
    --repeat) repeat=${2:?}; shift 2 ;;
    -o) csv=${2:?}; shift 2 ;;
    *) usage ;;
  esac
done
bin=$(pg_config --bindir)
as=()
if ((EUID == 0)); then
  chown postgres "$work"
  as=(setpriv --reuid=postgres --regid=postgres --init-groups)
fi
cleanup() {
  "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate -s stop >/dev/null 2>&1 || true
}
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -A trust -U postgres >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -s -w -l "$work/log" -o "-c listen_addresses='' -k $work -c autovacuum=off -c max_wal_size=4GB" start
psql=("$bin/psql" -qXAt -v ON_ERROR_STOP=1 -h "$work" -U postgres postgres)

# Milliseconds of the last statement, rolled back.
timed() {
  "${psql[@]}" <<SQL | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -1
SET statement_timeout = '10min';
BEGIN;
$1
\timing on
$2
\timing off
ROLLBACK;
SQL
}

out=$work/all.csv
echo "work,rows,heap_bytes,width,ms" >"$out"
chmod 644 "$out"
measure() { # work, preparation, statement
  local ms
  for ((i = 0; i < repeat; ++i)); do
    ms=$(timed "$2" "$3")
    echo "$1,$count,$bytes,$width,$ms" >>"$out"
  done
}

for count in $rows; do
  for width in 20 300; do
    "${psql[@]}" <<SQL
DROP TABLE IF EXISTS work, target;
CREATE TABLE target (id int PRIMARY KEY);
INSERT INTO target SELECT g FROM generate_series(1, 100000) g;
CREATE TABLE work (id int, target_id int, amount int, kind text, filler text);
INSERT INTO work SELECT g, 1 + (g::bigint * 7919 % 100000)::int, g % 1000, md5(g::text), repeat('x', $width) FROM generate_series(1, $count) g;
ALTER TABLE work ADD CONSTRAINT work_amount CHECK (amount >= 0) NOT VALID;
CREATE INDEX work_id ON work (id);
VACUUM ANALYZE work;
VACUUM ANALYZE target;
CHECKPOINT;
SQL
    bytes=$("${psql[@]}" -c "SELECT pg_relation_size('work')")
    measure rewrite "" "ALTER TABLE work ALTER COLUMN amount TYPE bigint;"
    measure rewrite_default "" "ALTER TABLE work ADD COLUMN token uuid DEFAULT gen_random_uuid();"
    measure scan_not_null "" "ALTER TABLE work ALTER COLUMN kind SET NOT NULL;"
    measure scan_validate "" "ALTER TABLE work VALIDATE CONSTRAINT work_amount;"
    measure build_integer "" "CREATE INDEX ON work (amount);"
    measure build_text "" "CREATE INDEX ON work (kind);"
    measure foreign_key "" "ALTER TABLE work ADD FOREIGN KEY (target_id) REFERENCES target;"
    measure update "" "UPDATE work SET amount = amount + 1;"
  done
done

[[ -z $csv ]] || cp "$out" "$csv"
"$bin/postgres" --version
nproc | sed 's/$/ processors/'
python3 - "$out" <<'PYTHON'
import csv, statistics, sys
works = {}
for row in csv.DictReader(open(sys.argv[1])):
    works.setdefault(row["work"], []).append((int(row["rows"]), int(row["heap_bytes"]) / 1e6, float(row["ms"])))
print("| work | rows/s: slowest | median | fastest | MB/s: slowest | median | fastest | fit: us a row | ms a MB | fastest / fit | slowest / fit | n |")
print("|---|---|---|---|---|---|---|---|---|---|---|---|")
for work, values in works.items():
    cells = []
    for at, form in ((0, "{:,.0f}"), (1, "{:,.0f}")):
        numbers = sorted(value[at] / value[2] * 1000 for value in values)
        cells += [form.format(n) for n in (numbers[0], statistics.median(numbers), numbers[-1])]
    # ms = rows * a + MB * b with the least squares of relative errors, a and b not negative, of the medians of repetitions.
    points = {}
    for rows, mb, ms in values: points.setdefault((rows, mb), []).append(ms)
    points = [(rows / m, mb / m) for (rows, mb), all in points.items() for m in [statistics.median(all)]]
    xx, xy, yy = (sum(f(x, y) for x, y in points) for f in (lambda x, y: x * x, lambda x, y: x * y, lambda x, y: y * y))
    sx, sy = sum(x for x, y in points), sum(y for x, y in points)
    d = xx * yy - xy * xy
    a, b = ((sx * yy - sy * xy) / d, (sy * xx - sx * xy) / d) if d > 1e-12 * xx * yy else (sx / xx, 0)
    if a < 0: a, b = 0, sy / yy
    if b < 0: a, b = sx / xx, 0
    spread = [ms / (rows * a + mb * b) for rows, mb, ms in values]
    cells += ["%.3g" % (a * 1000), "%.3g" % b, "%.2f" % min(spread), "%.2f" % max(spread)]
    print("| " + " | ".join([work] + cells + [str(len(values))]) + " |")
PYTHON
