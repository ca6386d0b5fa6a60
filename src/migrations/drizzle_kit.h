// What both forms of drizzle's migration folders share: the identity of snapshots, and the script of a new
// migration.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/writing.h"

namespace pgadvise::migrations {

struct SnapshotIds {
  std::string id;
  std::vector<std::string> previous;
};

// Without parsing the snapshot's megabytes; nullopt: it can't be read, or has no id.
std::optional<SnapshotIds> snapshot_ids(const std::string& path);

// Does the id stand for "made from nothing"?
bool origin_id(std::string_view id);

// Statements with drizzle-kit's mark between them.
std::string drizzle_script(const Steps& steps);

// The form of a random one, and the same for the same change: a run that is repeated writes the same bytes.
std::string uuid_of(const std::string& what);

}  // namespace pgadvise::migrations
