"""Plants twenty faults of Drizzle projects in a checkout and counts which of them pgadvise finds.

    bench/run planted-faults plant FOLDER --variant 0..4 --schema FILE --code FOLDER      writes the faults
    bench/run planted-faults count FOLDER REPORT.json                                     one line for each fault

--schema is a schema file of the project (the new tables stand beside it and are exported from it), --code a folder below which the
project keeps its request handlers. A variant chooses the form of each fault, so five checkouts hold a hundred. `plant` changes the
checkout, and writes planted.json, which `count` compares with the findings: a fault counts as found if a finding of one of its rules
names its table, or lies in its file between its lines. Needs python3.
"""
import argparse
import json
import os

NOUNS = ["depot", "clinic", "orchard", "studio", "harbor"]

# kind: (rules, forms). A form of the schema is a table {n}; names in braces: {d} noun of the variant, {n} the fault's own table.
SCHEMA = {
    "foreign key without index": (["unindexed-foreign-key"], [
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), ownerId: uuid('owner_id').notNull().references(() => {d}Base.id), label: text('label') }});",
        "export const {n} = pgTable('{n}', {{ id: uuid().primaryKey(), ownerId: uuid('owner_id').notNull() }}, (t) => [foreignKey({{ columns: [t.ownerId], foreignColumns: [{d}Base.id], name: '{n}_owner' }})]);",
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), parentId: uuid('parent_id').references((): AnyPgColumn => {n}.id) }});",
        "const {n}Owner = {{ ownerId: uuid('owner_id').notNull().references(() => {d}Base.id, {{ onDelete: 'cascade' }}) }};\nexport const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), ...{n}Owner }});",
        "export const {n} = pgTable('{n}', (c) => ({{ id: c.uuid().primaryKey(), ownerId: c.uuid('owner_id').references(() => {d}Base.id) }}), (t) => ({{ byId: index('{n}_other').on(t.id, t.ownerId) }}));"]),
    "one to one without unique": (["one-to-one-without-unique"], [
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), baseId: uuid('base_id').notNull().references(() => {d}Base.id), bio: text('bio') }}, (t) => [index('{n}_base').on(t.baseId)]);\n"
        "export const {n}Relations = relations({n}, ({{ one }}) => ({{ base: one({d}Base, {{ fields: [{n}.baseId], references: [{d}Base.id] }}) }}));\n"
        "export const {d}BaseRelations = relations({d}Base, ({{ one }}) => ({{ detail: one({n}) }}));"]),
    "junction table without key": (["junction-table-without-key", "missing-primary-key"], [
        "export const {n} = pgTable('{n}', {{ baseId: uuid('base_id').notNull().references(() => {d}Base.id), tagId: uuid('tag_id').notNull().references(() => {d}Tag.id) }}, (t) => [index('{n}_a').on(t.baseId), index('{n}_b').on(t.tagId)]);",
        "export const {n} = pgTable('{n}', {{ id: serial('id').primaryKey(), baseId: uuid('base_id').notNull().references(() => {d}Base.id), tagId: uuid('tag_id').notNull().references(() => {d}Tag.id) }}, (t) => [index('{n}_a').on(t.baseId), index('{n}_b').on(t.tagId)]);"]),
    "JSON kept as text": (["json-stored-as-text"], [
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), metadata: text('metadata').notNull().default('{{}}') }});",
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), options: text('options').$type<{{ theme: string }}>() }});",
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), answersJson: text('answers_json') }});",
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), snapshot: text('snapshot') }});\n//JSON {n} snapshot",
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), rules: varchar('rules', {{ length: 4000 }}).default('[]') }});"]),
    "table without a primary key": (["missing-primary-key"], [
        "export const {n} = pgTable('{n}', {{ code: text('code').notNull(), amount: integer('amount') }});",
        "export const {n} = pgTable('{n}', {{ id: integer('id').notNull(), amount: integer('amount') }});"]),
    "money as floating point": (["floating-point-money"], [
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), totalPrice: real('total_price').notNull() }});",
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), balance: doublePrecision('balance').notNull().default(0) }});"]),
    "creation time without default": (["created-at-without-default"], [
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), createdAt: timestamp('created_at', {{ withTimezone: true }}).notNull() }});",
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), createdAt: timestamp('created_at', {{ withTimezone: true, mode: 'string' }}).notNull() }});"]),
    "SET NULL on a required column": (["set-null-on-required-column"], [
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), baseId: uuid('base_id').notNull().references(() => {d}Base.id, {{ onDelete: 'set null' }}) }}, (t) => [index('{n}_base').on(t.baseId)]);"]),
    "an index twice": (["duplicate-index", "redundant-index"], [
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), email: text('email').notNull().unique() }}, (t) => [index('{n}_email').on(t.email)]);",
        "export const {n} = pgTable('{n}', {{ id: uuid('id').primaryKey(), a: text('a'), b: text('b') }}, (t) => ({{ one: index('{n}_one').on(t.a), two: index('{n}_two').on(t.a, t.b) }}));"]),
}

