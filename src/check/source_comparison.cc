#include "check/source_comparison.h"

#include <algorithm>
#include <string>
#include <utility>

#include "drizzle/source_schema.h"
#include "files/files.h"
#include "migrations/source_schemas.h"

namespace pgadvise::check {

std::optional<lint::DeclaredSchema> declared_schema(const migrations::SchemaInput& input,
                                                    const Catalog& migrated, std::optional<Catalog> snapshot,
                                                    std::deque<Catalog>& keep, Diagnostics& diagnostics) {
  if (!input.source) return std::nullopt;
  const drizzle::SourceSchema& source = *input.source;
  const auto& config = source.config;
  const bool has_migrations = input.kind == migrations::SchemaKind::migrations;
  const std::string& named = config.paths.empty() ? config.files.front() : config.paths.front();
  lint::DeclaredSchema out;
  out.source = named;
  out.place.file = files::path_under(input.root, named);
  out.folder = input.path;
  out.incomplete = source.incomplete;
  out.left_out = source.existing;
  out.all_tables_known =
      !config.casing_unknown && std::all_of(source.unknown.begin(), source.unknown.end(),
                                            [](const auto& gap) { return gap.table.has_value(); });
  out.declared = &keep.emplace_back(migrations::declared_catalog(source, input.root));
  if (has_migrations) {
    migrations::report_unknown(source, input.root, "not compared with the migrations", diagnostics);
    out.migrated = &keep.emplace_back(migrated);
  }
  if (snapshot) out.snapshot = &keep.emplace_back(std::move(*snapshot));
  for (const Catalog* one : {out.declared, out.migrated})
    if (one)
      for (const auto& [name, table] : one->tables)
        if (!drizzle::manages(config, name)) out.left_out.insert(name);
  return out;
}

}  // namespace pgadvise::check
