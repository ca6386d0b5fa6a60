#include "lint/queries/conditions.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/queries/rewrite.h"

namespace pgadvise::lint {
namespace {

using Op = Predicate::Op;

constexpr double few = 0.1;  // of the rows

// Whether the function can be replaced by a range or by a changed value. No plain index serves other
// functions.
bool replaceable(const std::string& wrapper) {
  static constexpr std::array<std::string_view, 25> functions = {
      "lower", "upper", "date",  "date_trunc", "date_part", "extract", "to_char",   "to_date",  "trim",
      "btrim", "ltrim", "rtrim", "coalesce",   "substr",    "left",    "substring", "timezone", "age",
      "abs",   "trunc", "floor", "+",          "-",         "*",       "/"};
  const auto dot = wrapper.rfind('.');
  return wrapper.compare(0, 2, "::") == 0 ||
         is_one_of(dot == std::string::npos ? wrapper : wrapper.substr(dot + 1), functions);
}

bool compares(const Predicate& predicate) {
  return predicate.op == Op::equality || predicate.op == Op::range || predicate.op == Op::in_list;
}

bool is_text(const std::string& type) { return type == "text" || type.starts_with("character"); }

// One condition, as a finding names it.
UnservedCondition filter(const Predicate& predicate) {
  return {.what = "filters by " + condition_text(predicate), .proposals = {}, .rewrite = {}};
}

std::optional<UnservedCondition> expression(const QueryFacts& facts, const Table& table, const Column& column,
                                            const Predicate& predicate) {
  if (!compares(predicate) || (predicate.wrapper.empty() && !widened(column, predicate)) ||
      expression_index_for(table, predicate) || bypassed_index(facts, table, predicate))
    return std::nullopt;
  UnservedCondition out = filter(predicate);
  out.rewrite = rewrite(predicate, column.type, index_for(table, column.name, {}) != nullptr);
  if (!predicate.expression.empty() && predicate.expression_names &&
      !depends_on_session(predicate, column.type))
    out.proposals.push_back({.table = table.name, .keys = {{.expression = predicate.expression}}});
  return out;
}

std::optional<UnservedCondition> null_test(const Context& context, const Table& table, const Column& column,
                                           const Predicate& predicate) {
  const bool null = predicate.op == Op::is_null;
  if (!predicate.wrapper.empty() || index_for(table, column.name, {})) return std::nullopt;
  if (!column.statistics && !context.has_server()) return std::nullopt;
  if (column.statistics) {
    const double kept = null ? column.statistics->null_fraction : 1 - column.statistics->null_fraction;
    if (kept > few) return std::nullopt;
  }
  const std::string condition = quote_identifier(column.name) + (null ? " IS NULL" : " IS NOT NULL");
  if (std::ranges::any_of(table.indexes, [&](const Index& index) {
        return index.valid && index.predicate && contains(tokens_of(*index.predicate), column.name);
      }))
    return std::nullopt;
  return UnservedCondition{
      .what = "filters by " + condition,
      .proposals = {{.table = table.name, .keys = {{.column = column.name}}, .predicate = condition}},
      .rewrite = {}};
}

// Operators that only GIN serves, and LIKE with a fixed beginning, which needs an operator class.
std::optional<UnservedCondition> special_operator(const Context& context, const Table& table,
                                                  const Column& column, const Predicate& predicate) {
  static constexpr std::array<std::string_view, 6> of_json = {"@>", "?", "?|", "?&", "@?", "@@"};
  static constexpr std::array<std::string_view, 3> of_arrays = {"@>", "<@", "&&"};
  static constexpr std::array<std::string_view, 3> patterns = {"~", "~*", "~~*"};
  const std::string& op = predicate.op_name;
  const bool searchable = has_search_index(table, column.name);
  UnservedCondition out = filter(predicate);
  if (predicate.wrapper.empty() && op == "= ANY" && column.type.ends_with("[]")) {
    out.rewrite = rewrite(predicate, column.type, searchable);
    return out;
  }
  if (!predicate.wrapper.empty() || searchable) return std::nullopt;
  const auto gin = [&](std::string operator_class) {
    out.proposals.push_back({.table = table.name,
                             .keys = {{.column = column.name, .operator_class = std::move(operator_class)}},
                             .method = "gin"});
    return out;
  };
  if (column.type == "jsonb" && is_one_of(op, of_json))
    return gin(op == "@>" || op == "@?" || op == "@@" ? "jsonb_path_ops" : "");
  if (column.type.ends_with("[]") && is_one_of(op, of_arrays)) return gin("");
  if (column.type == "tsvector" && op == "@@") return gin("");
  if (!is_text(column.type)) return std::nullopt;
  if (is_one_of(op, patterns) && !(predicate.op == Op::like && predicate.leading_wildcard)) {
    out.rewrite = "Create a trigram index: CREATE EXTENSION pg_trgm, then an index USING gin (" +
                  column.name + " gin_trgm_ops)";
    return out;
  }
  if (predicate.op != Op::like || op != "~~" || predicate.leading_wildcard || !context.has_server())
    return std::nullopt;
  out.proposals.push_back(
      {.table = table.name,
       .keys = {{.column = column.name,
                 .operator_class = column.type == "text"                          ? "text_pattern_ops"
                                   : column.type.starts_with("character varying") ? "varchar_pattern_ops"
                                                                                  : "bpchar_pattern_ops"}}});
  return out;
}

// An OR needs an index for each of its conditions.
std::optional<UnservedCondition> one_or(const Context& context, const Table& table,
                                        const std::vector<const Predicate*>& arms) {
  UnservedCondition out;
  std::vector<std::string> names;
  bool plain = true;
  for (const Predicate* arm : arms) {
    const bool null = arm->op == Op::is_null || arm->op == Op::is_not_null;
    if ((null && !context.has_server()) || arm->op == Op::other || arm->op == Op::like) return std::nullopt;
    const bool bare =
        arm->column.table == table.name && arm->wrapper.empty() && arm->value != Predicate::Value::column;
    names.push_back(arm->wrapper.empty() ? arm->column.column : condition_text(*arm));
    plain = plain && bare;
    if (!bare || index_for(table, arm->column.column, {})) continue;
    const IndexProposal one{
        .table = table.name, .keys = {{.column = arm->column.column}}, .equality_keys = 1};
    if (std::ranges::find(out.proposals, one) == out.proposals.end()) out.proposals.push_back(one);
  }
  if (plain && out.proposals.empty()) return std::nullopt;  // each has its index
  out.what = "filters by " + join(names, " or ");
  if (plain) return out;
  out.proposals.clear();
  out.rewrite =
      "Split the OR: one SELECT for each of its conditions, combined by UNION, so that each can use an index";
  return out;
}

}  // namespace

bool widened(const Column& column, const Predicate& predicate) {
  const bool integer = column.type == "integer" || column.type == "bigint" || column.type == "smallint";
  return integer && predicate.wrapper.empty() &&
         (starts_with_nocase(predicate.value_type, "numeric") || predicate.value_type == "double precision" ||
          predicate.value_type == "real");
}

const Index* index_for(const Table& table, const std::string& column, const std::vector<std::string>& fixed) {
  for (const auto& index : table.indexes) {
    if (!index.valid || index.method != "btree" || (index.predicate && index.predicate_not_null.empty()))
      continue;
    for (const auto& key : index.keys) {
      if (key.column == column) return &index;
      if (!contains(fixed, key.column)) break;
    }
  }
  return nullptr;
}

bool expression_index_for(const Table& table, const Predicate& predicate) {
  const std::string inner =
      predicate.wrapper.compare(0, 2, "::") == 0 ? predicate.wrapper.substr(2) : predicate.wrapper;
  const auto words = tokens_of(inner);
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return std::ranges::any_of(index.keys, [&](const IndexKey& key) {
      const auto tokens = tokens_of(key.expression);
      return contains(tokens, predicate.column.column) && (words.empty() || contains(tokens, words.back()));
    });
  });
}

