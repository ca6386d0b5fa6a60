#include "prisma/default_value.h"

#include <utility>
#include <vector>

#include "base/text/identifier.h"
#include "base/text/text.h"

namespace pgadvise::prisma {
namespace {

using Kind = Expression::Kind;

// "2020-01-01T00:00:00Z" -> "2020-01-01 00:00:00 +00:00", as Prisma writes it.
std::string date_text(std::string text) {
  if (text.size() < 19 || text[10] != 'T') return text;
  text[10] = ' ';
  if (text.back() == 'Z') {
    text.pop_back();
    return text + " +00:00";
  }
  if (const auto sign = text.find_first_of("+-", 19); sign != std::string::npos) text.insert(sign, " ");
  return text;
}

std::optional<std::string> literal(const Field& field, const Expression& value,
                                   const std::map<std::string, std::string>& labels) {
  if (value.is(Kind::number)) return value.text;
  if (value.is(Kind::text)) {
    if (field.type == "Decimal") return value.text;
    if (field.type == "Bytes") return "decode(" + quote_literal(value.text) + ", 'base64')";
    return quote_literal(field.type == "DateTime" ? date_text(value.text) : value.text);
  }
  if (!value.is(Kind::word)) return std::nullopt;
  if (field.type == "Boolean") return value.text;
  const auto label = labels.find(value.text);
  return label == labels.end() ? std::nullopt : std::optional(quote_literal(label->second));
}

Default call(const Expression& value) {
  static constexpr auto by_client = word_list("uuid", "cuid", "nanoid", "ulid", "auto");
  Default out;
  if (value.text == "autoincrement") out.serial = true;
  else if (value.text == "now") out.sql = "CURRENT_TIMESTAMP";
  else if (value.text == "dbgenerated") {
    if (!value.members.empty() && !trim(value.members[0].text).empty()) out.sql = value.members[0].text;
  } else {
    out.known = is_one_of(value.text, by_client);
  }
  return out;
}

}  // namespace

Default default_value(const Field& field, const Expression& value,
                      const std::map<std::string, std::string>& labels, const std::string& type) {
  if (value.is(Kind::call)) return call(value);
  Default out;
  if (!value.is(Kind::array)) {
    out.sql = literal(field, value, labels);
    out.known = out.sql.has_value();
    return out;
  }
  std::vector<std::string> items;
  for (const auto& item : value.members) {
    auto text = literal(field, item, labels);
    if (!text) return {.known = false};
    items.push_back(std::move(*text));
  }
  out.sql = "ARRAY[" + join(items, ", ") + "]::" + type;
  return out;
}

}  // namespace pgadvise::prisma
