#include "drizzle/schema/source_column.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/text/text.h"

namespace pgadvise::drizzle {
namespace {

using typescript::Property;
using typescript::Value;
using typescript::ValuePtr;
using Kind = Value::Kind;
using Text = std::optional<std::string>;

enum class Builder {
  plain,       // the type is the function's name
  length,      // varchar({ length })
  precision,   // numeric({ precision, scale })
  time,        // timestamp({ precision, withTimezone })
  dimensions,  // vector({ dimensions })
  interval,
  geometry,
};

struct BuilderType {
  std::string type;
  Builder builder = Builder::plain;
};

// Columns of drizzle-orm/pg-core, by function; nullopt for other functions.
std::optional<BuilderType> builder_type(const std::string& name) {
  static constexpr auto plain = word_list("bigint", "bigserial", "boolean", "bytea", "cidr", "date", "inet",
                                          "integer", "json", "jsonb", "line", "macaddr", "macaddr8", "point",
                                          "real", "serial", "smallint", "smallserial", "text", "uuid");
  static const std::map<std::string_view, BuilderType> others = {
      {"char", {"char", Builder::length}},
      {"decimal", {"numeric", Builder::precision}},
      {"doublePrecision", {"double precision"}},
      {"interval", {"interval", Builder::interval}},
      {"numeric", {"numeric", Builder::precision}},
      {"time", {"time", Builder::time}},
      {"timestamp", {"timestamp", Builder::time}},
      {"varchar", {"varchar", Builder::length}},
      {"bit", {"bit", Builder::dimensions}},
      {"halfvec", {"halfvec", Builder::dimensions}},
      {"sparsevec", {"sparsevec", Builder::dimensions}},
      {"vector", {"vector", Builder::dimensions}},
      {"geometry", {"geometry", Builder::geometry}},
  };
  if (is_one_of(name, plain)) return BuilderType{name};
  const auto found = others.find(name);
  return found == others.end() ? std::nullopt : std::optional(found->second);
}

// The number in a member of the options: "" if it is missing, nullopt if it is not known.
Text number_member(const Value& options, std::string_view key) {
  if (options.is(Kind::undefined)) return "";
  if (!options.is(Kind::object)) return std::nullopt;
  const Property* property = options.property(key);
  if (!property) return options.partial ? Text() : Text("");
  if (property->value->is(Kind::undefined)) return "";
  return property->value->is(Kind::number) ? Text(property->value->text) : std::nullopt;
}

Text in_parentheses(std::string_view type, const Text& number) {
  if (!number) return std::nullopt;
  return std::string(type) + (number->empty() ? "" : "(" + *number + ")");
}

Text type_with(const BuilderType& builder, const Value& options) {
  const std::string& type = builder.type;
  switch (builder.builder) {
    case Builder::plain: return type;
    case Builder::length: return in_parentheses(type, number_member(options, "length"));
    case Builder::dimensions: return in_parentheses(type, number_member(options, "dimensions"));
    case Builder::precision: {
      const Text precision = number_member(options, "precision"), scale = number_member(options, "scale");
      if (!precision || !scale) return std::nullopt;
      if (precision->empty() || scale->empty()) return in_parentheses(type, precision);
      return type + "(" + *precision + ", " + *scale + ")";
    }
    case Builder::time: {
      const Text out = in_parentheses(type, number_member(options, "precision"));
      const Property* zone = options.property("withTimezone");
      if (!out || options.partial || (zone && !zone->value->truthy())) return std::nullopt;
      return *out + (zone && *zone->value->truthy() ? " with time zone" : "");
    }
    case Builder::interval: {
      const Text fields = text_member(options, "fields");
      return in_parentheses("interval" + (fields ? " " + *fields : ""), number_member(options, "precision"));
    }
    case Builder::geometry: {
      const Text kind = text_member(options, "type"), srid = number_member(options, "srid");
      if (!srid) return std::nullopt;
      return "geometry(" + kind.value_or("point") + (srid->empty() ? "" : "," + *srid) + ")";
    }
  }
  return std::nullopt;
}

// The call varchar('name', { … }) taken apart: both arguments may be missing.
struct Call {
  Text name;  // "": none is given
  ValuePtr options;
};

Call call_of(const Value& call) {
  const ValuePtr first = argument(call, 0);
  if (call.partial) return {std::nullopt, first};
  if (first->is(Kind::undefined)) return {"", argument(call, 1)};
  if (first->is(Kind::object)) return {"", first};
  return {text_of(first), argument(call, 1)};
}

bool is_custom(const Value& function) {
  return function.is(Kind::call) && pg_core_name(*function.base) == "customType";
}

bool is_enum(const Value& function) {
  std::optional<std::string> schema;
  return made_object(function, schema) == "enum";
}

// What modifier() of ColumnParts reads.
bool is_modifier(std::string_view name) {
  static constexpr auto names =
      word_list("notNull", "primaryKey", "default", "defaultNow", "defaultRandom", "unique", "references",
                "generatedAlwaysAs", "generatedAlwaysAsIdentity", "generatedByDefaultAsIdentity");
  return is_one_of(name, names);
}

class ColumnParts {
 public:
  ColumnParts(const ColumnContext& context, SourceColumn& out) : context_(context), out_(out) {}

