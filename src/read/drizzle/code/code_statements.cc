#include "drizzle/code/code_statements.h"

#include <algorithm>
#include <utility>

#include "base/text/text.h"
#include "drizzle/schema/source_sql.h"
#include "model/queries/query_facts.h"
#include "sql/facts/facts.h"

namespace pgadvise::drizzle {
namespace {

constexpr int max_nested = 20;              // templates and sums in each other
constexpr std::size_t max_parts = 1000;     // of a statement: a `const` counts each time that it is used
constexpr std::size_t max_values = 200;     // of a statement
constexpr std::size_t max_bytes = 100'000;  // of a statement

// The text of a statement with $1, $2 … for values of the code.
class StatementText {
 public:
  explicit StatementText(CodeIndex& index) : index_(index) {}

  std::string text;
  std::vector<Node> values;

  // False if a part is not known.
  bool add(const Node& expression, bool tagged, int depth = 0) {
    if (depth > max_nested || ++parts_ > max_parts || text.size() > max_bytes || values.size() > max_values)
      return false;
    const Node node = written(bare(expression));
    if (is_template_of_sql(node)) return add_template(node.child(Field::arguments), true, depth);
    if (is_part_of_sql(node)) {
      const Node raw = argument_at(node);
      return method_of(node) == "raw" && raw && add(raw, false, depth + 1);
    }
    if (tagged && (add_table(node) || add_column(node))) return true;
    if (!tagged) {
      if (node.is(Kind::template_string)) return add_template(node, false, depth);
      if (const auto part = string_value(node)) {
        add_fragment(*part);
        return true;
      }
      if (node.is(Kind::binary_expression) && node.text(Field::operator_) == "+")
        return add(node.child(Field::left), false, depth + 1) &&
               add(node.child(Field::right), false, depth + 1);
    }
    return add_value(bare(expression));
  }

 private:
  // What a `const` of SQL or of text is; the node itself for anything else.
  Node written(const Node& node) {
    if (!node.is(Kind::identifier)) return node;
    const Node declared = index_.names().declaration(node), value = initial_value(declared);
    if (!declared.parent().text().starts_with("const")) return node;
    const bool is_text = value.is(Kind::template_string, Kind::string, Kind::binary_expression) ||
                         is_template_of_sql(value) || is_part_of_sql(value);
    return is_text ? value : node;
  }

  bool is_template_of_sql(const Node& node) {
    return node.is(Kind::call_expression) && node.child(Field::arguments).is(Kind::template_string) &&
           index_.is_drizzle(node.child(Field::function), "sql");
  }

  // sql.raw(…), sql.join(…), sql.identifier(…)
  bool is_part_of_sql(const Node& node) {
    return node.is(Kind::call_expression) && !method_of(node).empty() &&
           index_.is_drizzle(object_of(node), "sql");
  }

  bool add_template(const Node& whole, bool tagged, int depth) {
    for (Node part = whole.first(); part; part = part.next()) {
      if (part.is(Kind::string_fragment)) add_fragment(part.text());
      if (part.is(Kind::escape_sequence)) add_fragment(typescript::unescaped(part.text()));
      if (!part.is(Kind::template_substitution)) continue;
      const auto inside = part.children();
      if (inside.empty() || !add(inside.front(), tagged, depth + 1)) return false;
    }
    return true;
  }

  void add_fragment(std::string_view part) {
    if (quoted_ && part.starts_with('\'')) part.remove_prefix(1);
    quoted_ = false;
    text += part;
  }

  // Of '${id}', the quotes belong to the value.
  bool add_value(const Node& value) {
    quoted_ = text.ends_with('\'');
    if (quoted_) text.pop_back();
    values.push_back(value);
    text += "$" + std::to_string(values.size());
    return true;
  }

  bool add_table(const Node& node) {
    const SourceTable* table = index_.table(node);
    if (!table || !table->name) return false;
    const QualifiedName& name = *table->name;
    if (name.schema != "public") text += double_quoted(name.schema) + ".";
    text += double_quoted(name.name);
    return true;
  }

