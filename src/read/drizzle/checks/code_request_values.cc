#include "drizzle/checks/code_request_values.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text/text.h"
#include "drizzle/code/code_entries.h"

namespace pgadvise::drizzle {

using typescript::arguments_of;
using typescript::bare;
using typescript::Binding;
using typescript::Field;
using typescript::is_name;
using typescript::Kind;
using typescript::Node;

namespace {

constexpr int max_followed = 4;  // variables and calls

// Whether the schema of a property is one of text, without a limit to certain characters.
bool is_free(std::string_view schema) {
  static constexpr std::array<std::string_view, 28> limits = {
      "uuid(",  "number(", "int(",   "enum(",   "Enum(",      "boolean(", "date(",
      "cuid(",  "cuid2(",  "ulid(",  "nanoid(", "literal(",   "regex(",   "bigint(",
      "guid(",  "ip(",     "ipv4(",  "ipv6(",   "datetime(",  "time(",    "picklist(",
      "union(", "efine(",  "check(", "custom(", "transform(", "pipe(",    "preprocess("};
  return contains(schema, "string(") && !contains_any(schema, limits);
}

// app.get('/', zValidator('query', schema), (c) => c.req.valid('query'))
Node route_schema(const Node& call) {
  const auto of_call = arguments_of(call);
  if (of_call.empty()) return {};
  const std::string target = typescript::string_value(of_call.front()).value_or(std::string());
  Node function = typescript::function_around(call);
  for (int steps = 0; function && steps < max_followed; ++steps) {
    const Node list = function.parent();
    for (const Node& part : list.is(Kind::arguments) ? list.children() : std::vector<Node>()) {
      const auto arguments = arguments_of(part);
      if (arguments.size() > 1 && contains(lower(part.child(Field::function).text()), "validator") &&
          typescript::string_value(arguments.front()).value_or(std::string()) == target)
        return arguments[1];
    }
    function = typescript::function_around(function);
  }
  return {};
}

// Whether a class for validation leaves the property's text free: of its decorators, none but those that say
// nothing of the characters.
bool has_free_text(const Node& class_body, std::string_view property) {
  static constexpr std::array<std::string_view, 9> vague = {
      "IsString",  "IsOptional",          "IsNotEmpty", "IsDefined",  "MinLength",
      "MaxLength", "ApiPropertyOptional", "Length",     "ApiProperty"};
  bool free = true;  // by the decorators so far
  const auto add = [&](const Node& part) {
    free = free && is_one_of(first_word(part.text().substr(1)), vague);
  };
  for (Node part = class_body.first(); part; part = part.next()) {
    if (part.text().starts_with('@') && !part.is(Kind::public_field_definition)) {
      add(part);
    } else if (!part.is(Kind::token)) {
      if (part.is(Kind::public_field_definition) && part.child(Field::name).text() == property) {
        for (Node inner = part.first(); inner; inner = inner.next())
          if (inner.text().starts_with('@')) add(inner);
        return free && is_one_of(typescript::annotated_type(part), {"string", "any", "string | undefined"});
      }
      free = true;
    }
  }
  return false;
}

}  // namespace

Node root_of(Node node) {
  while (node.is(Kind::member_expression) || node.is(Kind::subscript_expression))
    node = bare(node.child(Field::object));
  return node;
}

MemberPath path_of(Node node) {
  MemberPath out;
  for (; node.is(Kind::member_expression) || node.is(Kind::subscript_expression);
       node = bare(node.child(Field::object)))
    if (node.is(Kind::member_expression)) out.emplace_back(node.child(Field::property).text());
    else if (auto key = typescript::string_value(node.child(Field::index))) out.push_back(std::move(*key));
  std::ranges::reverse(out);
  return out;
}

bool is_request_text(std::string_view text) {
  static constexpr std::array<std::string_view, 18> starts = {"req.query",
                                                              "req.params",
                                                              "req.body",
                                                              "request.query",
                                                              "request.params",
                                                              "request.body",
                                                              "c.req.",
                                                              "ctx.req.",
                                                              "event.body",
                                                              "ctx.query.",
                                                              "ctx.params.",
                                                              "ctx.request.",
                                                              "searchParams.get(",
                                                              "url.searchParams.get(",
                                                              "req.nextUrl.searchParams.get(",
                                                              "request.nextUrl.searchParams.get(",
                                                              "req.headers.get(",
                                                              "request.headers.get("};
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

Node origin_of(typescript::Bindings& names, const Node& expression) {
  const Node node = bare(expression);
  if (!is_name(node)) return node;
  const Node value = initial_value(names.find(node).owner);
  return value ? value : node;
}

std::optional<bool> Schemas::may_be_any_text(const Node& call, MemberPath path) {
  if (!call.is(Kind::call_expression)) return std::nullopt;
  const std::string_view method = method_of(call);
  const Node object = object_of(call);
  if (method == "valid" && object.text().ends_with("req")) return is_text(route_schema(call), path, 0);
  const auto arguments = arguments_of(call);
  const bool safe = method == "safeParse" || method == "safeParseAsync";
  if ((!safe && method != "parse" && method != "parseAsync") || arguments.empty() || object.text() == "JSON")
    return std::nullopt;
  const Node parsed = origin_of(names_, arguments.front());
  if (!is_body(parsed) && !is_request_text(parsed.text())) return std::nullopt;
  if (safe) {
    if (path.empty() || path.front() != "data") return false;
    path.erase(path.begin());
  }
  return is_text(object, path, 0);
}

bool Schemas::input_may_be_any_text(const Node& function, const MemberPath& path) {
  bool has_schema = false;
  Node link = function.parent().parent().child(Field::function).child(Field::object);
  for (int steps = 0; link.is(Kind::call_expression) && steps < max_followed; ++steps) {
    const auto arguments = arguments_of(link);
    if (method_of(link) == "input" && !arguments.empty()) {
      if (is_text(arguments.front(), path, 0)) return true;
      has_schema = true;
    }
    link = object_of(link);
  }
  return !has_schema;
}

bool Schemas::is_text(const Node& schema, MemberPath path, int depth) {
  Node link = origin_of(names_, schema);
  if (depth > 2 * max_followed) return false;
  if (is_name(link)) {
    const Node declared = names_.declaration(link);
    if (!declared.is(Kind::variable_declarator)) return false;
    return is_text(declared.child(Field::value), path, depth + 1);
  }
  if (path.empty()) return is_free(link.text());
  for (int steps = 0; link.is(Kind::call_expression) && steps < 2 * max_followed; ++steps) {
    const std::string_view method = method_of(link);
    const auto arguments = arguments_of(link);
    if (contains_any(method, {"efine", "transform", "pipe", "merge", "preprocess"})) return false;
    if (method == "array" && !arguments.empty()) return is_text(arguments.front(), path, depth + 1);
    if (is_one_of(method, {"object", "strictObject", "looseObject", "extend", "safeExtend"}) &&
        !arguments.empty()) {
      if (const Node part = property_of(bare(arguments.front()), path.front())) {
        path.erase(path.begin());
        return is_text(part, path, depth + 1);
      }
      if (!contains(method, "xtend")) return false;
    }
    link = bare(object_of(link));
  }
  return is_name(link) && is_text(link, path, depth + 1);
}

bool RequestValues::is_member(const Node& node, const MemberPath& path, int depth) {
  if (depth > max_followed || node.text().ends_with(".length")) return false;
  const Node root = root_of(node);
  std::string spelled(root.text());
  for (const auto& part : path) spelled += "." + part;
  if (is_request_text(node.text()) || is_request_text(spelled)) return true;
  if (is_body(origin_of(names_, root))) return true;
  // (await cookies()).get('a')?.value
  if (root.is(Kind::call_expression))
    return path.size() == 1 && path.front() == "value" && method_of(root) == "get" &&
           is_next(object_of(root), "cookies");
  if (!root.is(Kind::identifier) || path.empty()) return false;
  const Binding& binding = names_.find(root);
  if (binding.kind == Binding::Kind::variable) return is_member_of_variable(binding, path, depth);
  if (binding.kind != Binding::Kind::parameter) return false;
  if (binding.pattern.is(Kind::object_pattern)) {
    if (root.text() == "input") return schemas_.input_may_be_any_text(binding.owner, path);
    return (root.text() == "params" || root.text() == "searchParams") && entries().count(binding.owner) > 0;
  }
  if (is_nest_member(binding, path)) return true;
  if (path.size() < 2 || !entries().count(binding.owner)) return false;
  if (path.front() == "params" || path.front() == "searchParams") return true;  // props.searchParams.sort
  return path.front() == "input" &&
         schemas_.input_may_be_any_text(binding.owner, {path.begin() + 1, path.end()});
}

// const query = await props.searchParams; const { query } = req
bool RequestValues::is_member_of_variable(const Binding& binding, const MemberPath& path, int depth) {
  const Node value = bare(binding.owner.child(Field::value));
  MemberPath whole = path_of(value);
  if (binding.pattern.is(Kind::object_pattern)) {
    const Node pair = binding.name.parent();
    if (pair != binding.pattern && !pair.is(Kind::pair_pattern)) return false;
    whole.emplace_back(pair.is(Kind::pair_pattern) ? pair.child(Field::key).text() : binding.name.text());
  } else if (!binding.pattern.is(Kind::identifier)) {
    return false;
  }
  whole.insert(whole.end(), path.begin(), path.end());
  if (is_name(value) || value.is(Kind::member_expression)) return is_member(value, whole, depth + 1);
  // const sort = (await cookies()).get('sort'); sort.value
  return value.is(Kind::call_expression) && binding.pattern.is(Kind::identifier) && path.size() == 1 &&
         path.front() == "value" && method_of(value) == "get" && is_next(object_of(value), "cookies");
}

bool RequestValues::is_call(const Node& call) {
  const std::string_view method = method_of(call);
  const Node object = object_of(call);
  const bool reads =
      is_request_text(call.text()) && (!is_request_text(object.text()) || method.starts_with("get"));
  if (reads || is_body(call)) return true;
  if (method != "get" && method != "getAll") return false;
  const Node origin = origin_of(names_, object);  // const query = request.nextUrl.searchParams
  return (origin.is(Kind::member_expression) && origin.child(Field::property).text() == "searchParams") ||
         (method == "get" && (is_form(object) || is_next(object, "headers")));
}

// Of `cookies()` and `headers()` of Next.js, also by a variable.
bool RequestValues::is_next(const Node& expression, std::string_view function) {
  const Node call = origin_of(names_, expression);
  const Node callee = call.child(Field::function);
  if (!call.is(Kind::call_expression) || !callee.is(Kind::identifier)) return false;
  const auto value = index_.value(callee);
  return value->is(typescript::Value::Kind::external) && value->text == "next/headers" &&
         value->name == function;
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
    if (value->is(typescript::Value::Kind::external) && value->text == "@nestjs/common" &&
        is_one_of(value->name, {"Query", "Body", "Param", "Headers"}))
      return call;
  }
  return {};
}

std::optional<bool> RequestValues::is_parameter(const Binding& binding) {
  const Node decorator = nest_decorator(binding);
  if (!decorator) return std::nullopt;
  const auto arguments = arguments_of(decorator);
  if (arguments.size() != 1 || !typescript::string_value(arguments.front())) return false;
  return is_one_of(typescript::annotated_type(binding.pattern.parent()),
                   {"", "string", "any", "string | undefined"});
}

bool RequestValues::is_nest_member(const Binding& binding, const MemberPath& path) {
  const Node decorator = nest_decorator(binding);
  if (!decorator || path.size() != 1 || !arguments_of(decorator).empty()) return false;
  const Node parameter = binding.pattern.parent();
  const std::string type = typescript::annotated_type(parameter);
  if (type.empty() || type == "any" || type.starts_with("Record<") || type.starts_with('{')) return true;
  const Node declared = names_.declared(parameter.syntax()->file(), type);
  return declared.is(Kind::class_declaration) &&
         has_free_text(declared.child(Kind::class_body), path.front());
}

// form.get('name') of a form that the client sent.
bool RequestValues::is_form(const Node& expression) {
  const Node origin = origin_of(names_, expression);
  if (is_body(origin)) return method_of(origin) == "formData";
  if (!is_name(origin)) return false;
  const Binding& binding = names_.find(origin);
  return binding.kind == Binding::Kind::parameter && binding.pattern.is(Kind::identifier) &&
         typescript::annotated_type(binding.pattern.parent()) == "FormData" &&
         entries().count(binding.owner) > 0;
}

// The functions that a web framework calls.
const std::set<Node>& RequestValues::entries() {
  if (entries_) return *entries_;
  entries_.emplace();
  for (const auto& file : index_.entry_files())
    for (const auto& entry : entry_functions(names_, file)) entries_->insert(entry.function);
  return *entries_;
}

}  // namespace pgadvise::drizzle
