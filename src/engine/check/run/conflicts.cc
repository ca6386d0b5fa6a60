#include "check/run/conflicts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "advisor/candidates/merge.h"
#include "advisor/ddl/index_ddl.h"
#include "base/containers.h"
#include "base/text/identifier.h"
#include "base/text/text.h"
#include "check/changes/changes.h"
#include "check/run/fixes.h"
#include "lint/run/context.h"
#include "lint/run/rule.h"
#include "lint/schema/index_sql.h"
#include "lint/schema/key_coverage.h"
#include "sql/replay/replay.h"

namespace pgadvise::check {
namespace {

// What a fix does to the indexes of its table.
struct Change {
  std::size_t finding = 0;
  Fix* fix = nullptr;
  std::vector<Index> created;
  std::vector<const Index*> dropped;  // of the catalog
  bool adds_foreign_key = false;
};

using Changes = std::vector<Change>;

constexpr std::size_t most_changes = 500;  // of a table

// The table with its partitions, and those to which fixes may add a foreign key: enough for the fixes of its
// indexes.
Catalog part_with(const Catalog& catalog, const Table& table, const std::string& sql) {
  Catalog out;
  out.schemas = catalog.schemas;
  out.tables.emplace(table.name, table);
  if (contains(sql, "REFERENCES"))
    for (const auto& [name, other] : catalog.tables)
      if (contains(sql, quote_identifier(name.name))) out.tables.emplace(name, other);
  if (table.kind != Table::Kind::partitioned) return out;
  for (bool more = true; more;) {
    more = false;
    for (const auto& [name, other] : catalog.tables)
      if (other.partition_of && out.tables.count(*other.partition_of))
        more = out.tables.emplace(name, other).second || more;
  }
  return out;
}

auto foreign_keys(const Table& table) {
  return std::ranges::count(table.constraints, Constraint::Kind::foreign_key, &Constraint::kind);
}

// A key becomes an index of its constraint.
void note_effects(Change& change, const Catalog& part, const Table& table) {
  sql::Replayer replayer(part);
  replayer.run(change.fix->sql, "fix.sql");
  const Table* after = replayer.catalog().table(table.name);
  if (!after) return;
  for (const auto& index : after->indexes)
    if (!table.index(index.name)) change.created.push_back(index);
  for (const auto& index : table.indexes)
    if (!after->index(index.name)) change.dropped.push_back(&index);
  change.adds_foreign_key = foreign_keys(*after) > foreign_keys(table);
}

// Indexes of which one can make another unnecessary have this in common: what their first key is of.
std::string first_key(const Index& index) {
  return index.keys.empty() ? std::string()
                            : index.keys.front().column + "\n" + index.keys.front().expression;
}

using IndexesByFirstKey = std::multimap<std::string, const Index*>;

std::vector<const Index*> with_first_key_of(const Index& index, const IndexesByFirstKey& all) {
  std::vector<const Index*> out;
  const auto [from, to] = all.equal_range(first_key(index));
  for (auto at = from; at != to; ++at) out.push_back(at->second);
  return out;
}

// Whether the index `wide` makes the new index `narrow` unnecessary.
bool covers(const Index& wide, const Index& narrow) {
  if (narrow.unique) return wide.valid && wide.unique && same_index(wide, narrow);
  return serves_instead(wide, narrow) || (wide.valid && same_index(wide, narrow));
}

class Resolver {
 public:
  Resolver(std::vector<Finding>& findings, std::vector<advisor::ProposedFix>& proposals,
           const Catalog& catalog, const Project* project, const std::vector<IndexProposal>& chosen)
      : findings_(findings), proposals_(proposals), catalog_(catalog), project_(project), chosen_(chosen) {}

