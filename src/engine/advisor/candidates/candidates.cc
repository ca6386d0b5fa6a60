#include "advisor/candidates/candidates.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "advisor/costs/entry_size.h"
#include "advisor/costs/size.h"
#include "base/containers.h"
#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "model/schema/index_comparison.h"
#include "sql/parse/lexer.h"

namespace pgadvise::advisor {
namespace {

constexpr std::size_t max_paired = 40;  // columns of one table that pairs are made of
constexpr double max_filter_values = 50;
constexpr double many_values = 1000;             // of a column, so that a hash index on it leaves few rows
constexpr double in_order = 0.9;                 // the least correlation with the rows' places for BRIN
constexpr int least_hash_width = 100;            // bytes on the average
constexpr std::int64_t least_brin_pages = 1280;  // ten ranges

bool sortable(const Column& column) {
  if (column.statistics && column.statistics->average_width > max_average_width) return false;
  return has_order(column.type);
}

const Column* key_column(const Table& table, const std::string& name) {
  const Column* column = table.column(name);
  return column && sortable(*column) ? column : nullptr;
}

// The operator class by which a LIKE prefix can use an index; "": the default will do.
std::string pattern_class(const Column& column, const Catalog& catalog) {
  if (column.collation == "C" || column.collation == "POSIX") return {};
  const std::string* collate = catalog.setting("lc_collate");
  if (column.collation.empty() && collate && (*collate == "C" || *collate == "POSIX")) return {};
  if (column.type == "text") return "text_pattern_ops";
  if (column.type.starts_with("character varying")) return "varchar_pattern_ops";
  if (column.type.starts_with("character(")) return "bpchar_pattern_ops";
  return {};
}

// The words of an expression without what the server adds when it shows one: casts of constants to text,
// parentheses.
std::vector<std::string> words(std::string_view expression) {
  std::vector<std::string> out;
  for (const auto& lexeme : sql::tokens_of(expression))
    if (!lexeme.is('(') && !lexeme.is(')')) out.emplace_back(lexeme.text);
  const std::vector<std::string> cast{"::", "text"};
  for (auto at = out.begin(); (at = std::search(at, out.end(), cast.begin(), cast.end())) != out.end();)
    at = out.erase(at, at + 2);
  return out;
}

// Of what stands around a column, what is immutable and a text for sure.
std::string immutable_expression(const Predicate& predicate, const Column& column) {
  const std::string name = quote_identifier(column.name);
  if ((predicate.wrapper == "lower" || predicate.wrapper == "upper") && is_text(column.type))
    return fmt::format("{}({})", predicate.wrapper, name);
  if ((predicate.wrapper == "::date" || predicate.wrapper == "date") &&
      column.type == "timestamp without time zone")
    return name + "::date";
  return {};
}

bool narrows(const Predicate& predicate) {
  return predicate.op == Predicate::Op::equality || predicate.op == Predicate::Op::in_list ||
         predicate.op == Predicate::Op::is_null;
}

class Maker {
 public:
  Maker(const QueryFacts& facts, const Catalog& catalog, const CandidateOptions& options)
      : facts_(facts), catalog_(catalog), options_(options) {}

  void table(const QualifiedName& name, const ReferencedColumns& referenced) {
    table_ = catalog_.table(name);
    if (!table_) return;
    made_.clear();
    equal_ = equal_columns();
    const auto paired = paired_columns(referenced);
    for (const auto& lead : referenced.columns) {
      if (!referenced.leading.count(lead)) continue;
      add({plain(lead)});
      if (options_.max_width < 2 || !paired.count(lead)) continue;
      for (const auto& next : referenced.columns)
        if (next != lead && paired.count(next)) add({plain(lead), plain(next)});
    }
    expressions();
    like_prefixes();
    ordered();
  }

  std::vector<IndexProposal> take() { return std::move(out_); }

 private:
  static IndexKey plain(const std::string& column) { return {.column = column}; }

