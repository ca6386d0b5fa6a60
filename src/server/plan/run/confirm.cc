#include "plan/run/confirm.h"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "plan/read/reader.h"
#include "plan/read/rows_written.h"
#include "plan/run/safety.h"
#include "sql/parse/statement.h"

namespace pgadvise::plan {
namespace {

constexpr double sampled_pages = 100;  // of a table that is sampled
constexpr double few = 0.1;            // of the rows that a scan reads
constexpr double half = 0.5;           // of a cost: where a statement needs more rows than few

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
std::vector<QualifiedName> partition_tree(const Catalog& catalog, const QualifiedName& table) {
  std::vector<QualifiedName> all{table};
  for (std::size_t at = 0; at < all.size(); ++at)
    for (const auto& [name, child] : catalog.tables) {
      const bool below = (child.partition_of && *child.partition_of == all[at]) ||
                         std::ranges::count(child.inherits, all[at]) > 0;
      if (below && std::ranges::count(all, name) == 0) all.push_back(name);
    }
  return all;
}

bool aggregates(const std::string& type) {
  return contains_any(type, {"Aggregate", "SetOp"}) ||
         is_one_of(type, {"Group", "WindowAgg", "Unique", "ModifyTable"});
}

// An index scan that reads the whole index is a sequential scan in other clothes: no condition at all but a
// filter, or (a key's look-up) a condition on a column that is not the index's first. With wide rows the
// planner prefers it.
bool reads_whole_index(const PlanNode& node, const Table* table, const std::vector<std::string>& key) {
  if (node.index.empty()) return false;
  if (node.index_condition.empty()) return !node.filter.empty();
  const Index* index = table ? table->index(node.index) : nullptr;
  if (key.empty() || !index || index->keys.empty() || index->method != "btree") return false;
  return !is_one_of(index->keys.front().column, key);
}

// `key`: of a referential look-up.
std::vector<Scan> find_scans(const Plan& plan, const std::vector<QualifiedName>& tables,
                             const Catalog& catalog, const std::vector<std::string>& key) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<Scan> out;
  // `needed` counts what leaves a node; above an aggregate rows are no longer the scan's.
  const auto add = [&](const PlanNode& node, double needed) {
    const double here = aggregates(node.type) ? infinity : std::min(needed, rows_of(node));
    const auto name = std::ranges::find_if(tables, [&](const auto& each) { return same_table(node, each); });
    if (name == tables.end() || node.never_executed) return here;
    const Table* table = catalog.table(*name);
    if (node.type != "Seq Scan" && !reads_whole_index(node, table, key)) return here;
    Scan scan{&node, 0, here};
    // With an index condition the rows that the scan passed over in the index are not counted anywhere.
    if (node.actual_rows && node.index_condition.empty())
      scan.read = (*node.actual_rows + node.rows_removed_by_filter) * node.loops;
    else
      scan.read = table && table->statistics && table->statistics->rows > 0 ? table->statistics->rows
                                                                            : node.plan_rows;
    out.push_back(scan);
    return here;
  };
  visit(plan.root, add, infinity);
  return out;
}

std::string how(const PlanNode& node) {
  return node.index.empty() ? node.type : fmt::format("{} of the whole index {}", node.type, node.index);
}

std::string other_way(const Plan& plan, const std::vector<QualifiedName>& tables) {
  std::string way;
  visit(plan.root, [&](const PlanNode& node) {
    const bool ours = std::ranges::any_of(tables, [&](const auto& name) { return same_table(node, name); });
    if (!way.empty() || (!ours && node.index.empty())) return;
    if (!node.index.empty()) way = node.type + " using " + node.index;
    else if (!contains(node.type, "Bitmap Heap")) way = node.type + " on " + node.relation;
  });
  return way.empty() ? "the statement's plan does not read the table"
                     : "the planner uses another plan: " + way;
}

bool uses_hypothetical(const Plan& plan) {
  bool used = false;
  visit(plan.root, [&](const PlanNode& node) { used |= node.index.starts_with('<'); });
  return used;
}

// The whole hypothetical index, and a filter decides on each row: faster than the table at best by the width
// of its rows.
bool filters_whole_hypothetical(const Plan& plan) {
  bool whole = false;
  visit(plan.root, [&](const PlanNode& node) {
    whole |= node.index.starts_with('<') && node.type.starts_with("Index") && node.index_condition.empty() &&
             !node.filter.empty();
  });
  return whole;
}

std::int64_t pages_of(const Catalog& catalog, const std::vector<QualifiedName>& tables) {
  std::int64_t pages = 0;
  for (const auto& name : tables)
    if (const Table* table = catalog.table(name);
        table && table->statistics &&
        (table->kind == Table::Kind::ordinary || table->kind == Table::Kind::materialized_view))
      pages += std::max(table->statistics->pages, table->statistics->bytes / page_bytes);
  return pages;
}

// `text` with each {name} replaced by its part, in one pass: what a part holds is never replaced.
std::string filled(std::string_view text, const std::map<std::string_view, std::string>& parts) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto end = text[at] == '{' ? text.find('}', at) : std::string_view::npos;
    const auto part =
        end == std::string_view::npos ? parts.end() : parts.find(text.substr(at + 1, end - at - 1));
    if (part == parts.end()) {
      out += text[at];
    } else {
      out += part->second;
      at = end;
    }
  }
  return out;
}

