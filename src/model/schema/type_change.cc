#include "model/schema/type_change.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "base/text/text.h"

namespace pgadvise {
namespace {

using Cost = TypeChange::Cost;

struct Spelled {
  std::string base;  // without modifiers
  std::vector<int> modifiers;
  bool array = false;
};

Spelled read(std::string_view type) {
  Spelled out;
  if (type.ends_with("[]")) {
    out.array = true;
    type.remove_suffix(2);
  }
  const auto open = type.find('(');
  const auto close = type.find(')', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos || type[0] == '"') {
    out.base = type;
    return out;
  }
  out.base = std::string(trim(type.substr(0, open))) + std::string(type.substr(close + 1));
  for (const auto part : split(type.substr(open + 1, close - open - 1), ',')) {
    const auto number = trim(part);
    int value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    out.modifiers.push_back(value);
  }
  return out;
}

bool built_in(const std::string& base) {
  return is_one_of(
      base, word_list("smallint", "integer", "bigint", "real", "double precision", "numeric", "boolean",
                      "text", "character varying", "character", "bpchar", "\"char\"", "name", "uuid", "json",
                      "jsonb", "xml", "bytea", "date", "time without time zone", "time with time zone",
                      "timestamp without time zone", "timestamp with time zone", "interval", "inet", "cidr",
                      "macaddr", "macaddr8", "money", "oid", "regclass", "bit", "bit varying", "point",
                      "line", "lseg", "box", "path", "polygon", "circle", "tsvector", "tsquery", "int4range",
                      "int8range", "numrange", "tsrange", "tstzrange", "daterange", "jsonpath", "pg_lsn",
                      "citext", "hstore", "ltree", "vector"));
}

bool timestamp(const std::string& base) { return base.starts_with("timestamp "); }
bool text_like(const std::string& base) { return is_one_of(base, {"text", "character varying", "citext"}); }
bool whole_number(const std::string& base) { return is_one_of(base, {"smallint", "integer", "bigint"}); }
bool fractional(const std::string& base) { return is_one_of(base, {"real", "double precision", "numeric"}); }

// The first modifier; `most` when there is none, which is the widest for every type but bit and character.
int precision(const Spelled& type, int most) { return type.modifiers.empty() ? most : type.modifiers[0]; }
int scale(const Spelled& type) { return type.modifiers.size() > 1 ? type.modifiers[1] : 0; }
constexpr int unlimited = 1 << 30;

TypeChange numeric(const Spelled& from, const Spelled& to) {
  if (to.modifiers.empty()) return {Cost::none};
  if (from.modifiers.empty()) return {Cost::rewrite, true, true};
  const bool same_scale = scale(from) == scale(to);
  const int digits_before = precision(from, 0) - scale(from);
  const int digits_after = precision(to, 0) - scale(to);
  if (same_scale && precision(to, 0) >= precision(from, 0)) return {Cost::none};
  return {Cost::rewrite, scale(to) < scale(from), digits_after < digits_before};
}

// Of one base type.
TypeChange modified(const Spelled& from, const Spelled& to) {
  const int before = precision(from, unlimited);
  const int after = precision(to, unlimited);
  if (from.base == "numeric") return numeric(from, to);
  if (is_one_of(from.base, {"character varying", "bit varying"})) {
    if (after >= before) return {Cost::none};
    return {Cost::rewrite, false, true};
  }
  if (timestamp(from.base) ||
      is_one_of(from.base, {"interval", "time without time zone", "time with time zone"})) {
    const int digits_before = std::min(before, 6);
    const int digits_after = std::min(after, 6);
    if (to.modifiers.empty() || digits_after >= digits_before) return {Cost::none};
    return {Cost::rewrite, digits_after < digits_before, false};
  }
  return {Cost::rewrite, false, after < before};
}

TypeChange between(const Spelled& from, const Spelled& to) {
  const std::string& a = from.base;
  const std::string& b = to.base;
  if (text_like(a) && text_like(b)) {
    const bool cut = !to.modifiers.empty() && precision(to, unlimited) < precision(from, unlimited);
    return cut ? TypeChange{Cost::rewrite, false, true} : TypeChange{Cost::none};
  }
  if (a == "xml" && text_like(b) && to.modifiers.empty()) return {Cost::none};
  if (a == "cidr" && b == "inet") return {Cost::none};
  if ((a == "integer" || a == "regclass") && b == "oid") return {Cost::none};
  if (timestamp(a) && timestamp(b)) {
    const bool rounded = std::min(precision(to, 6), 6) < std::min(precision(from, 6), 6);
    // A precision is applied by a function of its own, even where there is nothing to round.
    TypeChange out =
        precision(to, 6) < 6 ? TypeChange{Cost::rewrite, rounded, false} : TypeChange{Cost::in_utc};
    out.drops_zone = contains(a, "with time zone") && !contains(b, "with time zone");
    return out;
  }
  TypeChange out{Cost::rewrite};
  const auto size = [](const std::string& base) {
    return base == "smallint" ? 2 : base == "integer" ? 4 : 8;
  };
  if (whole_number(a) && whole_number(b)) out.fails = size(b) < size(a);
  if (fractional(a) && whole_number(b)) out.loses = out.fails = true;
  if (a == "double precision" && b == "real") out.loses = true;
  if (a == "numeric" && (b == "real" || b == "double precision")) out.loses = true;
  if (timestamp(a) && (b == "date" || b.starts_with("time "))) out.loses = true;
  if (is_one_of(b, {"character varying", "character"}) && !to.modifiers.empty())
    out.fails = !is_one_of(a, {"uuid", "boolean", "smallint", "integer", "bigint"});
  return out;
}

}  // namespace

TypeChange type_change(std::string_view from_text, std::string_view to_text, bool enums) {
  if (from_text == to_text) return {Cost::none};
  if (enums) return {Cost::rewrite};
  const Spelled from = read(from_text);
  const Spelled to = read(to_text);
  if (from_text.empty()) {
    const bool alone = to.array || is_one_of(to.base, {"smallint", "integer", "bigint", "real",
                                                       "double precision", "boolean", "uuid", "json", "jsonb",
                                                       "date", "bytea", "money", "character"});
    return {alone ? Cost::rewrite : Cost::unknown};
  }
  if (!built_in(from.base) || !built_in(to.base)) return {};
  TypeChange out = from.array != to.array ? TypeChange{Cost::rewrite}
                   : from.base == to.base ? modified(from, to)
                                          : between(from, to);
  // Elements of arrays are looked at one by one even where they are stored alike.
  if (from.array && to.array) out.cost = Cost::rewrite;
  return out;
}

}  // namespace pgadvise