HEAD = """import {{ pgTable, uuid, text, varchar, integer, serial, real, doublePrecision, timestamp, index, foreignKey, type AnyPgColumn }} from 'drizzle-orm/pg-core';
import {{ relations }} from 'drizzle-orm';
export const {d}Base = pgTable('{d}_base', {{ id: uuid('id').primaryKey(), email: text('email').notNull().unique(), name: text('name').notNull(), count: integer('count').notNull().default(0), deletedAt: timestamp('deleted_at', {{ withTimezone: true }}), updatedAt: timestamp('updated_at', {{ withTimezone: true }}).notNull().defaultNow() }});
export const {d}Tag = pgTable('{d}_tag', {{ id: uuid('id').primaryKey(), baseId: uuid('base_id').notNull().references(() => {d}Base.id), label: text('label').notNull() }}, (t) => [index('{d}_tag_base').on(t.baseId)]);
"""

CODE_HEAD = """import {{ Pool }} from 'pg';
import {{ drizzle }} from 'drizzle-orm/node-postgres';
import {{ and, asc, desc, eq, inArray, isNull, sql }} from 'drizzle-orm';
import * as schema from '{schema}';
import {{ {d}Base, {d}Tag }} from '{schema}';
"""
DB = "export const db = drizzle(new Pool({{ connectionString: process.env.DATABASE_URL, max: 10, connectionTimeoutMillis: 2000, statement_timeout: 5000 }}), {{ schema }});\n"