double estimated_rows(const Catalog& catalog, const QualifiedName& table) {
  const Table* known = catalog.table(table);
  return known && known->statistics ? known->statistics->rows : -1;
}

// Carries out the probe of one finding.
struct Confirmer {
  const Finding& finding;
  const Probe& probe;  // the finding's
  const Catalog& catalog;
  const Workload* workload;
  Planner& planner;
  const ConfirmOptions& options;
  Confirmation out = {};
  std::optional<Error> lost = {};   // the server is gone
  bool rejected = false;            // by the server: the proposed index
  bool costs_more_to_keep = false;  // maintenance of an index that the planner would use: more than it saves

  void confirm() {
    if (!catalog.table(probe.table)) return stay("the table is not in the database");
    auto request = probe.kind == Probe::Kind::referential_lookup ? planner.lookup(probe)
                   : !probe.sql.empty()                          ? of_rule()
                                                                 : statement();
    if (!request) return stay(request.error().what);
    const auto decision = planner.decide(*request);
    if (!decision) return failed(decision.error());
    if (decision->allowed == Allowed::nothing) return stay("not run: " + decision->reason);
    switch (probe.kind) {
      case Probe::Kind::values: return look_into(*request, *decision);
      case Probe::Kind::plan: return look_at_plan(*request);
      default: return measure(*request, *decision);
    }
  }

  // Suspected, or as confirmed as it was.
  void stay(std::string reason) { out.reason = std::move(reason); }
  void refute(std::string reason) {
    out.verdict = Verdict::refuted;
    out.reason = std::move(reason);
  }
  void failed(const Error& error) {
    stay("could not be run: " + error.what);
    if (error.kind == Error::Kind::database) lost = error;
  }
  bool proposes() const { return finding.proposal && !out.without_gain; }

  const Query* query() const { return workload ? workload->query(probe.fingerprint) : nullptr; }

  Result<PlanRequest> statement() {
    if (const Query* logged = query()) return planner.request(*logged);
    return fail(Error::Kind::nonfatal, "", "no sample of the statement was logged");
  }

  // The SQL that the probe's rule holds, with its names filled in.
  Result<PlanRequest> of_rule() {
    const Table& table = *catalog.table(probe.table);
    for (const auto& column : probe.columns)
      if (!table.column(column))
        return fail(Error::Kind::nonfatal, "", "the column " + column + " is not in the database");
    const double pages = static_cast<double>(pages_of(catalog, partition_tree(catalog, probe.table)));
    const std::string only = table.kind == Table::Kind::partitioned ? "" : "ONLY ";
    const std::map<std::string_view, std::string> parts = {
        {"table", only + quote_name(probe.table)},
        {"column", probe.columns.empty() ? std::string() : quote_identifier(probe.columns.front())},
        {"condition", probe.condition},
        {"sample", pages > 10 * sampled_pages
                       ? fmt::format(" TABLESAMPLE SYSTEM ({:.4f})", 100 * sampled_pages / pages)
                       : ""}};
    return PlanRequest{filled(probe.sql, parts), {}, true, {}, Names::catalog};
  }

  // What the probe's own rule concludes.
  void apply(Conclusion conclusion, Evidence::Kind kind) {
    if (!conclusion.verdict) {
      if (!conclusion.reason.empty()) stay(std::move(conclusion.reason));
      return;
    }
    out.verdict = *conclusion.verdict;
    out.reason = std::move(conclusion.reason);
    if (out.verdict != Verdict::confirmed) return;
    out.evidence.push_back({kind, std::move(conclusion.fact), std::nullopt, {}});
    if (probe.confirmed_severity) out.severity = probe.confirmed_severity;
  }

  void look_into(const PlanRequest& request, const Decision& decision) {
    if (decision.allowed != Allowed::analyze) return stay("the values were not read: " + decision.reason);
    const auto values = planner.values(request.sql);
    if (!values) return failed(values.error());
    apply(probe.from_values(*values), Evidence::Kind::catalog);
  }