  void resolve() {
    std::map<QualifiedName, Changes> tables = changes();
    for (const auto& [name, of_table] : tables)
      for (const Change& change : of_table)
        for (const Index& index : change.created) created_names_.emplace_back(name, index.name);
    for (auto& [name, of_table] : tables) {
      const Table& table = *catalog_.table(name);
      keep_the_widest(table, of_table);
      drop_what_becomes_redundant(table, of_table);
      withdraw_drops(table, of_table);
      index_new_keys(table, of_table);
    }
    for (auto& [finding, carrier] : served_) refer(finding, carrier);
  }

 private:
  std::map<QualifiedName, Changes> changes() {
    std::map<std::size_t, Fix*> fixes;
    for (std::size_t at = 0; at < findings_.size(); ++at)
      if (findings_[at].fix) fixes[at] = &*findings_[at].fix;
    for (auto& proposal : proposals_) fixes[proposal.finding] = &proposal.fix;
    std::map<QualifiedName, Changes> out;
    for (const auto& [at, fix] : fixes) {
      const Finding& finding = findings_[at];
      const QualifiedName name = table_of(finding);
      const Table* table = catalog_.table(name);
      if (!table || fix->sql.empty() || fix->safety == Fix::Safety::manual ||
          finding.verdict == Verdict::refuted || !changes_schema(finding))
        continue;
      if (!contains(fix->sql, "INDEX") && !contains(fix->sql, "KEY") && !contains(fix->sql, "UNIQUE"))
        continue;
      if (out[name].size() >= most_changes) continue;
      Change change{at, fix, {}, {}, false};
      note_effects(change, part_with(catalog_, *table, fix->sql), *table);
      if (!change.created.empty() || !change.dropped.empty() || change.adds_foreign_key)
        out[name].push_back(std::move(change));
    }
    return out;
  }

  // ---- indexes that are created

  // New indexes with their changes, by their first key.
  using Created = std::multimap<std::string, std::pair<const Change*, const Index*>>;

  // The change whose new index makes that of `narrow` unnecessary: the one with most keys, then the first.
  static const Change* wider(const Created& created, const Change& narrow) {
    const Change* best = nullptr;
    std::size_t keys = 0;
    const Index& own = narrow.created.front();
    const auto [from, to] = created.equal_range(first_key(own));
    for (auto at = from; at != to; ++at) {
      const auto& [other, index] = at->second;
      if (other == &narrow || other->created.empty() || !covers(*index, own)) continue;
      if (covers(own, *index) && narrow.finding < other->finding) continue;
      if (!best || index->keys.size() > keys) best = other, keys = index->keys.size();
    }
    return best;
  }

  void keep_the_widest(const Table& table, Changes& changes) {
    Created created;
    for (const Change& change : changes)
      for (const Index& index : change.created) created.insert({first_key(index), {&change, &index}});
    const std::set<const Index*> gone = dropped(changes);
    std::set<std::size_t> covered;
    for (Change& change : changes) {
      if (change.created.size() != 1 || !findings_[change.finding].further_proposals.empty()) continue;
      const Change* wide = wider(created, change);
      const bool exists = std::ranges::any_of(table.indexes, [&](const Index& index) {
        return !gone.count(&index) && same_index(index, change.created.front()) &&
               covers(index, change.created.front());
      });
      if (change.dropped.empty() && wide) {
        served_[change.finding] = wide->finding;
        covered.insert(change.finding);
      } else if (!change.dropped.empty() && (wide || exists)) {
        only_drop(table, change);
      }
    }
    std::erase_if(changes, [&](const Change& change) { return covered.count(change.finding) > 0; });
  }

  // Of a fix that replaces indexes, where the replacement is there already or another fix creates it.
  void only_drop(const Table& table, Change& change) const {
    Fix& fix = *change.fix;
    fix.clear_code();
    std::vector<std::string> names;
    for (const Index* index : change.dropped) {
      const Fix drop = lint::drop_index(table, *index, Fix::Safety::review);
      names.push_back(index->name);
      fix.sql += (fix.sql.empty() ? "" : "\n") + drop.sql;
      fix.down_sql += (fix.down_sql.empty() ? "" : "\n") + drop.down_sql;
    }
    fix.title = fmt::format("Drop {}: another index, existing or proposed, is what should replace it",
                            join(names, ", "));
    if (fix.safety == Fix::Safety::safe) fix.safety = Fix::Safety::review;
    change.created.clear();
  }

