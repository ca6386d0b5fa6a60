// What code does with its database (src/read/drizzle/code and checks). Skipped in a build without the
// grammar.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drizzle/code/code_paths.h"
#include "support/drizzle_code.h"

namespace pgadvise::drizzle {
namespace {

using testing_support::DrizzleCode;

TEST_F(DrizzleCode, ReadsQueriesOfAllKinds) {
  EXPECT_EQ(queries(of(R"(export async function list(id: string) {
  await db.select().from(orders).leftJoin(customers, eq(customers.id, orders.customerId)).where(eq(orders.customerId, id)).limit(10).offset(20);
  const one = await db.query.orders.findFirst({ where: eq(orders.id, id) });
  const all = await db.query.orders.findMany({ where: (o, { eq }) => eq(o.customerId, id), orderBy: orders.id, limit: 5 });
  await db.insert(customers).values({ name: 'x' }).returning();
  await db.update(orders).set({ total: 1 }).where(and(eq(orders.id, id), inArray(orders.total, [1])));
  await db.delete(orders).where(eq(orders.id, id));
  await db.execute(sql`SELECT 1`);
  const later = db.select().from(orders);
  return db.transaction(async (tx) => { await tx.execute('SELECT 1'); });
}
)")),
            "4 select orders customers customer_id= limited offset in list\n"
            "5 select orders id= first in list\n"
            "6 select orders customerId= limited ordered in list\n"
            "7 insert customers in list\n"
            "8 update orders id= total= in list\n"
            "9 delete orders id= in list\n"
            "10 execute in list\n"
            "11 select orders not awaited in list\n"
            "12 transaction in list\n"
            "12 execute in list\n");
}

// Of a batch that is emptied and of a count to two, the order does not matter; of others it does.
TEST_F(DrizzleCode, LimitsThatTakeAnyRows) {
  const auto facts = of(R"(export async function work(name: string) {
  while (true) {
    const rows = await db.select().from(orders).limit(100);
    if (rows.length === 0) break;
    const ids = rows.map((row) => row.id);
    await db.delete(orders).where(inArray(orders.id, ids));
  }
  let batch = [];
  do {
    batch = await db.select().from(orders).where(eq(orders.total, 0)).limit(100);
    for (const one of batch) await db.update(orders).set({ total: 1 }).where(eq(orders.id, one.id));
  } while (batch.length > 0);
  const found = await db.select().from(customers).where(eq(customers.name, name)).limit(2);
  if (found.length > 1) throw new Error('two');
  const few = await db.select().from(customers).limit(2);
  count(few[0]);
  const ten = await db.select().from(customers).limit(10);
  if (ten.length > 1) await db.delete(orders).where(inArray(orders.id, ten.map((one) => one.id)));
  while (true) {
    const page = await db.select().from(customers).limit(10);
    await db.delete(orders).where(eq(orders.id, name));
    count(page);
  }
  const [same, all] = await Promise.all([
    db.select().from(customers).where(sql`lower(${customers.name}) = ${name}`).limit(2),
    db.select().from(orders).limit(2),
  ]);
  only(name, same.map((one) => one.id));
  only(all, []);
}
function only(plan, matches) { return matches.length !== 1 ? null : matches[0]; }
)");
  std::string found;
  for (const auto& query : facts.queries)
    if (query.limited) found += std::to_string(query.place.line) + (query.any_rows ? " any\n" : "\n");
  EXPECT_EQ(found, "5 any\n12 any\n15 any\n17\n19\n22\n27 any\n28\n");
}

TEST_F(DrizzleCode, TracesDatabasesWithoutTheirTables) {
  EXPECT_EQ(queries(of(R"(import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
export async function typed(conn: NodePgDatabase) { await conn.execute('SELECT 1'); }
export async function named(conn: Database) { await conn.execute('SELECT 2'); }
export async function other(db: Map<string, string>, client: any) { await client.execute('SELECT 3'); db.delete('a'); }
class Service { constructor(private db: Client) {} run() { return this.db.execute('SELECT 4'); } }
)")),
            "4 execute in typed\n5 execute in named\n");
}

// A property is a database where the project calls queries of tables on such a property.
TEST_F(DrizzleCode, TracesMembersByTheirUse) {
  EXPECT_EQ(queries(of(R"(export const router = {
  list: procedure.query(async ({ ctx }) => { return ctx.db.select().from(orders); }),
  run: procedure.query(async ({ ctx }) => { await ctx.db.execute('SELECT 1'); await ctx.cache.execute('x'); }),
};
)")),
            "4 select orders in list\n5 execute in run\n");
}

TEST_F(DrizzleCode, FindsQueriesInLoopsOverRows) {
  EXPECT_EQ(loops(of(R"(export async function list() {
  const rows = await db.select().from(orders);
  for (const row of rows) {
    const key = row.customerId;
    await db.select().from(customers).where(eq(customers.id, key));
  }
  await Promise.all(rows.map(async (row) => db.query.customers.findFirst({ where: eq(customers.id, row.customerId) })));
  for (let i = 0; i < rows.length; i++) {
    await db.update(orders).set({ total: i }).where(eq(orders.id, rows[i].id));
  }
  const ids = rows.filter((row) => row.total > 3).map(({ id }) => id);
  ids.forEach(async (id) => { await db.delete(orders).where(eq(orders.id, id)); });
  for (const { id, name } of await db.query.customers.findMany()) await db.insert(orders).values({ customerId: id });
}
)")),
            "7 id=key over rows\n"
            "9 id=row.customerId over rows parallel\n"
            "11 id=rows[i].id over rows\n"
            "14 id=id over ids parallel\n"
            "15 ={ customerId: id } over db.query.customers.findMany()\n");
}

TEST_F(DrizzleCode, FollowsFunctionsOfTheProject) {
  const auto facts =
      of(R"(import { customerOf, Orders } from './store';
const store = new Orders();
export async function list() {
  const { rows } = await store.page(1);
  for (const row of rows) {
    await customerOf({ id: row.customerId, tenant: 1 });
    await store.tenant({ id: row.id, tenant: 'a' });
  }
}
)",
         {{"src/store.ts", R"(import { db } from './db'; import { customers, orders } from './schema';
import { eq } from 'drizzle-orm';
const load = async (id: string) => { const [found] = await db.select().from(customers).where(eq(customers.id, id)); return found; };
export const customerOf = async ({ id }: { id: string }) => load(id);
export class Orders {
  async page(n: number) { const rows = await db.select().from(orders).limit(50); return { rows, next: n + 1 }; }
  async tenant({ id, tenant }) { return db.select().from(customers).where(eq(customers.name, tenant)); }
}
)"}});
  EXPECT_EQ(loops(facts), "3 id=row.customerId over rows via 8\n");
  ASSERT_EQ(facts.in_loops.size(), 1u);
  EXPECT_EQ(facts.in_loops[0].query.place.file, "src/store.ts");
  EXPECT_EQ(facts.in_loops[0].rows_from.line, 6);
  EXPECT_EQ(facts.in_loops[0].via.size(), 2u);
}

TEST_F(DrizzleCode, LeavesBatchesAndOtherLoopsAlone) {
  EXPECT_EQ(loops(of(R"(export async function list(items: string[]) {
  const rows = await db.select().from(orders);
  for (const part of chunk(rows, 100)) await db.select().from(customers).where(inArray(customers.id, part));
  for (let i = 0; i < rows.length; i += 100) {
    await db.delete(orders).where(inArray(orders.id, rows.slice(i, i + 100).map((row) => row.id)));
  }
  for (const row of rows) await db.insert(orders).values(row.items.map((item) => ({ total: item })));
  for (const kind of ['a', 'b']) await db.select().from(customers).where(eq(customers.name, kind));
  for (const item of items) await db.select().from(customers).where(eq(customers.name, item));
  const queries = rows.map((row) => db.update(orders).set({ total: 1 }).where(eq(orders.id, row.id)));
  await db.batch(queries);
  for (const row of rows) {
    await send(row);
    await db.update(orders).set({ total: 2 }).where(eq(orders.id, row.id));
  }
  for (const row of rows) handlers.push(async () => { await db.delete(orders).where(eq(orders.id, row.id)); });
  const few = await db.select().from(orders).limit(3);
  for (const row of few) await db.delete(orders).where(eq(orders.id, row.id));
  for (const row of rows) {
    await db.select().from(customers).where(eq(customers.name, 'x'));
  }
}
)")),
            "");
}

// What the INSERT returns tells who has the row: a list for all would not.
TEST_F(DrizzleCode, AnInsertThatClaimsARowIsNoLoopOfWrites) {
  EXPECT_EQ(loops(of(R"(export async function claim() {
  for (const row of await db.select().from(orders)) {
    const [own] = await db.insert(customers).values({ id: row.id }).onConflictDoNothing().returning();
    if (own) count(own);
  }
  for (const row of await db.select().from(orders)) {
    await db.insert(customers).values({ id: row.id }).onConflictDoNothing();
  }
}
)")),
            "9 ={ id: row.id } over db.select().from(orders)\n");
}

TEST_F(DrizzleCode, WhatALoopGoesOverIsShownInOneLine) {
  EXPECT_EQ(loops(of(R"(export async function list() {
  const rows = await db.select().from(orders);
  for (const row of rows
    .sort((a, b) => a.total - b.total)
    .slice(0, 20)) await db.select().from(customers).where(eq(customers.id, row.customerId));
  for (const row of rows.slice(1).slice(2)) await db.delete(orders).where(eq(orders.id, row.id));
  for (const row of await db
    .select()
    .from(orders)) await db.delete(orders).where(eq(orders.id, row.id));
}
)")),
            "7 id=row.customerId over rows.sort((a, b) => a.total - b.total)…\n"
            "8 id=row.id over rows.slice(1).slice(2)\n"
            "11 id=row.id over db.select().from(orders)\n");
}

// A list of keys does not replace a range that each row has of its own.
TEST_F(DrizzleCode, ARangeOfTheRowIsNoLoopOfQueries) {
  EXPECT_EQ(loops(of(R"(import { between, gt } from 'drizzle-orm';
export async function list(from: number, to: number) {
  const rows = await db.select().from(orders);
  for (const row of rows) {
    const end = to + row.total;
    await db.select().from(orders).where(and(eq(orders.customerId, row.id), between(orders.total, from, end)));
    await ordersOf(row.id, row.total);
  }
  for (const row of rows) {
    await db.select().from(orders).where(and(eq(orders.customerId, row.id), between(orders.total, from, to)));
    await ordersOf(row.id, from);
  }
}
async function ordersOf(id: string, least: number) {
  return db.select().from(orders).where(and(eq(orders.customerId, id), gt(orders.total, least)));
}
)")),
            "12 customer_id=row.id over rows\n17 customer_id=row.id over rows via 13\n");
}

TEST_F(DrizzleCode, ACallWithoutWhatTheQueryNeedsRunsNone) {
  EXPECT_EQ(loops(of(R"(export async function list(customer: object) {
  const rows = await db.select().from(orders);
  for (const row of rows) await ordersOf({ row });
  for (const row of rows) await ordersOf({ row, customer: undefined });
  for (const row of rows) await ordersOf({ row, customer });
  for (const row of rows) await through(row.id);
  for (const row of rows) await through(row.id, true);
}
async function ordersOf({ customer, row }: { customer?: object, row: { id: string } }) {
  if (!customer) return undefined;
  return db.select().from(orders).where(eq(orders.customerId, row.id));
}
async function through(id: string, all?: boolean) {
  if (!all) { count(id); return []; }
  return db.select().from(orders).where(eq(orders.customerId, id));
}
)")),
            "13 customer_id=row over rows via 7\n17 customer_id=row.id over rows via 9\n");
}

// The loop's key is that of the function's first query, whose row has the key of the second.
TEST_F(DrizzleCode, ARowOfTheFunctionsOwnQueryIsNotTheLoops) {
  EXPECT_EQ(loops(of(R"(export async function list() {
  const rows = await db.select().from(orders);
  for (const row of rows) await one([eq(orders.id, row.id)]);
  for (const row of rows) await one([eq(orders.total, 5)]);
  for (const row of rows) await byId(row.id);
}
async function customer(id: string) {
  return db.select().from(customers).where(eq(customers.id, id));
}
async function one(conditions: SQL[]) {
  const found = await db.select().from(orders).where(and(...conditions));
  return { ...found[0], customer: await customer(found[0].customerId) };
}
async function byId(id: string) { return one([eq(orders.id, id)]); }
)")),
            "13 id=row.id over rows via 5\n13 id=row.id over rows via 7\n");
}

TEST_F(DrizzleCode, LoopsThatEndInTheirFirstRoundAreNone) {
  EXPECT_EQ(loops(of(R"(export async function list() {
  const rows = await db.select().from(orders);
  for (const row of rows) {
    const [one] = await db.select().from(customers).where(eq(customers.id, row.customerId));
    throw new Error('the first order is of ' + one.name);
  }
  for (const row of rows) {
    const [one] = await db.select().from(customers).where(eq(customers.id, row.customerId));
    if (one) break;
  }
  for (const row of rows) {
    const [one] = await db.select().from(customers).where(eq(customers.id, row.customerId));
    switch (one.name) { case 'a': count(row); break; }
  }
  for (const row of rows) {
    const [one] = await db.select().from(customers).where(eq(customers.id, row.customerId));
    if (!one) throw new Error('no customer');
  }
}
)")),
            "14 id=row.customerId over rows\n"
            "18 id=row.customerId over rows\n");
}

TEST_F(DrizzleCode, ALoopMayAlsoWaitForSomethingElse) {
  const auto facts = of(R"(export async function list() {
  const rows = await db.select().from(orders);
  for (const row of rows) {
    const [one] = await db.select().from(customers).where(eq(customers.id, row.customerId));
    await fetch('https://example.com/' + one.name);
  }
  for (const row of rows) {
    await db.select().from(customers).where(eq(customers.id, row.customerId));
  }
}
)");
  ASSERT_EQ(facts.in_loops.size(), 2u);
  EXPECT_TRUE(facts.in_loops[0].waits);
  EXPECT_FALSE(facts.in_loops[1].waits);
}

// Of rounds at the same time, only where the call that gets the key may have changed the row.
TEST_F(DrizzleCode, RoundsAtTheSameTimeMayReadTheirRowsAgain) {
  const auto waits = [](const std::string& round) {
    const auto facts =
        of("export async function all() {\n  const rows = await db.select().from(orders);\n" +
           std::string("  await Promise.all(rows.map(async (row) => {\n") + round + "\n  }));\n}\n");
    return facts.in_loops.size() == 1 && facts.in_loops[0].parallel && facts.in_loops[0].waits;
  };
  const std::string again = "return await db.select().from(orders).where(eq(orders.id, row.id));";
  EXPECT_TRUE(waits("await sync(row.id, 1); " + again));
  EXPECT_FALSE(waits("await sync(1); " + again));
  EXPECT_FALSE(waits(again));
  EXPECT_FALSE(
      waits("await sync(row.customerId); return await db.select().from(customers)"
            ".where(eq(customers.id, row.customerId));"));
}

TEST_F(DrizzleCode, ALoopMayGoOverRowsThatCodeFilters) {
  const auto facts = of(R"(export async function list() {
  const rows = await db.select().from(orders);
  const large = rows.filter((row) => row.total > 5).slice(0, 10);
  for (const row of large) await db.select().from(customers).where(eq(customers.id, row.customerId));
  for (const row of rows.filter(Boolean)) await db.select().from(customers).where(eq(customers.id, row.customerId));
  for (const row of rows) await db.select().from(customers).where(eq(customers.id, row.customerId));
}
)");
  std::string found;
  for (const auto& one : facts.in_loops) found += one.filtered ? 'f' : '-';
  EXPECT_EQ(found, "f--");
}

TEST_F(DrizzleCode, AWalkOverATreeIsNoLoopOfQueries) {
  EXPECT_EQ(loops(of(R"(export async function walk(id: string) {
  const rows = await db.select().from(orders).where(eq(orders.customerId, id));
  for (const row of rows) await walk(row.id);
}
)")),
            "");
}

TEST_F(DrizzleCode, FindsWritesThatFollowEachOther) {
  const auto pairs = [](const std::string& body) {
    std::string out;
    const auto facts =
        of("export async function save(given: Database, name: string, some: boolean) {\n" + body + "\n}\n");
    for (const auto& pair : facts.write_pairs)
      out += pair.first.tables.front().name + " " + pair.then.tables.front().name +
             (pair.value.empty() ? "" : " by " + pair.value) + "\n";
    return out;
  };
  const std::string customer = "await db.insert(customers).values({ name });";
  const std::string order = "await db.insert(orders).values({ total: 1 });";
  EXPECT_EQ(pairs(customer + order), "customers orders\n");
  EXPECT_EQ(pairs("const rows = await db.insert(customers).values({ name }).returning(); const one = rows[0];"
                  "if (some) await db.insert(orders).values({ customerId: one.id });"),
            "customers orders by one.id\n");
  EXPECT_EQ(pairs("try { " + customer + "} catch {} for (const n of [1, 2]) { " + order + " }"),
            "customers orders\n");
  EXPECT_EQ(pairs("procedure.use((ctx) => ctx).mutation(async ({ ctx }) => { " + customer + order + " });"),
            "customers orders\n");
  EXPECT_EQ(
      pairs("await Promise.all([db.insert(customers).values({ name }), db.insert(orders).values({})]);"),
      "customers orders\n");
  // Not: in a transaction, on what may be one, in one of two branches, after a failure, as its own attempt.
  EXPECT_EQ(pairs("await db.transaction(async (tx) => { await tx.insert(customers).values({ name });"
                  "await tx.insert(orders).values({ total: 1 }); });"),
            "");
  EXPECT_EQ(pairs("await inTransaction(async () => { " + customer + order + " });"), "");
  EXPECT_EQ(pairs("await given.insert(customers).values({ name }); await given.insert(orders).values({});"),
            "");
  EXPECT_EQ(pairs("const client = given ?? db; await client.insert(customers).values({ name });"
                  "await client.insert(orders).values({});"),
            "");
  EXPECT_EQ(pairs("if (some) { " + customer + " return; } " + order), "");
  EXPECT_EQ(pairs("if (some) { " + customer + " } else { " + order + " }"), "");
  EXPECT_EQ(pairs("try { " + customer + " } catch { " + order + " }"), "");
  EXPECT_EQ(
      pairs("await Promise.allSettled([db.insert(customers).values({}), db.insert(orders).values({})]);"),
      "");
  EXPECT_EQ(pairs("await db.insert(customers).values({ name }).onConflictDoNothing();" + order), "");
  EXPECT_EQ(
      pairs(order + "await db.update(customers).set({ lastSeenAt: new Date(), updatedAt: new Date() });"),
      "");
  EXPECT_EQ(pairs(customer + order + "// the caller calls rollback(name)"), "");
  // Not where the failure of the second is accepted, or where a transaction of both would wait for a service.
  EXPECT_EQ(pairs(customer + "try { " + order + " } catch (error) { console.error(error); }"), "");
  EXPECT_EQ(pairs(customer + "try { " + order + " } catch (error) { logger.warn(error); throw error; }"),
            "customers orders\n");
  EXPECT_EQ(pairs("try { " + customer + order + " } catch (error) { console.error(error); }"),
            "customers orders\n");
  EXPECT_EQ(pairs(customer + "await fetch('https://example.com/' + name);" + order), "");
  EXPECT_EQ(pairs("await fetch('https://example.com/' + name);" + customer + order), "customers orders\n");
}

TEST_F(DrizzleCode, ReadsNoTestsSeedsOrScripts) {
  for (const auto* path :
       {"src/app.test.ts", "scripts/fill.ts", "src/db/seed.ts", "src/__tests__/a.ts",
        "src/migrations/0001.ts", "dist/app.js", "prisma/seeds/a.ts", "server/experiments/agent.ts",
        "sandbox/a.ts", "examples/shop/src/a.ts", "packages/db/playground/a.ts", "benchmark/a.ts",
        "benchmarks/a.ts", "src/manuscripts/scripts/a.ts", "src/keys.e2e.ts", "src/keys.e2e-spec.ts",
        "apps/api/src/testing.ts", "apps/api/test-agent.ts", "src/lib/test-utils.ts"})
    EXPECT_FALSE(is_application_source(path)) << path;
  for (const auto* path :
       {"src/app.ts", "src/drizzle/queries.ts", "app/api/orders/route.ts", "src/jobs/nightly.ts",
        "src/experiments/list.ts", "app/(main)/sandbox/page.tsx", "src/manuscripts/list.ts",
        "src/routes/test-results.ts", "src/latest.ts", "src/testing-rooms.ts"})
    EXPECT_TRUE(is_application_source(path)) << path;
}

// Whatever its name: it imports a test runner, or calls its functions at the top level.
TEST_F(DrizzleCode, ReadsNoFilesThatRunTests) {
  for (const auto* text :
       {"import { test } from 'vitest';\n", "import {\n  it,\n} from \"@jest/globals\";\n",
        "import { it } from 'bun:test';\n", "const test = require('node:test');\n",
        "import x from './x';\nbeforeEach(async () => {});\n", "describe('a', () => {});\n"})
    EXPECT_TRUE(is_test_code(text)) << text;
  for (const auto* text :
       {"import { x } from './vitest';\n", "const runner = 'vitest';\n", "const a = { describe() {} };\n",
        "// tests are run by vitest\n", "  describe('a');\n", ""})
    EXPECT_FALSE(is_test_code(text)) << text;
  const auto facts = of("export const list = () => db.select().from(orders);\n",
                        {{"src/users.ts",
                          "import { it } from 'vitest'; import { db } from './db'; import { orders } from "
                          "'./schema';\nit('a', async () => { await db.select().from(orders); });\n"}});
  EXPECT_EQ(facts.files, 1);
}

// A whole word of the path, not a part of one: a project may have tasks, imports and triggers as its rows.
TEST_F(DrizzleCode, PathsOfBackgroundJobs) {
  for (const auto* path : {"src/jobs/nightly.ts", "src/worker/mail.ts", "src/mail.worker.ts",
                           "src/mail-job.ts", "src/cron.ts", "apps/worker/src/mail.ts", "src/Queues/mail.ts"})
    EXPECT_TRUE(in_background(path, "")) << path;
  for (const auto* path : {"src/task/update.ts", "src/process/list.ts", "src/import.ts", "src/sync/a.ts",
                           "src/jobsite/list.ts", "src/jobs/controllers/list.ts", "src/api/jobs/list.ts",
                           "src/jobs/routes/list.ts", "src/job.controller.ts", "src/workerList.ts", ""})
    EXPECT_FALSE(in_background(path, "")) << path;
  EXPECT_TRUE(in_background("apps/api/src/jobs/nightly.ts", "apps/api"));
  EXPECT_FALSE(in_background("apps/api/src/jobs/nightly.ts", ""));
}

TEST_F(DrizzleCode, ParsesOnlyFilesThatMayHaveQueries) {
  const auto facts = of("export const list = () => db.select().from(orders);\n",
                        {{"src/a.ts", "export const a = Array.from(new Set([1]));\n"},
                         {"src/b.ts", "export const b = Uint8Array.from([1]), c = Buffer.from('c');\n"},
                         {"src/c.ts", "export const d = (one) => one.from('x');\n"},
                         {"src/d.ts", "'use client';\nexport const e = (one) => one.from('x');\n"}});
  EXPECT_EQ(facts.files, 2);
}

TEST_F(DrizzleCode, FindsUncheckedRawSql) {
  EXPECT_EQ(
      raw(of(R"(const columns = { total: 'total', id: 'id' };
export async function handler(req) {
  await db.execute(sql.raw(`SELECT * FROM orders ORDER BY ${req.query.sort}`));
  const { sort } = req.query;
  await db.execute('SELECT * FROM orders ORDER BY ' + sort);
  await db.execute(sql`SELECT * FROM orders WHERE id = ${req.query.id}`);
  await db.execute(sql.raw(`SELECT * FROM orders ORDER BY ${columns[req.query.sort]}`));
  await db.execute(sql.raw(`LIMIT ${Number(req.query.limit)}`));
  const direction = req.query.desc === '1' ? 'DESC' : 'ASC';
  await db.execute(sql.raw(`SELECT * FROM orders ORDER BY id ${direction}`));
  await byName(req.body.name);
  await byConstant('x');
}
async function byName(name: string) { await db.execute(sql.raw(`SELECT '${name}'`)); }
async function byConstant(name: string) { await db.execute(sql.raw(`SELECT '${name}'`)); }
export async function byNobody(name: string) { await db.execute(sql.raw(`SELECT '${name}'`)); }
export const page = procedure.query(async ({ input }) => db.execute(sql.raw(`SELECT ${input.sort}`)));
export async function other(input: { sort: 'a' | 'b' }) { await db.execute(sql.raw(`SELECT ${input.sort}`)); }
export async function byNumber(days: number) { await db.execute(sql.raw(`SELECT ${days}`)); }
export async function checked(name: string) {
  if (!/^[a-z]+$/.test(name)) throw new Error(name);
  await db.execute(sql.raw(`SELECT '${name}'`));
}
)")),
      "5 sql.raw request\n7 execute request\n16 sql.raw request\n18 sql.raw parameter\n19 sql.raw request\n");
}

TEST_F(DrizzleCode, FollowsBodiesAndAddressesToRawSql) {
  EXPECT_EQ(raw(of(R"(
export async function GET(request: Request) {
  const order = new URL(request.url).searchParams.get('order');
  await db.execute(sql.raw(`SELECT * FROM orders ORDER BY ${order}`));
}
export async function POST(request: Request) {
  const body = await request.json();
  await db.execute(sql`DELETE FROM orders WHERE id IN (${sql.raw(body.ids.join(','))})`);
  await db.execute(sql.raw(`SELECT ${body.ids.length}`));
  const { term } = await request.json();
  await db.execute(sql.raw(`SELECT '${term}'`));
}
export async function PUT(request: Request) {
  const body = schema.parse(await request.json());
  await db.execute(sql.raw(`SELECT '${body.name}'`));
}
export async function PATCH(request: Request) {
  const body = await request.json();
  schema.parse(body);
  await db.execute(sql.raw(`SELECT '${body.name}'`));
}
)")),
            "6 sql.raw request\n10 sql.raw request\n13 sql.raw request\n");
}

TEST_F(DrizzleCode, ASchemaOfTheProcedureLimitsItsInput) {
  EXPECT_EQ(raw(of(R"(
export const one = procedure.input(z.object({ id: z.string().uuid(), name: z.string() }))
  .mutation(async ({ input }) => db.execute(`UPDATE orders SET a = 1 WHERE id = '${input.id}'`));
export const two = procedure.input(z.object({ id: z.string().uuid(), name: z.string() }))
  .mutation(async ({ input }) => db.execute(`UPDATE orders SET a = '${input.name}' WHERE id = '${input.id}'`));
)")),
            "7 execute request\n");
}

TEST_F(DrizzleCode, ComparedValuesMayStandInRawSql) {
  for (const char* check : {"const ok = ['a', 'b'].includes(f); if (!ok) return c.notFound();",
                            "const ok = list.indexOf(f) >= 0; if (!ok) return c.notFound();",
                            "if (f == 'asc' || f == 'desc')",
                            "if (!list.includes(f.toLowerCase())) return;",
                            "if (!(f in map)) return;",
                            "if (!map[f]) return;",
                            "if (!Object.hasOwn(map, f)) return;",
                            "if (list.some((one) => one === f))",
                            "if (f !== Sort.up) return;",
                            "const found = list.find((one) => one === f); if (!found) return;",
                            "if (!isColumn(f)) return;",
                            "ensureColumn(f);",
                            "mustBeListed(f);",
                            "if (!isListed(f)) return;",
                            "if (!isId(f)) return;",
                            "if (!/^[a-z]+$/i.test(f)) return;",
                            "if (/[^a-z]/.test(f)) return;",
                            "if (!f.match(/^[a-z]+$/)) return;",
                            "const n = Number(f); if (Number.isNaN(n)) return;",
                            "assert(list.includes(f));",
                            "schema.parse({ f });",
                            "const { success } = schema.safeParse(f); if (!success) return;",
                            "if (list.includes(f))"}) {
    EXPECT_EQ(raw_of_handler(std::string(check) + " " + runs), "") << check;
  }
  for (const char* run :
       {"await db.execute(sql.raw(`SELECT 1 ORDER BY 1 ${f === 'desc' ? f : 'asc'}`));",
        "await db.execute(sql`SELECT 1 ORDER BY 1 ${sql.raw(list.includes(f as any) ? f : 'asc')}`);",
        "await db.execute(sql.raw(f in { a: 1, b: 2 } ? f : 'a'));",
        "switch (f) { case 'a': case 'b': await db.execute(sql.raw(`SELECT ${f}`)); }",
        "if (!list.includes(f)) return; await db.transaction(async (tx) => { await tx.execute(sql.raw(f)); "
        "});",
        "if (list.includes(c.req.query('g')!)) await db.execute(sql.raw(c.req.query('g')!));",
        "let g = c.req.query('g'); g = Number(g); await db.execute(sql.raw(`SELECT ${g}`));",
        "await db.execute(sql.raw(c.req.query('ids').split(',').map(Number).join(',')));"}) {
    EXPECT_EQ(raw_of_handler(run), "") << run;
  }
}

TEST_F(DrizzleCode, ConditionsThatCompareNothingAreNoChecks) {
  for (const char* check :
       {"", "if (typeof f !== 'string') return;", "if (f === undefined) return;", "if (f == null) return;",
        "if (f === '') return;", "if (user.f === 'a') return;", "const offset = 1; if (offset === 1) return;",
        "validateSession(c, f.length);", "if (!isText(f)) return;", "if (!isString(f)) return;",
        "if (!f) return;", "if (f && f.length > 0)", "if (!/[a-z]/.test(f)) return;", "revalidateTag(f);",
        "JSON.parse(f);", "if (list.includes(g)) return;", "switch (f) { default: break; }",
        "console.log(f);"}) {
    EXPECT_EQ(raw_of_handler(std::string(check) + " " + runs), "4 sql.raw request\n") << check;
  }
  for (const char* run :
       {"const ids = (await c.req.json()).ids; await db.execute(sql.raw(ids.map((i) => "
        "`'${i}'`).join(',')));",
        "const b = await c.req.json(); await db.execute(sql.raw(b.x));",
        "const b = z.object({ q: z.string() }).parse(await c.req.json()); await db.execute(sql.raw(b.q));",
        "const { q } = z.object({ q: z.string() }).parse(await c.req.json()); await "
        "db.execute(sql.raw(q));"}) {
    EXPECT_EQ(raw_of_handler(run), "4 sql.raw request\n") << run;
  }
}

TEST_F(DrizzleCode, FindsWhatFrameworksGiveInRawSql) {
  const auto in_route = [](const std::string& body) {
    return raw(of(
        "", {{"src/app/api/x/route.ts",
              "import { db } from '../../../db'; import { sql } from 'drizzle-orm';\n"
              "export async function POST(request: Request, { params }: { params: Promise<{ id: string }> }) "
              "{ " +
                  body + " }\n"}}));
  };
  EXPECT_EQ(in_route("await db.execute(sql.raw(request.nextUrl.searchParams.get('q')));"),
            "2 sql.raw request\n");
  EXPECT_EQ(in_route("await db.execute(sql.raw(request.headers.get('q')));"), "2 sql.raw request\n");
  EXPECT_EQ(in_route("const { id } = await params; await db.execute(sql.raw(id));"), "2 sql.raw request\n");
  EXPECT_EQ(in_route("await db.execute(sql.raw((await params).id));"), "2 sql.raw request\n");
  EXPECT_EQ(
      in_route("const form = await request.formData(); await db.execute(sql.raw(form.get('q') as string));"),
      "2 sql.raw request\n");
  EXPECT_EQ(in_route("const q = await request.text(); await db.execute(sql.raw(q));"), "2 sql.raw request\n");
  EXPECT_EQ(in_route("const { id } = await params; if (!isId(id)) return; await db.execute(sql.raw(id));"),
            "");
  const std::string procedure = "publicProcedure.input(z.object({ x: z.string(), id: z.string().uuid() }))";
  const auto in_procedure = [&](const std::string& body) {
    return raw(of("export const one = " + procedure + ".query(async (opts) => { " + body + " });\n"));
  };
  EXPECT_EQ(in_procedure("const { x } = opts.input; await db.execute(sql.raw(x));"), "3 sql.raw request\n");
  EXPECT_EQ(in_procedure("await db.execute(sql.raw(opts.input.x));"), "3 sql.raw request\n");
  EXPECT_EQ(in_procedure("await db.execute(sql.raw(opts.input.id));"), "");
  EXPECT_EQ(in_procedure("await db.execute(sql.raw(opts.other.x));"), "");
}

TEST_F(DrizzleCode, SchemasOfValidatorsLimitValues) {
  const std::string validator =
      "zValidator('query', z.object({ dir: z.enum(['asc']), n: z.coerce.number(), q: z.string() })), ";
  const auto of_member = [&](const std::string& member, const std::string& before) {
    return raw_of_handler("await db.execute(sql.raw(`SELECT ${c.req.valid('query')." + member + "}`));",
                          before);
  };
  EXPECT_EQ(
      raw_of_handler("const { dir: f2 } = c.req.valid('query'); await db.execute(sql.raw(f2));", validator),
      "");
  EXPECT_EQ(
      raw_of_handler("const v = c.req.valid('query'); await db.execute(sql.raw(v.dir.trim()));", validator),
      "");
  EXPECT_EQ(of_member("n", validator), "");
  EXPECT_EQ(of_member("q", validator), "4 sql.raw request\n");
  EXPECT_EQ(of_member("missing", validator), "");
  EXPECT_EQ(of_member("q", "zValidator('json', z.object({ q: z.string() })), "), "");
  EXPECT_EQ(of_member("q", "zValidator('query', schema), "), "");
  EXPECT_EQ(of_member("q", ""), "");
}

TEST_F(DrizzleCode, FindsCallsOfServicesInTransactions) {
  const auto facts =
      of(R"(import Stripe from 'stripe';
import { notify } from './notify';
const stripe = new Stripe('key');
export async function pay(id: string) {
  await fetch('https://example.com/before');
  await db.transaction(async (tx) => {
    await tx.delete(orders).where(eq(orders.id, id));
    await stripe.charges.create({ amount: 1 });
    await notify(id);
    void fetch('https://example.com/not-awaited');
    after.push(async () => { await fetch('https://example.com/later'); });
  });
}
)",
         {{"src/notify.ts", "export async function notify(id: string) { return await fetch('/' + id); }\n"}});
  std::string found;
  for (const auto& call : facts.calls_in_transactions)
    found += call.what + " " + call.place.str() + " in " + call.function + "\n";
  EXPECT_EQ(found, "stripe src/app.ts:10:11 in pay\nfetch src/notify.ts:1:57 in pay\n");
}

// Each function calls the one before it four times. Calls are followed through three functions, whichever
// transaction is read first.
TEST_F(DrizzleCode, ACallOfAServiceIsFoundOnceInATransaction) {
  std::string app;
  for (int i = 5; i >= 0; --i) {
    const std::string n = std::to_string(i), before = i == 0 ? "fetch" : "f" + std::to_string(i - 1);
    app += "export async function t" + n + "() { await db.transaction(async (tx) => { await f" + n +
           "(); }); }\n";
    app += "async function f" + n + "() {";
    for (int calls = 0; calls < (i == 0 ? 1 : 4); ++calls) app += " await " + before + "('/');";
    app += " }\n";
  }
  std::string found;
  for (const auto& call : of(app).calls_in_transactions) {
    found += call.function + " " + std::to_string(call.place.line);
    for (const auto& via : call.via)
      found += " " + std::to_string(via.line) + ":" + std::to_string(via.column);
    found += "\n";
  }
  EXPECT_EQ(found, "t2 14 9:73 10:29 12:29\nt1 14 11:73 12:29\nt0 14 13:73\n");
}

// Through the function that calls the service itself, not through another one.
TEST_F(DrizzleCode, TheShortestWayToAServiceCounts) {
  const auto facts = of(R"(export async function pay() {
  await db.transaction(async (tx) => { await far(); await near(); });
}
async function far() { await near(); await far(); }
async function near() { await fetch('/'); }
)");
  ASSERT_EQ(facts.calls_in_transactions.size(), 1u);
  ASSERT_EQ(facts.calls_in_transactions[0].via.size(), 1u);
  EXPECT_EQ(facts.calls_in_transactions[0].via[0].column, 59);
}

TEST_F(DrizzleCode, ADatabaseForEachRowIsNoLoopOfQueries) {
  const std::string more =
      "import { drizzle } from 'drizzle-orm/node-postgres';\n"
      "export function databaseOf(tenant: string) { return drizzle('postgres://' + tenant); }\n"
      "export async function within(tenant: string, act: (db: ReturnType<typeof databaseOf>) => "
      "Promise<void>) {\n"
      "  await act(databaseOf(tenant));\n}\n";
  const auto facts = of(R"(import { databaseOf, within } from './tenants';
export async function all() {
  const rows = await db.select().from(customers);
  for (const row of rows) {
    const own = await databaseOf(row.id);
    await own.select().from(orders).where(eq(orders.customerId, row.id));
    await within(row.id, async (tx) => { await tx.delete(orders).where(eq(orders.customerId, row.id)); });
    await count(own, row.id);
    await db.select().from(orders).where(eq(orders.customerId, row.id));
  }
}
async function count(conn: Database, id: string) {
  return await conn.select().from(orders).where(eq(orders.customerId, id));
}
)",
                        {{"src/tenants.ts", more}});
  EXPECT_EQ(loops(facts), "11 customer_id=row.id over rows\n");
}

TEST_F(DrizzleCode, ARowLockedInALoopIsNoLoopOfQueries) {
  const auto facts = of(R"(export async function work() {
  const rows = await db.select().from(orders);
  for (const row of rows) {
    await db.transaction(async (tx) => {
      await tx.select().from(orders).where(eq(orders.id, row.id)).for('update', { skipLocked: true });
    });
  }
}
)");
  EXPECT_EQ(loops(facts), "");
}

// Names, types, functions and files that depend on each other end the search.
TEST_F(DrizzleCode, CirclesEnd) {
  const auto facts = of(R"(import { lost } from './a';
type One = Two; type Two = One;
export async function circle(conn: One) {
  const a = b.x; const b = a.x;
  await a.execute('SELECT 1'); await conn.execute('SELECT 1'); await lost.execute('SELECT 1'); await again().execute('x');
  const rows = other(rows); for (const row of rows) await db.delete(orders).where(eq(orders.id, row.id));
  for (const row of again()) await db.delete(orders).where(eq(orders.id, row.id));
  for (const row of await db.select().from(orders)) await again(row);
}
function other(rows) { return rows; }
function again(row) { const one = again(row); return one ? again(one) : one; }
)",
                        {{"src/a.ts", "export * from './b';\n"}, {"src/b.ts", "export * from './a';\n"}});
  EXPECT_EQ(queries(facts),
            "8 delete orders id= in circle\n9 delete orders id= in circle\n10 select orders in circle\n");
  EXPECT_EQ(loops(facts), "");
}

