#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/schema/by_schema.h"
#include "lint/schema/tables.h"
#include "lint/schema/type_fix.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::timestamp_without_time_zone {
namespace {

constexpr Option convention_columns{
    "convention_columns", 8,
    "timestamp columns without time zone in a schema below which there is one finding for each column"};

bool is(const std::string& type, std::string_view end) {
  return type.compare(0, 9, "timestamp") == 0 && type.find('[') == std::string::npos &&
         type.size() > end.size() && type.compare(type.size() - end.size(), end.size(), end) == 0;
}

// Whether the name says that the column holds local times.
bool local_by_name(const Column& column) {
  static constexpr std::string_view names[] = {"local", "wall", "naive"};
  return any_of(words_of(column.name), names);
}

Fix fix_of(const Table& table, const Column& column, const std::optional<std::string>& default_zone) {
  const bool known = default_zone && !default_zone->empty();
  const std::string zone = !known || lower(*default_zone) == "utc" ? "UTC" : *default_zone;
  const std::string begin = ddl::alter_column(table.name, column.name) + " TYPE ";
  const std::string as_zone =
      " USING " + quote_identifier(column.name) + " AT TIME ZONE " + quote_literal(zone);
  const std::string set_default = ", " + ddl::alter_column(column.name) + " SET DEFAULT ";
  const std::string with = replace_all(column.type, " without time zone", " with time zone");
  std::string title = "Change the type to timestamptz and state the time zone of the values (here " + zone +
                      "); this rewrites the table under an ACCESS EXCLUSIVE lock";
  if (default_zone && !known)
    return manual_fix(title + "; the default converts to a local time, so change it in the same statement");
  return {.title = std::move(title),
          .sql = begin + with + as_zone + (known ? set_default + "now()" : "") + ";",
          .down_sql =
              begin + column.type + as_zone + (known ? set_default + *column.default_expression : "") + ";"};
}

void report_column(const Context& context, Reporter& reporter, const SchemaColumn& use) {
  const std::optional<std::string> zone = zone_of_default(*use.column);
  Finding& finding =
      reporter.add(column_subject(use.table->name, use.column->name), use.column->type_origin(),
                   display(use.table->name) + "." + use.column->name + " is " + use.column->type +
                       ": its values do not say which time zone they are in, and " +
                       (zone ? "only the default converts to one." : "assigning now() drops the time zone."));
  finding.fix = fix_of(*use.table, *use.column, zone);
  restrict_type_fix(context, *use.table, *use.column, *finding.fix);
}

void check(const Context& context, Reporter& reporter) {
  ColumnsBySchema schemas;
  std::map<std::string, std::size_t> with;
  for (const Table* table : checked_tables(context)) {
    for (const auto& column : table->columns) {
      if (is(column.type, " with time zone")) ++with[table->name.schema];
      if (is(column.type, " without time zone") && !local_by_name(column) &&
          !inherited_from(context, *table, column.name))
        schemas[table->name.schema].push_back({table, &column, "is " + column.type});
    }
  }
  report_by_schema(
      reporter, schemas, context.option(convention_columns),
      [&](const SchemaColumn& one) { report_column(context, reporter, one); },
      [&](const std::string& schema) {
        const std::size_t count = schemas.at(schema).size();
        return (with[schema] == 0
                    ? "All " + std::to_string(count)
                    : std::to_string(count) + " of the " + std::to_string(count + with[schema])) +
               " timestamp columns in schema " + schema +
               " have no time zone: the values are correct only as long as all writers and readers use the "
               "same zone, as with frameworks that write UTC.";
      });
}

}  // namespace

constinit const Rule rule{
    .id = "timestamp-without-time-zone",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "a timestamp column without a time zone",
    .why =
        "`timestamp` stores a local date and time, not a point in time. `now()` is converted to the local "
        "time of the session. Comparisons with timestamptz use the TimeZone setting of the session. Two "
        "programs in two time zones get different results without an error. `timestamptz` takes the same 8 "
        "bytes.\n\n"
        "If many timestamp columns of a schema have no time zone, this is usually the convention of a "
        "framework that writes UTC (Prisma, Rails, Drizzle's default). There is then one finding for the "
        "schema. Otherwise there is one for each column.",
    .fix =
        "`ALTER COLUMN … TYPE timestamptz USING c AT TIME ZONE 'UTC'` rewrites the table. It keeps a default "
        "such as `now() AT TIME ZONE 'UTC'`, so set `DEFAULT now()` in the same statement. For values in "
        "UTC, `SET timezone = 'UTC'` without USING does not (PostgreSQL 12 and later). In Drizzle, use "
        "`timestamp({ withTimezone: true })`, in Prisma `@db.Timestamptz(3)`.",
    .when_to_ignore =
        "The column holds local times (opening hours, a local appointment), or one framework writes UTC and "
        "nothing else reads the values.",
    .options = {&convention_columns},
    .check = check};

}  // namespace pgadvise::rules::timestamp_without_time_zone
