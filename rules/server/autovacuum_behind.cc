#include <cstdlib>

#include "base/text/identifier.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::autovacuum_behind {
namespace {

constexpr Option min_times{"times", 3,
                           "multiple of the autovacuum threshold that the number of dead rows must reach"};
constexpr Option least_dead_rows{"least_dead_rows", 100000, "dead rows below which a table is not reported"};
constexpr Option age_times{"age_times", 2,
                           "multiple of autovacuum_freeze_max_age that the age of relfrozenxid must reach"};
constexpr Option age_error{"age_error", 1500000000,
                           "age of relfrozenxid, in transactions, from which it is an error: at 2.1 billion "
                           "the server refuses writes"};

double setting(const Context& context, const char* name, double otherwise) {
  const std::string* value = context.setting(name);
  return value ? std::strtod(value->c_str(), nullptr) : otherwise;
}

Finding& report(Reporter& reporter, const Table& table, const char* entry, std::string message,
                std::optional<Severity> severity) {
  Finding& finding =
      reporter.add({.kind = "table", .schema = table.name.schema, .table = table.name.name, .entry = entry},
                   table.origin, std::move(message), severity);
  finding.fix = Fix{.title = "Vacuum the table now; VACUUM blocks only changes to the table's definition",
                    .sql = "VACUUM (ANALYZE) " + quote_name(table.name.schema, table.name.name) + ";"};
  return finding;
}

void check(const Context& context, Reporter& reporter) {
  const double threshold = setting(context, "autovacuum_vacuum_threshold", 50);
  const double factor = setting(context, "autovacuum_vacuum_scale_factor", 0.2);
  const double freeze = setting(context, "autovacuum_freeze_max_age", 200000000);
  for (const auto& [name, table] : context.catalog().tables) {
    // VACUUM processes each partition on its own.
    if (table.kind != Table::Kind::ordinary || table.temporary || !table.statistics) continue;
    const double dead = static_cast<double>(table.statistics->dead_rows);
    const double age = static_cast<double>(table.statistics->relfrozenxid_age);
    const double starts = threshold + factor * std::max(table.statistics->rows, 0.0);
    if (dead >= context.option(least_dead_rows) && dead >= starts * context.option(min_times)) {
      Finding& finding =
          report(reporter, table, "dead-rows",
                 display(name) + " has " + grouped(dead) + " dead rows and " +
                     grouped(table.statistics->live_rows) + " live rows: autovacuum should have started at " +
                     grouped(starts) + " dead rows and does not keep up.",
                 std::nullopt);
      finding.evidence.push_back(catalog_fact("counted by the cumulative statistics system"));
    }
    if (age >= freeze * context.option(age_times)) {
      Finding& finding = report(reporter, table, "transaction-age",
                                display(name) + " holds transaction IDs of age " + grouped(age) +
                                    ": autovacuum should have frozen them at " + grouped(freeze) +
                                    ", and at 2.1 billion the server refuses writes.",
                                age >= context.option(age_error) ? Severity::error : Severity::warning);
      finding.evidence.push_back(catalog_fact("age(relfrozenxid)"));
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "autovacuum-behind",
    .severity = Severity::note,
    .harm = Harm::deployment,
    .needs = Input::statistics,
    .summary = "a table on which autovacuum does not keep up",
    .why =
        "Every scan reads dead rows, and dead rows keep the table from shrinking. Index-only scans need a "
        "recent vacuum to avoid reading the table.\n\n"
        "Autovacuum starts at 50 dead rows plus a fifth of the table. Several times that number means that "
        "autovacuum is disabled or too slow, or that something keeps it from removing rows: a long "
        "transaction, a prepared transaction or a replication slot. Old transaction IDs are worse: at an age "
        "of 2.1 billion the server refuses writes.",
    .fix =
        "Find what holds vacuum back (long transactions, replication slots). VACUUM the table. Lower "
        "autovacuum_vacuum_scale_factor for the table, or raise autovacuum_vacuum_cost_limit.",
    .when_to_ignore = "A large load or delete has just run.",
    .options = {&min_times, &least_dead_rows, &age_times, &age_error},
    .check = check};

}  // namespace pgadvise::rules::autovacuum_behind
