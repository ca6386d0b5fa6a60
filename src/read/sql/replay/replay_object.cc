// Sequences, types, functions, policies, schemas, extensions, triggers and comments.
#include <algorithm>
#include <set>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "sql/definitions/read_statement.h"
#include "sql/replay/replay_state.h"

namespace pgadvise::sql {

Outcome ReplayState::replay(const CreateSequence& create, Effect&) {
  if (schema.relation_exists(create.name))
    return create.if_not_exists ? Outcome() : exists("relation", create.name);
  Sequence sequence;
  sequence.name = create.name;
  sequence.origin = location_of(-1);
  if (Outcome outcome = set_options(sequence, create.options)) return outcome;
  schema.ensure_schema(sequence.name.schema);
  schema.catalog.sequences[sequence.name] = std::move(sequence);
  return {};
}

Outcome ReplayState::replay(const AlterSequence& alter, Effect&) {
  if (auto* sequence = value_at(schema.catalog.sequences, alter.name))
    return set_options(*sequence, alter.options);
  return alter.if_exists ? Outcome() : missing("sequence", alter.name);
}

Outcome ReplayState::set_options(Sequence& sequence, const SequenceOptions& options) {
  if (!options.type.empty()) sequence.type = options.type;
  if (!options.owner_written) return {};
  if (options.owner_table && !schema.catalog.table(*options.owner_table))
    return missing("relation", *options.owner_table);
  sequence.owner_table = options.owner_table;
  sequence.owner_column = options.owner_column;
  return {};
}

Outcome ReplayState::replay(const CreateEnum& create, Effect&) {
  if (schema.type_exists(create.name)) return exists("type", create.name);
  Enum type;
  type.name = create.name;
  type.labels = create.labels;
  if (std::set<std::string>(type.labels.begin(), type.labels.end()).size() != type.labels.size())
    return Problem{"an enum label stands twice"};
  type.origin = location_of(-1);
  schema.ensure_schema(type.name.schema);
  schema.catalog.enums[type.name] = std::move(type);
  return {};
}

Outcome ReplayState::replay(const AlterEnum& alter, Effect&) {
  Enum* type = value_at(schema.catalog.enums, alter.name);
  if (!type) return missing("type", alter.name);
  auto& labels = type->labels;
  const auto at = [&](const std::string& label) { return std::ranges::find(labels, label); };
  if (alter.value.size() > longest_identifier) return Problem{"an enum label must be 63 bytes or less"};
  const auto no_label = [](const std::string& label) {
    return Problem{quote_literal(label) + " is not an existing enum label", Problem::Kind::missing};
  };
  if (at(alter.value) != labels.end())
    return alter.if_not_exists ? Outcome()
                               : Problem{"enum label " + quote_literal(alter.value) + " already exists",
                                         Problem::Kind::exists};
  if (!alter.old_value.empty()) {
    if (at(alter.old_value) == labels.end()) return no_label(alter.old_value);
    *at(alter.old_value) = alter.value;
  } else if (!alter.neighbor.empty()) {
    const auto neighbor = at(alter.neighbor);
    if (neighbor == labels.end()) return no_label(alter.neighbor);
    labels.insert(alter.after ? neighbor + 1 : neighbor, alter.value);
  } else {
    labels.push_back(alter.value);
  }
  return {};
}

Outcome ReplayState::replay(const CreateType& create, Effect&) {
  if (!create.base && schema.type_exists(create.name)) return exists("type", create.name);
  if (create.domain) schema.domains[create.name] = *create.domain;
  auto& fields = schema.types[create.name];
  for (const ColumnDefinition& field : create.fields) {
    fields.push_back(field.column);
    fields.back().origin = location_of(field.location);
  }
  return {};
}

Outcome ReplayState::replay(const CreateFunction& create, Effect&) {
  schema.functions[create.name.schema + "." + create.name.name].insert(join(create.arguments, ","));
  if (create.changes_schema) schema.changing_functions.insert(create.name.name);
  return {};
}

Outcome ReplayState::replay(const CallRoutine& call, Effect& effect) {
  effect = Effect::none;
  if (!schema.changing_functions.count(call.name)) return {};
  return Problem{"calls " + call.name + ", which changes tables: pgadvise does not know its effects"};
}

Outcome ReplayState::replay(const CreatePolicy& create, Effect&) {
  Table* table = schema.catalog.table(create.table);
  if (!table) return missing("relation", create.table);
  for (const Policy& other : table->policies)
    if (other.name == create.policy.name) return exists("policy", {"", other.name});
  table->policies.push_back(create.policy);
  table->policies.back().origin = location_of(-1);
  return {};
}

Outcome ReplayState::replay(const AlterPolicy& alter, Effect&) {
  Table* table = schema.catalog.table(alter.table);
  if (!table) return missing("relation", alter.table);
  for (Policy& policy : table->policies) {
    if (policy.name != alter.name) continue;
    if (!alter.using_expression.empty()) policy.using_expression = alter.using_expression;
    if (!alter.check_expression.empty()) policy.check_expression = alter.check_expression;
    if (alter.roles) policy.roles = *alter.roles;
    return {};
  }
  return missing("policy", {"", alter.name});
}

Outcome ReplayState::replay(const CreateSchema& create, Effect& effect) {
  // Schemas that were only assumed so far, because something was created in them, look the same: not worth a
  // complaint.
  schema.ensure_schema(create.name);
  auto path = schema.search_path;
  schema.search_path.insert(schema.search_path.begin(), create.name);
  Outcome outcome;
  for (const Node* element : create.elements)
    if (!outcome) outcome = change_schema(read_statement(*element, schema), effect);
  schema.search_path = std::move(path);
  effect = Effect::replayed;
  return outcome;
}

Outcome ReplayState::replay(const CreateExtension& create, Effect&) {
  auto& extensions = schema.catalog.extensions;
  if (is_one_of(create.name, extensions))
    return create.if_not_exists ? Outcome() : exists("extension", {"", create.name});
  extensions.insert(std::ranges::upper_bound(extensions, create.name), create.name);
  return {};
}

Outcome ReplayState::replay(const CreateTrigger& create, Effect& effect) {
  effect = Effect::none;
  Table* table = schema.catalog.table(create.table);
  if (!table || !create.before_update) return {};
  auto& names = table->update_triggers;
  if (!is_one_of(create.name, names)) names.push_back(create.name);
  return {};
}

Outcome ReplayState::replay(const Comment& comment, Effect& effect) {
  if (comment.kind == Comment::Kind::other) {
    effect = Effect::none;
    return {};
  }
  Table* table = schema.catalog.table(comment.relation);
  if (comment.kind == Comment::Kind::table) {
    if (!table) return missing("relation", comment.relation);
    table->comment = comment.text;
    return {};
  }
  if (!table) return schema.types.count(comment.relation) ? Outcome() : missing("relation", comment.relation);
  Column* column = SchemaState::column(*table, comment.column);
  if (!column) return missing_column(*table, comment.column);
  column->comment = comment.text;
  return {};
}

}  // namespace pgadvise::sql
