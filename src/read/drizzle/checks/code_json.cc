#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/text/text.h"
#include "drizzle/checks/code_checks.h"
#include "drizzle/schema/source_value.h"

namespace pgadvise::drizzle {
namespace {

using Use = JsonColumn::Use;

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200))
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out += c;
    else if (!out.ends_with(' ')) out += ' ';
  return ellipsis(out, 60);
}

class JsonColumns {
 public:
  explicit JsonColumns(CodeIndex& index) : index_(index), names_(index.names()) {}

  std::vector<JsonColumn> read() {
    for (const auto& [name, table] : index_.schema_tables()) read_declared(*table);
    for (const auto& query : index_.queries()) read_written(query);
    index_.each_call([&](const Node& call) {
      if (call.text(Field::function) == "JSON.parse") read_parsed(call);
    });
    std::vector<JsonColumn> out;
    for (auto& [key, column] : found_) out.push_back(std::move(column));
    return out;
  }

 private:
  static constexpr int max_followed = 8;           // variables, calls and types
  static constexpr int max_steps = 500;            // expressions, for one value
  static constexpr std::size_t max_nodes = 4'000;  // of a function that is searched

  void add(const SourceTable* table, const std::string& column, Use use, const Node& node) {
    if (!table || !table->name || column.empty()) return;
    JsonColumn found{*table->name, column, use, shown(node.text()), node.location()};
    const auto [entry, is_new] = found_.try_emplace({*table->name, column, use}, found);
    if (!is_new && found.place < entry->second.place) entry->second = std::move(found);
  }

  static std::string column_of(const SourceTable* table, const std::string& key) {
    if (!table) return {};
    const auto known = table->column_names.find(key);
    return known == table->column_names.end() ? std::string() : known->second.name;
  }

  // ---- text().$type<{ … }>()

  void read_declared(const SourceTable& table) {
    if (!table.columns->is(Values::object)) return;
    for (const auto& property : table.columns->properties) {
      const Chain chain = chain_of(property.value);
      const ChainCall* typed = chain.find("$type");
      if (!typed || !typed->call->node) continue;
      const Node type = typed->call->node.child(Kind::type);
      std::string_view text = type.text();
      if (text.size() < 3 || text.front() != '<' || text.back() != '>') continue;
      text = text.substr(1, text.size() - 2);
      if (is_container(text, type.syntax()->file(), 0)) {
        const std::string column = column_of(&table, property.key);
        add(&table, column, Use::declared, type);
      }
    }
  }

