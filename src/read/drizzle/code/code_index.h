// The queries that a project's code makes with Drizzle, found in the syntax of its files. Internal to
// code_reader.h.
//
// A call is a query if it names a table that pgTable() makes, or if what it is called on is a Drizzle
// database: a variable whose initial value calls drizzle(), a parameter of a Drizzle type, the parameter of a
// transaction's callback, or something on which the project calls such queries with tables. Never by its name
// alone. Queries of SQLite, MySQL and other databases are left out: a database that drizzle() makes for one,
// a table of one, `.all()`, `.get()` and `.run()`, and unknown tables in a package that declares only such
// tables.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drizzle/code/code_syntax.h"
#include "drizzle/schema/source_tables.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

using QueryKind = CodeQuery::Kind;

// A call behind a query: .where(…), .limit(…).
struct QueryLink {
  std::string name;
  Node call;
};

struct FoundQuery {
  CodeQuery facts;
  Node whole;                          // the expression with all its links
  Node anchor;                         // the call of from, insert, update, delete, findMany, execute …
  Node receiver;                       // the database
  const SourceTable* table = nullptr;  // the first; nullptr: not known
  std::vector<QueryLink> links;

  const QueryLink* link(std::string_view name) const;
};

// column = value in a query's condition.
struct Comparison {
  std::string column;
  Node value;
};

class CodeIndex {
 public:
  explicit CodeIndex(Program& program);

  Bindings& names() { return bindings_; }
  const std::vector<FoundQuery>& queries() const { return queries_; }
  // The files that were read for queries, in order.
  const std::vector<std::string>& files() const { return files_; }
  // Calls `act` for each call in these files.
  template <class Act>
  void each_call(Act&& act) {
    for (const auto& file : files_)
      if (const auto* module = program_.module(file)) typescript::each_call(module->syntax->root(), act);
  }
  // The query that the expression is; nullptr for other expressions.
  const FoundQuery* query(const Node& expression) const;

  // The prepared query that `query.execute({ id })` runs; nullptr if the call runs none.
  const FoundQuery* prepared(const Node& call);

  // Comparisons by eq(), by inArray() and by others of the query's conditions.
  struct Conditions {
    std::vector<Comparison> equal;
    std::vector<Comparison> lists;
    std::vector<Comparison> others;
    // Each bound of between(), gt(), lt() and the like, and both sides of <, <=, > and >= in sql`…`.
    std::vector<Comparison> ranges;
  };
  Conditions conditions(const FoundQuery& query);
  // The same of an expression: eq(…), and(…), or a list of them.
  Conditions conditions_in(const Node& expression);

  bool is_database(const Node& expression, int depth = 0);
  // Whether the value of an identifier or member comes from drizzle-orm with this name.
  bool is_drizzle(const Node& expression, std::string_view name);
  // The name of the function or method that is called; "eq" also of `import { eq as equals }`.
  std::string operator_of(const Node& call);
  // The table that the expression is; nullptr for other expressions. The same for a name of a file's top
  // level.
  const SourceTable* table(const Node& expression);
  const SourceTable* table(const std::string& file, const std::string& name);
  const SourceTable* table_of(const ValuePtr& value) { return tables_->table(value); }
  std::optional<SourceTables::ColumnOf> column(const Node& expression);
  // The tables that schema files export, by their names in code.
  const std::map<std::string, const SourceTable*>& schema_tables() const { return relational_; }
  // Whether `db.query.name` is the same table in all configurations.
  bool is_one_table(const std::string& name) const { return ambiguous_.count(name) == 0; }
  // Whether all files that the schema's files export from were found.
  bool schema_is_complete() const { return schema_is_complete_; }
  // The files with functions of entry forms, in order (code_entries.h).
  const std::vector<std::string>& entry_files() const { return entry_files_; }

  struct TypeText {
    std::string text;  // of `type X = …` what follows the sign, of an interface all of it
    std::string file;
  };
  // The declaration of a type's name, also in another file; nullopt if the project has none.
  std::optional<TypeText> type_named(const std::string& name, const std::string& file, int depth = 0);

  // The value of an identifier of the file's top level, or of a member of one; unknown for anything else.
  ValuePtr value(const Node& expression);

 private:
  static constexpr int max_followed = 5;  // variables, functions and types

  void choose_files();
  void note_dialect(const std::string& path, std::string_view text);
  std::string package_folder(const std::string& path);
  bool has_only_other_tables(const std::string& file);
  bool is_of_another_database(const FoundQuery& query, bool only_other_tables);
  void read_relational_names();
  void add_call(const Node& call);
  bool recognize(const Node& call, FoundQuery& out, bool& proven);
  void complete(FoundQuery& query);
  bool find_database(const Node& node, int depth);
  bool type_is_database(std::string_view type, const std::string& file, int depth);
  bool find_type(std::string_view type, const std::string& file, int depth);
  bool is_database_function(const Node& function, int depth);
  void prove(const Node& receiver);
  std::optional<TypeText> find_type_named(const std::string& name, const std::string& file, int depth);

  Program& program_;
  Bindings bindings_;
  std::optional<SourceTables> tables_;
  std::map<std::string, const SourceTable*> relational_;  // names of db.query
  std::set<std::string> ambiguous_;  // of those: another configuration has another table of that name
  bool schema_is_complete_ = true;
  std::vector<std::string> files_;
  std::vector<std::string> entry_files_;
  std::map<std::string, bool> has_postgres_tables_;  // by the folder of a package that declares tables
  std::vector<FoundQuery> queries_;
  std::vector<FoundQuery> undecided_;  // of the pass before receivers are proven
  std::map<Node, std::size_t> by_whole_;
  std::set<Node> proven_;                                         // names of variables
  std::set<std::pair<std::string, std::string>> proven_imports_;  // by file and name
  std::set<std::string> proven_members_;                          // "db" of ctx.db
  std::map<Node, bool> databases_;                             // what is known; false while it is looked for
  std::map<std::pair<std::string, std::string>, bool> types_;  // by type and file
  std::map<std::pair<std::string, std::string>, std::optional<TypeText>> named_types_;  // by name and file
  int nested_ = 0;                                                                      // variables followed
};

// The first argument of the query's link `name(…)`; empty without one.
Node argument_of(const FoundQuery& query, std::string_view name);

}  // namespace pgadvise::drizzle
