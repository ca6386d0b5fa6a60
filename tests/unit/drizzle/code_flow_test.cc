// How facts of code follow names, rows, texts and databases from one place to another
// (src/read/drizzle/code/code_index, code_rows, code_loops, code_request_values, code_transactions,
// code_writes).
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "support/drizzle_code.h"

namespace pgadvise::drizzle {
namespace {

class DrizzleFlow : public testing_support::DrizzleCode {
 protected:
  static std::string pairs(const CodeFacts& facts) {
    std::string out;
    for (const auto& pair : facts.write_pairs) {
      out += pair.function + " " + pair.first.tables.front().name + " " + pair.then.tables.front().name;
      if (pair.first_call) out += " first call " + std::to_string(pair.first_call->line);
      if (pair.then_call) out += " then call " + std::to_string(pair.then_call->line);
      out += std::string(pair.parallel ? " parallel" : "") + (pair.value.empty() ? "" : " by " + pair.value) +
             "\n";
    }
    return out;
  }
  static std::string outside(const CodeFacts& facts) {
    std::string out;
    for (const auto& one : facts.outside_transactions)
      out += one.query.place.file + ":" + std::to_string(one.query.place.line) + " " +
             one.query.tables.front().name + " of " + std::to_string(one.transaction.line) +
             (one.call ? " call " + std::to_string(one.call->line) : "") + "\n";
    return out;
  }
};

TEST_F(DrizzleFlow, OperatorsMayHaveOtherNames) {
  EXPECT_EQ(loops(of(R"(import { eq as equals, and as both } from 'drizzle-orm';
export async function list() {
  const rows = await db.select().from(orders);
  for (const row of rows) await db.select().from(customers).where(both(equals(customers.id, row.customerId)));
  for (const row of rows) await db.query.customers.findFirst({ where: (c, { eq: same }) => same(c.id, row.id) });
}
)")),
            "6 id=row.customerId over rows\n7 id=row.id over rows\n");
}

// Each call belongs to its innermost transaction: else transactions in each other have a finding for each
// pair.
TEST_F(DrizzleFlow, CallsOfTransactionsInEachOther) {
  const auto calls = [](int levels) {
    std::string text = "export async function work() {\n", end;
    for (int i = 0; i < levels; ++i) {
      text += "await db.transaction(async (tx) => { await fetch('/');\n";
      end += "});\n";
    }
    return of(text + end + "}\n").calls_in_transactions.size();
  };
  EXPECT_EQ(calls(30), 30u);
  EXPECT_LE(calls(220), 220u);
  EXPECT_EQ(of("async function send() { await fetch('/'); }\n"
               "async function save() { await db.transaction(async (tx) => { await send(); }); }\n"
               "export async function work() { await db.transaction(async (tx) => { await save(); }); }\n")
                .calls_in_transactions.size(),
            2u)
      << "by a call of a function, both transactions have it";
}

// A type or a parenthesis around a part of a query changes nothing.
TEST_F(DrizzleFlow, TypesHideNoQuery) {
  for (const auto* query :
       {"(db as any).query.customers.findFirst({ where: eq(customers.id, row.id) })",
        "(<any>db).query.customers.findFirst({ where: eq(customers.id, row.id) })",
        "((db as any).query as Query).customers.findFirst({ where: eq(customers.id, row.id) })",
        "(db.query as any)['customers'].findFirst({ where: eq(customers.id, row.id) })",
        "(db as any)['query'].customers.findFirst({ where: eq(customers.id, row.id) })",
        "(db.query satisfies Query)!.customers.findFirst({ where: eq(customers.id, row.id) })",
        "(db.select() as any).from(customers).where(eq(customers.id, row.id))",
        "(db.select().from(customers) as any).where(eq(customers.id, row.id))",
        "(<any>db.select().from(customers)).where(eq(customers.id, row.id))",
        "(db!.select().from(customers as any) satisfies Query).where(eq((customers as any).id, (row as "
        "any).id))",
        "untyped.select().from(customers).where(eq(customers.id, row.id))"})
    EXPECT_EQ(loops(of("const untyped = (db as unknown) as any;\nexport async function list() {\n"
                       "  const rows = await (db.select().from(orders) as any);\n"
                       "  for (const row of rows as any[]) await " +
                       std::string(query) + ";\n}\n")),
              std::string("6 id=") +
                  (std::string(query).ends_with("as any).id))") ? "(row as any).id" : "row.id") +
                  " over rows\n")
        << query;
}

TEST_F(DrizzleFlow, AFunctionGetsRowsByItsName) {
  EXPECT_EQ(loops(of(R"(export async function list() {
  const rows = await db.select().from(orders);
  await Promise.all(rows.map(withCustomer));
  rows.map(withCustomer);
  return Promise.all(rows.map(plain));
}
async function withCustomer(row) {
  return db.select().from(customers).where(eq(customers.id, row.customerId));
}
const plain = (row, index) => row.id + index;
const query = (row) => db.delete(orders).where(eq(orders.id, row.id));
export async function others(items: string[]) {
  await Promise.all(items.map(withCustomer));
  const rows = await db.select().from(orders);
  await db.batch(rows.map(query));
  await Promise.all(rows.map((row) => row.id).map(ofNothing));
}
async function ofNothing(id, index, all, tenant) {
  if (!tenant) return undefined;
  return db.select().from(customers).where(eq(customers.id, id));
}
)")),
            "10 id=row.customerId over rows via 5 parallel\n10 id=row.customerId over rows via 6 parallel\n");
}

TEST_F(DrizzleFlow, RowsOfARelationAreRows) {
  const auto facts = of(R"(export async function list(id: string) {
  const one = await db.query.customers.findFirst({ where: eq(customers.id, id), with: { orders: true, few: { limit: 3 } } });
  for (const order of one.orders) await db.delete(orders).where(eq(orders.id, order.id));
  for (const order of one.few) await db.delete(orders).where(eq(orders.id, order.id));
  for (const order of one.other) await db.delete(orders).where(eq(orders.id, order.id));
  const all = await db.query.customers.findMany({ with: { orders: { with: { lines: true } } } });
  for (const customer of all) {
    for (const order of customer.orders ?? []) {
      for (const line of order.lines) await db.select().from(customers).where(eq(customers.id, line.key));
    }
  }
}
)");
  EXPECT_EQ(loops(facts), "5 id=order.id over one.orders\n11 id=line.key over order.lines\n");
  for (const auto& one : facts.in_loops) EXPECT_FALSE(one.rows_table.has_value());
}

TEST_F(DrizzleFlow, APreparedQueryRunsInALoop) {
  EXPECT_EQ(loops(of(R"(import { placeholder } from 'drizzle-orm';
const byId = db.select().from(customers).where(eq(customers.id, sql.placeholder('id'))).prepare('a');
export async function list() {
  const rows = await db.select().from(orders);
  for (const row of rows) await byId.execute({ id: row.customerId });
  for (const row of rows) await customerOf(row.customerId);
  for (const row of rows) await byId.execute({ id: 1 });
  const ranged = db.select().from(orders).where(inArray(orders.id, placeholder('ids'))).prepare('b');
  for (const row of rows) await ranged.execute({ ids: row.ids });
}
async function customerOf(id: string) { return byId.execute({ id }); }
)")),
            "4 id=row.customerId over rows via 7\n4 id=row.customerId over rows via 8\n");
}

TEST_F(DrizzleFlow, CollectionsThatLoopsOverRowsFill) {
  const auto facts = of(R"(export async function list() {
  const rows = await db.select().from(orders);
  const byCustomer = new Map(), ids = new Set(), sums = {};
  for (const row of rows) {
    if (!byCustomer.has(row.customerId)) byCustomer.set(row.customerId, []);
    ids.add(row.customerId); sums[row.customerId] = row.total;
  }
  for (const [id, group] of byCustomer) await db.select().from(customers).where(eq(customers.id, id));
  for (const id of ids) await db.select().from(customers).where(eq(customers.id, id));
  for (const [id, sum] of Object.entries(sums)) await db.select().from(customers).where(eq(customers.id, id));
  const groups = rows.reduce((all, row) => ({ ...all, [row.customerId]: row }), {});
  for (const group of Object.values(groups)) await db.delete(orders).where(eq(orders.id, group.id));
}
)");
  std::string collections;
  for (const auto& one : facts.in_loops) collections += one.collection ? 'c' : '-';
  EXPECT_EQ(collections, "ccc-");
  EXPECT_EQ(loops(facts),
            "10 id=id over byCustomer\n11 id=id over ids\n12 id=id over Object.entries(sums)\n"
            "14 id=group.id over Object.values(groups)\n");
}

TEST_F(DrizzleFlow, WhatOneStatementForAllRowsNeeds) {
  const auto facts = of(R"(export async function write(limit: number) {
  const rows = await db.select().from(orders);
  for (const row of rows) await db.insert(orders).values({ id: row.id }).onConflictDoNothing();
  for (const row of rows) await db.update(orders).set({ total: row.total + 1 }).where(eq(orders.id, row.id));
  for (const row of rows) await db.update(orders).set({ total: limit }).where(eq(orders.id, row.id));
  for (const { id } of rows) await db.delete(orders).where(eq(orders.id, id));
  for (const row of rows) await db.transaction(async (tx) => {
    await tx.delete(orders).where(eq(orders.id, row.id));
  });
  for (const [i, row] of rows.entries()) await db.delete(orders).where(eq(orders.id, row.id));
}
)");
  std::string out;
  for (const auto& one : facts.in_loops)
    out += std::to_string(one.query.place.line) + " " + one.database + " " + one.element +
           (one.by_row ? " by row" : "") + (one.collection ? " no list" : "") + "\n";
  EXPECT_EQ(out, "5 db row by row\n6 db row by row\n7 db row\n8 db \n10  row\n12 db  no list\n");
}

// A few values that the code chooses, or the same one in each round.
TEST_F(DrizzleFlow, CollectionsOfLiteralsHaveNoRows) {
  const auto over = [](const std::string& fill, const std::string& made = "new Set()") {
    return loops(
        of("export async function list() {\n  const rows = await db.select().from(orders);\n"
           "  const all = " +
           made + ";\n  for (const row of rows) { " + fill +
           " }\n  for (const id of all) await db.select().from(customers).where(eq(customers.id, id));"
           "\n}\n"));
  };
  const std::string found = "7 id=id over all\n";
  EXPECT_EQ(over("all.add(row.customerId);"), found);
  EXPECT_EQ(over("const { customerId } = row; all.add(customerId);"), found);
  EXPECT_EQ(over("all.add(row.customerId ?? 'none');"), found);
  EXPECT_EQ(over("all.add(row.total > 5 ? row.customerId : row.id);"), found);
  EXPECT_EQ(over("all.set(row.customerId, 1);", "new Map()"), found);
  EXPECT_EQ(over("all.push(row.customerId);", "[]"), found);
  EXPECT_EQ(over("for (const key of ['a', 'b']) all.add(row.customerId);"), found);

  EXPECT_EQ(over("all.add(row.total > 5 ? 'a' : 'b');"), "");
  EXPECT_EQ(over("const kind = row.total > 5 ? 'a' : 'b'; all.add(kind);"), "");
  EXPECT_EQ(over("all.add('a');"), "");
  EXPECT_EQ(over("all.add(row.total > 5);"), "");
  EXPECT_EQ(over("all.add(!row.total);"), "");
  EXPECT_EQ(over("all.set('last', row);", "new Map()"), "");
  EXPECT_EQ(over("all[row.total > 5 ? 'a' : 'b'] = row.id;", "{}"), "");
}

// Each of 30 functions calls the next one 5 times: 5^30 ways to the query.
TEST_F(DrizzleFlow, FunctionsThatCallEachOtherOftenAreReadOnce) {
  std::string code =
      "export async function list() {\n  const rows = await db.select().from(orders);\n"
      "  for (const row of rows) await f0(row.id);\n}\n";
  for (int i = 0; i < 30; ++i) {
    code += "async function f" + std::to_string(i) + "(id: string) {\n";
    for (int call = 0; call < 5; ++call) code += "  await f" + std::to_string(i + 1) + "(id);\n";
    code += "}\n";
  }
  code += "async function f30(id: string) { await db.select().from(orders).where(eq(orders.id, id)); }\n";
  for (int i = 26; i < 30; ++i)
    code += "export async function g" + std::to_string(i) +
            "() {\n  for (const row of await db.select().from(orders)) await f" + std::to_string(i) +
            "(row.id);\n}\n";
  EXPECT_EQ(loops(of(code)), "") << "each call runs more queries than a function that fetches for a row";
}

// The first loop stops at the depth limit, the second one does not; a recursive call adds no query.
TEST_F(DrizzleFlow, AnotherLoopDoesNotChangeWhatAFunctionHas) {
  const std::string functions =
      "async function a(id: string) { await b(id); }\nasync function b(id: string) { await c(id); }\n"
      "async function c(id: string) { await d(id); }\nasync function d(id: string) { await e(id); }\n"
      "async function e(id: string) { await f(id); }\n"
      "async function f(id: string) { await db.select().from(orders).where(eq(orders.id, id)); await e(id); "
      "}\n";
  const std::string near =
      "export async function near() {\n  for (const row of await db.select().from(orders)) await e(row.id);\n"
      "}\n";
  const std::string far =
      "export async function far() {\n  for (const row of await db.select().from(orders)) await a(row.id);\n"
      "}\n";
  const auto first = of(functions + near), second = of(functions + far + near);
  ASSERT_EQ(first.in_loops.size(), 1u) << loops(first);
  ASSERT_EQ(second.in_loops.size(), 1u) << loops(second);
  EXPECT_EQ(second.in_loops[0].function, "near");
}

// By a condition on the row, or also by something else.
TEST_F(DrizzleFlow, CollectionsThatHaveNotAllRowsAreNone) {
  EXPECT_EQ(loops(of(R"(export async function list() {
  const rows = await db.select().from(orders);
  const chosen = new Set(), mixed = new Set(), empty = new Set();
  for (const row of rows) if (row.total > 5) chosen.add(row.id);
  for (const row of rows) mixed.add(row.id);
  mixed.add('x');
  for (const id of chosen) await db.delete(orders).where(eq(orders.id, id));
  for (const id of mixed) await db.delete(orders).where(eq(orders.id, id));
  for (const id of empty) await db.delete(orders).where(eq(orders.id, id));
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  for (const id of total) await db.delete(orders).where(eq(orders.id, id));
}
)")),
            "");
}

TEST_F(DrizzleFlow, TextsOfSqlThatAreBuiltInSteps) {
  for (const char* run : {"let q = 'SELECT 1'; q += ` ORDER BY ${f}`; await db.execute(sql.raw(q));",
                          "let q = 'SELECT 1'; if (f) q = q + f; await db.execute(sql.raw(q));",
                          "let q; q = 'SELECT ' + f; await db.execute(sql.raw(q));",
                          "const q = ['SELECT 1', f]; await db.execute(sql.raw(q.join(' ')));",
                          "const q: string[] = []; q.push('SELECT 1'); q.push(`ORDER BY ${f}`); await "
                          "db.execute(sql.raw(q.join(' ')));",
                          "const q = ['SELECT 1', ...[f]].join(' '); await db.execute(sql.raw(q));",
                          "const q = `SELECT ${f}`; await db.execute(sql.raw(q));",
                          "const b = await c.req.json<{ q: string }>(); await db.execute(sql.raw(b.q));",
                          "const { q } = await c.req.json<{ q: string }>(); await db.execute(sql.raw(q));"}) {
    EXPECT_EQ(raw_of_handler(run), "4 sql.raw request\n") << run;
  }
  EXPECT_EQ(raw_of_handler("await db.execute<{ a: string }>('SELECT ' + f);"), "4 execute request\n");
  for (const char* run :
       {"let q = 'SELECT 1'; await db.execute(sql.raw(q)); q += f;",
        "let q = 'SELECT 1'; if (list.includes(f)) q += f; await db.execute(sql.raw(q));",
        "let q = 'SELECT 1'; q += ' LIMIT 5'; q = q + q; await db.execute(sql.raw(q));",
        "const q = ['SELECT 1']; q.push(String(Number(f))); await db.execute(sql.raw(q.join(' ')));",
        "const q = ['SELECT 1'], r = []; r.push(f); await db.execute(sql.raw(q.join(' ')));",
        "const q = f.split(',').map((_, i) => `$${i + 1}`).join(','); await db.execute(sql.raw(q));"}) {
    EXPECT_EQ(raw_of_handler(run), "") << run;
  }
}

TEST_F(DrizzleFlow, WhatNextGivesAPage) {
  EXPECT_EQ(
      raw(of("", {{"src/app/x/page.tsx", R"(import { db } from '../../db'; import { sql } from 'drizzle-orm';
import { cookies, headers } from 'next/headers';
export default async function Page(props: any) {
  await db.execute(sql.raw((await cookies()).get('sort')?.value ?? 'id'));
  const store = await headers(), kept = (await cookies()).get('kept');
  await db.execute(sql.raw(store.get('x')!));
  await db.execute(sql.raw(kept.value));
  const query = await props.searchParams;
  await db.execute(sql.raw(query.sort));
  const { searchParams } = props;
  const { sort } = await searchParams;
  await db.execute(sql.raw(sort));
  const checked = schema.parse(await props.searchParams);
  await db.execute(sql.raw(checked.sort));
  await db.execute(sql.raw(cache().get('x')!));
}
)"}})),
      "4 sql.raw request\n6 sql.raw request\n7 sql.raw request\n9 sql.raw request\n12 sql.raw request\n");
}

TEST_F(DrizzleFlow, WhatNestGivesAMethod) {
  EXPECT_EQ(raw(of("", {{"src/orders.controller.ts",
                         R"(import { Body, Controller, Get, Query } from '@nestjs/common';
import { db } from './db'; import { sql } from 'drizzle-orm';
class Sort { @IsString() column: string; @IsIn(['asc', 'desc']) direction: string; size: number; }
@Controller()
export class Orders {
  @Get() a(@Query('sort') sort: string) { return db.execute(sql.raw(sort)); }
  @Get() b(@Query('sort', SortPipe) sort: string) { return db.execute(sql.raw(sort)); }
  @Get() c(@Query() sort: Sort) { return db.execute(sql.raw(sort.column)); }
  @Get() d(@Query() sort: Sort) { return db.execute(sql.raw(sort.direction)); }
  @Get() e(@Query() sort: Sort) { return db.execute(sql.raw(`LIMIT ${sort.size}`)); }
  @Get() f(@Body() body: any) { return db.execute(sql.raw(body.name)); }
  @Get() g(@Query() sort: Other) { return db.execute(sql.raw(sort.column)); }
  @Get() h(@Given() given: any) { return db.execute(sql.raw(given.column)); }
}
)"}})),
            "6 sql.raw request\n8 sql.raw request\n11 sql.raw request\n");
}

TEST_F(DrizzleFlow, StatementsOutsideOfTheirTransaction) {
  const auto facts = of(R"(import { addItems } from './items';
export async function save(name: string) {
  await db.transaction(async (tx) => {
    await tx.insert(customers).values({ name });
    await db.insert(orders).values({ total: 1 });
    await db.select().from(customers);
    await addItems(name);
    try { await tx.delete(orders); } catch { await db.insert(customers).values({ name }); }
    later(() => db.delete(orders));
    await Promise.all([1].map(async () => { await db.update(orders).set({ total: 2 }); }));
  });
  await db.insert(orders).values({ total: 1 });
  await addItems(name);
  await db.transaction(async (db) => { await db.insert(orders).values({ total: 3 }); });
}
export async function given(conn: Database) {
  await conn.transaction(async (tx) => { await conn.insert(orders).values({ total: 1 }); });
}
class Orders {
  constructor(private db: Database, private other: Database) {}
  async run() {
    await this.db.transaction(async (tx) => {
      await this.db.delete(orders);
      await this.other.delete(orders);
    });
  }
}
)",
                        {{"src/items.ts", R"(import { db } from './db'; import { orders } from './schema';
export async function addItems(id: string, conn = db) {
  await db.insert(orders).values({ id });
  await conn.delete(orders);
  await db.select().from(orders);
  await db.transaction(async (tx) => { await tx.delete(orders); });
}
)"}});
  EXPECT_EQ(outside(facts),
            "src/app.ts:7 orders of 5\nsrc/app.ts:8 customers of 5\nsrc/app.ts:12 orders of 5\n"
            "src/app.ts:25 orders of 24\nsrc/items.ts:3 orders of 5 call 9\n");
}

// The function may write in the transaction that it gets, or not at all.
TEST_F(DrizzleFlow, AFunctionThatMayWriteInTheTransactionIsNotOutside) {
  const auto found = [](const std::string& call, const std::string& body) {
    return outside(
        of("export async function run(id: string) {\n"
           "  await db.transaction(async (t) => { " +
           call + " });\n}\nasync function save(id: string, to?: any) {\n  " + body + "\n}\n"));
  };
  const std::string write = "await db.insert(orders).values({ id });";
  const std::string pair = "src/app.ts:7 orders of 4 call 4\n";
  EXPECT_EQ(found("await save(id);", write), pair);
  EXPECT_EQ(found("const row = await load(t); await save(row.id);", write), pair);
  EXPECT_EQ(found("const row = await load(t); await save(row);", write), pair);
  EXPECT_EQ(found("await save(id);", "list.forEach((x) => { return x; }); " + write), pair);
  for (const char* call :
       {"await save(id, t);", "await save(id, { t });", "await save(id, { on: { to: t } });",
        "await save(id, { ...t });", "await save(id, t ?? db);", "await save(id, id ? t : db);",
        "const to = { t }; await save(id, to);", "await save(id, new Orders(t));"}) {
    EXPECT_EQ(found(call, write), "") << call;
  }
  for (const char* before :
       {"if (to) { await to.delete(orders); return; }", "if (id) throw new Error();",
        "if (to) await to.delete(orders); else", "if (id)", "try { if (id) return; } catch {}"}) {
    EXPECT_EQ(found("await save(id);", before + (" " + write)), "") << before;
  }
}

// `this.db` of another object may be the transaction.
TEST_F(DrizzleFlow, AnotherObjectOfTheClassMayHaveTheTransaction) {
  const auto found = [](const std::string& calls) {
    return outside(
        of("class Orders {\n  constructor(private db: Database) {}\n"
           "  bound(t: Database) { return new Orders(t); }\n"
           "  async close() { await this.db.delete(orders); }\n"
           "  async all(other: Orders) {\n    await this.db.transaction(async (t) => {\n      " +
           calls + "\n    });\n  }\n}\n"));
  };
  EXPECT_EQ(found("await this.close();"), "src/app.ts:6 orders of 8 call 9\n");
  EXPECT_EQ(found("const made = new Orders(t); await made.close();"), "");
  EXPECT_EQ(found("await new Orders(t).close();"), "");
  EXPECT_EQ(found("await this.bound(t).close();"), "");
  EXPECT_EQ(found("await other.close();"), "");
}

// With AsyncLocalStorage, an accessor or a function may choose the transaction.
TEST_F(DrizzleFlow, ADatabaseThatCodeChoosesIsNotKnown) {
  const auto found = [](const std::string& declared, const std::string& database) {
    return outside(of("import { drizzle } from 'drizzle-orm/node-postgres';\n" + declared +
                      "\nexport async function save() {\n  await " + database +
                      ".transaction(async (t) => {\n    await " + database +
                      ".insert(orders).values({ total: 1 });\n  });\n}\n"));
  };
  const std::string one = "src/app.ts:7 orders of 6\n";
  EXPECT_EQ(found("const made = drizzle(process.env.URL);", "made"), one);
  EXPECT_EQ(found("const made = globalThis.kept ?? drizzle(process.env.URL);", "made"), one);
  EXPECT_EQ(found("const made = db;", "made"), one);
  EXPECT_EQ(found("const kept = { db: drizzle(process.env.URL) };", "kept.db"), one);
  EXPECT_EQ(found("const made = proxied(db) as typeof db;", "made"), "");
  EXPECT_EQ(found("const first = proxied(db) as typeof db, made = first;", "made"), "");
  EXPECT_EQ(found("const kept = { get db() { return storage.getStore() ?? db; } };", "kept.db"), "");
  const auto of_class = [](const std::string& member) {
    return outside(of("class Orders {\n  " + member +
                      "\n  async save() {\n    await this.base.transaction(async (t) => {\n"
                      "      await this.base.insert(orders).values({ total: 1 });\n    });\n  }\n}\n"));
  };
  EXPECT_EQ(of_class("private base = db;"), "src/app.ts:7 orders of 6\n");
  EXPECT_EQ(of_class("private base: Database;"), "src/app.ts:7 orders of 6\n");
  EXPECT_EQ(of_class("get base(): Database { return storage.getStore() ?? db; }"), "");
  EXPECT_EQ(of_class("private base: Database = inject(db);"), "");
}

TEST_F(DrizzleFlow, AProxyOfADatabaseMayChooseTheTransaction) {
  EXPECT_EQ(outside(of(R"(
const proxy = new Proxy(db, handler);
export async function save() {
  await proxy.transaction(async (tx) => { await proxy.insert(orders).values({ total: 1 }); });
}
)")),
            "");
}

TEST_F(DrizzleFlow, WritesOfFunctionsThatAFunctionCalls) {
  EXPECT_EQ(pairs(of(R"(export async function checkout(name: string) {
  const customer = await addCustomer(name);
  await addOrder(customer.id);
}
async function addCustomer(name: string) { const [row] = await db.insert(customers).values({ name }).returning(); return row; }
async function addOrder(id: string) { await db.insert(orders).values({ customerId: id }); }
export async function other(name: string) { await addCustomer(name); await maybe(name); }
async function maybe(id: string) { if (id) await db.insert(orders).values({ customerId: id }); }
export async function inside(name: string) {
  await db.transaction(async () => { await addCustomer(name); await addOrder(name); });
}
export async function given(conn: Database, name: string) { await addCustomer(name); await ofGiven(conn, name); }
async function ofGiven(conn: Database, id: string) { await conn.insert(orders).values({ customerId: id }); }
export async function half(name: string) { await addCustomer(name); await db.delete(orders); }
export async function both(name: string) { await Promise.all([addCustomer(name), addOrder(name)]); }
)")),
            "checkout customers orders first call 4 then call 5 by customer.id\n"
            "both customers orders first call 17 then call 17 parallel\n"
            "half customers orders first call 16\n");
}

// A function that may return before it writes, and one that gets a transaction, may not write outside.
TEST_F(DrizzleFlow, WritesOfAFunctionThatMayReturnBefore) {
  const auto found = [](const std::string& before, const std::string& call) {
    return pairs(of("export async function run(id: string, t?: Database) {\n  " + call +
                    "\n  await db.insert(orders).values({ customerId: id });\n}\n"
                    "async function save(id: string, to?: any) { " +
                    before + " await db.insert(customers).values({ name: id }); }\n"));
  };
  const std::string pair = "run customers orders first call 4\n";
  EXPECT_EQ(found("", "await save(id);"), pair);
  EXPECT_EQ(found("if (!id) throw new Error();", "await save(id);"), pair);
  EXPECT_EQ(found("if (id) return;", "await save(id);"), "");
  EXPECT_EQ(found("if (to) { await to.delete(orders); return; }", "await save(id);"), "");
  EXPECT_EQ(found("", "await save(id, id);"), pair);
  EXPECT_EQ(found("", "await save(id, db);"), pair);
  EXPECT_EQ(found("", "await save(id, tx);"), "");
  EXPECT_EQ(found("", "await save(id, { to: t });"), "");
}

// The code runs the query by .then(), or adds a limit later.
TEST_F(DrizzleFlow, QueriesThatThenRuns) {
  const auto facts =
      of(R"(app.get('/a', (req, res) => { db.select().from(orders).then((rows) => res.json(rows)); });
app.get('/b', (req, res) => { db.select().from(orders).limit(5).then(res.json); });
app.get('/c', async (req, res) => {
  let query = db.select().from(orders).$dynamic();
  query = query.limit(5);
  res.json(await query);
});
app.get('/d', (req, res) => { db.select().from(orders).catch(() => undefined); });
)");
  std::string found;
  for (const auto& [query, request] : facts.in_requests)
    found += std::to_string(query.place.line) + (query.then ? " then" : "") +
             (query.awaited ? " awaited" : "") + (query.limited ? " limited" : "") +
             (query.narrowed ? " narrowed" : "") + "\n";
  EXPECT_EQ(found, "3 then\n4 then limited\n6 narrowed\n10\n");
}

// A value in the condition of an inner join, as in WHERE; not another column, and not in an outer join.
TEST_F(DrizzleFlow, AJoinMayNarrowTheRows) {
  const auto by = [](const std::string& join) {
    const auto facts = of(R"(export async function list(input) {
  const session = await auth();
  const userId = session.user.id;
  const newest = db.select({ id: orders.id }).from(orders).as('newest');
  await db.select().from(customers).)" +
                          join + ";\n}\n");
    return facts.queries.empty() ? std::string() : std::string(facts.queries.back().narrowed ? "n" : "-");
  };
  const std::string on = "innerJoin(orders, and(eq(orders.customerId, customers.id), ";
  EXPECT_EQ(by(on + "eq(orders.id, session.user.id)))"), "n");
  EXPECT_EQ(by(on + "eq(input.id, orders.id)))"), "n");
  EXPECT_EQ(by("innerJoin(orders, eq(orders.id, userId))"), "n");
  EXPECT_EQ(by("innerJoin(orders, eq(orders.customerId, customers.id))"), "-");
  EXPECT_EQ(by(on + "eq(orders.total, 1)))"), "-");
  EXPECT_EQ(by("innerJoin(newest, eq(orders.id, newest.id))"), "-");
  EXPECT_EQ(by("leftJoin(orders, and(eq(orders.customerId, customers.id), eq(orders.id, userId)))"), "-");
}

// SQLite, MySQL and the like: a database or a table of one, and unknown tables where a package has no others.
TEST_F(DrizzleFlow, QueriesOfOtherDatabasesAreLeftOut) {
  const std::string local = R"(import { drizzle } from 'drizzle-orm/better-sqlite3';
import { sqliteTable, text } from 'drizzle-orm/sqlite-core';
export const trees = sqliteTable('trees', { id: text() });
export const localDb = drizzle('file.db', { schema: { trees } });
)";
  const std::string loop = R"(
  const rows = await X.select().from(T);
  for (const row of rows) await X.select().from(U).where(eq(U.id, row.id));
}
)";
  const auto with = [&](const std::string& database, const std::string& table, const std::string& other) {
    return "export async function list(ctx, table) {" +
           replace_all(replace_all(replace_all(loop, "X", database), "T", table), "U", other);
  };
  const std::string import = "import { localDb, trees } from './local';\n";
  // A database of SQLite has no queries, and neither has a table of it on what may be any database.
  EXPECT_EQ(queries(of(import + with("localDb", "trees", "trees"), {{"src/local.ts", local}})), "");
  EXPECT_EQ(queries(of(import + with("localDb", "table", "table"), {{"src/local.ts", local}})), "");
  EXPECT_EQ(queries(of(import + "export const one = (ctx) => ctx.db.select().from(orders);\n" +
                           with("ctx.db", "trees", "table"),
                       {{"src/local.ts", local}})),
            "4 select orders in one\n7 select id= in list\n");
  // all(), get() and run() are not PostgreSQL's.
  EXPECT_EQ(queries(of("export const a = (t) => db.select().from(t).all();\n"
                       "export const b = (t) => db.select().from(t).where(eq(t.id, 1)).get();\n"
                       "export const c = (t) => db.delete(t).run();\n"
                       "export const d = (t) => db.select().from(t);\n")),
            "6 select in d\n");
  // A package that declares no table of PostgreSQL.
  const auto facts = of("export const one = (ctx) => ctx.db.select().from(orders);\n",
                        {{"poll/package.json", R"({"name": "poll"})"},
                         {"poll/schema.ts",
                          "import { sqliteTable, text } from 'drizzle-orm/sqlite-core';\n"
                          "export const make = () => sqliteTable('a', { id: text() });\n"},
                         {"poll/app.ts",
                          "export const f = (ctx, t) => ctx.db.select().from(t);\n"
                          "export const g = (ctx, t) => ctx.db.insert(t).values({});\n"}});
  EXPECT_EQ(queries(facts), "3 select orders in one\n");
}

// The function runs in its caller's transaction if the caller gives one.
TEST_F(DrizzleFlow, ADatabaseThatTheCallerMayGive) {
  const auto found = [](const std::string& chosen, const std::string& more = "") {
    return pairs(of("class Store {\n  constructor(private db: Database) {}\n" + more +
                    "\n  async save(name: string, session?: Session, options = {}) {\n    " + chosen +
                    "\n    await executor.insert(customers).values({ name });\n"
                    "    await executor.insert(orders).values({ total: 1 });\n  }\n}\n"
                    "function executorOf(session) { if (session) return session.executor; return db; }\n"
                    "const made = new Map();\n"
                    "function connect(url) { return made.get(url) ?? create(url); }\n"));
  };
  const std::string pair = "Store.save customers orders\n";
  EXPECT_EQ(found("const executor = db;"), pair);
  EXPECT_EQ(found("const executor = this.db;"), pair);
  EXPECT_EQ(found("const executor = connect(name);"), pair);
  EXPECT_EQ(found("const executor = session ?? db;"), "");
  EXPECT_EQ(found("const executor = session?.executor ?? this.db;"), "");
  EXPECT_EQ(found("const executor = executorOf(session);"), "");
  EXPECT_EQ(found("const executor = unknown(session);"), "");
  EXPECT_EQ(found("const executor = unknown(name);"), pair);
  EXPECT_EQ(found("const { executor = db } = options;"), "");
  EXPECT_EQ(found("const executor = this.executor(session);",
                  "  private executor(session) { return executorOf(session) ?? this.db; }"),
            "");
  EXPECT_EQ(found("const executor = this.executor(session);", "  private executor(of) { return this.db; }"),
            pair);
  EXPECT_EQ(pairs(of("export async function save(name: string, client = db) {\n"
                     "  await client.insert(customers).values({ name });\n"
                     "  await client.insert(orders).values({ total: 1 });\n}\n")),
            "");
}

// The grammar takes the arrow function for the tag of its last template.
TEST_F(DrizzleFlow, ALocalFunctionThatGetsLiterals) {
  const auto with = [](const std::string& given) {
    return raw(of(R"(export async function list(days: number, other: string) {
  const count = (col: string, to: number | null) =>
    to === null
      ? sql<number>`count(*) filter (where ${sql.raw(col)} >= now())::int`
      : sql<number>`count(*) filter (where ${sql.raw(col)} < now())::int`;
  await db.select({ n: days ? count()" +
                  given + R"(, null) : sql<number>`0`, m: count('a', 1) }).from(orders);
}
)"));
  };
  EXPECT_EQ(with("'posts.created_at'"), "");
  EXPECT_EQ(with("other"), "6 sql.raw parameter\n");
}

// One query for all rows would not have a bound of its own for each row.
TEST_F(DrizzleFlow, ABoundOfTheRowInSqlIsARange) {
  const auto in = [](const std::string& condition) {
    return loops(
        of("export async function all(limit: number) {\n  const rows = await db.select().from(orders);\n"
           "  for (const row of rows) {\n    const least = row.least ?? 0;\n"
           "    await db.select().from(customers).where(and(eq(customers.id, row.customerId), sql`" +
           condition + "`));\n  }\n}\n"));
  };
  const std::string found = "7 id=row.customerId over rows\n";
  for (const char* bound :
       {"${customers.name} > ${least}", "${row.least} <= ${customers.name}",
        "${customers.name} BETWEEN ${least} AND 9", "${customers.name} >= ${least}::text"})
    EXPECT_EQ(in(bound), "") << bound;
  for (const char* other : {"${customers.name} > ${limit}", "${customers.name} <> ${least}",
                            "${customers.name} -> ${least} = 1", "${customers.name} = ${least}"})
    EXPECT_EQ(in(other), found) << other;
}

// A call that gets the row may have changed it. Not before the call, and not by another column of the row.
TEST_F(DrizzleFlow, ARowThatTheRoundHasChangedIsReadAgain) {
  const auto in = [](const std::string& round) {
    return loops(
        of("export async function all() {\n  const rows = await db.select().from(orders);\n"
           "  for (const row of rows) {\n" +
           round + "\n  }\n}\n"));
  };
  const std::string again = "await db.query.orders.findFirst({ where: eq(orders.id, row.id) });";
  const std::string found = "6 id=row.id over rows\n";
  EXPECT_EQ(in("await provision(row, 1); " + again), "");
  EXPECT_EQ(in(again), found);
  EXPECT_EQ(in(again + " await provision(row, 1);"), found);
  EXPECT_EQ(in("await provision(row.id); " + again), found);
  EXPECT_EQ(in("await provision(row); await db.select().from(orders).where(eq(orders.id, row.parent));"),
            "6 id=row.parent over rows\n");
  EXPECT_EQ(in("await provision(row); await db.select().from(customers).where(eq(customers.id, row.id));"),
            "6 id=row.id over rows\n");
}

// A property of a parameter is as free as a parameter, where its type says that it is any text.
TEST_F(DrizzleFlow, PropertiesOfParametersInRawSql) {
  const auto with = [](const std::string& type, const std::string& more = "", const std::string& check = "") {
    return raw(of(
        "type Branch = { name: string; kind: 'a' | 'b' };\n"
        "export const make = (on) => async (params: " +
        type + ") => {\n" + check + "  await db.execute(sql.raw(`SELECT '${params.name}'`));\n};\n" + more));
  };
  EXPECT_EQ(with("Branch"), "5 sql.raw parameter\n");
  EXPECT_EQ(with("{ force?: boolean; name: string }"), "5 sql.raw parameter\n");
  EXPECT_EQ(with("{ name?: string }"), "5 sql.raw parameter\n");
  EXPECT_EQ(with("{ name: 'a' | 'b'; other: string }"), "");
  EXPECT_EQ(with("{ rename: string }"), "");
  EXPECT_EQ(with("Other"), "");
  EXPECT_EQ(with("Branch", "", "if (!['a', 'b'].includes(params.name)) throw new Error();"), "");
  // What the calls give.
  const auto called = [](const std::string& given) {
    return raw(
        of("export async function run(params: { name: string }) {\n"
           "  await db.execute(sql.raw(params.name));\n}\n"
           "export const start = (name: string) => run(" +
           given + ");\n"));
  };
  EXPECT_EQ(called("{ name: 'main' }"), "");
  EXPECT_EQ(called("{ name }"), "4 sql.raw parameter\n");
  EXPECT_EQ(called("{ name: `x${name}` }"), "4 sql.raw parameter\n");
  // Rows that a callback gets.
  EXPECT_EQ(raw(of("export const all = (rows) => Promise.all(rows.map((row: { name: string }) =>\n"
                   "  db.execute(sql.raw(row.name))));\n")),
            "");
}

}  // namespace
}  // namespace pgadvise::drizzle
