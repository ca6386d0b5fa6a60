# Compares the schemas that pgadvise reads from schema.prisma with the SQL that Prisma's own schema engine makes of them: in each git
# repository given, a checkout or its git directory, every PostgreSQL schema of HEAD. Prints the counts and names each difference.
#
#   bench/run prisma-schema REPOSITORY…
# Needs node, and npm for Prisma's engine (WebAssembly; it needs no database).
(($#)) || usage
program=$(bench_program declared_schemas)

npm install --prefix "$work" --ignore-scripts --no-audit --no-fund --loglevel error @prisma/driver-adapter-utils@6.19.3 \
  @prisma/schema-engine-wasm@7.1.1-3.c2990dca591cba766e3b7ef5d9e8a84796e47ab7 >&2

# `prisma migrate diff --from-empty --to-schema-datamodel FILE… --script` without a database.
cat > "$work/diff.mjs" <<'JS'
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');
const folder = dirname(require.resolve('@prisma/schema-engine-wasm'));
const engine = await import(join(folder, 'schema_engine_bg.js'));
const wasm = readFileSync(join(folder, 'schema_engine_bg.wasm'));
const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': engine });
engine.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

// Schemas of version 7 have no url, which this engine asks for.
const withUrl = (text) =>
  text.replace(/^(\s*datasource\s+\w+\s*\{)([^}]*)\}/m, (all, head, body) => (/^\s*url\s*=/m.test(body) ? all : `${head}${body}\n  url = "postgresql://"\n}`));
const files = process.argv.slice(2).map((path) => ({ path, content: withUrl(readFileSync(path, 'utf8')) }));
const connection = {
  provider: 'postgres', adapterName: 'none',
  queryRaw: async () => ({ columnNames: ['version'], columnTypes: [7], rows: [['PostgreSQL 15.4']] }),
  executeRaw: async () => 0, executeScript: async () => {}, dispose: async () => {},
  getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
  startTransaction: async () => { throw new Error('no database'); },
};
const factory = { provider: 'postgres', adapterName: 'none', connect: async () => connection, connectToShadowDb: async () => connection };
try {
  const made = await engine.SchemaEngine.new({ datamodels: files.map((file) => [file.path, file.content]) }, () => {},
    bindMigrationAwareSqlAdapterFactory(factory));
  const answer = await made.diff({ from: { tag: 'empty' }, to: { tag: 'schemaDatamodel', files }, script: true, exitCode: null,
    shadowDatabaseUrl: null, filters: { externalTables: [], externalEnums: [] } });
  console.log(answer.stdout);
} catch (error) {
  console.error(String(error.message ?? error).split('\n').slice(0, 6).join('\n'));
  process.exit(1);
}
JS

for repository in "$@"; do
  echo "== $repository"
  rm -rf "$work/tree"
  mkdir "$work/tree"
  git -C "$repository" ls-tree -r -z --name-only HEAD |
    grep -zE '(\.prisma|(^|/)package\.json|(^|/)prisma\.config\.[a-z]+)$' |
    while IFS= read -r -d '' file; do
      mkdir -p "$work/tree/$(dirname "$file")"
      git -C "$repository" show "HEAD:$file" > "$work/tree/$file" || true
    done
  "$program" prisma "$work/tree" | while IFS=$'\t' read -r -a files; do
    if ! (cd "$work/tree" && node "$work/diff.mjs" "${files[@]}" > "$work/schema.sql"); then
      echo "  Prisma refuses ${files[*]}"
      continue
    fi
    "$program" prisma "$work/tree" "${files[0]}" "$work/schema.sql" 2> /dev/null
  done
done
