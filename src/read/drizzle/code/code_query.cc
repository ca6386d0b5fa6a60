// What a query's syntax says of it: its columns, conditions and limits.
#include <algorithm>
#include <utility>

#include "base/text/text.h"
#include "drizzle/code/code_index.h"

namespace pgadvise::drizzle {

namespace {

constexpr int max_followed = 5;  // variables and functions

using Columns = std::optional<std::vector<std::string>>;

// Of findMany and findFirst.
void complete_options(FoundQuery& query) {
  CodeQuery& facts = query.facts;
  const Node options = argument_at(query.anchor), limit = member_of(options, "limit");
  facts.limited = static_cast<bool>(limit);
  facts.first = facts.first || bare(limit).text() == "1";
  facts.has_offset = static_cast<bool>(member_of(options, "offset"));
  facts.ordered = static_cast<bool>(member_of(options, "orderBy"));
  // What is spread, and options from elsewhere, may have all of it.
  const auto parts = options.children();
  if ((options && !options.is(Kind::object)) ||
      std::ranges::any_of(parts, [](const Node& part) { return part.is(Kind::spread_element); }))
    facts.limited = facts.ordered = true;
}

// sum(orders.total), sql`count(*)`, sql<number>`…`.mapWith(Number)
bool is_aggregate(CodeIndex& index, const Node& expression) {
  Node at = bare(expression);
  // The grammar takes f<A | B>`…` for comparisons.
  if (at.text().starts_with("sql<"))
    for (int parts = 0; parts < 6 && at.is(Kind::binary_expression); ++parts)
      at = bare(at.child(Field::right));
  for (int links = 0; links < 4 && at.is(Kind::call_expression); ++links) {
    const Node callee = at.child(Field::function);
    if (!callee.is(Kind::member_expression)) break;
    at = bare(callee.child(Field::object));
  }
  const bool is_template = at.is(Kind::template_string);
  if (!is_template && !at.is(Kind::call_expression)) return false;
  const Node callee = at.child(Field::function);
  if (!is_template && callee.is(Kind::identifier) &&
      is_one_of(index.operator_of(at), {"count", "countDistinct", "sum", "sumDistinct", "avg", "avgDistinct",
                                        "min", "max", "countFn"}))
    return true;
  const Node written = is_template ? at : at.child(Field::arguments);
  if (!written.is(Kind::template_string)) return false;
  const std::string text = lower(written.text());
  return !contains(text, "over (") && !contains(text, "over(") &&
         contains_any(text, {"count(", "sum(", "avg(", "max(", "min(", "_agg("});
}

bool aggregates(CodeIndex& index, const FoundQuery& query) {
  if (method_of(query.anchor) == "$count") return true;
  if (query.facts.relational || query.facts.grouped) return false;
  const Node columns = argument_at(object_of(query.anchor));
  const auto parts = columns.is(Kind::object) ? columns.children() : std::vector<Node>();
  return !parts.empty() && std::ranges::all_of(parts, [&](const Node& part) {
    return part.is(Kind::pair) && is_aggregate(index, part.child(Field::value));
  });
}

// Whether the condition may leave few rows: all but null checks, inequalities and comparisons with a
// constant.
bool narrows(CodeIndex& index, const Node& condition, int depth = 0) {
  const Node at = bare(condition);
  if (!at || at.is(Kind::undefined)) return false;
  if (depth > max_followed) return true;
  if (is_function(at)) {
    const auto values = returned_values(at);
    return values.empty() ||
           std::ranges::any_of(values, [&](const Node& one) { return narrows(index, one, depth + 1); });
  }
  if (at.is(Kind::identifier)) {
    const Binding& binding = index.names().find(at);
    return binding.kind != Binding::Kind::variable || !binding.pattern.is(Kind::identifier) ||
           narrows(index, binding.owner.child(Field::value), depth + 1);
  }
  if (!at.is(Kind::call_expression)) return true;
  const std::string name = index.operator_of(at);
  const auto arguments = arguments_of(at);
  // Of the alternatives of or(), those with constants are a few rows for everybody: templates, public ones.
  if (name == "and" || name == "or")
    return std::ranges::any_of(arguments, [&](const Node& one) { return narrows(index, one, depth + 1); });
  if (is_one_of(name, {"isNull", "isNotNull", "ne", "not", "notInArray"})) return false;
  if (name != "eq" || arguments.size() < 2) return true;
  const Node value = bare(arguments[1]);
  return !value.is(Kind::true_, Kind::false_, Kind::string);
}

// Whether the expression is a value that begins with a parameter, or with a variable that gets what a call
// returns: session.user.id, input.id. Columns are left out.
bool is_given(CodeIndex& index, const Node& expression, int depth = 0) {
  Node node = bare(expression);
  if (depth > max_followed || index.column(node)) return false;
  while (node.is(Kind::member_expression, Kind::subscript_expression)) node = bare(node.child(Field::object));
  if (!node.is(Kind::identifier)) return false;
  const Binding& binding = index.names().find(node);
  if (binding.kind == Binding::Kind::parameter) return true;
  if (binding.kind != Binding::Kind::variable) return false;
  const Node value = bare(binding.owner.child(Field::value));
  if (!value.is(Kind::call_expression)) return is_given(index, value, depth + 1);
  // Subqueries and aliases of tables are no values.
  return method_of(value) != "as" && !index.is_drizzle(value.child(Field::function), "alias") &&
         !index.is_drizzle(value.child(Field::function), "aliasedTable");
}

// Whether the condition of an inner join compares a column with a value, as a WHERE would: not with another
// column.
bool joins_on_value(CodeIndex& index, const Node& condition, int depth = 0) {
  const Node at = bare(condition);
  if (!at.is(Kind::call_expression) || depth > max_followed) return false;
  const std::string name = index.operator_of(at);
  const auto arguments = arguments_of(at);
  if (name == "and")
    return std::ranges::any_of(arguments,
                               [&](const Node& one) { return joins_on_value(index, one, depth + 1); });
  if ((name != "eq" && name != "inArray") || arguments.size() != 2) return false;
  return (index.column(bare(arguments[0])) && is_given(index, arguments[1])) ||
         (index.column(bare(arguments[1])) && is_given(index, arguments[0]));
}

// Whether the query reads a subquery with a LIMIT: one with .as('newest'), or $with('newest').as(query).
bool reads_limited(CodeIndex& index, const FoundQuery& query) {
  Node given = argument_at(query.anchor);
  if (method_of(query.anchor) != "from" || !given) return false;
  if (given.is(Kind::identifier))
    if (const Binding& binding = index.names().find(given); binding.kind == Binding::Kind::variable)
      given = bare(binding.owner.child(Field::value));
  const FoundQuery* inner = index.query(given);
  if (!inner && method_of(given) == "as") inner = index.query(argument_at(given));
  return inner && inner->link("limit");
}

bool narrowed(CodeIndex& index, const FoundQuery& query) {
  if (query.facts.relational) return narrows(index, member_of(argument_at(query.anchor), "where"));
  if (reads_limited(index, query)) return true;
  return std::ranges::any_of(query.links, [&](const QueryLink& link) {
    if (link.name == "where") return narrows(index, argument_at(link.call));
    if (link.name == "innerJoin") return joins_on_value(index, argument_at(link.call, 1));
    return is_one_of(link.name, {"having", "$dynamic", "as"});
  });
}

Columns all_columns(const SourceTable* table) {
  if (!table || !table->columns->is(Values::object) ||
      table->columns->properties.size() != table->column_names.size())
    return std::nullopt;
  std::vector<std::string> out;
  for (const auto& [key, column] : table->column_names) out.push_back(column.name);
  return out;
}

// Adds what `{ id: orders.id, customer: customers }` selects. False if a part is not known.
bool add_columns(CodeIndex& index, const Node& selection, std::vector<std::string>& out) {
  for (const Node& part : selection.children()) {
    const Node given = part.is(Kind::pair) ? bare(part.child(Field::value)) : part;
    if (given.is(Kind::object)) {
      if (!add_columns(index, given, out)) return false;
    } else if (given.is(Kind::call_expression)) {
      if (!given.child(Field::function).is(Kind::identifier) ||
          !is_one_of(index.operator_of(given),
                     {"count", "countDistinct", "sum", "sumDistinct", "avg", "avgDistinct", "max", "min"}))
        return false;
    } else if (const auto column = index.column(given)) {
      out.push_back(column->column);
    } else {
      const auto columns = all_columns(index.table(given));
      if (!columns) return false;
      out.insert(out.end(), columns->begin(), columns->end());
    }
  }
  return true;
}

// Of findMany and findFirst, without what `with` adds.
Columns relational_columns(const FoundQuery& query) {
  const Node options = argument_at(query.anchor);
  if (!query.table || (options && !options.is(Kind::object))) return std::nullopt;
  const Node chosen = bare(property_of(options, "columns"));
  if (!chosen) return all_columns(query.table);
  const auto& known = query.table->column_names;
  std::vector<std::string> out;
  for (const Node& part : chosen.children()) {
    const auto column = known.find(std::string(part.text(Field::key)));
    if (!part.is(Kind::pair) || part.text(Field::value) != "true" || column == known.end())
      return std::nullopt;
    out.push_back(column->second.name);
  }
  return out;
}

Columns selected_columns(CodeIndex& index, const FoundQuery& query) {
  if (query.facts.relational) return relational_columns(query);
  if (method_of(query.anchor) != "from") return std::vector<std::string>();  // $count
  const Node select = object_of(query.anchor);
  auto given = arguments_of(select);
  if (method_of(select) == "selectDistinctOn" && !given.empty()) given.erase(given.begin());
  std::vector<std::string> out;
  if (!given.empty()) {
    const Node selection = bare(given.front());
    return selection.is(Kind::object) && add_columns(index, selection, out) ? Columns(std::move(out))
                                                                            : std::nullopt;
  }
  std::vector<Node> tables{query.anchor};
  for (const auto& link : query.links)
    if (link.name.ends_with("Join")) tables.push_back(link.call);
  for (const Node& call : tables) {
    const Node joined = argument_at(call);
    const auto columns = joined ? all_columns(index.table(joined)) : std::nullopt;
    if (!columns) return std::nullopt;
    out.insert(out.end(), columns->begin(), columns->end());
  }
  return out;
}

std::string column_name(CodeIndex& index, const Node& node) {
  const auto known = index.column(node);
  return known ? known->column : std::string(node.text(Field::property));
}

bool is_range(std::string_view op) { return is_one_of(op, {"<", "<=", ">", ">="}); }

// The operator at the end of SQL, or with `first` at its beginning.
std::string_view operator_at(std::string_view text, bool first) {
  constexpr std::string_view characters = "<>=-@#&|!~?";
  text = trim(text);
  if (first) return text.substr(0, std::min(text.find_first_not_of(characters), text.size()));
  const auto before = text.find_last_not_of(characters);
  return before == std::string_view::npos ? text : text.substr(before + 1);
}

// Of sql`${orders.at} > ${since}`: the expressions beside <, <=, > and >=, and behind BETWEEN.
std::vector<Node> beside_ranges(const Node& written) {
  std::vector<Node> out;
  std::string_view text;  // since the last expression
  Node last;
  for (Node part = written.first(); part; part = part.next()) {
    if (part.is(Kind::string_fragment)) {
      text = part.text();
      if (last && is_range(operator_at(text, true))) out.push_back(last);
    }
    if (!part.is(Kind::template_substitution)) continue;
    const auto inside = part.children();
    last = inside.empty() ? Node() : inside.front();
    const std::string word = lower(trim(text));
    if (last && (is_range(operator_at(text, false)) || word == "between" || word.ends_with(" between")))
      out.push_back(last);
    text = {};
  }
  return out;
}

void add_conditions(CodeIndex& index, const Node& node, CodeIndex::Conditions& out, int followed = 0) {
  const Node at = bare(node);
  // Variables may hold each other, or one of them twice.
  if (followed > max_followed || !index.names().program().step_at(at)) return;
  if (at.is(Kind::call_expression)) {
    const std::string name = index.operator_of(at);
    if (const Node written = at.child(Field::arguments); name == "sql" && written.is(Kind::template_string)) {
      for (const Node& value : beside_ranges(written)) out.ranges.push_back({"", value});
      return;
    }
    const auto arguments = arguments_of(at);
    if (is_one_of(name, {"and", "or", "not"})) {
      // One of several alternatives does not hold for all rows.
      CodeIndex::Conditions inner;
      for (const Node& part : arguments) add_conditions(index, part, name == "and" ? out : inner, followed);
      for (auto* list : {&inner.equal, &inner.lists, &inner.others})
        out.others.insert(out.others.end(), list->begin(), list->end());
      out.ranges.insert(out.ranges.end(), inner.ranges.begin(), inner.ranges.end());
      return;
    }
    if (arguments.size() < 2 || !bare(arguments[0]).is(Kind::member_expression)) return;
    auto& list = name == "eq" ? out.equal : name == "inArray" ? out.lists : out.others;
    list.push_back({column_name(index, bare(arguments[0])), arguments[1]});
    static constexpr auto ranges = word_list("between", "notBetween", "gt", "gte", "lt", "lte");
    if (std::ranges::find(ranges, name) != ranges.end())
      for (std::size_t i = 1; i < arguments.size(); ++i)
        out.ranges.push_back({list.back().column, arguments[i]});
    return;
  }
  if (is_function(at)) {  // where: (orders, { eq }) => eq(orders.id, id)
    for (const Node& value : returned_values(at)) add_conditions(index, value, out, followed);
    return;
  }
  if (at.is(Kind::object)) {  // where: { id }
    for (const Node& part : at.children()) {
      if (part.is(Kind::shorthand_property_identifier)) out.equal.push_back({std::string(part.text()), part});
      if (!part.is(Kind::pair)) continue;
      const Node given = part.child(Field::value);
      auto& list = bare(given).is(Kind::object) ? out.others : out.equal;
      list.push_back({std::string(part.text(Field::key)), given});
    }
    return;
  }
  if (at.is(Kind::array, Kind::spread_element, Kind::ternary_expression))
    for (const Node& part : at.children()) add_conditions(index, part, out, followed);
  if (at.is(Kind::identifier)) {  // const condition = eq(…)
    const Node initial = initial_value(index.names().find(at).owner);
    if (initial.is(Kind::call_expression) && initial.text().size() < 2000)
      add_conditions(index, initial, out, followed + 1);
  }
}

}  // namespace

void CodeIndex::complete(FoundQuery& query) {
  CodeQuery& facts = query.facts;
  facts.awaited = is_awaited(query.whole);
  facts.function = name_of_function(function_around(query.whole));
  if (facts.relational) complete_options(query);
  for (const auto& link : query.links) {
    const Node argument = argument_at(link.call);
    if (link.name == "limit") {
      facts.limited = true;
      if (argument.text() == "1") facts.first = true;
    }
    if (link.name == "offset") facts.has_offset = true;
    if (link.name == "orderBy") facts.ordered = true;
    if (link.name == "groupBy") facts.grouped = true;
    if (link.name == "for") facts.locks = true;
    if (link.name.ends_with("Join") && argument)
      if (const SourceTable* joined = table(argument); joined && joined->name)
        facts.tables.push_back(*joined->name);
  }
  if (facts.kind == QueryKind::select) facts.selected = selected_columns(*this, query);
  const Conditions found = conditions(query);
  for (const auto* list : {&found.equal, &found.lists})
    for (const auto& comparison : *list) facts.equal_columns.push_back(comparison.column);
  for (const auto& comparison : found.others) facts.other_columns.push_back(comparison.column);
  if (facts.kind != QueryKind::select) return;
  facts.distinct = !facts.relational && method_of(object_of(query.anchor)).starts_with("selectDistinct");
  facts.aggregate = aggregates(*this, query);
  facts.narrowed = narrowed(*this, query);
}

CodeIndex::Conditions CodeIndex::conditions(const FoundQuery& query) {
  Conditions out;
  if (query.facts.relational) {
    if (const Node where = member_of(argument_at(query.anchor), "where")) add_conditions(*this, where, out);
  } else if (method_of(query.anchor) == "$count") {
    if (const Node where = argument_at(query.anchor, 1)) add_conditions(*this, where, out);
  }
  for (const auto& link : query.links)
    if (link.name == "where")
      for (const Node& argument : arguments_of(link.call)) add_conditions(*this, argument, out);
  return out;
}

CodeIndex::Conditions CodeIndex::conditions_in(const Node& expression) {
  Conditions out;
  add_conditions(*this, expression, out);
  return out;
}

const FoundQuery* CodeIndex::prepared(const Node& call) {
  if (method_of(call) != "execute") return nullptr;
  const FoundQuery* found = query(initial_value(bindings_.declaration(object_of(call))));
  return found && found->link("prepare") ? found : nullptr;
}

}  // namespace pgadvise::drizzle
