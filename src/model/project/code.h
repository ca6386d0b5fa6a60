// What application code does with the database: its queries, and facts about them that rules use.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/schema/catalog.h"
#include "model/source_location.h"

namespace pgadvise {

// A query that code makes with Drizzle. Names of tables and columns are those of the database; unknown ones
// are missing.
struct CodeQuery {
  enum class Kind { select, insert, update, delete_, execute, transaction, batch };
  Kind kind = Kind::select;
  bool relational = false;  // findMany, findFirst
  std::vector<QualifiedName> tables;
  std::vector<std::string> equal_columns;  // compared by eq() or inArray()
  std::vector<std::string> other_columns;  // compared otherwise
  // The columns that a select returns, without expressions; nullopt: not known.
  std::optional<std::vector<std::string>> selected = std::nullopt;
  bool first = false;  // findFirst, or limit(1)
  bool limited = false;
  bool any_rows = false;  // limited, and any rows will do: a batch until none is left, or a count to 2
  bool has_offset = false;
  bool ordered = false;
  bool grouped = false;
  bool distinct = false;
  bool aggregate = false;  // one row: count(), or only aggregate functions and no groups
  bool narrowed = false;   // a condition compares with a value that is no constant, or is not known
  bool locks = false;      // FOR UPDATE and the like
  bool awaited = false;    // or returned, or in Promise.all
  bool then = false;       // .then(…) runs it
  std::string function;    // that encloses it: "OrderService.list"; "" at the top level
  SourceLocation place;
};

// Why code runs for a request: the function of an entry form, and the calls from it to the code.
struct Request {
  std::string entry;  // "a Next.js route handler"
  SourceLocation place;
  std::vector<SourceLocation> via;
};

// A query that a request runs. At most one for each query: by the shortest way from an entry.
struct QueryInRequest {
  CodeQuery query;
  Request request;
};

// A pool of connections that each request makes.
struct PoolInRequest {
  std::string made_by;  // "new Pool()", "postgres()", "drizzle()"
  std::string function;
  SourceLocation place;
  Request request;
};

// A column that code treats as JSON.
struct JsonColumn {
  // By $type<{ … }>(), JSON.stringify(), JSON.parse(); encrypted: at least some values are no JSON, but
  // its ciphertext.
  enum class Use { declared, written, read, encrypted };
  QualifiedName table;
  std::string column;
  Use use = Use::declared;
  std::string text;  // as written
  SourceLocation place;
};

struct LineRange {
  int first = 0;
  int last = 0;  // inclusive
};

// A query that runs once for each row of an earlier query's result.
struct QueryInLoop {
  CodeQuery query;
  std::string key;          // the column compared with a value of the row; "" for an INSERT
  std::string value;        // as written: "order.customerId"
  std::string rows;         // what the loop goes over, as written
  std::string element;      // the loop's name for a row; "": a row is taken apart, or gets its name elsewhere
  std::string database;     // what the query is called on, "db", "this.db"; "": only code of a round has it
  bool by_row = false;      // an INSERT with ON CONFLICT, or an UPDATE whose new values may depend on the row
  bool collection = false;  // `rows` is made of a Map, Set or object, or has pairs, and may have no map()
  bool parallel = false;    // in Promise.all
  bool background = false;  // in a job, worker or the like
  bool filtered = false;    // code leaves out rows of the query, filter(), before the loop
  // Each round also awaits something that is no query, and the rounds are not parallel or it may have changed
  // the row that the query reads.
  bool waits = false;
  SourceLocation loop;
  std::string function;      // with the loop
  SourceLocation rows_from;  // the query that yields the rows
  std::optional<QualifiedName> rows_table;
  std::vector<SourceLocation> via;  // calls of the project's functions between the loop and the query
};

// Text of SQL that is not constant, given to sql.raw() or execute().
struct RawSql {
  enum class Source { request, parameter };
  Source source = Source::parameter;
  std::string function;
  std::string text;   // the expression that is put in, as written
  std::string maker;  // "sql.raw", "execute"
  SourceLocation place;
  std::optional<SourceLocation> from;  // where the value enters: a request's member, a parameter
};

// A call of another service inside of a transaction.
struct CallInTransaction {
  std::string what;  // "fetch", "stripe"
  std::string function;
  SourceLocation place;
  SourceLocation transaction;
  std::vector<SourceLocation> via;
};

// Two writes of which the second follows the first in one function, on a database that is no transaction: to
// different tables, or UPDATEs of one table that add and subtract.
struct WritePairInCode {
  CodeQuery first;
  CodeQuery then;
  std::string value;     // of the first one's result that the second one uses, as written; "": none
  std::string function;  // that runs both
  SourceLocation function_place;
  // The calls in `function` of the project's functions that run the writes; nullopt: it runs them itself.
  std::optional<SourceLocation> first_call = std::nullopt;
  std::optional<SourceLocation> then_call = std::nullopt;
  bool parallel = false;  // both at the same time, in Promise.all
  bool http = false;      // the driver has batch(), and no interactive transactions: neon-http
};

// A call of transaction() with a driver that has no interactive transactions, so that it throws.
struct TransactionOverHttp {
  CodeQuery query;
  std::string driver;    // "drizzle-orm/neon-http"
  std::string error;     // the text of what it throws
  bool batch = false;    // the driver has batch(), which is one transaction
  bool handled = false;  // `catch` does the work without a transaction
};

// A statement in the callback of a transaction that runs on the database itself and not on the transaction.
struct StatementOutsideTransaction {
  CodeQuery query;
  std::string function;                // with the transaction
  SourceLocation transaction;          // the call of transaction()
  std::optional<SourceLocation> call;  // in the callback, of the project's function that has the query
};

// The tables that a transaction in code uses, in the order of their first use there.
struct CodeTransaction {
  struct Use {
    QualifiedName table;
    bool writes = false;  // at any place of the transaction
    SourceLocation place;
  };
  std::vector<Use> tables;
  std::string function;
  SourceLocation place;
};

// A relation that code states by Drizzle's relations() or defineRelations(): rows of `table` have one or many
// rows of `target`.
struct CodeRelation {
  QualifiedName table;
  QualifiedName target;
  bool many = false;
  std::vector<std::string>
      columns;  // of `table`, equal to `target_columns`; empty: the other side states them
  std::vector<std::string> target_columns;
  std::string name;  // relationName or alias, which distinguishes relations of the same two tables
  SourceLocation place;
};

// A name in `with` of findMany() or findFirst() that no relation of the table has.
struct UndeclaredRelation {
  QualifiedName table;
  std::string name;
  std::string function;
  SourceLocation place;
};

// A query of all columns of one table, of whose row the function uses only some.
struct UnusedColumns {
  CodeQuery query;
  std::vector<std::string> used;  // names of the database, sorted; empty: only whether there is a row
};

// Tables that relational queries read together, and the relations between them.
struct RelationalTables {
  std::set<QualifiedName> in_with;  // a query with `with`, or a relation named there
  // Tables of which a relation goes to the other, in either direction.
  std::set<std::pair<QualifiedName, QualifiedName>> related;
};

// A table into which seed scripts insert constants, and nothing else inserts rows: no migration, other script
// of SQL, or application code.
struct SeededTable {
  QualifiedName table;
  int rows = 0;
  SourceLocation place;  // of the first insertion
};

struct CodeFacts {
  std::vector<CodeQuery> queries;  // in the order of files and lines
  std::vector<QueryInLoop> in_loops;
  std::vector<RawSql> raw_sql;
  std::vector<CallInTransaction> calls_in_transactions;
  std::vector<WritePairInCode> write_pairs;   // in the order of the first and the second write
  std::vector<CodeTransaction> transactions;  // that use two tables or more
  std::vector<StatementOutsideTransaction> outside_transactions;  // in the order of the statements
  std::vector<QueryInRequest> in_requests;
  std::vector<PoolInRequest> pools_in_requests;
  std::vector<TransactionOverHttp> transactions_over_http;
  std::vector<JsonColumn> json_columns;  // the first place of each table, column and use
  // By file: functions, without callbacks that run there and then. An inner function follows its outer one.
  std::map<std::string, std::vector<LineRange>> functions;
  std::vector<CodeRelation> relations;  // without those whose tables or columns are not known
  std::vector<UndeclaredRelation> undeclared_relations;  // in the order of files and lines
  RelationalTables relational;                           // without tables whose relations are not all known
  std::vector<UnusedColumns> unused_columns;             // in the order of files and lines
  std::vector<SeededTable> seeded;
  int files = 0;  // that were read for queries
};

}  // namespace pgadvise
