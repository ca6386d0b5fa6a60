// Internal to src/sql: the interpreter behind Replayer, over several .cc files by kind of statement.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "model/catalog.h"
#include "model/schema_step.h"
#include "sql/ast.h"
#include "sql/definitions.h"
#include "sql/replay_counts.h"
#include "sql/schema_state.h"
#include "sql/steps.h"

namespace pgadvise::sql {

enum class Effect { replayed, none, unknown };

// An index to be made, with the constraint that it serves, if any.
struct IndexPlan {
  Index index;                            // an empty name: the server's choice
  std::optional<Constraint> constraint;   // primary key, unique, exclusion
  std::vector<std::string> name_columns;  // what an invented name is made of
};

struct ReplayState {
  SchemaState schema;
  Diagnostics diagnostics;
  ReplayCounts counts;

  // ---- replay_state.cc
  void run(std::string_view text, const std::string& script_file);
  void statement(std::string_view text, std::size_t offset);
  void begin_step(std::string_view text);
  Outcome dispatch(const Statement& statement, Effect& effect);
  // dispatch(), and what the statement does is recorded when the migration is judged.
  Outcome perform(const Node& node, Effect& effect);
  Outcome select(const PgQuery__SelectStmt& stmt, const Node& node, Effect& effect);
  void transaction(const PgQuery__TransactionStmt& stmt);
  void set_variable(const PgQuery__VariableSetStmt& stmt);
  void set_search_path(const std::string& list);
  void note(const std::string& what, std::size_t offset, const std::string& hint = {});
  SourceLocation place(int location) const;  // in the current statement; below zero: the statement itself
  // ---- replay_block.cc
  Outcome do_block(const PgQuery__DoStmt& stmt, Effect& effect);
  Outcome block_statement(std::string_view text, Effect& effect, bool& skipped);
  void swallowed(SchemaAction::Swallow how, const StepRecorder::Difference& what);
  // ---- replay_create.cc
  Outcome create_table(const PgQuery__CreateStmt& stmt, bool foreign);
  Outcome add_elements(Table& table, const PgQuery__CreateStmt& stmt,
                       std::vector<ConstraintDefinition>& pending,
                       std::vector<const PgQuery__TableLikeClause*>& likes);
  Outcome add_column(Table& table, const ColumnDefinition& definition,
                     std::vector<ConstraintDefinition>& pending);
  // What the definition says beside name and type; its constraints are added to `pending`.
  void set_properties(Table& table, Column& column, const ColumnDefinition& definition,
                      std::vector<ConstraintDefinition>& pending);
  void add_serial(Table& table, Column& column);
  void add_identity(Table& table, Column& column, const ColumnDefinition& definition);
  void make_sequence(Table& table, const Column& column, const std::string& wanted, const std::string& type);
  void inherit_columns(Table& table, const Table& parent, bool partition);
  void inherit_checks(Table& child, const Table& parent);
  Outcome like_columns(Table& table, const PgQuery__TableLikeClause& like);
  void like_rest(Table& table, const PgQuery__TableLikeClause& like);
  // ---- replay_index.cc
  Outcome add_constraints(Table& table, const std::vector<ConstraintDefinition>& pending, bool only = false);
  Outcome add_check(Table& table, const ConstraintDefinition& pending);
  Outcome add_foreign_key(Table& table, const ConstraintDefinition& pending);
  void copy_foreign_key(Table& child, const Table& parent, const Constraint& key);
  IndexPlan index_plan(const ConstraintDefinition& definition) const;
  Outcome use_index(Table& table, const ConstraintDefinition& pending);
  Outcome create_index(const PgQuery__RangeVar& range, const IndexDefinition& definition);
  Outcome make_index(Table& table, IndexPlan plan, bool only);
  static bool same_definition(const Index& a, const Index& b);
  Index* adopt_index(Table& child, const QualifiedName& above_name, const Index& above,
                     const Constraint* served);
  void make_partition_index(Table& child, Table& parent, const Index& above);
  void adopt_partition(Table& child,
                       Table& parent);  // indexes and foreign keys that it takes from its parent
  // ---- replay_create.cc
  static std::string partition_bound_text(const PgQuery__PartitionBoundSpec& bound);
  Outcome create_table_as(const PgQuery__CreateTableAsStmt& stmt);
  Outcome create_from_query(const PgQuery__RangeVar& range, NodeList names, const Node& query,
                            Table::Kind kind, bool if_not_exists, bool replace);
  Outcome create_view(const PgQuery__ViewStmt& stmt);
  Outcome create_sequence(const PgQuery__CreateSeqStmt& stmt);
  Outcome sequence_options(Sequence& sequence, NodeList options);
  Outcome create_enum(const PgQuery__CreateEnumStmt& stmt);
  Outcome create_policy(const PgQuery__CreatePolicyStmt& stmt);
  Outcome alter_policy(const PgQuery__AlterPolicyStmt& stmt);
  Outcome create_schema(const PgQuery__CreateSchemaStmt& stmt, Effect& effect);
  void create_function(const PgQuery__CreateFunctionStmt& stmt);
  // ---- replay_alter.cc
  Outcome alter_table(const AlterTable& alter, Effect& effect);
  Outcome change_table(const AlterTable& alter, const TableChange& change, Effect& effect);
  Outcome change_columns(Table& table, const TableChange& change, bool only);
  Outcome change_column(Table& table, Table& owner, Column& column, const TableChange& change);
  Outcome drop_identity(Table& table, Column& column, bool if_exists);
  void change_type(Table& table, Column& column, const Column& after);
  Outcome add_column_command(Table& table, const TableChange& change);
  Outcome drop_column_command(Table& table, const TableChange& change);
  Outcome drop_constraint_command(Table& table, const TableChange& change);
  Outcome attach_partition(Table& parent, const PgQuery__PartitionCmd& command);
  Outcome detach_partition(Table& parent, const PgQuery__PartitionCmd& command);
  Outcome inherit(Table& child, const PgQuery__RangeVar& parent, bool add);
  Outcome attach_index(const QualifiedName& parent, const PgQuery__PartitionCmd& command);
  Outcome alter_sequence(const PgQuery__AlterSeqStmt& stmt);
  Outcome alter_enum(const PgQuery__AlterEnumStmt& stmt);
  Outcome rename(const Rename& rename, Effect& effect);
  Outcome rename_relation(const Rename& rename);
  Outcome set_schema(const Rename& rename);
  Outcome rename_column(const Rename& rename);
  Outcome rename_constraint(const Rename& rename);
  Outcome rename_policy(const Rename& rename);
  Outcome comment(const PgQuery__CommentStmt& stmt, Effect& effect);
  // ---- replay_drop.cc
  Outcome drop(const DropStatement& drop, Effect& effect);
  Outcome drop_relations(const std::vector<QualifiedName>& names, bool cascade);
  // Of policies, triggers, extensions, functions.
  Outcome drop_other(DropStatement::Kind kind, const DropStatement::Object& object);

  // The statement being replayed.
  std::string file;
  std::string_view script;
  std::unique_ptr<LineIndex> lines;
  std::size_t statement_offset = 0;

  // The migration being judged; nullptr: none.
  Migration* migration = nullptr;
  bool together = false;

 private:
  void undo_to(std::size_t savepoint);
  void number_transaction(const PgQuery__TransactionStmt& stmt);
  StepRecorder recorder_;
  SchemaStep step_;
  std::set<std::string> cut_names_;
  int transaction_ = 0;  // the number of the one that the next statement runs in
  int transactions_ = 0;
  bool in_loop_ = false;
  std::optional<StepRecorder::Difference> difference_;  // of the statement of a DO block that failed last
  std::vector<std::pair<std::string, SchemaState>> savepoints_;  // the first: BEGIN
  bool keep_savepoints_ = false;                                 // the script rolls something back
  bool in_transaction_ = false;
  int block_depth_ = 0;
  std::optional<std::vector<std::string>> path_after_transaction_;  // SET LOCAL
};

// What the linked grammar is likely too old for: "IS JSON", or "" when nothing of that kind is there.
std::string newer_syntax(std::string_view statement);

}  // namespace pgadvise::sql
