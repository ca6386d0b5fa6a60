// libpg_query's typed tree, owned, with the few helpers that every walker needs. Internal to src/sql.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include <pg_query.h>
#include <pg_query.pb-c.h>

#include "base/result.h"

namespace pgadvise::sql {

using Node = PgQuery__Node;

struct NodeList {
  std::size_t count = 0;
  Node* const* items = nullptr;
  NodeList() = default;
  NodeList(std::size_t n, Node* const* data) : count(n), items(data) {}
  const Node* const* begin() const { return items; }
  const Node* const* end() const { return items + count; }
  std::size_t size() const { return count; }
  bool empty() const { return count == 0; }
  const Node* operator[](std::size_t i) const { return items[i]; }
  const Node* back() const { return items[count - 1]; }
};

struct ParseFailure {
  std::string what;        // a literal at the place of the error is not repeated
  std::size_t offset = 0;  // in bytes
  Error error() const { return {Error::Kind::nonfatal, {}, what, {}}; }
};

class Tree {
 public:
  static tl::expected<Tree, ParseFailure> parse(std::string_view text);
  std::size_t size() const { return root_->n_stmts; }
  const Node* statement(std::size_t i) const { return root_->stmts[i]->stmt; }

 private:
  // A tree is made and thrown away as a whole: in one piece of memory a replay takes 7 % fewer instructions.
  using Arena = std::unique_ptr<std::pmr::monotonic_buffer_resource>;
  Tree(Arena arena, PgQuery__ParseResult* root) : arena_(std::move(arena)), root_(root) {}
  Arena arena_;
  PgQuery__ParseResult* root_;
};

// The statement as the parser gets it. PostgreSQL's scanner looks at each comment that opens in a run of
// operator characters to the end of the run, so that "/*/*/*…" takes quadratic time: where comments are many,
// they become spaces.
std::string parser_input(std::string_view text);

// The tree by way of protobuf: slower than Tree::parse(), which comes here for what read_tree() doesn't know.
// nullptr: does not parse.
PgQuery__ParseResult* read_packed_tree(const std::string& text, std::pmr::memory_resource& arena);

// Runs `work` where a tree of that depth can be walked: here, or on a thread with a large stack. False, and
// `work` not run, when it is too deep for anything.
bool with_stack(int depth, const std::function<void()>& work);
extern const ParseFailure too_deep;

// Every message that the message holds, in field order.
void each_child(const ProtobufCMessage& message, const std::function<void(const ProtobufCMessage&)>& visit);
// Every Node at or under the message, parents first; the visitor returns false to pass over what a node
// holds.
void each_node(const ProtobufCMessage& message, const std::function<bool(const Node&)>& visit);
inline const ProtobufCMessage& message(const Node& node) { return node.base; }

// Strings of a list of String nodes.
std::vector<std::string> strings(NodeList list);
std::string string_value(const Node* node);  // "" when it isn't a String
// A constant as text; nullptr-safe. Second: it was one (NULL is not).
struct Constant {
  bool is_constant = false;
  bool is_null = false;
  std::string text;
};
Constant constant(const Node* node);
bool is_star(const Node* node);

// Deparsed SQL. Empty when the deparser refuses.
std::string expression_text(const Node* node);
std::string deparsed_expression(const Node& node);  // the same, always by the deparser
std::string statement_text(const Node* node);

// The name that a SELECT's output column or an index's expression gets; empty: none.
std::string figure_name(const Node* expression);

// A name cut to 63 bytes as the server does, not inside a UTF-8 character.
std::string clip_name(std::string_view name, std::size_t bytes = 63);

}  // namespace pgadvise::sql
