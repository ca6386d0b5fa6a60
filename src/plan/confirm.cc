#include "plan/confirm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/identifier.h"
#include "base/json_text.h"
#include "base/text.h"
#include "model/ddl.h"
#include "plan/reader.h"
#include "plan/safety.h"
#include "sql/statement.h"

namespace pgadvise::plan {
namespace {

constexpr std::size_t longest_value = 100'000;  // bytes of a column's value that is judged
constexpr int sampled_values = 200;

// A scan of the whole suspected table (or of a whole index of it), with what becomes of its rows further up.
struct Scan {
  const PlanNode* node = nullptr;
  double read = 0;    // rows the scan looks at, over all loops and workers
  double needed = 0;  // the fewest rows on the way to the root, below the first aggregate
};

std::string count(double value) {
  std::string digits = fmt::format("{:.0f}", std::max(0.0, value));
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

bool same_table(const PlanNode& node, const QualifiedName& table) {
  return node.relation == table.name && (node.schema.empty() || node.schema == table.schema);
}

// The table itself and, of a partitioned table or an inheritance parent, everything below it.
std::vector<QualifiedName> family(const Catalog& catalog, const QualifiedName& table) {
  std::vector<QualifiedName> all{table};
  for (std::size_t at = 0; at < all.size(); ++at)
    for (const auto& [name, child] : catalog.tables) {
      const bool below = (child.partition_of && *child.partition_of == all[at]) ||
                         std::find(child.inherits.begin(), child.inherits.end(), all[at]) != child.inherits.end();
      if (below && std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
    }
  return all;
}

bool aggregates(const std::string& type) {
  return type.find("Aggregate") != std::string::npos || type == "Group" || type == "WindowAgg" || type == "Unique" ||
         type.find("SetOp") != std::string::npos || type == "ModifyTable";
}

// An index scan that reads the whole index is a sequential scan in other clothes: no condition at all but a filter, or (a
// key's look-up) a condition on a column that is not the index's first. With wide rows the planner prefers it.
bool reads_whole_index(const PlanNode& node, const Table* table, const std::vector<std::string>& key) {
  if (node.index.empty()) return false;
  if (node.index_condition.empty()) return !node.filter.empty();
  const Index* index = table ? table->index(node.index) : nullptr;
  if (key.empty() || !index || index->keys.empty() || index->method != "btree") return false;
  return std::find(key.begin(), key.end(), index->keys.front().column) == key.end();
}

// `needed` counts what leaves a node; above an aggregate rows are no longer the scan's. `key`: of a referential look-up.
void find_scans(const PlanNode& node, const std::vector<QualifiedName>& tables, const Catalog& catalog,
                const std::vector<std::string>& key, double needed, std::vector<Scan>& out) {
  const double here = aggregates(node.type) ? std::numeric_limits<double>::infinity() : std::min(needed, rows_of(node));
  const auto table = std::find_if(tables.begin(), tables.end(), [&](const auto& name) { return same_table(node, name); });
  const bool ours = table != tables.end() && !node.never_executed;
  if (ours && (node.type == "Seq Scan" || reads_whole_index(node, catalog.table(*table), key))) {
    Scan scan{&node, 0, here};
    // With an index condition the rows that the scan passed over in the index are not counted anywhere.
    if (node.actual_rows && node.index_condition.empty()) {
      scan.read = (*node.actual_rows + node.rows_removed_by_filter) * node.loops;
    } else {
      const Table* known = catalog.table(*table);
      scan.read = known && known->statistics && known->statistics->rows > 0 ? known->statistics->rows : node.plan_rows;
    }
    out.push_back(scan);
  }
  for (const auto& child : node.children) find_scans(child, tables, catalog, key, here, out);
}

std::string how(const PlanNode& node) {
  return node.index.empty() ? node.type : fmt::format("{} of the whole index {}", node.type, node.index);
}

std::string other_way(const Plan& plan, const std::vector<QualifiedName>& tables) {
  std::string way;
  visit(plan.root, [&](const PlanNode& node) {
    const bool ours = std::any_of(tables.begin(), tables.end(), [&](const auto& name) { return same_table(node, name); });
    if (!way.empty() || (!ours && node.index.empty())) return;
    if (!node.index.empty()) way = node.type + " using " + node.index;
    else if (node.type.find("Bitmap Heap") == std::string::npos) way = node.type + " on " + node.relation;
  });
  return way.empty() ? "its plan does not read the table" : "the planner has another way: " + way;
}

bool uses_hypothetical(const Plan& plan) {
  bool used = false;
  visit(plan.root, [&](const PlanNode& node) { used = used || node.index.rfind('<', 0) == 0; });
  return used;
}

std::int64_t pages_of(const Catalog& catalog, const std::vector<QualifiedName>& tables) {
  std::int64_t pages = 0;
  for (const auto& name : tables)
    if (const Table* table = catalog.table(name); table && table->statistics && table->kind == Table::Kind::ordinary)
      pages += std::max(table->statistics->pages, table->statistics->bytes / 8192);
  return pages;
}

double estimated_rows(const Catalog& catalog, const QualifiedName& table) {
  const Table* known = catalog.table(table);
  return known && known->statistics ? known->statistics->rows : -1;
}

class Judge {
 public:
  Judge(const Catalog& catalog, const Workload* workload, Planner& planner, const ConfirmOptions& options)
      : catalog_(catalog), workload_(workload), planner_(planner), options_(options) {}

  // false: the server is gone.
  bool judge(Finding& finding) {
    const Probe& probe = *finding.probe;
    if (!catalog_.table(probe.table)) return stay(finding, "the table is not in the database");
    auto question = probe.kind == Probe::Kind::referential_lookup ? planner_.lookup(probe)
                    : probe.kind == Probe::Kind::json_values      ? sample(probe)
                    : probe.kind == Probe::Kind::share_of_rows    ? filtered(probe)
                                                                  : statement(probe);
    if (!question) return stay(finding, question.error().what);
    const auto decision = planner_.decide(*question);
    if (!decision) return failed(finding, decision.error());
    if (decision->allowed == Allowed::nothing) return stay(finding, "not run: " + decision->reason);
    switch (probe.kind) {
      case Probe::Kind::json_values: return look_into(finding, *question, *decision);
      case Probe::Kind::share_of_rows: return share(finding, *question);
      case Probe::Kind::sorted_statement: return sort(finding, *question);
      default: return measure(finding, *question, *decision);
    }
  }

 private:
  // Suspected, or as confirmed as it was.
  bool stay(Finding& finding, std::string reason) {
    finding.verdict_reason = std::move(reason);
    return true;
  }
  bool refute(Finding& finding, std::string reason) {
    finding.verdict = Verdict::refuted;
    finding.verdict_reason = std::move(reason);
    return true;
  }
  bool failed(Finding& finding, const Error& error) {
    stay(finding, "could not be run: " + error.what);
    if (error.kind != Error::Kind::database) return true;
    lost_ = error;
    return false;
  }

  Result<Question> statement(const Probe& probe) {
    const Query* query = workload_ ? workload_->query(probe.fingerprint) : nullptr;
    if (!query) return fail(Error::Kind::passing, "", "no sample of the statement was logged");
    return planner_.question(*query);
  }

  Result<Question> filtered(const Probe& probe) {
    return Question{fmt::format("SELECT FROM {}{} WHERE {}", catalog_.table(probe.table)->kind == Table::Kind::partitioned ? "" : "ONLY ", quote_name(probe.table), probe.condition),
                    {}, true, {}, Names::catalog};
  }

  // Values of one column, from about a hundred pages of a large table. Too long ones come cut and are left out.
  Result<Question> sample(const Probe& probe) {
    const Table& table = *catalog_.table(probe.table);
    const Column* column = table.column(probe.columns.front());
    if (!column) return fail(Error::Kind::passing, "", "the column " + probe.columns.front() + " is not in the database");
    const std::string name = "x." + quote_identifier(column->name);
    const double pages = static_cast<double>(pages_of(catalog_, family(catalog_, probe.table)));
    const std::string part = pages > 1000 ? fmt::format(" TABLESAMPLE SYSTEM ({:.4f})", 100 * 100 / pages) : std::string();
    return Question{fmt::format("SELECT pg_catalog.substr({}::pg_catalog.text, 1, {}) FROM {}{} x{} WHERE {} IS NOT NULL LIMIT {}", name,
                                longest_value + 1, table.kind == Table::Kind::partitioned ? "" : "ONLY ", quote_name(probe.table),
                                part, name, sampled_values),
                    {}, true, {}, Names::catalog};
  }

  bool look_into(Finding& finding, const Question& question, const Decision& decision) {
    if (decision.allowed != Allowed::analyze) return stay(finding, "its values were not looked at: " + decision.reason);
    const auto values = planner_.values(question.sql);
    if (!values) return failed(finding, values.error());
    std::size_t whole = 0;
    std::size_t json = 0;
    for (const auto& value : *values) {
      if (value.size() > longest_value || trim(value).empty()) continue;
      ++whole;
      json += is_json_container(value);
    }
    if (whole == 0) return stay(finding, "the column has no values in this database");
    const std::string fact = fmt::format("{} of {} sampled values are JSON objects or arrays", count(static_cast<double>(json)),
                                         count(static_cast<double>(whole)));
    if (json * 10 < whole * 9) return refute(finding, fact);
    finding.evidence.push_back({Evidence::Kind::catalog, fact, std::nullopt, {}});
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason.clear();
    if (finding.probe->confirmed_severity) finding.severity = *finding.probe->confirmed_severity;
    return true;
  }

  // How much of the table passes the filter, by the planner's own estimate: nothing is read.
  bool share(Finding& finding, const Question& question) {
    const auto plan = planner_.explain(question);
    if (!plan) return failed(finding, plan.error());
    const double rows = estimated_rows(catalog_, finding.probe->table);
    if (rows <= 0) return stay(finding, "the table has no statistics");
    const double passing = plan->root.plan_rows;
    const std::string fact = fmt::format("EXPLAIN: {} of about {} rows pass the filter", count(passing), count(rows));
    if (passing > finding.probe->most * rows) return refute(finding, fact + ": a partial index would hardly be smaller");
    finding.evidence.push_back({Evidence::Kind::plan, fact, std::nullopt, {}});
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason.clear();
    return true;
  }

  // That it sorts, its plan has told already; here the index is judged.
  bool sort(Finding& finding, const Question& question) {
    const auto plan = planner_.explain(question);
    if (!plan) return failed(finding, plan.error());
    bool sorts = false;
    visit(plan->root, [&](const PlanNode& node) { sorts = sorts || node.type == "Sort" || node.type == "Incremental Sort"; });
    if (!sorts) return refute(finding, "the planner has a way without a sort now");
    const bool had = finding.proposal.has_value();
    if (!cost(finding, question, plan->root.total_cost)) return false;
    if (had && !finding.proposal) return refute(finding, "the planner would sort all the same, or not gain from an index");
    return true;
  }

  bool measure(Finding& finding, const Question& question, const Decision& decision) {
    const QualifiedName& table = finding.probe->table;
    const auto tables = family(catalog_, table);
    const auto gate = planner_.explain(question);
    if (!gate) return failed(finding, gate.error());
    const double before = gate->root.total_cost;

    std::vector<Scan> scans;
    find_scans(gate->root, tables, catalog_, finding.probe->columns, std::numeric_limits<double>::infinity(), scans);
    if (scans.empty()) return refute(finding, other_way(*gate, tables));
    const std::int64_t pages = pages_of(catalog_, tables);
    if (pages == 0) return stay(finding, display(table) + " is empty in this database: nothing to measure");
    if (pages < options_.small_table_pages)
      return refute(finding, fmt::format("the table is small: {} pages{}", count(static_cast<double>(pages)),
                                         estimated_rows(catalog_, table) >= 0
                                             ? ", about " + count(estimated_rows(catalog_, table)) + " rows"
                                             : std::string()));

    const auto analyzed = planner_.analyze(question, decision, *gate);
    if (!analyzed) return failed(finding, analyzed.error());
    return conclude(finding, question, analyzed->plan, analyzed->limits, before, tables);
  }

  bool conclude(Finding& finding, const Question& question, const Plan& plan, const std::string& limits, double before,
                const std::vector<QualifiedName>& tables) {
    std::vector<Scan> scans;
    find_scans(plan.root, tables, catalog_, finding.probe->columns, std::numeric_limits<double>::infinity(), scans);
    if (scans.empty()) return refute(finding, "the sequential scan was never executed");
    double read = 0;
    double needed = 0;
    std::int64_t blocks = 0;
    for (const auto& scan : scans) {
      read += scan.read;
      needed += std::min(scan.needed, scan.read);
      blocks += scan.node->shared_hit_blocks + scan.node->shared_read_blocks;
    }
    std::string fact = fmt::format("{}: {} on {} reads {} rows to keep {}", plan.analyzed ? "EXPLAIN ANALYZE" : "EXPLAIN", how(*scans.front().node),
                                   display(finding.probe->table), count(read), count(needed));
    if (plan.analyzed)
      fact += fmt::format(", {} pages, {:.1f} ms in all ({})", count(static_cast<double>(blocks)), plan.execution_ms, question.origin);
    else if (!limits.empty())
      fact += " (" + limits + ")";
    finding.evidence.push_back({Evidence::Kind::plan, fact, std::nullopt, {}});
    if (needed > read * 0.1 && finding.probe->kind == Probe::Kind::statement)
      return refute(finding, fmt::format("it needs {} of the {} rows that it reads: no index makes that less", count(needed), count(read)));
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason = plan.analyzed ? "" : limits;
    return cost(finding, question, before);
  }

  // What the proposed index would change. One that the planner leaves alone is taken back.
  bool cost(Finding& finding, const Question& question, double before) {
    if (!finding.proposal) return true;
    if (const auto missing = planner_.what_if_missing(); !missing.empty()) {
      finding.evidence.push_back({Evidence::Kind::what_if, "the index is not costed: " + missing, std::nullopt, {}});
      return true;
    }
    const auto after = planner_.explain_with(question, options_.hypothetical(*finding.proposal));
    if (!after) {
      finding.evidence.push_back({Evidence::Kind::what_if, "the index is not costed: " + after.error().what, std::nullopt, {}});
      return after.error().kind == Error::Kind::database ? failed(finding, after.error()) : true;
    }
    if (!uses_hypothetical(*after) || after->root.total_cost > before * 0.9) {
      finding.evidence.push_back(
          {Evidence::Kind::what_if, "HypoPG: the planner would not gain from an index on " + keys(*finding.proposal), std::nullopt, {}});
      finding.proposal.reset();
      if (finding.probe->kind == Probe::Kind::referential_lookup)
        return refute(finding, "the planner would read the table all the same: too many rows have one value");
      return true;
    }
    finding.evidence.push_back({Evidence::Kind::what_if,
                                fmt::format("HypoPG: planner cost {:.2f} before, {:.2f} with an index on {}", before,
                                            after->root.total_cost, keys(*finding.proposal)),
                                std::nullopt, {}});
    finding.fix = Fix{.cost_before = before, .cost_after = after->root.total_cost};
    return true;
  }

  static std::string keys(const IndexProposal& proposal) {
    std::vector<std::string> names;
    for (const auto& key : proposal.keys) names.push_back((key.column.empty() ? key.expression : key.column) + (key.descending ? " DESC" : ""));
    return display(proposal.table) + " (" + join(names, ", ") + ")";
  }

 public:
  std::optional<Error> lost_;

 private:
  const Catalog& catalog_;
  const Workload* workload_;
  Planner& planner_;
  const ConfirmOptions& options_;
};

}  // namespace

void confirm(std::vector<Finding>& findings, const Catalog& catalog, const Workload* workload, Planner& planner,
             const ConfirmOptions& options, Diagnostics& diagnostics) {
  struct Outcome {
    bool asked = false;
    std::optional<Error> lost;  // the server is gone
  };
  std::vector<Finding*> probed;
  for (auto& finding : findings)
    if (finding.probe) probed.push_back(&finding);
  std::vector<Outcome> outcomes(probed.size());
  planner.for_each(probed.size(), [&](std::size_t at) {
    Judge judge(catalog, workload, planner, options);
    outcomes[at].asked = true;
    if (!judge.judge(*probed[at])) outcomes[at].lost = judge.lost_;
  });
  for (std::size_t at = 0; at < probed.size(); ++at) {
    std::string& reason = probed[at]->verdict_reason;
    if (outcomes[at].asked) continue;
    if (!planner.stopped()) reason = "could not be run: the server is gone";
    else if (reason.empty()) reason = "not asked: interrupted";
  }
  const auto lost = std::find_if(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) { return outcome.lost.has_value(); });
  if (lost != outcomes.end()) diagnostics.push_back(*lost->lost);
}

}  // namespace pgadvise::plan