  void look_at_plan(const PlanRequest& request) {
    const auto plan = planner.explain(request);
    if (!plan) return failed(plan.error());
    apply(probe.from_plan(*plan, estimated_rows(catalog, probe.table), probe.limit), Evidence::Kind::plan);
    if (out.verdict == Verdict::refuted || probe.without_gain.empty() || !finding.proposal) return;
    cost(request, *plan, plan->root.total_cost);
    if (!lost && out.without_gain && !rejected) refute(std::string(probe.without_gain));
  }

  void measure(const PlanRequest& request, const Decision& decision) {
    const QualifiedName& table = probe.table;
    const auto tables = partition_tree(catalog, table);
    const auto gate = planner.explain(request);
    if (!gate) return failed(gate.error());
    const double before = gate->root.total_cost;

    if (find_scans(*gate, tables, catalog, probe.columns).empty()) return refute(other_way(*gate, tables));
    const std::int64_t pages = pages_of(catalog, tables);
    if (pages == 0) return stay(display(table) + " has no rows in this database: nothing to measure");
    if (pages < options.small_table_pages)
      return refute(fmt::format("the table is small: {} pages{}", count(static_cast<double>(pages)),
                                estimated_rows(catalog, table) >= 0
                                    ? ", about " + count(estimated_rows(catalog, table)) + " rows"
                                    : std::string()));

    const auto analyzed = planner.analyze(request, decision, *gate);
    if (!analyzed) return failed(analyzed.error());
    return conclude(request, analyzed->plan, analyzed->limits, before, tables);
  }

  void conclude(const PlanRequest& request, const Plan& plan, const std::string& limits, double before,
                const std::vector<QualifiedName>& tables) {
    const std::vector<Scan> scans = find_scans(plan, tables, catalog, probe.columns);
    if (scans.empty()) return refute("the sequential scan was never executed");
    double read = 0;
    double needed = 0;
    std::int64_t blocks = 0;
    for (const auto& scan : scans) {
      read += scan.read;
      needed += wants_extreme() ? 1 : std::min(scan.needed, scan.read);
      blocks += scan.node->shared_hit_blocks + scan.node->shared_read_blocks;
    }
    std::string fact =
        fmt::format("{}: {} on {} reads {} rows and keeps {}", plan.analyzed ? "EXPLAIN ANALYZE" : "EXPLAIN",
                    how(*scans.front().node), display(probe.table), count(read), count(needed));
    if (plan.analyzed)
      fact += fmt::format("; {} pages, {:.1f} ms in total ({})", count(static_cast<double>(blocks)),
                          plan.execution_ms, request.origin);
    else if (!limits.empty()) fact += " (" + limits + ")";
    out.evidence.push_back({Evidence::Kind::plan, fact, std::nullopt, {}});
    out.verdict = Verdict::confirmed;
    out.reason = plan.analyzed ? "" : limits;
    cost(request, plan, before);
    if (probe.kind != Probe::Kind::statement) return;
    if (needed > read * few && !(out.cost_after && *out.cost_after <= before * half)) {
      out.cost_before = out.cost_after = std::nullopt;
      out.found.clear();
      refute(
          fmt::format("the statement needs {} of the {} rows that it reads: an index would not reduce them",
                      count(needed), count(read)));
    } else if (out.without_gain && costs_more_to_keep) {
      refute("an index would cost the statement more maintenance than it saves");
    } else if (out.without_gain) {
      out.no_index = no_index(*scans.front().node);
    }
  }

  // SELECT max(c) needs one row, if an index has the rows in the order of c.
  bool wants_extreme() const { return probe.search_index && query() && !query()->facts.extremes.empty(); }

  std::string no_index(const PlanNode& scan) const {
    if (rejected)
      return "No index found: PostgreSQL rejects an index for the condition as it is. Rewrite the condition "
             "so that it compares a column with a value";
    const double actual = std::max(1.0, scan.actual_rows.value_or(scan.plan_rows));
    if (scan.plan_rows >= 10 * actual)
      return fmt::format(
          "No index found: the planner expects {} rows where {} pass the filter, so it prefers to read the "
          "whole table. ANALYZE the table, or CREATE STATISTICS for columns that depend on each other",
          count(scan.plan_rows), count(scan.actual_rows.value_or(0)));
    return fmt::format(
        "No index found: the planner would still read all of {} with each index that pgadvise "
        "costed. Rewrite the condition so that an index can serve it, or read fewer rows",
        display(probe.table));
  }

