// Owns libpg_query's parse tree, with helpers for walking it. Internal to src/read/sql.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pg_query.h>
#include <pg_query.pb-c.h>

#include "base/result.h"

namespace pgadvise::sql {

using Node = PgQuery__Node;

// The kind of a node: NODE(FUNC_CALL).
#define NODE(name) PG_QUERY__NODE__NODE_##name
inline bool is(const Node* node, PgQuery__Node__NodeCase kind) { return node && node->node_case == kind; }

using NodeList = std::span<Node* const>;
// A repeated field of a message: NODES(call, args), NODES(*node->func_call, args).
#define NODES(of, field) NodeList((of).field, (of).n_##field)
// The kind of a PgQuery__AExpr: AEXPR(IN).
#define AEXPR(name) PG_QUERY__A__EXPR__KIND__AEXPR_##name

struct ParseFailure {
  std::string what;        // without the literal at the error's location
  std::size_t offset = 0;  // in bytes
  Error error() const { return {Error::Kind::nonfatal, {}, what, {}}; }
};

class Tree {
 public:
  static tl::expected<Tree, ParseFailure> parse(std::string_view text);
  std::size_t size() const { return root_->n_stmts; }
  const Node* statement(std::size_t i) const { return root_->stmts[i]->stmt; }

 private:
  // A tree is allocated and freed as a whole: with one memory arena a replay executes 7 % fewer instructions.
  using Arena = std::unique_ptr<std::pmr::monotonic_buffer_resource>;
  Tree(Arena arena, PgQuery__ParseResult* root) : arena_(std::move(arena)), root_(root) {}
  Arena arena_;
  PgQuery__ParseResult* root_;
};

// Prepares a statement for the parser. PostgreSQL's scanner takes quadratic time for text like "/*/*/*…", as
// it reads each comment that opens in a run of operator characters to the end of the run. So a statement with
// many comments gets spaces in their place.
std::string parser_input(std::string_view text);

// Parses through protobuf: slower than Tree::parse(), which calls this function for fields that read_tree()
// does not know. nullptr: the statement does not parse.
PgQuery__ParseResult* read_packed_tree(const std::string& text, std::pmr::memory_resource& arena);

// Runs `work` on a thread whose stack suffices for a tree of this depth: the current one, or one with a large
// stack. Returns false, without running `work`, if the tree is too deep.
bool with_stack(int depth, const std::function<void()>& work);
extern const ParseFailure too_deep;

// Calls `visit` with each statement of a text, on such a stack. Errors: it does not parse, or is too deep.
tl::expected<void, ParseFailure> each_statement(std::string_view text,
                                                const std::function<void(const Node&)>& visit);

// Calls `work` with the tree of a text that is one expression, and doesn't with any other text.
void with_expression(std::string_view expression, const std::function<void(const Node&)>& work);
// The expression of a SELECT that has nothing else; nullptr: it has, or the node is no SELECT.
const Node* only_expression(const Node* select);

// Every direct child message, in field order.
void each_child(const ProtobufCMessage& message, const std::function<void(const ProtobufCMessage&)>& visit);
// Visits every Node at or below the message, parents first; the visitor returns false to skip the children of
// a node.
void each_node(const ProtobufCMessage& message, const std::function<bool(const Node&)>& visit);
inline const ProtobufCMessage& message(const Node& node) { return node.base; }

// Strings of a list of String nodes.
std::vector<std::string> strings(NodeList list);
std::string string_value(const Node* node);  // "" when it isn't a String
// The last part of a qualified name; "" of an empty list, and of the star in t.*.
std::string last_name(NodeList names);
std::string last_name(const PgQuery__FuncCall& call);  // "count" of pg_catalog.count(*)
std::string last_name(const PgQuery__ColumnRef& reference);
// The operator of `a < b`: "<"; "" of none.
std::string operator_name(const PgQuery__AExpr& expression);
// Below any casts. nullptr-safe.
const Node* without_casts(const Node* node);
// The items of a List, or the elements of ARRAY[…]; empty for other nodes, and for nullptr.
NodeList list_items(const Node* node);
// What AND joins; empty for other nodes, and for nullptr.
NodeList conjuncts(const Node* node);
// A constant as text, and whether the node is a constant (NULL is not). nullptr-safe.
struct Constant {
  bool is_constant = false;
  bool is_null = false;
  std::string text;
};
Constant constant(const Node* node);
// Whether a WHERE leaves no row out: TRUE, 1 = 1, $1 = $1, and what AND and OR make of them; nullptr: there
// is none.
bool filters_nothing(const Node* where);
bool is_star(const Node* node);

// Deparsed SQL; empty if the deparser fails.
std::string expression_text(const Node* node);
std::string deparsed_expression(const Node& node);  // the same, always by the deparser
std::string statement_text(const Node* node);

// The name that the server gives to a SELECT's output column or an index expression; empty if none.
std::string figure_name(const Node* expression);

// Each column reference's last name, once, in order. nullptr-safe.
std::vector<std::string> column_names(const Node* expression);
std::vector<std::string> column_names(const ProtobufCMessage& tree);

}  // namespace pgadvise::sql
