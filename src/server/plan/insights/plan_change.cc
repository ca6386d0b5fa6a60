#include "plan/insights/plan_change.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "model/queries/plan_inputs.h"
#include "plan/read/title.h"

namespace pgadvise::plan {
namespace {

using Kind = PlanDifference::Kind;

// How a plan reads one table.
struct Scan {
  const PlanNode* node = nullptr;
  std::vector<const PlanNode*> indexes;  // nodes that read an index: itself, or those below a bitmap scan
  double executions = 1;

  bool sequential() const { return node->type == "Seq Scan"; }
  QualifiedName table() const { return {node->schema, node->relation}; }
};

struct Shape {
  std::map<std::tuple<QualifiedName, std::string, int>, Scan> scans;  // by table, alias, and number
  std::vector<std::string> order;                                     // aliases, in the order of the tree
  std::map<std::string, int> joins;                                   // nodes by type
  int sorts = 0;
  const PlanNode* largest_sort = nullptr;
  const PlanNode* largest_loop = nullptr;
  double loop_executions = 0;  // of the inner side of `largest_loop`
};

struct Above {
  const PlanNode* parent = nullptr;
  double executions = 1;
  const PlanNode* bitmap = nullptr;  // the Bitmap Heap Scan above
};

bool is_join(const PlanNode& node) {
  return is_one_of(node.type, {"Nested Loop", "Hash Join", "Merge Join"});
}

bool reads_index(const PlanNode& node) {
  return is_one_of(node.type, {"Index Scan", "Index Only Scan", "Bitmap Index Scan"});
}

double executions_of(const PlanNode& node, const Above& above) {
  if (!above.parent || above.parent->type != "Nested Loop" || node.relationship != "Inner")
    return above.executions;
  const PlanNode* outer = first_input(*above.parent);
  return above.executions * std::max(1.0, outer ? outer->plan_rows : 1);
}

Shape shape(const Plan& plan) {
  Shape out;
  std::map<const PlanNode*, Scan*> of_bitmap;
  std::map<std::pair<QualifiedName, std::string>, int> count;
  visit(
      plan.root,
      [&](const PlanNode& node, const Above& above) {
        Above here{&node, executions_of(node, above), above.bitmap};
        if (is_join(node)) ++out.joins[node.type];
        if (node.type == "Sort" || node.type == "Incremental Sort") {
          ++out.sorts;
          if (!out.largest_sort || node.plan_rows > out.largest_sort->plan_rows) out.largest_sort = &node;
        }
        if (above.parent && above.parent->type == "Nested Loop" && node.relationship == "Inner" &&
            here.executions > out.loop_executions) {
          out.loop_executions = here.executions;
          out.largest_loop = above.parent;
        }
        if (node.type == "Bitmap Index Scan" && above.bitmap) {
          of_bitmap[above.bitmap]->indexes.push_back(&node);
        } else if (!node.relation.empty() && node.type != "ModifyTable") {
          const QualifiedName table{node.schema, node.relation};
          Scan& scan = out.scans[{table, node.alias, count[{table, node.alias}]++}];
          scan = {&node, {}, here.executions};
          if (reads_index(node)) scan.indexes.push_back(&node);
          if (node.type == "Bitmap Heap Scan") of_bitmap[here.bitmap = &node] = &scan;
          out.order.push_back(node.alias);
        }
        return here;
      },
      Above{});
  return out;
}

const Index* index_of(const Catalog& catalog, const QualifiedName& table, const std::string& name) {
  const Table* found = catalog.table(table);
  return found ? found->index(name) : nullptr;
}

bool names_column(std::string_view condition, std::string_view column) {
  const auto part_of_name = [](char c) { return c == '_' || is_alphanumeric(c); };
  for (auto at = condition.find(column); at != std::string_view::npos; at = condition.find(column, at + 1)) {
    const auto end = at + column.size();
    if ((at == 0 || !part_of_name(condition[at - 1])) &&
        (end == condition.size() || !part_of_name(condition[end])))
      return true;
  }
  return false;
}

// The number of the index's first keys that the condition compares. An expression counts as compared.
std::size_t leading_keys(const Index& index, std::string_view condition) {
  std::size_t out = 0;
  for (const auto& key : index.keys) {
    if (!key.column.empty() && !names_column(condition, key.column)) break;
    ++out;
  }
  return out;
}

// How many leading keys of its indexes a scan compares.
std::size_t compared_keys(const Scan& scan, const Catalog& catalog) {
  std::size_t out = 0;
  for (const PlanNode* node : scan.indexes) {
    if (node->index_condition.empty()) continue;
    const Index* index = index_of(catalog, scan.table(), node->index);
    out += !index || index->method != "btree" ? 1 : leading_keys(*index, node->index_condition);
  }
  return out;
}

PlanDifference difference(Kind kind, const Scan& before, const Scan& after) {
  return {kind,
          before.table(),
          title(before.indexes.empty() ? *before.node : *before.indexes.front()),
          title(after.indexes.empty() ? *after.node : *after.indexes.front()),
          before.node->plan_rows * before.executions,
          after.node->plan_rows * after.executions};
}

// Whether both scans read the same indexes, whatever their names.
bool same_indexes(const Scan& before, const Catalog& old_catalog, const Scan& after,
                  const Catalog& new_catalog) {
  return std::equal(before.indexes.begin(), before.indexes.end(), after.indexes.begin(), after.indexes.end(),
                    [&](const PlanNode* one, const PlanNode* other) {
                      const Index* old_index = index_of(old_catalog, before.table(), one->index);
                      const Index* new_index = index_of(new_catalog, after.table(), other->index);
                      return old_index && new_index ? same_definition(*old_index, *new_index)
                                                    : one->index == other->index;
                    });
}

struct Comparison {
  const PlanOfSchema& old_plan;
  const PlanOfSchema& new_plan;
  Shape old_shape = shape(old_plan.plan);
  Shape new_shape = shape(new_plan.plan);
  PlanChange change = {};

