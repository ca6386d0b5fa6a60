#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text/text.h"
#include "drizzle/checks/code_checks.h"
#include "drizzle/checks/code_request_values.h"
#include "drizzle/checks/code_value_checks.h"

namespace pgadvise::drizzle {
namespace {

using typescript::arguments_of;
using typescript::bare;
using typescript::Binding;
using typescript::Field;
using typescript::is_name;
using typescript::Kind;
using typescript::Node;

constexpr int max_followed = 4;            // variables and calls
constexpr int max_steps = 2'000;           // expressions, for one text
constexpr std::size_t max_nodes = 50'000;  // of a function that is searched for assignments

struct Source {
  RawSql::Source kind = RawSql::Source::parameter;
  Node node;
};

// Whether the text of an object type, { name: string; all?: boolean }, says that the property may be any
// text.
bool is_text_in(std::string_view type, std::string_view property) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$';
  };
  for (auto at = type.find(property); at != std::string_view::npos; at = type.find(property, at + 1)) {
    if (at > 0 && is_word(type[at - 1])) continue;
    std::string_view rest = type.substr(at + property.size());
    if (rest.starts_with('?')) rest.remove_prefix(1);
    if (!rest.starts_with(':')) continue;
    const std::string_view of = trim(rest.substr(1, rest.find_first_of(";,\n}") - 1));
    return of == "string" || of == "string[]" || of == "any";
  }
  return false;
}

class RawSqlCalls {
 public:
  explicit RawSqlCalls(CodeIndex& index)
      : index_(index), names_(index.names()), checks_(names_), values_(index) {}

  std::vector<RawSql> read() {
    index_.each_call([&](const Node& call) { check(call); });
    std::ranges::sort(out_, [](const RawSql& a, const RawSql& b) { return a.place < b.place; });
    return std::move(out_);
  }

 private:
  void check(const Node& call) {
    const Node callee = bare(call.child(Field::function));
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
      case Kind::array:
      case Kind::spread_element:
        for (const Node& part : node.children())
          if (auto found = source_of(part, use, depth + 1)) return found;
        return std::nullopt;
      case Kind::ternary_expression:
        return either(node.child(Field::consequence), node.child(Field::alternative));
      case Kind::identifier:
      case Kind::shorthand_property_identifier: return source_of_name(node, use, depth);
      case Kind::member_expression: {
        auto found = source_of_member(node, use);
        return found ? found : source_of_property(node, use, depth);
      }
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
    const auto by_schema = values_.by_schema(origin_of(names_, root_of(node)), path_of(node));
    if (!(by_schema ? *by_schema : values_.is_member(node, path_of(node))) || is_checked(node, use))
      return std::nullopt;
    return Source{RawSql::Source::request, node};
  }

  // params.name of `params: { name: string }`, also of a type with a name. Not in a callback, which may get
  // the rows of a query.
  std::optional<Source> source_of_property(const Node& node, const Node& use, int depth) {
    const Node object = bare(node.child(Field::object));
    if (!object.is(Kind::identifier)) return std::nullopt;
    const Binding& binding = names_.find(object);
    if (binding.kind != Binding::Kind::parameter || !binding.pattern.is(Kind::identifier) ||
        binding.owner.parent().is(Kind::arguments) || values_.is_parameter(binding))
      return std::nullopt;
    const std::string type = typescript::annotated_type(binding.pattern.parent());
    const std::string_view name = node.child(Field::property).text();
    const auto named = type.starts_with('{') ? std::nullopt : index_.type_named(type, node.syntax()->file());
    if (!is_text_in(named ? named->text : type, name) || is_checked(node, use) ||
        checks_.checked(object, use))
      return std::nullopt;
    return source_of_parameter(binding, depth, name);
  }

  // const { sort } = req.query
  std::optional<Source> source_of_part(const Node& node, const Binding& binding, const Node& use) {
    const Node value = bare(binding.owner.child(Field::value));
    const Node pair = binding.name.parent();
    auto path = path_of(value);
    path.emplace_back(pair.is(Kind::pair_pattern) ? pair.child(Field::key).text() : binding.name.text());
    const auto by_schema = values_.by_schema(origin_of(names_, root_of(value)), path);
    const bool from_request =
        by_schema ? *by_schema : is_body(origin_of(names_, value)) || values_.is_member(value, path);
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
    const auto by_schema = values_.by_schema(node, {});
    if (!(by_schema ? *by_schema : values_.is_call(node)) || checks_.checked(node, use)) return std::nullopt;
    return Source{RawSql::Source::request, node};
  }

  // Whether a call of map() only puts text around the elements: ids.map((id) => `'${id}'`)
  static bool keeps_characters(const Node& call) {
    const auto arguments = arguments_of(call);
    const Node function = arguments.empty() ? Node() : arguments.front();
    if (!typescript::is_function(function)) return false;
    const Node body = function.child(Field::body);
    const auto patterns = typescript::parameter_patterns(function);
    return body.is(Kind::template_string) && !contains(body.text(), "(") && !patterns.empty() &&
           contains(body.text(), patterns.front().text());
  }

