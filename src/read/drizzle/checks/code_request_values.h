// Values in code that come from a request. Internal to code_raw_sql.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "drizzle/code/code_index.h"

namespace pgadvise::drizzle {

// {"order", "name"} of body.order[0].name.
using MemberPath = std::vector<std::string>;

// body of body.order.ids[0]; the call of f().id.
Node root_of(Node node);
// Of a variable, its initial value; the expression itself otherwise.
Node origin_of(Bindings& names, const Node& expression);

// Whether the text is that of a request's value: req.query.sort, c.req.param('id'), searchParams.get('q').
// What c.req.valid() gives is not: its schema says what it is.
bool is_request_text(std::string_view text);
// await request.json(): what the client sent, unchecked.
bool is_body(const Node& value);

class RequestValues {
 public:
  explicit RequestValues(CodeIndex& index) : index_(index), names_(index.names()) {}

  // Whether the expression, or its member at the path, may be any text that a client sent: req.query.sort,
  // body.name; input.name of a procedure, which gets ({ ctx, input }), and opts.input.name; params.id of a
  // page; cookies().get('a').value of next/headers; form.get('name'); a member of what NestJS gives as
  // @Query(), @Body(), @Param() or @Headers(). Also through variables. Where a schema of a validator (Zod and
  // those like it) or a class with decorators has the value, it decides; an unknown schema limits all.
  bool is_free_text(const Node& node, const MemberPath& below = {}, int depth = 0);
  // The same of a parameter of a NestJS method, @Query('sort') sort: string; nullopt for other parameters.
  std::optional<bool> is_free_parameter(const Binding& binding);

 private:
  std::optional<bool> by_schema(const Node& call, const MemberPath& path);
  bool by_input_schema(const Node& function, const MemberPath& path);
  bool leaves_free(const Node& schema, MemberPath path, int depth = 0);
  bool is_free_call(const Node& call);
  bool is_free_member(const Binding& variable, const MemberPath& path, int depth);
  bool is_form(const Node& expression);
  bool is_cookie(const Node& call, const MemberPath& path);
  bool is_next(const Node& expression, std::string_view function);
  Node nest_decorator(const Binding& binding);
  bool is_nest_member(const Binding& binding, const MemberPath& path);
  bool is_entry(const Node& function);

  CodeIndex& index_;
  Bindings& names_;
  std::optional<std::set<Node>> entries_;  // nullopt: not looked for yet
};

}  // namespace pgadvise::drizzle
