// The identifiers that fixes in Drizzle use. Skipped in a build without the grammar.
#include "drizzle/schema/names.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "drizzle/checks/code_reader.h"
#include "drizzle/schema/source_reader.h"
#include "files/tree.h"
#include "support/temp_tree.h"

namespace pgadvise::drizzle {
namespace {

using testing_support::TempTree;

std::string names_of(const std::map<std::string, std::string>& sources) {
  const TempTree files({{"package.json", R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0"}})"}});
  for (const auto& [path, text] : sources) files.add(path, text);
  Diagnostics diagnostics;
  files::Tree tree(files.path(), diagnostics);
  std::string out;
  for (const auto& [name, identifier] : read_repository_code(tree).names)
    out += name + "=" + identifier + "\n";
  for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
  return out;
}

TEST(DrizzleNames, AreThoseOfTheProjectsConstants) {
  if (!reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  EXPECT_EQ(names_of({{"drizzle.config.ts",
                       "export default { dialect: 'postgresql', schema: './src/schema.ts', casing: "
                       "'snake_case' };\n"},
                      {"src/times.ts",
                       "import { timestamp } from 'drizzle-orm/pg-core';\n"
                       "export const times = { madeAt: timestamp('created_at') };\n"},
                      {"src/schema.ts",
                       "import * as pg from 'drizzle-orm/pg-core';\n"
                       "import { times } from './times';\n"
                       "const shopTable = pg.pgTableCreator((name) => `shop_${name}`);\n"
                       "export const buyers = shopTable('customers', { fullName: pg.text(), ...times });\n"
                       "export const staff = pg.pgTable('employees', { id: pg.uuid() });\n"
                       "export const billing = pg.pgSchema('Billing');\n"
                       "export const bills = billing.table('invoices', { orderId: pg.uuid('order') });\n"
                       "const carts = pg.pgTable('carts', { id: pg.uuid() });\n"
                       "export { carts as baskets };\n"
                       "export default pg.pgTable('nameless', { id: pg.uuid() });\n"}}),
            "Billing.invoices=bills\n"
            "Billing.invoices.order=orderId\n"
            "public.carts=baskets\n"
            "public.carts.id=id\n"
            "public.employees=staff\n"
            "public.employees.id=id\n"
            "public.shop_customers=buyers\n"
            "public.shop_customers.created_at=madeAt\n"
            "public.shop_customers.full_name=fullName\n");
}

}  // namespace
}  // namespace pgadvise::drizzle
