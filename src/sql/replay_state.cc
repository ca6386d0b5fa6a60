#include "sql/replay_state.h"

#include <algorithm>

#include "sql/lexer.h"
#include "sql/statement.h"
#include "sql/type_name.h"

namespace pgadvise::sql {
namespace {

constexpr std::size_t max_savepoints = 64;  // each is a copy of the catalog

bool rolls_back(std::string_view statement) {
  Lexer lexer(statement);
  const Lexeme first = lexer.next_token();
  return first.is_word("rollback") || first.is_word("abort");
}

}  // namespace

// A phrase of a later grammar, as words and marks in a row.
std::string newer_syntax(std::string_view statement) {
  struct Phrase {
    int since;
    std::vector<std::string_view> words;
    const char* shown;
  };
  static const std::vector<Phrase> phrases = {
      {160000, {"is", "json"}, "IS JSON"},
      {160000, {"is", "not", "json"}, "IS JSON"},
      {160000, {"json_array", "("}, "JSON_ARRAY"},
      {160000, {"json_arrayagg", "("}, "JSON_ARRAYAGG"},
      {160000, {"json_object", "("}, "JSON_OBJECT"},
      {160000, {"json_objectagg", "("}, "JSON_OBJECTAGG"},
      {170000, {"json_table", "("}, "JSON_TABLE"},
      {170000, {"json_query", "("}, "JSON_QUERY"},
      {170000, {"json_value", "("}, "JSON_VALUE"},
      {170000, {"json_exists", "("}, "JSON_EXISTS"},
      {170000, {"json_scalar", "("}, "JSON_SCALAR"},
      {170000, {"json_serialize", "("}, "JSON_SERIALIZE"},
      {170000, {"set", "expression"}, "SET EXPRESSION"},
      {170000, {"matched", "by", "source"}, "NOT MATCHED BY SOURCE"},
      {170000, {"matched", "by", "target"}, "NOT MATCHED BY TARGET"},
      {170000, {"on_error"}, "COPY … ON_ERROR"},
      {180000, {")", "virtual"}, "a VIRTUAL column"},
      {180000, {"without", "overlaps"}, "WITHOUT OVERLAPS"},
      {180000, {"period"}, "PERIOD"},
      {180000, {"not", "enforced"}, "NOT ENFORCED"},
      {180000, {"enforced"}, "ENFORCED"},
      {180000, {"returning", "with", "("}, "RETURNING WITH"},
  };
  std::vector<std::string> seen;
  bool merge = false;
  Lexer lexer(statement);
  for (Lexeme token = lexer.next_token(); token.kind != Lexeme::Kind::end; token = lexer.next_token()) {
    seen.push_back(token.kind == Lexeme::Kind::word || token.kind == Lexeme::Kind::punctuation
                       ? lower(token.text)
                       : "\x01");
    merge |= seen.back() == "merge";
    if (PG_VERSION_NUM < 170000 && merge && seen.back() == "returning") return "MERGE … RETURNING";
    for (const Phrase& phrase : phrases)
      if (PG_VERSION_NUM < phrase.since && seen.size() >= phrase.words.size() &&
          std::equal(phrase.words.begin(), phrase.words.end(),
                     seen.end() - static_cast<long>(phrase.words.size())))
        return phrase.shown;
    if (seen.size() > 64) seen.erase(seen.begin(), seen.begin() + 32);
  }
  return {};
}

SourceLocation ReplayState::place(int location) const {
  const auto position = lines->at(statement_offset + (location > 0 ? static_cast<std::size_t>(location) : 0));
  return {file, position.line, position.column};
}

void ReplayState::note(const std::string& what, std::size_t offset, const std::string& hint) {
  const auto position = lines->at(offset);
  diagnostics.push_back(
      {Error::Kind::nonfatal, SourceLocation{file, position.line, position.column}.str(), what, hint});
}

void ReplayState::run(std::string_view text, const std::string& script_file) {
  file = script_file;
  script = text;
  lines = std::make_unique<LineIndex>(script);
  const auto statements = split(script);
  keep_savepoints_ = std::any_of(statements.begin(), statements.end(),
                                 [](const SourceStatement& s) { return rolls_back(s.text); });
  schema.search_path = {"public"};
  in_transaction_ = false;
  // Temporary tables end with the session that ran the script before.
  std::erase_if(schema.catalog.tables, [](const auto& entry) { return entry.second.temporary; });
  if (migration) {
    using Transaction = Migration::Transaction;
    const Transaction how = migration->transaction;
    recorder_.begin(schema, together);
    transactions_ = 1;
    transaction_ = how == Transaction::file || how == Transaction::run ||
                   (how == Transaction::script && statements.size() > 1);
  }
  for (const SourceStatement& part : statements) {
    ++counts.statements;
    statement_offset = part.offset;
    if (migration) begin_step(part.text);
    const bool done = with_stack(tree_depth(part.text), [&] { statement(part.text, part.offset); });
    if (!done) {
      ++counts.not_understood;
      note(too_deep.what, part.offset);
      recorder_.lost_track();
    }
    if (migration && !step_.actions.empty()) migration->steps.push_back(std::move(step_));
  }
  savepoints_.clear();
  path_after_transaction_.reset();
  auto& functions = schema.catalog.user_functions;
  functions.clear();
  for (const auto& [name, unused] : schema.functions) functions.push_back(name);
}

void ReplayState::statement(std::string_view text, std::size_t offset) {
  const auto tree = Tree::parse(text);
  if (!tree) {
    ++counts.not_understood;
    recorder_.lost_track();
    const std::string newer = newer_syntax(text);
    if (tree.error().what.find("subquery in FROM must have an alias") != std::string::npos) {
      note("a subquery in FROM without an alias needs a newer parser than PostgreSQL " +
               std::to_string(PG_VERSION_NUM / 10000) + "'s",
           offset);
    } else if (newer.empty()) {
      note(tree.error().what, offset + tree.error().offset);
    } else {
      note(newer + " needs a newer parser than PostgreSQL " + std::to_string(PG_VERSION_NUM / 10000) + "'s",
           offset + tree.error().offset);
    }
    return;
  }
  for (std::size_t i = 0; i < tree->size(); ++i) {
    Effect effect = Effect::none;
    const Outcome outcome = perform(*tree->statement(i), effect);
    if (outcome && outcome->kind == Problem::Kind::missing && supabase_table(outcome->name)) {
      ++counts.without_effect;  // policies and triggers on what is no matter of these files
    } else if (outcome) {
      ++counts.not_understood;
      note(outcome->what, offset);
    } else if (effect == Effect::unknown) {
      ++counts.not_understood;
      note("a statement of this kind is not known", offset);
    } else {
      ++(effect == Effect::replayed ? counts.replayed : counts.without_effect);
    }
  }
  if (tree->size() == 0) ++counts.without_effect;
}

void ReplayState::begin_step(std::string_view text) {
  constexpr std::size_t max_text = 400;
  step_ = {};
  step_.place = place(-1);
  step_.last_line = lines->at(statement_offset + (text.empty() ? 0 : text.size() - 1)).line;
  step_.text = clip_name(text, max_text);
  step_.transaction = transaction_;
  cut_names_ = cut_names(text);
}

Outcome ReplayState::perform(const Node& node, Effect& effect) {
  const Statement statement = read_statement(node, schema);
  if (!migration) return dispatch(statement, effect);
  auto actions = recorder_.actions(statement, schema);
  const bool swallows = std::any_of(actions.begin(), actions.end(), [](const SchemaAction& action) {
    return action.kind == SchemaAction::Kind::suppress_error;
  });
  Outcome outcome = dispatch(statement, effect);
  if (outcome && outcome->kind == Problem::Kind::exists && !swallows) return outcome;  // nothing happens
  for (SchemaAction& action : actions) {
    using Kind = SchemaAction::Kind;
    if (in_loop_ && (action.kind == Kind::update || action.kind == Kind::remove)) continue;
    action.place = place(-1);
    action.truncated = action.kind == Kind::suppress_error && cut_names_.count(action.name);
    step_.actions.push_back(action);
  }
  recorder_.happened(actions, schema);
  return outcome;
}

Outcome ReplayState::dispatch(const Statement& statement, Effect& effect) {
  const Node& node = statement.node;
  effect = Effect::replayed;
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT: return create_table(*node.create_stmt, false);
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
      return create_table(*node.create_foreign_table_stmt->base_stmt, true);
    case PG_QUERY__NODE__NODE_INDEX_STMT:
      return create_index(*node.index_stmt->relation, *statement.create_index);
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT: return alter_table(*statement.alter_table, effect);
    case PG_QUERY__NODE__NODE_DROP_STMT: return drop(*statement.drop, effect);
    case PG_QUERY__NODE__NODE_RENAME_STMT: return rename(*statement.rename, effect);
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT: return rename(*statement.rename, effect);
    case PG_QUERY__NODE__NODE_VIEW_STMT: return create_view(*node.view_stmt);
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: return create_table_as(*node.create_table_as_stmt);
    case PG_QUERY__NODE__NODE_SELECT_STMT: return select(*node.select_stmt, node, effect);
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT: return create_sequence(*node.create_seq_stmt);
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT: return alter_sequence(*node.alter_seq_stmt);
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT: return create_enum(*node.create_enum_stmt);
    case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT: return alter_enum(*node.alter_enum_stmt);
    case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT: return create_policy(*node.create_policy_stmt);
    case PG_QUERY__NODE__NODE_ALTER_POLICY_STMT: return alter_policy(*node.alter_policy_stmt);
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT: return create_schema(*node.create_schema_stmt, effect);
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT: create_function(*node.create_function_stmt); return {};
    case PG_QUERY__NODE__NODE_COMMENT_STMT: return comment(*node.comment_stmt, effect);
    case PG_QUERY__NODE__NODE_DO_STMT: return do_block(*node.do_stmt, effect);
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
    case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT: {
      const bool domain = node.node_case == PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT;
      const QualifiedName name = schema.new_name(
          domain ? NodeList(node.create_domain_stmt->n_domainname, node.create_domain_stmt->domainname)
                 : NodeList(node.create_range_stmt->n_type_name, node.create_range_stmt->type_name));
      if (schema.type_exists(name)) return exists("type", name);
      schema.types[name];
      return {};
    }
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT: {
      const QualifiedName name = schema.new_name(*node.composite_type_stmt->typevar);
      if (schema.type_exists(name)) return exists("type", name);
      std::vector<Column> fields;
      for (const Node* field :
           NodeList(node.composite_type_stmt->n_coldeflist, node.composite_type_stmt->coldeflist)) {
        Column column;
        column.name = field->column_def->colname;
        column.type = schema.type_of(field->column_def->type_name);
        column.origin = place(field->column_def->location);
        fields.push_back(std::move(column));
      }
      schema.types[name] = std::move(fields);
      return {};
    }
    case PG_QUERY__NODE__NODE_DEFINE_STMT: {  // base types and aggregates
      const PgQuery__DefineStmt& define = *node.define_stmt;
      const QualifiedName name = schema.new_name(NodeList(define.n_defnames, define.defnames));
      if (define.kind == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) schema.types[name];
      else if (define.kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE)
        schema.functions[name.schema + "." + name.name].insert("aggregate");
      else effect = Effect::none;
      return {};
    }
    case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT: {
      auto& extensions = schema.catalog.extensions;
      const std::string name = node.create_extension_stmt->extname;
      if (std::find(extensions.begin(), extensions.end(), name) != extensions.end())
        return node.create_extension_stmt->if_not_exists ? Outcome() : exists("extension", {"", name});
      extensions.insert(std::upper_bound(extensions.begin(), extensions.end(), name), name);
      return {};
    }
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT: {
      constexpr int before = 2, update = 16;  // TRIGGER_TYPE_… of catalog/pg_trigger.h
      const PgQuery__CreateTrigStmt& trigger = *node.create_trig_stmt;
      effect = Effect::none;
      if (Table* table = trigger.relation ? schema.table(*trigger.relation) : nullptr;
          table && (trigger.timing & before) && (trigger.events & update))
        if (auto& names = table->update_triggers;
            std::find(names.begin(), names.end(), trigger.trigname) == names.end())
          names.push_back(trigger.trigname);
      return {};
    }
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
      effect = Effect::none;
      transaction(*node.transaction_stmt);
      return {};
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
      effect = Effect::none;
      set_variable(*node.variable_set_stmt);
      return {};
    default: effect = Effect::none; return {};
  }
}

