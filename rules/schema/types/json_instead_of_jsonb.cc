#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/queries/queries.h"
#include "lint/schema/by_schema.h"
#include "lint/schema/json_casts.h"
#include "lint/schema/tables.h"
#include "lint/schema/type_fix.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::json_instead_of_jsonb {
namespace {

constexpr Option convention_columns{
    "convention_columns", 8, "json columns of a schema below which there is one finding for each column"};

// A logged statement that extracts a part of the column: "data ->> $1", "data -> 'a'", json_extract_path(data
// …).
const Query* extracting_query(const Context& context, const Table& table, const Column& column) {
  for (const Query* query : context.queries_on(table.name))
    for (const auto& predicate : query->facts.predicates)
      if (predicate.column == ColumnUse{table.name, column.name} && contains(predicate.wrapper, "->"))
        return query;
  return nullptr;
}

// What casts the column to jsonb: "index i"; "" if nothing does. The server drops the cast once the column is
// jsonb, so that the change back to json fails where only jsonb has the operator or the operator class.
std::string user_as_jsonb(const Table& table, const Column& column) {
  for (const auto& index : table.indexes)
    if (treats_as_json(index, column.name)) return "index " + index.name;
  for (const auto& check : table.constraints)
    if (check.kind == Constraint::Kind::check && treats_as_json(check.expression, column.name))
      return "check " + check.name;
  return {};
}

Fix fix_of(const Table& table, const Column& column) {
  const std::string name = quote_identifier(column.name);
  const std::string alter = ddl::alter_column(table.name, column.name) + " TYPE ";
  Fix fix;
  fix.title =
      "Change the type to jsonb: this rewrites the table under an ACCESS EXCLUSIVE lock, and drops white "
      "space, duplicate keys and the order of keys";
  fix.sql = alter + "jsonb USING " + name + "::jsonb;";
  const std::string user = user_as_jsonb(table, column);
  if (user.empty()) fix.down_sql = alter + "json USING " + name + "::json;";
  else fix.title += "; there is no undo, because the " + user + " treats the column as jsonb";
  return fix;
}

void report_column(const Context& context, Reporter& reporter, const Table& table, const Column& column,
                   const Query* query) {
  Finding& finding = reporter.add(column_subject(table.name, column.name), column.type_origin(),
                                  display(table.name) + "." + column.name +
                                      " is json: every access parses the whole text again, there are no "
                                      "operators = and @>, and no GIN index can serve queries.");
  if (query)
    finding.evidence.push_back(log_fact(
        "a logged statement extracts a part of the value: " + ellipsis(query->text, 120), place_of(*query)));
  finding.fix = fix_of(table, column);
  restrict_type_fix(context, table, column, *finding.fix);
}

void check(const Context& context, Reporter& reporter) {
  ColumnsBySchema schemas;
  std::map<std::string, std::size_t> binary;
  for (const Table* table : checked_tables(context)) {
    for (const auto& column : table->columns) {
      binary[table->name.schema] += column.type == "jsonb";
      if (column.type != "json" || inherited_from(context, *table, column.name)) continue;
      if (const Query* query = extracting_query(context, *table, column))
        report_column(context, reporter, *table, column, query);
      else schemas[table->name.schema].push_back({table, &column, "is json"});
    }
  }
  report_by_schema(
      reporter, schemas, context.option(convention_columns),
      [&](const SchemaColumn& one) { report_column(context, reporter, *one.table, *one.column, nullptr); },
      [&](const std::string& schema) {
        const std::size_t count = schemas.at(schema).size();
        return std::to_string(count) + " of the " + std::to_string(count + binary[schema]) +
               " JSON columns in schema " + schema +
               " are json, which suits values that are only written and read as a whole: extracting a part "
               "parses the text each time, and no GIN index can serve it.";
      });
}

}  // namespace

constinit const Rule rule{
    .id = "json-instead-of-jsonb",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a json column that could be jsonb",
    .why =
        "json stores the original text and parses it again at every access. SELECT DISTINCT, GROUP BY and = "
        "fail on it, and it supports neither containment nor GIN indexes. jsonb is parsed once, when it is "
        "written.\n\n"
        "If a schema has many json columns of which no logged statement extracts a part, there is one "
        "finding for the schema. Otherwise there is one for each column.",
    .fix = "Use `ALTER COLUMN … TYPE jsonb USING …::jsonb`. In Drizzle, use `jsonb()` instead of `json()`.",
    .when_to_ignore =
        "The exact text matters (signatures, the order of keys), or documents are written once and read only "
        "as a whole.",
    .options = {&convention_columns},
    .check = check};

}  // namespace pgadvise::rules::json_instead_of_jsonb
