#include "cli/review_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "plan/analysis.h"
#include "plan/reader.h"
#include "plan/safety.h"
#include "report/plan_text.h"
#include "sql/lexer.h"
#include "sql/statement.h"

namespace pgadvise::cli {
namespace {

constexpr double analyze_cost_limit = 2e6;  // as for confirming: above it a statement may run for minutes

struct Question {
  plan::ExplainRequest request;
  bool parameters_known = true;
};

const Query* query_of(const Finding& finding, const Checked& checked) {
  const std::string& fingerprint = finding.probe && !finding.probe->fingerprint.empty() ? finding.probe->fingerprint : finding.subject.fingerprint;
  return checked.workload && !fingerprint.empty() ? checked.workload->query(fingerprint) : nullptr;
}

// What the server runs when a row of the parent goes: the child's rows, by the key.
Result<Question> lookup(const Probe& probe, const Checked& checked) {
  const Table* table = checked.live->table(probe.table);
  if (!table) return fail(Error::Kind::passing, "", "the table is not in the database");
  std::string where;
  for (std::size_t i = 0; i < probe.columns.size(); ++i) {
    const Column* column = table->column(probe.columns[i]);
    if (!column) return fail(Error::Kind::passing, "", "the column " + probe.columns[i] + " is not in the database");
    where += fmt::format("{}x.{} = (SELECT CAST(${} AS {}))", i ? " AND " : "", sql::quote_identifier(column->name), i + 1, column->type);
  }
  Question out;
  out.request.names = plan::Names::catalog;
  out.request.sql = fmt::format("SELECT x.ctid FROM {}{} x WHERE {}", table->kind == Table::Kind::partitioned ? "" : "ONLY ", sql::quote_name(probe.table), where);
  const auto values = checked.plans->typical_values(probe.table, probe.columns);
  out.parameters_known = !values.empty();
  if (!values.empty()) out.request.parameters = values[values.size() / 2];
  return out;
}

Result<Question> statement(const Query& query) {
  if (query.samples.empty()) return fail(Error::Kind::passing, "", "no sample of the statement was logged");
  Question out;
  for (const auto& sample : query.samples)
    if (sample.parameters && !sample.parameters->empty()) {
      out.request.sql = sample.statement;
      out.request.parameters = *sample.parameters;
      return out;
    }
  out.request.sql = query.samples.front().statement;
  out.parameters_known = out.request.sql.find('$') == std::string::npos;
  return out;
}

Result<Plan> from_server(const Question& question, const Checked& checked, bool run, std::string& remark) {
  const auto shape = sql::shape(question.request.sql);
  if (!shape) return tl::unexpected(shape.error());
  if (shape->statements != 1) return fail(Error::Kind::passing, "", "it is not exactly one statement");
  const auto dependencies = checked.plans->dependencies(question.request.sql, question.request.names);
  if (!dependencies) return tl::unexpected(dependencies.error());
  const auto decision = plan::decide(*shape, *dependencies, question.parameters_known);
  if (decision.allowed == plan::Allowed::nothing) return fail(Error::Kind::passing, "", "not sent to the server: " + decision.reason);
  if (run && decision.allowed != plan::Allowed::analyze) return fail(Error::Kind::passing, "", "not run: " + decision.reason, "p plans it only");
  plan::ExplainRequest request = question.request;
  auto planned = checked.plans->explain(request);
  if (!planned || !run) return planned;
  if (planned->root.total_cost > analyze_cost_limit) return fail(Error::Kind::passing, "", fmt::format("not run: its cost of {:.0f} says that it may take minutes", planned->root.total_cost), "p plans it only");
  request.analyze = request.timing = true;
  remark = "Run just now, in a transaction that was rolled back.";
  return checked.plans->explain(request);
}

// Constants of a log's statement are shown to nobody who did not ask.
std::string without_constants(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  sql::Lexer lexer(text);
  for (auto token = lexer.next(); token.kind != sql::Lexeme::Kind::end; token = lexer.next()) {
    if (token.kind != sql::Lexeme::Kind::string && token.kind != sql::Lexeme::Kind::number) continue;
    out += text.substr(at, token.offset - at) + "'...'";
    at = token.offset + token.text.size();
  }
  return out + text.substr(at);
}

void redact(PlanNode& node) {
  node.filter = without_constants(node.filter);
  node.index_condition = without_constants(node.index_condition);
  for (auto& [name, text] : node.conditions) text = without_constants(text);
  for (auto& key : node.sort_key) key = without_constants(key);
  for (auto& child : node.children) redact(child);
}

}  // namespace

Result<std::string> plan_of(const Finding& finding, const Checked& checked, bool run, bool literals, const report::Look& look) {
  const Query* query = query_of(finding, checked);
  const bool key = finding.probe && finding.probe->kind == Probe::Kind::referential_lookup;
  std::string remark;
  Result<Plan> plan = fail(Error::Kind::passing, "", "it is about no statement that has a plan");
  if (checked.plans && checked.live && (key || query)) {
    auto question = key ? lookup(*finding.probe, checked) : statement(*query);
    if (!question) return tl::unexpected(question.error());
    plan = from_server(*question, checked, run, remark);
  } else if (run && (key || query)) {
    return fail(Error::Kind::passing, "", "nothing to run it on", "review --db CONN, or --sandbox");
  } else if (query && query->plan) {
    plan = plan::read(query->plan->text);
    remark = "As it was logged, of the slowest call: " + query->plan->place.str();
  } else if (key || query) {
    return fail(Error::Kind::passing, "", "there is no plan", "--db CONN, --sandbox, or a log with auto_explain");
  }
  if (!plan) return tl::unexpected(plan.error());
  if (!literals) redact(plan->root);
  const auto times = plan::self_times(*plan);
  std::string out = report::plan_text(*plan, times, plan::insights(*plan, times, checked.live), {look.colour, look.unicode, look.width, false});
  if (!remark.empty()) out += "\n" + printable(remark) + "\n";
  return out;
}

}  // namespace pgadvise::cli
