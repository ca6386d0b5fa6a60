#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/identifier.h"
#include "lint/tables.h"
#include "lint/words.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

enum class Family { whole, exact, approximate, text, other };

struct Type {
  Family family = Family::other;
  long width = 0;  // bytes of a whole number; the longest text, 0: any
  std::string base;
};

// Types that PostgreSQL has by itself and that keys are made of; a domain or an extension's type is not
// judged.
std::optional<Type> read(const std::string& type) {
  const auto open = type.find('(');
  std::string base = type.substr(0, open);
  const long length = open == std::string::npos ? 0 : std::strtol(type.c_str() + open + 1, nullptr, 10);
  if (base == "smallint") return Type{Family::whole, 2, base};
  if (base == "integer") return Type{Family::whole, 4, base};
  if (base == "bigint") return Type{Family::whole, 8, base};
  if (base == "numeric") return Type{Family::exact, 0, base};
  if (base == "real" || base == "double precision") return Type{Family::approximate, 0, base};
  if (base == "text" || base == "character varying" || base == "character")
    return Type{Family::text, length, base};
  return std::nullopt;
}

struct Judgement {
  std::string harm;  // "" when there is none
  Severity severity = Severity::note;
};

Judgement judge(const Type& child, const Type& parent) {
  if (child.family == Family::whole && parent.family == Family::whole) {
    // A wider one does no harm: integers of all widths are compared as they are, and by one another's
    // indexes.
    return child.width < parent.width ? Judgement{"can't hold every value of the key", Severity::warning}
                                      : Judgement{};
  }
  if (child.family == Family::text && parent.family == Family::text) {
    if ((child.base == "character") != (parent.base == "character"))
      return {"is padded with spaces, where the other is not", Severity::warning};
    const bool shorter = child.width && (!parent.width || child.width < parent.width);
    return shorter && child.width > 1 ? Judgement{"can't hold the key's longest values", Severity::note}
                                      : Judgement{};
  }
  if (child.family == parent.family) return {};
  return {"is of another kind than the key: comparisons convert, and may miss the index", Severity::warning};
}

Fix fix_of(const Table& table, const Column& column, const std::string& type, bool narrower) {
  const std::string begin = ddl::alter_column(table.name, column.name) + " TYPE ";
  Fix fix;
  fix.title = "Give the column the type of the key: this rewrites the table under an exclusive lock";
  fix.sql = begin + type + ";";
  fix.down_sql = begin + column.type + ";";
  fix.safety = narrower ? Fix::Safety::review : Fix::Safety::manual;
  return fix;
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    for (const auto& key : table->constraints) {
      const Table* parent = context.catalog().table(key.referenced_table);
      if (key.kind != Constraint::Kind::foreign_key || key.inherited || !parent) continue;
      for (std::size_t at = 0; at < std::min(key.columns.size(), key.referenced_columns.size()); ++at) {
        const Column* from = table->column(key.columns[at]);
        const Column* to = parent->column(key.referenced_columns[at]);
        const auto child = from ? read(from->type) : std::nullopt;
        const auto above = to ? read(to->type) : std::nullopt;
        if (!child || !above) continue;
        const Judgement judgement = judge(*child, *above);
        if (judgement.harm.empty()) continue;
        Finding& finding = reporter.add(
            {.kind = "foreign-key",
             .schema = table->name.schema,
             .table = table->name.name,
             .columns = {from->name},
             .constraint = key.name},
            display(table->name) + "." + from->name + " is " + from->type + ", but " + display(parent->name) +
                "." + to->name + ", which it references, is " + to->type + ": it " + judgement.harm + ".",
            judgement.severity);
        finding.location = from->origin;
        finding.evidence.push_back(catalog_fact("the key's column is declared here", to->origin));
        finding.fix = fix_of(*table, *from, to->type,
                             judgement.severity == Severity::warning && child->family == above->family);
      }
    }
  }
}

}  // namespace

constinit const Rule foreign_key_type_mismatch{
    .id = "foreign-key-type-mismatch",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "a foreign key whose types differ on its two sides",
    .why =
        "An integer that references a bigint stops taking new rows once the parent passes 2,147,483,647. "
        "Across kinds (integer and numeric, "
        "char and text) every check converts, and an index on one side may not serve a join from the other. "
        "Differences that do no harm "
        "(varchar against text, a bigint that references an integer) are not reported; a shorter varchar is "
        "a note.",
    .fix = "Give both sides one type, the wider.",
    .when_to_ignore = "The parent stays small.",
    .check = check};

}  // namespace pgadvise::rules