  void refer(std::size_t finding, std::size_t carrier) {
    const auto find = [&](std::size_t at) {
      return find_first(proposals_, [&](const advisor::ProposedFix& one) { return one.finding == at; });
    };
    const auto* of_carrier = find(carrier);
    const Fix::Safety safety = of_carrier ? of_carrier->fix.safety : findings_[carrier].fix->safety;
    if (!find(finding)) proposals_.push_back({finding, *findings_[finding].fix, std::nullopt});
    for (auto& proposal : proposals_)
      if (proposal.finding == finding || proposal.served_by == finding) {
        proposal.served_by = carrier;
        proposal.fix.clear_code();
        proposal.fix.safety = safety;
      }
  }

  static std::set<const Index*> dropped(const Changes& changes) {
    std::set<const Index*> out;
    for (const Change& change : changes) out.insert(change.dropped.begin(), change.dropped.end());
    return out;
  }

  void drop_what_becomes_redundant(const Table& table, Changes& changes) {
    IndexesByFirstKey existing;
    for (const Index& index : table.indexes) existing.emplace(first_key(index), &index);
    std::set<const Index*> gone = dropped(changes);
    for (Change& change : changes)
      for (const Index& created : change.created)
        for (const Index* index : with_first_key_of(created, existing)) {
          if (index->unique || !index->valid || !lint::droppable(*index) || gone.count(index) ||
              !serves_instead(created, *index) || served(*index, with_first_key_of(*index, existing)))
            continue;
          gone.insert(index);
          drop_also(table, *index, change);
        }
  }

  void drop_also(const Table& table, const Index& index, Change& change) const {
    Fix drop = lint::drop_index(table, index, Fix::Safety::review);
    lint::add_drizzle_drop(drop, table, index, project_);
    Fix& fix = *change.fix;
    fix.title += ", and drop " + index.name + ", which it replaces";
    fix.sql += "\n" + drop.sql;
    fix.down_sql = drop.down_sql + "\n" + fix.down_sql;
    // The line to paste comes last.
    if (!fix.drizzle.empty() && !drop.drizzle.empty())
      fix.drizzle = std::string(drop.drizzle, 0, drop.drizzle.find('\n')) + "\n" + fix.drizzle;
    if (fix.safety == Fix::Safety::safe) fix.safety = Fix::Safety::review;
    change.dropped.push_back(&index);
  }

  // ---- indexes that are dropped

  // Whether the fix drops the index because another one serves its queries, not because it has none.
  bool relies_on_another(const Change& change) const {
    return !rule_reads(findings_[change.finding].rule, lint::Input::statistics);
  }

  static bool served(const Index& index, const std::vector<const Index*>& by) {
    return std::ranges::any_of(
        by, [&](const Index* other) { return other != &index && serves_instead(*other, index); });
  }

  // What the indexes of a table are needed for, before and after its changes.
  struct Needs {
    std::vector<std::pair<const Constraint*, std::vector<const Index*>>> keys;  // with the indexes that serve
    std::map<const Index*, std::vector<const Index*>> servers;  // of a dropped index: what serves its queries
    std::set<const Index*> left;
  };

  static bool any_in(const std::vector<const Index*>& indexes, const std::set<const Index*>& set) {
    return std::ranges::any_of(indexes, [&](const Index* index) { return set.count(index) > 0; });
  }