  bool add_column(const Node& node) {
    const auto column = index_.column(node);
    if (column) text += double_quoted(column->column);
    return column.has_value();
  }

  CodeIndex& index_;
  std::size_t parts_ = 0;
  bool quoted_ = false;  // a value in quotes precedes
};

std::optional<QueryKind> kind_of(StatementKind kind) {
  switch (kind) {
    case StatementKind::select: return QueryKind::select;
    case StatementKind::insert: return QueryKind::insert;
    case StatementKind::update: return QueryKind::update;
    case StatementKind::delete_: return QueryKind::delete_;
    default: return std::nullopt;
  }
}

void add_table(QualifiedName name, CodeQuery& out) {
  if (name.schema.empty()) name.schema = "public";
  if (std::ranges::find(out.tables, name) == out.tables.end()) out.tables.push_back(std::move(name));
}

void add_conditions(const QueryFacts& statement, const std::vector<Node>& values, WrittenStatement& out) {
  const auto value_of = [&](int parameter) {
    const auto index = static_cast<std::size_t>(parameter);
    return parameter > 0 && index <= values.size() ? values[index - 1] : Node();
  };
  for (const Predicate& one : statement.predicates) {
    using Op = Predicate::Op;
    if (one.value == Predicate::Value::column || one.op == Op::is_null || one.op == Op::is_not_null) continue;
    const bool equal = (one.op == Op::equality || one.op == Op::in_list) && one.wrapper.empty();
    auto& columns = equal && !one.under_or ? out.facts.equal_columns : out.facts.other_columns;
    columns.push_back(one.column.column);
    const bool list = one.op == Op::in_list || one.takes_array;
    auto& comparisons = one.under_or || !equal ? out.conditions.others
                        : list                 ? out.conditions.lists
                                               : out.conditions.equal;
    std::vector<int> parameters = one.more_parameters;
    parameters.insert(parameters.begin(), one.parameter);
    for (const int parameter : parameters)
      if (const Node value = value_of(parameter)) {
        comparisons.push_back({one.column.column, value});
        if (one.op == Op::range) out.conditions.ranges.push_back({one.column.column, value});
      }
  }
}

std::optional<WrittenStatement> read(CodeIndex& index, const FoundQuery& query) {
  const Node given = argument_at(query.anchor);
  StatementText given_text(index);
  if (query.facts.kind != QueryKind::execute || !given || !given_text.add(given, false)) return std::nullopt;
  const QueryFacts statement = sql::query_facts(given_text.text, Catalog());
  const auto kind = kind_of(statement.kind);
  if (!statement.parsed || !kind || statement.locks_rows) return std::nullopt;
  WrittenStatement out;
  out.facts = query.facts;
  out.facts.kind = *kind;
  if (statement.target) add_table(*statement.target, out.facts);
  for (const auto& name : statement.from) add_table(name, out.facts);
  out.facts.limited = statement.has_limit;
  out.facts.first = statement.limit_constant == 1;
  out.limit = statement.limit_constant;
  out.facts.aggregate = statement.one_row && !statement.from.empty();
  out.facts.has_offset = statement.has_offset;
  out.facts.ordered = !statement.sort.empty();
  out.facts.grouped = statement.grouped;
  add_conditions(statement, given_text.values, out);
  const std::string text = lower(given_text.text);
  const bool conflict = contains(text, "on conflict");
  out.by_row = conflict || *kind == QueryKind::update;
  if (statement.single_row_insert && !(conflict && contains(text, "returning")))
    out.inserted = std::move(given_text.values);
  return out;
}

}  // namespace

const WrittenStatement* WrittenStatements::of(const FoundQuery& query) {
  if (query.facts.kind != QueryKind::execute) return nullptr;
  const auto [entry, is_new] = known_.try_emplace(&query);
  if (is_new) entry->second = read(index_, query);
  return entry->second ? &*entry->second : nullptr;
}

}  // namespace pgadvise::drizzle
