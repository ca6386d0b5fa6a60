#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "base/identifier.h"
#include "base/text.h"
#include "lint/by_schema.h"
#include "lint/tables.h"
#include "lint/type_fix.h"
#include "lint/words.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option convention_columns{
    .name = "convention_columns",
    .fallback = 8,
    .meaning = "text columns with UUIDs in a schema below which there is one finding for each column"};
constexpr const Option* options[] = {&convention_columns};

bool is_text(const std::string& type) {
  return type == "text" || type.compare(0, 17, "character varying") == 0 ||
         type.compare(0, 9, "character") == 0;
}

// The evidence that the column holds UUIDs; "" if there is none.
std::string reason(const Column& column) {
  if (column.statistics && column.statistics->holds_uuids) return "the values that ANALYZE sampled are UUIDs";
  const std::string text = lower(column.default_expression.value_or(""));
  for (const auto* call : {"gen_random_uuid(", "uuid_generate_v", "uuidv4(", "uuidv7("})
    if (text.find(call) != std::string::npos) {
      // replace(gen_random_uuid()::text, '-', ''), 'pre_' || …, left(…): derived from a UUID, but not a UUID.
      const auto tokens = tokens_of(text);
      const bool changed =
          text.find("||") != std::string::npos ||
          std::any_of(tokens.begin(), tokens.end(), [](const std::string& token) {
            static constexpr std::string_view calls[] = {
                "replace", "substr", "substring", "left", "right", "encode", "concat", "md5", "translate"};
            return one_of(token, calls);
          });
      // A name or a secret may have a UUID as its default and other values later.
      static constexpr std::string_view other[] = {"name",  "secret", "password", "slug", "title",
                                                   "label", "code",   "nonce",    "salt"};
      return changed || any_of(words_of(column.name), other) ? ""
                                                             : "its default is " + *column.default_expression;
    }
  static constexpr std::string_view uuid[] = {"uuid", "guid"};
  const bool other_default = column.default_expression && lower(*column.default_expression) != "null";
  if ((column.type == "character varying(36)" || column.type == "character(36)") && !other_default &&
      any_of(words_of(column.name), uuid))
    return "the column is 36 characters long, and its name says UUID";
  return {};
}

// Schemas whose tables have the type uuid: there, text with a UUID as its default is a choice, because the
// column also holds other ids.
bool generates_uuids(const Column& column) {
  return column.type == "uuid" && contains(lower(column.default_expression.value_or("")), "uuid");
}

bool references(const Table& table, const std::string& column) {
  return std::any_of(table.constraints.begin(), table.constraints.end(), [&](const Constraint& constraint) {
    return constraint.kind == Constraint::Kind::foreign_key && contains(constraint.columns, column);
  });
}

void report_column(const Context& context, Reporter& reporter, const Table& table, const Column& column) {
  Finding& finding = reporter.add(
      {.kind = "column", .schema = table.name.schema, .table = table.name.name, .columns = {column.name}},
      display(table.name) + "." + column.name + " holds UUIDs as " + column.type +
          ": each value takes 37 bytes instead of 16, also in every index, and the server "
          "accepts values that are not UUIDs.");
  finding.location = column.type_origin();
  finding.evidence.push_back(catalog_fact(reason(column), column.origin));
  for (const auto& reference : context.references_to(table.name))
    if (!reference.key->inherited && contains(reference.key->referenced_columns, column.name))
      finding.evidence.push_back(catalog_fact("referenced by " + display(reference.child->name) + " (" +
                                                  reference.key->name + "), which must change too",
                                              reference.key->origin));
  const bool alone = finding.evidence.size() == 1 &&
                     (!column.default_expression ||
                      lower(*column.default_expression).find("gen_random_uuid(") != std::string::npos);
  const std::string begin = ddl::alter_column(table.name, column.name);
  Fix fix;
  fix.title =
      "Change the type to uuid: this rewrites the table under an ACCESS EXCLUSIVE lock, and fails on a "
      "value that is not a UUID";
  fix.safety = alone ? Fix::Safety::review : Fix::Safety::manual;
  if (alone) {
    const std::string drop = column.default_expression ? begin + " DROP DEFAULT;\n" : "";
    fix.sql = drop + begin + " TYPE uuid USING " + quote_identifier(column.name) + "::uuid;";
    if (column.default_expression) fix.sql += "\n" + begin + " SET DEFAULT gen_random_uuid();";
    fix.down_sql =
        drop + begin + " TYPE " + column.type + " USING " + quote_identifier(column.name) + "::text;";
    if (column.default_expression)
      fix.down_sql += "\n" + begin + " SET DEFAULT " + *column.default_expression + ";";
  }
  restrict_type_fix(context, table, column, fix);
  finding.fix = std::move(fix);
}

void check(const Context& context, Reporter& reporter) {
  constexpr std::ptrdiff_t convention = 5;
  ColumnsBySchema schemas;
  std::map<std::string, std::ptrdiff_t> of_type;
  for (const Table* table : checked_tables(context))
    of_type[table->name.schema] +=
        std::count_if(table->columns.begin(), table->columns.end(), generates_uuids);
  for (const Table* table : checked_tables(context)) {
    for (const auto& column : table->columns) {
      const bool chosen = column.default_expression && of_type[table->name.schema] >= convention &&
                          !(column.statistics && column.statistics->holds_uuids);
      if (chosen || !is_text(column.type) || references(*table, column.name) ||
          inherited_from(context, *table, column.name))
        continue;  // reported for the referenced column
      if (const std::string why = reason(column); !why.empty())
        schemas[table->name.schema].push_back({table, &column, "is " + column.type + ": " + why});
    }
  }
  report_by_schema(
      reporter, schemas, context.option(convention_columns),
      [&](const SchemaColumn& one) { report_column(context, reporter, *one.table, *one.column); },
      [&](const std::string& schema) {
        return std::to_string(schemas.at(schema).size()) + " columns in schema " + schema +
               " hold UUIDs as text: each value takes 37 bytes instead of 16, also in every index and in the "
               "columns that reference it, and the server accepts values that are not UUIDs.";
      });
}

}  // namespace

constinit const Rule uuid_stored_as_text{
    .id = "uuid-stored-as-text",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "UUIDs in a text column",
    .why =
        "As text, a UUID takes 37 bytes instead of 16, in the table, in each index and in every column that "
        "references it. Comparisons use the collation, and the same UUID in upper and lower case counts as "
        "two values. The type uuid rejects invalid values.\n\n"
        "The rule finds a column by a default that generates a UUID, by its length of 36 characters and "
        "its name, or, with a server's statistics, by values that are all UUIDs. A column that references "
        "another one is not reported, because it must have the same type. If a schema has many such columns, "
        "there is one finding for the schema. If five columns or more of the schema are of the type uuid and "
        "generate their values, text columns with such a default are left out unless their values are known.",
    .fix = "Use `ALTER COLUMN … TYPE uuid USING …::uuid`, together with the columns that reference it.",
    .when_to_ignore = "The column also holds other ids, or a library requires text.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
