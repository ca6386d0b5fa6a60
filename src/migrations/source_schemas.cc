#include "migrations/source_schemas.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/input_file.h"
#include "base/text.h"
#include "drizzle/source_reader.h"
#include "files/files.h"
#include "files/tree.h"

namespace pgadvise::migrations {
namespace {

bool uses_drizzle(const std::string& root, const std::vector<std::string>& files) {
  constexpr std::size_t max_packages = 500;
  std::size_t read = 0;
  for (const auto& file : files) {
    if (files::base_of(file) != "package.json" || ++read > max_packages) continue;
    const auto text = read_file(files::path_under(root, file), files::text_limit);
    if (text && contains(*text, "\"drizzle-orm\"")) return true;
  }
  return false;
}

// Whether one of the schemas that were read is that of the source.
bool covered(files::Tree& tree, const drizzle::SourceSchema& schema, const std::vector<ReadSchema>& read) {
  const std::string& written =
      schema.config.paths.empty() ? schema.config.files.front() : schema.config.paths.front();
  const auto* package = tree.package_of(files::folder_of(written));
  return std::any_of(read.begin(), read.end(), [&](const ReadSchema& one) {
    return (one.folder + "/").starts_with(schema.config.out + "/") || tree.package_of(one.folder) == package;
  });
}

void place_under(const std::string& root, SourceLocation& location) {
  if (!location.file.empty()) location.file = files::path_under(root, location.file);
}

}  // namespace

std::vector<FoundSource> source_schemas(const std::string& root, const std::vector<std::string>& files,
                                        const std::vector<ReadSchema>& read, Diagnostics& diagnostics) {
  std::vector<FoundSource> out;
  if (!drizzle::reads_source() || !uses_drizzle(root, files)) return out;
  Diagnostics listing;  // the caller has listed the files, and reported what it did not read
  files::Tree tree(root, listing);
  const std::size_t reported = listing.size();
  for (auto& schema : drizzle::read_source_schemas(tree)) {
    if (schema.config.files.empty() || schema.catalog.tables.empty()) continue;
    const bool is_covered = covered(tree, schema, read);
    out.push_back({std::make_shared<const drizzle::SourceSchema>(std::move(schema)), is_covered});
  }
  if (!out.empty())
    diagnostics.insert(diagnostics.end(), listing.begin() + static_cast<std::ptrdiff_t>(reported),
                       listing.end());
  return out;
}

Catalog declared_catalog(const drizzle::SourceSchema& schema, const std::string& root) {
  Catalog out = schema.catalog;
  for (auto& [name, table] : out.tables) {
    place_under(root, table.origin);
    for (auto& column : table.columns) place_under(root, column.origin);
    for (auto& constraint : table.constraints) place_under(root, constraint.origin);
    for (auto& index : table.indexes) place_under(root, index.origin);
    for (auto& policy : table.policies) place_under(root, policy.origin);
  }
  for (auto& [name, item] : out.enums) place_under(root, item.origin);
  for (auto& [name, item] : out.sequences) place_under(root, item.origin);
  return out;
}

void report_unknown(const drizzle::SourceSchema& schema, const std::string& root, const std::string& not_done,
                    Diagnostics& diagnostics) {
  constexpr std::size_t max_named = 3;
  if (schema.unknown.empty()) return;
  std::vector<std::string> names;
  for (const auto& name : schema.incomplete)
    if (schema.catalog.table(name) && names.size() <= max_named) names.push_back(display(name));
  const auto& first = schema.unknown.front();
  SourceLocation where = first.location;
  place_under(root, where);
  const bool more = names.size() > max_named;
  if (more) names.pop_back();
  diagnostics.push_back(
      {Error::Kind::nonfatal, where.str(),
       fmt::format("{} part{} of the Drizzle schema {} known only when the program runs, such as {}{}",
                   schema.unknown.size(), schema.unknown.size() == 1 ? "" : "s",
                   schema.unknown.size() == 1 ? "is" : "are", first.what,
                   names.empty() ? "" : ": " + join(names, ", ") + (more ? " and more " : " ") + not_done),
       "drizzle-kit export > schema.sql, then --schema schema.sql; or --db"});
}

Catalog known_part(const drizzle::SourceSchema& schema, const std::string& root, Diagnostics& diagnostics) {
  Catalog out = declared_catalog(schema, root);
  for (const auto& name : schema.incomplete) out.tables.erase(name);
  report_unknown(schema, root, "not checked", diagnostics);
  return out;
}

}  // namespace pgadvise::migrations
