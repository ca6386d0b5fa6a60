#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::duplicate_foreign_key {
namespace {

using Pairs = std::set<std::pair<std::string, std::string>>;

// The column of the child and of the parent, in no order.
Pairs pairs_of(const Constraint& key) {
  Pairs out;
  for (std::size_t i = 0; i < std::min(key.columns.size(), key.referenced_columns.size()); ++i)
    out.emplace(key.columns[i], key.referenced_columns[i]);
  return out;
}

// What a key checks, and when: keys that differ here do not replace each other. With one column, MATCH FULL
// equals MATCH SIMPLE.
using CheckedKey = std::tuple<QualifiedName, Pairs, bool, bool>;

CheckedKey checked_key(const Constraint& key) {
  return {key.referenced_table, pairs_of(key), key.match_full && key.columns.size() > 1,
          key.initially_deferred};
}

bool same_actions(const Constraint& a, const Constraint& b) {
  return a.on_delete == b.on_delete && a.on_update == b.on_update &&
         a.on_delete_columns == b.on_delete_columns && a.deferrable == b.deferrable;
}

std::string actions_of(const Constraint& key) {
  return key.name + ": ON DELETE " + key.on_delete + ", ON UPDATE " + key.on_update +
         (key.match_full ? ", MATCH FULL" : "") + (key.deferrable ? ", deferrable" : "") +
         (key.initially_deferred ? ", initially deferred" : "") + (key.validated ? "" : ", NOT VALID");
}

void report(Reporter& reporter, const Table& table, const Constraint& kept, const Constraint& key) {
  const bool same = same_actions(kept, key);
  Finding& finding = reporter.add(
      key_subject(table.name, key), key.origin,
      "The foreign key " + key.name + " on " + display(table.name) + " repeats " + kept.name +
          (same ? ": each write checks both."
                : ": each write checks both, and they differ in what happens when the parent row changes."));
  finding.evidence.push_back(catalog_fact(actions_of(key), key.origin));
  finding.evidence.push_back(catalog_fact(actions_of(kept), kept.origin));
  finding.fix =
      same ? Fix{.title = "Drop the second foreign key",
                 .sql = ddl::drop_constraint(table.name, key.name) + ";",
                 .down_sql = ddl::add_constraint(table.name, key) + (key.validated ? "" : " NOT VALID") + ";"}
           : manual_fix("Decide which actions are right, and drop the other foreign key");
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables_and_partitions(context)) {
    std::map<CheckedKey, const Constraint*> seen;
    std::vector<const Constraint*> keys;
    for (const Constraint& key : foreign_keys(*table))
      if (!key.referenced_columns.empty()) keys.push_back(&key);
    // Kept is one that comes from the parent table, or is validated, or else the first by name.
    std::ranges::sort(keys, [](const Constraint* a, const Constraint* b) {
      return std::tuple(!a->inherited, !a->validated, a->name) <
             std::tuple(!b->inherited, !b->validated, b->name);
    });
    for (const auto* key : keys) {
      const auto [kept, first] = seen.emplace(checked_key(*key), key);
      if (!first && !key->inherited) report(reporter, *table, *kept->second, *key);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "duplicate-foreign-key",
    .severity = Severity::warning,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a foreign key that repeats another one",
    .why =
        "Two foreign keys over the same columns check every INSERT and UPDATE twice, and every DELETE of a "
        "parent row looks for children twice. Usually a tool and a person added the same key under two "
        "names. If one says ON DELETE CASCADE and the other NO ACTION, the one that was created first "
        "decides whether a DELETE cascades or fails.\n\n"
        "Two keys do not repeat each other if only one of them is INITIALLY DEFERRED, or if only one has "
        "MATCH FULL over several columns.",
    .fix = "Drop one of them.",
    .when_to_ignore = "Never, once it is clear which one the application relies on.",
    .check = check};

}  // namespace pgadvise::rules::duplicate_foreign_key
