#include <algorithm>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/schema/by_schema.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::missing_foreign_key {
namespace {

constexpr Option declared_share{"declared_share", 0.5,
                                "share of declared keys among the likely and declared keys to a table below "
                                "which its likely keys count as left out by convention"};
constexpr Option convention_columns{
    "convention_columns", 8,
    "likely keys of a schema, left out by convention, below which there is one finding for each column"};
constexpr Option dropped_keys{
    "dropped_keys", 5,
    "foreign keys of a schema that migrations dropped for good, from which the schema is not reported"};

struct Candidate {
  const Table* table;
  const Column* column;
  const Table* parent;
  std::string key;
  std::string because;
};

using ByName =
    std::map<std::pair<std::string, std::string>, std::vector<const Table*>>;  // schema, name in the singular

// "customerId", "customer_id" -> "customer"; "" for others.
std::string target_of(const std::string& name) {
  auto words = words_of(name);
  if (words.size() < 2 || (words.back() != "id" && words.back() != "uuid")) return {};
  words.pop_back();
  static constexpr std::string_view foreign[] = {
      "stripe",  "external",   "ext",         "remote",  "client",   "github", "gitlab", "google",
      "slack",   "discord",    "provider",    "oauth",   "original", "old",    "legacy", "source",
      "trace",   "request",    "correlation", "message", "device",   "paypal", "apple",  "shopify",
      "hubspot", "salesforce", "idempotency", "vendor",  "upstream", "polar",  "temp"};
  return any_of(words, foreign) ? "" : singular_name(join(words, "_"));
}

// Whether the name is that of a reference to a row of the same table: "parent_id", "parent_comment_id" of
// comments, "manager_id" of employees.
bool named_for_own_table(const Table& table, const std::string& name) {
  static constexpr std::string_view replies[] = {"reply to", "in reply to", "replied to"};
  static constexpr std::string_view texts[] = {"comment", "message", "post", "reply", "note"};
  static constexpr std::string_view above[] = {"manager", "supervisor", "reports to"};
  static constexpr std::string_view people[] = {"employee", "person", "staff", "user", "worker"};
  auto words = words_of(name);
  if (words.size() < 2 || (words.back() != "id" && words.back() != "uuid")) return false;
  words.pop_back();
  const std::string stem = join(words, " ");
  const std::string own = singular_name(table.name.name);
  const std::string last = own.substr(own.rfind(' ') + 1);
  static constexpr std::string_view copies[] = {"version", "revision", "snapshot", "archive", "draft"};
  if (is_one_of(last, copies)) return false;  // the parent is a row of the table whose rows these are
  return stem == "parent" || stem == "parent " + own || stem == "parent " + last ||
         (is_one_of(stem, replies) && is_one_of(last, texts)) ||
         (is_one_of(stem, above) && is_one_of(last, people));
}

// Whether a column of this name in some table is declared as a reference to another table.
bool declared_to_another(const Context& context, const std::string& column) {
  return std::ranges::any_of(context.catalog().tables, [&](const auto& entry) {
    return std::ranges::any_of(foreign_keys(entry.second), [&](const Constraint& key) {
      return contains(key.columns, column) && key.referenced_table != entry.first;
    });
  });
}

bool in_primary_key(const Table& table, const std::string& column) {
  const Constraint* key = primary_key(table);
  return key && contains(key->columns, column);
}

// Whether another column names the table that this one references: "target_id" with "target_type".
bool polymorphic(const Table& table, const std::string& name) {
  auto words = words_of(name);
  words.pop_back();
  const std::string stem = join(words, " ");
  return std::ranges::any_of(table.columns, [&](const Column& other) {
    auto of_other = words_of(other.name);
    if (of_other.size() < 2) return false;
    const std::string last = of_other.back();
    of_other.pop_back();
    return (last == "type" || last == "kind" || last == "class") && join(of_other, " ") == stem;
  });
}

// A relation of relationMode = "prisma", which the schema declares to have no foreign key.
bool in_logical_key(const Table& table, const std::string& column) {
  return std::ranges::any_of(table.logical_keys,
                             [&](const Constraint& key) { return contains(key.columns, column); });
}

bool alone_in_primary_key(const Table& table, const std::string& column) {
  const Constraint* key = primary_key(table);
  return key && key->columns == std::vector<std::string>{column};
}

// A table in which a column of this name has a foreign key to `parent`, or nullptr.
const Table* declared_elsewhere(const Context& context, const Table& parent, const std::string& column) {
  for (const auto& reference : context.references_to(parent.name))
    if (reference.key->columns == std::vector<std::string>{column}) return reference.child;
  return nullptr;
}

bool refers_to_schema(const Context& context, const Table& table, const std::string& schema) {
  return std::ranges::any_of(context.catalog().tables, [&](const auto& entry) {
    return entry.first.schema == table.name.schema &&
           std::ranges::any_of(foreign_keys(entry.second),
                               [&](const Constraint& key) { return key.referenced_table.schema == schema; });
  });
}

// The table of that name in the same schema. Otherwise the only one in all schemas, if foreign keys between
// the two schemas are declared.
const Table* named(const Context& context, const ByName& tables, const Table& table,
                   const std::string& target) {
  if (const auto own = tables.find({table.name.schema, target}); own != tables.end())
    return own->second.size() == 1 ? own->second.front() : nullptr;
  const Table* found = nullptr;
  for (const auto& [name, list] : tables) {
    if (name.second != target) continue;
    if (found || list.size() != 1) return nullptr;
    found = list.front();
  }
  return found && refers_to_schema(context, table, found->name.schema) ? found : nullptr;
}

// Whether an SQL comment beside the column's definition says that the key is left out on purpose.
bool declined(const Column& column) {
  return contains_any(lower(column.source_comment), {"no foreign key", "no fk", "no references",
                                                     "no `references", "scalar fk", "not a foreign key"});
}

// Whether the column has values that stand for no row: a default such as 0 or -1, or a CHECK that compares
// the column with a constant, as in "user_id = -1 AND anonymous_id IS NOT NULL".
bool has_placeholder_values(const Table& table, const Column& column) {
  const auto constant = [](const std::string& token) {
    return token == "-" || token == "0" || token.starts_with("'");
  };
  const auto written = [](std::string expression) {
    for (const char* noise : {"(", ")", "\""}) expression = replace_all(std::move(expression), noise, " ");
    return tokens_of(expression);
  };
  if (column.default_expression) {
    const std::string value = literal_of(*column.default_expression).value_or(*column.default_expression);
    const auto digits = value.find_first_not_of("( ");
    if (digits != std::string::npos && (value[digits] == '0' || value[digits] == '-')) return true;
  }
  for (const auto& check : table.constraints) {
    if (check.kind != Constraint::Kind::check) continue;
    const auto tokens = written(check.expression);
    for (std::size_t i = 0; i + 2 < tokens.size(); ++i)
      if (tokens[i] == column.name && tokens[i + 1] == "=" && constant(tokens[i + 2])) return true;
  }
  return false;
}

// Whether the table keeps old versions of another table's rows, as Hibernate Envers creates it: "orders_aud"
// with `rev`, the number of a revision, and `revtype`. Its rows outlive the rows that they reference.
bool is_audit_table(const Table& table) {
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(table.columns,
                               [&](const Column& column) { return lower(column.name) == name; });
  };
  const auto words = words_of(table.name.name);
  return has("rev") && (has("revtype") || (words.size() > 1 && words.back() == "aud"));
}

