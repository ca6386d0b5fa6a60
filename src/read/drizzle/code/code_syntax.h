// Questions about the syntax of code, and the names of typescript/ that this folder and checks/ use. Internal
// to both.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "typescript/bindings.h"

namespace pgadvise::drizzle {

using typescript::annotated_type;
using typescript::argument_at;
using typescript::arguments_of;
using typescript::bare;
using typescript::Binding;
using typescript::Bindings;
using typescript::class_around;
using typescript::Field;
using typescript::function_around;
using typescript::initial_value;
using typescript::is_function;
using typescript::is_name;
using typescript::is_wrapper;
using typescript::Kind;
using typescript::name_of_function;
using typescript::Node;
using typescript::parameter_patterns;
using typescript::Program;
using typescript::Property;
using typescript::returned_values;
using typescript::string_value;
using typescript::Value;
using typescript::ValuePtr;
using Values = Value::Kind;

// Whether the query is awaited, returned, or an element of Promise.all.
bool is_awaited(Node expression);
// Whether the function is an argument of a call that runs it there and then: awaited, or forEach.
bool runs_at_once(const Node& function);
// The identifier that the text begins with; "" if it begins with none.
std::string first_word(std::string_view text);
// The name in placeholder('id') and sql.placeholder('id'); "" for other expressions.
std::string placeholder_in(const Node& expression);
// The name of the method that is called; "" for other calls.
std::string_view method_of(const Node& call);
// The name of the method or function that is called, at most 100 bytes of another callee.
std::string_view name_of_called(const Node& call);
// "orders" of x.orders and x['orders']; "" for other expressions.
std::string member_name(const Node& expression);
// x of x.a.b; the expression itself if it is another one.
Node begin_of_members(Node expression);
// x = 1, x += 1
bool is_assignment(const Node& node);
// What the method is called on.
Node object_of(const Node& call);
// The key of a property as text: "orders" of orders: x and 'orders': x.
std::string key_of(const Node& pair);
// The value of the property of an object literal; empty if it has none of that name.
Node property_of(const Node& object, std::string_view name);
// The same, and the name itself of { name }, and a method of that name.
Node member_of(const Node& object, std::string_view name);
// The property from which an object pattern takes the name; "" if it has no such name.
std::string property_in(const Node& pattern, const Node& name);
// What the expression chooses between: b and c of a ? b : c, a and b of a ?? b; empty for another form.
std::vector<Node> choices_of(const Node& expression);
// Whether the node lies in the text of the other one.
bool is_inside(const Node& node, const Node& outer);

}  // namespace pgadvise::drizzle
