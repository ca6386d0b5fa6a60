#include <algorithm>

#include "sql/replay_state.h"

namespace pgadvise::sql {
namespace {

#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

std::vector<std::string> parts_of(const Node* node) {
  if (!node) return {};
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_LIST:
      return strings(NodeList(node->list->n_items, node->list->items));
    case PG_QUERY__NODE__NODE_TYPE_NAME:
      return strings(NodeList(node->type_name->n_names, node->type_name->names));
    case PG_QUERY__NODE__NODE_STRING:
      return {node->string->sval};
    case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
      return strings(NodeList(node->object_with_args->n_objname, node->object_with_args->objname));
    default:
      return {};
  }
}

std::string schema_part(const std::vector<std::string>& parts) {
  return parts.size() > 1 ? parts[parts.size() - 2] : std::string();
}

Problem depends(const QualifiedName& name, const std::string& what) {
  return {display(name) + " can't be dropped: " + what + " depends on it"};
}

}  // namespace

Outcome ReplayState::drop_relations(const PgQuery__DropStmt& stmt, std::vector<QualifiedName> names) {
  const bool cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  const auto goes = [&](const QualifiedName& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto& name : names) {
    const Table* table = schema.catalog.table(name);
    if (!table || cascade) continue;
    for (const auto& [owner, key] : schema.foreign_keys_to(name)) {
      const auto descends = [&owner = owner](const SchemaState::Descent& d) { return d.child->name == owner; };
      const auto below = schema.descendants(name);
      if (!goes(owner) && owner != name && std::none_of(below.begin(), below.end(), descends))
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
    } else if (const auto it = schema.index_tables.find(name); it != schema.index_tables.end()) {
      const Index* index = schema.index(name);
      if (index && index->constraint) return depends(name, "constraint " + name.name);
      schema.erase_index(name);
    }
  }
  return {};
}

Outcome ReplayState::drop(const PgQuery__DropStmt& stmt, Effect& effect) {
  effect = Effect::replayed;
  const bool cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  std::vector<QualifiedName> relations;
  Outcome first;
  const auto absent = [&](const std::string& kind, const QualifiedName& name) {
    if (!stmt.missing_ok && !first) first = missing(kind, name);
  };
  for (const Node* node : NodeList(stmt.n_objects, stmt.objects)) {
    const auto parts = parts_of(node);
    if (parts.empty()) continue;
    switch (stmt.remove_type) {
      case OBJECT(TABLE):
      case OBJECT(VIEW):
      case OBJECT(MATVIEW):
      case OBJECT(FOREIGN_TABLE):
      case OBJECT(INDEX):
      case OBJECT(SEQUENCE): {
        const QualifiedName name = schema.find_relation(schema_part(parts), parts.back());
        if (schema.relation_exists(name))
          relations.push_back(name);
        else
          absent("relation", name);
        break;
      }
      case OBJECT(TYPE):
      case OBJECT(DOMAIN): {
        const QualifiedName name = schema.find_type(schema_part(parts), parts.back());
        if (!schema.type_exists(name))
          absent("type", name);
        else if (const std::string user = cascade ? "" : schema.user_of_type(name); !user.empty())
          first = depends(name, user);
        else
          schema.drop_type(name);
        break;
      }
      case OBJECT(SCHEMA): {
        auto& schemas = schema.catalog.schemas;
        if (std::find(schemas.begin(), schemas.end(), parts.back()) == schemas.end())
          absent("schema", {"", parts.back()});
        else
          schema.drop_schema(parts.back());
        break;
      }
      case OBJECT(POLICY): {
        if (parts.size() < 2) break;
        const QualifiedName name = schema.find_relation(parts.size() > 2 ? parts[parts.size() - 3] : "", parts[parts.size() - 2]);
        Table* table = schema.catalog.table(name);
        if (!table || !std::erase_if(table->policies, [&](const Policy& policy) { return policy.name == parts.back(); }))
          absent("policy", {"", parts.back()});
        break;
      }
      case OBJECT(TRIGGER):
        if (parts.size() > 1)
          if (Table* table = schema.catalog.table(schema.find_relation(parts.size() > 2 ? parts[parts.size() - 3] : "", parts[parts.size() - 2])))
            std::erase(table->update_triggers, parts.back());
        break;
      case OBJECT(EXTENSION):
        std::erase(schema.catalog.extensions, parts.back());
        break;
      case OBJECT(FUNCTION):
      case OBJECT(PROCEDURE):
      case OBJECT(ROUTINE):
      case OBJECT(AGGREGATE): {
        const std::string in = schema_part(parts).empty() ? schema.creation_schema() : schema_part(parts);
        const auto it = schema.functions.find(in + "." + parts.back());
        if (it == schema.functions.end()) break;
        std::vector<std::string> arguments;
        if (node->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS)
          for (const Node* type :
               NodeList(node->object_with_args->n_objargs, node->object_with_args->objargs))
            if (type->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
              arguments.push_back(schema.type_of(type->type_name));
        it->second.erase(join(arguments, ","));
        if (it->second.size() == 1 && node->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS &&
            node->object_with_args->args_unspecified)
          it->second.clear();
        if (it->second.empty()) schema.functions.erase(it);
        break;
      }
      default:
        effect = Effect::none;
    }
  }
  if (!relations.empty())
    if (Outcome outcome = drop_relations(stmt, std::move(relations))) return outcome;
  return first;
}

}  // namespace pgadvise::sql
