#include "drizzle/code_raw_sql.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "drizzle/code_entries.h"

namespace pgadvise::drizzle {
namespace {

using typescript::arguments_of;
using typescript::bare;
using typescript::Binding;
using typescript::Field;
using typescript::Kind;
using typescript::Node;
using Values = typescript::Value::Kind;

constexpr int max_followed = 4;            // variables and calls
constexpr int max_steps = 2'000;           // expressions, for one text
constexpr int max_nodes = 50'000;          // that the search for one value's check visits
constexpr int max_all_nodes = 20'000'000;  // for all values
constexpr std::size_t max_signs = 8;       // ? and ! in one spelling of a member, and not in the other
constexpr std::size_t max_text = 4'000;    // bytes of a variable's value that the search looks into

template <std::size_t count>
bool is_one_of(std::string_view text, const std::array<std::string_view, count>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_name(const Node& node) {
  return node.is(Kind::identifier) || node.is(Kind::shorthand_property_identifier);
}

// body of body.order.ids[0]; the call of f().id.
Node root_of(Node node) {
  while (node.is(Kind::member_expression) || node.is(Kind::subscript_expression))
    node = bare(node.child(Field::object));
  return node;
}

// {"order", "name"} of body.order[0].name.
std::vector<std::string> path_of(Node node) {
  std::vector<std::string> out;
  for (; node.is(Kind::member_expression) || node.is(Kind::subscript_expression);
       node = bare(node.child(Field::object)))
    if (node.is(Kind::member_expression)) out.emplace_back(node.child(Field::property).text());
    else if (auto key = typescript::string_value(node.child(Field::index))) out.push_back(std::move(*key));
  std::reverse(out.begin(), out.end());
  return out;
}

// Whether the text is that of a request's value: req.query.sort, c.req.param('id'), searchParams.get('q').
// What c.req.valid() gives is not: its schema says what it is.
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
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view one) { return text.starts_with(one); }) ||
         (text.starts_with("new URL(") && contains(text, ".url).searchParams.get("));
}

// await request.json(): what the client sent, unchecked.
bool is_body(const Node& value) {
  static constexpr std::array<std::string_view, 4> methods = {"json", "text", "formData", "parseBody"};
  static constexpr std::array<std::string_view, 4> requests = {"request", "req", "c.req", "ctx.req"};
  return value.is(Kind::call_expression) && arguments_of(value).empty() &&
         is_one_of(method_of(value), methods) && is_one_of(object_of(value).text(), requests);
}

// Of a variable, its initial value; the expression itself otherwise.
Node origin_of(typescript::Bindings& names, const Node& expression) {
  const Node node = bare(expression);
  if (!is_name(node)) return node;
  const Binding& binding = names.find(node);
  if (binding.kind != Binding::Kind::variable || !binding.pattern.is(Kind::identifier)) return node;
  const Node value = bare(binding.owner.child(Field::value));
  return value ? value : node;
}

// Whether code looks at a value before it uses it. Where it is in doubt, the value counts as checked.
class Checks {
 public:
  explicit Checks(typescript::Bindings& names) : names_(names) {}

  // Whether something before the end of `use`, in the functions around it, compares the value itself with
  // known values, or gives it to a function that validates it. Visits at most max_nodes nodes, and all calls
  // together about max_all_nodes.
  bool checked(const Node& value, const Node& use) {
    Node scope = use;
    while (const Node outer = scope.parent()) scope = outer;
    for (Node at = typescript::function_around(use); at; at = typescript::function_around(at))
      scope = at.child(Field::body);
    left_ = std::min(max_nodes, left_of_all_);
    const int given = left_;
    const std::size_t end = use.offset() + use.text().size();
    const bool found = search(scope, end, [&](const Node& at) { return is_check(at, value); });
    left_of_all_ -= given - left_;
    return found || left_ <= 0;
  }

