// Drizzle code that does what a logged statement does, for fixes. Each function returns "" if the statement
// is of another form than these, or if schema.ts lacks a name: code that drops a condition is never written.
// Besides names of schema.ts and drizzle-orm the code contains db or tx, `keys` (an array), `rows` (an array
// of objects with the table's properties), and values under the names of the properties that they are
// compared with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lint/run/context.h"
#include "model/queries/workload.h"

namespace pgadvise::lint {

// A property's name in an object: "total", "'sub total'".
std::string js_key(const std::string& property);

// A SELECT of one table's columns, with conditions joined by AND: "db.select({ … }).from(t).where(…)".
// `client`: db or tx.
std::string drizzle_select(const Context& context, const Query& query, std::string_view client);

// The same for all keys: inArray(t.key, keys), with the key among the outputs, and without LIMIT. A count
// becomes one count for each key. Only for what ask_for_all() rewrites.
std::string drizzle_select_all(const Context& context, const Query& query, const Predicate& key);

// One statement for all rows of a loop of INSERT, UPDATE or DELETE; for UPDATE and DELETE by `key`, only for
// what update_all() and delete_all() rewrite.
std::string drizzle_insert_all(const Context& context, const Query& query);
std::string drizzle_update_all(const Context& context, const Query& query, const Predicate& key);
std::string drizzle_delete_all(const Context& context, const Query& query, const Predicate& key);

// The write itself: "tx.insert(orders).values(ordersRow)".
std::string drizzle_write(const Context& context, const Query& query, std::string_view client);

// An INSERT that skips rows whose unique key exists.
std::string drizzle_insert_missing(const Context& context, const QualifiedName& table,
                                   const std::vector<std::string>& key);

}  // namespace pgadvise::lint
