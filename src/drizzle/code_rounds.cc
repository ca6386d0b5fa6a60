#include "drizzle/code_rounds.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "drizzle/code_index.h"

namespace pgadvise::drizzle {

using typescript::Kind;
using typescript::Node;

namespace {

// Whether the statement begins with the word.
bool is_word(std::string_view statement, std::string_view word) {
  return statement.starts_with(word) && first_word(statement) == word;
}

}  // namespace

bool ends_early(const Node& body) {
  const auto is_loop = [](const Node& at) {
    return at.is(Kind::for_in_statement) || at.is(Kind::for_statement) || at.is(Kind::while_statement) ||
           at.is(Kind::do_statement) || is_word(at.text(), "switch");
  };
  std::vector<std::pair<Node, bool>> open{{body, false}};  // whether a `break` ends an inner statement
  while (!open.empty()) {
    const auto [at, inner] = open.back();
    open.pop_back();
    if (typescript::is_function(at)) continue;
    if (at.is(Kind::return_statement)) return true;
    if (at.is(Kind::other) && !inner && is_word(at.text(), "break")) return true;
    for (Node part = at.first(); part; part = part.next())
      open.emplace_back(part, inner || (at != body && is_loop(at)));
  }
  // Of a `throw` in the body itself, no round comes after the first.
  const auto statements = body.children();
  return std::any_of(statements.begin(), statements.end(),
                     [](const Node& statement) { return statement.is(Kind::throw_statement); });
}

}  // namespace pgadvise::drizzle
