# Does a sandbox with a database's statistics, and none of its rows, plan as the database does? For each query of a folder: are the plans
# the same, node by node, and what is the sandbox's cost of the database's?
#
#   bench/run plans-alike CONN FOLDER
#
# CONN is a libpq connection string; FOLDER holds .sql files, which are read as psql reads them: what is no SELECT is left out. Nothing is
# run. Exit status: 1 where a plan differs.
(($# == 2)) || usage
conn=$1
folder=$2

# The SELECTs as EXPLAINs, a line of output each.
python3 - "$folder" >"$work/explain.sql" <<'PYTHON'
import glob, re, sys
for file in sorted(glob.glob(sys.argv[1] + "/*.sql")):
    for statement in re.sub(r"--[^\n]*", "", open(file).read()).split(";"):
        if re.match(r"\s*(select|with)\b", statement, re.I):
            print("EXPLAIN (FORMAT JSON)", " ".join(statement.split()), ";")
PYTHON
"$pgadvise" snapshot --db "$conn" --with-values -o "$work/snapshot.json" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
PGOPTIONS='-c default_transaction_read_only=on' psql -qXAt -F '' -R '' -f "$work/explain.sql" "$conn" >"$work/database"
# shellcheck disable=SC2016
"$pgadvise" sandbox --schema "$work/snapshot.json" -- sh -c 'psql -qXAt -F "" -R "" -f "$1" >"$2"' - "$work/explain.sql" "$work/sandbox" 2>"$work/err" ||
  { cat "$work/err" >&2; exit 1; }
echo "$(wc -c <"$work/snapshot.json") bytes of snapshot"
python3 - "$work/database" "$work/sandbox" <<'PYTHON'
import json, sys

def plans(file):
    text, at, decoder = open(file).read(), 0, json.JSONDecoder()
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        plan, at = decoder.raw_decode(text, at)
        yield plan[0]["Plan"]

def shape(node):
    own = tuple(node.get(key) for key in ("Node Type", "Strategy", "Join Type", "Relation Name", "Alias", "Index Name", "Workers Planned"))
    return own, tuple(shape(child) for child in node.get("Plans", ()))

there, here = (list(plans(file)) for file in sys.argv[1:])
if len(there) != len(here) or not there:
    sys.exit(f"plans-alike: {len(there)} plans of the database, {len(here)} of the sandbox")
alike = 0
print("%5s %14s %14s %8s  %s" % ("query", "database", "sandbox", "ratio", "plans"))
for number, (a, b) in enumerate(zip(there, here), 1):
    same = shape(a) == shape(b)
    alike += same
    print("%5d %14.2f %14.2f %8.4f  %s" % (number, a["Total Cost"], b["Total Cost"], b["Total Cost"] / max(a["Total Cost"], 0.01), "the same" if same else "differ"))
print(f"{alike} of {len(there)} plans are the same")
sys.exit(alike < len(there))
PYTHON
