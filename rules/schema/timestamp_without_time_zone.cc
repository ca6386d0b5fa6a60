#include "base/identifier.h"
#include "base/text.h"
#include "lint/tables.h"
#include "lint/words.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option convention_share{
    .name = "convention_share",
    .fallback = 0.8,
    .meaning =
        "share of a schema's timestamp columns without time zone from which it is a convention: one "
        "finding for the schema"};
constexpr Option convention_columns{.name = "convention_columns",
                                    .fallback = 8,
                                    .meaning = "columns below which it is never called a convention"};
constexpr const Option* options[] = {&convention_share, &convention_columns};

struct Use {
  const Table* table;
  const Column* column;
};
struct Times {
  std::vector<Use> without;
  std::size_t with = 0;
};

bool is(const std::string& type, std::string_view end) {
  return type.compare(0, 9, "timestamp") == 0 && type.find('[') == std::string::npos &&
         type.size() > end.size() && type.compare(type.size() - end.size(), end.size(), end) == 0;
}

// A time that is meant as the clock on the wall shows it.
bool local_by_name(const Column& column) {
  static constexpr std::string_view names[] = {"local", "wall", "naive"};
  return any_of(words_of(column.name), names);
}

Fix fix_of(const Table& table, const Column& column) {
  const std::string begin = ddl::alter_column(table.name, column.name) + " TYPE ";
  std::string with = replace_all(column.type, " without time zone", " with time zone");
  Fix fix;
  fix.title =
      "Make it timestamptz, saying which zone the values are in (here UTC); this rewrites the table under an "
      "exclusive lock";
  fix.sql = begin + with + " USING " + quote_identifier(column.name) + " AT TIME ZONE 'UTC';";
  fix.down_sql = begin + column.type + " USING " + quote_identifier(column.name) + " AT TIME ZONE 'UTC';";
  return fix;
}

void report_column(Reporter& reporter, const Use& use) {
  Finding& finding =
      reporter.add({.kind = "column",
                    .schema = use.table->name.schema,
                    .table = use.table->name.name,
                    .columns = {use.column->name}},
                   display(use.table->name) + "." + use.column->name + " is " + use.column->type +
                       ": which moment it means depends on who wrote it, and now() loses its zone there.");
  finding.location = use.column->origin;
  finding.fix = fix_of(*use.table, *use.column);
}

void report_schema(Reporter& reporter, const std::string& schema, const Times& times) {
  const std::size_t all = times.without.size() + times.with;
  Finding& finding = reporter.add({.kind = "schema", .schema = schema},
                                  std::to_string(times.without.size()) + " of the " + std::to_string(all) +
                                      " timestamp columns in schema " + schema +
                                      " have no time zone: that holds only as long as every writer and "
                                      "reader agrees on one, as frameworks that write UTC do.");
  finding.location = times.without.front().column->origin;
  for (std::size_t at = 0; at < times.without.size() && at < 3; ++at)
    finding.evidence.push_back(catalog_fact(display(times.without[at].table->name) + "." +
                                                times.without[at].column->name + " is " +
                                                times.without[at].column->type,
                                            times.without[at].column->origin));
}

void check(const Context& context, Reporter& reporter) {
  std::map<std::string, Times> schemas;
  for (const Table* table : checked_tables(context)) {
    for (const auto& column : table->columns) {
      if (is(column.type, " with time zone")) ++schemas[table->name.schema].with;
      if (is(column.type, " without time zone") && !local_by_name(column))
        schemas[table->name.schema].without.push_back({table, &column});
    }
  }
  for (const auto& [schema, times] : schemas) {
    const double count = static_cast<double>(times.without.size());
    const double all = count + static_cast<double>(times.with);
    if (count > 0 && count >= context.option(convention_columns) &&
        count >= all * context.option(convention_share))
      report_schema(reporter, schema, times);
    else
      for (const Use& use : times.without) report_column(reporter, use);
  }
}

}  // namespace

constinit const Rule timestamp_without_time_zone{
    .id = "timestamp-without-time-zone",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a timestamp column without time zone",
    .why =
        "`timestamp` stores the digits of a clock, not a moment: `now()` is cut to the session's local time, "
        "comparisons with timestamptz "
        "convert by the session's TimeZone, and two programs in two zones disagree silently. `timestamptz` "
        "takes the same 8 bytes.\n\n"
        "Where nearly all of a schema's timestamps are so, it is the convention of a framework (Prisma, "
        "Rails, Drizzle's default) that "
        "writes UTC: then there is one finding for the schema. Otherwise one for each column.",
    .fix =
        "`ALTER COLUMN … TYPE timestamptz USING c AT TIME ZONE 'UTC'` rewrites the table; for values in UTC, "
        "`SET timezone = 'UTC'` first and no USING does not (from 12 on). In Drizzle `timestamp({ "
        "withTimezone: true })`, in Prisma `@db.Timestamptz(3)`.",
    .when_to_ignore =
        "The column means the clock on a wall somewhere (opening hours, a local appointment), or one "
        "framework writes UTC and nothing else reads.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
