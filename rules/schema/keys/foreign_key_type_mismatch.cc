#include <algorithm>
#include <cstdlib>

#include "lint/schema/tables.h"
#include "lint/schema/type_fix.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::foreign_key_type_mismatch {
namespace {

enum class Category { integer, exact, approximate, text, other };

struct Type {
  Category category = Category::other;
  long width = 0;  // bytes of an integer; longest text, 0: unlimited
  std::string base;
};

// Reads the built-in types that keys commonly use. Returns nullopt for domains, types of extensions and the
// rest, which are not checked.
std::optional<Type> read(const std::string& type) {
  const auto open = type.find('(');
  std::string base = type.substr(0, open);
  const long length = open == std::string::npos ? 0 : std::strtol(type.c_str() + open + 1, nullptr, 10);
  if (base == "smallint") return Type{Category::integer, 2, base};
  if (base == "integer") return Type{Category::integer, 4, base};
  if (base == "bigint") return Type{Category::integer, 8, base};
  if (base == "numeric") return Type{Category::exact, 0, base};
  if (base == "real" || base == "double precision") return Type{Category::approximate, 0, base};
  if (base == "text" || base == "character varying" || base == "character")
    return Type{Category::text, length, base};
  return std::nullopt;
}

struct Mismatch {
  std::string problem;  // "" when there is none
  Severity severity = Severity::note;
};

Mismatch compare_types(const Type& child, const Type& parent) {
  if (child.category == Category::integer && parent.category == Category::integer) {
    // A wider child does no harm: PostgreSQL compares integers of different widths without a cast, and their
    // indexes serve each other.
    return child.width < parent.width ? Mismatch{"cannot hold every value of the key", Severity::warning}
                                      : Mismatch{};
  }
  if (child.category == Category::text && parent.category == Category::text) {
    if ((child.base == "character") != (parent.base == "character"))
      return {"differs from the key, because only one of the types pads values with spaces",
              Severity::warning};
    const bool shorter = child.width && (!parent.width || child.width < parent.width);
    return shorter && child.width > 1 ? Mismatch{"cannot hold the longest values of the key", Severity::note}
                                      : Mismatch{};
  }
  if (child.category == parent.category) return {};
  return {
      "has a different kind of type than the key: comparisons need a conversion and may not use the index",
      Severity::warning};
}

Fix fix_of(const Table& table, const Column& column, const std::string& type, bool narrower) {
  const std::string begin = ddl::alter_column(table.name, column.name) + " TYPE ";
  return {
      .title =
          "Change the column to the type of the key: this rewrites the table under an ACCESS EXCLUSIVE lock",
      .sql = begin + type + ";",
      .down_sql = begin + column.type + ";",
      .safety = narrower ? Fix::Safety::review : Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables_and_partitions(context)) {
    for (const Constraint& key : own_foreign_keys(*table)) {
      const Table* parent = context.table(key.referenced_table);
      if (!parent) continue;
      for (std::size_t at = 0; at < std::min(key.columns.size(), key.referenced_columns.size()); ++at) {
        const Column* from = table->column(key.columns[at]);
        const Column* to = parent->column(key.referenced_columns[at]);
        const auto child = from ? read(from->type) : std::nullopt;
        const auto above = to ? read(to->type) : std::nullopt;
        if (!child || !above) continue;
        const Mismatch mismatch = compare_types(*child, *above);
        if (mismatch.problem.empty()) continue;
        Finding& finding =
            reporter.add(subject_in(table->name, "foreign-key", {from->name}, key.name), from->origin,
                         display(table->name) + "." + from->name + " is " + from->type + ", but " +
                             display(parent->name) + "." + to->name + ", which it references, is " +
                             to->type + ": " + from->name + " " + mismatch.problem + ".",
                         mismatch.severity);
        finding.evidence.push_back(catalog_fact("the referenced column is declared here", to->origin));
        finding.fix = fix_of(*table, *from, to->type,
                             mismatch.severity == Severity::warning && child->category == above->category);
        restrict_type_fix(context, *table, *from, *finding.fix);
      }
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "foreign-key-type-mismatch",
    .severity = Severity::warning,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a foreign key whose columns have different types on the two sides",
    .why =
        "An integer column that references a bigint rejects new rows once the parent passes 2,147,483,647. "
        "With types of different kinds (integer and numeric, char and text), every check needs a conversion, "
        "and an index on one side may not serve a join from the other.\n\n"
        "Harmless differences (varchar and text, a bigint that references an integer) are not reported. A "
        "shorter varchar is a note.",
    .fix = "Use the wider type on both sides.",
    .when_to_ignore = "The parent stays small.",
    .check = check};

}  // namespace pgadvise::rules::foreign_key_type_mismatch