  // Whether the type is one of objects or arrays.
  bool is_container(std::string_view type, const std::string& file, int depth) {
    static constexpr auto generic =
        word_list("Record<", "Array<", "ReadonlyArray<", "Partial<", "Required<", "Pick<", "Omit<", "Map<");
    type = trim(type);
    if (type.starts_with("|")) type = trim(type.substr(1));
    if (type.starts_with("readonly ")) type = trim(type.substr(9));
    if (depth > max_followed || contains(type, "string &") || contains(type, "& string")) return false;
    for (const std::string_view empty : {"| null", "| undefined"})
      if (type.ends_with(empty)) type = trim(type.substr(0, type.size() - empty.size()));
    if (type.starts_with('{') || type.starts_with('[') || type.starts_with("interface ")) return true;
    if (type.ends_with("[]") && !contains(type, "|")) return true;
    if (std::ranges::any_of(generic, [&](std::string_view one) { return type.starts_with(one); }))
      return type.ends_with('>');
    const bool name = !type.empty() && std::ranges::all_of(type, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$';
    });
    const auto known = name ? index_.type_named(std::string(type), file) : std::nullopt;
    std::string_view text = known ? std::string_view(known->text) : std::string_view();
    while (text.ends_with(';') || text.ends_with('\n')) text.remove_suffix(1);
    return known && is_container(text, known->file, depth + 1);
  }

  // ---- JSON.stringify()

  void read_written(const FoundQuery& query) {
    if (!query.table || (query.facts.kind != QueryKind::insert && query.facts.kind != QueryKind::update))
      return;
    steps_ = 0;
    if (query.facts.kind == QueryKind::update) return rows(query.table, argument_of(query, "set"), 0);
    rows(query.table, argument_of(query, "values"), 0);
    const Node options = argument_of(query, "onConflictDoUpdate");
    if (const Node set = property_of(options, "set")) rows(query.table, set, 0);
  }

  // The object or objects that are written.
  void rows(const SourceTable* table, const Node& expression, int depth) {
    const Node node = bare(expression);
    if (!node || depth > max_followed || ++steps_ > max_steps) return;
    if (node.is(Kind::object)) {
      for (const Node& part : node.children()) {
        if (part.is(Kind::pair)) write(table, key_of(part), part.child(Field::value));
        if (part.is(Kind::shorthand_property_identifier)) write(table, std::string(part.text()), part);
        if (part.is(Kind::spread_element))
          for (const Node& inner : part.children()) rows(table, inner, depth + 1);
      }
      return;
    }
    std::vector<Node> parts;
    if (node.is(Kind::array)) parts = node.children();
    else if (node.is(Kind::ternary_expression)) parts = choices_of(node);
    else if (node.is(Kind::binary_expression)) parts = {node.child(Field::right)};  // ...(name && { name })
    else if (method_of(node) == "map") parts = returned_values(argument_at(node));
    for (const Node& part : parts) rows(table, part, depth + 1);
    if (node.is(Kind::identifier)) {
      const Binding& binding = names_.find(node);
      if (binding.kind != Binding::Kind::variable || !binding.pattern.is(Kind::identifier)) return;
      rows(table, binding.owner.child(Field::value), depth + 1);
      assigned(table, binding);
    }
  }

  // changes.settings = JSON.stringify(settings)
  void assigned(const SourceTable* table, const Binding& binding) {
    const Node function = function_around(binding.name);
    if (!function) return;
    any_node(function.child(Field::body), max_nodes, [&](const Node& at) {
      const Node target = at.child(Field::left);
      if (at.is(Kind::assignment_expression) && target.is(Kind::member_expression) &&
          target.text(Field::object) == binding.name.text())
        write(table, std::string(target.text(Field::property)), at.child(Field::right));
      return false;
    });
  }

  void write(const SourceTable* table, const std::string& key, const Node& value) {
    const std::string column = column_of(table, key);
    if (column.empty()) return;
    if (const Node call = encrypted(value, 0)) return add(table, column, Use::encrypted, call);
    if (const Node call = stringified(value, 0)) add(table, column, Use::written, call);
  }

  // The call that encrypts JSON.stringify()'s text, of the value or of one of its alternatives.
  Node encrypted(const Node& expression, int depth) {
    const Node node = bare(expression);
    if (!node || depth > max_followed || ++steps_ > max_steps) return {};
    if (node.is(Kind::call_expression)) {
      const bool of_json = std::ranges::any_of(arguments_of(node), [&](const Node& argument) {
        return static_cast<bool>(stringified(argument, depth + 1));
      });
      return of_json && contains(lower(node.text(Field::function)), "crypt") ? node : Node();
    }
    for (const Node& one : choices_of(node))
      if (const Node found = encrypted(one, depth + 1)) return found;
    return {};
  }

  // The call of JSON.stringify() that makes the value; empty for other values.
  Node stringified(const Node& expression, int depth) {
    const Node node = bare(expression);
    if (!node || depth > max_followed || ++steps_ > max_steps) return {};
    if (node.is(Kind::call_expression)) return node.text(Field::function) == "JSON.stringify" ? node : Node();
    for (const Node& one : choices_of(node))
      if (const Node found = stringified(one, depth + 1)) return found;
    if (!is_name(node)) return {};
    return stringified(initial_value(names_.find(node).owner), depth + 1);
  }

  // ---- JSON.parse()

  // What a row is of: a query, or a table by a type such as typeof orders.$inferSelect.
  struct Origin {
    const FoundQuery* query = nullptr;
    const SourceTable* table = nullptr;
    explicit operator bool() const { return query || table; }
  };

  void read_parsed(const Node& call) {
    steps_ = 0;
    Node value = argument_at(call);
    while (value.is(Kind::binary_expression)) value = bare(value.child(Field::left));
    std::string property;
    Node row;
    if (value.is(Kind::member_expression)) {
      property = value.text(Field::property);
      row = value.child(Field::object);
    } else if (value.is(Kind::identifier)) {
      const Binding& binding = names_.find(value);
      if (binding.kind != Binding::Kind::variable) return;
      const Node given = bare(binding.owner.child(Field::value));
      if (binding.pattern.is(Kind::object_pattern)) {  // const { settings } = row
        property = property_in(binding.pattern, binding.name);
        row = given;
      } else if (given.is(Kind::member_expression)) {  // const settings = row.settings
        property = given.text(Field::property);
        row = given.child(Field::object);
      }
    }
    if (property.empty()) return;
    const Origin origin = origin_of(row, 0);
    if (!origin) return;
    if (origin.table) return add(origin.table, column_of(origin.table, property), Use::read, call);
    add_column(*origin.query, property, call);
  }

  // The column that a property of the query's rows has.
  void add_column(const FoundQuery& query, const std::string& property, const Node& call) {
    Node columns;
    if (query.facts.kind == QueryKind::select && !query.facts.relational) {
      columns = argument_at(object_of(query.anchor));
      const bool nested = !columns && std::ranges::any_of(query.links, [](const auto& link) {
        return link.name.ends_with("Join");
      });
      if (nested) return;  // { orders: {…}, customers: {…} }
      if (columns && !columns.is(Kind::object)) return;
    } else if (query.facts.kind != QueryKind::select) {
      columns = argument_of(query, "returning");
    }
    if (columns.is(Kind::object)) {
      const Node chosen = property_of(columns, property);
      const auto known = chosen ? index_.column(chosen) : std::nullopt;
      if (known) add(known->table, known->column, Use::read, call);
      return;
    }
    add(query.table, column_of(query.table, property), Use::read, call);
  }

  // Where a row, or a list of rows, comes from.
  Origin origin_of(const Node& expression, int depth) {
    const Node node = bare(expression);
    if (!node || depth > max_followed || ++steps_ > max_steps) return {};
    if (const FoundQuery* query = index_.query(node)) return {query, nullptr};
    switch (node.kind()) {
      case Kind::identifier: return origin_of_name(node, depth);
      case Kind::subscript_expression: return origin_of(node.child(Field::object), depth + 1);
      case Kind::binary_expression: return origin_of(node.child(Field::left), depth + 1);
      case Kind::ternary_expression:
        for (const Node& one : choices_of(node))
          if (const Origin found = origin_of(one, depth + 1)) return found;
        return {};
      case Kind::call_expression: return origin_of_call(node, depth);
      default: return {};
    }
  }

  Origin origin_of_call(const Node& node, int depth) {
    const std::string_view method = method_of(node);
    if (is_one_of(method, {"find", "filter", "slice", "sort", "at", "reverse", "toSorted", "pop"}))
      return origin_of(object_of(node), depth + 1);
    if (method == "then" && contains(node.text(Field::arguments), "[0]"))
      return origin_of(object_of(node), depth + 1);
    const Node function = names_.called(node);
    if (!function) return {};
    for (const Node& value : returned_values(function))
      if (const Origin found = origin_of(value, depth + 1)) return found;
    return {};
  }

  Origin origin_of_name(const Node& node, int depth) {
    const Binding& binding = names_.find(node);
    switch (binding.kind) {
      case Binding::Kind::element: return origin_of(binding.owner.child(Field::right), depth + 1);
      case Binding::Kind::parameter: return origin_of_parameter(binding, depth);
      case Binding::Kind::variable: break;
      default: return {};
    }
    const Node value = bare(binding.owner.child(Field::value));
    if (binding.pattern.is(Kind::identifier)) {
      const std::string type = annotated_type(binding.owner);
      return type.empty() ? origin_of(value, depth + 1) : of_type(type, node.syntax()->file(), depth);
    }
    if (!binding.pattern.is(Kind::array_pattern)) return {};
    if (value.text(Field::function) != "Promise.all") return origin_of(value, depth + 1);
    const auto names = binding.pattern.children(), items = argument_at(value).children();
    const auto at = std::ranges::find(names, binding.name);
    const auto index = static_cast<std::size_t>(at - names.begin());
    return index < items.size() ? origin_of(items[index], depth + 1) : Origin();
  }

  Origin origin_of_parameter(const Binding& binding, int depth) {
    if (!binding.pattern.is(Kind::identifier)) return {};
    const std::string type = annotated_type(binding.pattern.parent());
    if (!type.empty()) return of_type(type, binding.name.syntax()->file(), depth);
    const Node call = binding.owner.parent().parent();
    if (!call.is(Kind::call_expression) || binding.index != 0 ||
        !is_one_of(method_of(call), {"map", "forEach", "flatMap", "filter", "find", "some", "every", "sort"}))
      return {};
    return origin_of(object_of(call), depth + 1);
  }

  // typeof orders.$inferSelect, InferSelectModel<typeof orders>, or the name of such a type.
  Origin of_type(std::string_view type, const std::string& file, int depth) {
    type = trim(type);
    while (type.ends_with(';')) type = trim(type.substr(0, type.size() - 1));
    if (depth > max_followed) return {};
    const bool selected = contains(type, "$inferSelect") || type.starts_with("InferSelectModel<");
    if (selected && !contains(type, "{")) {
      const auto at = type.find("typeof ");
      if (at == std::string_view::npos || at > 20) return {};
      return {nullptr, index_.table(file, first_word(type.substr(at + 7)))};
    }
    const std::string name = first_word(type);
    if (name.empty()) return {};
    const std::string_view rest = trim(type.substr(name.size()));
    if (!rest.empty() && !is_one_of(rest, {"[]", "| null", "| undefined"})) return {};
    const auto known = index_.type_named(name, file);
    return known && !known->text.starts_with("interface ") ? of_type(known->text, known->file, depth + 1)
                                                           : Origin();
  }

  CodeIndex& index_;
  Bindings& names_;
  std::map<std::tuple<QualifiedName, std::string, Use>, JsonColumn> found_;
  int steps_ = 0;
};

}  // namespace

std::vector<JsonColumn> json_columns(CodeIndex& index) { return JsonColumns(index).read(); }

}  // namespace pgadvise::drizzle
