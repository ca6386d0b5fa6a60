// The result of `advise --candidate` and `--drop`: what indexes that somebody else proposes do to a workload.
// All costs are planner costs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema/catalog.h"

namespace pgadvise {

// A smaller index that saves nearly as much as a candidate.
struct SmallerIndex {
  std::string sql;
  std::string difference;  // "without INCLUDE", "without the last 2 columns", "only rows WHERE …"
  std::int64_t size_bytes = 0;
  double cost_saved = 0;  // in place of the candidate; index maintenance cost is subtracted
};

// An index that somebody proposes to create.
struct EvaluatedIndex {
  enum class Verdict {
    improves,         // saves more than its maintenance costs, or adds the uniqueness of its keys
    no_gain,          // no query of the workload uses the index, and no write maintains it
    redundant,        // an existing index or another candidate serves the same queries
    worse,            // costs the workload's writes more than its queries save
    cannot_be_built,  // PostgreSQL rejects the definition, or the table's rows do
    not_costed,       // HypoPG or pgadvise cannot estimate the index
  };
  std::string where;  // of the statement: "--candidate 1", "indexes.sql:3:1"
  QualifiedName table;
  std::string name;  // "": PostgreSQL chooses a name
  std::string sql;   // one line, without CONCURRENTLY
  Verdict verdict = Verdict::no_gain;
  std::string reason;              // one sentence
  std::vector<std::string> notes;  // further facts, each a sentence
  std::int64_t size_bytes = 0;     // 0: unknown
  double cost_saved = 0;           // compared with all other candidates; index maintenance cost is subtracted
  double cost_saved_alone = 0;     // compared with no candidate; index maintenance cost is subtracted
  double maintenance_cost = 0;     // that the index adds to the workload's writes
  std::vector<std::string> queries;   // fingerprints of those that use the index beside all other candidates
  std::string served_by;              // an existing index, or the `where` of another candidate
  std::vector<std::string> replaces;  // existing indexes that this one makes redundant
  std::optional<SmallerIndex> smaller = std::nullopt;
};

// An existing index that somebody proposes to drop.
struct EvaluatedDrop {
  enum class Verdict {
    harmless,  // no query of the workload becomes more expensive
    worse,     // queries become more expensive, or a foreign key loses its index
    refused,   // a constraint, uniqueness or replication needs the index
  };
  QualifiedName table;
  std::string index;
  std::string sql;       // "" when refused
  std::string down_sql;  // creates the index again
  Verdict verdict = Verdict::harmless;
  std::string reason;
  std::int64_t size_bytes = 0;
  double maintenance_cost = 0;       // that the workload's writes save
  std::vector<std::string> queries;  // fingerprints of those that read the table and become more expensive
};

// A query whose cost changes by at least 1 %.
struct QueryEffect {
  std::string fingerprint;
  std::string text;        // normalized, without literals
  double weight = 0;       // calls, times the calibration
  double cost_before = 0;  // of one call
  double cost_after = 0;   // of one call, with the maintenance cost of the candidates
};

struct Evaluation {
  double cost_before = 0;  // of all calls
  double cost_after = 0;   // with all candidates that can be built and without the indexes to drop
  std::vector<EvaluatedIndex> candidates;  // as given
  std::vector<EvaluatedDrop> drops;        // as given
  std::vector<QueryEffect> better;         // by saving, then fingerprint
  std::vector<QueryEffect> worse;          // by additional cost, then fingerprint
  std::size_t unchanged = 0;               // queries
  std::size_t not_explained = 0;           // skipped queries; each has a diagnostic
  bool complete = true;                    // false: stopped by the time limit or a lost server
  std::uint64_t what_if_calls = 0;
};

// "improves", "cannot-be-built"; "harmless".
std::string_view name(EvaluatedIndex::Verdict verdict);
std::string_view name(EvaluatedDrop::Verdict verdict);

// Whether the proposal should not be applied as it stands: a candidate that cannot be built, is redundant or
// costs more than it saves; a drop that is refused or makes the workload more expensive.
bool objectionable(const Evaluation& evaluation);

}  // namespace pgadvise