Outcome ReplayState::select(const PgQuery__SelectStmt& stmt, const Node& node, Effect& effect) {
  effect = Effect::none;
  if (stmt.into_clause && stmt.into_clause->rel) {
    effect = Effect::replayed;
    return create_from_query(*stmt.into_clause->rel, {}, node, Table::Kind::ordinary, false, false);
  }
  // pg_dump: SELECT pg_catalog.set_config('search_path', '', false)
  if (stmt.n_target_list != 1 || stmt.n_from_clause) return {};
  const Node* target = stmt.target_list[0]->res_target->val;
  if (!target || target->node_case != PG_QUERY__NODE__NODE_FUNC_CALL) return {};
  const PgQuery__FuncCall& call = *target->func_call;
  if (string_value(call.funcname[call.n_funcname - 1]) == "set_config" && call.n_args >= 2 &&
      constant(call.args[0]).text == "search_path" && constant(call.args[1]).is_constant)
    set_search_path(constant(call.args[1]).text);
  return {};
}

void ReplayState::set_search_path(const std::string& list) {
  schema.search_path.clear();
  Lexer lexer(list);
  for (Lexeme token = lexer.next_token(); token.kind != Lexeme::Kind::end; token = lexer.next_token()) {
    std::string name;
    if (token.kind == Lexeme::Kind::word) name = lower(token.text);
    if (token.kind == Lexeme::Kind::quoted_name && token.text.size() > 1)
      name = replace_all(std::string(token.text.substr(1, token.text.size() - 2)), "\"\"", "\"");
    if (!name.empty() && name != "$user" && name != "pg_catalog" && name != "pg_temp")
      schema.search_path.push_back(name);
  }
}

