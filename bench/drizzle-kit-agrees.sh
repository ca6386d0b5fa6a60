# Accepts all fixes of fixtures/review/project in `pgadvise review` (in tmux), pastes what it says into schema.ts, and asks the real
# drizzle-kit: generate must find no changes, migrate must apply it to a real PostgreSQL. For 0.x and for 1.0. Needs npm, tmux,
# PostgreSQL's server programs.
#
#   bench/run drizzle-kit-agrees
tmux() { command tmux -S "$work/tmux" "$@"; }
cleanup() { tmux kill-server 2>/dev/null; }

# A screen that shows the text, within half a minute.
shows() {
  for _ in $(seq 300); do
    if tmux capture-pane -p -J | grep -qF -- "$1"; then return; fi
    sleep 0.1
  done
  echo "the screen does not show: $1" >&2
  tmux capture-pane -p >&2
  exit 1
}

cat >"$work/paste.mjs" <<'JS'
import { readFileSync, writeFileSync } from 'node:fs';
const told = [...readFileSync(process.argv[2], 'utf8').matchAll(/^To paste into (\S+?):(\d+)(.*):\n  (.*)$/gm)];
// From the end, so that lines above stay where they are.
for (const [, file, line, where, text] of told.sort((a, b) => b[2] - a[2])) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const from = line - 1;
  if (where.includes('the list of')) lines[from] = lines[from].replace('[', `[\n  ${text},`);
  else if (where.includes('third argument')) {
    const end = lines.findIndex((one, i) => i >= from && one === '});');
    lines[end] = `}, ${text});`;
  } else {
    const column = lines.findIndex((one, i) => i >= from && one.trim().startsWith(text.split(':')[0] + ':'));
    lines[column] = `  ${text},`;
  }
  writeFileSync(file, lines.join('\n').replace('import { index,', 'import { index, jsonb,').replace('jsonb, jsonb,', 'jsonb,'));
  console.log(`pasted into ${file}: ${text}`);
}
JS

cat >"$work/migrate" <<'SH'
export DATABASE_URL="postgres://$PGUSER@/$PGDATABASE?host=$PGHOST&port=${PGPORT:-5432}"
node_modules/.bin/drizzle-kit migrate </dev/null
psql -XAtc "select indexdef from pg_indexes where indexname in ('orders_customer_id_idx', 'order_notes_order_id_idx')
  union all select format_type(atttypid, 0) from pg_attribute where attrelid = 'carts'::regclass and attname = 'settings'"
SH

agrees() { # drizzle-kit, drizzle-orm
  local project="$work/$1"
  cp -r "$root/fixtures/review/project" "$project"
  cd "$project"
  npm pkg set "devDependencies.drizzle-kit=$1" "dependencies.drizzle-orm=$2" >/dev/null
  npm install --no-audit --no-fund --no-package-lock --silent
  if [[ $1 == 1.* ]]; then
    rm -rf drizzle
    node_modules/.bin/drizzle-kit generate --name init >/dev/null
  fi
  tmux -f /dev/null new-session -d -x 160 -y 50 "cd $project && exec bash --norc --noprofile"
  tmux send-keys -l "clear; '$pgadvise' review"
  tmux send-keys Enter
  for at in 1/ 2/ 3/; do
    shows "$at"
    tmux send-keys y
  done
  for _ in 1 2 3; do # what is not in git, and has no fix to accept
    sleep 1
    if tmux capture-pane -p | grep -q 'untracked-migration'; then tmux send-keys n; fi
  done
  shows 'Write this'
  tmux send-keys w
  shows 'To paste into'
  sleep 1
  tmux capture-pane -p -J >told
  tmux kill-server
  node "$work/paste.mjs" told
  echo "== drizzle-kit $1 generate"
  node_modules/.bin/drizzle-kit generate </dev/null | tee generated
  grep -q 'No schema changes' generated || exit 1
  node_modules/.bin/drizzle-kit check
  echo "== drizzle-kit $1 migrate"
  # sandbox gives the command a throwaway server; node wants its address as a URL.
  "$pgadvise" sandbox -- bash "$work/migrate" | tee migrated
  grep -q 'orders_customer_id_idx' migrated && grep -q 'jsonb' migrated
}

agrees 0.31.5 0.45.0
agrees 1.0.0-rc.4 1.0.0-rc.4
echo "drizzle-kit agrees"
