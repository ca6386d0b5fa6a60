// The names that a Drizzle project's schema files give to tables and columns.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drizzle/config.h"

namespace pgadvise::drizzle {

using Names = std::vector<std::pair<std::string, std::string>>;

// `export const orders = pgTable('orders', { customerId: integer('customer_id') })` -> ("public.orders",
// "orders") and
// ("public.orders.customer_id", "customerId"). A column without a name of its own has its property's. Names
// by a plain reading: what is spread, computed or made by a helper is absent.
Names names_in(std::string_view text);

// Of all schema files of the PostgreSQL configs; sorted, the first of equal keys kept.
Names drizzle_names(files::Tree& tree, const std::vector<DrizzleConfig>& configs);

}  // namespace pgadvise::drizzle
