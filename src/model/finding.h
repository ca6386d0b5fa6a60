// A finding: what is wrong, where, how sure we are and why, and what mends it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/place.h"

namespace pgadvise {

enum class Severity { note, warning, error };
enum class Verdict { suspected, confirmed, refuted };

std::string_view name(Severity severity);
std::string_view name(Verdict verdict);

// What the finding is about: enough to tell two findings of one rule apart, and nothing that changes by itself
// (no line numbers, no name that the server invents).
struct Subject {
  std::string kind;  // "foreign-key", "column", "table", "index", "query", "file", …: docs/report.schema.json has them all
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
  std::optional<Place> place;
  std::string literal;  // the same with its literals, shown only with --show-literals; "" when there is none
};

struct Fix {
  enum class Safety { safe, review, manual };
  std::string title;
  std::string sql;       // "" when another finding's fix serves this one too, or no SQL can mend it
  std::string down_sql;
  std::string drizzle;   // the same in Drizzle: the line for schema.ts, or the query
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

// How a database could confirm the finding.
struct Probe {
  enum class Kind {
    referential_lookup,  // SELECT 1 FROM child WHERE fk = $1: what the server runs when the parent row changes
    statement,           // the logged statement itself
    json_values,         // a sample of a column's values: are they JSON?
    sorted_statement,    // the logged statement: does the proposed index spare it the sort?
    share_of_rows,       // how many of the table's rows pass a filter, as the planner sees it
  };
  Kind kind = Kind::statement;
  QualifiedName table;               // whose sequential scan is suspected
  std::vector<std::string> columns;  // referential_lookup: the key's columns; json_values: the one
  std::string fingerprint;           // statement, sorted_statement: the query
  std::optional<Severity> confirmed_severity = std::nullopt;  // what a confirmed finding rises to
  std::string condition = {};  // share_of_rows: SQL; may hold a logged literal, shown to nobody
  double most = 1;             // share_of_rows: above it, the finding is refuted
};

struct Finding {
  std::string id;    // hash of rule and subject
  std::string former_id;  // that an earlier version gave it, for baselines; "" where that is `id`
  std::string rule;
  Severity severity = Severity::warning;
  Verdict verdict = Verdict::suspected;
  Subject subject;
  std::optional<Place> location;
  std::vector<Place> other_locations;  // of the same object in other inputs of the same database
  std::string message;  // one sentence of what and why
  std::vector<Evidence> evidence;
  std::optional<Probe> probe;
  std::optional<IndexProposal> proposal;
  std::optional<Fix> fix;
  std::string verdict_reason;  // why refuted, or why it stayed suspected
};

std::string finding_id(std::string_view rule, const Subject& subject);

}  // namespace pgadvise
