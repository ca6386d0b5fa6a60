# Compares the schemas that Drizzle source declares with drizzle-kit's snapshots: in each git repository given, a checkout or its git
# directory, each configuration's newest snapshot, at the commit that wrote the snapshot. Prints the counts and names each difference.
#
#   bench/run drizzle-source REPOSITORY…
# Needs python3.
(($#)) || usage
program=$(bench_program declared_schemas)

# The newest snapshot of each folder of migrations.
snapshots() { # repository
  git -C "$1" ls-tree -r --name-only HEAD | grep -E '(/meta/[^/]*_snapshot|/[0-9]{14}[^/]*/snapshot)\.json$' | sort -V |
    awk '{ folder = $0; sub(/\/(meta|[0-9]+[^\/]*)\/[^\/]*$/, "", folder); newest[folder] = $0 } END { for (f in newest) print newest[f] }' | sort
}

# The commit that wrote what the snapshot says: a later one may have formatted it.
written_by() { # repository file
  git -C "$1" log --format=%H -- "$2" | python3 -c '
import json, subprocess, sys
written = newest = None
for commit in sys.stdin.read().split():
    shown = subprocess.run(["git", "-C", sys.argv[1], "show", commit + ":" + sys.argv[2]], capture_output=True)
    if shown.returncode: break
    content = json.loads(shown.stdout)
    if newest is None: newest = content
    if content != newest: break
    written = commit
print(written)
' "$1" "$2"
}

# Sources and configurations of a commit, and the snapshot. The rest of a repository may be large, or missing from the clone.
export_files() { # repository commit snapshot folder
  git -C "$1" ls-tree -r "$2" | python3 -c '
import os, subprocess, sys
repository, snapshot, folder = sys.argv[1:]
names = {}
for line in sys.stdin:
    blob, name = line.split()[2], line.rstrip("\n").split("\t", 1)[1]
    if "node_modules/" in name or name.startswith("\""): continue
    if name.endswith((".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json")):
        if name == snapshot or not name.endswith("snapshot.json"): names.setdefault(blob, []).append(name)
objects = subprocess.run(["git", "-C", repository, "cat-file", "--batch"], input="\n".join(names).encode(), capture_output=True).stdout
at = 0
while at < len(objects):
    end = objects.index(b"\n", at)
    words = objects[at:end].split()
    at = end + 1
    if words[-1] == b"missing": continue
    size = int(words[2])
    for name in names[words[0].decode()]:
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out: out.write(objects[at:at + size])
    at += size + 1
' "$1" "$3" "$4"
}

for repository in "$@"; do
  echo "== $repository"
  mapfile -t files < <(snapshots "$repository")
  for file in "${files[@]}"; do
    commit=$(written_by "$repository" "$file")
    rm -rf "$work/tree"
    mkdir "$work/tree"
    export_files "$repository" "$commit" "$file" "$work/tree"
    echo "-- $file at ${commit:0:12}"
    "$program" drizzle "$work/tree" --gaps
  done
done
