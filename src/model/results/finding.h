// A finding: the problem, its location, verdict, evidence and fix.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema/catalog.h"
#include "model/schema/index_proposal.h"
#include "model/source_location.h"

namespace pgadvise {

enum class Severity { note, warning, error };
enum class Verdict { suspected, confirmed, refuted };

std::string_view name(Severity severity);
std::string_view name(Verdict verdict);

// The object that a finding is about. Identifies a finding among those of one rule, and is stable: it has no
// line numbers and no names that the server generates.
struct Subject {
  std::string kind;  // "foreign-key", "column", "table", "index", "query", "file", …: docs/report.schema.json
                     // lists all
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
  std::string literal;  // `text` with literals, shown only with --show-literals; "" if there are none
};

struct Fix {
  enum class Safety { safe, review, manual };
  std::string title;
  std::string sql;  // "" if the fix of another finding also fixes this one, or if no SQL fixes it
  std::string down_sql;
  std::string drizzle;  // the fix for Drizzle: the line for schema.ts, or the query
  Safety safety = Safety::review;
  std::optional<double> cost_before;  // planner cost of the statement that the fix makes faster
  std::optional<double> cost_after;
  std::string proposed_by;  // id of the finding whose fix has the SQL
  // The beginning of the statement of a migration that `sql` replaces; if `sql` is empty, of the statement
  // that must run in another transaction. nullopt: the fix is no change of a migration that has not run.
  std::optional<SourceLocation> statement = std::nullopt;

  // Leaves the title, which then explains what to do instead.
  void clear_code();
};

std::string_view name(Fix::Safety safety);

struct Plan;

// Plans of one statement: as the server plans it, and with an index that it does not have.
struct WhatIfPlans {
  std::string statement;  // that pgadvise made; "" if logged
  std::string before;   // EXPLAIN's JSON, which may have literals; with times if the server ran the statement
  std::string origin;   // of `before`: "EXPLAIN ANALYZE, parameters from the log"
  std::string after;    // EXPLAIN's JSON
  std::string indexes;  // "orders (customer_id)"
};

// The conclusion of a rule from the result of its own probe.
struct Conclusion {
  std::optional<Verdict> verdict;  // nullopt: the verdict does not change
  std::string fact;                // evidence of a confirmed finding
  std::string reason;              // why the finding is refuted, or why the verdict does not change
};

// How a server can confirm a finding. src/server/plan runs the probe. It also evaluates the probes that
// several rules use; a probe of a single rule provides its SQL and a pure function from the result to a
// conclusion.
struct Probe {
  enum class Kind {
    referential_lookup,  // SELECT 1 FROM child WHERE fk = $1, the query that the server runs when the parent
                         // row changes
    statement,           // the logged statement: does it read all of `table` and keep few rows?
    values,              // runs `sql`, which returns one column of text, for from_values
    plan,                // plans `sql`, or the logged statement if empty, without running it, for from_plan
  };
  Kind kind = Kind::statement;
  QualifiedName table;  // the finding's table; for statement: the table of the suspected sequential scan
  std::vector<std::string>
      columns;  // referential_lookup: the key's columns; values: columns that must exist on the server
  std::string fingerprint;                                    // statement, plan: the query
  std::optional<Severity> confirmed_severity = std::nullopt;  // severity of the finding once confirmed
  bool search_index = false;  // statement: cost other indexes if the finding's own proposal does not help

  // For values and plan: one SELECT without side effects. Placeholders: {table} is the quoted table (with
  // ONLY unless partitioned), {column} the first of `columns`, {condition}, and {sample} a TABLESAMPLE of
  // about a hundred pages if the table is much larger.
  std::string_view sql = {};
  std::string condition = {};  // SQL; may contain a logged literal, so no message shows it
  double limit = 0;            // argument of from_plan
  Conclusion (*from_values)(const std::vector<std::string>& values) = nullptr;
  // `table_rows`: from the server's statistics; negative if unknown.
  Conclusion (*from_plan)(const Plan& plan, double table_rows, double limit) = nullptr;
  // For plan: if not empty, the proposed index is costed for this plan, and this is the reason to refute a
  // finding whose index the planner would not use.
  std::string_view without_gain = {};
};

// What a finding costs or risks. docs/impact.md has the model.
struct Impact {
  double score = 0;    // comparable between findings of all rules: the greatest is the first of a report
  std::string effect;  // measured or counted: "takes 12 s of query time per hour (34 %)"; "": unknown
};

struct Finding {
  std::string id;         // hash of rule and subject
  std::string short_id;   // "unindexed-foreign-key:1b17": the rule, and as much of `id` as identifies it in a
                          // report; "" before merge()
  std::string former_id;  // id in earlier versions, for baselines; "" if equal to `id`
  std::string rule;
  Severity severity = Severity::warning;
  Verdict verdict = Verdict::suspected;
  Subject subject;
  std::optional<SourceLocation> location;
  bool in_file() const { return location && !location->live(); }
  std::vector<SourceLocation> other_locations;  // of the same object in other inputs of the same database
  std::string message;                          // one sentence: the problem and its consequence
  std::string statement;                        // normalized, of the subject's query; set by merge()
  std::vector<Evidence> evidence;
  std::optional<Probe> probe;
  std::optional<IndexProposal> proposal;
  // Indexes that the statement needs together with `proposal`: one for each further condition of an OR.
  std::vector<IndexProposal> further_proposals;
  std::optional<Fix> fix;
  std::shared_ptr<const WhatIfPlans> plans;  // null: no index was costed
  std::string verdict_reason;                // why the finding is refuted, or still suspected
  Impact impact;                             // set by merge()
  std::vector<std::string> owners = {};      // as pgadvise.toml or CODEOWNERS names them; set by merge()
};

std::string finding_id(std::string_view rule, const Subject& subject);

}  // namespace pgadvise