// Each condition holds the one before twice: written out, the last has 2^1000 comparisons.
TEST_F(DrizzleCode, ConditionsThatHoldEachOtherEnd) {
  std::string conditions = "  const w0 = eq(orders.id, id);\n";
  for (int i = 1; i <= 1000; ++i)
    conditions += "  const w" + std::to_string(i) + " = and(w" + std::to_string(i - 1) + ", w" +
                  std::to_string(i - 1) + ");\n";
  const auto facts =
      of("export async function doubled(id) {\n" + conditions +
         "  await db.select().from(orders).where(w1000);\n  await db.select().from(orders).where(w1);\n"
         "  const a = and(b, b); const b = and(a, a);\n  await db.select().from(orders).where(a);\n}\n");
  ASSERT_EQ(facts.queries.size(), 3u);
  EXPECT_TRUE(facts.queries[0].equal_columns.empty());
  EXPECT_EQ(facts.queries[1].equal_columns, (std::vector<std::string>{"id", "id"}));
  EXPECT_TRUE(facts.queries[2].equal_columns.empty());
}

TEST_F(DrizzleCode, RelationsAreReadWithTheNamesOfTheDatabase) {
  const auto facts =
      of("export const all = () => db.select().from(orders);",
         {{"src/relations.ts",
           "import { relations } from 'drizzle-orm';\n"
           "import { customers, orders } from './schema';\n"
           "export const ofOrders = relations(orders, ({ one }) => ({\n"
           "  customer: one(customers, { fields: [orders.customerId], references: [customers.id],\n"
           "    relationName: 'buyer' }),\n"
           "  unknown: one(customers, { fields: [columnOf(orders)], references: [customers.id] }),\n"
           "}));\n"
           "export const ofCustomers = relations(customers, (r) => {\n"
           "  return { orders: r.many(orders), first: r.one(orders) };\n"
           "});\n"},
          {"src/other.ts", "const relations = (a, b) => b; relations(1, ({ one }) => ({ a: one(2) }));"}});
  EXPECT_EQ(relations(facts),
            "4 orders one customers customer_id=id as buyer\n"
            "9 customers many orders\n"
            "9 customers one orders\n");
}

