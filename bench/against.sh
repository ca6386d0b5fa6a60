# How long `check --against` takes for 500 statements on 300 tables:
#
#   bench/run against CONN
#
# CONN is an empty database, which gets the tables with 200 rows each, and whose statistics are then scaled in the snapshot to a million
# rows. The branch drops every tenth index. Prints the seconds, the statements compared, and the findings of plan-regression; fails if
# the findings are not those of the dropped indexes, or if it takes 10 s or more.
(($# == 1)) || usage
conn=$1
mkdir -p "$work/repository/migrations"

python3 - "$work" <<'PYTHON'
import sys
work = sys.argv[1]
TABLES, STATEMENTS = 300, 500
schema, rows, queries, change = [], [], [], []
for t in range(TABLES):
    schema.append(f"CREATE TABLE t{t} (id bigint PRIMARY KEY, parent_id bigint, code text, at timestamptz, amount numeric, note text);")
    schema.append(f"CREATE INDEX t{t}_parent_id_idx ON t{t} (parent_id);")
    schema.append(f"CREATE INDEX t{t}_code_at_idx ON t{t} (code, at);")
    rows.append(f"INSERT INTO t{t} SELECT g, g, 'code ' || g, timestamptz '2026-01-01' + g * interval '1 hour', g, 'note' FROM generate_series(1, 200) g;")
    if t % 10 == 0:
        change.append(f"DROP INDEX t{t}_parent_id_idx;")
for q in range(STATEMENTS):
    t, other = q % TABLES, (q * 7 + 1) % TABLES
    queries.append(f"SELECT id, amount FROM t{t} WHERE parent_id = {q};" if q < TABLES else
                   f"SELECT a.id, b.note FROM t{t} a JOIN t{other} b ON b.id = a.parent_id WHERE a.code = 'code {q}' ORDER BY a.at DESC LIMIT 20;")
def write(name, lines):
    with open(f"{work}/{name}", "w") as file:
        file.write("\n".join(lines) + "\n")
write("repository/migrations/0001_schema.sql", schema)
write("rows.sql", rows)
write("repository/queries.sql", queries)
write("change.sql", change)
PYTHON

psql -qXd "$conn" -v ON_ERROR_STOP=1 -f "$work/repository/migrations/0001_schema.sql" -f "$work/rows.sql" -c 'VACUUM ANALYZE'
"$pgadvise" snapshot --db "$conn" --with-values -o "$work/small.json"
python3 - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
with open(f"{work}/small.json") as file:
    snapshot = json.load(file)
# Tables and indexes of 5,000 times the size.
def scale(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("rows", "live_rows", "pages", "bytes", "visible_pages") and isinstance(value, (int, float)) and value > 0:
                node[key] = value * 5000
            else:
                scale(value)
    elif isinstance(node, list):
        for one in node:
            scale(one)
scale(snapshot)
with open(f"{work}/prod.json", "w") as file:
    json.dump(snapshot, file)
PYTHON
cd "$work/repository"
git init -q -b main
git -c user.email=bench@example.com -c user.name=bench commit -q --allow-empty -m empty
git add .
git -c user.email=bench@example.com -c user.name=bench commit -qm schema
cp ../change.sql migrations/0002_change.sql
code=0
start=$(date +%s.%N)
"$pgadvise" check migrations --workload queries.sql --schema ../prod.json --against main --only plan-regression --format json -o ../report.json || code=$?
end=$(date +%s.%N)
((code <= 1)) || { echo "against: exit code $code" >&2; exit 1; }
python3 - "$work/report.json" "$start" "$end" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
seconds = float(sys.argv[3]) - float(sys.argv[2])
found = sum(one["rule"] == "plan-regression" for one in report["findings"])
compared = report["plan_comparison"]["compared"]
print(f"{seconds:.1f} s, {compared} statements compared, {found} plans worse")
sys.exit(compared != 500 or found != 30 or seconds >= 10)
PYTHON