 private:
  // Calls `act` for the nodes of the subtree that begin before the offset until it returns true, or no visits
  // are left.
  template <class Act>
  bool search(const Node& root, std::size_t end, Act&& act) {
    std::vector<Node> open{root};
    while (!open.empty() && left_ > 0) {
      --left_;
      const Node at = open.back();
      open.pop_back();
      if (at.offset() >= end) continue;
      if (act(at)) return true;
      for (Node part = at.first(); part; part = part.next())
        if (!part.is(Kind::token) && !part.is(Kind::type)) open.push_back(part);
    }
    return false;
  }

  bool is_check(const Node& at, const Node& value) {
    switch (at.kind()) {
      case Kind::if_statement:
      case Kind::while_statement:
      case Kind::ternary_expression: return decides(at.child(Field::condition), value, 0);
      case Kind::binary_expression: {
        const std::string_view symbol = at.child(Field::operator_).text();
        return (symbol == "&&" || symbol == "||") && decides(at.child(Field::left), value, 0);
      }
      case Kind::call_expression: return validates(at, value, 0);
      case Kind::assignment_expression: return is_value(at.child(Field::left), value) && converts(at, value);
      default: return is_switch(at, value);
    }
  }

  // Whether the condition, or a variable in it, compares the value: const ok = list.includes(value); if (!ok)
  bool decides(const Node& condition, const Node& value, int depth) {
    return search(condition, static_cast<std::size_t>(-1), [&](const Node& at) {
      if (compares(at, value, depth)) return true;
      if (!is_name(at) || depth >= max_followed || is_same(at, value)) return false;
      const Binding& binding = names_.find(at);
      if (binding.kind != Binding::Kind::variable) return false;
      const Node initial = bare(binding.owner.child(Field::value));
      return initial && !typescript::is_function(initial) && initial.text().size() <= max_text &&
             decides(initial, value, depth + 1);
    });
  }

  bool compares(const Node& at, const Node& value, int depth) {
    if (at.is(Kind::binary_expression)) {
      static constexpr std::array<std::string_view, 4> equalities = {"===", "!==", "==", "!="};
      const std::string_view symbol = at.child(Field::operator_).text();
      const Node left = at.child(Field::left), right = at.child(Field::right);
      if (symbol == "in") return is_value(left, value);
      return is_one_of(symbol, equalities) &&
             ((is_value(left, value) && is_known(right)) || (is_value(right, value) && is_known(left)));
    }
    if (at.is(Kind::subscript_expression)) return is_value(at.child(Field::index), value);  // columns[value]
    if (at.is(Kind::unary_expression))
      return at.child(Field::operator_).text() == "+" && is_value(at.child(Field::argument), value);
    if (at.is(Kind::call_expression)) return validates(at, value, depth) || looks_up(at, value, depth);
    return is_switch(at, value);
  }

  // What a value may be compared with: not null, undefined, an empty string, true or the request again.
  static bool is_known(const Node& expression) {
    const Node node = bare(expression);
    if (const auto text = typescript::string_value(node)) return !text->empty();
    return (node.is(Kind::number) || node.is(Kind::identifier) || node.is(Kind::member_expression) ||
            node.is(Kind::subscript_expression) || node.is(Kind::call_expression)) &&
           node.text() != "undefined" && !is_request_text(node.text());
  }

  // switch (value) { case 'a': … }
  bool is_switch(const Node& at, const Node& value) {
    if (!at.is(Kind::other) || !at.has_token("switch") || !is_value(at.child(Field::value), value))
      return false;
    const auto cases = at.child(Field::body).children();
    return std::any_of(cases.begin(), cases.end(),
                       [](const Node& one) { return is_known(one.child(Field::value)); });
  }

  // Whether a function gets the value itself that validates, parses or escapes it, or is a type guard;
  // assert(list.includes(value)).
  bool validates(const Node& call, const Node& value, int depth) {
    const auto arguments = arguments_of(call);
    const std::string name = lower(name_of(call));
    if (!arguments.empty() && contains_any(name, {"assert", "invariant"}) && depth < max_followed &&
        decides(arguments.front(), value, depth + 1))
      return true;
    const auto place = place_of(arguments, value);
    if (!place) return false;
    if (contains_any(name, {"valid", "parse", "assert", "escape", "sanitize", "allowed", "safe"}) &&
        !contains_any(name, {"invalidate", "revalidate", "unsafe"}) && name != "parseint" &&
        name != "parsefloat" && bare(call.child(Field::function)).text() != "JSON.parse")
      return true;
    const Node function = names_.called(call);
    return function &&
           (is_type_guard(function) || (throws(function) && looks_at_parameter(function, *place, depth)));
  }

