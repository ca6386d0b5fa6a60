// What the names in a statement refer to. Internal to src/read/sql.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/schema/catalog.h"

namespace pgadvise::sql {

struct SchemaNames {
  Catalog catalog;
  std::vector<std::string> search_path = {"public"};
  std::map<QualifiedName, QualifiedName> index_tables;  // index -> its table
  std::map<QualifiedName, std::vector<Column>> types;   // domains, ranges, composite types (their fields)

  // `written` has "" as its schema where none is written.
  QualifiedName new_name(const QualifiedName& written) const;  // where CREATE would put it
  // The first of the search path that `known` accepts; the name as CREATE would make it when there is none.
  template <class Known>
  QualifiedName find(const QualifiedName& written, Known known) const {
    const std::string& name = written.name;
    if (!written.schema.empty()) return written;
    if (known(QualifiedName{"pg_temp", name})) return {"pg_temp", name};
    for (const auto& candidate : search_path)
      if (known(QualifiedName{candidate, name})) return {candidate, name};
    return {creation_schema(), name};
  }
  QualifiedName find_table(const QualifiedName& written) const;
  QualifiedName find_relation(const QualifiedName& written) const;  // tables, indexes, sequences
  QualifiedName find_type(const QualifiedName& written) const;
  std::string creation_schema() const;
  bool relation_exists(const QualifiedName& name) const;
  bool type_exists(const QualifiedName& name) const;
};

}  // namespace pgadvise::sql
