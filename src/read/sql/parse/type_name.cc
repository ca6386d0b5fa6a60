#include "sql/parse/type_name.h"

#include <map>

#include <fmt/format.h>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"

namespace pgadvise::sql {
namespace {

struct Spelling {
  const char* before;  // the modifier goes after this
  const char* after = "";
};

const Spelling* spelling_of(const std::string& name) {
  static const std::map<std::string, Spelling> spellings = {
      {"int2", {"smallint"}},
      {"int4", {"integer"}},
      {"int8", {"bigint"}},
      {"float4", {"real"}},
      {"float8", {"double precision"}},
      {"bool", {"boolean"}},
      {"varchar", {"character varying"}},
      {"bpchar", {"character"}},
      {"varbit", {"bit varying"}},
      {"timestamptz", {"timestamp", " with time zone"}},
      {"timestamp", {"timestamp", " without time zone"}},
      {"timetz", {"time", " with time zone"}},
      {"time", {"time", " without time zone"}},
      {"interval", {"interval"}},
      {"numeric", {"numeric"}},
      {"bit", {"bit"}},
      {"json", {"json"}},  // a keyword from 16 on, which format_type() does not quote
  };
  const auto it = spellings.find(name);
  return it == spellings.end() ? nullptr : &it->second;
}

std::vector<std::string> modifiers(const PgQuery__TypeName& type) {
  std::vector<std::string> out;
  for (const Node* node : NODES(type, typmods)) {
    const Constant value = constant(node);
    out.push_back(value.is_constant ? value.text : expression_text(node));
  }
  return out;
}

// INTERVAL's modifier is a bit mask of fields (utils/datetime.h), then the precision.
std::string interval_modifier(const std::vector<std::string>& list) {
  static const std::map<std::string, std::string> fields = {{"4", " year"},
                                                            {"2", " month"},
                                                            {"8", " day"},
                                                            {"1024", " hour"},
                                                            {"2048", " minute"},
                                                            {"4096", " second"},
                                                            {"6", " year to month"},
                                                            {"1032", " day to hour"},
                                                            {"3080", " day to minute"},
                                                            {"7176", " day to second"},
                                                            {"3072", " hour to minute"},
                                                            {"7168", " hour to second"},
                                                            {"6144", " minute to second"}};
  std::string out;
  if (!list.empty())
    if (const auto it = fields.find(list[0]); it != fields.end()) out = it->second;
  if (list.size() > 1) out += "(" + list[1] + ")";
  return out;
}

std::string modifier(const std::string& name, const PgQuery__TypeName& type) {
  auto list = modifiers(type);
  if (list.empty()) return {};
  if (name == "interval") return interval_modifier(list);
  if (name == "numeric" && list.size() == 1) list.push_back("0");
  return fmt::format("({})", fmt::join(list, ","));
}

bool of_the_server(const std::vector<std::string>& names) {
  if (names.size() == 2) return names[0] == "pg_catalog";
  return names.size() == 1 && spelling_of(names[0]);
}

}  // namespace

std::string type_suffix(const PgQuery__TypeName* type) {
  if (!type || !type->n_names) return {};
  return modifier(last_name(NODES(*type, names)), *type) + (type->n_array_bounds ? "[]" : "");
}

QualifiedName user_type_name(const PgQuery__TypeName* type) {
  if (!type || !type->n_names) return {};
  const auto names = strings(NODES(*type, names));
  if (of_the_server(names)) return {};
  return {names.size() > 1 ? names[names.size() - 2] : std::string(), names.back()};
}

std::string type_spelling(const QualifiedName& name) {
  return name.schema.empty() || name.schema == "public" || name.schema == "pg_catalog"
             ? quote_identifier(name.name)
             : quote_name(name);
}

std::string type_spelling(const PgQuery__TypeName* type) {
  if (!type || !type->n_names) return {};
  const QualifiedName user = user_type_name(type);
  if (!user.name.empty()) return type_spelling(user) + type_suffix(type);
  const std::string name = last_name(NODES(*type, names));
  const std::string array = type->n_array_bounds ? "[]" : "";
  if (name == "char") return "\"char\"" + array;
  const Spelling* spelling = spelling_of(name);
  if (!spelling) return quote_identifier(name) + modifier(name, *type) + array;
  if (name == "bpchar" && !type->n_typmods) return "bpchar" + array;
  if (name == "bit" && !type->n_typmods) return "bit(1)" + array;
  return spelling->before + modifier(name, *type) + spelling->after + array;
}

}  // namespace pgadvise::sql
