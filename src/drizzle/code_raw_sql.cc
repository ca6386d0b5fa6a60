#include "drizzle/code_raw_sql.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>

#include "base/text.h"

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
constexpr std::size_t max_nodes = 20'000;  // of a function that is searched for a check

struct Source {
  RawSql::Source kind = RawSql::Source::parameter;
  Node node;
};

class Reader {
 public:
  explicit Reader(CodeIndex& index) : index_(index), names_(index.names()) {}

  std::vector<RawSql> read() {
    for (const auto& file : index_.files())
      if (const auto* module = names_.program().module(file))
        typescript::each_call(module->syntax->root(), [&](const Node& call) { check(call); });
    std::sort(out_.begin(), out_.end(), [](const RawSql& a, const RawSql& b) { return a.place < b.place; });
    return std::move(out_);
  }

 private:
  // A value of a request as written: req.query.sort, c.req.param('id'), searchParams.get('q'); input.name of
  // a procedure, which gets ({ ctx, input }).
  bool is_request_value(const Node& node) {
    static constexpr std::array<std::string_view, 15> starts = {"req.query",
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
                                                                "req.nextUrl.searchParams.get("};
    const std::string_view text = node.text();
    if (text.ends_with(".length")) return false;
    if (std::any_of(starts.begin(), starts.end(),
                    [&](std::string_view one) { return text.starts_with(one); }) ||
        (text.starts_with("new URL(") && contains(text, ".url).searchParams.get(")))
      return true;
    const Node root = root_of(node);
    if (root == node || !root.is(Kind::identifier)) return false;
    const Binding& binding = names_.find(root);
    if (binding.kind == Binding::Kind::variable && binding.pattern.is(Kind::identifier))
      return is_body(bare(binding.owner.child(Field::value)));
    return root.text() == "input" && binding.kind == Binding::Kind::parameter &&
           binding.pattern.is(Kind::object_pattern) && !limited_by_schema(node, binding.owner);
  }

  // body of body.order.ids[0].
  static Node root_of(Node node) {
    while (node.is(Kind::member_expression) || node.is(Kind::subscript_expression))
      node = bare(node.child(Field::object));
    return node;
  }

  // await request.json(): what the client sent, unchecked.
  static bool is_body(const Node& value) {
    static constexpr std::array<std::string_view, 4> bodies = {"request.json()", "req.json()",
                                                               "request.text()", "req.text()"};
    return value && std::find(bodies.begin(), bodies.end(), value.text()) != bodies.end();
  }

  // Whether the procedure's schema leaves no free text in the property: .input(z.object({ id:
  // z.string().uuid() })).query(function)
  static bool limited_by_schema(const Node& property, const Node& function) {
    static constexpr std::array<std::string_view, 14> limits = {
        "uuid(", "number(", "int(",  "enum(",   "Enum(",    "boolean(", "date(",
        "cuid(", "cuid2(",  "ulid(", "nanoid(", "literal(", "regex(",   "bigint("};
    const Node name = property.is(Kind::member_expression) ? property.child(Field::property) : Node();
    Node link = function.parent().parent().child(Field::function).child(Field::object);
    for (int steps = 0; name && link.is(Kind::call_expression) && steps < max_followed; ++steps) {
      const Node callee = link.child(Field::function);
      const auto arguments = arguments_of(link);
      if (callee.child(Field::property).text() == "input" && !arguments.empty()) {
        const auto objects = arguments_of(bare(arguments.front()));
        for (const Node& part : objects.empty() ? std::vector<Node>() : objects.front().children())
          if (part.is(Kind::pair) && part.child(Field::key).text() == name.text())
            return std::any_of(limits.begin(), limits.end(), [&](std::string_view limit) {
              return contains(part.child(Field::value).text(), limit);
            });
        return false;
      }
      link = callee.child(Field::object);
    }
    return false;
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
      case Kind::member_expression:
        if (!is_request_value(node) || checked(node, use)) return std::nullopt;
        if (const Node root = root_of(node);
            root.is(Kind::identifier) && names_.find(root).kind == Binding::Kind::variable)
          if (checked(root, use)) return std::nullopt;
        return Source{RawSql::Source::request, node};
      case Kind::call_expression: return source_of_call(node, use, depth);
      default: return std::nullopt;
    }
  }

  std::optional<Source> source_of_call(const Node& node, const Node& use, int depth) {
    if (is_request_value(node)) return Source{RawSql::Source::request, node};
    // Methods that leave the characters as they are.
    static constexpr std::array<std::string_view, 8> same = {
        "trim", "toLowerCase", "toUpperCase", "toString", "join", "concat", "slice", "substring"};
    const Node callee = node.child(Field::function);
    if (!callee.is(Kind::member_expression) ||
        std::find(same.begin(), same.end(), callee.child(Field::property).text()) == same.end())
      return std::nullopt;
    return source_of(callee.child(Field::object), use, depth + 1);
  }

  std::optional<Source> source_of_name(const Node& node, const Node& use, int depth) {
    const Binding& binding = names_.find(node);
    if (checked(node, use)) return std::nullopt;
    if (binding.kind == Binding::Kind::variable) {
      const Node value = binding.owner.child(Field::value);
      if (!binding.pattern.is(Kind::identifier)) {
        // const { sort } = req.query
        return value && (is_request_value(bare(value)) || is_body(bare(value)))
                   ? std::optional(Source{RawSql::Source::request, node})
                   : std::nullopt;
      }
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

  // Whether a condition of the function looks at the value: a list of allowed values, a pattern, a
  // comparison.
  bool checked(const Node& node, const Node& use) {
    const Node function = typescript::function_around(use);
    if (!function) return false;
    const std::string name(node.text());
    bool found = false;
    std::vector<Node> open{function.child(Field::body)};
    for (std::size_t count = 0; !open.empty() && !found && count < max_nodes; ++count) {
      const Node at = open.back();
      open.pop_back();
      if (at.offset() > use.offset()) continue;
      if (at.is(Kind::if_statement) || at.is(Kind::ternary_expression)) {
        const std::string_view condition = at.child(Field::condition).text();
        found = contains(condition, name) &&
                (contains(condition, "includes(") || contains(condition, ".has(") ||
                 contains(condition, ".test(") || contains(condition, ".match(") ||
                 contains(condition, "===") || contains(condition, "!==") || contains(condition, " in ") ||
                 contains(lower(condition), "valid") || contains(lower(condition), "allowed") ||
                 contains(lower(condition), "safe"));
      } else if (at.is(Kind::call_expression)) {
        const std::string callee = lower(at.child(Field::function).text());
        found = (contains(callee, "assert") || contains(callee, "valid") || contains(callee, "sanitize") ||
                 contains(callee, "escape") || contains(callee, "parse")) &&
                contains(at.child(Field::arguments).text(), name);
      }
      for (Node part = at.first(); part; part = part.next())
        if (!part.is(Kind::token) && !part.is(Kind::type)) open.push_back(part);
    }
    return found;
  }

  CodeIndex& index_;
  typescript::Bindings& names_;
  std::optional<std::map<Node, std::vector<Node>>> calls_of_;  // by function; nullopt: not looked for yet
  std::vector<RawSql> out_;
  int steps_ = 0;
};

}  // namespace

std::vector<RawSql> raw_sql(CodeIndex& index) { return Reader(index).read(); }

}  // namespace pgadvise::drizzle