  Needs needs_of(const Table& table, const Changes& changes) const {
    Needs out;
    IndexesByFirstKey all;
    std::vector<const Index*> in_order;
    const auto add = [&](const Index& index) {
      all.emplace(first_key(index), &index);
      in_order.push_back(&index);
      out.left.insert(&index);
    };
    for (const Index& index : table.indexes) add(index);
    for (const Change& change : changes)
      for (const Index& index : change.created) add(index);
    for (const auto& key : table.constraints) {
      if (key.kind != Constraint::Kind::foreign_key) continue;
      std::vector<const Index*> serving;
      for (const Index* index : in_order)
        if (lint::covers(*index, table, key.columns) == lint::Coverage::full) serving.push_back(index);
      // Only an index that exists already is a reason to keep another one.
      const auto exists = [&](const Index* index) { return table.index(index->name) == index; };
      if (std::ranges::any_of(serving, exists)) out.keys.emplace_back(&key, serving);
    }
    for (const Change& change : changes) {
      if (!relies_on_another(change)) continue;
      for (const Index* index : change.dropped) {
        std::vector<const Index*> serving;
        for (const Index* other : with_first_key_of(*index, all))
          if (other != index && serves_instead(*other, *index)) serving.push_back(other);
        const auto exists = [&](const Index* other) { return table.index(other->name) == other; };
        if (std::ranges::any_of(serving, exists)) out.servers[index] = std::move(serving);
      }
    }
    return out;
  }

  // Why the indexes that `change` drops, too, cannot go if only `left` remain; "" if they can.
  std::string needed(const Needs& needs, const std::vector<const Change*>& accepted, const Change& change,
                     const std::set<const Index*>& left) const {
    const std::set<const Index*> goes(change.dropped.begin(), change.dropped.end());
    for (const auto& [key, serving] : needs.keys)
      if (any_in(serving, goes) && !any_in(serving, left)) return "the foreign key " + key->name;
    const auto lost = [&](const Change& one) {
      return relies_on_another(one) && std::ranges::any_of(one.dropped, [&](const Index* index) {
               const auto* serving = find_value(needs.servers, index);
               return serving && !any_in(*serving, left);
             });
    };
    for (const Change* one : accepted)
      if (lost(*one)) return "the queries of " + one->dropped.front()->name;
    return lost(change) ? "its queries" : "";
  }

  // The changes that drop indexes, in the order in which they are accepted. What replaces an index comes
  // first, as it leaves none missing.
  std::vector<Change*> drops(Changes& changes) const {
    const auto scans = [](const Change& change) {
      std::int64_t most = 0;
      for (const Index* index : change.dropped)
        if (index->statistics) most = std::max<std::int64_t>(most, index->statistics->scans);
      return most;
    };
    std::vector<Change*> order;
    for (Change& change : changes)
      if (!change.dropped.empty()) order.push_back(&change);
    std::ranges::sort(order, [&](const Change* a, const Change* b) {
      return std::tuple(a->created.empty(), scans(*a), findings_[b->finding].severity, a->finding) <
             std::tuple(b->created.empty(), scans(*b), findings_[a->finding].severity, b->finding);
    });
    return order;
  }

  static const Change* drops_the_same(const std::map<const Index*, const Change*>& droppers,
                                      const Change& change) {
    if (!change.created.empty()) return nullptr;
    const auto dropper = [&](const Index* index) {
      const auto* found = find_value(droppers, index);
      return found ? *found : nullptr;
    };
    const Change* first = dropper(change.dropped.front());
    const bool all =
        std::ranges::all_of(change.dropped, [&](const Index* index) { return dropper(index) == first; });
    return all ? first : nullptr;
  }

