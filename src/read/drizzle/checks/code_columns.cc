#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/text/text.h"
#include "drizzle/checks/code_checks.h"

namespace pgadvise::drizzle {
namespace {

// The expression with the parentheses, `!` and types around it.
Node widened(Node node) {
  while (is_wrapper(node.parent())) node = node.parent();
  return node;
}

bool selects_all_of_one_table(const FoundQuery& query) {
  const CodeQuery& facts = query.facts;
  if (facts.kind != QueryKind::select || !query.table || !facts.selected || facts.tables.size() != 1 ||
      facts.locks || facts.then || facts.selected->size() != query.table->column_names.size())
    return false;
  const auto narrows = [](std::string_view name) {
    return is_one_of(name, {"where", "limit", "offset", "orderBy"});
  };
  if (!std::ranges::all_of(query.links, [&](const QueryLink& link) { return narrows(link.name); }))
    return false;
  if (!facts.relational) {
    const Node select = object_of(query.anchor);
    return method_of(query.anchor) == "from" && method_of(select) == "select" && arguments_of(select).empty();
  }
  const auto arguments = arguments_of(query.anchor);
  if (arguments.empty()) return true;
  return arguments.front().is(Kind::object) &&
         std::ranges::all_of(arguments.front().children(), [&](const Node& part) {
           const Node key = part.is(Kind::pair)                ? part.child(Field::key)
                            : part.is(Kind::method_definition) ? part.child(Field::name)
                                                               : part;
           return narrows(key.text());
         });
}

class UsedProperties {
 public:
  UsedProperties(CodeIndex& index, const FoundQuery& query) : names_(index.names()), query_(query) {}

  // The properties of the row that the function uses; nullopt: not known, or the row leaves the function.
  std::optional<std::set<std::string>> read() {
    // The value of the query: with `await`, and [0] behind it.
    Node value = widened(query_.whole);
    if (!value.parent().is(Kind::await_expression)) return std::nullopt;
    value = widened(value.parent());
    bool is_list = method_of(query_.anchor) != "findFirst";
    if (is_list && is_first_of(value.parent(), value)) {
      value = widened(value.parent());
      is_list = false;
    }
    const Node declarator = value.parent();
    const Node function = function_around(query_.whole);
    if (!declarator.is(Kind::variable_declarator) || declarator.child(Field::value) != value || !function)
      return std::nullopt;
    Node pattern = declarator.child(Field::name);
    if (is_list && pattern.is(Kind::array_pattern)) {
      const auto parts = pattern.children();
      if (parts.size() != 1) return std::nullopt;
      pattern = parts.front();
      is_list = false;
    }
    const bool known = is_list ? pattern.is(Kind::identifier) && uses_are_known(function, pattern, true)
                               : names_are_known(function, pattern);
    return known ? std::optional(std::move(used_)) : std::nullopt;
  }

 private:
  static bool is_first_of(const Node& subscript, const Node& list) {
    return subscript.is(Kind::subscript_expression) && subscript.child(Field::object) == list &&
           subscript.text(Field::index) == "0";
  }

  // Of a row's name, or of `{ id, name: title }`.
  bool names_are_known(const Node& function, const Node& pattern) {
    if (pattern.is(Kind::identifier)) return uses_are_known(function, pattern, false);
    return pattern.is(Kind::object_pattern) && add_pattern(pattern);
  }

  bool add_pattern(const Node& pattern) {
    for (const Node& part : pattern.children()) {
      const Node name = part.is(Kind::pair_pattern)                ? part.child(Field::key)
                        : part.is(Kind::object_assignment_pattern) ? part.child(Field::left)
                                                                   : part;
      if (part.is(Kind::rest_pattern) || !add(name.text())) return false;
    }
    return true;
  }

  bool add(std::string_view property) {
    const std::string name(property);
    if (query_.table->column_names.count(name) == 0) return false;
    used_.insert(name);
    return true;
  }

  bool uses_are_known(const Node& function, const Node& declared, bool is_list) {
    bool known = names_.find(declared).name == declared;
    each_node(function, [&](const Node& at) {
      if (at.is(Kind::too_deep, Kind::error)) known = false;
      if (!known || !is_name(at) || at == declared || at.text() != declared.text() ||
          names_.find(at).name != declared)
        return;
      known = at.is(Kind::identifier) && (is_list ? reads_list(widened(at)) : reads_row(widened(at)));
    });
    return known;
  }

  bool reads_list(const Node& list) {
    const Node above = list.parent();
    if (is_first_of(above, list)) return reads_row(widened(above));
    return above.is(Kind::member_expression) && above.child(Field::object) == list &&
           above.text(Field::property) == "length";
  }

  // row.id, a test of the row, const { id } = row
  bool reads_row(const Node& row) {
    const Node above = row.parent();
    switch (above.kind()) {
      case Kind::member_expression:
        return above.child(Field::object) == row && !is_changed(widened(above)) &&
               add(above.text(Field::property));
      case Kind::variable_declarator: {
        const Node pattern = above.child(Field::name);
        return above.child(Field::value) == row && pattern.is(Kind::object_pattern) && add_pattern(pattern);
      }
      case Kind::if_statement:
      case Kind::ternary_expression: return above.child(Field::condition) == row;
      case Kind::unary_expression: return above.text().starts_with("!");
      case Kind::binary_expression: {
        const std::string_view symbol = above.text(Field::operator_);
        return is_one_of(symbol, {"==", "===", "!=", "!=="}) ||
               (symbol == "&&" && above.child(Field::left) == row);
      }
      default: return false;
    }
  }

  static bool is_changed(const Node& member) {
    const Node above = member.parent();
    return (is_assignment(above) && above.child(Field::left) == member) ||
           above.is(Kind::update_expression, Kind::array_pattern, Kind::pair_pattern) ||
           (above.is(Kind::unary_expression) && above.text().starts_with("delete"));
  }

  Bindings& names_;
  const FoundQuery& query_;
  std::set<std::string> used_;
};

}  // namespace

std::vector<UnusedColumns> unused_columns(CodeIndex& index) {
  std::vector<UnusedColumns> out;
  for (const auto& query : index.queries()) {
    if (!selects_all_of_one_table(query) || query.whole.syntax()->errors() > 0) continue;
    const auto used = UsedProperties(index, query).read();
    if (!used || used->size() == query.table->column_names.size()) continue;
    UnusedColumns& found = out.emplace_back(UnusedColumns{query.facts, {}});
    for (const auto& name : *used) found.used.push_back(query.table->column_names.at(name).name);
    std::ranges::sort(found.used);
  }
  return out;
}

}  // namespace pgadvise::drizzle
