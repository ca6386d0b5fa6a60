// What application code does with the database: its queries, and facts about them that rules use.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/catalog.h"
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
  bool first = false;                      // findFirst, or limit(1)
  bool limited = false;
  bool has_offset = false;
  bool ordered = false;
  bool grouped = false;
  bool awaited = false;  // or returned, or in Promise.all
  std::string function;  // that encloses it: "OrderService.list"; "" at the top level
  SourceLocation place;
};

// A query that runs once for each row of an earlier query's result.
struct QueryInLoop {
  CodeQuery query;
  std::string key;          // the column compared with a value of the row; "" for an INSERT
  std::string value;        // as written: "order.customerId"
  std::string rows;         // what the loop goes over, as written
  bool parallel = false;    // in Promise.all
  bool background = false;  // in a job, worker or the like
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

struct CodeFacts {
  std::vector<CodeQuery> queries;  // in the order of files and lines
  std::vector<QueryInLoop> in_loops;
  std::vector<RawSql> raw_sql;
  std::vector<CallInTransaction> calls_in_transactions;
  int files = 0;  // that were read for queries
};

}  // namespace pgadvise
