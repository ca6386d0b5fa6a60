#include <algorithm>
#include <map>

#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::duplicate_index {

static bool same_include(const Index& a, const Index& b) {
  auto left = a.include;
  auto right = b.include;
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  return left == right;
}

static bool same(const Index& a, const Index& b) {
  return a.method == b.method && a.keys == b.keys && same_include(a, b) && same_predicate(a, b);
}

static std::string keys_text(const Index& index) {
  std::string out;
  for (const auto& key : index.keys) out += key.column + "\n" + key.expression + "\n";
  return out;
}

static const Constraint* constraint_of(const Table& table, const Index& index) {
  return index.constraint ? table.constraint(index.name) : nullptr;
}

// The index of a deferrable constraint looks like any other unique index, but neither ON CONFLICT nor a
// foreign key can use it.
static bool deferrable(const Table& table, const Index& index) {
  const Constraint* constraint = constraint_of(table, index);
  return constraint && constraint->deferrable;
}

// Whether `other` enforces everything that `index` enforces.
static bool replaces(const Table& table, const Index& other, const Index& index) {
  if (!index.unique) return true;
  return other.unique && other.nulls_not_distinct == index.nulls_not_distinct && !deferrable(table, other) &&
         !deferrable(table, index);
}

// Order in which equal indexes are kept, lowest first: the partition of a parent's index, primary key,
// replica identity, other constraints, unique indexes, the rest.
static int rank(const Table& table, const Index& index) {
  const Constraint* constraint = constraint_of(table, index);
  if (!index.attached_to.empty()) return -1;  // cannot be dropped: it belongs to the parent's index
  if (constraint && constraint->kind == Constraint::Kind::primary_key) return 0;
  if (index.replica_identity) return 1;
  if (constraint) return 2;
  return index.unique ? 3 : 4;
}

static bool referenced_by_keys(const Context& context, const Table& table, const Index& index) {
  if (!index.unique) return false;
  const auto& references = context.references_to(table.name);
  return std::ranges::any_of(references, [&](const Context::Reference& reference) {
    const auto& columns = reference.key->referenced_columns;
    return columns.size() == index.keys.size() && std::ranges::all_of(index.keys, [&](const IndexKey& key) {
             return contains(columns, key.column);
           });
  });
}

static void check_table(const Context& context, Reporter& reporter, const Table& table) {
  std::vector<std::pair<int, const Index*>> indexes;
  for (const auto& index : table.indexes)
    if (index.valid) indexes.emplace_back(rank(table, index), &index);
  std::ranges::stable_sort(indexes, [](const auto& a, const auto& b) { return a.first < b.first; });
  std::map<std::string, std::vector<const Index*>> before;  // indexes seen so far, by their keys
  for (const auto& [unused, one] : indexes) {
    const Index& index = *one;
    auto& alike = before[keys_text(index)];
    alike.push_back(one);
    if (index.replica_identity || !index.attached_to.empty()) continue;
    const auto end = alike.end() - 1;
    const auto kept = std::find_if(alike.begin(), end, [&](const Index* other) {
      return same(*other, index) && replaces(table, *other, index);
    });
    if (kept == end) continue;
    Finding& finding = report_index(
        reporter, table, index,
        " duplicates " + (*kept)->name + ": every write maintains both indexes, and no query needs both.");
    finding.evidence.push_back(
        catalog_fact(index.name + ": " + (index.unique ? "unique " : "") + definition(index), index.origin));
    finding.evidence.push_back(catalog_fact(
        (*kept)->name + ": " + ((*kept)->unique ? "unique " : "") + definition(**kept), (*kept)->origin));
    const bool needed = referenced_by_keys(context, table, index);
    if (needed)
      finding.evidence.push_back(
          catalog_fact("foreign keys reference these columns and may depend on this index"));
    finding.fix = drop_index(table, index, needed ? Fix::Safety::manual : Fix::Safety::safe);
    if (needed) {  // the server refuses to drop the one that they use
      finding.fix->title += "; foreign keys that use this one must be dropped first, and added again";
      finding.fix->sql.clear();
      finding.fix->down_sql.clear();
    }
    add_drizzle_drop(*finding.fix, table, index, context.has_project() ? &context.project() : nullptr);
  }
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables)
    if (!table.temporary) check_table(context, reporter, table);
}

constinit const Rule rule{
    .id = "duplicate-index",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "an index that duplicates another one",
    .why =
        "Each INSERT and most UPDATEs write both indexes, both take disk space and cache, and the planner "
        "uses only one. The two indexes have the same method, keys, order, operator classes, collations, "
        "INCLUDE columns and predicate. Usually a plain index duplicates a unique one: a primary key that is "
        "also declared UNIQUE, or an index on a UNIQUE column.",
    .fix = "Drop the index that no constraint needs.",
    .when_to_ignore = "The second index is being built to replace the first.",
    .check = check};

}  // namespace pgadvise::rules::duplicate_index
