#include "drizzle/checks/code_rounds.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text/text.h"

namespace pgadvise::drizzle {
namespace {

// Whether the statement begins with the word.
bool is_word(std::string_view statement, std::string_view word) {
  return statement.starts_with(word) && first_word(statement) == word;
}

constexpr std::size_t max_nodes_of_body = 4000;  // of a body that is searched

// Whether code of a round declares the name: the loop's body, or with `called` any function.
bool declared_in_round(const Node& name, const Node& body, bool called) {
  if (!name) return false;
  if (called) return static_cast<bool>(function_around(name));
  return is_inside(name, body);
}

}  // namespace

std::string element_of(const Node& loop, const std::vector<Node>& names) {
  if (names.size() != 1 || loop.is(Kind::for_statement) || !names.front().is(Kind::identifier)) return {};
  const Node name = names.front(), above = name.parent();
  const bool pattern = above.is(Kind::object_pattern, Kind::array_pattern);
  const bool whole = above == loop || is_function(above) || above.text() == name.text() ||
                     (above.parent() && is_function(above.parent()) && !pattern);
  return whole ? std::string(name.text()) : std::string();
}

bool goes_over_list(const Node& loop) {
  if (!loop.is(Kind::for_in_statement)) return true;
  return !loop.child(Field::left).is(Kind::array_pattern) &&
         (loop.has_token("of") || loop.text(Field::operator_) == "of");
}

std::string database_outside(CodeIndex& index, const Node& body, const FoundQuery& query, bool called) {
  const Node root = begin_of_members(bare(query.receiver));
  const bool own = root.text() == "this";
  if (!root || (!own && !root.is(Kind::identifier)) || (own && called)) return {};
  if (!own && declared_in_round(index.names().find(root).name, body, called)) return {};
  return std::string(query.receiver.text());
}

bool writes_by_row(CodeIndex& index, const Node& body, const std::vector<Node>& names,
                   const FoundQuery& query, bool called) {
  if (query.facts.kind == QueryKind::insert)
    return query.link("onConflictDoNothing") || query.link("onConflictDoUpdate");
  if (query.facts.kind != QueryKind::update) return false;
  const Node set = argument_of(query, "set");
  return !set || any_node(set, max_nodes_of_body, [&](const Node& at) {
    if (at.is(Kind::call_expression) && !placeholder_in(at).empty()) return true;
    if (!is_name(at)) return false;
    const Node name = index.names().find(at).name;
    return declared_in_round(name, body, called) || std::ranges::find(names, name) != names.end();
  });
}

namespace {

// The name of the loop's row, if the query reads the row again by the column of `key`; else empty.
Node row_of(CodeIndex& index, const FoundQuery& query, const Comparison& key, const RowSource& rows) {
  const auto &tables = query.facts.tables, &tables_of_rows = rows.query->facts.tables;
  const Node value = bare(key.value);
  if (query.facts.kind != QueryKind::select || rows.nested || tables.empty() || tables_of_rows.empty() ||
      tables.front() != tables_of_rows.front() || !value.is(Kind::member_expression) ||
      value.text(Field::property) != key.column)
    return {};
  const Node row = bare(value.child(Field::object));
  return row.is(Kind::identifier) ? index.names().find(row).name : Node();
}

// Whether the round awaits, before the query, a call of something else that has such an argument.
template <class Holds>
bool calls_before(CodeIndex& index, const Node& body, const FoundQuery& query, Holds&& holds) {
  return any_node(body, max_nodes_of_body, [&](const Node& at) {
    if (!at.is(Kind::await_expression) || at.offset() >= query.whole.offset()) return false;
    const Node call = bare(at);
    if (!call.is(Kind::call_expression) || index.query(call)) return false;
    return std::ranges::any_of(arguments_of(call), [&](const Node& one) { return holds(bare(one)); });
  });
}

}  // namespace

bool reads_again(CodeIndex& index, const Node& body, const FoundQuery& query, const Comparison& key,
                 const RowSource& rows) {
  const Node name = row_of(index, query, key, rows);
  return name && calls_before(index, body, query, [&](const Node& argument) {
           return argument.is(Kind::identifier) && index.names().find(argument).name == name;
         });
}

bool may_read_again(CodeIndex& index, const Node& body, const FoundQuery& query, const Comparison& key,
                    const RowSource& rows) {
  const std::string_view value = bare(key.value).text();
  return row_of(index, query, key, rows) &&
         calls_before(index, body, query, [&](const Node& argument) { return argument.text() == value; });
}

bool ends_early(const Node& body) {
  const auto is_loop = [](const Node& at) {
    return at.is(Kind::for_in_statement, Kind::for_statement, Kind::while_statement, Kind::do_statement) ||
           is_word(at.text(), "switch");
  };
  std::vector<std::pair<Node, bool>> open{{body, false}};  // whether a `break` ends an inner statement
  while (!open.empty()) {
    const auto [at, inner] = open.back();
    open.pop_back();
    if (is_function(at)) continue;
    if (at.is(Kind::return_statement)) return true;
    if (at.is(Kind::other) && !inner && is_word(at.text(), "break")) return true;
    for (Node part = at.first(); part; part = part.next())
      open.emplace_back(part, inner || (at != body && is_loop(at)));
  }
  // Of a `throw` in the body itself, no round comes after the first.
  return std::ranges::any_of(body.children(),
                             [](const Node& statement) { return statement.is(Kind::throw_statement); });
}

std::string in_one_line(const CodeIndex& index, const Node& node) {
  Node part = node;
  if (contains(node.text(), "\n") && !index.query(node))
    for (Node at = node; at.is(Kind::call_expression, Kind::member_expression);) {
      if (at.is(Kind::call_expression)) part = at;
      at = bare(at.child(at.is(Kind::call_expression) ? Field::function : Field::object));
    }
  std::string out;
  const std::string_view text = part.text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && out.ends_with(' ') && !text.substr(i).starts_with("..")) out.pop_back();
    if (!std::isspace(static_cast<unsigned char>(c))) out += c;
    else if (!out.ends_with(' ')) out += ' ';
  }
  return ellipsis(part == node ? out : out + "…", 60);
}

}  // namespace pgadvise::drizzle
