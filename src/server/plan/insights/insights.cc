#include "plan/insights/insights.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/text/identifier.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "model/queries/plan_inputs.h"
#include "model/queries/rewrite.h"
#include "model/schema/ddl.h"
#include "plan/read/reader.h"
#include "plan/read/title.h"
#include "sql/facts/facts.h"
#include "sql/parse/lexer.h"

namespace pgadvise::plan {
namespace {

constexpr double large_share = 0.1;         // of the statement's time
constexpr double wasteful = 0.9;            // of the rows read
constexpr std::int64_t small_table = 1000;  // pages
constexpr double far_off = 10;              // an estimate

std::string times_of(double factor) { return short_count(factor) + " x"; }

std::string name_of(const PlanNode& node) {
  if (node.relation.empty()) return node.cte.empty() ? (node.alias.empty() ? "it" : node.alias) : node.cte;
  return display({node.schema.empty() ? "public" : node.schema, node.relation});
}

using Op = Predicate::Op;

// A table with every name of the filter as a column of an unknown type.
Table unknown_table(const QualifiedName& name, const std::string& filter) {
  Table out;
  out.name = name;
  for (const auto& lexeme : sql::tokens_of(filter)) {
    std::string column = lexeme.name();
    if (!column.empty() && !out.column(column)) out.columns.push_back({.name = std::move(column)});
  }
  return out;
}

bool compares(const Predicate& predicate) {
  return predicate.op == Op::equality || predicate.op == Op::range || predicate.op == Op::in_list ||
         (predicate.op == Op::like && !predicate.leading_wildcard);
}

bool to_text(const std::string& wrapper) { return wrapper == "::text" || wrapper == "::character"; }

// What would let an index find the rows that pass a scan's filter.
struct FilterAdvice {
  bool plain = true;     // the filter compares columns, so that an index on these serves it
  std::string sentence;  // what to do if not plain
};

// `catalog` may be null, and may lack the table: then types are unknown, and a cast to text counts as plain.
// A filter that does not parse, such as one with a SubPlan, counts as plain.
FilterAdvice filter_advice(const PlanNode& scan, const Catalog* catalog) {
  const QualifiedName name{scan.schema.empty() ? "public" : scan.schema, scan.relation};
  const Table* known = catalog ? catalog->table(name) : nullptr;
  Catalog one;
  one.tables.emplace(name, known ? *known : unknown_table(name, scan.filter));
  const Table& table = one.tables.begin()->second;
  const QueryFacts facts = sql::query_facts(
      "SELECT FROM " + quote_name(name) +
          (scan.alias.empty() || scan.alias == scan.relation ? "" : " " + quote_identifier(scan.alias)) +
          " WHERE " + scan.filter,
      one);
  if (!facts.parsed || facts.predicates.empty()) return {};
  const Predicate* wrapped = nullptr;
  const Predicate* null_test = nullptr;
  const Predicate* other = nullptr;
  bool any_or = false;
  for (const auto& predicate : facts.predicates) {
    any_or = any_or || predicate.under_or;
    if (predicate.under_or) continue;
    const bool bare = predicate.wrapper.empty() || (!known && to_text(predicate.wrapper));
    if (bare && compares(predicate)) return {};
    if (predicate.op == Op::is_null || predicate.op == Op::is_not_null) null_test = &predicate;
    else if (!bare && !wrapped) wrapped = &predicate;
    else if (bare) other = &predicate;
  }
  FilterAdvice out{.plain = false, .sentence = {}};
  if (wrapped) {
    const Column* column = table.column(wrapped->column.column);
    out.sentence = "No index on " + wrapped->column.column + " alone serves this filter. " +
                   rewrite(*wrapped, column ? column->type : std::string()) + ".";
  } else if (null_test) {
    out.sentence = "A partial index with WHERE " + quote_identifier(null_test->column.column) + " " +
                   null_test->op_name + " would find the rows.";
  } else if (other && other->op_name == "= ANY") {
    const Column* column = table.column(other->column.column);
    out.sentence = rewrite(*other, column ? column->type : std::string(), false) + ".";
  } else if (other) {
    out.sentence = "No B-tree index serves " + other->op_name +
                   ": a GIN index may (jsonb, arrays, full text, and with pg_trgm patterns).";
  } else if (any_or) {
    out.sentence =
        "An OR needs an index for each of its conditions, or one SELECT for each, combined by UNION.";
  }
  return out;
}

struct InsightFinder {
  const Plan& plan;
  const PlanTimes& times;
  const Catalog* catalog;  // may be null
  std::vector<Insight> out = {};

