#include "check/run/one_database.h"

#include <algorithm>

#include "base/text/text.h"
#include "lint/schema/schema_difference.h"
#include "model/schema/migration_tool.h"

namespace pgadvise::check {
namespace {

using Outline = std::map<QualifiedName, std::string>;  // the columns of each table

Outline outline_of(const Catalog& catalog) {
  Outline out;
  for (const auto& [name, table] : catalog.tables) {
    if (table.temporary || table.partition_of || owner_of_table(name, &table)) continue;
    std::set<std::string> columns;
    for (const auto& column : table.columns) columns.insert(column.name);
    out.emplace(name, join(std::vector<std::string>(columns.begin(), columns.end()), "\n"));
  }
  return out;
}

bool agree_in_most(const Outline& one, const Outline& other) {
  std::size_t equal = 0;
  auto at = other.begin();
  for (const auto& [name, columns] : one) {
    while (at != other.end() && at->first < name) ++at;
    if (at == other.end()) break;
    equal += at->first == name && at->second == columns;
  }
  return 2 * equal > std::max(one.size(), other.size());
}

// What lint::schema_differences() leaves out, and rules see.
bool alike(const Table& one, const Table& other) {
  const auto not_null_predicates = [](const Table& table) {
    std::multiset<std::vector<std::string>> out;
    for (const auto& index : table.indexes) out.insert(index.predicate_not_null);
    return out;
  };
  return one.kind == other.kind && one.partition_of == other.partition_of && one.inherits == other.inherits &&
         one.unlogged == other.unlogged && not_null_predicates(one) == not_null_predicates(other);
}

// The table, and all that a finding about it may depend on.
std::set<QualifiedName> with_related(const Table& table) {
  std::set<QualifiedName> out{table.name};
  for (const auto& constraint : table.constraints)
    if (constraint.kind == Constraint::Kind::foreign_key) out.insert(constraint.referenced_table);
  if (table.partition_of) out.insert(*table.partition_of);
  out.insert(table.inherits.begin(), table.inherits.end());
  return out;
}

}  // namespace

Databases::Databases(const std::vector<Checked>& checked) {
  struct Member {
    const Checked* checked;
    Outline outline;
    std::size_t database;
  };
  std::vector<Member> members;
  for (const auto& one : checked)
    if (one.schema && one.schema->catalog)
      members.push_back({&one, outline_of(*one.schema->catalog), members.size()});
  for (std::size_t i = 0; i < members.size(); ++i)
    for (std::size_t k = i + 1; k < members.size(); ++k) {
      const std::size_t from = members[k].database, to = members[i].database;
      if (from == to || members[i].checked->project != members[k].checked->project ||
          !agree_in_most(members[i].outline, members[k].outline))
        continue;
      for (auto& member : members)
        if (member.database == from) member.database = to;
    }
  for (const auto& member : members) database_.emplace(member.checked->schema, member.database);
}

bool Databases::same(const Checked& one, const Checked& other, const QualifiedName& table) {
  const auto first = database_.find(one.schema), second = database_.find(other.schema);
  if (first == database_.end() || second == database_.end() || first->second != second->second) return false;
  if (one.schema == other.schema) return true;
  const Catalog &here = *one.schema->catalog, &there = *other.schema->catalog;
  const Table *in_one = here.table(table), *in_other = there.table(table);
  const Differences& found = differences(*one.schema, *other.schema);
  if (!in_one && !in_other) return !found.any;
  if (!in_one || !in_other) return false;
  const auto related = with_related(*in_one);
  return related == with_related(*in_other) && std::ranges::none_of(related, [&](const QualifiedName& name) {
           return found.tables.count(name) > 0;
         });
}

const Databases::Differences& Databases::differences(const Schema& one, const Schema& other) {
  const auto [it, fresh] = compared_.try_emplace(std::minmax(&one, &other));
  Differences& out = it->second;
  if (!fresh) return out;
  // In both directions: schemas that only one side uses differ in one direction alone.
  for (const auto& [expected, actual] : {std::pair(&one, &other), std::pair(&other, &one)})
    for (const auto& difference : lint::schema_differences(*expected->catalog, *actual->catalog)) {
      out.any = true;
      out.tables.insert({difference.subject.schema, difference.subject.table});
    }
  for (const auto& [name, table] : one.catalog->tables) {
    const Table* twin = other.catalog->table(name);
    if (!twin || alike(table, *twin)) continue;
    out.any = true;
    out.tables.insert(name);
  }
  return out;
}

}  // namespace pgadvise::check
