// A finding: what is wrong, where, how sure we are and why, and what mends it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.h"
#include "model/source_location.h"

namespace pgadvise {

enum class Severity { note, warning, error };
enum class Verdict { suspected, confirmed, refuted };

std::string_view name(Severity severity);
std::string_view name(Verdict verdict);

// What the finding is about: enough to tell two findings of one rule apart, and nothing that changes by
// itself (no line numbers, no name that the server invents).
struct Subject {
  std::string kind;  // "foreign-key", "column", "table", "index", "query", "file", …: docs/report.schema.json
                     // has them all
  std::string schema;
  std::string table;
  std::vector<std::string> columns;
  std::string constraint;
  std::string index;
  std::string fingerprint;
  std::string file;
  std::string entry;
  auto operator<=>(const Subject&) const = default;
};

struct Evidence {
  enum class Kind { catalog, statement, plan, what_if, project };
  Kind kind = Kind::catalog;
  std::string text;  // one sentence; literals redacted
  std::optional<SourceLocation> place;
  std::string literal;  // the same with its literals, shown only with --show-literals; "" when there is none
};

struct Fix {
  enum class Safety { safe, review, manual };
  std::string title;
  std::string sql;  // "" when another finding's fix serves this one too, or no SQL can mend it
  std::string down_sql;
  std::string drizzle;  // the same in Drizzle: the line for schema.ts, or the query
  Safety safety = Safety::review;
  std::optional<double> cost_before;  // planner cost of the statement that the fix helps
  std::optional<double> cost_after;
  std::string proposed_by;  // id of the finding that carries the SQL
};

std::string_view name(Fix::Safety safety);

// An index that a rule asks for; src/advisor turns it into DDL.
struct IndexProposal {
  QualifiedName table;
  std::vector<IndexKey> keys;
  std::vector<std::string> include;
  std::optional<std::string> predicate;
  bool operator==(const IndexProposal&) const = default;
};

struct Plan;

// What a rule concludes from a server's answer to its own probe.
struct Conclusion {
  std::optional<Verdict> verdict;  // nullopt: the finding keeps the verdict that it has
  std::string fact;                // evidence of a confirmed finding
  std::string reason;              // why the finding is refuted, or why it keeps its verdict
};

// How a server could confirm the finding. src/plan asks the server. It draws the conclusion of a probe that
// several rules use; a probe of one rule brings its SQL and a pure function from the answer to a conclusion.
struct Probe {
  enum class Kind {
    referential_lookup,  // SELECT 1 FROM child WHERE fk = $1: what the server runs when the parent row
                         // changes
    statement,           // the logged statement itself: does it read `table` whole to keep few rows?
    values,              // `sql` runs and returns one column of text: from_values
    plan,  // `sql`, or the logged statement where there is none, is planned and not run: from_plan
  };
  Kind kind = Kind::statement;
  QualifiedName table;  // that the finding is about; statement: whose sequential scan is suspected
  std::vector<std::string> columns;  // referential_lookup: the key's; values: those that the server must have
  std::string fingerprint;           // statement, plan: the query
  std::optional<Severity> confirmed_severity = std::nullopt;  // what a confirmed finding rises to

  // values, plan. One SELECT that only reads, with {table} for the quoted table (with ONLY unless it is
  // partitioned), {column} for the first of `columns`, {condition}, and {sample} for a TABLESAMPLE of about a
  // hundred pages where the table is much larger.
  std::string_view sql = {};
  std::string condition = {};  // SQL; may hold a logged literal, so no message shows it
  double limit = 0;            // handed to from_plan
  Conclusion (*from_values)(const std::vector<std::string>& values) = nullptr;
  // `table_rows`: by the server's statistics; negative where they are not known.
  Conclusion (*from_plan)(const Plan& plan, double table_rows, double limit) = nullptr;
  // plan: not empty where the proposed index is costed on this plan; the reason to refute a finding whose
  // index the planner would not use.
  std::string_view without_gain = {};
};

struct Finding {
  std::string id;         // hash of rule and subject
  std::string former_id;  // that an earlier version gave it, for baselines; "" where that is `id`
  std::string rule;
  Severity severity = Severity::warning;
  Verdict verdict = Verdict::suspected;
  Subject subject;
  std::optional<SourceLocation> location;
  std::vector<SourceLocation> other_locations;  // of the same object in other inputs of the same database
  std::string message;                          // one sentence of what and why
  std::vector<Evidence> evidence;
  std::optional<Probe> probe;
  std::optional<IndexProposal> proposal;
  std::optional<Fix> fix;
  std::string verdict_reason;  // why refuted, or why it stayed suspected
};

std::string finding_id(std::string_view rule, const Subject& subject);

}  // namespace pgadvise
