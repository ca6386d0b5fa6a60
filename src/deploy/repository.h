// A repository -> Project: how it is deployed, whether it is a Drizzle project.
#pragma once

#include <string>

#include "base/result.h"
#include "files/files.h"
#include "model/project.h"

namespace pgadvise::deploy {

// Reads package.json files, Dockerfiles, shell entry points, workflows, drizzle configs. Files that can't be
// read are named in `diagnostics`.
Project read_repository(const std::string& root, Diagnostics& diagnostics,
                        const files::LeaveOut& leave_out = {});

}  // namespace pgadvise::deploy
