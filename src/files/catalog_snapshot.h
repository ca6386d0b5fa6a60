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

#include "base/input_file.h"
#include "base/result.h"
#include "model/catalog.h"
#include "model/relation_size.h"

namespace pgadvise::files {

struct CatalogSnapshot {
  std::string taken;                  // 2026-05-01T12:00:00Z
  std::string by;                     // pgadvise's version
  std::vector<std::string> not_read;  // what the role could not see, in a line each
  Catalog catalog;
  std::vector<RelationSize> relations = {};  // tables and indexes; empty when an older pgadvise wrote it
};

// A column, an index or a constraint a line. Places are left out: on a server nothing has one.
std::string to_catalog_snapshot(const CatalogSnapshot& snapshot);

// Is this text one, of whatever version?
bool is_catalog_snapshot(std::string_view text);

// Errors (Kind::input), one line: no JSON, another version, a value that can't be. What it needs beside the
// text grows with the catalog that is in it, and with nothing else.
Result<CatalogSnapshot> parse_catalog_snapshot(const std::string& path, std::string_view text);

// The same of a file.
Result<CatalogSnapshot> load_catalog_snapshot(const std::string& path, const UserPaths& user_paths = {});

}  // namespace pgadvise::files
