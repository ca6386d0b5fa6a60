#include "drizzle/code/code_with.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace pgadvise::drizzle {
namespace {

using typescript::arguments_of;
using typescript::bare;
using typescript::Field;
using typescript::Kind;
using typescript::Node;

constexpr int max_levels = 20;  // of `with` inside of `with`

class WithReader {
 public:
  WithReader(CodeIndex& index, const RelationNames& names) : names_(names) {
    if (!names.complete || names.tables.empty() || !index.schema_is_complete()) return;
    for (const auto& query : index.queries()) {
      if (!query.facts.relational || !query.table || !query.table->name) continue;
      if (index.is_one_table(member_name(object_of(query.anchor))))
        add(argument_at(query.anchor), *query.table->name, query.facts.function, 0);
    }
    std::stable_sort(
        undeclared.begin(), undeclared.end(),
        [](const UndeclaredRelation& a, const UndeclaredRelation& b) { return a.place < b.place; });
  }

  std::vector<UndeclaredRelation> undeclared;
  std::set<QualifiedName> tables;

 private:
  // `options`: of findMany(), or of a relation in `with`.
  void add(const Node& options, const QualifiedName& table, const std::string& function, int level) {
    const Node with = bare(property_of(options, "with"));
    if (!with.is(Kind::object) || level > max_levels) return;
    tables.insert(table);
    const auto declared = names_.tables.find(table);
    for (const Node& part : with.children()) {
      const Node key = part.child(Field::key), value = bare(part.child(Field::value));
      if (!part.is(Kind::pair) || key.is(Kind::computed_property_name) ||
          !(value.is(Kind::true_) || value.is(Kind::object)))
        continue;
      const std::string name = key_of(part);
      const auto* target = declared == names_.tables.end() ? nullptr : find(declared->second, name);
      if (!target) {
        if (names_.partial.count(table) == 0) undeclared.push_back({table, name, function, part.location()});
      } else if (*target) {
        tables.insert(**target);
        add(value, **target, function, level + 1);
      }
    }
  }

  static const std::optional<QualifiedName>* find(const RelationNames::Targets& targets,
                                                  const std::string& name) {
    const auto found = targets.find(name);
    return found == targets.end() ? nullptr : &found->second;
  }

  const RelationNames& names_;
};

bool knows_all_targets(const RelationNames& names, const QualifiedName& table) {
  const auto found = names.tables.find(table);
  return names.partial.count(table) == 0 &&
         (found == names.tables.end() || std::all_of(found->second.begin(), found->second.end(),
                                                     [](const auto& one) { return one.second.has_value(); }));
}

}  // namespace

std::vector<UndeclaredRelation> undeclared_relations(CodeIndex& index, const RelationNames& names) {
  return WithReader(index, names).undeclared;
}

RelationalTables relational_tables(CodeIndex& index, const RelationNames& names) {
  RelationalTables out;
  for (const auto& table : WithReader(index, names).tables)
    if (knows_all_targets(names, table)) out.in_with.insert(table);
  if (out.in_with.empty()) return out;
  for (const auto& [table, targets] : names.tables)
    for (const auto& [name, target] : targets)
      if (target) {
        out.related.emplace(table, *target);
        out.related.emplace(*target, table);
      }
  return out;
}

}  // namespace pgadvise::drizzle