// The forms that drizzle-orm 1.0.0-rc.4 accepts.
TEST_F(DrizzleCode, DefinedRelationsHaveTheColumnsOfBothSides) {
  const auto facts = of(
      "export const all = () => db.select().from(orders);",
      {{"src/relations.ts",
        "import { defineRelations } from 'drizzle-orm';\n"
        "import * as schema from './schema';\n"
        "export const relations = defineRelations(schema, (r) => ({\n"
        "  orders: {\n"
        "    customer: r.one.customers({ from: r.orders.customerId, to: r.customers.id, optional: false }),\n"
        "    seller: r.one.customers({ from: [r.orders.id], to: [r.customers.id], alias: 'sale' }),\n"
        "  },\n"
        "  customers: {\n"
        "    orders: r.many.orders(),\n"
        "    sale: r.one.orders({ alias: 'sale' }),\n"
        "    lost: r.many.orders({ alias: 'other' }),\n"
        "    open: r.many.orders({ from: r.customers.id, to: r.orders.customerId, where: { total: 0 } }),\n"
        "    friends: r.many.customers({ from: r.customers.id.through(r.orders.id),\n"
        "      to: r.customers.id.through(r.orders.customerId) }),\n"
        "    none: r.many.missing(), wrong: r.one.orders({ from: r.customers.id, to: r.orders.missing }),\n"
        "  },\n"
        "  unknown: { customer: r.one.customers() },\n"
        "}));\n"},
       {"src/part.ts",
        "import { defineRelationsPart } from 'drizzle-orm';\n"
        "import { customers, orders } from './schema';\n"
        "export const part = defineRelationsPart({ customers, purchases: orders }, ({ one, purchases, ...r "
        "}) => {\n"
        "  return { customers: { first: one.purchases({ from: r.customers.id, to: purchases.customerId }) } "
        "};\n"
        "});\n"}});
  EXPECT_EQ(relations(facts),
            "4 customers one orders id=customer_id\n"
            "5 orders one customers customer_id=id\n"
            "6 orders one customers id=id as sale\n"
            "9 customers many orders id=customer_id\n"
            "10 customers one orders id=id as sale\n");
}

}  // namespace
}  // namespace pgadvise::drizzle