  std::vector<Insight> run() {
    std::vector<const PlanNode*> parents;
    for (const auto& time : times.nodes) {
      parents.resize(time.depth);
      if (!time.node->never_executed) node(time, parents);
      parents.push_back(time.node);
    }
    whole();
    return std::move(out);
  }

  void say(Insight::Kind kind, const PlanNode* node, std::string flag, std::string text) {
    out.push_back({kind, node, std::move(flag), std::move(text)});
  }

  double share(const NodeTime& time) const { return times.all_ms > 0 ? time.self_ms / times.all_ms : 0; }
  bool costly(const NodeTime& time) const {
    return times.all_ms > 0 ? share(time) >= large_share
                            : time.node->rows_removed_by_filter * time.node->loops >= 10'000;
  }
  std::string took(const NodeTime& time) const {
    return times.all_ms > 0 ? fmt::format(", {:.0f} % of the time", 100 * share(time)) : std::string();
  }

  // `plain` where an index on the columns of the filter serves it.
  std::string advice(const PlanNode& node, std::string plain) const {
    FilterAdvice other = filter_advice(node, catalog);
    return other.plain || other.sentence.empty() ? std::move(plain) : std::move(other.sentence);
  }

  // Pages of the table, or of it what was read.
  std::int64_t pages(const PlanNode& node) const {
    const Table* table =
        catalog ? catalog->table({node.schema.empty() ? "public" : node.schema, node.relation}) : nullptr;
    if (table && table->statistics) return table->statistics->pages;
    return node.shared_hit_blocks + node.shared_read_blocks;
  }

  void node(const NodeTime& time, const std::vector<const PlanNode*>& parents) {
    const PlanNode& node = *time.node;
    if (!node.actual_rows) return;
    scans(time, parents);
    estimate(time, parents);
    spills(node);
    bitmap(node);
    fetches(time);
    nested_loop(node);
    offset(node);
  }

  void scans(const NodeTime& time, const std::vector<const PlanNode*>& parents) {
    const PlanNode& node = *time.node;
    const double kept = *node.actual_rows;
    const double removed = node.rows_removed_by_filter;
    if (removed <= 0 || removed / (removed + kept) < wasteful) return;
    const double read = (removed + kept) * node.loops;
    const bool index = node.type == "Index Scan" || node.type == "Index Only Scan";
    const bool limited =
        std::ranges::any_of(parents, [](const PlanNode* parent) { return parent->type == "Limit"; });
    const std::string figures = fmt::format("{} of {} rows are removed{}", short_count(removed * node.loops),
                                            short_count(read), took(time));
    if (index && read < 1000) return;
    if (index && node.index_condition.empty() && limited) {
      say(Insight::Kind::index_for_order_alone, &node, "index used only for the order",
          fmt::format("{} is read in the order of {}, until enough rows pass {}: {}. This is fast if such "
                      "rows come early, and slow otherwise. {}",
                      name_of(node), node.index, node.filter, figures,
                      advice(node,
                             "An index on the columns of the filter, followed by those of the order, serves "
                             "both.")));
    } else if (index && costly(time)) {
      say(Insight::Kind::inefficient_index, &node,
          fmt::format("{} of {} rows removed", short_count(removed * node.loops), short_count(read)),
          fmt::format("The index {} of {} finds rows that {} then removes: {}. {}", node.index, name_of(node),
                      node.filter, figures, advice(node, "Add the columns of the filter to the index.")));
    } else if (node.type == "Seq Scan" && costly(time) && pages(node) >= small_table) {
      say(Insight::Kind::slow_scan, &node,
          fmt::format("reads {} rows for {}", short_count(read), short_count(kept * node.loops)),
          fmt::format("{} is read completely for {}: {}. {}", name_of(node), node.filter, figures,
                      advice(node, "An index on the columns of the filter would find the rows.")));
    }
  }