bool is_plain(const std::string& type) { return type == "uuid" || type == "integer" || type == "bigint"; }

std::optional<Candidate> candidate(const Context& context, const ByName& tables, const Table& table,
                                   const Column& column) {
  const std::string target = target_of(column.name);
  if (target.empty() || column.generated_expression || in_foreign_key(table, column.name) ||
      in_logical_key(table, column.name) || alone_in_primary_key(table, column.name) ||
      contains(table.dropped_keys, column.name) || declined(column) || polymorphic(table, column.name) ||
      has_placeholder_values(table, column))
    return std::nullopt;
  const Table* parent = named(context, tables, table, target);
  const bool own = !parent && named_for_own_table(table, column.name) &&
                   !in_primary_key(table, column.name) && !declared_to_another(context, column.name);
  if (own) parent = &table;
  if (!parent) return std::nullopt;
  const Constraint* key = primary_key(*parent);
  const Column* to = key && key->columns.size() == 1 ? parent->column(key->columns[0]) : nullptr;
  if (!to || to->type != column.type || (parent == &table && !own) || at_most_one_row(*parent))
    return std::nullopt;
  const Table* elsewhere = declared_elsewhere(context, *parent, column.name);
  // A text column may hold ids of another system, so its name alone is no evidence.
  if (!elsewhere && !is_plain(column.type)) return std::nullopt;
  std::string because =
      "its name and type (" + column.type + ") match " + display(parent->name) + "." + to->name;
  if (elsewhere)
    because += "; " + display(elsewhere->name) + "." + column.name + " is declared as a foreign key to it";
  return Candidate{&table, &column, parent, to->name, because};
}

Fix fix_of(const Candidate& found) {
  const Table& table = *found.table;
  const Constraint key{
      .kind = Constraint::Kind::foreign_key,
      .name = cut_identifier(table.name.name + "_" + found.column->name, longest_identifier - 5) + "_fkey",
      .columns = {found.column->name},
      .referenced_table = found.parent->name,
      .referenced_columns = {found.key}};
  return {
      .title =
          "Add the foreign key NOT VALID, which avoids a long lock; validate it after removing orphaned rows",
      .sql = ddl::add_constraint(table.name, key) +
             (table.kind == Table::Kind::partitioned
                  ? ";"
                  : " NOT VALID;\n" + ddl::validate_constraint(table.name, key.name) + ";"),
      .down_sql = ddl::drop_constraint(table.name, key.name) + ";"};
}

