#include <cstddef>
#include <map>

#include "drizzle/checks/code_checks.h"

namespace pgadvise::drizzle {
namespace {

// Of an element of Promise.all's list, the name in `const [users, orders] = await Promise.all([…])`.
Node part_of_all(const Node& element, const Node& list) {
  const Node call = list.parent().parent();
  if (!list.parent().is(Kind::arguments) || call.text(Field::function) != "Promise.all") return {};
  Node at = call;
  while (bare(at.parent()) == call) at = at.parent();
  const Node names = at.parent().is(Kind::variable_declarator) ? at.parent().child(Field::name) : Node();
  const auto elements = list.children(), parts = names.children();
  // `[, orders]` has fewer parts than elements.
  if (!names.is(Kind::array_pattern) || parts.size() != elements.size()) return {};
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (elements[i] == element && parts[i].is(Kind::identifier)) return parts[i];
  return {};
}

// The name of the variable that gets the query's rows; empty without one.
Node variable_of(CodeIndex& index, const FoundQuery& query) {
  Node at = query.whole;
  while (bare(at.parent()) == query.whole) at = at.parent();
  const Node above = at.parent();
  if (above.is(Kind::assignment_expression) && above.child(Field::left).is(Kind::identifier))
    return index.names().find(above.child(Field::left)).name;
  if (above.is(Kind::array)) return part_of_all(at, above);
  const Node name = above.is(Kind::variable_declarator) ? above.child(Field::name) : Node();
  return name.is(Kind::identifier) ? name : Node();
}

// What gives the name its value: a variable's initial value, what for … of or a method goes over.
Node value_of(const Binding& binding) {
  switch (binding.kind) {
    case Binding::Kind::variable: return binding.owner.child(Field::value);
    case Binding::Kind::element: return binding.owner.child(Field::right);
    case Binding::Kind::parameter:
      return binding.owner.parent().is(Kind::arguments) ? object_of(binding.owner.parent().parent()) : Node();
    default: return {};
  }
}

class LimitedRows {
 public:
  LimitedRows(CodeIndex& index, const FoundQuery& query)
      : index_(index), query_(query), name_(variable_of(index, query)) {}

  bool takes_any_rows() {
    return (argument_of(query_, "limit").text() == "2" && counts(function_around(query_.whole))) ||
           empties(loop());
  }

 private:
  static constexpr std::size_t max_nodes = 4000;  // of a loop or a function
  static constexpr int max_followed = 3;          // variables

  // The loop in whose rounds the query runs; empty in none, or where a function lies between.
  Node loop() const {
    for (Node at = query_.whole.parent(); at && !is_function(at); at = at.parent())
      if (at.is(Kind::while_statement, Kind::do_statement, Kind::for_statement)) return at;
    return {};
  }

  // rows.length > 1, also in a function of the project that gets the rows
  bool counts(const Node& function) {
    return name_ && any_node(function, max_nodes, [&](const Node& at) {
             if (at.is(Kind::call_expression)) return counts_given(at);
             return is_compared_length(at) && uses(at.child(Field::object), 0);
           });
  }

  static bool is_compared_length(const Node& at) {
    return at.is(Kind::member_expression) && at.text(Field::property) == "length" &&
           at.parent().is(Kind::binary_expression);
  }

  bool counts_given(const Node& call) {
    const auto arguments = arguments_of(call);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (!any_node(arguments[i], max_nodes, [&](const Node& part) { return uses(part, 0); })) continue;
      const Node called = index_.names().called(call);
      return called && any_node(called.child(Field::body), max_nodes, [&](const Node& at) {
               const Node object = is_compared_length(at) ? bare(at.child(Field::object)) : Node();
               if (!object.is(Kind::identifier)) return false;
               const Binding& binding = index_.names().find(object);
               return binding.kind == Binding::Kind::parameter && binding.owner == called &&
                      binding.index == i;
             });
    }
    return false;
  }

  // Whether a later DELETE or UPDATE of the loop uses the rows.
  bool empties(const Node& loop) {
    return name_ && any_node(loop, max_nodes, [&](const Node& at) {
             const FoundQuery* other = at.offset() > query_.whole.offset() ? index_.query(at) : nullptr;
             return other &&
                    (other->facts.kind == QueryKind::delete_ || other->facts.kind == QueryKind::update) &&
                    any_node(other->whole, max_nodes, [&](const Node& part) { return uses(part, 0); });
           });
  }

  // Whether the identifier means the rows, or a value of them: const ids = rows.map(…), for (const row of
  // rows)
  bool uses(const Node& identifier, int depth) {
    if (!identifier.is(Kind::identifier) || depth > max_followed) return false;
    const Binding& binding = index_.names().find(identifier);
    if (binding.name && binding.name == name_) return true;
    const Node value = value_of(binding);
    if (!value) return false;
    const auto [entry, is_new] = known_.try_emplace(binding.name, false);
    if (is_new)
      entry->second = any_node(value, max_nodes, [&](const Node& part) { return uses(part, depth + 1); });
    return entry->second;
  }

  CodeIndex& index_;
  const FoundQuery& query_;
  Node name_;                   // of the variable with the rows
  std::map<Node, bool> known_;  // by name: whether its value is made of the rows
};

}  // namespace

bool takes_any_rows(CodeIndex& index, const FoundQuery& query) {
  const CodeQuery& facts = query.facts;
  if (facts.kind != QueryKind::select || !facts.limited || facts.ordered) return false;
  return LimitedRows(index, query).takes_any_rows();
}

}  // namespace pgadvise::drizzle
