// What rules about application code share.
#pragma once

#include <string>

#include "lint/run/context.h"
#include "model/project/code.h"

namespace pgadvise::lint {

// What the repository's code does with its database; nullptr if none was read, which a rule that needs
// Input::code rules out.
const CodeFacts* code_facts(const Context& context);

// "orders" of the query's first table, or "a table".
std::string table_of(const CodeQuery& query);
// "select from orders", "insert into orders" …
std::string statement_of(const CodeQuery& query);
// "a query on orders" of "A query on orders", for the middle of a sentence.
std::string lower_first(std::string sentence);
// " in OrderService.list"; "" at the top level of a file.
std::string in_function(const std::string& function);

// Whether rows of the table tell of a change, or expire (a log, an audit, sessions, tokens), by its name: the
// change is complete without them.
bool is_record(const QualifiedName& table);

// Subjects of queries in code: the file, the function and `what`, numbered where a function has several.
class CodeSubjects {
 public:
  Subject make(const CodeQuery& query, const std::string& file, const std::string& function);
  Subject make(const std::string& what, const std::string& file, const std::string& function);

 private:
  FileSubjects files_;
};

// Adds evidence: the text, with a place in the project.
void add_evidence(Finding& finding, const Context& context, std::string text, const SourceLocation& place);
// Adds evidence: the function of an entry form, and the calls from it.
void add_request(Finding& finding, const Context& context, const Request& request);

// Where the loop has the query, or the call of the function that has it.
SourceLocation place_in_loop(const QueryInLoop& found);

// Reports the reading or the writing queries that run once for each row of an earlier query: one finding a
// loop, at its first query.
void report_loops(const Context& context, Reporter& reporter, bool writes);

}  // namespace pgadvise::lint
