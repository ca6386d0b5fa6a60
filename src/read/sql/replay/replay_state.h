// Internal to src/read/sql: the interpreter behind Replayer, over several .cc files by kind of statement.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text/text.h"
#include "model/schema/catalog.h"
#include "model/schema/schema_step.h"
#include "sql/definitions/definitions.h"
#include "sql/definitions/do_block.h"
#include "sql/replay/replay_counts.h"
#include "sql/replay/schema_state.h"
#include "sql/replay/steps.h"

namespace pgadvise::sql {

enum class Effect { replayed, none };

// An index to be made, with the constraint that it serves, if any.
struct IndexPlan : IndexDefinition {
  std::optional<Constraint> constraint = {};  // primary key, unique, exclusion
};

struct ReplayState {
  SchemaState schema;
  Diagnostics diagnostics;
  ReplayCounts counts;

  // ---- replay_wait.cc
  // Keeps the statement, which failed, until the scripts that follow have run (Replayer::any_order). False:
  // it need not wait.
  bool defer(const Statement& statement, const Problem& problem, std::string_view text);
  void finish();
  void resolve_references();
  // ---- replay_state.cc
  void run(std::string_view text, const std::string& script_file);
  void statement(std::string_view text, std::size_t offset);
  void begin_step(std::string_view text);
  // Changes the schema; for a migration that is checked, records what the statement does.
  Outcome perform(const Statement& statement, Effect& effect);
  Outcome change_schema(const Statement& statement, Effect& effect);
  void record(std::vector<SchemaAction> actions);  // in the step
  void record(std::vector<TableLock> locks);       // in the step
  // One function for each kind of statement that changes a catalog or the session; `effect` is `replayed`
  // before.
  template <class Other>
  Outcome replay(const Other&, Effect& effect) {
    effect = Effect::none;
    return {};
  }
  Outcome replay(const SetSearchPath& set, Effect& effect);
  Outcome replay(const SetTimeout& set, Effect& effect);
  Outcome replay(const CallRoutine& call, Effect& effect);
  Outcome replay(const TransactionControl& control, Effect& effect);
  void report(const std::string& what, std::size_t offset);
  // The effects of the current statement are unknown: tables that the text names may have changed.
  void make_uncertain(std::string_view text);
  void not_parsed(std::string_view text);  // counts the statement
  // `location`: in the current statement; below zero: the statement itself.
  SourceLocation location_of(int location) const;
  // ---- replay_block.cc
  Outcome replay(const DoBlock& block, Effect& effect);
  Outcome block_statement(std::string_view text, Effect& effect, bool& skipped);
  // Like perform(), for a statement that perhaps does not run on a server.
  Outcome perform_perhaps(const Statement& statement, Effect& effect);
  Outcome block_statements(const Block& block, std::string_view body, Effect& effect, bool& skipped);
  // The text of a block perhaps changes the tables that it names. `guessed`: the block needs a remark.
  void suspect_changes(std::string_view text, bool guessed);
  void record_suppressed_error(SchemaAction::Swallow how, const Difference& what);
  // Records the first of the step's actions from `first` on whose violation a handler around `part` hides.
  void record_hidden_violation(const Block& block, const BlockStatement& part, std::size_t first);
  // ---- replay_create.cc
  Outcome replay(const CreateTable& create, Effect& effect);
  Outcome add_elements(Table& table, const CreateTable& create, std::vector<ConstraintDefinition>& pending);
  Outcome add_element(Table& table, const CreateTable& create, const ColumnDefinition& definition,
                      std::vector<ConstraintDefinition>& pending);
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
  Outcome like_columns(Table& table, const LikeClause& like);
  void like_rest(Table& table, const LikeClause& like);
  Outcome replay(const CreateFromQuery& create, Effect& effect);
  // ---- replay_index.cc
  Outcome add_constraints(Table& table, const std::vector<ConstraintDefinition>& pending, bool only = false);
  Outcome add_check(Table& table, const ConstraintDefinition& pending);
  Outcome add_foreign_key(Table& table, const ConstraintDefinition& pending);
  IndexPlan index_plan(const ConstraintDefinition& definition) const;
  Outcome use_index(Table& table, const ConstraintDefinition& pending);
  Outcome replay(const CreateIndex& create, Effect& effect);
  Outcome make_index(Table& table, IndexPlan plan, bool only);
  static bool same_definition(const Index& a, const Index& b);
  void make_partition_index(Table& child, Table& parent, const Index& above);
  void adopt_partition(Table& child,
                       Table& parent);  // indexes and foreign keys that it takes from its parent
  // ---- replay_object.cc
  Outcome replay(const CreateSequence& create, Effect& effect);
  Outcome replay(const AlterSequence& alter, Effect& effect);
  Outcome set_options(Sequence& sequence, const SequenceOptions& options);
  Outcome replay(const CreateEnum& create, Effect& effect);
  Outcome replay(const AlterEnum& alter, Effect& effect);
  Outcome replay(const CreateType& create, Effect& effect);
  Outcome replay(const CreateFunction& create, Effect& effect);
  Outcome replay(const CreatePolicy& create, Effect& effect);
  Outcome replay(const AlterPolicy& alter, Effect& effect);
  Outcome replay(const CreateSchema& create, Effect& effect);
  Outcome replay(const CreateExtension& create, Effect& effect);
  Outcome replay(const CreateTrigger& create, Effect& effect);
  Outcome replay(const Comment& comment, Effect& effect);
  // ---- replay_alter.cc
  Outcome replay(const AlterTable& alter, Effect& effect);
  Outcome change_table(const AlterTable& alter, const TableChange& change, Effect& effect);
  Outcome change_columns(Table& table, const TableChange& change, bool only);
  Outcome change_column(Table& table, Column& column, bool own, const TableChange& change);
  void change_type(Table& table, Column& column, const ColumnDefinition& after);
  Outcome add_column_command(Table& table, const TableChange& change);
  Outcome drop_column_command(Table& table, const TableChange& change);
  Outcome drop_constraint_command(Table& table, const TableChange& change);
  Outcome attach_partition(Table& parent, const TableChange& change);
  Outcome inherit(Table& child, const QualifiedName& parent, bool add);
  Outcome replay(const Rename& rename, Effect& effect);
  // ---- replay_drop.cc
  Outcome replay(const DropStatement& drop, Effect& effect);
  // Which defaults depend on an enum after the statement, which has not run yet.
  void note_enum_defaults(const AlterTable& alter);

