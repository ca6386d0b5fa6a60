#include "drizzle/code/code_rows.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/text/text.h"

namespace pgadvise::drizzle {
namespace {

constexpr double few_rows = 5;  // a limit up to which rows are few

bool is_few(const Node& limit) {
  const double most = std::strtod(std::string(bare(limit).text()).c_str(), nullptr);
  return most > 0 && most <= few_rows;
}

}  // namespace

bool RowSources::yields_rows(const FoundQuery& query) {
  if (query.facts.first) return false;
  if (query.facts.kind == QueryKind::select) {
    if (query.anchor.child(Field::function).text(Field::property) == "$count") return false;
    return !is_few(argument_of(query, "limit"));
  }
  // What code goes over are rows: of postgres.js the result itself, of others its `rows`.
  if (query.facts.kind == QueryKind::execute) {
    const WrittenStatement* written = statements_.of(query);
    return !written || !(written->facts.aggregate || !written->inserted.empty() ||
                         (written->limit && static_cast<double>(*written->limit) <= few_rows));
  }
  // An INSERT of one row returns one.
  if (!query.link("returning")) return false;
  if (query.facts.kind == QueryKind::insert) {
    const Node rows = argument_of(query, "values");
    return rows && !rows.is(Kind::object);
  }
  return query.facts.kind == QueryKind::update || query.facts.kind == QueryKind::delete_;
}

RowSource RowSources::of(const Node& expression, int depth) {
  const Node node = bare(expression);
  if (!node || depth > max_followed) return {};
  const auto [entry, is_new] = rows_.try_emplace(node);
  if (is_new) entry->second = find_rows(node, depth);
  return entry->second;
}

bool RowSources::filtered(const Node& expression) {
  Node at = bare(expression);
  for (int followed = 0; at && followed < max_followed; ++followed) {
    if (at.is(Kind::identifier)) {
      at = initial_value(names_.find(at).owner);
    } else if (at.is(Kind::call_expression) && !index_.query(at)) {
      const Node condition = argument_at(at);
      // filter(Boolean) leaves out what is missing.
      if (method_of(at) == "filter" && condition && condition.text() != "Boolean") return true;
      at = object_of(at);
    } else {
      return false;
    }
  }
  return false;
}

RowSource RowSources::find_rows(const Node& node, int depth) {
  if (const FoundQuery* query = index_.query(node))
    return yields_rows(*query) ? RowSource{query} : RowSource();
  switch (node.kind()) {
    case Kind::identifier: return rows_of_variable(node, depth);
    case Kind::call_expression: return rows_of_call(node, depth);
    case Kind::new_expression: {
      if (!is_one_of(node.text(Field::constructor), {"Set", "Map"})) return {};
      RowSource found = of(argument_at(node), depth + 1);
      found.collection = true;
      return found;
    }
    case Kind::array: {
      const auto parts = node.children();
      if (parts.size() != 1 || !parts[0].is(Kind::spread_element)) return {};
      return of(parts[0].first().is(Kind::token) ? parts[0].children().front() : parts[0].first(), depth + 1);
    }
    case Kind::member_expression: return rows_of_member(node, depth);
    case Kind::binary_expression: {
      const std::string_view symbol = node.text(Field::operator_);
      return symbol == "??" || symbol == "||" ? of(node.child(Field::left), depth + 1) : RowSource();
    }
    case Kind::ternary_expression:
      for (const Node& one : choices_of(node))
        if (const RowSource found = of(one, depth + 1)) return found;
      return {};
    default: return {};
  }
}

RowSource RowSources::rows_of_variable(const Node& node, int depth) {
  const Binding& binding = names_.find(node);
  if (binding.kind != Binding::Kind::variable) return {};
  const Node pattern = binding.pattern, value = bare(binding.owner.child(Field::value));
  if (pattern.is(Kind::array_pattern)) {  // const [orders, items] = await Promise.all([…])
    if (!value.is(Kind::call_expression) || value.text(Field::function) != "Promise.all") return {};
    const auto arguments = arguments_of(value);
    const auto parts = pattern.children();
    const auto at = std::ranges::find(parts, binding.name);
    if (arguments.empty() || !arguments.front().is(Kind::array) || at == parts.end()) return {};
    const auto items = arguments.front().children();
    const auto index = static_cast<std::size_t>(at - parts.begin());
    return index < items.size() ? of(items[index], depth + 1) : RowSource();
  }
  if (pattern.is(Kind::object_pattern))
    return property_rows(value, property_in(pattern, binding.name), depth + 1);
  if (!pattern.is(Kind::identifier)) return {};
  const bool literal = value.is(Kind::array, Kind::object);
  const bool made =
      value.is(Kind::new_expression) && is_one_of(value.text(Field::constructor), {"Set", "Map"});
  const bool empty = !value || (literal && value.children().empty()) || (made && arguments_of(value).empty());
  if (!empty) return of(value, depth + 1);
  const RowSource assigned = rows_assigned(binding, depth);
  if (assigned) return assigned;
  RowSource filled = rows_filled(binding, depth);
  filled.collection = value && !value.is(Kind::array);
  return filled;
}

// let rows = []; rows = await …
RowSource RowSources::rows_assigned(const Binding& binding, int depth) {
  RowSource found;
  const Node around = function_around(binding.name);
  if (!around) return {};
  any_node(around, max_nodes, [&](const Node& at) {
    if (!at.is(Kind::assignment_expression) || at.text(Field::left) != binding.name.text()) return false;
    const Node value = at.child(Field::right);
    if (contains(value.text(), binding.name.text())) return false;
    found = of(value, depth + 1);
    return static_cast<bool>(found);
  });
  return found;
}

// const byId = new Map(); for (const row of rows) byId.set(row.id, row). Nothing if anything else fills it.
RowSource RowSources::rows_filled(const Binding& binding, int depth) {
  const Node around = function_around(binding.name);
  if (!around || depth > max_followed) return {};
  const auto is_it = [&](Node target) {
    while (target.is(Kind::subscript_expression)) target = bare(target.child(Field::object));
    return target.is(Kind::identifier) && target.text() == binding.name.text() &&
           names_.find(target).name == binding.name;
  };
  RowSource found;
  const bool other = any_node(around, max_nodes, [&](const Node& at) {
    const bool assigned = is_assignment(at) && is_it(bare(at.child(Field::left)));
    // byId[key].push(row) fills as byId[key] = row does.
    const bool filled = at.is(Kind::call_expression) &&
                        is_one_of(method_of(at), {"set", "add", "push", "unshift"}) && is_it(object_of(at));
    if (!assigned && !filled) return false;
    const RowSource rows = loop_that_fills(at, binding, depth + 1);
    if (!rows || (found && found.query != rows.query)) return true;
    found = rows;
    return false;
  });
  return other ? RowSource() : found;
}

namespace {

// What decides how many entries the collection gets: keys, or what is added without keys.
std::vector<Node> entries_of(const Node& filling) {
  const bool called = filling.is(Kind::call_expression);
  std::vector<Node> keys;
  Node target = called ? object_of(filling) : bare(filling.child(Field::left));
  for (; target.is(Kind::subscript_expression); target = bare(target.child(Field::object)))
    keys = {target.child(Field::index)};
  if (!keys.empty()) return keys;
  if (!called) return {filling.child(Field::right)};
  const auto arguments = arguments_of(filling);
  return method_of(filling) == "set" && !arguments.empty() ? std::vector<Node>{arguments.front()} : arguments;
}

}  // namespace

// Whether one of the values is made of what the loop goes over. Comparisons and choices of literals have few
// values, whatever the rows are.
bool RowSources::differs_by_row(const std::vector<Node>& values, const Node& loop) {
  std::vector<Node> open = values;
  for (std::size_t count = 0; !open.empty() && count < max_nodes; ++count) {
    const Node at = bare(open.back());
    open.pop_back();
    if (is_name(at)) {
      const Binding& binding = names_.find(at);
      if (binding.name && binding.owner == loop) return true;
      if (binding.kind == Binding::Kind::variable && binding.name != at &&
          binding.owner.offset() > loop.offset())
        if (const Node value = binding.owner.child(Field::value)) open.push_back(value);
      continue;
    }
    if (at.is(Kind::binary_expression) &&
        is_one_of(at.text(Field::operator_),
                  {"===", "!==", "==", "!=", "<", ">", "<=", ">=", "instanceof", "in"}))
      continue;
    if (at.is(Kind::unary_expression) && at.text().starts_with('!')) continue;
    for (Node part = at.first(); part; part = part.next())
      if (!part.is(Kind::token, Kind::type) &&
          !(at.is(Kind::ternary_expression) && part.field() == Field::condition))
        open.push_back(part);
  }
  return false;
}

// The rows of the loop around the assignment or call whose rows it adds. None if a condition in the loop is
// about something else than the collection, and if what it adds is not of the rows.
RowSource RowSources::loop_that_fills(const Node& filling, const Binding& binding, int depth) {
  const auto entries = entries_of(filling);
  for (Node at = filling.parent(); at; at = at.parent()) {
    if (at.is(Kind::for_in_statement)) {
      if (differs_by_row(entries, at)) return of(at.child(Field::right), depth);
      continue;
    }
    if (is_function(at)) {
      const Node call = at.parent().parent();
      if (!at.parent().is(Kind::arguments) || method_of(call) != "forEach") return {};
      if (differs_by_row(entries, at)) return of(object_of(call), depth);
      continue;
    }
    const bool condition = at.is(Kind::if_statement, Kind::ternary_expression);
    if (condition && !contains(at.text(Field::condition), binding.name.text())) return {};
    if (at.is(Kind::while_statement, Kind::for_statement, Kind::do_statement)) return {};
  }
  return {};
}

// The rows in a property of what a function of the project returns.
RowSource RowSources::property_rows(const Node& value, const std::string& property, int depth) {
  if (property.empty() || depth > max_followed) return {};
  const Node node = bare(value);
  if (node.is(Kind::object)) {
    const Node part = member_of(node, property);
    const bool named = part.is(Kind::shorthand_property_identifier);
    return of(named ? initial_value(names_.find(part).owner) : part, depth + 1);
  }
  if (const FoundQuery* query = index_.query(node)) {
    if (query->facts.kind == QueryKind::execute) return property == "rows" ? RowSource{query} : RowSource();
    return {};
  }
  if (node.is(Kind::identifier)) {
    return property_rows(initial_value(names_.find(node).owner), property, depth + 1);
  }
  if (!node.is(Kind::call_expression)) return {};
  const Node function = names_.called(node);
  if (!function) return {};
  for (const Node& one : returned_values(function))
    if (const RowSource found = property_rows(one, property, depth + 1)) return found;
  return {};
}

RowSource RowSources::rows_of_member(const Node& node, int depth) {
  const RowSource found =
      property_rows(node.child(Field::object), std::string(node.text(Field::property)), depth + 1);
  if (found) return found;
  const Relation relation = relation_of(node, depth + 1);
  if (!relation.query || is_few(property_of(relation.options, "limit"))) return {};
  return {relation.query, true};
}

RowSources::Relation RowSources::relation_of(const Node& expression, int depth) {
  const Node node = bare(expression);
  if (!node || depth > max_followed) return {};
  if (const FoundQuery* query = index_.query(node)) {
    const Node options = argument_at(query->anchor);
    if (!query->facts.relational || !options) return {};
    return {query, options};
  }
  switch (node.kind()) {
    case Kind::identifier: return relation_of_name(node, depth);
    case Kind::subscript_expression: return relation_of(node.child(Field::object), depth);
    case Kind::binary_expression:  // user.orders ?? []
      return relation_of(node.child(Field::left), depth);
    case Kind::member_expression: {
      const Relation of = relation_of(node.child(Field::object), depth);
      const Node with = bare(property_of(of.options, "with"));
      const Node options = bare(property_of(with, node.text(Field::property)));
      if (!options.is(Kind::true_, Kind::object)) return {};
      return {of.query, options};
    }
    case Kind::call_expression: {
      return is_one_of(method_of(node), {"filter", "slice", "find", "at", "sort", "toSorted"})
                 ? relation_of(object_of(node), depth)
                 : Relation();
    }
    default: return {};
  }
}

// A variable, the element of for … of, or the parameter of a callback: users.map((user) => …).
RowSources::Relation RowSources::relation_of_name(const Node& name, int depth) {
  const Binding& binding = names_.find(name);
  const Node pattern = binding.pattern;
  const auto parts = pattern.is(Kind::array_pattern) ? pattern.children() : std::vector<Node>();
  const bool first = !parts.empty() && parts.front() == binding.name;
  if (binding.kind == Binding::Kind::variable && (first || pattern.is(Kind::identifier)))
    return relation_of(binding.owner.child(Field::value), depth + 1);
  if (binding.kind == Binding::Kind::element && binding.owner.is(Kind::for_in_statement) &&
      binding.owner.child(Field::left) == binding.name)
    return relation_of(binding.owner.child(Field::right), depth + 1);
  if (binding.kind != Binding::Kind::parameter || binding.index != 0 || !pattern.is(Kind::identifier))
    return {};
  const Node call = binding.owner.parent().parent();
  return binding.owner.parent().is(Kind::arguments) &&
                 is_one_of(method_of(call), {"map", "forEach", "flatMap"})
             ? relation_of(object_of(call), depth + 1)
             : Relation();
}

RowSource RowSources::rows_of_call(const Node& node, int depth) {
  static constexpr auto kept = word_list("filter", "map", "slice", "sort", "toSorted", "reverse", "flatMap",
                                         "values", "entries", "keys", "concat", "flat");
  static constexpr auto functions = word_list(
      "Object.values", "Object.keys", "Object.entries", "Array.from", "structuredClone", "uniq", "uniqBy",
      "groupBy", "sortBy", "orderBy", "compact", "keyBy", "flatten", "Object.groupBy", "Map.groupBy");
  if (is_one_of(node.text(Field::function), functions)) return of(argument_at(node), depth + 1);
  if (const Node function = names_.called(node)) {
    for (const Node& value : returned_values(function))
      if (const RowSource found = of(value, depth + 1)) return found;
    return {};
  }
  // rows.reduce((groups, row) => …, {})
  if (method_of(node) == "reduce" && arguments_of(node).size() == 2) {
    const Node first = argument_at(node, 1);
    const bool collects = first.is(Kind::object, Kind::array, Kind::new_expression);
    return collects ? of(object_of(node), depth + 1) : RowSource();
  }
  return is_one_of(method_of(node), kept) ? of(object_of(node), depth + 1) : RowSource();
}

}  // namespace pgadvise::drizzle
