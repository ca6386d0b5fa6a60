#include "model/schema/type_name.h"

#include <map>

#include "base/containers.h"
#include "base/text/text.h"

namespace pgadvise {
namespace {

struct Parts {
  std::string name;       // lower case, single spaces, without the parentheses: "timestamp with time zone"
  std::string arguments;  // "(10,2)", or ""
  std::string array;      // "[]", or ""
};

// Only for names that hold no quotes: a quoted name is somebody's own type, and stays as it is.
Parts take_apart(std::string_view type) {
  Parts parts;
  type = trim(type);
  while (type.size() >= 2 && type.back() == ']') {
    const auto open = type.rfind('[');
    if (open == std::string_view::npos) break;
    parts.array = "[]";  // PostgreSQL keeps neither the number of dimensions nor their sizes
    type = trim(type.substr(0, open));
  }
  std::string name;
  int depth = 0;
  for (const char c : type) {
    if (c == '(') ++depth;
    if (depth > 0) {
      if (c != ' ' && c != '\t' && c != '\n') parts.arguments += c;
    } else {
      name += c;
    }
    if (c == ')' && depth > 0) {
      --depth;
      name += ' ';
    }
  }
  const std::string lowered = lower(name);
  for (const auto word : split(lowered, ' ')) {
    if (word.empty()) continue;
    if (!parts.name.empty()) parts.name += ' ';
    parts.name += word;
  }
  return parts;
}

struct Spelling {
  std::string_view before;  // the arguments go between
  std::string_view after;
};

const Spelling* find_spelling(const std::string& name) {
  static const std::map<std::string_view, Spelling> spellings = {
      {"int", {"integer", ""}},
      {"int4", {"integer", ""}},
      {"serial", {"integer", ""}},
      {"serial4", {"integer", ""}},
      {"int8", {"bigint", ""}},
      {"bigserial", {"bigint", ""}},
      {"serial8", {"bigint", ""}},
      {"int2", {"smallint", ""}},
      {"smallserial", {"smallint", ""}},
      {"serial2", {"smallint", ""}},
      {"float4", {"real", ""}},
      {"float8", {"double precision", ""}},
      {"float", {"double precision", ""}},
      {"bool", {"boolean", ""}},
      {"decimal", {"numeric", ""}},
      {"dec", {"numeric", ""}},
      {"varchar", {"character varying", ""}},
      {"char varying", {"character varying", ""}},
      {"char", {"character", ""}},
      {"bpchar", {"character", ""}},
      {"varbit", {"bit varying", ""}},
      {"timestamp", {"timestamp", " without time zone"}},
      {"timestamp without time zone", {"timestamp", " without time zone"}},
      {"timestamptz", {"timestamp", " with time zone"}},
      {"timestamp with time zone", {"timestamp", " with time zone"}},
      {"time", {"time", " without time zone"}},
      {"time without time zone", {"time", " without time zone"}},
      {"timetz", {"time", " with time zone"}},
      {"time with time zone", {"time", " with time zone"}},
  };
  return find_value(spellings, name);
}

// float(p) chooses its type by the precision.
std::string float_type(const std::string& arguments) {
  return arguments.size() <= 4 && std::atoi(arguments.c_str() + 1) <= 24 ? "real" : "double precision";
}

}  // namespace

std::string canonical_type(std::string_view type) {
  if (type.find('"') != std::string_view::npos) return std::string(trim(type));
  Parts parts = take_apart(type);
  if (parts.name == "float" && !parts.arguments.empty()) return float_type(parts.arguments) + parts.array;
  if ((parts.name == "char" || parts.name == "character" || parts.name == "bit") && parts.arguments.empty())
    parts.arguments = "(1)";
  if (parts.name.rfind("pg_catalog.", 0) == 0) parts.name.erase(0, 11);
  if (parts.name.rfind("public.", 0) == 0) parts.name.erase(0, 7);
  // numeric(10) is stored, and shown, with its scale.
  if ((parts.name == "numeric" || parts.name == "decimal" || parts.name == "dec") &&
      !parts.arguments.empty() && parts.arguments.find(',') == std::string::npos)
    parts.arguments.insert(parts.arguments.size() - 1, ",0");
  if (const Spelling* spelling = find_spelling(parts.name))
    return std::string(spelling->before) + parts.arguments + std::string(spelling->after) + parts.array;
  return parts.name + parts.arguments + parts.array;
}

std::string serial_base(std::string_view type) {
  const std::string name = lower(trim(type));
  if (name == "serial" || name == "serial4") return "integer";
  if (name == "bigserial" || name == "serial8") return "bigint";
  if (name == "smallserial" || name == "serial2") return "smallint";
  return {};
}

}  // namespace pgadvise
