#include "advisor/queries/planned_queries.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/containers.h"
#include "plan/run/safety.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"

namespace pgadvise::advisor {
namespace {

constexpr std::size_t max_samples = 3;

// The largest n of $n.
std::size_t parameters_of(std::string_view statement) {
  std::size_t most = 0;
  sql::Lexer lexer(statement);
  for (auto lexeme = lexer.next_token(); lexeme.kind != sql::Lexeme::Kind::end; lexeme = lexer.next_token()) {
    if (lexeme.kind != sql::Lexeme::Kind::parameter) continue;
    std::size_t number = 0;
    for (const char c : lexeme.text.substr(1))
      if (c >= '0' && c <= '9' && number < 100'000) number = number * 10 + static_cast<std::size_t>(c - '0');
    most = std::max(most, number);
  }
  return most;
}

std::string where(const Query& query) {
  return query.samples.empty() || query.samples.front().place.file.empty()
             ? "query " + query.fingerprint
             : query.samples.front().place.str();
}

// Why the statement may not be explained; "": it may.
Result<std::string> refusal(const plan::WhatIfStatement& statement, plan::PlanSource& source) {
  const auto shape = sql::shape(statement.sql);
  if (!shape) return shape.error().what;
  const auto dependencies = source.dependencies(statement.sql, plan::Names::session);
  if (!dependencies) {
    if (dependencies.error().kind == Error::Kind::database) return tl::unexpected(dependencies.error());
    return dependencies.error().what;
  }
  const auto decision = plan::decide(*shape, *dependencies, !statement.generic);
  return decision.allowed == plan::Allowed::nothing ? decision.reason : std::string();
}

}  // namespace

std::vector<plan::WhatIfStatement> statements_of(const Query& query) {
  std::vector<plan::WhatIfStatement> out;
  const auto add = [&](plan::WhatIfStatement statement) {
    const bool known = std::ranges::any_of(out, [&](const auto& other) {
      return other.sql == statement.sql && other.parameters == statement.parameters;
    });
    if (!known && out.size() < max_samples) out.push_back(std::move(statement));
  };
  for (const auto& sample : query.samples) {
    if (sample.statement.empty()) continue;
    const std::size_t wanted = parameters_of(sample.statement);
    if (wanted == 0) add({sample.statement});
    else if (sample.parameters && sample.parameters->size() == wanted)
      add({sample.statement, *sample.parameters});
  }
  if (out.empty()) {
    const std::string& text = query.samples.empty() || query.samples.front().statement.empty()
                                  ? query.text
                                  : query.samples.front().statement;
    out.push_back({text, {}, parameters_of(text) > 0});
  }
  return out;
}

std::vector<PlannedQuery> planned_queries(const Workload& workload, const Catalog& catalog,
                                          plan::PlanSource& source, const std::function<bool()>& stop,
                                          std::size_t& not_explained, Diagnostics& diagnostics) {
  std::vector<PlannedQuery> out;
  std::map<QualifiedName, std::set<QualifiedName>> trees;  // partition trees of tables
  const auto leave_out = [&](const Query& query, std::string why) {
    ++not_explained;
    warn(diagnostics, where(query), "not explained: " + std::move(why));
  };
  for (const Query& query : workload.queries) {
    if (stop()) break;
    if (!query.facts.parsed) {
      leave_out(query, "it can't be parsed");
      continue;
    }
    if (!plan::can_be_planned(query.facts.kind) || query.facts.catalog_query) continue;
    if (!query.facts.unknown_relations.empty()) {
      leave_out(query, "there is no " + display(query.facts.unknown_relations.front()) + " in the database");
      continue;
    }
    if (query.facts.relations.empty()) continue;
    PlannedQuery planned{&query, referenced_columns(query.text, query.facts, catalog), {}};
    std::set<QualifiedName> tables;
    for (const auto& use : query.facts.relations) {
      auto& members = trees[use.table];
      if (members.empty()) members = partition_tree(use.table, catalog);
      append(tables, members);
    }
    std::string why;
    for (auto& statement : statements_of(query)) {
      auto refused = refusal(statement, source);
      if (!refused) {
        diagnostics.push_back(refused.error());
        return out;
      }
      if (!refused->empty()) {
        why = *refused;
        continue;
      }
      statement.tables = tables;
      planned.statements.push_back(std::move(statement));
    }
    if (planned.statements.empty()) leave_out(query, why);
    else out.push_back(std::move(planned));
  }
  return out;
}

}  // namespace pgadvise::advisor