CODE = {
    "query for each row": (["n-plus-one-query-in-code"], [
        "export async function GET() {{\n  const rows = await db.select().from({d}Base).limit(50);\n  const out = [];\n  for (const row of rows) {{\n    const tags = await db.select().from({d}Tag).where(eq({d}Tag.baseId, row.id));\n    out.push({{ ...row, tags }});\n  }}\n  return Response.json(out);\n}}",
        "export async function GET() {{\n  const rows = await db.query.{d}Base.findMany({{ limit: 50 }});\n  const out = await Promise.all(rows.map(async (row) => ({{ ...row, tags: await db.query.{d}Tag.findMany({{ where: eq({d}Tag.baseId, row.id) }}) }})));\n  return Response.json(out);\n}}",
        "async function tagsOf(id: string) {{\n  return db.select().from({d}Tag).where(eq({d}Tag.baseId, id));\n}}\nexport async function GET() {{\n  const rows = await db.select().from({d}Base).orderBy({d}Base.name).limit(20);\n  for (const row of rows) (row as any).tags = await tagsOf(row.id);\n  return Response.json(rows);\n}}",
        "export class Service {{\n  constructor(private readonly database: NodePgDatabase<typeof schema>) {{}}\n  async list() {{\n    const rows = await this.database.select({{ id: {d}Base.id }}).from({d}Base).limit(9);\n    const out: unknown[] = [];\n    for (let i = 0; i < rows.length; i++) {{\n      out.push(await this.database.query.{d}Tag.findFirst({{ where: eq({d}Tag.baseId, rows[i].id) }}));\n    }}\n    return out;\n  }}\n}}",
        "export async function load(ids: string[]) {{\n  const rows = await db.select().from({d}Base).where(inArray({d}Base.id, ids));\n  const out: unknown[] = [];\n  for await (const row of rows) {{\n    const [tag] = await db.select().from({d}Tag).where(and(eq({d}Tag.baseId, row.id), eq({d}Tag.label, 'a'))).limit(1);\n    if (tag) out.push(tag);\n  }}\n  return out;\n}}"]),
    "write for each row": (["n-plus-one-write-in-code"], [
        "export async function POST(request: Request) {{\n  const labels = await request.json();\n  for (const label of labels) {{\n    await db.insert({d}Tag).values(label);\n  }}\n  return new Response();\n}}",
        "export async function PUT() {{\n  const rows = await db.select().from({d}Base);\n  for (const row of rows) {{\n    await db.update({d}Base).set({{ count: row.count + 1, updatedAt: new Date() }}).where(eq({d}Base.id, row.id));\n  }}\n  return new Response();\n}}",
        "export async function POST(request: Request) {{\n  const body = await request.json();\n  await Promise.all(body.items.map((item: any) => db.insert({d}Tag).values({{ id: item.id, baseId: item.base, label: item.label }})));\n  return new Response();\n}}",
        "export async function removeAll(gone: {{ id: string }}[]) {{\n  await db.transaction(async (tx) => {{\n    for (const row of gone) await tx.delete({d}Tag).where(eq({d}Tag.id, row.id));\n  }});\n}}",
        "export async function PUT() {{\n  const rows = await db.query.{d}Tag.findMany();\n  rows.forEach(async (row) => {{\n    await db.update({d}Tag).set({{ label: row.label.trim() }}).where(eq({d}Tag.id, row.id));\n  }});\n  return new Response();\n}}"]),
    "request value in raw SQL": (["unchecked-raw-sql"], [
        "export async function GET(request: Request) {{\n  const order = new URL(request.url).searchParams.get('order');\n  return Response.json(await db.execute(sql.raw(`SELECT * FROM {d}_base ORDER BY ${{order}}`)));\n}}",
        "export async function find(req: any, res: any) {{\n  const rows = await db.execute(\"SELECT * FROM {d}_base WHERE name = '\" + req.query.name + \"'\");\n  res.json(rows);\n}}",
        "export async function GET(request: Request) {{\n  const {{ searchParams }} = new URL(request.url);\n  const column = searchParams.get('sort') ?? 'name';\n  const rows = await db.select({{ id: {d}Base.id }}).from({d}Base).orderBy(sql.raw(column)).limit(10);\n  return Response.json(rows);\n}}",
        "export async function search(req: any, res: any) {{\n  const {{ term }} = req.body;\n  const where = `name LIKE '%${{term}}%'`;\n  res.json(await db.select({{ id: {d}Base.id }}).from({d}Base).where(sql.raw(where)).limit(10));\n}}",
        "export async function POST(request: Request) {{\n  const body = await request.json();\n  const ids = body.ids.join(',');\n  await db.execute(sql`DELETE FROM {d}_tag WHERE id IN (${{sql.raw(ids)}})`);\n  return new Response();\n}}"]),
    "network call in a transaction": (["network-call-in-transaction"], [
        "export async function pay(id: string) {{\n  await db.transaction(async (tx) => {{\n    await tx.update({d}Base).set({{ count: 1, updatedAt: new Date() }}).where(eq({d}Base.id, id));\n    await fetch('https://pay.example.com/charge', {{ method: 'POST' }});\n  }});\n}}",
        "import axios from 'axios';\nexport async function pay(id: string) {{\n  return db.transaction(async (tx) => {{\n    const answer = await axios.post('https://pay.example.com', {{ id }});\n    await tx.insert({d}Tag).values({{ id, baseId: id, label: answer.data.state }});\n  }});\n}}",
        "import Stripe from 'stripe';\nconst stripe = new Stripe(process.env.STRIPE_KEY!);\nexport async function pay(id: string) {{\n  await db.transaction(async (tx) => {{\n    const intent = await stripe.paymentIntents.create({{ amount: 5, currency: 'eur' }});\n    await tx.insert({d}Tag).values({{ id: intent.id, baseId: id, label: 'paid' }});\n  }});\n}}",
        "async function notify(id: string) {{\n  await fetch(`https://mail.example.com/${{id}}`);\n}}\nexport async function join(id: string) {{\n  await db.transaction(async (tx) => {{\n    await tx.insert({d}Tag).values({{ id, baseId: id, label: 'in' }});\n    await notify(id);\n  }});\n}}",
        "import {{ Resend }} from 'resend';\nconst resend = new Resend(process.env.RESEND_KEY);\nexport async function join(id: string, to: string) {{\n  await db.transaction(async (tx) => {{\n    await tx.insert({d}Tag).values({{ id, baseId: id, label: 'in' }});\n    await resend.emails.send({{ from: 'a@example.com', to, subject: 'Hello', text: '' }});\n  }});\n}}"]),
    "page without order": (["offset-without-order-in-code"], [
        "export async function GET(request: Request) {{\n  const page = Number(new URL(request.url).searchParams.get('page'));\n  return Response.json(await db.select({{ id: {d}Tag.id }}).from({d}Tag).limit(20).offset(page * 20));\n}}",
        "export async function page(n: number) {{\n  return db.query.{d}Tag.findMany({{ columns: {{ id: true }}, limit: 20, offset: n * 20 }});\n}}",
        "export async function page(n: number) {{\n  const query = db.select({{ id: {d}Tag.id }}).from({d}Tag).where(eq({d}Tag.label, 'x')).$dynamic();\n  return query.limit(10).offset(n);\n}}"]),
    "all rows to a client": (["unbounded-result-in-code"], [
        "export async function GET() {{\n  return Response.json(await db.select().from({d}Base));\n}}",
        "export async function GET() {{\n  const rows = await db.query.{d}Base.findMany();\n  return Response.json(rows);\n}}",
        "const app = new Hono();\napp.get('/{d}', async (c) => c.json(await db.query.{d}Base.findMany({{ with: {{ }} }})));\nexport default app;",
        "export const router = Router();\nrouter.get('/{d}', async (req, res) => {{\n  const rows = await db.select({{ id: {d}Base.id }}).from({d}Base).where(isNull({d}Base.deletedAt));\n  res.json(rows);\n}});"]),
    "related writes without a transaction": (["writes-outside-transaction-in-code"], [
        "export async function POST(request: Request) {{\n  const body = await request.json();\n  const [base] = await db.insert({d}Base).values(body.base).returning();\n  await db.insert({d}Tag).values({{ ...body.tag, baseId: base.id }});\n  return Response.json(base);\n}}",
        "export async function transfer(from: string, to: string, n: number) {{\n  await db.update({d}Base).set({{ count: sql`${{{d}Base.count}} - ${{n}}`, updatedAt: new Date() }}).where(eq({d}Base.id, from));\n  await db.update({d}Base).set({{ count: sql`${{{d}Base.count}} + ${{n}}`, updatedAt: new Date() }}).where(eq({d}Base.id, to));\n}}"]),
}

