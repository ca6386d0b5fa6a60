# Writes a Drizzle project of many TypeScript files: a workspace whose package `db` declares a table in each fifth file, with shared
# columns, keys to earlier tables and indexes, behind barrels, and whose package `web` uses them. 4 KB a file, the same each time.
#
#   bench/run typescript-project FOLDER [FILES]                   default: 5000
#   bench/run declared-schemas drizzle FOLDER [--parse]       reads its schema; --parse: also parses every file
# Needs python3.
(($#)) || usage

python3 - "$1" "${2:-5000}" <<'PYTHON'
import os, sys

root, count = sys.argv[1], int(sys.argv[2])

def write(path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out: out.write(text)

write("package.json", '{"name": "shop", "private": true}\n')
write("pnpm-workspace.yaml", "packages:\n  - packages/*\n")
write("packages/db/package.json",
      '{"name": "@shop/db", "exports": {".": "./src/index.ts"}, "dependencies": {"drizzle-orm": "0.45.0"}}\n')
write("packages/db/drizzle.config.ts",
      "export default { dialect: 'postgresql', schema: './src/schema/index.ts', casing: 'snake_case' };\n")
write("packages/db/src/index.ts", "export * from './schema';\nexport { db } from './client';\n")
write("packages/db/src/client.ts",
      "import { drizzle } from 'drizzle-orm/node-postgres';\nimport * as schema from './schema';\n"
      "export const db = drizzle(process.env.DATABASE_URL!, { schema });\n")
write("packages/db/src/schema/columns.ts",
      "import { integer, timestamp } from 'drizzle-orm/pg-core';\n"
      "export const id = () => integer().primaryKey().generatedAlwaysAsIdentity();\n"
      "export const times = {\n  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),\n"
      "  updatedAt: timestamp({ withTimezone: true }),\n};\n")
tables = max(1, count // 5)
write("packages/db/src/schema/index.ts", "".join(f"export * from './table{i}';\n" for i in range(tables)))
for i in range(tables):
    other = i // 2
    columns = "".join(f"    note{k}: text().notNull().default('none of {k}'),\n" for k in range(8))
    helpers = "".join(
        f"export function price{i}_{k}(input: {{ amount: number; rate?: number }}): number {{\n"
        f"  const rate = input.rate ?? {k + 1} / 100;\n  if (input.amount < 0) throw new Error(`negative: ${{input.amount}}`);\n"
        f"  return Math.round(input.amount * (1 + rate)) + {k};\n}}\n" for k in range(12))
    write(f"packages/db/src/schema/table{i}.ts",
          "import { index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';\n"
          "import { id, times } from './columns.js';\n"
          + (f"import {{ table{other} }} from './table{other}';\n" if other != i else "") +
          f"\nexport const table{i} = pgTable(\n  'table_{i}',\n  {{\n    id: id(),\n"
          + (f"    parentId: integer().references(() => table{other}.id, {{ onDelete: 'cascade' }}),\n" if other != i else "")
          + columns + "    ...times,\n  },\n"
          "  (t) => [index().on(t.note0, t.createdAt.desc()), uniqueIndex().on(t.note1)],\n);\n" + helpers)
for i in range(count - tables):
    table = i % tables
    routes = "".join(
        f"export async function list{k}(page: number, filter: {{ note?: string }}) {{\n"
        f"  const rows = await db\n    .select({{ id: table{table}.id, note: table{table}.note{k % 8} }})\n"
        f"    .from(table{table})\n    .where(filter.note ? eq(table{table}.note{k % 8}, filter.note) : undefined)\n"
        f"    .orderBy(table{table}.id)\n    .limit({20 + k})\n    .offset(page * {20 + k});\n"
        f"  return rows.map((row) => ({{ ...row, label: `${{row.id}}: ${{row.note.trim()}}` }}));\n}}\n\n" for k in range(8))
    write(f"packages/web/src/area{i % 40}/page{i}.tsx",
          "import { eq } from 'drizzle-orm';\nimport { db, " + f"table{table}" + " } from '@shop/db';\n\n" + routes +
          "export default function Page({ rows }: { rows: { id: number; label: string }[] }) {\n  return (\n    <ul>\n"
          "      {rows.map((row) => (\n        <li key={row.id} className=\"row\">{row.label}</li>\n      ))}\n    </ul>\n  );\n}\n")
PYTHON