  void read(const Chain& chain) {
    type(*chain.root);
    const auto is_array = [](const ChainCall& step) { return step.name == "array"; };
    const auto arrays = std::ranges::count_if(chain.calls, is_array);
    if (!out_.type.empty())
      for (auto i = arrays; i > 0; --i) out_.type += "[]";
    auto left = arrays;
    for (const auto& step : chain.calls)
      if (is_array(step)) --left;
      else if (left == 0 || !is_modifier(step.name)) modifier(step);
      else before_array(step);
  }

 private:
  void type(const Value& root) {
    if (!root.is(Kind::call)) return unknown("the type");
    const Value& function = *root.base;
    const ValuePtr options = call_of(root).options;
    Text found;
    if (is_enum(function)) {
      std::optional<std::string> schema;
      made_object(function, schema);
      found = text_of(argument(function, 0));
      if (!schema) found.reset();
      out_.type_schema = schema.value_or("");
    } else if (is_custom(function)) {
      found = custom_type(function, options);
    } else if (const auto builder = builder_type(pg_core_name(function))) {
      found = type_with(*builder, *options);
    }
    if (!found || found->empty()) return unknown("the type");
    out_.type = *found;
  }

  // customType({ dataType(config) { return 'citext'; } })
  Text custom_type(const Value& function, const ValuePtr& options) {
    const ValuePtr definition = argument(function, 0);
    const Property* data_type = definition->is(Kind::object) ? definition->property("dataType") : nullptr;
    if (!data_type) return std::nullopt;
    return text_of(context_.program.call(data_type->value, {options}));
  }

  // drizzle-orm 0.x makes a new column of the array, and the modifier is that of the element, which no
  // column has; 1.0 changes the column itself.
  void before_array(const ChainCall& step) {
    if (!context_.array_forgets) unknown("the effect of ." + step.name + "() before .array()");
    else if (!*context_.array_forgets) modifier(step);
  }

  void modifier(const ChainCall& step) {
    const ValuePtr first = argument(*step.call, 0);
    if (step.name == "notNull") out_.not_null = true;
    else if (step.name == "primaryKey") out_.primary_key = out_.not_null = true;
    else if (step.name == "default") set_default(first);
    else if (step.name == "defaultNow") out_.default_expression = "now()";
    else if (step.name == "defaultRandom") out_.default_expression = "gen_random_uuid()";
    else if (step.name == "unique") unique(*step.call);
    else if (step.name == "references") references(*step.call);
    else if (step.name == "generatedAlwaysAs") generated(first);
    else if (step.name == "generatedAlwaysAsIdentity") identity(Column::Identity::always, *first);
    else if (step.name == "generatedByDefaultAsIdentity") identity(Column::Identity::by_default, *first);
    else if (!step.name.starts_with("$")) unknown("." + step.name + "()");
  }

  void set_default(const ValuePtr& value) {
    const Text literal = default_literal(value, out_.type);
    const Text text = literal ? literal : sql_text(value, context_.names, true);
    if (!text) return unknown("the default");
    if (lower(trim(*text)) != "null") out_.default_expression = *text;
  }

  void unique(const Value& call) {
    out_.unique = true;
    const ValuePtr name = argument(call, 0), options = argument(call, 1);
    out_.unique_name = text_of(name).value_or("");
    if (!text_of(name) && !name->is(Kind::undefined)) unknown("the name of the unique constraint");
    out_.nulls_not_distinct = text_member(*options, "nulls") == "not distinct";
  }

  void references(const Value& call) {
    const ValuePtr target = context_.program.call(argument(call, 0), {});
    if (!target->is(Kind::member)) return unknown("the column that it references");
    out_.references = target;
    const ValuePtr options = argument(call, 1);
    if (!options->is(Kind::object, Kind::undefined)) unknown("the actions of its foreign key");
    out_.on_delete = text_member(*options, "onDelete").value_or("");
    out_.on_update = text_member(*options, "onUpdate").value_or("");
  }

  void generated(const ValuePtr& value) {
    const ValuePtr made = value->is(Kind::function) ? context_.program.call(value, {}) : value;
    const Text literal = default_literal(made, out_.type);
    const Text text = literal ? literal : sql_text(made, context_.names, false);
    if (text) out_.generated_expression = *text;
    else unknown("the expression that generates it");
  }

  void identity(Column::Identity identity, const Value& options) {
    out_.identity = identity;
    out_.not_null = true;
    out_.identity_sequence = text_member(options, "name").value_or("");
  }

  void unknown(std::string what) { out_.unknown.push_back(std::move(what)); }

  const ColumnContext& context_;
  SourceColumn& out_;
};

}  // namespace

bool is_column(const ValuePtr& value) {
  const Chain chain = chain_of(value);
  if (!chain.root->is(Kind::call)) return false;
  const Value& function = *chain.root->base;
  return is_enum(function) || is_custom(function) || builder_type(pg_core_name(function));
}

std::optional<ColumnName> column_name(const ColumnContext& context, const std::string& key,
                                      const ValuePtr& value) {
  const Chain chain = chain_of(value);
  if (!chain.root->is(Kind::call)) return std::nullopt;
  const Text written = call_of(*chain.root).name;
  if (!written) return std::nullopt;
  if (!written->empty()) return ColumnName{*written, *written};
  return ColumnName{cased(key, context.casing), key};
}

std::optional<SourceColumn> read_column(const ColumnContext& context, const Property& property) {
  auto name = column_name(context, property.key, property.value);
  if (!name) return std::nullopt;
  SourceColumn out{.name = std::move(*name), .location = property.node.location()};
  ColumnParts(context, out).read(chain_of(property.value));
  return out;
}

}  // namespace pgadvise::drizzle
