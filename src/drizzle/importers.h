// Which files import a file. Internal to this folder.
#pragma once

#include <functional>
#include <string>

#include "typescript/program.h"

namespace pgadvise::drizzle {

// Whether a file that `may_import` accepts imports `file`, or exports all of it. Reads all files of the
// repository for its name, and parses those that have the name.
bool is_imported(typescript::Program& program, const std::string& file,
                 const std::function<bool(const std::string&)>& may_import);

}  // namespace pgadvise::drizzle
