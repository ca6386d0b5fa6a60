// Reads a repository into a Project: how it is deployed, and whether it uses Drizzle.
#pragma once

#include <string>

#include "base/result.h"
#include "files/files.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

// Reads package.json files, Dockerfiles, shell entry points, workflows, drizzle configs. Unreadable files are
// reported in `diagnostics`.
Project read_repository(const std::string& root, Diagnostics& diagnostics,
                        const files::LeaveOut& leave_out = {});

// What a report says of the files: "12 files; 1 source file not read, minified or too large: public/app.js".
// "" if no file was read or left out.
std::string what_was_read(const Project& project);

}  // namespace pgadvise::deploy