  void add(std::vector<IndexKey> keys) {
    if (keys.empty() || static_cast<int>(keys.size()) > options_.max_width) return;
    for (const auto& key : keys)
      if (!key.column.empty() && !key_column(*table_, key.column)) return;
    IndexProposal proposal{.table = table_->name, .keys = std::move(keys)};
    if (made_.insert(ddl::index_definition(ddl::index_of(proposal))).second &&
        !already_served(proposal, *table_))
      out_.push_back(std::move(proposal));
  }

  // Of many columns, those that are compared for equality come first, the most distinct values first; then
  // the others that an index may begin with.
  std::set<std::string_view> paired_columns(const ReferencedColumns& referenced) const {
    std::set<std::string_view> out;
    const auto take = [&](const std::string& column) {
      if (out.size() < max_paired) out.insert(column);
    };
    const std::set<std::string_view> known(referenced.columns.begin(), referenced.columns.end());
    for (const auto& column : equal_)
      if (known.count(column)) take(column);
    for (const auto& column : referenced.columns)
      if (referenced.leading.count(column)) take(column);
    for (const auto& column : referenced.columns) take(column);
    return out;
  }

  // Those that lead pairs with an expression.
  std::vector<std::string> first_equal() const {
    return {equal_.begin(),
            equal_.begin() + static_cast<std::ptrdiff_t>(std::min(equal_.size(), max_paired))};
  }

  // The columns that are compared for equality, those that the most distinct values of are known first.
  std::vector<std::string> equal_columns() const {
    std::vector<std::string> out;
    std::set<std::string_view> seen;
    for (const auto& predicate : facts_.predicates)
      if (predicate.column.table == table_->name && narrows(predicate) && !predicate.under_or &&
          predicate.wrapper.empty() && predicate.value != Predicate::Value::column &&
          seen.insert(predicate.column.column).second)
        out.push_back(predicate.column.column);
    const auto distinct = [&](const std::string& name) {
      const Column* column = table_->column(name);
      if (!column || !column->statistics) return 0.0;
      const double rows = table_->statistics ? table_->statistics->rows : 0;
      return column->statistics->n_distinct < 0 ? -column->statistics->n_distinct * rows
                                                : column->statistics->n_distinct;
    };
    std::ranges::stable_sort(out, [&](const auto& a, const auto& b) { return distinct(a) > distinct(b); });
    return out;
  }

  void expressions() {
    for (const auto& predicate : (options_.spelled ? *options_.spelled : facts_).predicates) {
      const bool served = narrows(predicate) || predicate.op == Predicate::Op::range;
      if (predicate.column.table != table_->name || predicate.expression.empty() || !served ||
          (!predicate.expression_names && !options_.literals))
        continue;
      // Without statistics of its own the planner takes half a percent of the rows for each value of an
      // expression: far off where there are few.
      const Column* column = table_->column(predicate.column.column);
      if (column && column->statistics && column->statistics->n_distinct > 0 &&
          column->statistics->n_distinct < 20)
        continue;
      const IndexKey key{.expression = predicate.expression};
      add({key});
      for (const auto& equal : first_equal()) add({plain(equal), key});
    }
  }

  void like_prefixes() {
    for (const auto& predicate : facts_.predicates) {
      if (predicate.column.table != table_->name || predicate.op != Predicate::Op::like ||
          predicate.leading_wildcard || predicate.op_name != "~~")
        continue;
      const Column* column = table_->column(predicate.column.column);
      if (!column) continue;
      IndexKey key{.operator_class = pattern_class(*column, catalog_)};
      if (predicate.wrapper.empty()) key.column = column->name;
      else key.expression = immutable_expression(predicate, *column);
      if ((key.column.empty() && key.expression.empty()) ||
          (key.operator_class.empty() && !key.column.empty()))
        continue;
      add({key});
      for (const auto& equal : first_equal())
        if (equal != key.column) add({plain(equal), key});
    }
  }

