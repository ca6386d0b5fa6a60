#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "base/text/text.h"
#include "typescript/program.h"

namespace pgadvise::typescript {
namespace {

using Values = Value::Kind;
using Arguments = std::vector<ValuePtr>;
using Answer = std::optional<ValuePtr>;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

bool ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

Answer of_string(Program& program, const std::string& text, const std::string& name,
                 const Arguments& arguments, const Node& node) {
  if (!program.step_over(text)) return std::nullopt;
  if (name == "toLowerCase" && ascii(text)) return text_value(lower(text), node);
  if (name == "toUpperCase" && ascii(text)) return text_value(upper(text), node);
  if (name == "trim") return text_value(std::string(trim(text)), node);
  if (name == "toString") return text_value(text, node);
  std::vector<std::string> words;
  std::size_t size = text.size();
  for (const auto& argument : arguments) {
    if (!argument->is(Values::string) || !program.step_over(argument->text)) return std::nullopt;
    words.push_back(argument->text);
    size += argument->text.size();
  }
  if (size > Program::max_text) return std::nullopt;
  if (name == "concat") return text_value(text + join(words, ""), node);
  if (words.size() == 2 && name == "replaceAll" && !words[0].empty() &&
      words[1].find('$') == std::string::npos &&
      text.size() / words[0].size() <= Program::max_text / (words[1].size() + 1))
    return text_value(replace_all(text, words[0], words[1]), node);
  if (words.size() != 1) return std::nullopt;
  if (name == "startsWith") return boolean_value(text.starts_with(words[0]), node);
  if (name == "endsWith") return boolean_value(text.ends_with(words[0]), node);
  if (name == "includes") return boolean_value(contains(text, words[0]), node);
  return std::nullopt;
}

// The place in an array that a number names, from its end if it is negative; nullopt for other values.
std::optional<std::size_t> place_of(const ValuePtr& value, std::size_t size) {
  if (!value->is(Values::number)) return std::nullopt;
  const double number = std::strtod(value->text.c_str(), nullptr), end = static_cast<double>(size);
  return static_cast<std::size_t>(std::clamp(number < 0 ? end + number : number, 0.0, end));
}

Answer slice(Program& program, const Value& array, const Arguments& arguments, const Node& node) {
  const std::size_t size = array.items.size();
  const auto from = arguments.empty() ? 0 : place_of(arguments[0], size);
  const auto to = arguments.size() < 2 ? size : place_of(arguments[1], size);
  if (!from || !to || !program.step(size)) return std::nullopt;
  Value out{.kind = Values::array, .node = node};
  for (std::size_t i = *from; i < *to; ++i) out.items.push_back(array.items[i]);
  return make(std::move(out));
}

Answer of_array(Program& program, const Value& array, const std::string& name, const Arguments& arguments,
                const Node& node) {
  constexpr std::size_t max_items = 10'000;
  if (array.partial || array.items.size() > max_items) return std::nullopt;
  Value out{.kind = Values::array, .node = node};
  if (is_one_of(name, {"map", "flatMap", "filter"}) && arguments.size() != 1) return std::nullopt;
  if (name == "map" || name == "flatMap") {
    for (std::size_t i = 0; i < array.items.size(); ++i) {
      ValuePtr item =
          program.call(arguments[0], {array.items[i], number_value(static_cast<double>(i))}, node);
      if (!program.step(item->items.size() + 1)) return std::nullopt;
      if (name == "flatMap" && item->is(Values::array)) {
        out.partial = out.partial || item->partial;
        out.items.insert(out.items.end(), item->items.begin(), item->items.end());
      } else {
        out.items.push_back(std::move(item));
      }
    }
    return make(std::move(out));
  }
  if (name == "filter") {
    for (const auto& item : array.items) {
      if (!program.step()) return std::nullopt;
      const bool by_truth = arguments[0]->is(Values::external) && arguments[0]->name == "Boolean";
      const auto truth = (by_truth ? item : program.call(arguments[0], {item}, node))->truthy();
      if (!truth) return std::nullopt;
      if (*truth) out.items.push_back(item);
    }
    return make(std::move(out));
  }
  if (name == "concat") {
    if (!program.step(array.items.size())) return std::nullopt;
    out.items = array.items;
    for (const auto& argument : arguments) {
      if (!argument->is(Values::array) || argument->partial || !program.step(argument->items.size()))
        return std::nullopt;
      out.items.insert(out.items.end(), argument->items.begin(), argument->items.end());
    }
    return make(std::move(out));
  }
  if (name == "slice") return slice(program, array, arguments, node);
  if (name == "join") {
    if (arguments.size() > 1 || (!arguments.empty() && !arguments[0]->is(Values::string)))
      return std::nullopt;
    const std::string between = arguments.empty() ? "," : arguments[0]->text;
    std::vector<std::string> words;
    std::size_t size = 0;
    for (const auto& item : array.items) {
      const auto word = item->as_text();
      size += word ? word->size() + between.size() : 0;
      if (!word || size > Program::max_text || !program.step(1 + word->size() / 64)) return std::nullopt;
      words.push_back(*word);
    }
    return text_value(join(words, between), node);
  }
  return std::nullopt;
}

// Object.freeze(x), Object.values(x) …
Answer of_object(Program& program, const std::string& name, const Arguments& arguments, const Node& node) {
  if (arguments.empty()) return std::nullopt;
  if (is_one_of(name, {"freeze", "seal", "preventExtensions"})) return arguments[0];
  if (name == "assign") {
    Value out{.kind = Values::object, .node = node};
    for (const auto& argument : arguments) {
      if (!argument->is(Values::object)) return std::nullopt;
      out.partial = out.partial || argument->partial;
      for (const auto& property : argument->properties) {
        if (!program.step(1 + out.properties.size() / 16)) return std::nullopt;
        set_property(out, property);
      }
    }
    return make(std::move(out));
  }
  const Value& object = *arguments[0];
  if (!object.is(Values::object) || object.partial || !program.step(object.properties.size()))
    return std::nullopt;
  Value out{.kind = Values::array, .node = node};
  for (const auto& property : object.properties) {
    const ValuePtr key = text_value(property.key, property.node);
    if (name == "keys") out.items.push_back(key);
    else if (name == "values") out.items.push_back(property.value);
    else if (name == "entries")
      out.items.push_back(
          make({.kind = Values::array, .items = {key, property.value}, .node = property.node}));
    else return std::nullopt;
  }
  return make(std::move(out));
}

Answer from_entries(Program& program, const Arguments& arguments, const Node& node) {
  if (arguments.size() != 1 || !arguments[0]->is(Values::array) || arguments[0]->partial) return std::nullopt;
  Value out{.kind = Values::object, .node = node};
  for (const auto& entry : arguments[0]->items) {
    if (!entry->is(Values::array) || entry->items.size() != 2) return std::nullopt;
    if (!program.step(1 + out.properties.size() / 16)) return std::nullopt;
    const auto key = entry->items[0]->as_text();
    if (!key) return std::nullopt;
    set_property(out, {*key, entry->items[1], entry->node});
  }
  return make(std::move(out));
}

// A function of a package that makes an enumeration of labels, given as an array or an object.
struct EnumerationMaker {
  std::string_view package;
  std::string_view function;
  std::size_t argument;    // that has the labels
  std::string_view list;   // the member with the labels as an array
  std::string_view table;  // the member with them as an object; "": none
};

const EnumerationMaker* enumeration_maker(const Value& function) {
  static constexpr std::array<EnumerationMaker, 5> makers = {
      {{"zod", "enum", 0, "options", "enum"},
       {"zod", "nativeEnum", 0, "", "enum"},
       {"valibot", "picklist", 0, "options", ""},
       {"valibot", "enum", 0, "options", "enum"},
       {"drizzle-orm/pg-core", "pgEnum", 1, "enumValues", ""}}};
  const bool member = function.is(Values::member);  // z.enum of `import { z }`
  const Value& package = member ? *function.base : function;
  if (!package.is(Values::external)) return nullptr;
  const auto found = std::ranges::find_if(makers, [&](const EnumerationMaker& maker) {
    return function.name == maker.function &&
           (package.text == maker.package || package.text.starts_with(std::string(maker.package) + "/"));
  });
  return found == makers.end() ? nullptr : &*found;
}

// The labels of an array or an object of strings; empty if one is not known.
std::vector<ValuePtr> labels_of(const Value& written) {
  std::vector<ValuePtr> out;
  if (written.partial) return {};
  for (const auto& item : written.items) out.push_back(item);
  for (const auto& property : written.properties) out.push_back(property.value);
  const bool known = std::ranges::all_of(out, [](const auto& one) { return one->is(Values::string); });
  return known ? out : std::vector<ValuePtr>{};
}

}  // namespace

std::optional<ValuePtr> enumeration_member(const Value& call, const std::string& name, const Node& node) {
  const EnumerationMaker* maker = enumeration_maker(*call.base);
  if (!maker || name.empty() || call.partial || call.items.size() <= maker->argument) return std::nullopt;
  const Value& written = *call.items[maker->argument];
  const auto labels = labels_of(written);
  if (labels.empty()) return std::nullopt;
  if (name == maker->list) return make({.kind = Values::array, .items = labels, .node = node});
  if (name != maker->table) return std::nullopt;
  if (written.is(Values::object)) return call.items[maker->argument];
  Value out{.kind = Values::object, .node = node};
  for (const auto& label : labels) set_property(out, {label->text, label, label->node});
  return make(std::move(out));
}

std::optional<ValuePtr> call_builtin(Program& program, const Value& method,
                                     const std::vector<ValuePtr>& arguments, const Node& node) {
  const Value& base = *method.base;
  if (base.is(Values::string)) return of_string(program, base.text, method.name, arguments, node);
  if (method.name == "toString" && arguments.empty() && base.is(Values::number, Values::boolean))
    return text_value(*base.as_text(), node);
  if (base.is(Values::external) && base.text.empty() && base.name == "Array" && method.name == "from" &&
      arguments.size() == 1 && arguments[0]->is(Values::array))
    return arguments[0];
  if (base.is(Values::array)) return of_array(program, base, method.name, arguments, node);
  if (base.is(Values::external) && base.text.empty() && base.name == "Object")
    return method.name == "fromEntries" ? from_entries(program, arguments, node)
                                        : of_object(program, method.name, arguments, node);
  return std::nullopt;
}

}  // namespace pgadvise::typescript
