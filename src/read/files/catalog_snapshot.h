// pgadvise's own snapshot of a server's catalog: JSON, described by docs/snapshot.schema.json. What a live
// catalog has that no file tells: sizes, statistics, settings, which migrations have run. No rows: of
// columns' values only what --with-values asked for.
//
// What has its default value is left out, and members that are not known are passed over: a field may be
// added within a version as long as rules don't misread a catalog without it; else the version goes up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "model/schema/catalog.h"
#include "model/schema/relation_size.h"

namespace pgadvise::files {

struct CatalogSnapshot {
  std::string taken;                  // 2026-05-01T12:00:00Z
  std::string by;                     // pgadvise's version
  std::vector<std::string> not_read;  // what the role could not read, one line each
  Catalog catalog;
  std::vector<RelationSize> relations = {};  // tables and indexes; empty when an older pgadvise wrote it
};

// Writes one line per column, index or constraint, without locations, as objects of a server have none.
std::string to_catalog_snapshot(const CatalogSnapshot& snapshot);

// Whether the text is a snapshot, of any version.
bool is_catalog_snapshot(std::string_view text);

// Errors (Kind::input): not JSON, another version, an invalid value. Memory is proportional to the catalog in
// the text.
Result<CatalogSnapshot> parse_catalog_snapshot(const std::string& path, std::string_view text);

// The same for a file.
Result<CatalogSnapshot> load_catalog_snapshot(const std::string& path, const UserPaths& user_paths = {});

}  // namespace pgadvise::files
