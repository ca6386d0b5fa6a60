// Reads a repository into a Project: how it is deployed, and whether it uses Drizzle.
#pragma once

#include <string>

#include "base/result.h"
#include "files/files.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

// Reads the files of the repository that say how it is deployed and how it connects, and its Drizzle code.
// Runs nothing. Files that are unreadable or have broken syntax are reported in `diagnostics`, and reading
// continues. `leave_out`: files and folders that the user excluded.
Project read_repository(const std::string& root, Diagnostics& diagnostics,
                        const files::LeaveOut& leave_out = {});

// The sentence of a report about the files: "12 files; 1 source file not read, minified or too large:
// public/app.js". "" if no file was read or skipped.
std::string what_was_read(const Project& project);

}  // namespace pgadvise::deploy
