// Values in code that come from a request, and what schemas of validators say of them. Internal to
// code_raw_sql.
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
MemberPath path_of(typescript::Node node);

// body of body.order.ids[0]; the call of f().id.
typescript::Node root_of(typescript::Node node);
// Of a variable, its initial value; the expression itself otherwise.
typescript::Node origin_of(typescript::Bindings& names, const typescript::Node& expression);

// Whether the text is that of a request's value: req.query.sort, c.req.param('id'), searchParams.get('q').
// What c.req.valid() gives is not: its schema says what it is.
bool is_request_text(std::string_view text);
// await request.json(): what the client sent, unchecked.
bool is_body(const typescript::Node& value);

// What the schemas of a validator (Zod and those like it) say of a value.
class Schemas {
 public:
  explicit Schemas(typescript::Bindings& names) : names_(names) {}

  // Whether the member of what c.req.valid() or schema.parse(request's value) gives may be any text. false
  // also if the schema is not known; nullopt if the expression is no such call.
  std::optional<bool> may_be_any_text(const typescript::Node& call, MemberPath path);

  // Whether a procedure's input may have any text in the member: .input(z.object({ id: z.string().uuid()
  // })).query(function). true if it has no schema.
  bool input_may_be_any_text(const typescript::Node& function, const MemberPath& path);

 private:
  bool is_text(const typescript::Node& schema, MemberPath path, int depth);

  typescript::Bindings& names_;
};

// Which expressions are values of a request.
class RequestValues {
 public:
  explicit RequestValues(CodeIndex& index) : index_(index), names_(index.names()), schemas_(names_) {}

  // A member of a request: req.query.sort, body.name; input.name of a procedure, which gets ({ ctx, input }),
  // and opts.input.name; params.id of a page; cookies().get('a').value of next/headers; a member of what
  // NestJS gives as @Query(), @Body(), @Param() or @Headers(), unless its class limits it by a decorator.
  // Also through variables. `path`: that of the member below its root, or of a part of it.
  bool is_member(const typescript::Node& node, const MemberPath& path, int depth = 0);
  // What a call gives: c.req.query('q'), form.get('name') of a form that the client sent, headers().get('a').
  bool is_call(const typescript::Node& call);
  // Of a parameter of a NestJS method, @Query('sort') sort: string: whether it is text that no pipe checks;
  // nullopt if it is none of a request.
  std::optional<bool> is_parameter(const typescript::Binding& binding);
  // What Schemas::may_be_any_text() says of the member.
  std::optional<bool> by_schema(const typescript::Node& call, MemberPath path) {
    return schemas_.may_be_any_text(call, std::move(path));
  }

 private:
  bool is_form(const typescript::Node& expression);
  bool is_next(const typescript::Node& expression, std::string_view function);
  bool is_member_of_variable(const typescript::Binding& binding, const MemberPath& path, int depth);
  typescript::Node nest_decorator(const typescript::Binding& binding);
  bool is_nest_member(const typescript::Binding& binding, const MemberPath& path);
  const std::set<typescript::Node>& entries();

  CodeIndex& index_;
  typescript::Bindings& names_;
  Schemas schemas_;
  std::optional<std::set<typescript::Node>> entries_;  // nullopt: not looked for yet
};

}  // namespace pgadvise::drizzle
