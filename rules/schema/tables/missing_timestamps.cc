#include <algorithm>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::missing_timestamps {

static bool has_time(const Table& table, std::span<const std::string_view> names,
                     std::span<const std::string_view> others) {
  return std::ranges::any_of(table.columns, [&](const Column& column) {
    const bool time = column.type.compare(0, 9, "timestamp") == 0 || column.type == "date";
    const auto words = words_of(column.name);
    return time && any_of(words, names) && !any_of(words, others);
  });
}

static void check(const Context& context, Reporter& reporter) {
  static constexpr std::string_view made[] = {"created", "inserted",  "added",  "creation", "at",
                                              "time",    "timestamp", "joined", "occurred", "received"};
  static constexpr std::string_view changed[] = {"updated", "modified", "changed"};
  for (const Table* table : checked_tables(context)) {
    if (junction(*table).is) continue;
    std::vector<std::string> missing;
    if (!has_time(*table, made, changed)) missing.push_back("when a row was created");
    if (!has_time(*table, changed, {}) && !named_like_log(*table))
      missing.push_back("when a row was changed");
    if (missing.empty()) continue;
    reporter.add(table_subject(table->name), table->origin,
                 display(table->name) + " does not record " + join(missing, " or ") + ".");
  }
}

constinit const Rule rule{
    .id = "missing-timestamps",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a table without created_at or updated_at",
    .why =
        "After an incident, the first questions are when a row was created and when it was last changed. "
        "Exports and synchronization also need to find new rows. Not every table needs these columns, so "
        "this rule is off by default. Junction tables are left out, and logs need no time of change.",
    .fix =
        "Add `created_at timestamptz NOT NULL DEFAULT now()`, and an `updated_at` that the application or a "
        "trigger sets.",
    .when_to_ignore = "Rows of the table do not change, or their times are recorded elsewhere.",
    .check = check,
    .on_by_default = false};

}  // namespace pgadvise::rules::missing_timestamps