  std::optional<PlanChange> compare() {
    change.cost_before = old_plan.plan.root.total_cost;
    change.cost_after = new_plan.plan.root.total_cost;
    for (const auto& [key, scan] : old_shape.scans)
      if (const auto found = new_shape.scans.find(key); found != new_shape.scans.end())
        scans(scan, found->second);
    sorts();
    loops();
    joins();
    std::ranges::stable_sort(
        change.differences, [](const PlanDifference& a, const PlanDifference& b) { return a.kind < b.kind; });
    const double least = std::min(change.cost_before, change.cost_after);
    const bool noise = std::abs(change.cost_after - change.cost_before) <= cost_noise * least;
    if (change.differences.empty() && noise) return std::nullopt;
    find_cause();
    return std::move(change);
  }

  void scans(const Scan& before, const Scan& after) {
    const std::size_t compared = compared_keys(before, old_plan.catalog);
    if (compared > 0 && after.sequential()) {
      change.differences.push_back(difference(Kind::index_to_sequential_scan, before, after));
    } else if (compared > compared_keys(after, new_plan.catalog) && !after.indexes.empty()) {
      change.differences.push_back(difference(Kind::lost_index_condition, before, after));
    } else if (!same_indexes(before, old_plan.catalog, after, new_plan.catalog)) {
      const bool both = !before.indexes.empty() && !after.indexes.empty();
      change.differences.push_back(difference(both ? Kind::other_index : Kind::other_scan, before, after));
    } else if (before.node->type != after.node->type) {
      change.differences.push_back(difference(Kind::other_scan, before, after));
    }
  }

  void sorts() {
    if (new_shape.sorts <= old_shape.sorts) return;
    change.differences.push_back(
        {Kind::added_sort, {}, {}, title(*new_shape.largest_sort), 0, new_shape.largest_sort->plan_rows});
  }

  void loops() {
    constexpr double more = 10, least = 1000;
    if (new_shape.loop_executions < least ||
        new_shape.loop_executions < more * std::max(1.0, old_shape.loop_executions))
      return;
    change.differences.push_back({Kind::nested_loop_over_more_rows,
                                  {},
                                  old_shape.largest_loop ? title(*old_shape.largest_loop) : std::string(),
                                  title(*new_shape.largest_loop),
                                  old_shape.loop_executions,
                                  new_shape.loop_executions});
  }

  void joins() {
    if (old_shape.joins != new_shape.joins) {
      change.differences.push_back({Kind::join_method, {}, named(old_shape.joins), named(new_shape.joins)});
      return;
    }
    auto one = old_shape.order, other = new_shape.order;
    std::ranges::sort(one);
    std::ranges::sort(other);
    if (one == other && old_shape.order != new_shape.order)
      change.differences.push_back(
          {Kind::join_order, {}, join(old_shape.order, ", "), join(new_shape.order, ", ")});
  }

  static std::string named(const std::map<std::string, int>& joins) {
    std::vector<std::string> out;
    for (const auto& [type, count] : joins)
      out.push_back(count == 1 ? type : std::to_string(count) + " " + type);
    return join(out, ", ");
  }