  // The statement being replayed.
  std::string file;
  std::string_view script;
  std::unique_ptr<LineIndex> lines;
  std::size_t statement_offset = 0;

  bool any_order = false;

  // The migration that is checked; nullptr: none.
  Migration* migration = nullptr;
  bool together = false;

 private:
  void undo_to(std::size_t savepoint);
  void number_transaction(const TransactionControl& control);
  struct Waiting {
    std::string file;
    std::shared_ptr<const std::string> script;
    std::size_t offset, size;  // of the statement
    std::vector<std::string> search_path;
  };
  // A foreign key to a table that no script has created so far.
  struct Reference {
    QualifiedName table, referenced;
    std::string key;
    std::string remark;  // Error::line()
  };
  std::vector<Waiting> waiting_;
  std::vector<Reference> references_;
  StepRecorder recorder_;
  SchemaStep step_;
  std::set<std::string> cut_names_;
  int transaction_ = 0;  // the number of the one that the next statement runs in
  int transactions_ = 0;
  // A timeout that the script sets, in milliseconds.
  struct Timeout {
    std::optional<std::int64_t> session;
    std::optional<std::int64_t> local;  // SET LOCAL, to the end of the transaction
    std::optional<std::int64_t> current() const { return local ? local : session; }
  };
  Timeout lock_timeout_;
  Timeout statement_timeout_;
  bool in_loop_ = false;
  // Why the statement of a DO block that is replayed perhaps does not run on a server; what became of it.
  struct Doubt {
    std::vector<const std::set<std::string>*> unread;  // constants of each condition that is not evaluated
    bool other = false;                                // a loop, or a RETURN before it
    bool other_branch = false;                         // a statement of the branch THEN was replayed
    bool changes = false;                              // it changes a schema
    bool guessed = false;    // it does, and not every unread condition guards against doing it twice
    bool performed = false;  // as if it ran
  };
  std::optional<Doubt> doubt_;
  std::map<std::string, std::string> suspects_;  // names that such statements of a block have: the location
  int guessed_line_ = 0;                         // of the first that was `guessed`; 0: none
  std::optional<Difference> difference_;         // of the statement of a DO block that failed last
  std::vector<std::pair<std::string, SchemaState>> savepoints_;  // the first: BEGIN
  bool keep_savepoints_ = false;                                 // the script rolls something back
  bool in_transaction_ = false;
  int block_depth_ = 0;
  int block_copies_ = 0;
  std::optional<std::vector<std::string>> path_after_transaction_;  // SET LOCAL
};

// The names in a text, and those in the strings in it.
std::set<std::string> names_in_text(std::string_view text);

// What the linked grammar is likely too old for: "IS JSON", or "" when nothing of that kind is there.
std::string newer_syntax(std::string_view statement);

}  // namespace pgadvise::sql