DEPLOY = {
    "push in a deployment": (["push-in-production"], [
        ("Dockerfile.{d}", "FROM node:22\nCOPY . .\nCMD npx drizzle-kit push && node server.js\n"),
        (".github/workflows/{d}-deploy.yml", "name: deploy\non:\n  push:\n    branches: [main]\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    environment: production\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm ci\n      - run: npx drizzle-kit push --force\n        env:\n          DATABASE_URL: ${{{{ secrets.PRODUCTION_DATABASE_URL }}}}\n"),
        ("fly.{d}.toml", "app = \"{d}\"\n[deploy]\n  release_command = \"npx drizzle-kit push\"\n"),
        (".gitlab-ci.yml", "deploy_production:\n  stage: deploy\n  environment: production\n  only: [main]\n  script:\n    - npm ci\n    - npx drizzle-kit push\n"),
        ("Procfile", "release: npx drizzle-kit push\nweb: node server.js\n")]),
    "seed in a deployment": (["seed-in-production"], [
        ("seed/Dockerfile", "FROM node:22\nCOPY . .\nCMD npx tsx seed.ts && node server.js\n"),
        (".github/workflows/{d}-seed.yml", "name: production\non:\n  push:\n    branches: [main]\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    environment: production\n    steps:\n      - uses: actions/checkout@v4\n      - run: npx tsx seed/seed.ts\n        env:\n          DATABASE_URL: ${{{{ secrets.PRODUCTION_DATABASE_URL }}}}\n")]),
    "migration that hides its failure": (["swallowed-migration-error"], [
        ("migrate-{d}.ts", "import {{ migrate }} from 'drizzle-orm/node-postgres/migrator';\nimport {{ drizzle }} from 'drizzle-orm/node-postgres';\nconst db = drizzle(process.env.DATABASE_URL!);\nasync function main() {{\n  try {{\n    await migrate(db, {{ migrationsFolder: './drizzle' }});\n  }} catch (error) {{\n    console.error('migration failed', error);\n  }}\n  process.exit(0);\n}}\nmain();\n"),
        ("Dockerfile.{d}-migrate", "FROM node:22\nCOPY . .\nCMD npx drizzle-kit migrate || true; node server.js\n"),
        ("migrate-{d}.mjs", "import {{ migrate }} from 'drizzle-orm/postgres-js/migrator';\nimport {{ db }} from './db.js';\nmigrate(db, {{ migrationsFolder: 'drizzle' }}).catch((error) => {{\n  console.log(error);\n  process.exit(0);\n}});\n")]),
    "connection that checks no certificate": (["insecure-connection"], [
        ("{d}-pool.ts", "import {{ Pool }} from 'pg';\nexport const pool = new Pool({{ connectionString: process.env.DATABASE_URL, ssl: {{ rejectUnauthorized: false }} }});\n"),
        ("{d}-sql.ts", "import postgres from 'postgres';\nexport const client = postgres(process.env.DATABASE_URL!, {{ ssl: {{ rejectUnauthorized: false }}, max: 5 }});\n")]),
}
SEED = "import {{ drizzle }} from 'drizzle-orm/node-postgres';\nimport {{ {d}Base }} from '{schema}';\nconst db = drizzle(process.env.DATABASE_URL!);\nawait db.delete({d}Base);\nawait db.insert({d}Base).values([{{ id: crypto.randomUUID(), email: 'alice@example.com', name: 'Alice' }}]);\n"


