#include "plan/insights/filter_advice.h"

#include <utility>

#include "base/text/identifier.h"
#include "model/queries/rewrite.h"
#include "model/schema/ddl.h"
#include "sql/facts/facts.h"
#include "sql/parse/lexer.h"

namespace pgadvise::plan {
namespace {

using Op = Predicate::Op;

// A table with every name of the filter as a column of an unknown type.
Table unknown_table(const QualifiedName& name, const std::string& filter) {
  Table out;
  out.name = name;
  sql::Lexer lexer(filter);
  for (auto lexeme = lexer.next_token(); lexeme.kind != sql::Lexeme::Kind::end; lexeme = lexer.next_token()) {
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

}  // namespace

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

}  // namespace pgadvise::plan
