#include "sql/facts/facts.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/text/text.h"
#include "sql/facts/analyzer.h"
#include "sql/facts/comparison.h"
#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"

namespace pgadvise::sql {

QueryFacts query_facts(std::string_view statement, const Catalog& catalog, const SearchPath& path) {
  QueryFacts facts;
  std::vector<std::string> schemas{"pg_temp"};
  schemas.insert(schemas.end(), path.begin(), path.end());
  with_stack(tree_depth(statement), [&] {
    const auto tree = Tree::parse(statement);
    if (!tree || tree->size() == 0) return;
    Analyzer analyzer(catalog, schemas);
    analyzer.look_through_views();
    analyzer.analyze(*tree->statement(0));
    facts = analyzer.take();
  });
  return facts;
}

namespace {

bool has_placeholder(std::string_view statement) {
  for (const Lexeme& token : Lexer(statement))
    if (token.kind == Lexeme::Kind::parameter) return true;
  return false;
}

const std::string* value_of(const Sample& sample, int parameter) {
  if (!sample.parameters || parameter < 1 || static_cast<std::size_t>(parameter) > sample.parameters->size())
    return nullptr;
  const auto& value = (*sample.parameters)[static_cast<std::size_t>(parameter) - 1];
  return value ? &*value : nullptr;
}

bool is_integer(const Catalog& catalog, const ColumnUse& use) {
  const Column* column = column_of(use, catalog);
  return column && (column->type == "integer" || column->type == "bigint" || column->type == "smallint");
}

bool is_fraction(std::string_view value) {
  return value.find('.') != std::string_view::npos &&
         value.find_first_not_of("+-.0123456789") == std::string_view::npos;
}

// Whether a call may show a fraction; cheaper than to parse it.
bool may_have_fraction(const Sample& sample) {
  if (sample.parameters &&
      std::ranges::any_of(*sample.parameters, [](const auto& value) { return value && is_fraction(*value); }))
    return true;
  const std::string& text = sample.statement;
  for (std::size_t at = 1; at < text.size(); ++at)
    if (is_digit(text[at - 1]) && (text[at] == '.' || text[at] == 'e' || text[at] == 'E')) return true;
  return false;
}

// The type of a value that an integer column is compared with, where the call shows a fraction: a parameter
// that is declared as an integer cannot have one.
std::string type_of_value(const Sample& sample, const Predicate& as_called) {
  if (!as_called.value_type.empty()) return as_called.value_type;
  const std::string* value = value_of(sample, as_called.parameter);
  return value && is_fraction(*value) ? "numeric" : "";
}

// Do the values of a call tell what the normalised text doesn't?
bool values_matter(const QueryFacts& facts, const Query& query, const Sample& sample) {
  return sample.statement.size() > query.text.size() + 1000 || facts.has_offset || facts.longest_list > 0 ||
         facts.count_test == CountTest::value ||
         std::ranges::any_of(facts.predicates,
                             [](const Predicate& predicate) { return predicate.op == Predicate::Op::like; });
}

// A flag or a state: its values are few, and statements tend to ask for one of them.
bool has_few_values(const Catalog& catalog, const ColumnUse& use) {
  const Column* column = column_of(use, catalog);
  return column && (column->type == "boolean" || catalog.has_enum(column->type) ||
                    (column->statistics && column->statistics->n_distinct >= 2 &&
                     column->statistics->n_distinct <= 50));
}

// The value that each sample compares the column with; nothing where they differ or one doesn't tell.
void learn_same_values(Query& query, const Catalog& catalog, const SearchPath& path) {
  QueryFacts& facts = query.facts;
  std::vector<std::size_t> of_interest;
  for (std::size_t i = 0; i < facts.predicates.size(); ++i) {
    const Predicate& predicate = facts.predicates[i];
    if (predicate.op == Predicate::Op::equality && predicate.value == Predicate::Value::parameter &&
        predicate.wrapper.empty() && !predicate.under_or && has_few_values(catalog, predicate.column))
      of_interest.push_back(i);
  }
  std::set<std::size_t> differs;
  for (const Sample& sample : of_interest.empty() ? std::vector<Sample>{} : query.samples) {
    const QueryFacts as_called =
        sample.statement == query.text ? facts : query_facts(sample.statement, catalog, path);
    for (const std::size_t i : of_interest) {
      const bool alike = as_called.predicates.size() == facts.predicates.size() &&
                         as_called.predicates[i].column == facts.predicates[i].column;
      const Predicate* called = alike ? &as_called.predicates[i] : nullptr;
      const std::string* value = !called ? nullptr
                                 : called->value == Predicate::Value::constant && called->constant
                                     ? &*called->constant
                                     : value_of(sample, called->parameter);
      auto& same = facts.predicates[i].same_value;
      if (!value || (same && *same != *value)) differs.insert(i);
      else same = *value;
    }
  }
  for (const std::size_t i : differs) facts.predicates[i].same_value.reset();
}

bool differ(const std::string& known, const std::string& called) { return !known.empty() && known != called; }

void learn_type(Operand& known, const Operand& called, bool& differs) {
  differs = differs || (!known.type.empty() && known.type != called.type) ||
            (!known.unit.empty() && known.unit != called.unit);
  known.type = called.type;
  known.unit = called.unit;
}

// Types and units that the normalised text hides. Without values, no other form of the condition is known:
// for calls that differ in these.
void learn_operands(Predicate& known, const Predicate& called) {
  bool differs = !known.unit.empty() && known.unit != called.unit;
  known.unit = called.unit;
  learn_type(known.operand, called.operand, differs);
  for (std::size_t i = 0; i < std::min(known.values.size(), called.values.size()); ++i)
    learn_type(known.values[i], called.values[i], differs);
  if (differs) known.values.clear();
}

bool has_hidden_operand(const Predicate& predicate) {
  return std::ranges::any_of(predicate.values,
                             [](const Operand& value) { return !value.literal && value.type.empty(); });
}

// What the constants tell that the normalised text has no longer: the type of a value, and expressions that
// an index may have as its key. An expression that differs from call to call is left out.
void learn_expressions(Query& query, const Catalog& catalog, const SearchPath& path) {
  auto& predicates = query.facts.predicates;
  std::vector<std::size_t> of_interest;
  for (std::size_t i = 0; i < predicates.size(); ++i)
    if (predicates[i].wrapper.empty()
            ? predicates[i].value_type.empty() && is_integer(catalog, predicates[i].column)
            : (predicates[i].expression.empty() || has_hidden_operand(predicates[i])) &&
                  !predicates[i].column.table.name.empty())
      of_interest.push_back(i);
  const bool expressions =
      std::ranges::any_of(of_interest, [&](std::size_t i) { return !predicates[i].wrapper.empty(); });
  std::set<std::size_t> differs;
  for (const Sample& sample : of_interest.empty() ? std::vector<Sample>{} : query.samples) {
    if (!expressions && !may_have_fraction(sample)) continue;
    const QueryFacts as_called =
        sample.statement == query.text ? query.facts : query_facts(sample.statement, catalog, path);
    if (as_called.predicates.size() != predicates.size()) continue;
    for (const std::size_t i : of_interest) {
      const Predicate& called = as_called.predicates[i];
      Predicate& known = predicates[i];
      if (called.column != known.column) continue;
      if (known.wrapper.empty()) {
        if (known.value_type.empty()) known.value_type = type_of_value(sample, called);
        continue;
      }
      learn_operands(known, called);
      if (!called.expression_names || differ(known.expression, called.expression) ||
          differ(known.fallible_expression, called.fallible_expression)) {
        differs.insert(i);
      } else {
        known.expression = called.expression;
        known.fallible_expression = called.fallible_expression;
      }
    }
  }
  for (const std::size_t i : differs) {
    predicates[i].expression.clear();
    predicates[i].fallible_expression.clear();
  }
}

// `as_called`: of the statement as the sample has it, with its literals.
void learn(QueryFacts& facts, const Sample& sample, const QueryFacts& as_called) {
  facts.longest_list = std::max(facts.longest_list, as_called.longest_list);
  if (as_called.count_test == CountTest::existence) facts.count_test = CountTest::existence;
  if (facts.predicates.size() == as_called.predicates.size())
    for (std::size_t i = 0; i < facts.predicates.size(); ++i) {
      Predicate& predicate = facts.predicates[i];
      if (predicate.op != Predicate::Op::like) continue;
      const std::string* pattern = value_of(sample, as_called.predicates[i].parameter);
      predicate.leading_wildcard |=
          as_called.predicates[i].leading_wildcard || (pattern && begins_with_wildcard(*pattern));
    }
  std::optional<std::int64_t> offset = as_called.largest_offset;
  if (const std::string* given = value_of(sample, as_called.offset_parameter)) {
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(given->data(), given->data() + given->size(), value);
    if (code == std::errc() && end == given->data() + given->size()) offset = value;
  }
  if (offset) facts.largest_offset = std::max(facts.largest_offset.value_or(0), *offset);
}

void learn_from_samples(Query& query, const Catalog& catalog, const SearchPath& path) {
  QueryFacts& facts = query.facts;
  const QueryFacts as_text = facts;
  std::set<std::string_view> inlined;
  for (const Sample& sample : query.samples) {
    const bool as_written = sample.statement == query.text;
    if (values_matter(as_text, query, sample))
      learn(facts, sample, as_written ? as_text : query_facts(sample.statement, catalog, path));
    if (!as_written && !sample.parameters && as_text.parameters > 0 && !has_placeholder(sample.statement))
      inlined.insert(sample.statement);
  }
  facts.inlined = static_cast<int>(inlined.size());
  learn_same_values(query, catalog, path);
  learn_expressions(query, catalog, path);
}

}  // namespace

void resolve(Workload& workload, const Catalog& catalog, const SearchPath& path) {
  for (Query& query : workload.queries) {
    query.facts = query_facts(query.text, catalog, path);
    if (query.facts.parsed) learn_from_samples(query, catalog, path);
  }
}

}  // namespace pgadvise::sql
