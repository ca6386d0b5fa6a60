#include "check/run/declared_locations.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/containers.h"
#include "base/text/text.h"
#include "lint/run/rule.h"
#include "lint/schema/schema_difference.h"

namespace pgadvise::check {
namespace {

// The key that has the same columns, whatever its name.
const Constraint* alike(const Table& table, const Constraint& wanted) {
  if (const auto* named = table.constraint(wanted.name); named && named->kind == wanted.kind)
    if (wanted.kind == Constraint::Kind::check || named->columns == wanted.columns) return named;
  if (wanted.columns.empty()) return nullptr;
  return find_first(table.constraints, [&](const Constraint& one) {
    return one.kind == wanted.kind && one.columns == wanted.columns &&
           one.referenced_table == wanted.referenced_table;
  });
}

const Index* alike(const Table& table, const Index& wanted) {
  if (const auto* named = table.index(wanted.name)) return named;
  return find_first(table.indexes, [&](const Index& one) {
    return one.keys == wanted.keys && one.method == wanted.method && one.unique == wanted.unique &&
           one.predicate == wanted.predicate;
  });
}

// Where a catalog and the source define the same object.
using Definitions = std::pair<const SourceLocation*, const SourceLocation*>;

// The definitions that the subject may mean, the narrowest first.
std::vector<Definitions> definitions_of(const Subject& subject, const Table& known, const Table& declared) {
  std::vector<Definitions> out;
  const auto add = [&](const auto* one, const auto* other) {
    if (one && other) out.push_back({&one->origin, &other->origin});
  };
  if (!subject.index.empty())
    if (const Index* index = known.index(subject.index)) add(index, alike(declared, *index));
  if (!subject.constraint.empty())
    if (const auto* key = known.constraint(subject.constraint)) add(key, alike(declared, *key));
  if (subject.columns.size() == 1)
    if (const Column* column = known.column(subject.columns.front())) {
      const Column* other = declared.column(column->name);
      add(column, other);
      if (other) out.push_back({&column->type_origin(), &other->origin});
    }
  if (subject.index.empty() && subject.constraint.empty() && subject.columns.empty()) add(&known, &declared);
  return out;
}

// Whether the rule reads the schema, so that its findings point to definitions.
bool about_schema(const Finding& finding) {
  using lint::Input;
  if (finding.subject.table.empty() || !finding.subject.fingerprint.empty() || !finding.subject.file.empty())
    return false;
  const auto* rule = lint::find_rule(finding.rule);
  if (!rule || !rule->rule->needs.names(Input::schema)) return false;
  const auto& needs = rule->rule->needs;
  return !needs.names(Input::migrations) && !needs.names(Input::declared) && !needs.names(Input::comparison);
}

class Places {
 public:
  Places(const Catalog& catalog, const std::vector<lint::DeclaredSchema>& declared)
      : catalog_(catalog), declared_(declared) {
    for (const auto& one : declared)
      if (one.migrated)
        for (const auto& difference : lint::schema_differences(*one.declared, *one.migrated))
          ahead_.insert({difference.subject.schema, difference.subject.table});
  }

  void add(Finding& finding) const {
    const QualifiedName name{finding.subject.schema, finding.subject.table};
    const Table* known = catalog_.table(name);
    if (!known) return;
    std::vector<const SourceLocation*> found;
    for (const auto& one : declared_)
      if (const Table* table = one.declared->table(name))
        if (const auto* place = declared_at(finding, *known, *table)) found.push_back(place);
    if (found.empty()) return;
    if (found.size() > 1 || ahead_.count(name)) {
      for (const auto* place : found) note(finding, "Drizzle source declares it, too", *place);
      return;
    }
    const auto migrated = std::exchange(finding.location, *found.front());
    if (migrated && !migrated->live())
      note(finding, "this migration defines the " + what_of(finding), *migrated);
  }

 private:
  // nullptr if the finding points to something else, or to the source already.
  static const SourceLocation* declared_at(const Finding& finding, const Table& known,
                                           const Table& declared) {
    for (const auto& [origin, place] : definitions_of(finding.subject, known, declared)) {
      const bool points_to_it = finding.location ? *finding.location == *origin : origin->live();
      if (points_to_it && *origin != *place && !place->live()) return place;
    }
    return nullptr;
  }

  // "foreign key"
  static std::string what_of(const Finding& finding) { return replace_all(finding.subject.kind, "-", " "); }

  static void note(Finding& finding, std::string text, const SourceLocation& place) {
    finding.other_locations.push_back(place);
    finding.evidence.push_back({Evidence::Kind::project, std::move(text), place});
  }

  const Catalog& catalog_;
  const std::vector<lint::DeclaredSchema>& declared_;
  std::set<QualifiedName> ahead_;  // tables that the source and the migrations define differently
};

}  // namespace

void add_declared_locations(std::vector<Finding>& findings, const Catalog& catalog,
                            const std::vector<lint::DeclaredSchema>& declared) {
  std::optional<Places> places;
  for (auto& finding : findings) {
    if (declared.empty() || !about_schema(finding)) continue;
    if (!places) places.emplace(catalog, declared);
    places->add(finding);
  }
}

}  // namespace pgadvise::check
