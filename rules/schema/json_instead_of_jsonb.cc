#include "base/identifier.h"
#include "base/text.h"
#include "lint/tables.h"
#include "lint/type_fix.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option convention_share{
    .name = "convention_share",
    .fallback = 0.8,
    .meaning =
        "share of json among the JSON columns of a schema from which there is one finding for the schema"};
constexpr Option convention_columns{
    .name = "convention_columns",
    .fallback = 8,
    .meaning = "json columns below which there is one finding for each column"};
constexpr const Option* options[] = {&convention_share, &convention_columns};

// A logged statement that extracts a part of the column: "data ->> $1", "data -> 'a'", json_extract_path(data
// …).
const Query* extracting_query(const Context& context, const Table& table, const Column& column) {
  if (!context.has_workload()) return nullptr;
  for (const Query* query : context.queries_on(table.name))
    for (const auto& predicate : query->facts.predicates)
      if (predicate.column == ColumnUse{table.name, column.name} &&
          predicate.wrapper.find("->") != std::string::npos)
        return query;
  return nullptr;
}

Fix fix_of(const Table& table, const Column& column) {
  const std::string name = quote_identifier(column.name);
  const std::string alter = ddl::alter_column(table.name, column.name) + " TYPE ";
  Fix fix;
  fix.title =
      "Change the type to jsonb: this rewrites the table under an ACCESS EXCLUSIVE lock, and drops white "
      "space, duplicate keys and the order of keys";
  fix.sql = alter + "jsonb USING " + name + "::jsonb;";
  fix.down_sql = alter + "json USING " + name + "::json;";
  return fix;
}

void report_column(const Context& context, Reporter& reporter, const Table& table, const Column& column,
                   const Query* query) {
  Finding& finding = reporter.add(
      {.kind = "column", .schema = table.name.schema, .table = table.name.name, .columns = {column.name}},
      display(table.name) + "." + column.name +
          " is json: every access parses the whole text again, there are no operators = and @>, and no GIN "
          "index can serve queries.");
  finding.location = column.type_origin();
  if (query)
    finding.evidence.push_back(
        {Evidence::Kind::statement,
         "a logged statement extracts a part of the value: " + ellipsis(query->text, 120),
         query->samples.empty() ? std::nullopt : std::optional<SourceLocation>(query->samples.front().place),
         {}});
  finding.fix = fix_of(table, column);
  restrict_type_fix(context, table, column, *finding.fix);
}

struct Uses {
  std::vector<std::pair<const Table*, const Column*>> json;
  std::size_t binary = 0;
};

void report_schema(Reporter& reporter, const std::string& schema, const Uses& uses) {
  Finding& finding =
      reporter.add({.kind = "schema", .schema = schema},
                   std::to_string(uses.json.size()) + " of the " +
                       std::to_string(uses.json.size() + uses.binary) + " JSON columns in schema " + schema +
                       " are json, which suits values that are only written and read as a whole: extracting "
                       "a part parses the text each time, and no GIN index can serve it.");
  finding.location = uses.json.front().second->origin;
  for (std::size_t at = 0; at < uses.json.size() && at < 3; ++at)
    finding.evidence.push_back(
        catalog_fact(display(uses.json[at].first->name) + "." + uses.json[at].second->name + " is json",
                     uses.json[at].second->origin));
}

void check(const Context& context, Reporter& reporter) {
  std::map<std::string, Uses> schemas;
  for (const Table* table : checked_tables(context)) {
    for (const auto& column : table->columns) {
      auto& uses = schemas[table->name.schema];
      uses.binary += column.type == "jsonb";
      if (column.type != "json" || inherited_from(context, *table, column.name)) continue;
      if (const Query* query = extracting_query(context, *table, column))
        report_column(context, reporter, *table, column, query);
      else uses.json.push_back({table, &column});
    }
  }
  for (const auto& [schema, uses] : schemas) {
    const double count = static_cast<double>(uses.json.size());
    const double all = count + static_cast<double>(uses.binary);
    if (count > 0 && count >= context.option(convention_columns) &&
        count >= all * context.option(convention_share))
      report_schema(reporter, schema, uses);
    else
      for (const auto& [table, column] : uses.json)
        report_column(context, reporter, *table, *column, nullptr);
  }
}

}  // namespace

constinit const Rule json_instead_of_jsonb{
    .id = "json-instead-of-jsonb",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a json column that could be jsonb",
    .why =
        "json stores the original text and parses it again at every access. SELECT DISTINCT, GROUP BY and = "
        "fail on it, and it supports neither containment nor GIN indexes. jsonb is parsed once, when it is "
        "written.\n\n"
        "If nearly all JSON columns of a schema are json and no logged statement extracts parts of them, "
        "there is one finding for the schema. Otherwise there is one for each column.",
    .fix = "Use `ALTER COLUMN … TYPE jsonb USING …::jsonb`. In Drizzle, use `jsonb()` instead of `json()`.",
    .when_to_ignore =
        "The exact text matters (signatures, the order of keys), or documents are written once and read only "
        "as a whole.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