def write(root, path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as out:
        out.write(text)


def relative(target, folder):
    path = os.path.relpath(os.path.splitext(target)[0], folder)
    return path if path.startswith(".") else "./" + path


def plant(root, variant, schema, code):
    d, planted = NOUNS[variant], []
    tables, lines, json_code = os.path.join(os.path.dirname(schema), d + ".ts"), HEAD.format(d=d), []
    for number, (kind, (rules, forms)) in enumerate(SCHEMA.items()):
        name = f"{d}_{number}"
        text = forms[variant % len(forms)].format(d=d, n=name)
        if "//JSON" in text:
            json_code.append(name)
        lines += text.split("\n//JSON")[0] + "\n"
        planted.append({"kind": kind, "rules": rules, "table": name})
    write(root, tables, lines)
    with open(os.path.join(root, schema), "a") as out:
        out.write(f"\nexport * from './{d}';\n")
    for number, (kind, (rules, forms)) in enumerate(CODE.items()):
        folder = os.path.join(code, f"{d}-{number}")
        text = CODE_HEAD.format(d=d, schema=relative(tables, folder)) + DB.format()
        text = text.replace("node-postgres';", "node-postgres';\nimport type {{ NodePgDatabase }} from 'drizzle-orm/node-postgres';".replace("{{", "{").replace("}}", "}"), 1)
        text += "import { Hono } from 'hono';\nimport { Router } from 'express';\n" + forms[variant % len(forms)].format(d=d) + "\n"
        path = os.path.join(folder, "route.ts")
        for name in json_code if number == 0 else []:
            text += f"export const keep = (state: object) => db.insert(schema.{name}).values({{ id: '', snapshot: JSON.stringify(state) }});\n"
        write(root, path, text)
        planted.append({"kind": kind, "rules": rules, "file": path})
    folder = os.path.dirname(schema)
    for kind, (rules, forms) in DEPLOY.items():
        path, text = forms[variant % len(forms)]
        path = path.format(d=d)
        if kind.startswith("seed"):
            write(root, "seed/seed.ts", SEED.format(d=d, schema=relative(tables, "seed")))
        if path.endswith("-pool.ts") or path.endswith("-sql.ts"):
            path = os.path.join(folder, path)
        write(root, path, text.format(d=d))
        planted.append({"kind": kind, "rules": rules, "file": path})
    write(root, "planted.json", json.dumps(planted, indent=1))
    print(f"{len(planted)} faults planted")


def count(root, report):
    with open(os.path.join(root, "planted.json")) as text, open(report) as findings:
        planted, found = json.load(text), json.load(findings)["findings"]
    for fault in planted:
        near = [x for x in found
                if ("table" in fault and x["subject"].get("table") == fault["table"])
                or ("file" in fault and fault["file"] in json.dumps([x.get("location"), x.get("locations"), x.get("evidence"), x["subject"]]))]
        hit = [x["rule"] for x in near if x["rule"] in fault["rules"]]
        other = sorted({x["rule"] for x in near} - set(fault["rules"]))
        print("\t".join(["found" if hit else "missed", fault["kind"], ",".join(fault["rules"]), fault.get("table") or fault["file"], ",".join(other)]))


parser = argparse.ArgumentParser()
commands = parser.add_subparsers(dest="command", required=True)
one = commands.add_parser("plant")
one.add_argument("folder")
one.add_argument("--variant", type=int, required=True)
one.add_argument("--schema", required=True)
one.add_argument("--code", required=True)
two = commands.add_parser("count")
two.add_argument("folder")
two.add_argument("report")
given = parser.parse_args()
if given.command == "plant":
    plant(given.folder, given.variant, given.schema, given.code)
else:
    count(given.folder, given.report)