void ReplayState::set_variable(const PgQuery__VariableSetStmt& stmt) {
  if (lower(stmt.name) != "search_path" && stmt.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) return;
  if (stmt.is_local && in_transaction_ && !path_after_transaction_)
    path_after_transaction_ = schema.search_path;
  if (stmt.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
    schema.search_path = {"public"};
    return;
  }
  schema.search_path.clear();
  for (const Node* node : NodeList(stmt.n_args, stmt.args))
    if (const std::string name = constant(node).text;
        !name.empty() && name != "$user" && name != "pg_catalog" && name != "pg_temp")
      schema.search_path.push_back(name);
}

void ReplayState::undo_to(std::size_t savepoint) {
  schema = savepoints_[savepoint].second;
  savepoints_.resize(savepoint + 1);
}

void ReplayState::number_transaction(const PgQuery__TransactionStmt& stmt) {
  switch (stmt.kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
      if (transaction_ == 0) transaction_ = ++transactions_;
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
      // What follows in one string of statements is one transaction again.
      transaction_ =
          stmt.chain || migration->transaction == Migration::Transaction::script ? ++transactions_ : 0;
      break;
    default: break;
  }
}

void ReplayState::transaction(const PgQuery__TransactionStmt& stmt) {
  if (migration) number_transaction(stmt);
  const auto named = [&] {
    for (std::size_t i = savepoints_.size(); i-- > 1;)
      if (savepoints_[i].first == stmt.savepoint_name) return i;
    return std::size_t{0};
  };
  const auto end_transaction = [&] {
    savepoints_.clear();
    in_transaction_ = false;
    if (path_after_transaction_) schema.search_path = std::move(*path_after_transaction_);
    path_after_transaction_.reset();
    if (stmt.chain) {
      in_transaction_ = true;
      if (keep_savepoints_) savepoints_.push_back({"", schema});
    }
  };
  switch (stmt.kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
      if (keep_savepoints_ && !in_transaction_) savepoints_.push_back({"", schema});
      in_transaction_ = true;
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
      if (keep_savepoints_ && in_transaction_ && savepoints_.size() < max_savepoints)
        savepoints_.push_back({stmt.savepoint_name, schema});
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
      if (const auto at = named(); at > 0) savepoints_.resize(at);
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
      if (const auto at = named(); at > 0) undo_to(at);
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
      if (!savepoints_.empty()) undo_to(0);
      end_transaction();
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE: end_transaction(); break;
    default: break;
  }
}

}  // namespace pgadvise::sql
