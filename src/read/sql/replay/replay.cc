#include "sql/replay/replay.h"

#include <utility>

#include "sql/replay/replay_state.h"

namespace pgadvise::sql {

Replayer::Replayer() : state_(std::make_unique<ReplayState>()) {
  state_->schema.catalog.schemas = {"public"};
}
Replayer::Replayer(Catalog catalog) : Replayer() {
  SchemaState& schema = state_->schema;
  schema.catalog = std::move(catalog);
  for (const auto& [name, table] : schema.catalog.tables) {
    for (const auto& index : table.indexes) {
      schema.index_tables[{name.schema, index.name}] = name;
      if (!index.attached_to.empty() && table.partition_of)
        schema.index_parents[{name.schema, index.name}] = {table.partition_of->schema, index.attached_to};
    }
    for (const auto& constraint : table.constraints)
      schema.constraint_names.insert({name.schema, constraint.name});
    if (table.partition_of) schema.children[*table.partition_of].push_back(name);
    for (const auto& parent : table.inherits) schema.children[parent].push_back(name);
  }
}
Replayer::~Replayer() = default;

void Replayer::run(std::string_view script, const std::string& file) { state_->run(script, file); }
void Replayer::run(std::string_view script, Migration& migration, bool together) {
  state_->migration = &migration;
  state_->together = together;
  state_->run(script, migration.file);
  state_->migration = nullptr;
}
void Replayer::any_order() { state_->any_order = true; }
void Replayer::finish() { state_->finish(); }
const Catalog& Replayer::catalog() const { return state_->schema.catalog; }
const Diagnostics& Replayer::diagnostics() const { return state_->diagnostics; }
const ReplayCounts& Replayer::counts() const { return state_->counts; }

Catalog Replayer::take() {
  Catalog out = std::move(state_->schema.catalog);
  for (auto& [name, table] : out.tables)
    for (Index& index : table.indexes)
      if (const auto* link = value_at(state_->schema.index_parents, {name.schema, index.name}))
        index.attached_to = link->name;
  state_->schema = SchemaState();
  state_->schema.catalog.schemas = {"public"};
  return out;
}

}  // namespace pgadvise::sql
