# Checks the newest SQL migrations of projects, each by itself, as in a pull request that adds it, and counts what pgadvise reports
# about locks:
#
#   bench/run migration-locks [--count N] [--findings FILE] PROJECT:FOLDER…
#
# PROJECT is a checkout and FOLDER the folder of its migrations within it: files NAME.sql, or folders with a migration.sql. "Newest" is
# the order of the names, numbers by value. N: migrations of each project (15). Prints the migrations, those with a finding, and the
# findings by rule and severity. FILE gets one finding a line (project, migration, line, rule, severity, message), for reading. Each
# check runs without a log and without a server: no size and no traffic is known.
count=15 findings=
while [[ ${1:-} == --* ]]; do
  case $1 in
    --count) count=${2:?}; shift 2 ;;
    --findings) findings=$(realpath "${2:?}"); shift 2 ;;
    *) usage ;;
  esac
done
(($#)) || usage
python3 - "$pgadvise" "$count" "$findings" "$@" <<'PYTHON'
import collections, json, os, re, subprocess, sys
pgadvise, count, path, *projects = sys.argv[1:]

RULES = ("blocking-alter", "blocking-constraint", "blocking-index-build", "concurrent-build-cut-short", "concurrently-in-transaction",
         "lock-held-during-work", "missing-lock-timeout", "opposite-lock-order", "unbatched-backfill")

def by_number(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]

def newest(project, folder):
    root = os.path.join(project, folder)
    names = [name for name in os.listdir(root)
             if name.endswith(".sql") and not name.endswith((".down.sql", "_down.sql"))
             or os.path.exists(os.path.join(root, name, "migration.sql"))]
    files = [os.path.join(folder, name) if name.endswith(".sql") else os.path.join(folder, name, "migration.sql")
             for name in sorted(names, key=by_number)]
    return files[-int(count):]

rows, checked, failed = [], 0, 0
for one in projects:
    project, folder = one.rsplit(":", 1)
    name = os.path.basename(os.path.normpath(project))
    for file in newest(project, folder):
        ran = subprocess.run([pgadvise, "check", file, "--format", "json", "--fail-on", "never"], cwd=project,
                             capture_output=True, text=True, timeout=600)
        if ran.returncode:
            print(f"{name}: {file}: {(ran.stderr.strip().splitlines() or ['no output'])[-1]}", file=sys.stderr)
            failed += 1
            continue
        checked += 1
        for finding in json.loads(ran.stdout)["findings"]:
            if finding["rule"] in RULES:
                line = (finding.get("location") or {}).get("line", 0)
                rows.append((name, file, line, finding["rule"], finding["severity"], finding["message"]))

if path:
    with open(path, "w") as out:
        for row in rows:
            out.write("\t".join(str(part).replace("\t", " ").replace("\n", " ") for part in row) + "\n")
reported = {}
for name, file, _, rule, *_ in rows:
    reported.setdefault((name, file), set()).add(rule)
alone = sum(rules == {"missing-lock-timeout"} for rules in reported.values())
print(f"{checked} migrations of {len(projects)} projects, {len(reported)} with a finding, {alone} of them only of missing-lock-timeout; "
      f"{len(rows)} findings")
counts = collections.Counter((rule, severity) for *_, rule, severity, _ in rows)
print("| rule | errors | warnings | notes |\n|---|---|---|---|")
for rule in RULES:
    print(f"| {rule} | {counts[rule, 'error']} | {counts[rule, 'warning']} | {counts[rule, 'note']} |")
sys.exit(1 if failed else 0)
PYTHON
