#include "lint/schema/stored_as_text.h"

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/schema/by_schema.h"
#include "lint/schema/tables.h"
#include "lint/schema/type_fix.h"
#include "model/schema/ddl.h"

namespace pgadvise::lint {
namespace {

constexpr std::string_view sampled_values =
    "SELECT pg_catalog.substr(x.{column}::pg_catalog.text, 1, 100) FROM {table} x{sample} WHERE x.{column} "
    "IS NOT NULL LIMIT 200";

bool is_text_type(const std::string& type) {
  const bool text = type == "text" || type.starts_with("character varying") || type.starts_with("character");
  return text && !type.ends_with("]");
}

// `alone`: nothing else has to change with the column.
Fix fix_of(const Context& context, const Table& table, const Column& column, const StoredAsText& what,
           bool alone) {
  const std::string type = what.type(column);
  const std::string value = column.default_expression ? what.new_default(column) : "";
  const std::string begin = ddl::alter_column(table.name, column.name);
  Fix fix;
  fix.title = "Change the type to " + type +
              ": this rewrites the table under an ACCESS EXCLUSIVE lock, and fails on a value that is not of "
              "this type";
  const bool sql = alone && (!column.default_expression || !value.empty());
  fix.safety = sql ? Fix::Safety::review : Fix::Safety::manual;
  if (sql) {
    const std::string drop = column.default_expression ? begin + " DROP DEFAULT;\n" : "";
    fix.sql = drop + begin + " TYPE " + type + " USING " + quote_identifier(column.name) + "::" + type + ";";
    if (column.default_expression) fix.sql += "\n" + begin + " SET DEFAULT " + value + ";";
    fix.down_sql =
        drop + begin + " TYPE " + column.type + " USING " + quote_identifier(column.name) + "::text;";
    if (column.default_expression)
      fix.down_sql += "\n" + begin + " SET DEFAULT " + *column.default_expression + ";";
  }
  restrict_type_fix(context, table, column, fix);
  return fix;
}

void report_column(const Context& context, Reporter& reporter, const SchemaColumn& found,
                   const StoredAsText& what) {
  const auto& [table, column, fact] = found;
  Finding& finding = reporter.add(column_subject(table->name, column->name), column->type_origin(),
                                  display(table->name) + "." + column->name + " holds " + what.holds +
                                      " as " + column->type + ": " + what.disadvantage + ".");
  finding.evidence.push_back(catalog_fact(what.reason(*table, *column), column->origin));
  for (const auto& reference : context.references_to(table->name))
    if (!reference.key->inherited && contains(reference.key->referenced_columns, column->name))
      finding.evidence.push_back(catalog_fact("referenced by " + display(reference.child->name) + " (" +
                                                  reference.key->name + "), which must change too",
                                              reference.key->origin));
  finding.fix = fix_of(context, *table, *column, what, finding.evidence.size() == 1);
  if (what.from_values)
    finding.probe = Probe{.kind = Probe::Kind::values,
                          .table = table->name,
                          .columns = {column->name},
                          .confirmed_severity = context.rule().severity,
                          .sql = sampled_values,
                          .from_values = what.from_values};
}

}  // namespace

Conclusion conclude_by_share(const std::vector<std::string>& values, bool (*is)(std::string_view),
                             double least_percent, const std::string& what) {
  double whole = 0;
  double matching = 0;
  for (const auto& value : values) {
    if (trim(value).empty()) continue;
    ++whole;
    matching += is(value);
  }
  if (whole == 0) return {.reason = "the column has no values in this database"};
  const std::string fact = grouped(matching) + " of " + grouped(whole) + " sampled values are " + what;
  if (matching * 100 < whole * least_percent) return {.verdict = Verdict::refuted, .reason = fact};
  return {.verdict = Verdict::confirmed, .fact = fact};
}

void report_stored_as_text(const Context& context, Reporter& reporter, const StoredAsText& what) {
  ColumnsBySchema schemas;
  for (const Table* table : checked_tables(context))
    for (const auto& column : table->columns) {
      if (!is_text_type(column.type) || in_foreign_key(*table, column.name) ||
          inherited_from(context, *table, column.name))
        continue;  // reported for the referenced column
      if (const std::string why = what.reason(*table, column); !why.empty())
        schemas[table->name.schema].push_back({table, &column, "is " + column.type + ": " + why});
    }
  report_by_schema(
      reporter, schemas, context.option(*what.convention_columns),
      [&](const SchemaColumn& one) { report_column(context, reporter, one, what); },
      [&](const std::string& schema) {
        return std::to_string(schemas.at(schema).size()) + " columns in schema " + schema + " hold " +
               what.holds + " as text: " + what.disadvantage + ".";
      });
}

}  // namespace pgadvise::lint