  // A cost with indexes: the planner's, and what the statement's own writes add for their maintenance.
  struct CostWith {
    double planned = 0;
    double maintenance = 0;
    std::string plan = {};  // EXPLAIN's JSON
    double sum() const { return planned + maintenance; }
  };

  double maintenance_cost(const std::vector<IndexProposal>& indexes, const Plan& plan) const {
    const Query* logged = probe.fingerprint.empty() ? nullptr : query();
    if (!options.maintenance_cost || !logged || logged->facts.kind == StatementKind::select) return 0;
    double sum = 0;
    for (const auto& index : indexes)
      sum += options.maintenance_cost(index, logged->facts, rows_written(plan));
    return sum;
  }

  // The cost of the statement with the indexes; nullopt: the planner leaves them alone, or gains little.
  Result<std::optional<CostWith>> cost_with(const PlanRequest& request, double before,
                                            const std::vector<IndexProposal>& indexes,
                                            bool searched = false) {
    std::vector<std::string> sql;
    for (const auto& index : indexes)
      for (auto& one : options.hypothetical(index)) sql.push_back(std::move(one));
    TRY(const auto after, planner.explain_with(request, sql));
    const double least = before * 0.9;
    if (!uses_hypothetical(after) || after.root.total_cost > least ||
        (searched && !indexes.front().predicate && filters_whole_hypothetical(after)))
      return std::nullopt;
    const CostWith cost{after.root.total_cost, maintenance_cost(indexes, after), after.text};
    if (cost.sum() <= least) return cost;
    if (!costs_more_to_keep)
      say(
          fmt::format("HypoPG: planner cost {:.2f} before, {:.2f} with an index on {}, whose maintenance "
                      "costs {:.2f}",
                      before, cost.planned, index_names(indexes), cost.maintenance));
    costs_more_to_keep = true;
    return std::nullopt;
  }

  // What the proposed index would change. One that the planner leaves alone is taken back, and replaced where
  // the probe asks for it.
  void cost(const PlanRequest& request, const Plan& plan, double before) {
    if (!proposes() && !probe.search_index) return;
    if (const auto missing = planner.what_if_missing(); !missing.empty())
      return say("the cost with the index is unknown: " + missing);
    if (proposes()) {
      std::vector<IndexProposal> own{*finding.proposal};
      own.insert(own.end(), finding.further_proposals.begin(), finding.further_proposals.end());
      const auto after = cost_with(request, before, own);
      rejected = !after && after.error().what.starts_with(rejected_index);
      if (rejected) {
        say(after.error().what);
      } else if (!after) {
        say("the cost with the index is unknown: " + after.error().what);
        if (after.error().kind == Error::Kind::database) failed(after.error());
        return;
      } else if (*after) {
        return gain(request, plan, own, before, **after);
      }
    }
    if (probe.search_index && search(request, plan, before)) return;
    if (lost) return;
    if (proposes() && !costs_more_to_keep && !rejected)
      say("HypoPG: the planner would not use an index on " + index_names({*finding.proposal}));
    out.without_gain = true;
    if (probe.kind == Probe::Kind::referential_lookup && !rejected)
      refute("the planner would still read the whole table: too many rows have the same value");
  }

  void say(std::string text) {
    out.evidence.push_back({Evidence::Kind::what_if, std::move(text), std::nullopt, {}});
  }

  void gain(const PlanRequest& request, const Plan& plan, const std::vector<IndexProposal>& indexes,
            double before, const CostWith& after) {
    say(fmt::format("HypoPG: planner cost {:.2f} before, {:.2f} with an index on {}{}", before, after.sum(),
                    index_names(indexes),
                    after.maintenance > 0
                        ? fmt::format(", {:.2f} of it for the index's maintenance", after.maintenance)
                        : std::string()));
    out.cost_before = before;
    out.cost_after = after.sum();
    // Another probe's SQL may have a logged literal.
    const bool made = probe.kind == Probe::Kind::referential_lookup;
    if (!made && !probe.sql.empty()) return;
    out.plans = std::make_shared<const WhatIfPlans>(WhatIfPlans{
        .statement = made ? request.sql : "",
        .before = plan.text,
        .origin = fmt::format("{}, {}", plan.analyzed ? "EXPLAIN ANALYZE" : "EXPLAIN", request.origin),
        .after = after.plan,
        .indexes = index_names(indexes)});
  }