  // Of a condition: list.includes(value), /^[a-z]+$/.test(value), Number(value), isColumn(value).
  bool looks_up(const Node& call, const Node& value, int depth) {
    static constexpr std::array<std::string_view, 8> lists = {
        "includes", "has", "hasOwn", "hasOwnProperty", "indexOf", "lastIndexOf", "propertyIsEnumerable",
        "get"};
    static constexpr std::array<std::string_view, 8> numbers = {
        "Number", "BigInt", "parseInt", "parseFloat", "isNaN", "isFinite", "isInteger", "isSafeInteger"};
    const auto arguments = arguments_of(call);
    const std::string_view name = name_of(call);
    const Node object = object_of(call);
    if (name == "match" && !arguments.empty() && is_value(object, value)) return restricts(arguments.front());
    const auto place = place_of(arguments, value);
    if (!place) return false;
    if (name == "test" || name == "exec") return restricts(object);
    if (object && is_one_of(name, lists)) return !is_request_text(object.text()) && !is_body(object);
    if (is_one_of(name, numbers) || (name == "call" && object.text().ends_with("hasOwnProperty")))
      return true;
    if (const Node function = names_.called(call)) return looks_at_parameter(function, *place, depth);
    static constexpr std::array<std::string_view, 9> vague = {"isString",  "isEmpty",     "isNil",
                                                              "isNull",    "isUndefined", "isDefined",
                                                              "isNullish", "isArray",     "isBlank"};
    return name.size() > 2 && name.starts_with("is") && name[2] >= 'A' && name[2] <= 'Z' &&
           !is_one_of(name, vague);
  }

  // value = Number(value), value = value.replace(/[^a-z]/g, '')
  bool converts(const Node& assignment, const Node& value) {
    const Node right = bare(assignment.child(Field::right));
    if (!right.is(Kind::call_expression) || is_value(right, value)) return false;
    return place_of(arguments_of(right), value) ||
           (contains(method_of(right), "replace") && is_value(object_of(right), value));
  }

  bool looks_at_parameter(const Node& function, std::size_t place, int depth) {
    const auto patterns = typescript::parameter_patterns(function);
    if (depth >= max_followed || place >= patterns.size() || !patterns[place].is(Kind::identifier))
      return false;
    return search(function.child(Field::body), static_cast<std::size_t>(-1),
                  [&](const Node& at) { return compares(at, patterns[place], depth + 1); });
  }

  bool throws(const Node& function) {
    return search(function.child(Field::body), static_cast<std::size_t>(-1),
                  [](const Node& at) { return at.is(Kind::throw_statement); });
  }

  // function isColumn(x: string): x is 'a' | 'b'; also with asserts. `x is string` says nothing of the text.
  static bool is_type_guard(const Node& function) {
    for (const Node& part : function.children()) {
      const std::string_view text = part.text();
      if (!part.is(Kind::type) || !text.starts_with(':')) continue;
      const auto at = text.find(" is ");
      if (at != std::string_view::npos && trim(text.substr(at + 4)) != "string") return true;
    }
    return false;
  }

  // Whether the pattern leaves no free text: an anchored one, or one for what is not allowed. A pattern that
  // is no literal counts.
  bool restricts(const Node& expression) {
    const std::string_view text = origin_of(names_, expression).text();
    if (!text.starts_with('/')) return true;
    const std::string_view pattern = text.substr(1, text.rfind('/') - 1);
    return (pattern.starts_with('^') && pattern.ends_with('$')) ||
           contains_any(pattern, {"[^", "\\W", "\\D", "'", ";"});
  }