bool has_search_index(const Table& table, const std::string& column) {
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return (index.method == "gin" || index.method == "gist") &&
           std::ranges::any_of(index.keys, [&](const IndexKey& key) {
             return key.column == column || contains(tokens_of(key.expression), column);
           });
  });
}

const Index* bypassed_index(const QueryFacts& facts, const Table& table, const Predicate& predicate) {
  const Column* column = table.column(predicate.column.column);
  // No index on a column of JSON serves what one of its members is compared with.
  const bool of_member = predicate.inner.starts_with("->") || predicate.inner.starts_with("#>");
  if (!column || !compares(predicate) || predicate.under_or || of_member ||
      (predicate.wrapper.empty() ? !widened(*column, predicate) : !replaceable(predicate.wrapper)) ||
      expression_index_for(table, predicate))
    return nullptr;
  return index_for(table, column->name, fixed_columns(facts, table.name));
}

std::optional<UnservedCondition> unserved_condition(const Context& context, const QueryFacts& facts,
                                                    const Table& table) {
  std::map<int, std::vector<const Predicate*>> ors;
  for (const auto& predicate : facts.predicates) {
    if (predicate.or_group > 0) ors[predicate.or_group].push_back(&predicate);
    const Column* column =
        predicate.column.table == table.name ? table.column(predicate.column.column) : nullptr;
    if (!column || predicate.under_or || predicate.value == Predicate::Value::column) continue;
    const bool null = predicate.op == Op::is_null || predicate.op == Op::is_not_null;
    auto found = null                  ? null_test(context, table, *column, predicate)
                 : compares(predicate) ? expression(facts, table, *column, predicate)
                                       : special_operator(context, table, *column, predicate);
    if (found) return found;
  }
  for (const auto& [group, arms] : ors)
    if (std::ranges::any_of(arms, [&](const Predicate* arm) { return arm->column.table == table.name; }))
      if (auto found = one_or(context, table, arms)) return found;
  return std::nullopt;
}

}  // namespace pgadvise::lint
