// Scripts without a known order: what waits for an object that a later script creates.
#include <utility>

#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/replay/replay_state.h"

namespace pgadvise::sql {

// Whether nothing of the statement has happened, so that it can be replayed again.
static bool can_wait(const Statement& statement, const Problem& problem) {
  if (problem.kind != Problem::Kind::missing) return false;
  if (const auto* alter = std::get_if<AlterTable>(&statement)) return problem.name == alter->name;
  return is_any<CreateTable, CreateIndex, CreatePolicy, AlterPolicy, AlterEnum, AlterSequence, Comment>(
      statement);
}

bool ReplayState::defer(const Statement& statement, const Problem& problem, std::string_view text) {
  if (!any_order || migration || block_depth_ > 0 || !can_wait(statement, problem)) return false;
  auto whole = waiting_.empty() || waiting_.back().file != file ? std::make_shared<const std::string>(script)
                                                                : waiting_.back().script;
  waiting_.push_back({file, std::move(whole), statement_offset, text.size(), schema.search_path});
  return true;
}

void ReplayState::finish() {
  constexpr int max_rounds = 4;
  for (int round = 1; !waiting_.empty(); ++round) {
    const auto tried = std::exchange(waiting_, {});
    if (round == max_rounds) any_order = false;  // now they are reported
    const std::string* open = nullptr;
    for (const Waiting& each : tried) {
      if (open != each.script.get()) {
        open = each.script.get();
        file = each.file;
        script = *each.script;
        lines = std::make_unique<LineIndex>(script);
      }
      schema.search_path = each.search_path;
      statement_offset = each.offset;
      const std::string_view text = script.substr(each.offset, each.size);
      with_stack(tree_depth(text), [&] { statement(text, each.offset); });
    }
    script = {};
    if (waiting_.size() == tried.size()) any_order = false;
  }
  resolve_references();
}

void ReplayState::resolve_references() {
  std::set<std::string> remarks;
  for (const Reference& reference : references_) {
    const Table* referenced = schema.catalog.table(reference.referenced);
    if (!referenced) continue;
    remarks.insert(reference.remark);
    counts.outside.erase(reference.remark);
    Table* table = schema.catalog.table(reference.table);
    Constraint* key = table ? SchemaState::constraint(*table, reference.key) : nullptr;
    const Constraint* primary = SchemaState::primary_key(*referenced);
    if (key && primary && key->referenced_columns.empty()) key->referenced_columns = primary->columns;
  }
  std::erase_if(diagnostics, [&](const Error& error) { return remarks.count(error.line()) > 0; });
  references_.clear();
}

}  // namespace pgadvise::sql