  void withdraw_drops(const Table& table, Changes& changes) {
    const std::vector<Change*> order = drops(changes);
    if (order.empty()) return;
    Needs needs = needs_of(table, changes);
    std::vector<const Change*> accepted;
    std::map<const Index*, const Change*> droppers;
    for (Change* change : order) {
      if (const Change* same = drops_the_same(droppers, *change)) {
        served_[change->finding] = same->finding;
        continue;
      }
      std::set<const Index*> then = needs.left;
      for (const Index* index : change->dropped) then.erase(index);
      const std::string why =
          change->created.empty() ? needed(needs, accepted, *change, then) : std::string();
      if (why.empty()) {
        needs.left = std::move(then);
        accepted.push_back(change);
        for (const Index* index : change->dropped) droppers.emplace(index, change);
        continue;
      }
      Fix& fix = *change->fix;
      fix.title =
          fmt::format("Keep {}: {}{} would be left without an index", change->dropped.front()->name,
                      accepted.empty() ? "" : "other findings drop " + names_of(accepted) + ", and ", why);
      fix.clear_code();
      fix.safety = Fix::Safety::manual;
    }
  }

  // ---- foreign keys that are added

  // Adds the indexes that unindexed-foreign-key would ask for afterwards.
  void index_new_keys(const Table& table, Changes& changes) {
    std::string script;
    for (const Change& change : changes) script += change.fix->sql + "\n";
    if (std::ranges::none_of(changes, &Change::adds_foreign_key)) return;
    std::set<std::string> known;
    for (const auto& key : table.constraints) known.insert(key.name);
    sql::Replayer replayer(part_with(catalog_, table, script));
    replayer.run(script, "fixes.sql");
    const Catalog after = replayer.take();
    std::set<std::vector<std::string>> indexed;
    for (const auto& found : lint::run({&after}, {"unindexed-foreign-key"}).findings) {
      if (found.severity < Severity::warning || !found.proposal || found.proposal->table != table.name ||
          known.count(found.subject.constraint))
        continue;
      const std::string name = quote_identifier(found.subject.constraint);
      const auto* change = find_first(
          changes, [&](const Change& one) { return one.adds_foreign_key && contains(one.fix->sql, name); });
      if (!change || !indexed.insert(found.subject.columns).second) continue;
      const auto* wide = find_first(chosen_, [&](const IndexProposal& one) {
        return advisor::serves(one, *found.proposal) && advisor::fits(one, catalog_);
      });
      const auto ddl = advisor::create_index(wide ? *wide : *found.proposal, namer(), catalog_, project_);
      change->fix->title += ", and create its index";
      if (wide) change->fix->title += ", which statements of the workload need, too";
      change->fix->sql += "\n" + ddl.sql;
      change->fix->down_sql = ddl.down_sql + "\n" + change->fix->down_sql;
    }
  }

  // Knows the names that the other fixes give.
  advisor::IndexNamer& namer() {
    if (namer_) return *namer_;
    namer_.emplace(catalog_);
    for (const auto& [table, name] : created_names_) namer_->reserve({table.schema, name});
    return *namer_;
  }

  static std::string names_of(const std::vector<const Change*>& changes) {
    constexpr std::size_t named = 5;
    std::vector<std::string> names;
    for (const Change* change : changes)
      for (const Index* index : change->dropped) names.push_back(index->name);
    return join_first(std::move(names), named);
  }

  std::vector<Finding>& findings_;
  std::vector<advisor::ProposedFix>& proposals_;
  const Catalog& catalog_;
  const Project* project_;
  const std::vector<IndexProposal>& chosen_;
  std::optional<advisor::IndexNamer> namer_;                          // made when first needed
  std::vector<std::pair<QualifiedName, std::string>> created_names_;  // tables and names of new indexes
  std::map<std::size_t, std::size_t> served_;  // finding -> the finding whose fix is its, too
};

}  // namespace

void resolve_conflicts(std::vector<Finding>& findings, std::vector<advisor::ProposedFix>& proposals,
                       const Catalog& catalog, const Project* project,
                       const std::vector<IndexProposal>& chosen) {
  Resolver(findings, proposals, catalog, project, chosen).resolve();
}

}  // namespace pgadvise::check
