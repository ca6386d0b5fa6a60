#include <algorithm>

#include "base/text/text.h"
#include "sql/parse/type_name.h"
#include "sql/replay/replay_state.h"

namespace pgadvise::sql {
namespace {

using Drop = DropStatement::Kind;

Problem depends(const QualifiedName& name, const std::string& what) {
  return {display(name) + " can't be dropped: " + what + " depends on it"};
}

Outcome drop_relations(SchemaState& schema, const std::vector<QualifiedName>& names, bool cascade) {
  const auto goes = [&](const QualifiedName& name) { return std::ranges::find(names, name) != names.end(); };
  for (const auto& name : names) {
    const Table* table = schema.catalog.table(name);
    if (!table || cascade) continue;
    for (const auto& [owner, key] : schema.foreign_keys_to(name)) {
      const auto descends = [&child = owner](const SchemaState::Descent& d) {
        return d.child->name == child;
      };
      const auto below = schema.descendants(name);
      if (!goes(owner) && owner != name && std::ranges::none_of(below, descends))
        return depends(name, "constraint " + key + " on table " + display(owner));
    }
    for (const auto& view : schema.views_on(name))
      if (!goes(view)) return depends(name, "view " + display(view));
    for (const auto& below : schema.descendants(name))
      if (!below.partition && !goes(below.child->name))
        return depends(name, "table " + display(below.child->name));
  }
  for (const auto& name : names) {
    if (schema.catalog.tables.count(name)) {
      schema.drop_views_on(name);
      schema.drop_table(name);
    } else if (schema.catalog.sequences.count(name)) {
      schema.drop_sequence(name);
    } else if (schema.index_tables.count(name)) {
      const Index* index = schema.index(name);
      if (index && index->constraint) return depends(name, "constraint " + name.name);
      schema.erase_index(name);
    }
  }
  return {};
}

// Of policies, triggers, extensions, functions.
Outcome drop_other(SchemaState& schema, Drop kind, const DropStatement::Object& object) {
  Table* table = schema.catalog.table(object.relation);
  if (kind == Drop::policy) {
    if (!table ||
        !std::erase_if(table->policies, [&](const Policy& policy) { return policy.name == object.name; }))
      return missing("policy", {"", object.name});
  } else if (kind == Drop::trigger) {
    if (table) std::erase(table->update_triggers, object.name);
  } else if (kind == Drop::extension) {
    std::erase(schema.catalog.extensions, object.name);
  } else if (kind == Drop::function) {
    const std::string in = object.function_schema.empty() ? schema.creation_schema() : object.function_schema;
    const auto it = schema.functions.find(in + "." + object.name);
    if (it == schema.functions.end()) return {};
    it->second.erase(join(object.arguments, ","));
    if (it->second.size() == 1 && object.any_arguments) it->second.clear();
    if (it->second.empty()) schema.functions.erase(it);
  }
  return {};
}

}  // namespace

void ReplayState::note_enum_defaults(const AlterTable& alter) {
  using Change = TableChange::Kind;
  const Table* table = schema.catalog.table(alter.name);
  if (!table) return;
  for (const TableChange& change : alter.changes) {
    const Column* column = change.kind == Change::change_type ? table->column(change.name) : nullptr;
    if (!column || !column->default_expression || !change.column) continue;
    for (const auto& [type, unused] : schema.catalog.enums)
      if (const std::string spelling = type_spelling(type);
          (column->type == spelling || column->type == spelling + "[]") &&
          change.column->column.type != column->type)
        schema.enum_defaults[{alter.name, change.name}] = type;
  }
  // Wherever they stand in the statement: a default is dropped before the type changes, and set after it.
  for (const TableChange& change : alter.changes)
    if (change.kind == Change::set_default || change.kind == Change::drop_default ||
        change.kind == Change::drop_column)
      schema.enum_defaults.erase({alter.name, change.name});
}

Outcome ReplayState::replay(const DropStatement& drop, Effect& effect) {
  effect = drop.kind == Drop::other ? Effect::none : Effect::replayed;
  std::vector<QualifiedName> relations;
  Outcome first;
  const auto absent = [&](const std::string& kind, const QualifiedName& name) {
    if (!drop.if_exists && !first) first = missing(kind, name);
  };
  for (const DropStatement::Object& object : drop.objects) {
    switch (drop.kind) {
      case Drop::table:
      case Drop::view:
      case Drop::materialized_view:
      case Drop::foreign_table:
      case Drop::index:
      case Drop::sequence:
        if (schema.relation_exists(object.relation)) relations.push_back(object.relation);
        else absent("relation", object.relation);
        break;
      case Drop::type:
        if (!schema.type_exists(object.type)) absent("type", object.type);
        else if (const std::string user = drop.cascade ? "" : schema.user_of_type(object.type); !user.empty())
          first = depends(object.type, user);
        else schema.drop_type(object.type);
        break;
      case Drop::schema: {
        auto& schemas = schema.catalog.schemas;
        if (!is_one_of(object.name, schemas)) absent("schema", {"", object.name});
        else schema.drop_schema(object.name);
        break;
      }
      default:
        if (const Outcome outcome = drop_other(schema, drop.kind, object); outcome)
          absent("policy", {"", object.name});
    }
  }
  if (!relations.empty())
    if (Outcome outcome = drop_relations(schema, relations, drop.cascade)) return outcome;
  return first;
}

}  // namespace pgadvise::sql
