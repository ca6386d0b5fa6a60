#include "drizzle/code_limits.h"

#include <cstddef>
#include <set>

namespace pgadvise::drizzle {
namespace {

using typescript::bare;
using typescript::Binding;
using typescript::Field;
using typescript::Kind;
using typescript::Node;

constexpr std::size_t max_nodes = 4000;  // of a loop or a function
constexpr int max_followed = 3;          // variables

// The declarator of the variable that gets the query's rows; empty if there is none.
Node declarator_of(CodeIndex& index, const FoundQuery& query) {
  Node at = query.whole;
  while (bare(at.parent()) == query.whole) at = at.parent();
  const Node above = at.parent();
  if (above.is(Kind::assignment_expression) && above.child(Field::left).is(Kind::identifier))
    return index.names().find(above.child(Field::left)).owner;
  return above.is(Kind::variable_declarator) && above.child(Field::name).is(Kind::identifier) ? above
                                                                                              : Node();
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

class Reader {
 public:
  Reader(CodeIndex& index, const FoundQuery& query)
      : index_(index), query_(query), declarator_(declarator_of(index, query)) {}

  bool takes_any_rows() {
    return (argument_of(query_, "limit").text() == "2" &&
            counts(typescript::function_around(query_.whole))) ||
           empties(loop());
  }

 private:
  // The loop in whose rounds the query runs; empty in none, or where a function lies between.
  Node loop() const {
    for (Node at = query_.whole.parent(); at && !typescript::is_function(at); at = at.parent())
      if (at.is(Kind::while_statement) || at.is(Kind::do_statement) || at.is(Kind::for_statement)) return at;
    return {};
  }

  // rows.length > 1
  bool counts(const Node& function) {
    return declarator_ && any_node(function, max_nodes, [&](const Node& at) {
             return at.is(Kind::member_expression) && at.child(Field::property).text() == "length" &&
                    at.parent().is(Kind::binary_expression) && uses(at.child(Field::object), 0);
           });
  }

  // Whether a later DELETE or UPDATE of the loop uses the rows.
  bool empties(const Node& loop) {
    return declarator_ && any_node(loop, max_nodes, [&](const Node& at) {
             const FoundQuery* other = at.offset() > query_.whole.offset() ? index_.query(at) : nullptr;
             return other &&
                    (other->facts.kind == CodeQuery::Kind::delete_ ||
                     other->facts.kind == CodeQuery::Kind::update) &&
                    any_node(other->whole, max_nodes, [&](const Node& part) { return uses(part, 0); });
           });
  }

  // Whether the identifier means the rows, or a value of them: const ids = rows.map(…), for (const row of
  // rows)
  bool uses(const Node& identifier, int depth) {
    if (!identifier.is(Kind::identifier) || depth > max_followed) return false;
    const Binding& binding = index_.names().find(identifier);
    if (binding.owner && binding.owner == declarator_) return true;
    const Node value = value_of(binding);
    return value && seen_.insert(binding.name).second &&
           any_node(value, max_nodes, [&](const Node& part) { return uses(part, depth + 1); });
  }

  CodeIndex& index_;
  const FoundQuery& query_;
  Node declarator_;
  std::set<Node> seen_;  // names whose values were searched
};

}  // namespace

bool takes_any_rows(CodeIndex& index, const FoundQuery& query) {
  const CodeQuery& facts = query.facts;
  if (facts.kind != CodeQuery::Kind::select || !facts.limited || facts.ordered) return false;
  return Reader(index, query).takes_any_rows();
}

}  // namespace pgadvise::drizzle
