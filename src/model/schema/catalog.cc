#include "model/schema/catalog.h"

#include <algorithm>

#include "base/containers.h"

namespace pgadvise {

std::string display(const QualifiedName& name) {
  return name.schema.empty() || name.schema == "public" ? name.name : name.schema + "." + name.name;
}

const Column* Table::column(std::string_view column_name) const {
  return find_first(columns, [&](const Column& one) { return one.name == column_name; });
}

const Index* Table::index(std::string_view index_name) const {
  return find_first(indexes, [&](const Index& one) { return one.name == index_name; });
}

const Constraint* Table::constraint(std::string_view constraint_name) const {
  return find_first(constraints, [&](const Constraint& one) { return one.name == constraint_name; });
}

const Table* Catalog::table(const QualifiedName& table_name) const { return find_value(tables, table_name); }

Table* Catalog::table(const QualifiedName& table_name) { return find_value(tables, table_name); }

const std::string* Catalog::setting(const std::string& setting_name) const {
  return find_value(settings, setting_name);
}

bool Catalog::has_enum(const std::string& type) const {
  return std::ranges::any_of(enums, [&](const auto& known) {
    return type == known.first.name || type == known.first.schema + "." + known.first.name;
  });
}

std::string_view referential_action(char code) {
  switch (code) {
    case 'r': return "RESTRICT";
    case 'c': return "CASCADE";
    case 'n': return "SET NULL";
    case 'd': return "SET DEFAULT";
    default: return "NO ACTION";
  }
}

}  // namespace pgadvise
