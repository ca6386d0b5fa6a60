#include "lint/queries/loop_in_code_fix.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "base/text/javascript.h"
#include "lint/queries/drizzle_code.h"
#include "lint/queries/loops.h"
#include "lint/schema/tables.h"

namespace pgadvise::lint {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c == '_' || c == '$' || std::isalnum(static_cast<unsigned char>(c));
  });
}

// "orders", "this.orders": a name, or a chain of members.
bool is_chain(std::string_view text) {
  for (auto dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
    if (!is_name(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_name(text);
}

// Whether code can name the database and the list of rows as the project's code does, and one statement for
// all rows does the same.
bool can_be_code(const QueryInLoop& found) {
  return !found.by_row && !found.collection && is_chain(found.database) && is_chain(found.rows);
}

// "orders.map((order) => order.id)": the keys of all rows; "…" for what is not a property of the loop's row.
std::string keys_of(const QueryInLoop& found) {
  const std::string head = found.element + ".";
  if (found.via.empty() && is_name(found.element) && found.value.starts_with(head) &&
      is_name(std::string_view(found.value).substr(head.size())))
    return found.rows + ".map((" + found.element + ") => " + found.value + ")";
  return found.rows + ".map((row) => …)";
}

// Identifiers of the query's only table and of the key; empty ones are not known.
struct Identifiers {
  std::string table;
  std::string property;  // of the key
  std::string key;       // "orders.customerId"
};

Identifiers identifiers_of(const Context& context, const QueryInLoop& found) {
  Identifiers out;
  if (found.query.tables.size() != 1) return out;
  const QualifiedName& table = found.query.tables.front();
  out.table = drizzle_name(context, table);
  if (out.table.empty() || found.key.empty()) return out;
  out.property = drizzle_name(context, table, found.key);
  if (!out.property.empty()) out.key = js_member(out.table, out.property);
  return out;
}

// ".where(inArray(orders.customerId, …))", with "…" for conditions on other columns.
std::string where_of(const QueryInLoop& found, const Identifiers& names) {
  const auto& equal = found.query.equal_columns;
  const bool others = !found.query.other_columns.empty() || equal.size() > 1;
  const std::string by_key = "inArray(" + names.key + ", " + keys_of(found) + ")";
  return ".where(" + (others ? "and(" + by_key + ", …)" : by_key) + ")";
}

// Whether the schema is known, and lets several rows have the values that the query compares with.
bool several_rows_match(const Context& context, const QueryInLoop& found) {
  const Table* table = context.table(found.query.tables.front());
  return table && !unique_among(*table, found.query.equal_columns);
}

Fix fix_of_aggregate(const QueryInLoop& found, const Identifiers& names) {
  Fix fix{.title =
              "Compute the values of all keys with one query that groups by the key, and put them into a "
              "Map: a key without rows has no group, and so no value"};
  if (!names.key.empty())
    fix.drizzle = "const values = await " + found.database + ".select({ " + js_key(names.property) + ": " +
                  names.key + ", value: … }).from(" + names.table + ")" + where_of(found, names) +
                  ".groupBy(" + names.key + ")";
  return fix;
}

// The first row of each key, in an order.
Fix fix_of_first_rows(const QueryInLoop& found, const Identifiers& names) {
  Fix fix{.title =
              "Fetch the first row of each key with one query: DISTINCT ON the key, sorted by the key and "
              "then as now"};
  if (!names.key.empty())
    fix.drizzle = "const firsts = await " + found.database + ".selectDistinctOn([" + names.key + "]).from(" +
                  names.table + ")" + where_of(found, names) + ".orderBy(" + names.key +
                  (found.query.ordered ? ", …" : "") + ")";
  return fix;
}

Fix fix_of_select(const Context& context, const QueryInLoop& found) {
  const CodeQuery& query = found.query;
  const Identifiers names = identifiers_of(context, found);
  if (query.aggregate) return fix_of_aggregate(found, names);
  if ((query.limited && !query.first) || query.has_offset)
    return {.title =
                "Fetch the rows of all keys with one query that applies the limit to each key: a lateral "
                "join to the query that returns the keys, or a subquery with row_number() OVER (PARTITION BY "
                "the key ORDER BY …)"};
  if (query.grouped || query.distinct)
    return {.title =
                std::string("Fetch all rows with one query before the loop, with the key among its outputs") +
                (query.grouped ? " and in groupBy()" : "") + ", and put them into a Map by their key"};
  if (query.first && (query.ordered || (!query.tables.empty() && several_rows_match(context, found))))
    return fix_of_first_rows(found, names);
  Fix fix{.title =
              "Fetch all rows with one query before the loop, and put them into a Map by their key; or join "
              "the table in the query that returns the keys"};
  if (!names.key.empty() && !query.locks)
    fix.drizzle = "const matches = await " + found.database + ".select().from(" + names.table + ")" +
                  where_of(found, names);
  return fix;
}

}  // namespace

Fix fix_of_loop(const Context& context, const QueryInLoop& found) {
  using Kind = CodeQuery::Kind;
  const Identifiers names = identifiers_of(context, found);
  Fix fix;
  switch (found.query.kind) {
    case Kind::insert:
      fix.title = "Insert all rows with one statement: collect them, and give the list to values()";
      if (!names.table.empty())
        fix.drizzle = "await " + found.database + ".insert(" + names.table + ").values(" + found.rows +
                      ".map((row) => …))";
      break;
    case Kind::update:
      fix.title =
          "Update all rows with one statement: with inArray() where all get the same values, else with a "
          "join to a list of values";
      if (!names.key.empty())
        fix.drizzle =
            "await " + found.database + ".update(" + names.table + ").set({ … })" + where_of(found, names);
      break;
    case Kind::delete_:
      fix.title = "Delete all rows with one statement for all keys";
      if (!names.key.empty())
        fix.drizzle = "await " + found.database + ".delete(" + names.table + ")" + where_of(found, names);
      break;
    default: fix = fix_of_select(context, found);
  }
  if (!can_be_code(found)) fix.drizzle.clear();
  fix.safety = Fix::Safety::manual;
  return fix;
}

}  // namespace pgadvise::lint
