// What code runs for a request, and the columns that it treats as JSON
// (src/read/drizzle/checks/code_requests, code_json, code_entries). Skipped in a build without the grammar.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drizzle/checks/code_reader.h"
#include "drizzle/code/code_entries.h"
#include "drizzle/schema/source_reader.h"
#include "files/tree.h"
#include "support/temp_tree.h"

namespace pgadvise::drizzle {
namespace {

using testing_support::TempTree;
using Files = std::map<std::string, std::string>;

constexpr const char* package = R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0"}})";
constexpr const char* schema = R"(
import { boolean, integer, pgTable, text } from 'drizzle-orm/pg-core';
export const orders = pgTable('orders', { id: integer().primaryKey(), paid: boolean(), state: text(),
  shipTo: text('ship_to'), extra: text(), });
export type Order = typeof orders.$inferSelect;
)";
constexpr const char* database = R"(
import { drizzle } from 'drizzle-orm/node-postgres';
import * as schema from './schema';
export const db = drizzle(process.env.DATABASE_URL, { schema });
)";
const std::string imports =
    "import { db } from '@/db'; import { orders, type Order } from '@/schema';\n"
    "import { and, count, eq, gt, isNull, ne, or, sql } from 'drizzle-orm';\n";

class DrizzleRequests : public testing::Test {
 protected:
  void SetUp() override {
    if (!reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  // Of a project with src/schema.ts and src/db.ts, whose files begin with imports of both, in one line.
  static CodeFacts of(const Files& more) {
    const TempTree tree({{"package.json", package},
                         {"tsconfig.json", R"({"compilerOptions": {"paths": {"@/*": ["./src/*"]}}})"},
                         {"src/schema.ts", schema},
                         {"src/db.ts", database}});
    for (const auto& [path, text] : more) tree.add(path, text);
    Diagnostics diagnostics;
    files::Tree files(tree.path(), diagnostics);
    const auto facts = read_code(files);
    for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
    return facts ? *facts : CodeFacts{};
  }

  static std::string requests(const CodeFacts& facts) {
    std::string out;
    for (const auto& [query, request] : facts.in_requests)
      out += query.place.file + ":" + std::to_string(query.place.line) + " " + request.entry +
             (request.via.empty() ? "" : " via " + std::to_string(request.via.size())) + "\n";
    return out;
  }
  static std::string pools(const CodeFacts& facts) {
    std::string out;
    for (const auto& pool : facts.pools_in_requests)
      out += std::to_string(pool.place.line) + " " + pool.made_by + "\n";
    return out;
  }
  static std::string json(const CodeFacts& facts) {
    constexpr const char* uses[] = {"declared", "written", "read", "encrypted"};
    std::string out;
    for (const auto& one : facts.json_columns)
      out += one.table.name + "." + one.column + " " + uses[static_cast<int>(one.use)] + " " +
             std::to_string(one.place.line) + "\n";
    return out;
  }
  // Whether each query of the file narrows its rows: one character a query.
  static std::string narrowed(const std::string& conditions) {
    std::string out;
    for (const auto& query : of({{"src/app.ts", imports + conditions}}).queries)
      out += query.narrowed ? 'n' : '-';
    return out;
  }
};

const std::string read = "await db.select().from(orders)";

// One example for each row of the table; a row without one fails.
const std::multimap<std::string, Files>& examples() {
  static const std::multimap<std::string, Files> all = {
      {"a Next.js route handler",
       {{"src/app/api/route.ts", imports + "export const GET = withUser(async () => " + read + ");"}}},
      {"a Next.js page",
       {{"src/app/shop/page.tsx",
         imports + "export default async function Page() { return <p>{" + read + "}</p>; }"}}},
      {"a Next.js API route",
       {{"src/pages/api/orders.ts", imports + "export default async function handler() { " + read + "; }"}}},
      {"a Next.js page",
       {{"src/pages/orders.tsx",
         imports + "export const getServerSideProps = async () => ({ props: " + read + " });"}}},
      {"a server action",
       {{"src/actions.ts", "'use server';\n" + imports + "export async function list() { " + read + "; }"}}},
      {"a SvelteKit endpoint",
       {{"src/routes/orders/+server.ts", imports + "export const GET = async () => " + read + ";"}}},
      {"a SvelteKit load function",
       {{"src/routes/orders/+page.server.ts",
         imports + "export const load = async () => { " + read + "; };"}}},
      {"a SvelteKit form action",
       {{"src/routes/orders/+page.server.ts",
         imports + "export const actions = { async default() { " + read + "; } };"}}},
      {"a Remix loader or action",
       {{"app/routes/orders.tsx", imports + "export async function loader() { " + read + "; }"}}},
      {"a route's handler",
       {{"src/server.ts", imports + "app.get('/orders', check, async (req, res) => { " + read + "; });"}}},
      {"a route's handler",
       {{"src/fast.ts",
         imports + "app.route({ method: 'GET', url: '/', handler: async () => { " + read + "; } });"}}},
      {"a tRPC procedure",
       {{"src/router.ts",
         imports + "export const r = router({ list: publicProcedure.query(async () => " + read + ") });"}}},
      {"a NestJS controller",
       {{"src/orders.controller.ts",
         imports + "@Controller('orders')\nexport class Orders { @Get('all') async list() { " + read +
             "; } }"}}},
      {"a NestJS resolver",
       {{"src/orders.resolver.ts",
         imports + "export class Orders { @Query(() => [Order])\n async orders() { " + read + "; } }"}}},
  };
  return all;
}

TEST_F(DrizzleRequests, EachEntryFormIsFound) {
  std::multiset<std::string> forms;
  for (const auto& form : entry_forms()) forms.insert(std::string(form.name));
  for (const auto& form : forms) EXPECT_GE(examples().count(form), forms.count(form)) << form;
  for (const auto& [form, files] : examples()) {
    const CodeFacts facts = of(files);
    ASSERT_EQ(facts.in_requests.size(), 1u) << form << " in " << files.begin()->first;
    EXPECT_EQ(facts.in_requests[0].request.entry, form) << files.begin()->first;
  }
}

TEST_F(DrizzleRequests, OtherFunctionsAreNone) {
  EXPECT_EQ(
      requests(
          of({{"src/orders.ts", imports + "export async function GET() { " + read + "; }"},
              {"src/app/api/util.ts", imports + "export async function GET() { " + read + "; }"},
              {"src/cache.ts", imports + "cache.get('orders', async () => " + read + ");"},
              {"src/client.ts", imports + "export class A { list() { return db.select().from(orders); } }"},
              {"src/app/api/route.test.ts", imports + "export async function GET() { " + read + "; }"}})),
      "");
}

TEST_F(DrizzleRequests, FollowsCallsAlsoInACircle) {
  const std::string service = imports +
                              "export async function all() { return one(1); }\n"
                              "export async function one(n: number) { if (n > 5) return all(); return " +
                              read + "; }\nexport async function nobody() { return " + read + "; }";
  EXPECT_EQ(requests(of({{"src/service.ts", service},
                         {"src/app/api/route.ts",
                          "import { all } from '@/service';\nexport const GET = () => all();"}})),
            "src/service.ts:4 a Next.js route handler via 2\n");
}

// Only the first request reads all rows.
TEST_F(DrizzleRequests, QueriesThatFillACacheOnce) {
  const auto in = [](const std::string& head, const std::string& body) {
    return requests(
        of({{"src/app/api/route.ts", imports + head + "\nexport async function GET() {\n" + body + "\n}"}}));
  };
  const std::string let = "let cache: any = null;",
                    found = "src/app/api/route.ts:5 a Next.js route handler\n";
  EXPECT_EQ(in(let, "if (!cache) { cache = " + read + "; } return cache;"), "");
  EXPECT_EQ(in(let, "if (cache === null) cache = " + read + "; return cache;"), "");
  EXPECT_EQ(in(let, "if (cache) return cache; const rows = " + read + "; cache = rows; return rows;"), "");
  EXPECT_EQ(in(let, "cache ?\?= " + read + "; return cache;"), "");
  EXPECT_EQ(in(let, "cache = " + read + "; return cache;"), found);
  EXPECT_EQ(in(let, "if (cache) { cache = " + read + "; } return cache;"), found);
  EXPECT_EQ(in("", "let cache = null; if (!cache) { cache = " + read + "; } return cache;"), found);
  const std::string sites = "class Sites {\nprivate initialized = false; async load() { return " + read +
                            "; }\nasync init() { if (this.initialized) return; await this.load(); "
                            "this.initialized = true; }\n}\nconst sites = new Sites();";
  EXPECT_EQ(in(sites, "await sites.init();"), "");
  EXPECT_EQ(in(sites, "await sites.init(); await sites.load();"),
            "src/app/api/route.ts:4 a Next.js route handler via 1\n");
}

TEST_F(DrizzleRequests, NarrowedByAValueOrWhatIsNotKnown) {
  const std::string query = "await db.select().from(orders)";
  EXPECT_EQ(
      narrowed(
          query + ";" + query + ".where(isNull(orders.state));" + query + ".where(eq(orders.paid, true));" +
          query + ".where(and(ne(orders.state, 'x'), eq(orders.state, 'open')));" + query +
          ".where(undefined);await db.query.orders.findMany({ where: (o, { eq }) => eq(o.paid, true) });"),
      "------");
  EXPECT_EQ(narrowed(query + ".where(eq(orders.id, id));" + query + ".where(gt(orders.id, 5));" + query +
                     ".where(sql`x`);" + query + ".where(and(...all));" + query + ".where(all);" + query +
                     ".where(or(eq(orders.id, id), eq(orders.id, 2 + id)));" + query +
                     ".where(open ? eq(orders.paid, true) : undefined);" +
                     "await db.query.orders.findMany({ where });"),
            "nnnnnnnn");
}

// FROM a subquery with a LIMIT.
TEST_F(DrizzleRequests, NarrowedByALimitedSubquery) {
  EXPECT_EQ(narrowed("const newest = db.select().from(orders).limit(input.limit).as('newest');"
                     "await db.select().from(newest);"
                     "const all = db.select().from(orders).as('all'); await db.select().from(all);"
                     "const few = db.$with('few').as(db.select().from(orders).limit(5));"
                     "await db.with(few).select().from(few);"),
            "nnn--n");
}

TEST_F(DrizzleRequests, AggregatesReturnOneRow) {
  const auto facts = of({{"src/app.ts", imports + R"(
await db.select({ n: count() }).from(orders);
await db.select({ n: sql<number>`count(*)`.mapWith(Number) }).from(orders);
await db.select({ n: count(), state: orders.state }).from(orders).groupBy(orders.state);
await db.select({ n: sql`count(*) over ()` }).from(orders);
await db.select({ id: orders.id }).from(orders);
await db.$count(orders);
await db.select({ n: sql<number | null>`AVG(EXTRACT(EPOCH FROM (${orders.id}::timestamp - ${orders.id})) / 60)` }).from(orders);
await db.select({ n: sql<
  number | null | undefined
>`max(${orders.id})`.as('n') }).from(orders);
)"}});
  std::string found;
  for (const auto& query : facts.queries) found += query.aggregate ? '1' : '-';
  EXPECT_EQ(found, "11---111");
}

TEST_F(DrizzleRequests, PoolsThatNothingKeeps) {
  const std::string head =
      "import { Pool } from 'pg'; import postgres from 'postgres'; import { drizzle } from "
      "'drizzle-orm/node-postgres'; import { once } from 'x';\n";
  const auto in = [&](const std::string& body) {
    return pools(
        of({{"src/app/api/route.ts",
             head + "let kept: any; const map = new Map();\nexport async function GET(request: any) {\n" +
                 body + "\n}"},
            {"src/read.ts", imports + read}}));
  };
  EXPECT_EQ(in("const pool = new Pool();\nconst sql = postgres(process.env.URL);\nconst d = "
               "drizzle(process.env.URL);\n"
               "const e = drizzle({ connection: { url: 'x' } }); drizzle(pool);"),
            "4 new Pool()\n5 postgres()\n6 drizzle()\n7 drizzle()\n");
  EXPECT_EQ(in("if (!kept) kept = new Pool(); globalThis.sql ||= postgres('');\nconst p = new Pool(); "
               "map.set(1, p);\n"
               "const q = new Pool(); kept = q; map.set(2, new Pool()); once(() => new Pool());"),
            "");
  EXPECT_EQ(in("const { url } = await request.json(); const p = new Pool({ connectionString: url });"), "");
}

// The function makes a pool for each call, but its caller keeps the result.
TEST_F(DrizzleRequests, PoolsThatACallerKeeps) {
  const std::string connect =
      "import { Pool } from 'pg'; import { drizzle } from 'drizzle-orm/node-postgres';\n"
      "let kept: any;\nfunction make() { return new Pool({ connectionString: process.env.URL }); }\n"
      "export function get() { if (!kept) { const pool = make(); kept = drizzle(pool); } return kept; }\n"
      "export function fresh() { return drizzle(make()); }\n";
  const auto in = [&](const std::string& name) {
    return pools(of({{"src/connect.ts", connect},
                     {"src/read.ts", imports + read},
                     {"src/app/api/route.ts",
                      "import { get, fresh } from '@/connect';\nexport const GET = () => " + name + "();"}}));
  };
  EXPECT_EQ(in("get"), "");
  EXPECT_EQ(in("fresh"), "3 new Pool()\n");
}

TEST_F(DrizzleRequests, ColumnsThatCodeTreatsAsJson) {
  EXPECT_EQ(json(of({{"src/app.ts", imports + R"(
export async function a(all: Order[], x: unknown) {
  const rows = await db.select().from(orders);
  for (const row of rows) JSON.parse(row.state ?? '[]');
  all.map((one) => JSON.parse(one.extra!));
  const text = JSON.stringify(x), values: any = {};
  values.shipTo = x ? JSON.stringify(x) : null;
  await db.insert(orders).values([{ id: 1, state: text }]).onConflictDoUpdate({ target: orders.id, set: { extra: text } });
  await db.update(orders).set(values).where(eq(orders.id, 1));
}
)"}})),
            "orders.extra written 8\norders.extra read 7\norders.ship_to written 9\n"
            "orders.state written 8\norders.state read 6\n");
}

TEST_F(DrizzleRequests, EncryptedJsonIsAUseOfItsOwn) {
  EXPECT_EQ(json(of({{"src/app.ts", imports + R"(
export async function a(x: unknown, key?: string) {
  await db.insert(orders).values({ id: 1, state: encrypt(JSON.stringify(x)), extra: encrypt(x) });
  const values: any = {};
  values.shipTo = key ? await encryptField(JSON.stringify(x), key) : JSON.stringify(x);
  await db.update(orders).set(values).where(eq(orders.id, 1));
}
)"}})),
            "orders.ship_to encrypted 7\norders.state encrypted 5\n");
}

TEST_F(DrizzleRequests, WhatIsNoJsonOfTheColumn) {
  EXPECT_EQ(json(of({{"src/app.ts", imports + R"(
export async function a(x: { state: string }, key: string) {
  const joined = await db.select().from(orders).innerJoin(orders, eq(orders.id, orders.id));
  JSON.parse(joined[0].state);
  JSON.parse(x.state);
  const [named] = await db.select({ state: sql<string>`'{}'` }).from(orders);
  JSON.parse(named.state);
  await db.insert(orders).values({ id: 1, state: compress(JSON.stringify(x)), extra: key });
  await db.select().from(orders).where(eq(orders.state, JSON.stringify(x)));
}
)"}})),
            "");
}

// Types of objects and arrays, also by name and from another file.
TEST_F(DrizzleRequests, TypesOfColumns) {
  const auto facts =
      of({{"src/schema.ts", R"(
import { pgTable, text, integer } from 'drizzle-orm/pg-core';
import type { Shared, Word } from './types';
type Brand = string & { brand: true };
interface Own { a: number }
export const orders = pgTable('orders', {
  id: integer(), a: text().$type<{ x: number }>(), b: text().$type<string[]>(), c: text().$type<Own | null>(),
  d: text().$type<Shared>(), e: text().$type<Record<string, number>>(),
  f: text().$type<Word>(), g: text().$type<Brand>(), h: text().$type<'a' | 'b'>(), i: text().$type<Missing>(),
});
)"},
          {"src/types.ts", "export type Word = 'x' | 'y';\nexport type Shared = { a: number };\n"},
          {"src/read.ts", imports + read}});
  EXPECT_EQ(json(facts),
            "orders.a declared 7\norders.b declared 7\norders.c declared 7\norders.d declared 8\norders.e "
            "declared 8\n");
}

// What a chain of types or calls costs is bounded.
TEST_F(DrizzleRequests, CirclesOfTypesAndCallsEnd) {
  const auto facts = of({{"src/app.ts", imports + R"(
import type { B } from './b';
export type A = B;
const first = () => second();
const second = () => first();
export async function a(row: A) { JSON.parse(row.state); JSON.parse((await first()).state); }
)"},
                         {"src/b.ts", "import type { A } from './app';\nexport type B = A;\n"}});
  EXPECT_EQ(json(facts), "");
}

}  // namespace
}  // namespace pgadvise::drizzle
