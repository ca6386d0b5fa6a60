#include "sql/definitions/schema_names.h"

#include "base/text/text.h"

namespace pgadvise::sql {

std::string SchemaNames::creation_schema() const {
  for (const auto& schema : search_path)
    if (schema == "public" || is_one_of(schema, catalog.schemas)) return schema;
  return search_path.empty() ? "public" : search_path.front();
}

QualifiedName SchemaNames::new_name(const QualifiedName& written) const {
  return {written.schema.empty() ? creation_schema() : written.schema, written.name};
}

QualifiedName SchemaNames::find_table(const QualifiedName& written) const {
  return find(written, [&](const QualifiedName& n) { return catalog.tables.count(n) > 0; });
}

QualifiedName SchemaNames::find_relation(const QualifiedName& written) const {
  return find(written, [&](const QualifiedName& n) { return relation_exists(n); });
}

QualifiedName SchemaNames::find_type(const QualifiedName& written) const {
  return find(written, [&](const QualifiedName& n) { return type_exists(n); });
}

bool SchemaNames::relation_exists(const QualifiedName& name) const {
  return catalog.tables.count(name) || index_tables.count(name) || catalog.sequences.count(name);
}

bool SchemaNames::type_exists(const QualifiedName& name) const {
  return catalog.enums.count(name) || types.count(name) || catalog.tables.count(name);
}

}  // namespace pgadvise::sql
