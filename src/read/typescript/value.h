// What is known of an expression's value without running the program. Calls of functions of other packages
// stay calls: pgTable('a', {…}) is a Value of Kind::call.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "typescript/syntax.h"

namespace pgadvise::typescript {

struct Value;
struct Scope;
using ValuePtr = std::shared_ptr<const Value>;  // never null

struct Property {
  std::string key;
  ValuePtr value;
  Node node;  // where the property is written
};

struct Value {
  enum class Kind {
    unknown,  // `text` is the reason
    undefined,
    null,
    boolean,       // `truth`
    number,        // `text`, as JavaScript prints it
    string,        // `text`
    array,         // `items`
    object,        // `properties`, each key once
    function,      // `node`, `scope`
    module_space,  // import * as: `text` is the file
    external,      // `name` of the package `text`; "*": its namespace, with the package "": a global variable
    member,        // the property `name` of `base`, which is external, a call or a member, or a method
    call,          // of `base` with `items`; also `new`
    tagged,        // base`…`: `strings` around `items`
  };
  Kind kind = Kind::unknown;
  std::string text = {};
  std::string name = {};
  bool truth = false;
  bool is_new = false;
  bool partial = false;  // an array, object or call has further, unknown elements or arguments
  ValuePtr base = {};
  std::vector<ValuePtr> items = {};
  std::vector<Property> properties = {};
  std::vector<std::string> strings = {};
  Node node = {};          // the expression; empty for values without one
  Scope* scope = nullptr;  // owned by the program; null: the module's variables
  int depth = 0;           // of the values inside; set by make()

  // Whether it is of one of the kinds.
  template <std::same_as<Kind>... Kinds>
  bool is(Kinds... kinds) const {
    return ((kind == kinds) || ...);
  }
  const Property* property(std::string_view key) const;
  std::optional<bool> truthy() const;
  std::optional<std::string> as_text() const;  // of primitives: what String() makes of them
};

ValuePtr unknown(std::string why, const Node& node = {});
// Unknown for a value that is nested more than 300 levels deep.
ValuePtr make(Value value);
ValuePtr text_value(std::string text, const Node& node = {});
ValuePtr number_value(double number, const Node& node = {});
ValuePtr boolean_value(bool truth, const Node& node = {});
ValuePtr undefined_value(const Node& node = {});
// What is known of a value that is one of two: what they have in common.
ValuePtr common_value(const ValuePtr& one, const ValuePtr& other, const Node& node);

// Adds or replaces.
void set_property(Value& object, Property property);

}  // namespace pgadvise::typescript
