#include "model/schema/catalog.h"

#include <algorithm>

namespace pgadvise {

std::string display(const QualifiedName& name) {
  return name.schema.empty() || name.schema == "public" ? name.name : name.schema + "." + name.name;
}

const Column* Table::column(std::string_view column_name) const {
  const auto it =
      std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == column_name; });
  return it == columns.end() ? nullptr : &*it;
}

const Index* Table::index(std::string_view index_name) const {
  const auto it =
      std::find_if(indexes.begin(), indexes.end(), [&](const Index& i) { return i.name == index_name; });
  return it == indexes.end() ? nullptr : &*it;
}

const Constraint* Table::constraint(std::string_view constraint_name) const {
  const auto it = std::find_if(constraints.begin(), constraints.end(),
                               [&](const Constraint& c) { return c.name == constraint_name; });
  return it == constraints.end() ? nullptr : &*it;
}

const Table* Catalog::table(const QualifiedName& table_name) const {
  const auto it = tables.find(table_name);
  return it == tables.end() ? nullptr : &it->second;
}

Table* Catalog::table(const QualifiedName& table_name) {
  const auto it = tables.find(table_name);
  return it == tables.end() ? nullptr : &it->second;
}

bool Catalog::has_enum(const std::string& type) const {
  return std::any_of(enums.begin(), enums.end(), [&](const auto& known) {
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
