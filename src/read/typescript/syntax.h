// The syntax tree of a TypeScript or JavaScript file. Types and comments are not kept: a type annotation is a
// leaf. Memory: the text and 20 bytes a node.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/source_location.h"

namespace pgadvise::typescript {

// The kinds of nodes and the fields that something here asks about, by their names in the grammar, without
// the underscore at the end that C++ needs. for_in_statement is also for … of.
#define PGADVISE_SYNTAX_KINDS                                                                                \
  program, import_statement, import_clause, namespace_import, named_imports, import_specifier,               \
      import_require_clause, export_statement, export_clause, export_specifier, namespace_export,            \
      lexical_declaration, variable_declaration, variable_declarator, function_declaration,                  \
      function_expression, generator_function, generator_function_declaration, arrow_function,               \
      class_declaration, enum_declaration, enum_body, enum_assignment, formal_parameters,                    \
      required_parameter, optional_parameter, object_pattern, pair_pattern,                                  \
      shorthand_property_identifier_pattern, array_pattern, assignment_pattern, object_assignment_pattern,   \
      rest_pattern, statement_block, return_statement, expression_statement, if_statement, else_clause,      \
      for_statement, for_in_statement, while_statement, do_statement, try_statement, catch_clause,           \
      finally_clause, throw_statement, class_body, public_field_definition, call_expression, new_expression, \
      member_expression, subscript_expression, arguments, identifier, property_identifier,                   \
      shorthand_property_identifier, object, pair, spread_element, method_definition,                        \
      computed_property_name, array, string, string_fragment, escape_sequence, template_string,              \
      template_substitution, number, true_, false_, null, undefined, as_expression, satisfies_expression,    \
      non_null_expression, type_assertion, parenthesized_expression, unary_expression, binary_expression,    \
      ternary_expression, assignment_expression, augmented_assignment_expression, update_expression,         \
      await_expression
#define PGADVISE_SYNTAX_FIELDS                                                                               \
  alias, alternative, argument, arguments, body, condition, consequence, constructor, declaration, function, \
      index, key, kind, left, name, object, operator_, parameter, parameters, pattern, property, right,      \
      source, value

enum class Kind : std::uint8_t {
  none,      // no node
  other,     // any kind that nothing here asks about
  error,     // the parser recovered here
  too_deep,  // what lies deeper than max_depth
  type,      // a type annotation, type arguments, an interface: a leaf
  token,     // a keyword or an operator
  PGADVISE_SYNTAX_KINDS
};

// How a node serves its parent.
enum class Field : std::uint8_t { none, PGADVISE_SYNTAX_FIELDS };

class Node;

// Immutable after parsing; nodes point into it, so it is neither copied nor moved.
class Syntax {
 public:
  Syntax(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {}
  Syntax(const Syntax&) = delete;
  Syntax& operator=(const Syntax&) = delete;

  const std::string& file() const { return file_; }
  const std::string& text() const { return text_; }
  Node root() const;
  int errors() const { return errors_; }  // places where the parser recovered from a syntax error
  SourceLocation location(std::size_t offset) const;

 private:
  friend class Node;
  friend class TreeBuilder;
  struct Entry {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t next = 0;  // the next sibling; 0: none
    std::uint32_t parent = 0;
    Kind kind = Kind::none;
    Field field = Field::none;
    bool has_children = false;
  };
  std::string file_;
  std::string text_;
  std::vector<Entry> entries_;  // in preorder: a first child follows its parent
  std::vector<std::uint32_t> lines_;
  int errors_ = 0;
};

// A pointer to a node; an empty one has Kind::none and no children. Valid as long as its Syntax.
class Node {
 public:
  Node() = default;

  Kind kind() const { return syntax_ ? entry().kind : Kind::none; }
  Field field() const { return syntax_ ? entry().field : Field::none; }
  explicit operator bool() const { return syntax_ != nullptr; }
  // Whether it is of one of the kinds.
  template <std::same_as<Kind>... Kinds>
  bool is(Kinds... kinds) const {
    return syntax_ && ((entry().kind == kinds) || ...);
  }
  auto operator<=>(const Node&) const = default;

  std::string_view text() const;
  std::string_view text(Field field) const { return child(field).text(); }
  std::size_t offset() const { return syntax_ ? entry().begin : 0; }
  SourceLocation location() const;
  const Syntax* syntax() const { return syntax_; }

  Node parent() const;
  Node first() const;             // child
  Node next() const;              // sibling
  Node child(Field field) const;  // the first with this field
  Node child(Kind kind) const;    // the first of this kind
  bool has_token(std::string_view text) const;
  std::vector<Node> children() const;  // without tokens

 private:
  friend class Syntax;
  Node(const Syntax* syntax, std::uint32_t index) : syntax_(syntax), index_(index) {}
  const Syntax::Entry& entry() const { return syntax_->entries_[index_]; }

  const Syntax* syntax_ = nullptr;
  std::uint32_t index_ = 0;
};

// Calls `act` for each node of the subtree until it returns true, for at most `most` nodes. Types and tokens
// are left out, and the last of several children comes first. Whether `act` returned true.
template <class Act>
bool any_node(const Node& root, std::size_t most, Act&& act) {
  std::vector<Node> open{root};
  for (std::size_t count = 0; !open.empty() && count < most; ++count) {
    const Node at = open.back();
    open.pop_back();
    if (act(at)) return true;
    for (Node part = at.first(); part; part = part.next())
      if (!part.is(Kind::token, Kind::type)) open.push_back(part);
  }
  return false;
}

// Calls `act` for each node of the subtree, in the order of any_node().
template <class Act>
void each_node(const Node& root, Act&& act) {
  any_node(root, static_cast<std::size_t>(-1), [&](const Node& at) { return act(at), false; });
}

// Calls `act` for each call in the subtree, in the order of any_node().
template <class Act>
void each_call(const Node& root, Act&& act) {
  each_node(root, [&](const Node& at) {
    if (at.is(Kind::call_expression)) act(at);
  });
}

// Whether the expression only writes another one in a different way: (x), x as T, <T>x, x satisfies T, x!.
bool is_wrapper(const Node& node);
// The expression in it, also of `await x`; empty after a syntax error.
Node inside_wrapper(const Node& wrapper);

// Function of any form: a declaration, an expression, an arrow function, a method or a generator.
bool is_function(const Node& node);

// The value of a string literal's node, or of a template's without substitutions, with escapes resolved;
// nullopt for other nodes.
std::optional<std::string> string_value(const Node& node);

// The characters that an escape sequence, "\\n" or "\\u{41}", stands for.
std::string unescaped(std::string_view escape);

}  // namespace pgadvise::typescript
