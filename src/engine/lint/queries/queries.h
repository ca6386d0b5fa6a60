// Shared by the query rules: properties of a logged statement, and findings about it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/run/context.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"

namespace pgadvise::lint {

// Of rules about statements that read many rows.
inline constexpr Option small_rows = size_option(
    "small_rows", 1000, "rows below which a table is not reported, where its statistics are known");

inline constexpr std::size_t shown_statement = 300;  // characters of a statement in messages and evidence

// The number of rows from the statistics, the larger one of reltuples and n_live_tup; nullopt if unknown.
std::optional<double> rows_of(const Context& context, const QualifiedName& table);
inline bool known_small(const Context& context, const QualifiedName& table, double rows) {
  const auto known = rows_of(context, table);
  return known && *known < rows;
}

// SELECT, UPDATE or DELETE: its WHERE chooses rows of stored tables.
inline bool filters_rows(const QueryFacts& facts) {
  using Kind = StatementKind;
  return facts.kind == Kind::select || facts.kind == Kind::update || facts.kind == Kind::delete_;
}

// Whether the statement has an OFFSET that may skip rows. One that is 0 in the statement or in every sample
// does not.
bool skips_rows(const QueryFacts& facts);

// Columns of the table that the statement compares with a value by `=`, bare and not under OR.
std::vector<std::string> fixed_columns(const QueryFacts& facts, const QualifiedName& table);
// Whether the columns contain a unique key, so that at most one row matches.
bool asks_for_one_row(const Context& context, const QueryFacts& facts, const QualifiedName& table);

// Whether the application_name is that of an interactive client or of a program that copies databases.
bool is_tool(std::string_view application);
// Whether every call came from an interactive client or a program that copies databases: psql, pgAdmin,
// pg_dump, a migration tool.
bool by_tool_alone(const Query& query);

std::string milliseconds(double value);  // "12.5 ms"
// The statement with its parameters, for Evidence::literal.
std::string with_parameters(const Sample& sample);

// "ran 12 times, 3.1 ms on average"
std::string ran(const Query& query);

// The location of the query's first sample; nullopt without samples.
std::optional<SourceLocation> place_of(const Query& query);
// Evidence: `before` and the beginning of the query's text, at its first sample.
Evidence query_fact(const Query& query, const std::string& before);

// The subject of a finding about the statement, with the table that the finding names.
Subject query_subject(const Query& query, const QualifiedName& table);

// A finding about the statement: its subject, the location of the first sample, and the normalized text as
// evidence.
Finding& report(Reporter& reporter, const Query& query, const QualifiedName& table, std::string message,
                std::optional<Severity> severity = std::nullopt);

}  // namespace pgadvise::lint
