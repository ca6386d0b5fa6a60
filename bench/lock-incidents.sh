# What linters of migrations find in ten migrations that held up a service, and in ten that do not, of the same kind
# (fixtures/lock-incidents):
#
#   bench/run lock-incidents [--squawk PROGRAM] [--pgls PROGRAM] [--eugene PROGRAM]
#
# PROGRAMs: squawk is npm's squawk-cli, pgls the postgres-language-server of npm's @postgres-language-server/cli, eugene
# github.com/kaaveland/eugene. A program that is not there is named and left out. Only findings of rules about locks count;
# "without timeouts" leaves out the rules that ask for lock_timeout wherever none is set. pgadvise reads the log of the
# incident, "files only" leaves it out. Prints a table, and the rules by incident with --rules as the first argument.
squawk=squawk pgls=postgres-language-server eugene=eugene rules=
while [[ ${1:-} == --* ]]; do
  case $1 in
    --squawk) squawk=${2:?}; shift 2 ;;
    --pgls) pgls=${2:?}; shift 2 ;;
    --eugene) eugene=${2:?}; shift 2 ;;
    --rules) rules=1; shift ;;
    *) usage ;;
  esac
done
for program in "$squawk" "$pgls" "$eugene"; do
  command -v "$program" >/dev/null || echo "lock-incidents: no $program: left out" >&2
done
python3 - "$root/fixtures/lock-incidents" "$work" "$pgadvise" "$squawk" "$pgls" "$eugene" "$rules" <<'PYTHON'
import json, os, re, shutil, subprocess, sys
source, work, pgadvise, squawk, pgls, eugene, show = sys.argv[1:]

LOCKS = {
    "pgadvise": {"blocking-alter", "blocking-constraint", "blocking-index-build", "concurrent-build-cut-short",
                 "concurrently-in-transaction", "lock-held-during-work", "missing-lock-timeout", "opposite-lock-order",
                 "unbatched-backfill"},
    "squawk": {"adding-field-with-default", "adding-foreign-key-constraint", "adding-not-nullable-field",
               "adding-serial-primary-key-field", "ban-concurrent-index-creation-in-transaction", "changing-column-type",
               "constraint-missing-not-valid", "disallowed-unique-constraint", "require-concurrent-index-creation",
               "require-concurrent-index-deletion", "require-lock-timeout"},
    "pgls": {"addSerialColumn", "addingFieldWithDefault", "addingForeignKeyConstraint", "addingNotNullField",
             "addingPrimaryKeyConstraint", "avoidAddingExclusionConstraint", "avoidAttachingPartition", "avoidWideLockWindow",
             "banConcurrentIndexCreationInTransaction", "changingColumnType", "constraintMissingNotValid",
             "disallowUniqueConstraint", "lockTimeoutWarning", "requireConcurrentIndexCreation",
             "requireConcurrentIndexDeletion", "requireSeparateConstraintValidation",
             "runningStatementWhileHoldingAccessExclusive"},
    "eugene": {f"E{n}" for n in range(1, 12)} | {"W12", "W13", "E15"},
}
TIMEOUTS = {"require-lock-timeout", "lockTimeoutWarning", "E9"}

def output(*command, cwd=None):
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    return ran.stdout, ran.stderr, ran.returncode

def by_pgadvise(case, name, with_log):
    folder = f"{work}/{os.path.basename(case)}-{name}"
    os.makedirs(f"{folder}/migrations", exist_ok=True)
    shutil.copy(f"{case}/schema.sql", f"{folder}/migrations/00001_schema.sql")
    shutil.copy(f"{case}/{name}.sql", f"{folder}/migrations/00002_{name}.sql")
    log = ["--log", f"{case}/traffic.log"] if with_log else []
    out, err, code = output(pgadvise, "check", "migrations", *log, "--format", "json", "-o", "report.json", cwd=folder)
    if code > 1:
        sys.exit(f"lock-incidents: {err}")
    return {one["rule"] for one in json.load(open(f"{folder}/report.json"))["findings"]} & LOCKS["pgadvise"]

def by_squawk(case, name):
    text = open(f"{case}/{name}.sql").read()
    inside = [] if "NO TRANSACTION" in text else ["--assume-in-transaction"]
    out, _, _ = output(squawk, "--reporter", "json", *inside, f"{case}/{name}.sql")
    return {one["rule_name"] for one in json.loads(out or "[]")} & LOCKS["squawk"]

def by_pgls(case, name):
    folder = f"{work}/pgls"
    os.makedirs(folder, exist_ok=True)
    shutil.copy(f"{case}/{name}.sql", f"{folder}/{name}.sql")
    with open(f"{folder}/postgres-language-server.jsonc", "w") as file:
        json.dump({"linter": {"enabled": True, "rules": {"safety": {"all": True}}}}, file)
    out, err, _ = output(pgls, "check", "--disable-db", "--colors=off", f"{name}.sql", cwd=folder)
    return set(re.findall(r"lint/safety/(\w+)", out + err)) & LOCKS["pgls"]

def by_eugene(case, name):
    out, _, _ = output(eugene, "lint", "--format", "json", f"{case}/{name}.sql")
    return set(re.findall(r'"id":\s*"([EW]\d+)"', out)) & LOCKS["eugene"]

tools = {"pgadvise": lambda case, name: by_pgadvise(case, name, True),
         "pgadvise, files only": lambda case, name: by_pgadvise(case, name, False)}
for tool, program, run in (("squawk", squawk, by_squawk), ("pgls", pgls, by_pgls), ("eugene", eugene, by_eugene)):
    if shutil.which(program):
        tools[tool] = run
        tools[f"{tool}, without timeouts"] = lambda case, name, run=run: run(case, name) - TIMEOUTS

cases = sorted(os.path.join(source, one) for one in os.listdir(source) if os.path.isdir(os.path.join(source, one)))
print(f"| linter | of {len(cases)} that did harm | of {len(cases)} harmless ones |\n|---|---|---|")
detail = []
for tool, run in tools.items():
    found = {name: {os.path.basename(case): run(case, name) for case in cases} for name in ("change", "harmless")}
    print(f"| {tool} | {sum(map(bool, found['change'].values()))} | {sum(map(bool, found['harmless'].values()))} |")
    detail += [f"{tool}: {case}/{name}: {', '.join(sorted(rules)) or '-'}"
               for name, by_case in found.items() for case, rules in by_case.items()]
if show:
    print("\n" + "\n".join(detail))
PYTHON
