// Shared by both forms of drizzle's migration folders: ids of snapshots, and the script of a new migration.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/writing/writing.h"

namespace pgadvise::migrations {

struct SnapshotIds {
  std::string id;
  std::vector<std::string> previous;
};

// Reads the id without parsing the whole snapshot; nullopt: unreadable, or no id.
std::optional<SnapshotIds> snapshot_ids(const std::string& path);

// Whether the id is that of the empty schema.
bool origin_id(std::string_view id);

// Joins statements with drizzle-kit's statement-breakpoint.
std::string drizzle_script(const Steps& steps);

// An id in the form of a random one, derived from the change, so that a repeated run writes the same bytes.
std::string uuid_of(const std::string& what);

}  // namespace pgadvise::migrations
