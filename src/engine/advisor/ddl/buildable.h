// Whether PostgreSQL can build an index that somebody wrote.
#pragma once

#include <string>

#include "model/schema/catalog.h"
#include "plan/run/planner.h"
#include "sql/definitions/written_indexes.h"

namespace pgadvise::advisor {

struct Buildable {
  enum class Answer {
    yes,         // no check found a reason against it
    no,          // PostgreSQL rejects the definition, or rows of the table violate it
    not_costed,  // the index cannot be a hypothetical one; PostgreSQL may be able to build it
  };
  Answer answer = Answer::yes;
  std::string reason;  // "" with Answer::yes; no literal of a row
};

// Compares names with the catalog, asks HypoPG about expressions, operator classes and methods, and looks for
// duplicates of a UNIQUE index in the first 100,000 rows of the table and in its statistics. Expressions that
// call functions which pgadvise may not run are not sent to the server. Errors: a lost server.
Result<Buildable> can_build(const sql::WrittenIndex& written, const Catalog& catalog, plan::Planner& planner);

}  // namespace pgadvise::advisor