  // The argument that is the value, or an object or array with it.
  std::optional<std::size_t> place_of(const std::vector<Node>& arguments, const Node& value) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Node argument = bare(arguments[i]);
      if (is_value(argument, value)) return i;
      if (!argument.is(Kind::object) && !argument.is(Kind::array)) continue;
      for (const Node& part : argument.children())
        if (is_value(part.is(Kind::pair) ? part.child(Field::value) : part, value)) return i;
    }
    return std::nullopt;
  }

  // Whether the expression is the value, also as value.trim(), String(value) or value ?? ''.
  bool is_value(const Node& expression, const Node& value) {
    static constexpr std::array<std::string_view, 4> same = {"trim", "toLowerCase", "toUpperCase",
                                                             "toString"};
    Node node = bare(expression);
    for (int steps = 0; node && steps < max_followed && !is_same(node, value); ++steps) {
      const std::string_view symbol = node.child(Field::operator_).text();
      if (node.is(Kind::binary_expression) && (symbol == "??" || symbol == "||")) {
        node = bare(node.child(Field::left));
      } else if (node.is(Kind::call_expression) && is_one_of(method_of(node), same)) {
        node = bare(object_of(node));
      } else if (node.is(Kind::call_expression) && node.child(Field::function).text() == "String") {
        const auto arguments = arguments_of(node);
        node = arguments.empty() ? Node() : bare(arguments.front());
      } else {
        return false;
      }
    }
    return node && is_same(node, value);
  }

  // Whether both are the same variable, or the same member or call of one.
  bool is_same(const Node& one, const Node& other) {
    if (is_name(one) != is_name(other)) return false;
    if (!is_name(one)) {
      const std::size_t size = one.text().size(), other_size = other.text().size();
      if (size > other_size + max_signs || other_size > size + max_signs || spelled(one) != spelled(other))
        return false;
      const Node root = innermost(one), other_root = innermost(other);
      return !root.is(Kind::identifier) || names_.find(root).name == names_.find(other_root).name;
    }
    return one.text() == other.text() && names_.find(one).name == names_.find(other).name;
  }

  // Without the signs ? and ! of a?.b and a!.b.
  static std::string spelled(const Node& node) {
    return replace_all(replace_all(std::string(node.text()), "?.", "."), "!", "");
  }

  static Node innermost(Node node) {
    for (Node inner = root_of(node); inner.is(Kind::call_expression); inner = root_of(node))
      node = bare(inner.child(Field::function));
    return root_of(node);
  }

  // The function's or method's name that is called.
  static std::string_view name_of(const Node& call) {
    const Node callee = bare(call.child(Field::function));
    return callee.is(Kind::member_expression) ? callee.child(Field::property).text() : callee.text();
  }

  typescript::Bindings& names_;
  int left_ = 0;                     // visits of nodes
  int left_of_all_ = max_all_nodes;  // for the values that follow
};

// What the schemas of a validator (Zod and those like it) say of a value.
class Schemas {
 public:
  explicit Schemas(typescript::Bindings& names) : names_(names) {}

  using Path = std::vector<std::string>;

  // Whether the member of what c.req.valid() or schema.parse(request's value) gives may be any text. false
  // also if the schema is not known; nullopt if the expression is no such call.
  std::optional<bool> may_be_any_text(const Node& call, Path path) {
    if (!call.is(Kind::call_expression)) return std::nullopt;
    const std::string_view method = method_of(call);
    const Node object = object_of(call);
    if (method == "valid" && object.text().ends_with("req")) return is_text(route_schema(call), path, 0);
    const auto arguments = arguments_of(call);
    const bool safe = method == "safeParse" || method == "safeParseAsync";
    if ((!safe && method != "parse" && method != "parseAsync") || arguments.empty() ||
        object.text() == "JSON")
      return std::nullopt;
    const Node parsed = origin_of(names_, arguments.front());
    if (!is_body(parsed) && !is_request_text(parsed.text())) return std::nullopt;
    if (safe) {
      if (path.empty() || path.front() != "data") return false;
      path.erase(path.begin());
    }
    return is_text(object, path, 0);
  }

