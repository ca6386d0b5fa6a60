// Folders that are named by versions, each with the scripts of one: 3.14/0000##x.sql, v1.0/schema.sql, 01/,
// 02/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::migrations {

class Folder;

// "3.14" of "3.14", "v3.14" and "release-3.14", "01" of "01_init"; "" if the name is no version.
std::string version_in_name(std::string_view folder);

// Whether a folder's name says that it holds scripts for a database, perhaps in folders of versions:
// "migration", "delta", "versioned", "postgresql". Elsewhere, numbered folders are chapters, versions of an
// API and the like.
bool named_for_versions(std::string_view folder);

// The subfolders that are named by versions and hold scripts, by version.
std::vector<std::string> folders_of_versions(const Folder& folder);

// Whether the subfolders are versions of a runner that somebody wrote, and not migrations of one `script`
// each: one is named by a version with a dot or a word in front, or has other scripts and none of that name.
bool holds_versions(const Folder& folder, const std::string& script);

}  // namespace pgadvise::migrations
