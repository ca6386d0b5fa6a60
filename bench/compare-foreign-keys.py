"""Which foreign keys no index serves, told four ways: by the migrations (or the dump), by drizzle's last snapshot where there is
one, by a database after replaying them, and by a query over pg_catalog there that knows nothing of pgadvise.

  bench/run compare-foreign-keys PATH...      migrations folders or dumps

Prints a line for each PATH, and below it each key that one side has and another has not. Exit code 1: some differ."""
import glob, json, os, subprocess, sys

program = os.environ["PGADVISE"]

# A key is served when an index begins with its columns, in any order. An index WHERE the key IS NOT NULL serves, too; any other
# condition does not.
query = r"""
SELECT n.nspname || '.' || c.relname || '(' || string_agg(a.attname, ',' ORDER BY a.attname) || ')'
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname !~ '^pg_' AND NOT EXISTS (
  SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
  WHERE i.indrelid = k.conrelid AND i.indisvalid AND m.amname IN ('btree', 'hash')
    AND (SELECT array_agg(v ORDER BY v) FROM unnest(k.conkey) v)
      = (SELECT array_agg(v ORDER BY v) FROM unnest((i.indkey::int2[])[0:cardinality(k.conkey) - 1]) v)
    AND (i.indpred IS NULL OR (cardinality(k.conkey) = 1
         AND pg_get_expr(i.indpred, i.indrelid) = '(' || quote_ident(a.attname) || ' IS NOT NULL)')))
GROUP BY k.oid, n.nspname, c.relname
"""


def findings(*arguments):
    run = subprocess.run([program, "check", *arguments, "--format", "json", "--fail-on", "never"], capture_output=True, text=True)
    if not run.stdout:
        return None
    out = set()
    for finding in json.loads(run.stdout)["findings"]:
        subject = finding["subject"]
        if finding["rule"] in ("unindexed-foreign-key", "partially-indexed-foreign-key"):
            out.add("%s.%s(%s)" % (subject.get("schema", ""), subject["table"], ",".join(sorted(subject["columns"]))))
    return out


def by_server(path):
    command = [program, "sandbox", "--schema", path, "--", "psql", "-X", "-A", "-t", "-q", "-c", query]
    run = subprocess.run(command, capture_output=True, text=True)
    return set(line for line in run.stdout.splitlines() if line) if run.returncode == 0 else None


def snapshot_of(path):
    found = sorted(glob.glob(os.path.join(path, "meta", "*_snapshot.json"))) or sorted(glob.glob(os.path.join(path, "*", "snapshot.json")))
    return found[-1] if found else None


def main():
    print("%-44s %10s %10s %10s %10s" % ("path", "files", "snapshot", "sandbox", "server"))
    differ = False
    for path in sys.argv[1:]:
        snapshot = snapshot_of(path)
        sides = {"files": findings(path), "snapshot": findings(snapshot) if snapshot else None,
                 "sandbox": findings("--schema", path, "--sandbox"), "server": by_server(path)}
        print("%-44s" % path[-44:], *("%10s" % ("-" if keys is None else len(keys)) for keys in sides.values()), flush=True)
        known = {name: keys for name, keys in sides.items() if keys is not None}
        for key in sorted(set().union(*known.values()) if known else ()):
            having = [name for name, keys in known.items() if key in keys]
            if len(having) < len(known):
                differ = True
                print("    %s: only %s" % (key, ", ".join(having)))
    return 1 if differ else 0


if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
    sys.exit(__doc__)
sys.exit(main())
