// The names of tables and columns in a Drizzle project's schema files.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drizzle/kit/config.h"
#include "typescript/program.h"

namespace pgadvise::drizzle {

using Names = std::vector<std::pair<std::string, std::string>>;

// `export const orders = pgTable('orders', { customerId: integer('customer_id') })` -> ("public.orders",
// "orders") and ("public.orders.customer_id", "customerId"). A column without a name of its own has its
// property's. Found by a simple scan: spread, computed or generated columns are missing.
Names names_in(std::string_view text);

// The same of the tables that the schema files of all databases export (source_config.h), from their values:
// also of pgTableCreator(), pgSchema(), namespace imports and columns in helpers. Sorted; the first of equal
// keys is kept. Tables and columns whose name in SQL is not known are missing. REQUIRES a build that reads
// source, and provide_packages().
Names names_in_source(typescript::Program& program);

// names_in() of all schema files of the PostgreSQL configs, sorted; the first of equal keys is kept.
Names drizzle_names(files::Tree& tree, const std::vector<DrizzleConfig>& configs);

}  // namespace pgadvise::drizzle