  std::optional<Source> source_of_name(const Node& node, const Node& use, int depth) {
    const Binding& binding = names_.find(node);
    if (checks_.checked(node, use)) return std::nullopt;
    if (binding.kind == Binding::Kind::variable) {
      if (!binding.pattern.is(Kind::identifier)) return source_of_part(node, binding, use);
      return source_of_variable(binding, use, depth);
    }
    if (binding.kind != Binding::Kind::parameter || !binding.pattern.is(Kind::identifier))
      return std::nullopt;
    if (const auto of_request = values_.is_parameter(binding))
      return *of_request ? std::optional(Source{RawSql::Source::request, node}) : std::nullopt;
    const std::string type = typescript::annotated_type(binding.pattern.parent());
    if (type != "string" && type != "string[]" && type != "any" && type != "string | undefined")
      return std::nullopt;
    return source_of_parameter(binding, depth);
  }

  // let text = 'SELECT …'; text += ` ORDER BY ${sort}`
  std::optional<Source> source_of_variable(const Binding& binding, const Node& use, int depth) {
    if (!open_.insert(binding.name).second) return std::nullopt;  // text = text + …
    auto found = source_of(binding.owner.child(Field::value), use, depth + 1);
    const auto& steps = steps_of(binding.name);
    for (std::size_t i = 0; i < steps.size() && !found; ++i)
      if (steps[i].syntax() != use.syntax() || steps[i].offset() < use.offset())
        found = source_of(steps[i], use, depth + 1);
    open_.erase(binding.name);
    return found;
  }

  // What assignments and push() add to the variable. Searches the function around its declaration once.
  const std::vector<Node>& steps_of(const Node& name) {
    static const std::vector<Node> none;
    Node scope = typescript::function_around(name);
    if (!scope) scope = name.syntax()->root();
    const auto known = steps_in_.find(scope);
    auto& steps_of_names = known == steps_in_.end() ? steps_in_[scope] : known->second;
    if (known == steps_in_.end()) {
      any_node(scope, max_nodes, [&](const Node& at) {
        if (is_assignment(at)) add_step(steps_of_names, at.child(Field::left), at.child(Field::right));
        else if (at.is(Kind::call_expression) && (method_of(at) == "push" || method_of(at) == "unshift"))
          for (const Node& argument : arguments_of(at)) add_step(steps_of_names, object_of(at), argument);
        return false;
      });
      for (auto& [of, steps] : steps_of_names) std::ranges::sort(steps);
    }
    const auto found = steps_of_names.find(name);
    return found == steps_of_names.end() ? none : found->second;
  }

  void add_step(std::map<Node, std::vector<Node>>& out, const Node& target, const Node& value) {
    const Node variable = bare(target);
    if (!variable.is(Kind::identifier)) return;
    if (const Binding& binding = names_.find(variable); binding.kind == Binding::Kind::variable)
      out[binding.name].push_back(value);
  }

  // The project's calls by function, found when a text depends on a parameter for the first time.
  const std::map<Node, std::vector<Node>>& calls() {
    if (calls_of_) return *calls_of_;
    calls_of_.emplace();
    index_.each_call([&](const Node& call) {
      if (const Node called = names_.called(call)) (*calls_of_)[called].push_back(call);
    });
    return *calls_of_;
  }

  // What the project's calls give for the parameter, or for its property. Without a call in sight, anything
  // may come.
  std::optional<Source> source_of_parameter(const Binding& binding, int depth,
                                            std::string_view property = {}) {
    const auto calls = this->calls().find(binding.owner);
    if (calls == this->calls().end()) return Source{RawSql::Source::parameter, binding.name};
    std::optional<Source> found;
    for (const Node& call : calls->second) {
      const Node given = argument_at(call, binding.index);
      auto source = source_of(property.empty() ? given : member_of(given, property), call, depth + 1);
      if (source && (!found || source->kind == RawSql::Source::request)) found = source;
    }
    return found;
  }

  CodeIndex& index_;
  typescript::Bindings& names_;
  ValueChecks checks_;
  RequestValues values_;
  std::optional<std::map<Node, std::vector<Node>>> calls_of_;   // by function; nullopt: not looked for yet
  std::map<Node, std::map<Node, std::vector<Node>>> steps_in_;  // by function, and the variable's name
  std::set<Node> open_;                                         // names of variables that are followed
  std::vector<RawSql> out_;
  int steps_ = 0;
};

}  // namespace

std::vector<RawSql> raw_sql(CodeIndex& index) { return RawSqlCalls(index).read(); }

}  // namespace pgadvise::drizzle