void report(Reporter& reporter, const Candidate& found) {
  Finding& finding =
      reporter.add(column_subject(found.table->name, found.column->name), found.column->origin,
                   display(found.table->name) + "." + found.column->name + " looks like a reference to " +
                       display(found.parent->name) +
                       ", but there is no foreign key: rows may reference parents that do not exist.");
  finding.evidence.push_back(catalog_fact(found.because, found.parent->column(found.key)->origin));
  finding.fix = fix_of(found);
}

// The candidates whose parents have few declared keys: nobody declares keys to these tables.
std::vector<const Candidate*> left_out_by_convention(const Context& context,
                                                     const std::vector<Candidate>& found) {
  std::map<const Table*, double> likely;
  for (const Candidate& one : found) ++likely[one.parent];
  std::vector<const Candidate*> out;
  for (const Candidate& one : found) {
    const auto& references = context.references_to(one.parent->name);
    const double declared = static_cast<double>(std::ranges::count_if(
        references, [](const Context::Reference& reference) { return !reference.key->inherited; }));
    if (declared < (declared + likely[one.parent]) * context.option(declared_share)) out.push_back(&one);
  }
  return out;
}

void report_schema_of(Reporter& reporter, const std::string& schema,
                      const std::vector<const Candidate*>& found) {
  std::vector<SchemaMember> members;
  for (const Candidate* one : found)
    members.push_back({display(one->table->name) + "." + one->column->name,
                       "looks like a reference to " + display(one->parent->name) + ": " + one->because,
                       one->column->origin});
  report_schema(reporter, schema,
                std::to_string(found.size()) + " columns in schema " + schema +
                    " look like references to tables to which few or no foreign keys are declared: only the "
                    "application prevents references to parents that do not exist.",
                members);
}

void check(const Context& context, Reporter& reporter) {
  ByName tables;
  const auto tables_checked = checked_tables(context);
  for (const Table* table : tables_checked)
    tables[{table->name.schema, singular_name(table->name.name)}].push_back(table);
  std::map<std::string, std::vector<Candidate>> schemas;
  std::map<std::string, double> dropped;
  for (const Table* table : tables_checked) {
    for (const auto& column : table->dropped_keys)
      dropped[table->name.schema] += !in_foreign_key(*table, column);
    if (named_like_log(*table) || is_audit_table(*table)) continue;
    for (const auto& column : table->columns)
      if (auto found = candidate(context, tables, *table, column))
        schemas[table->name.schema].push_back(std::move(*found));
  }
  for (const auto& [schema, found] : schemas) {
    if (dropped[schema] >= context.option(dropped_keys)) continue;
    auto left_out = left_out_by_convention(context, found);
    if (left_out.size() < context.option(convention_columns)) left_out.clear();
    for (const Candidate& one : found)
      if (std::ranges::find(left_out, &one) == left_out.end()) report(reporter, one);
    if (!left_out.empty()) report_schema_of(reporter, schema, left_out);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "missing-foreign-key",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "a column that references a table without a foreign key",
    .why =
        "Without a foreign key, a row may reference a parent that does not exist, and a DELETE leaves child "
        "rows behind. The planner also knows less about the join.\n\n"
        "A column is reported if it is named after a table (`customer_id`, `customerId`), has exactly the "
        "type of that table's key, and belongs to no foreign key. The table must be in the same schema, or "
        "in a schema that this schema already references. Text ids are reported only if a column of the same "
        "name is declared as a foreign key elsewhere. So is a reference to the same table: `parent_id`, "
        "`parent_comment_id` in comments, `manager_id` in employees.\n\n"
        "Left out are names of ids of other systems (stripe, external …), `…_id` with `…_type`, and tables "
        "of logs, events and queues. So are audit tables of Hibernate Envers (`orders_aud` with `rev` and "
        "`revtype`). Columns beside whose definition an SQL comment says `no foreign key`, `no FK`, `no "
        "REFERENCES` or `scalar FK` are left out. Keys that a migration dropped are left out too, and so are "
        "schemas whose migrations dropped several keys, and relations of Prisma's `relationMode = "
        "\"prisma\"`. Many likely keys of a schema to tables to which fewer than half of the keys are "
        "declared are one finding.",
    .fix =
        "Add the foreign key NOT VALID, remove orphaned rows, validate the key, and make sure that an index "
        "serves it.",
    .when_to_ignore =
        "Rows must outlive the rows that they reference, the tables are in different databases in "
        "production, or the column is not a reference.",
    .options = {&declared_share, &convention_columns, &dropped_keys},
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::missing_foreign_key