  // ORDER BY alone, and behind the columns that are compared for equality: an index can be read from both
  // ends, so that only directions that differ need to be spelled.
  void ordered() {
    std::vector<IndexKey> keys;
    for (const auto& sort : facts_.sort) {
      if (sort.column.table != table_->name) break;
      keys.push_back(
          {.column = sort.column.column, .descending = sort.descending, .nulls_first = sort.nulls_first});
    }
    if (keys.empty()) return;
    if (keys.front().descending)
      for (auto& key : keys) key.descending = !key.descending, key.nulls_first = !key.nulls_first;
    add(keys);
    std::vector<IndexKey> all;
    for (const auto& equal : equal_)
      if (!has_column(keys, equal)) {
        std::vector<IndexKey> one{plain(equal)};
        append(one, keys);
        add(std::move(one));
        all.push_back(plain(equal));
      }
    append(all, keys);
    add(std::move(all));
  }

  const QueryFacts& facts_;
  const Catalog& catalog_;
  const CandidateOptions& options_;
  const Table* table_ = nullptr;
  std::vector<std::string> equal_;  // equal_columns() of the table
  std::set<std::string> made_;      // definitions of the table's
  std::vector<IndexProposal> out_;
};

bool just_equal(const Predicate& predicate) {
  return predicate.op == Predicate::Op::equality && predicate.op_name == "=" && predicate.wrapper.empty() &&
         predicate.value != Predicate::Value::column;
}

bool names_a_kind(const std::string& type) {
  return !is_one_of(type, {"smallint", "integer", "bigint", "numeric", "real", "double precision", "money",
                           "oid", "uuid", "date", "interval", "inet", "bytea"}) &&
         !type.starts_with("numeric(") && !type.starts_with("time") && !type.ends_with("[]");
}

// What the statement always asks of a column and what holds for some rows only: c IS NULL, a truth value, or
// c = 'x'.
std::string constant_filter(const Predicate& predicate, const Table& table, bool literals) {
  const Column* column = table.column(predicate.column.column);
  if (!column || predicate.under_or || !predicate.wrapper.empty() || predicate.column.table != table.name)
    return {};
  const std::string name = quote_identifier(column->name);
  if (predicate.op == Predicate::Op::is_null) return name + " IS NULL";
  if (predicate.op == Predicate::Op::is_not_null) return name + " IS NOT NULL";
  if (predicate.op != Predicate::Op::equality || predicate.value != Predicate::Value::constant) return {};
  if (column->type != "boolean") {
    // A state, a kind, a country: not a number or a time, which is another one with the next call, and not
    // one value of many.
    if (!names_a_kind(column->type)) return {};
    const double distinct = column->statistics ? column->statistics->n_distinct : 0;
    const bool few = distinct > 1 && distinct <= max_filter_values;
    return literals && few && predicate.constant && predicate.constant->size() < 100
               ? name + " = " + quote_literal(*predicate.constant)
               : std::string();
  }
  if (predicate.constant == "true" || predicate.constant == "t") return name;
  if (predicate.constant == "false" || predicate.constant == "f") return "NOT " + name;
  return {};
}

}  // namespace

std::vector<IndexProposal> candidates(const QueryFacts& facts,
                                      const std::map<QualifiedName, ReferencedColumns>& referenced,
                                      const Catalog& catalog, const CandidateOptions& options) {
  Maker maker(facts, catalog, options);
  for (const auto& [name, columns] : referenced) maker.table(name, columns);
  return maker.take();
}

std::vector<IndexProposal> range_candidates(const QueryFacts& facts,
                                            const std::map<QualifiedName, ReferencedColumns>& referenced,
                                            const Catalog& catalog) {
  std::vector<IndexProposal> out;
  Columns seen;
  for (const auto& predicate : facts.predicates) {
    if (predicate.op != Predicate::Op::range || !predicate.wrapper.empty() ||
        predicate.value == Predicate::Value::column || !seen.insert(predicate.column).second)
      continue;
    const Table* table = catalog.table(predicate.column.table);
    const Column* column = table ? table->column(predicate.column.column) : nullptr;
    if (!column || !referenced.count(table->name)) continue;
    if (!is_one_of(column->type, {"integer", "bigint", "smallint", "numeric", "date",
                                  "timestamp without time zone", "timestamp with time zone"}) ||
        !column->statistics || std::abs(column->statistics->correlation) < in_order)
      continue;
    if (!table->statistics || table->statistics->pages < least_brin_pages) continue;
    const bool there = std::ranges::any_of(table->indexes, [&](const Index& index) {
      return index.method == "brin" && has_column(index.keys, column->name);
    });
    if (!there) out.push_back({.table = table->name, .keys = {{.column = column->name}}, .method = "brin"});
  }
  return out;
}

void add_not_just_equal(const QueryFacts& facts, const std::map<QualifiedName, ReferencedColumns>& referenced,
                        Columns& out) {
  for (const auto& [table, columns] : referenced)
    for (const auto& column : columns.sorted) out.insert({table, column});
  for (const auto& predicate : facts.predicates) {
    if (!just_equal(predicate)) out.insert(predicate.column);
    if (predicate.value == Predicate::Value::column) out.insert(predicate.other);
  }
}

std::vector<IndexProposal> hash_candidates(const QueryFacts& facts,
                                           const std::map<QualifiedName, ReferencedColumns>& referenced,
                                           const Columns& not_just_equal, const Catalog& catalog,
                                           const TooLong& too_long) {
  std::vector<IndexProposal> out;
  Columns seen;
  for (const auto& predicate : facts.predicates) {
    if (!just_equal(predicate) || not_just_equal.count(predicate.column) ||
        !seen.insert(predicate.column).second)
      continue;
    const Table* table = catalog.table(predicate.column.table);
    const Column* column = table ? table->column(predicate.column.column) : nullptr;
    if (!column || !referenced.count(table->name) || !is_text(column->type)) continue;
    const bool long_values = too_long && too_long(*table, *column);
    if (!long_values && (!column->statistics || column->statistics->average_width <= least_hash_width))
      continue;
    const bool there = std::ranges::any_of(table->indexes, [&](const Index& index) {
      const bool equality = index.method == "btree" || index.method == "hash";
      return equality && index.valid && !index.predicate && !index.keys.empty() &&
             index.keys.front().column == column->name;
    });
    const IndexProposal tree{.table = table->name, .keys = {{.column = column->name}}};
    IndexProposal proposal = tree;
    proposal.method = "hash";
    // Where few values are many rows', a B-tree stores each but once.
    if (there || (!long_values && index_size(proposal, catalog) >= index_size(tree, catalog))) continue;
    out.push_back(std::move(proposal));
  }
  return out;
}

bool hash_serves(const IndexProposal& proposal, const Columns& not_just_equal, const Catalog& catalog) {
  const std::string& name = proposal.keys.front().column;
  const Table* table = catalog.table(proposal.table);
  const Column* column = table ? table->column(name) : nullptr;
  if (!column || proposal.method != "btree" || not_just_equal.count({proposal.table, name})) return false;
  const double distinct = column->statistics ? column->statistics->n_distinct : 0;
  if (proposal.keys.size() > 1 && distinct >= 0 && distinct < many_values) return false;
  return std::ranges::any_of(table->indexes, [&](const Index& index) {
    return index.method == "hash" && index.valid && !index.predicate && !index.keys.empty() &&
           index.keys.front().column == name;
  });
}

std::size_t leading_equality_keys(const IndexProposal& proposal, const QueryFacts& facts) {
  std::size_t out = 0;
  const auto compared = [&](const IndexKey& key) {
    return !key.column.empty() && std::ranges::any_of(facts.predicates, [&](const Predicate& predicate) {
      return predicate.column == ColumnUse{proposal.table, key.column} && just_equal(predicate) &&
             !predicate.under_or;
    });
  };
  while (out < proposal.keys.size() && compared(proposal.keys[out])) ++out;
  return out;
}

std::vector<IndexProposal> refinements(const IndexProposal& used, const QueryFacts& facts,
                                       const ReferencedColumns& referenced, const Catalog& catalog,
                                       const CandidateOptions& options) {
  std::vector<IndexProposal> out;
  const Table* table = catalog.table(used.table);
  if (!table || !used.include.empty() || used.predicate || options.max_width < 3) return out;
  std::vector<std::string> rest;
  bool all_short = true;
  for (const auto& column : referenced.columns)
    if (!has_column(used.keys, column)) {
      rest.push_back(column);
      all_short &= key_column(*table, column) != nullptr;
    }
  if (static_cast<int>(used.keys.size()) < options.max_width && used.keys.size() >= 2)
    for (const auto& column : rest) {
      IndexProposal wider = used;
      wider.keys.push_back({.column = column});
      if (key_column(*table, column) && !already_served(wider, *table)) out.push_back(std::move(wider));
    }
  if (referenced.complete && all_short && !rest.empty() && rest.size() <= max_included) {
    IndexProposal covering = used;
    covering.include = rest;
    out.push_back(std::move(covering));
  }
  for (const auto& predicate : facts.predicates) {
    const std::string filter = constant_filter(predicate, *table, options.literals);
    if (filter.empty()) continue;
    IndexProposal partial = used;
    partial.predicate = filter;
    std::erase_if(partial.keys, [&](const IndexKey& key) { return key.column == predicate.column.column; });
    if (!partial.keys.empty() && std::ranges::find(out, partial) == out.end())
      out.push_back(std::move(partial));
  }
  return out;
}

std::vector<IndexProposal> prefixes(const IndexProposal& proposal) {
  std::vector<IndexProposal> out;
  IndexProposal shorter = proposal;
  if (!shorter.include.empty()) {
    shorter.include.clear();
    out.push_back(shorter);
  }
  while (shorter.keys.size() > 1) {
    shorter.keys.pop_back();
    out.push_back(shorter);
  }
  return out;
}

bool spares(const IndexProposal& narrow, const IndexProposal& wide, const ReferencedColumns& referenced) {
  if (!referenced.complete || narrow.table != wide.table || narrow.predicate != wide.predicate ||
      narrow.keys.size() > wide.keys.size())
    return false;
  if (!std::equal(narrow.keys.begin(), narrow.keys.end(), wide.keys.begin())) return false;
  const auto matters = [&](const std::string& column) {
    return column.empty() || (is_one_of(column, referenced.columns) && !is_one_of(column, narrow.include));
  };
  return std::none_of(wide.keys.begin() + static_cast<std::ptrdiff_t>(narrow.keys.size()), wide.keys.end(),
                      [&](const IndexKey& key) { return matters(key.column); }) &&
         std::ranges::none_of(wide.include, matters) &&
         std::ranges::all_of(narrow.include,
                             [&](const std::string& column) { return is_one_of(column, wide.include); });
}

bool same_expression(std::string_view a, std::string_view b) { return words(a) == words(b); }

bool already_served(const IndexProposal& proposal, const Table& table) {
  if (!proposal.include.empty()) return false;
  const auto same = [](const IndexKey& wanted, const IndexKey& there) {
    IndexKey spelled = there;
    if (!wanted.expression.empty() && same_expression(wanted.expression, there.expression))
      spelled.expression = wanted.expression;
    return spelled == wanted;
  };
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return index.valid && index.method == "btree" && index.predicate == proposal.predicate &&
           index.keys.size() >= proposal.keys.size() &&
           std::equal(proposal.keys.begin(), proposal.keys.end(), index.keys.begin(), same);
  });
}

}  // namespace pgadvise::advisor
