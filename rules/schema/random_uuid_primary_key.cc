#include "base/text.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option large_rows{
    .name = "large_rows",
    .fallback = 1000000,
    .table_size = true,
    .meaning = "rows from which a table is named; without statistics there is one finding for a schema"};
constexpr Option convention_tables{
    .name = "convention_tables",
    .fallback = 5,
    .meaning = "tables of a schema from which, without statistics, that finding is made"};
constexpr const Option* options[] = {&large_rows, &convention_tables};

const Column* random_key(const Table& table) {
  const Constraint* key = primary_key(table);
  const Column* column = key && key->columns.size() == 1 ? table.column(key->columns[0]) : nullptr;
  if (!column || column->type != "uuid" || !column->default_expression) return nullptr;
  const std::string text = lower(*column->default_expression);
  const bool random = text.find("gen_random_uuid(") != std::string::npos ||
                      text.find("uuid_generate_v4(") != std::string::npos ||
                      text.find("uuidv4(") != std::string::npos;
  return random ? column : nullptr;
}

std::string successor(const Catalog& catalog) {
  if (catalog.server_version >= 180000) return "uuidv7()";
  return "a uuid v7, made by the application or an extension (uuidv7() is built in from PostgreSQL 18)";
}

void report_table(const Context& context, Reporter& reporter, const Table& table, const Column& column) {
  Finding& finding = reporter.add(
      {.kind = "column", .schema = table.name.schema, .table = table.name.name, .columns = {column.name}},
      display(table.name) + "." + column.name +
          " is a random uuid: each INSERT goes to another page of the primary key's index, and past the "
          "cache each reads one from disk.");
  finding.location = column.origin;
  finding.evidence.push_back(
      catalog_fact(grouped(table.statistics->rows) + " rows; the default is " + *column.default_expression,
                   column.origin));
  Fix fix;
  fix.title = "Default to " + successor(context.catalog()) + "; rows that are there keep their ids";
  fix.safety = Fix::Safety::manual;
  finding.fix = std::move(fix);
}

void check(const Context& context, Reporter& reporter) {
  std::map<std::string, std::vector<std::pair<const Table*, const Column*>>> schemas;
  for (const Table* table : checked_tables(context)) {
    const Column* column = random_key(*table);
    if (!column) continue;
    if (!context.catalog().has_statistics) schemas[table->name.schema].push_back({table, column});
    else if (table->statistics && table->statistics->rows >= context.option(large_rows))
      report_table(context, reporter, *table, *column);
  }
  for (const auto& [schema, tables] : schemas) {
    if (static_cast<double>(tables.size()) < context.option(convention_tables)) continue;
    Finding& finding = reporter.add({.kind = "schema", .schema = schema},
                                    std::to_string(tables.size()) + " tables in schema " + schema +
                                        " have random uuids as primary key: for those that grow past the "
                                        "cache, each INSERT touches another page of the index.");
    finding.location = tables.front().second->origin;
    for (std::size_t at = 0; at < tables.size() && at < 3; ++at)
      finding.evidence.push_back(catalog_fact(display(tables[at].first->name) + "." +
                                                  tables[at].second->name + " defaults to " +
                                                  *tables[at].second->default_expression,
                                              tables[at].second->origin));
  }
}

}  // namespace

constinit const Rule random_uuid_primary_key{
    .id = "random-uuid-primary-key",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a primary key of random uuids",
    .why =
        "gen_random_uuid() and uuid_generate_v4() spread over the whole index: once that is larger than the "
        "cache, each insert reads and dirties "
        "another page, writes a full-page image to the WAL, and leaves pages half full; rows that came "
        "together lie apart. A uuid v7 begins "
        "with the time, so that new rows land side by side.\n\n"
        "With statistics, tables over a million rows are named. Without, whether a table grows so large is "
        "not known: one finding tells of a schema where it is the convention.",
    .fix =
        "A default of uuid v7 (`uuidv7()` from PostgreSQL 18, before that an extension or the application), "
        "or bigint identity with a uuid beside it for the outside.",
    .when_to_ignore = "The table stays in the cache, or the ids must not tell when they were made.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