  // Indexes first: they explain the most. What was removed or changed explains a worse plan, and what was
  // added a better one.
  void find_cause() {
    for (const auto& [key, scan] : old_shape.scans)
      for (const PlanNode* node : scan.indexes)
        if (index_cause(scan.table(), node->index)) return;
    for (const auto* scans : {&old_shape.scans, &new_shape.scans})
      for (const auto& [key, scan] : *scans)
        if (type_cause(scan.table())) return;
    for (const auto& [key, scan] : new_shape.scans)
      for (const PlanNode* node : scan.indexes)
        if (new_index_cause(scan.table(), node->index)) return;
    for (const auto& [key, scan] : old_shape.scans)
      if (size_cause(scan.table())) return;
  }

  static std::string columns_of(const Index& index) {
    std::vector<std::string> out;
    for (const auto& key : index.keys)
      out.push_back((key.column.empty() ? "(an expression)" : key.column) + (key.descending ? " DESC" : ""));
    return "(" + join(out, ", ") + ")" + (index.predicate ? " WHERE …" : "");
  }

  // Whether the other catalog has an index of this definition.
  static bool has_alike(const Catalog& catalog, const QualifiedName& table, const Index& index) {
    const Table* found = catalog.table(table);
    return found && std::ranges::any_of(found->indexes,
                                        [&](const Index& other) { return same_definition(index, other); });
  }

  bool index_cause(const QualifiedName& table, const std::string& name) {
    const Index* index = index_of(old_plan.catalog, table, name);
    if (!index || has_alike(new_plan.catalog, table, *index)) return false;
    const Index* changed = index_of(new_plan.catalog, table, name);
    change.cause = PlanCause{changed ? PlanCause::Kind::changed_index : PlanCause::Kind::dropped_index, table,
                             name, columns_of(*index), changed ? columns_of(*changed) : std::string()};
    return true;
  }

  bool new_index_cause(const QualifiedName& table, const std::string& name) {
    const Index* index = index_of(new_plan.catalog, table, name);
    if (!index || has_alike(old_plan.catalog, table, *index)) return false;
    change.cause = PlanCause{PlanCause::Kind::new_index, table, name, {}, columns_of(*index)};
    return true;
  }

  bool type_cause(const QualifiedName& table) {
    const Table* one = old_plan.catalog.table(table);
    const Table* other = new_plan.catalog.table(table);
    if (!one || !other) return false;
    for (const auto& column : one->columns) {
      const Column* now = other->column(column.name);
      if (!now || (now->type == column.type && now->collation == column.collation)) continue;
      const bool type = now->type != column.type;
      change.cause = PlanCause{PlanCause::Kind::changed_type, table, column.name,
                               type ? column.type : column.collation, type ? now->type : now->collation};
      return true;
    }
    return false;
  }

  bool size_cause(const QualifiedName& table) {
    const Table* one = old_plan.catalog.table(table);
    const Table* other = new_plan.catalog.table(table);
    if (!one || !other || !one->statistics || !other->statistics) return false;
    const double from = one->statistics->rows, to = other->statistics->rows;
    if (from < 0 || std::abs(to - from) <= cost_noise * std::max(from, 1.0)) return false;
    change.cause = PlanCause{PlanCause::Kind::table_size, table, {}, short_count(from), short_count(to)};
    return true;
  }
};

// Parts of the server's messages that name an object, a type or a value which the schema does not have.
constexpr auto about_schema = word_list(
    "does not exist", "but expression is of type", "cannot be matched", "could not identify an ordering",
    "is ambiguous", "is not unique", "must be type", "invalid input syntax for",
    "invalid input value for enum", "out of range for type", "no unique or exclusion constraint");

}  // namespace

bool same_definition(const Index& one, const Index& other) {
  return one.method == other.method && one.keys == other.keys && one.include == other.include &&
         one.predicate == other.predicate && one.valid == other.valid;
}

std::optional<PlanChange> compare(const PlanOfSchema& before, const PlanOfSchema& after) {
  return Comparison{before, after}.compare();
}

PlanChange new_statement(const PlanOfSchema& after) {
  PlanChange out{.outcome = PlanChange::Outcome::new_statement, .cost_after = after.plan.root.total_cost};
  for (const auto& [key, scan] : shape(after.plan).scans) {
    const Table* table = after.catalog.table(scan.table());
    if (!scan.sequential() || scan.node->filter.empty() || !table || !table->statistics) continue;
    const double read = table->statistics->rows * scan.executions;
    if (read > out.unserved.rows_before)
      out.unserved = {Kind::other_scan,  scan.table(), {},
                      title(*scan.node), read,         scan.node->plan_rows * scan.executions};
  }
  return out;
}

std::optional<PlanChange> fails_after(const Plan& before, const std::string& message) {
  if (!contains_any(message, about_schema)) return std::nullopt;
  return PlanChange{.outcome = PlanChange::Outcome::fails_after,
                    .cost_before = before.root.total_cost,
                    .error = message.substr(0, message.find('\n'))};
}

}  // namespace pgadvise::plan