  // The cheapest of the other indexes.
  bool search(const PlanRequest& request, const Plan& plan, double before) {
    const Query* logged = query();
    if (!logged || !options.alternatives) return false;
    const auto sets = options.alternatives(*logged, probe.table);
    const IndexSetProposal* best = nullptr;
    CostWith least{before};
    for (const auto& set : sets) {
      const auto after = cost_with(request, before, set.indexes, true);
      if (!after && after.error().kind == Error::Kind::database) return failed(after.error()), false;
      // A wider index has to be clearly better than one that was found before.
      if (!after || !*after || (*after)->sum() >= least.sum() * (best ? 0.9 : 1)) continue;
      best = &set;
      least = **after;
    }
    if (!best) return false;
    gain(request, plan, best->indexes, before, least);
    if (!best->note.empty()) out.evidence.push_back({Evidence::Kind::catalog, best->note, std::nullopt, {}});
    out.found = best->indexes;
    return true;
  }
};

}  // namespace

std::string index_names(const std::vector<IndexProposal>& indexes) {
  std::vector<std::string> out;
  for (const auto& index : indexes) {
    std::vector<std::string> columns;
    for (const auto& key : index.keys)
      columns.push_back((key.column.empty() ? key.expression : key.column) + (key.descending ? " DESC" : ""));
    out.push_back(display(index.table) + (index.method == "btree" ? "" : " USING " + index.method) + " (" +
                  join(columns, ", ") + ")" + (index.predicate ? " WHERE " + *index.predicate : ""));
  }
  return join(out, " and ");
}

std::vector<Confirmation> confirm(const std::vector<Finding>& findings, const Catalog& catalog,
                                  const Workload* workload, Planner& planner, const ConfirmOptions& options,
                                  Diagnostics& diagnostics) {
  std::vector<std::size_t> probed;
  for (std::size_t at = 0; at < findings.size(); ++at)
    if (findings[at].probe) probed.push_back(at);
  std::vector<Confirmation> out(findings.size());
  std::vector<char> asked(findings.size());
  std::vector<std::optional<Error>> lost(findings.size());
  planner.for_each(probed.size(), [&](std::size_t number) {
    const std::size_t at = probed[number];
    Confirmer confirmer{findings[at], *findings[at].probe, catalog, workload, planner, options};
    asked[at] = 1;
    confirmer.confirm();
    out[at] = std::move(confirmer.out);
    lost[at] = std::move(confirmer.lost);
  });
  for (const std::size_t at : probed) {
    if (asked[at]) continue;
    if (!planner.stopped()) out[at].reason = "could not be run: the connection to the server was lost";
    else if (findings[at].verdict_reason.empty()) out[at].reason = "not confirmed: interrupted";
  }
  const auto first_lost = std::ranges::find_if(lost, [](const auto& error) { return error.has_value(); });
  if (first_lost != lost.end()) diagnostics.push_back(**first_lost);
  return out;
}

void withdraw_proposal(Finding& finding) {
  if (!finding.proposal) return;
  for (const auto& key : finding.proposal->keys)
    if (!key.expression.empty() && finding.fix &&
        finding.fix->title.find("((" + key.expression + "))") != std::string::npos)
      finding.fix.reset();
  finding.proposal.reset();
  finding.further_proposals.clear();
}

void take_found_indexes(const std::vector<Confirmation>& confirmations, std::vector<Finding>& findings) {
  for (std::size_t at = 0; at < confirmations.size(); ++at) {
    const auto& found = confirmations[at].found;
    if (found.empty()) continue;
    findings[at].proposal = found.front();
    findings[at].further_proposals.assign(found.begin() + 1, found.end());
  }
}

void apply_confirmations(const std::vector<Confirmation>& confirmations, std::vector<Finding>& findings) {
  take_found_indexes(confirmations, findings);
  for (std::size_t at = 0; at < confirmations.size(); ++at) {
    const Confirmation& confirmation = confirmations[at];
    Finding& finding = findings[at];
    if (confirmation.verdict) finding.verdict = *confirmation.verdict;
    if (confirmation.severity) finding.severity = *confirmation.severity;
    if (confirmation.reason) finding.verdict_reason = *confirmation.reason;
    finding.evidence.insert(finding.evidence.end(), confirmation.evidence.begin(),
                            confirmation.evidence.end());
    if (confirmation.without_gain) withdraw_proposal(finding);
    if (!confirmation.no_index.empty() && !finding.fix)
      finding.fix = Fix{.title = confirmation.no_index, .safety = Fix::Safety::manual};
    if (!confirmation.cost_before) continue;
    finding.fix.emplace();
    finding.fix->cost_before = confirmation.cost_before;
    finding.fix->cost_after = confirmation.cost_after;
    finding.plans = confirmation.plans;
  }
}

}  // namespace pgadvise::plan