  static double miss(const PlanNode& node) {
    const double estimated = std::max(1.0, node.plan_rows);
    const double actual = std::max(1.0, node.actual_rows.value_or(0));
    return actual > estimated ? actual / estimated : -(estimated / actual);  // below 0: estimated too high
  }

  // Rows of it that stopped early, guesses that nobody could make, and what bitmaps report are no
  // misestimates.
  static bool estimated(const PlanNode& node, const std::vector<const PlanNode*>& parents) {
    if (!node.actual_rows || node.never_executed || node.type == "BitmapOr" || node.type == "BitmapAnd" ||
        node.type == "ModifyTable" || node.type == "Gather" || node.type == "Limit")
      return false;
    if (node.type == "Aggregate" && !node.filter.empty()) return false;
    if (std::max(node.plan_rows, *node.actual_rows) * node.loops < 1000) return false;
    if (miss(node) > 0) return true;
    return std::ranges::none_of(parents, [](const PlanNode* parent) {
      return parent->type == "Limit" || parent->type == "Merge Join" || parent->join_type == "Semi" ||
             parent->join_type == "Anti" || parent->type == "Nested Loop";
    });
  }

  bool below_is_off(const PlanNode& node, std::vector<const PlanNode*> parents) const {
    parents.push_back(&node);
    return std::ranges::any_of(node.children, [&](const PlanNode& child) {
      return (estimated(child, parents) && std::abs(miss(child)) >= far_off) || below_is_off(child, parents);
    });
  }

  void estimate(const NodeTime& time, const std::vector<const PlanNode*>& parents) {
    const PlanNode& node = *time.node;
    if (!estimated(node, parents) || std::abs(miss(node)) < far_off || below_is_off(node, parents)) return;
    const bool low = miss(node) > 0;
    const std::string factor = times_of(std::abs(miss(node)));
    say(Insight::Kind::misestimate, &node, fmt::format("estimate {} {}", factor, low ? "low" : "high"),
        fmt::format("{}: {} {} estimated, {} actual, {} too {}. The planner chose the nodes above for the "
                    "wrong number. Possible fixes: ANALYZE, a higher statistics target, or CREATE STATISTICS "
                    "for columns that depend on each other.",
                    title(node), short_count(node.plan_rows), node.plan_rows == 1 ? "row was" : "rows were",
                    short_count(*node.actual_rows), factor, low ? "few" : "many"));
  }

  void spills(const PlanNode& node) {
    const std::string size = short_count(static_cast<double>(node.disk_kb) * 1024) + "B";
    if (node.disk_kb > 0 && node.type.ends_with("Sort"))
      say(Insight::Kind::disk_sort, &node, "spill " + size,
          fmt::format("The sort by {} wrote {} to disk, as it did not fit into work_mem. An index in this "
                      "order avoids the sort.",
                      join(node.sort_key, ", "), size));
    else if (node.disk_kb > 0 && node.type == "Aggregate")
      say(Insight::Kind::aggregate_spill, &node, "spill " + size,
          fmt::format("{} wrote {} to disk: its groups did not fit into work_mem.", title(node), size));
    else if (node.hash_batches > 1 && node.type == "Hash")
      say(Insight::Kind::hash_batches, &node, fmt::format("{} batches", node.hash_batches),
          fmt::format("The hash table did not fit into work_mem, or was estimated far too large: it was "
                      "split into {} batches on disk.",
                      node.hash_batches));
  }

