#include <algorithm>
#include <optional>
#include <utility>

#include "lint/migrations/migration_folders.h"
#include "lint/queries/code.h"
#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::one_to_one_without_unique {
namespace {

constexpr Option least_rows{"least_rows", 1000,
                            "rows of the table below which distinct values are no evidence"};
constexpr Option most_rows{
    "most_rows", 30'000,
    "rows of the table above which ANALYZE reads only some, so that distinct values are no evidence"};

// A plain index on exactly the column, which a unique one replaces; nullptr: there is none.
const Index* plain_index(const Table& table, const std::string& column) {
  for (const auto& index : table.indexes)
    if (index.method == "btree" && !index.predicate && !index.unique && index.include.empty() &&
        index.keys.size() == 1 && index.keys[0].column == column)
      return &index;
  return nullptr;
}

// "user_profiles" of users: one row for each row of the other table.
bool named_one_to_one(const Table& child, const Table& parent) {
  static constexpr std::string_view parts[] = {"profile", "settings", "setting", "preference", "preferences"};
  const std::string name = singular_name(child.name.name);
  const std::string stem = singular_name(parent.name.name) + " ";
  return name.starts_with(stem) && is_one_of(std::string_view(name).substr(stem.size()), parts);
}

// Several rows for each row of the other table: settings by key, profiles by language, a link to a third
// table.
bool has_second_part(const Context& context, const Table& child, const Constraint& key) {
  static constexpr std::string_view parts[] = {
      "key",      "name",    "setting", "type",    "kind",     "category", "locale",
      "language", "scope",   "device",  "role",    "value",    "version",  "channel",
      "event",    "active",  "current", "default", "primary",  "provider", "slug",
      "option",   "section", "context", "product", "platform", "label",    "valid"};
  for (const auto& column : child.columns) {
    const auto words = words_of(column.name);
    if (column.name != key.columns[0] && (words.size() <= 2 && any_of(words, parts))) return true;
  }
  return std::ranges::any_of(foreign_keys(child), [&](const Constraint& other) {
    const bool known = other.columns.size() == 1 && context.table(other.referenced_table);
    const Column* from = known ? child.column(other.columns[0]) : nullptr;
    return from && from->not_null && other.columns != key.columns &&
           other.referenced_table != key.referenced_table;
  });
}

double rows_with_value(const Table& table, const Column& column) {
  if (!table.statistics || !column.statistics) return 0;
  return table.statistics->rows * (1 - column.statistics->null_fraction);
}

// Whether the relation, from the key's referenced table back to its own, is by the key's columns.
bool goes_back_by(const CodeRelation& relation, const CodeFacts& code, const Table& child,
                  const Constraint& key) {
  if (relation.table != key.referenced_table || relation.target != child.name) return false;
  if (!relation.columns.empty()) return relation.target_columns == key.columns;
  return std::ranges::any_of(code.relations, [&](const CodeRelation& own) {
    return own.table == child.name && own.target == key.referenced_table && own.columns == key.columns &&
           own.name == relation.name;
  });
}

// The relation of Drizzle that states the key to be one to one: one() on both sides, and many() on none.
// nullptr: there is none.
const CodeRelation* stated_one_to_one(const Context& context, const Table& child, const Constraint& key) {
  const CodeFacts* code = context.has_project() ? code_facts(context) : nullptr;
  if (!code) return nullptr;
  const CodeRelation* back = nullptr;
  bool own = false;
  for (const auto& relation : code->relations) {
    own = own || (relation.table == child.name && relation.target == key.referenced_table && !relation.many &&
                  relation.columns == key.columns);
    if (!goes_back_by(relation, *code, child, key)) continue;
    if (relation.many) return nullptr;
    back = &relation;
  }
  return own ? back : nullptr;
}

// The evidence that each row of the other table has one row at most; "" if there is none.
std::optional<Evidence> reason(const Context& context, const Table& child, const Constraint& key,
                               const Column& column) {
  const double rows = rows_with_value(child, column);
  const bool known = column.statistics && rows > 0;
  const double distinct = known ? distinct_values(child, column) : 0;
  if (known && distinct < rows * 0.999) return std::nullopt;
  if (const CodeRelation* back = stated_one_to_one(context, child, key))
    return project_fact("Drizzle's relations have one() on both sides",
                        located(context.project(), back->place));
  if (rows >= context.option(least_rows) && rows <= context.option(most_rows))
    return catalog_fact("ANALYZE found as many values as rows: " + grouped(rows), child.origin);
  const Table* parent = context.table(key.referenced_table);
  if (!parent || !column.not_null || !named_one_to_one(child, *parent) ||
      has_second_part(context, child, key))
    return std::nullopt;
  return catalog_fact("its name says that it has one row for each row of " + display(parent->name),
                      child.origin);
}

Fix fix_of(const Context& context, const Table& table, const Column& column) {
  const std::string title = "Make the column unique; this fails while two rows have the same value";
  const Index* plain = plain_index(table, column.name);
  if (table.kind != Table::Kind::partitioned && plain)
    return replace_index(table, *plain, new_unique_index(context.catalog(), table, {column.name}),
                         title + ". The plain index on it is then not needed");
  return manual_fix(title +
                    (primary_key(table) && table.kind != Table::Kind::partitioned
                         ? ". The unique index also serves the foreign key, so no other index on it is needed"
                         : "; a unique index on a partitioned table must include the partition key"));
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    if (named_like_log(*table)) continue;
    for (const Constraint& key : own_foreign_keys(*table)) {
      if (key.columns.size() != 1 || key.referenced_table == table->name) continue;
      const Column* column = table->column(key.columns[0]);
      if (!column || in_unique_index(*table, column->name)) continue;
      auto why = reason(context, *table, key, *column);
      if (!why) continue;
      Finding& finding = reporter.add(
          column_subject(table->name, column->name), key.origin,
          display(table->name) + "." + column->name + " references " + display(key.referenced_table) +
              " one to one, but no unique index prevents a second row for the same " +
              singular_name(key.referenced_table.name) + ".");
      finding.evidence.push_back(std::move(*why));
      finding.fix = fix_of(context, *table, *column);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "one-to-one-without-unique",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "a one-to-one foreign key without a unique index",
    .why =
        "The application expects one profile for each user, and the schema admits several: two concurrent "
        "requests both find none and both insert one. Joins then return rows twice, and which of the two is "
        "read or changed is left to chance. A unique index prevents the second row, and serves the foreign "
        "key, too.\n\n"
        "The rule reports a foreign key of one column that no unique index includes, if the statistics of a "
        "server show as many values as rows, in a table that ANALYZE reads as a whole. Without such "
        "statistics, it reports keys for which Drizzle's `relations()` or `defineRelations()` have `one()` "
        "on both sides, and tables that are named after the other table (`user_profiles`, `user_settings`, "
        "`user_preferences`) and have neither a second key column (`name`, `type`, `locale` …) nor a "
        "required reference to a third table.",
    .fix =
        "`CREATE UNIQUE INDEX CONCURRENTLY`, after removing second rows, and drop the plain index on the "
        "column. In Drizzle, add `.unique()`.",
    .when_to_ignore = "Several rows are allowed, and the data has none yet.",
    .options = {&least_rows, &most_rows},
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::one_to_one_without_unique
