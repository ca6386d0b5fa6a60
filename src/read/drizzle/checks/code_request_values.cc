#include "drizzle/checks/code_request_values.h"

#include <algorithm>
#include <utility>

#include "base/text/text.h"
#include "drizzle/code/code_entries.h"

namespace pgadvise::drizzle {
namespace {

constexpr int max_steps_to_request = 4;  // variables and calls

// Whether the schema of a property is one of text, without a limit to certain characters.
bool is_free(std::string_view schema) {
  static constexpr auto limits = word_list(
      "uuid(", "number(", "int(", "enum(", "Enum(", "boolean(", "date(", "cuid(", "cuid2(", "ulid(",
      "nanoid(", "literal(", "regex(", "bigint(", "guid(", "ip(", "ipv4(", "ipv6(", "datetime(", "time(",
      "picklist(", "union(", "efine(", "check(", "custom(", "transform(", "pipe(", "preprocess(");
  return contains(schema, "string(") && !contains_any(schema, limits);
}

// app.get('/', zValidator('query', schema), (c) => c.req.valid('query'))
Node route_schema(const Node& call) {
  const auto of_call = arguments_of(call);
  if (of_call.empty()) return {};
  const std::string target = string_value(of_call.front()).value_or(std::string());
  Node function = function_around(call);
  for (int steps = 0; function && steps < max_steps_to_request; ++steps) {
    const Node list = function.parent();
    for (const Node& part : list.is(Kind::arguments) ? list.children() : std::vector<Node>()) {
      const auto arguments = arguments_of(part);
      if (arguments.size() > 1 && contains(lower(part.text(Field::function)), "validator") &&
          string_value(arguments.front()).value_or(std::string()) == target)
        return arguments[1];
    }
    function = function_around(function);
  }
  return {};
}

// Whether a class for validation leaves the property's text free: its type is text, and its decorators say
// nothing of the characters.
bool has_free_text(const Node& class_body, std::string_view property) {
  static constexpr auto vague = word_list("IsString", "IsOptional", "IsNotEmpty", "IsDefined", "MinLength",
                                          "MaxLength", "ApiPropertyOptional", "Length", "ApiProperty");
  bool free = true;  // by the decorators so far
  const auto add = [&](const Node& part) {
    if (part.text().starts_with('@')) free = free && is_one_of(first_word(part.text().substr(1)), vague);
  };
  for (const Node& part : class_body.children()) {
    if (part.is(Kind::public_field_definition) && part.text(Field::name) == property) {
      std::ranges::for_each(part.children(), add);
      return free && is_one_of(annotated_type(part), {"string", "any", "string | undefined"});
    }
    if (part.is(Kind::public_field_definition) || !part.text().starts_with('@')) free = true;
    else add(part);
  }
  return false;
}

MemberPath path_of(Node node) {
  MemberPath out;
  for (; node.is(Kind::member_expression, Kind::subscript_expression); node = bare(node.child(Field::object)))
    if (node.is(Kind::member_expression) || node.child(Field::index).is(Kind::string))
      out.push_back(member_name(node));
  std::ranges::reverse(out);
  return out;
}

}  // namespace

Node root_of(Node node) {
  while (node.is(Kind::member_expression, Kind::subscript_expression)) node = bare(node.child(Field::object));
  return node;
}

bool is_request_text(std::string_view text) {
  static constexpr auto starts =
      word_list("req.query", "req.params", "req.body", "request.query", "request.params", "request.body",
                "c.req.", "ctx.req.", "event.body", "ctx.query.", "ctx.params.", "ctx.request.",
                "searchParams.get(", "url.searchParams.get(", "req.nextUrl.searchParams.get(",
                "request.nextUrl.searchParams.get(", "req.headers.get(", "request.headers.get(");
  if (text.ends_with(".length") || text.starts_with("c.req.valid(") || text.starts_with("ctx.req.valid("))
    return false;
  return std::ranges::any_of(starts, [&](std::string_view one) { return text.starts_with(one); }) ||
         (text.starts_with("new URL(") && contains(text, ".url).searchParams.get("));
}

bool is_body(const Node& value) {
  return value.is(Kind::call_expression) && arguments_of(value).empty() &&
         is_one_of(method_of(value), {"json", "text", "formData", "parseBody"}) &&
         is_one_of(object_of(value).text(), {"request", "req", "c.req", "ctx.req"});
}

Node origin_of(Bindings& names, const Node& expression) {
  const Node node = bare(expression);
  if (!is_name(node)) return node;
  const Node value = initial_value(names.find(node).owner);
  return value ? value : node;
}

// What the schema says of a member of what c.req.valid() or schema.parse(request's value) gives; nullopt for
// other expressions.
std::optional<bool> RequestValues::by_schema(const Node& call, const MemberPath& path) {
  const std::string_view method = method_of(call);
  const Node object = object_of(call);
  if (method == "valid" && object.text().ends_with("req")) return leaves_free(route_schema(call), path);
  if (!is_one_of(method, {"parse", "parseAsync"}) || object.text() == "JSON") return std::nullopt;
  const Node parsed = origin_of(names_, argument_at(call));
  if (!is_body(parsed) && !is_request_text(parsed.text())) return std::nullopt;
  return leaves_free(object, path);
}

// Of a procedure's input: .input(z.object({ id: z.string().uuid() })).query(function). true without a schema.
bool RequestValues::by_input_schema(const Node& function, const MemberPath& path) {
  bool has_schema = false;
  Node link = function.parent().parent().child(Field::function).child(Field::object);
  for (int steps = 0; link.is(Kind::call_expression) && steps < max_steps_to_request; ++steps) {
    if (const Node schema = method_of(link) == "input" ? argument_at(link) : Node()) {
      if (leaves_free(schema, path)) return true;
      has_schema = true;
    }
    link = object_of(link);
  }
  return !has_schema;
}

// Whether the schema lets any text be in the member.
bool RequestValues::leaves_free(const Node& schema, MemberPath path, int depth) {
  Node link = origin_of(names_, schema);
  if (depth > 2 * max_steps_to_request) return false;
  if (is_name(link)) {
    const Node declared = names_.declaration(link);
    return declared.is(Kind::variable_declarator) &&
           leaves_free(declared.child(Field::value), std::move(path), depth + 1);
  }
  if (path.empty()) return is_free(link.text());
  for (int steps = 0; link.is(Kind::call_expression) && steps < 2 * max_steps_to_request; ++steps) {
    const std::string_view method = method_of(link);
    if (contains_any(method, {"efine", "transform", "pipe", "merge", "xtend", "preprocess"})) return false;
    if (method == "array") return leaves_free(argument_at(link), std::move(path), depth + 1);
    if (is_one_of(method, {"object", "strictObject", "looseObject"})) {
      const Node part = property_of(argument_at(link), path.front());
      path.erase(path.begin());
      return part && leaves_free(part, std::move(path), depth + 1);
    }
    link = bare(object_of(link));
  }
  return is_name(link) && leaves_free(link, std::move(path), depth + 1);
}

bool RequestValues::is_free_text(const Node& node, const MemberPath& below, int depth) {
  if (depth > max_steps_to_request || node.text().ends_with(".length")) return false;
  MemberPath path = path_of(node);
  path.insert(path.end(), below.begin(), below.end());
  const Node root = root_of(node), origin = origin_of(names_, root);
  if (const auto free = by_schema(origin, path)) return *free;
  if (path.empty()) return is_free_call(node);
  if (is_request_text(node.text()) || is_request_text(std::string(root.text()) + "." + join(path, ".")) ||
      is_body(origin))
    return true;
  if (root.is(Kind::call_expression)) return is_cookie(root, path);
  if (!root.is(Kind::identifier)) return false;
  const Binding& binding = names_.find(root);
  if (binding.kind == Binding::Kind::variable) return is_free_member(binding, path, depth);
  if (binding.kind != Binding::Kind::parameter) return false;
  if (binding.pattern.is(Kind::object_pattern)) {
    if (root.text() == "input") return by_input_schema(binding.owner, path);
    return is_one_of(root.text(), {"params", "searchParams"}) && is_entry(binding.owner);
  }
  if (is_nest_member(binding, path)) return true;
  if (path.size() < 2 || !is_entry(binding.owner)) return false;
  if (is_one_of(path.front(), {"params", "searchParams"})) return true;  // props.searchParams.sort
  return path.front() == "input" && by_input_schema(binding.owner, {path.begin() + 1, path.end()});
}

// const query = await props.searchParams; const { query } = req
bool RequestValues::is_free_member(const Binding& variable, const MemberPath& path, int depth) {
  const Node value = bare(variable.owner.child(Field::value));
  MemberPath whole = path;
  if (variable.pattern.is(Kind::object_pattern))
    whole.insert(whole.begin(), property_in(variable.pattern, variable.name));
  else if (!variable.pattern.is(Kind::identifier)) return false;
  if (value.is(Kind::call_expression)) return is_cookie(value, whole);
  return (is_name(value) || value.is(Kind::member_expression)) && is_free_text(value, whole, depth + 1);
}

// c.req.query('q'), request.json(), form.get('name'), headers().get('a')
bool RequestValues::is_free_call(const Node& call) {
  if (!call.is(Kind::call_expression)) return false;
  const std::string_view method = method_of(call);
  const Node object = object_of(call);
  const bool reads =
      is_request_text(call.text()) && (!is_request_text(object.text()) || method.starts_with("get"));
  if (reads || is_body(call)) return true;
  if (method != "get" && method != "getAll") return false;
  const Node origin = origin_of(names_, object);  // const query = request.nextUrl.searchParams
  return (origin.is(Kind::member_expression) && origin.text(Field::property) == "searchParams") ||
         (method == "get" && (is_form(object) || is_next(object, "headers")));
}

// (await cookies()).get('a')?.value
bool RequestValues::is_cookie(const Node& call, const MemberPath& path) {
  return path == MemberPath{"value"} && method_of(call) == "get" && is_next(object_of(call), "cookies");
}

// Of `cookies()` and `headers()` of Next.js, also by a variable.
bool RequestValues::is_next(const Node& expression, std::string_view function) {
  const Node call = origin_of(names_, expression);
  const Node callee = call.child(Field::function);
  if (!call.is(Kind::call_expression) || !callee.is(Kind::identifier)) return false;
  const auto value = index_.value(callee);
  return value->is(Values::external) && value->text == "next/headers" && value->name == function;
}

// The call in @Query('sort') of a parameter; empty if it has none of NestJS for values of a request.
Node RequestValues::nest_decorator(const Binding& binding) {
  if (binding.kind != Binding::Kind::parameter || !binding.pattern.is(Kind::identifier)) return {};
  for (Node part = binding.pattern.parent().first(); part; part = part.next()) {
    if (!part.text().starts_with('@')) continue;
    const Node call = part.child(Kind::call_expression);
    const Node callee = call.child(Field::function);
    if (!callee.is(Kind::identifier)) continue;
    const auto value = index_.value(callee);
    if (value->is(Values::external) && value->text == "@nestjs/common" &&
        is_one_of(value->name, {"Query", "Body", "Param", "Headers"}))
      return call;
  }
  return {};
}

std::optional<bool> RequestValues::is_free_parameter(const Binding& binding) {
  const Node decorator = nest_decorator(binding);
  if (!decorator) return std::nullopt;
  const auto arguments = arguments_of(decorator);
  if (arguments.size() != 1 || !string_value(arguments.front())) return false;
  return is_one_of(annotated_type(binding.pattern.parent()), {"", "string", "any", "string | undefined"});
}

bool RequestValues::is_nest_member(const Binding& binding, const MemberPath& path) {
  const Node decorator = nest_decorator(binding);
  if (!decorator || path.size() != 1 || !arguments_of(decorator).empty()) return false;
  const Node parameter = binding.pattern.parent();
  const std::string type = annotated_type(parameter);
  if (type.empty() || type == "any" || type.starts_with("Record<") || type.starts_with('{')) return true;
  const Node declared = names_.declared(parameter.syntax()->file(), type);
  return declared.is(Kind::class_declaration) &&
         has_free_text(declared.child(Kind::class_body), path.front());
}

// A form that the client sent.
bool RequestValues::is_form(const Node& expression) {
  const Node origin = origin_of(names_, expression);
  if (is_body(origin)) return method_of(origin) == "formData";
  if (!is_name(origin)) return false;
  const Binding& binding = names_.find(origin);
  return binding.kind == Binding::Kind::parameter && binding.pattern.is(Kind::identifier) &&
         annotated_type(binding.pattern.parent()) == "FormData" && is_entry(binding.owner);
}

// Whether a web framework calls the function.
bool RequestValues::is_entry(const Node& function) {
  if (!entries_) {
    entries_.emplace();
    for (const auto& file : index_.entry_files())
      for (const auto& entry : entry_functions(names_, file)) entries_->insert(entry.function);
  }
  return entries_->contains(function);
}

}  // namespace pgadvise::drizzle