  void bitmap(const PlanNode& node) {
    if (node.lossy_blocks > 0 && node.rows_removed_by_recheck > 0)
      say(Insight::Kind::lossy_bitmap, &node, "lossy bitmap",
          fmt::format("The bitmap of {} did not fit into work_mem: {} pages were lossy, and {} of their rows "
                      "removed by a recheck.",
                      name_of(node), short_count(static_cast<double>(node.lossy_blocks)),
                      short_count(node.rows_removed_by_recheck * node.loops)));
  }

  void fetches(const NodeTime& time) {
    const PlanNode& node = *time.node;
    if (node.type != "Index Only Scan" || node.heap_fetches < 1000 || node.heap_fetches < 0.05 * time.rows)
      return;
    say(Insight::Kind::heap_fetches, &node, short_count(node.heap_fetches) + " heap fetches",
        fmt::format("The index {} has all the columns, but {} rows of {} were fetched from the table, as "
                    "their pages are not marked all-visible. VACUUM marks them.",
                    node.index, short_count(node.heap_fetches), name_of(node)));
  }

  void nested_loop(const PlanNode& node) {
    const auto sides = inputs(node);
    if (node.type != "Nested Loop" || sides.size() < 2) return;
    const PlanNode& outer = *sides[0];
    const PlanNode& inner = *sides[1];
    if (!outer.actual_rows || inner.type == "Memoize" || inner.loops < 1000 ||
        *outer.actual_rows < far_off * std::max(1.0, outer.plan_rows))
      return;
    say(Insight::Kind::nested_loop, &node, short_count(inner.loops) + " loops",
        fmt::format("{} ran {} times, but {} {} estimated for the outer side. With the actual number the "
                    "planner would have chosen a hash or merge join.",
                    title(inner), short_count(inner.loops), short_count(outer.plan_rows),
                    outer.plan_rows == 1 ? "row was" : "rows were"));
  }

  void offset(const PlanNode& node) {
    const PlanNode* input = node.type == "Limit" ? first_input(node) : nullptr;
    if (!input || !input->actual_rows) return;
    const double below = *input->actual_rows;
    if (below < 1000 || below < 10 * std::max(1.0, *node.actual_rows)) return;
    say(Insight::Kind::large_offset, &node, "offset",
        fmt::format(
            "{} rows were computed and {} returned: OFFSET skips the others, so that each page costs more "
            "than the one before. Continue after the last key instead (WHERE (k) > (…) ORDER BY k LIMIT n).",
            short_count(below), short_count(*node.actual_rows)));
  }

  void whole() {
    if (plan.execution_ms <= 0) return;
    if (plan.jit_ms >= 0.3 * plan.execution_ms)
      say(Insight::Kind::jit, nullptr, "JIT",
          fmt::format("JIT compilation took {:.1f} ms (sum of all processes), execution {:.1f} ms: set jit = "
                      "off, or a higher jit_above_cost.",
                      plan.jit_ms, plan.execution_ms));
    if (plan.planning_ms > plan.execution_ms && plan.planning_ms >= 1)
      say(Insight::Kind::planning, nullptr, "planning",
          fmt::format("Planning took {:.1f} ms, execution {:.1f} ms. A prepared statement saves repeated "
                      "planning; many partitions or joins make planning slow.",
                      plan.planning_ms, plan.execution_ms));
    for (const auto& trigger : plan.triggers)
      if (trigger.time_ms >= large_share * plan.execution_ms)
        say(Insight::Kind::trigger, nullptr, "trigger",
            fmt::format("The trigger {}{} took {:.1f} ms in {} calls, {:.0f} % of the execution. For the "
                        "trigger of a foreign key the usual cause is a missing index on the key's columns.",
                        trigger.name, trigger.relation.empty() ? "" : " on " + trigger.relation,
                        trigger.time_ms, short_count(trigger.calls),
                        100 * trigger.time_ms / plan.execution_ms));
  }
};

}  // namespace

std::vector<Insight> insights(const Plan& plan, const PlanTimes& times, const Catalog* catalog) {
  return InsightFinder{plan, times, catalog}.run();
}

}  // namespace pgadvise::plan