  // Whether a procedure's input may have any text in the member: .input(z.object({ id: z.string().uuid()
  // })).query(function). true if it has no schema.
  bool input_may_be_any_text(const Node& function, const Path& path) {
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

 private:
  // app.get('/', zValidator('query', schema), (c) => c.req.valid('query'))
  static Node route_schema(const Node& call) {
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

  bool is_text(const Node& schema, Path path, int depth) {
    Node link = origin_of(names_, schema);
    if (depth > 2 * max_followed) return false;
    if (is_name(link)) {
      const Node declared = names_.declaration(link);
      if (!declared.is(Kind::variable_declarator)) return false;
      return is_text(declared.child(Field::value), path, depth + 1);
    }
    if (path.empty()) return is_free(link.text());
    for (int steps = 0; link.is(Kind::call_expression) && steps < 2 * max_followed; ++steps) {
      static constexpr std::array<std::string_view, 5> objects = {"object", "strictObject", "looseObject",
                                                                  "extend", "safeExtend"};
      const std::string_view method = method_of(link);
      const auto arguments = arguments_of(link);
      if (contains_any(method, {"efine", "transform", "pipe", "merge", "preprocess"})) return false;
      if (method == "array" && !arguments.empty()) return is_text(arguments.front(), path, depth + 1);
      if (is_one_of(method, objects) && !arguments.empty()) {
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

  // Whether the schema of a property is one of text, without a limit to certain characters.
  static bool is_free(std::string_view schema) {
    static constexpr std::array<std::string_view, 28> limits = {
        "uuid(",  "number(", "int(",   "enum(",   "Enum(",      "boolean(", "date(",
        "cuid(",  "cuid2(",  "ulid(",  "nanoid(", "literal(",   "regex(",   "bigint(",
        "guid(",  "ip(",     "ipv4(",  "ipv6(",   "datetime(",  "time(",    "picklist(",
        "union(", "efine(",  "check(", "custom(", "transform(", "pipe(",    "preprocess("};
    return contains(schema, "string(") && !contains_any(schema, limits);
  }

  typescript::Bindings& names_;
};

struct Source {
  RawSql::Source kind = RawSql::Source::parameter;
  Node node;
};

class Reader {
 public:
  explicit Reader(CodeIndex& index)
      : index_(index), names_(index.names()), checks_(names_), schemas_(names_) {}

  std::vector<RawSql> read() {
    for (const auto& file : index_.files())
      if (const auto* module = names_.program().module(file))
        typescript::each_call(module->syntax->root(), [&](const Node& call) { check(call); });
    std::sort(out_.begin(), out_.end(), [](const RawSql& a, const RawSql& b) { return a.place < b.place; });
    return std::move(out_);
  }

 private:
  // A member of a request: req.query.sort, body.name; input.name of a procedure, which gets ({ ctx, input }),
  // and opts.input.name; params.id of a page. `path`: that of the member below its root, or of a part of it.
  bool is_request_member(const Node& node, const Schemas::Path& path) {
    if (node.text().ends_with(".length")) return false;
    if (is_request_text(node.text())) return true;
    const Node root = root_of(node);
    if (is_body(origin_of(names_, root))) return true;
    if (!root.is(Kind::identifier) || path.empty()) return false;
    const Binding& binding = names_.find(root);
    if (binding.kind != Binding::Kind::parameter) return false;
    if (binding.pattern.is(Kind::object_pattern)) {
      if (root.text() == "input") return schemas_.input_may_be_any_text(binding.owner, path);
      return (root.text() == "params" || root.text() == "searchParams") && entries().count(binding.owner) > 0;
    }
    return path.size() > 1 && path.front() == "input" && entries().count(binding.owner) > 0 &&
           schemas_.input_may_be_any_text(binding.owner, {path.begin() + 1, path.end()});
  }

  // form.get('name') of a form that the client sent.
  bool is_form(const Node& expression) {
    const Node origin = origin_of(names_, expression);
    if (is_body(origin)) return method_of(origin) == "formData";
    if (!is_name(origin)) return false;
    const Binding& binding = names_.find(origin);
    return binding.kind == Binding::Kind::parameter && binding.pattern.is(Kind::identifier) &&
           typescript::annotated_type(binding.pattern.parent()) == "FormData" &&
           entries().count(binding.owner) > 0;
  }

  // The functions that a web framework calls.
  const std::set<Node>& entries() {
    if (entries_) return *entries_;
    entries_.emplace();
    for (const auto& file : index_.entry_files())
      for (const auto& entry : entry_functions(names_, file)) entries_->insert(entry.function);
    return *entries_;
  }

  void check(const Node& call) {
    const Node callee = call.child(Field::function);
    const auto arguments = arguments_of(call);
    if (arguments.empty() || !callee.is(Kind::member_expression)) return;
    std::string maker;
    if (callee.child(Field::property).text() == "raw" &&
        index_.is_drizzle(callee.child(Field::object), "sql"))
      maker = "sql.raw";
    else if (const FoundQuery* query = index_.query(call);
             query && query->facts.kind == CodeQuery::Kind::execute)
      maker = "execute";
    if (maker.empty()) return;
    steps_ = 0;
    const auto source = source_of(arguments.front(), call, 0);
    if (!source) return;
    RawSql found;
    found.source = source->kind;
    found.maker = maker;
    found.place = call.location();
    found.function = typescript::name_of_function(typescript::function_around(call));
    found.text = ellipsis(std::string(arguments.front().text()), 80);
    found.from = source->node.location();
    out_.push_back(std::move(found));
  }

  // Where an unchecked text in the expression comes from; nullopt if none is found.
  std::optional<Source> source_of(const Node& expression, const Node& use, int depth) {
    const Node node = bare(expression);
    if (!node || depth > 2 * max_followed || ++steps_ > max_steps) return std::nullopt;
    const auto either = [&](const Node& one, const Node& other) {
      auto found = source_of(one, use, depth + 1);
      return found ? found : source_of(other, use, depth + 1);
    };
    switch (node.kind()) {
      case Kind::template_string:
        for (const Node& part : node.children())
          if (part.is(Kind::template_substitution))
            for (const Node& inner : part.children())
              if (auto found = source_of(inner, use, depth + 1)) return found;
        return std::nullopt;
      case Kind::binary_expression: {
        const std::string_view symbol = node.child(Field::operator_).text();
        if (symbol != "+" && symbol != "??" && symbol != "||") return std::nullopt;
        return either(node.child(Field::left), node.child(Field::right));
      }
      case Kind::ternary_expression:
        return either(node.child(Field::consequence), node.child(Field::alternative));
      case Kind::identifier:
      case Kind::shorthand_property_identifier: return source_of_name(node, use, depth);
      case Kind::member_expression: return source_of_member(node, use);
      case Kind::call_expression: return source_of_call(node, use, depth);
      default: return std::nullopt;
    }
  }

  // Also if it is an object that is checked as a whole: schema.parse(req.query).
  bool is_checked(Node node, const Node& use) {
    for (; node; node = bare(node.child(Field::object))) {
      if (is_name(node) && names_.find(node).kind != Binding::Kind::variable) return false;
      if (checks_.checked(node, use)) return true;
      if (!node.is(Kind::member_expression) && !node.is(Kind::subscript_expression)) return false;
    }
    return false;
  }

  std::optional<Source> source_of_member(const Node& node, const Node& use) {
    const auto by_schema = schemas_.may_be_any_text(origin_of(names_, root_of(node)), path_of(node));
    if (!(by_schema ? *by_schema : is_request_member(node, path_of(node))) || is_checked(node, use))
      return std::nullopt;
    return Source{RawSql::Source::request, node};
  }

  // const { sort } = req.query
  std::optional<Source> source_of_part(const Node& node, const Binding& binding, const Node& use) {
    const Node value = bare(binding.owner.child(Field::value));
    const Node pair = binding.name.parent();
    auto path = path_of(value);
    path.emplace_back(pair.is(Kind::pair_pattern) ? pair.child(Field::key).text() : binding.name.text());
    const auto by_schema = schemas_.may_be_any_text(origin_of(names_, root_of(value)), path);
    const bool from_request =
        by_schema ? *by_schema : is_body(origin_of(names_, value)) || is_request_member(value, path);
    if (!value || !from_request || is_checked(value, use)) return std::nullopt;
    return Source{RawSql::Source::request, node};
  }

  std::optional<Source> source_of_call(const Node& node, const Node& use, int depth) {
    // Methods that leave the characters as they are.
    static constexpr std::array<std::string_view, 11> same = {
        "trim",  "toLowerCase", "toUpperCase", "toString",  "join",   "concat",
        "slice", "substring",   "split",       "trimStart", "trimEnd"};
    const std::string_view method = method_of(node);
    const Node object = object_of(node);
    if (is_one_of(method, same) || (method == "map" && keeps_characters(node)))
      return source_of(object, use, depth + 1);
    const auto by_schema = schemas_.may_be_any_text(node, {});
    const bool reads =
        is_request_text(node.text()) && (!is_request_text(object.text()) || method.starts_with("get"));
    if (!(by_schema ? *by_schema : reads || is_body(node) || (method == "get" && is_form(object))) ||
        checks_.checked(node, use))
      return std::nullopt;
    return Source{RawSql::Source::request, node};
  }

  // Whether a call of map() only puts text around the elements: ids.map((id) => `'${id}'`)
  static bool keeps_characters(const Node& call) {
    const auto arguments = arguments_of(call);
    if (arguments.empty() || !typescript::is_function(arguments.front())) return false;
    const Node body = arguments.front().child(Field::body);
    return body.is(Kind::template_string) && !contains(body.text(), "(");
  }

  std::optional<Source> source_of_name(const Node& node, const Node& use, int depth) {
    const Binding& binding = names_.find(node);
    if (checks_.checked(node, use)) return std::nullopt;
    if (binding.kind == Binding::Kind::variable) {
      const Node value = binding.owner.child(Field::value);
      if (!binding.pattern.is(Kind::identifier)) return source_of_part(node, binding, use);
      return value ? source_of(value, use, depth + 1) : std::nullopt;
    }
    if (binding.kind != Binding::Kind::parameter || !binding.pattern.is(Kind::identifier))
      return std::nullopt;
    const std::string type = typescript::annotated_type(binding.pattern.parent());
    if (type != "string" && type != "string[]" && type != "any" && type != "string | undefined")
      return std::nullopt;
    return source_of_parameter(binding, depth);
  }

  // The project's calls by function, found when a text depends on a parameter for the first time.
  const std::map<Node, std::vector<Node>>& calls() {
    if (calls_of_) return *calls_of_;
    calls_of_.emplace();
    for (const auto& file : index_.files()) {
      const auto* module = names_.program().module(file);
      if (!module) continue;
      typescript::each_call(module->syntax->root(), [&](const Node& call) {
        if (const Node called = names_.called(call)) (*calls_of_)[called].push_back(call);
      });
    }
    return *calls_of_;
  }

  // What the project's calls give. Without a call in sight, anything may come.
  std::optional<Source> source_of_parameter(const Binding& binding, int depth) {
    const auto calls = this->calls().find(binding.owner);
    if (calls == this->calls().end()) return Source{RawSql::Source::parameter, binding.name};
    std::optional<Source> found;
    for (const Node& call : calls->second) {
      const auto arguments = arguments_of(call);
      if (binding.index >= arguments.size()) continue;
      auto source = source_of(arguments[binding.index], call, depth + 1);
      if (source && (!found || source->kind == RawSql::Source::request)) found = source;
    }
    return found;
  }

  CodeIndex& index_;
  typescript::Bindings& names_;
  Checks checks_;
  Schemas schemas_;
  std::optional<std::set<Node>> entries_;                      // nullopt: not looked for yet
  std::optional<std::map<Node, std::vector<Node>>> calls_of_;  // by function; nullopt: not looked for yet
  std::vector<RawSql> out_;
  int steps_ = 0;
};

}  // namespace

std::vector<RawSql> raw_sql(CodeIndex& index) { return Reader(index).read(); }

}  // namespace pgadvise::drizzle
