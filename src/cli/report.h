// `pgadvise report`: compares two stored JSON reports, or makes an HTML report from one.
#pragma once

#include <CLI/CLI.hpp>

#include "base/input_file.h"

namespace pgadvise::cli {

void add_report(CLI::App& app, const UserPaths& user_paths, int& exit_code);

}  // namespace pgadvise::cli
