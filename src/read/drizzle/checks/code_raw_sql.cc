#include <algorithm>
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
    return is_one_of(of, {"string", "string[]", "any"});
  }
  return false;
}

class RawSqlCalls {
 public:
  explicit RawSqlCalls(CodeIndex& index)
      : index_(index), names_(index.names()), checks_(names_), values_(index) {}

  std::vector<RawSql> read() {
    index_.each_call([&](const Node& call) { check(call); });
    std::ranges::sort(out_, {}, &RawSql::place);
    return std::move(out_);
  }

 private:
  static constexpr int max_followed = 12;           // variables, calls and parts of expressions
  static constexpr int max_steps = 2'000;           // expressions, for one text
  static constexpr std::size_t max_nodes = 50'000;  // of a function that is searched for assignments

  void check(const Node& call) {
    const Node callee = bare(call.child(Field::function));
    const auto arguments = arguments_of(call);
    if (arguments.empty() || !callee.is(Kind::member_expression)) return;
    std::string maker;
    if (callee.text(Field::property) == "raw" && index_.is_drizzle(callee.child(Field::object), "sql"))
      maker = "sql.raw";
    else if (const FoundQuery* query = index_.query(call); query && query->facts.kind == QueryKind::execute)
      maker = "execute";
    if (maker.empty()) return;
    steps_ = 0;
    const auto source = source_of(arguments.front(), call, 0);
    if (!source) return;
    out_.push_back({source->kind, name_of_function(function_around(call)),
                    ellipsis(arguments.front().text(), 80), maker, call.location(), source->node.location()});
  }

  // Where an unchecked text in the expression comes from; nullopt if none is found.
  std::optional<Source> source_of(const Node& expression, const Node& use, int depth) {
    const Node node = bare(expression);
    if (!node || depth > max_followed || ++steps_ > max_steps) return std::nullopt;
    switch (node.kind()) {
      case Kind::binary_expression:
        if (!is_one_of(node.text(Field::operator_), {"+", "??", "||"})) return std::nullopt;
        return source_of_parts(choices_of(node), use, depth);
      case Kind::template_string:
      case Kind::template_substitution:
      case Kind::array:
      case Kind::spread_element: return source_of_parts(node.children(), use, depth);
      case Kind::ternary_expression: return source_of_parts(choices_of(node), use, depth);
      case Kind::identifier:
      case Kind::shorthand_property_identifier: return source_of_name(node, use, depth);
      case Kind::member_expression:
        if (values_.is_free_text(node)) return from_request(node, is_checked(node, use));
        return source_of_property(node, use, depth);
      case Kind::call_expression: return source_of_call(node, use, depth);
      default: return std::nullopt;
    }
  }

  std::optional<Source> source_of_parts(const std::vector<Node>& parts, const Node& use, int depth) {
    for (const Node& part : parts)
      if (auto found = source_of(part, use, depth + 1)) return found;
    return std::nullopt;
  }

  static std::optional<Source> from_request(const Node& node, bool checked) {
    return checked ? std::nullopt : std::optional(Source{RawSql::Source::request, node});
  }

  // Also if it is an object that is checked as a whole: schema.parse(req.query).
  bool is_checked(Node node, const Node& use) {
    for (; node; node = bare(node.child(Field::object))) {
      if (is_name(node) && names_.find(node).kind != Binding::Kind::variable) return false;
      if (checks_.checked(node, use)) return true;
      if (!node.is(Kind::member_expression, Kind::subscript_expression)) return false;
    }
    return false;
  }

  // params.name of `params: { name: string }`, also of a type with a name. Not in a callback, which may get
  // the rows of a query.
  std::optional<Source> source_of_property(const Node& node, const Node& use, int depth) {
    const Node object = bare(node.child(Field::object));
    if (!object.is(Kind::identifier)) return std::nullopt;
    const Binding& binding = names_.find(object);
    if (binding.kind != Binding::Kind::parameter || !binding.pattern.is(Kind::identifier) ||
        binding.owner.parent().is(Kind::arguments) || values_.is_free_parameter(binding))
      return std::nullopt;
    const std::string type = annotated_type(binding.pattern.parent());
    const std::string_view name = node.text(Field::property);
    const auto named = type.starts_with('{') ? std::nullopt : index_.type_named(type, node.syntax()->file());
    if (!is_text_in(named ? named->text : type, name) || is_checked(node, use) ||
        checks_.checked(object, use))
      return std::nullopt;
    return source_of_parameter(binding, depth, name);
  }

  std::optional<Source> source_of_call(const Node& node, const Node& use, int depth) {
    // Methods that leave the characters as they are.
    static constexpr auto same = word_list("trim", "toLowerCase", "toUpperCase", "toString", "join", "concat",
                                           "slice", "substring", "split", "trimStart", "trimEnd");
    const std::string_view method = method_of(node);
    const Node object = object_of(node);
    if (is_one_of(method, same) || (method == "map" && keeps_characters(node)))
      return source_of(object, use, depth + 1);
    if (!values_.is_free_text(node)) return std::nullopt;
    return from_request(node, checks_.checked(node, use));
  }

  // Whether a call of map() only puts text around the elements: ids.map((id) => `'${id}'`)
  static bool keeps_characters(const Node& call) {
    const Node function = argument_at(call);
    if (!is_function(function)) return false;
    const Node body = function.child(Field::body);
    const auto patterns = parameter_patterns(function);
    return body.is(Kind::template_string) && !contains(body.text(), "(") && !patterns.empty() &&
           contains(body.text(), patterns.front().text());
  }

  std::optional<Source> source_of_name(const Node& node, const Node& use, int depth) {
    const Binding& binding = names_.find(node);
    if (checks_.checked(node, use)) return std::nullopt;
    if (binding.kind == Binding::Kind::variable) {
      if (binding.pattern.is(Kind::identifier)) return source_of_variable(binding, use, depth);
      const Node value = bare(binding.owner.child(Field::value));  // const { sort } = req.query
      const bool free = value && values_.is_free_text(value, {property_in(binding.pattern, binding.name)});
      return from_request(node, !free || is_checked(value, use));
    }
    if (binding.kind != Binding::Kind::parameter || !binding.pattern.is(Kind::identifier))
      return std::nullopt;
    if (const auto of_request = values_.is_free_parameter(binding)) return from_request(node, !*of_request);
    const std::string type = annotated_type(binding.pattern.parent());
    if (!is_one_of(type, {"string", "string[]", "any", "string | undefined"})) return std::nullopt;
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
    Node scope = function_around(name);
    if (!scope) scope = name.syntax()->root();
    const auto [entry, is_new] = steps_in_.try_emplace(scope);
    auto& steps_of_names = entry->second;
    if (is_new) {
      any_node(scope, max_nodes, [&](const Node& at) {
        if (is_assignment(at)) add_step(steps_of_names, at.child(Field::left), at.child(Field::right));
        else if (at.is(Kind::call_expression) && is_one_of(method_of(at), {"push", "unshift"}))
          for (const Node& argument : arguments_of(at)) add_step(steps_of_names, object_of(at), argument);
        return false;
      });
      for (auto& [of, steps] : steps_of_names) std::ranges::sort(steps);
    }
    return steps_of_names[name];
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
  Bindings& names_;
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
