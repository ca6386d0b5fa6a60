#include "check/source_comparison.h"

#include <string>

#include "files/files.h"
#include "migrations/source_schemas.h"

namespace pgadvise::check {

std::optional<lint::DeclaredSchema> declared_schema(const migrations::SchemaInput& input,
                                                    const Catalog& migrated, const Catalog* snapshot,
                                                    std::deque<Catalog>& keep, Diagnostics& diagnostics) {
  if (!input.source) return std::nullopt;
  const migrations::DeclaredSource& source = *input.source;
  const bool has_migrations = input.kind == migrations::SchemaKind::migrations;
  lint::DeclaredSchema out;
  out.source = source.place;
  out.place.file = files::path_under(input.root, source.place);
  out.folder = input.path;
  out.incomplete = source.declared.incomplete;
  out.left_out = source.declared.existing;
  out.all_tables_known = source.all_tables_known;
  out.declared = &keep.emplace_back(migrations::expressible(source, source.declared.catalog));
  if (has_migrations) {
    migrations::report_unknown(source, "not compared with the migrations", diagnostics);
    out.migrated = &keep.emplace_back(migrations::expressible(source, migrated));
  }
  out.snapshot = snapshot;
  for (const Catalog* one : {out.declared, out.migrated})
    if (one)
      for (const auto& [name, table] : one->tables)
        if (!source.manages(name)) out.left_out.insert(name);
  return out;
}

}  // namespace pgadvise::check
