// `pgadvise report`: compares two stored JSON reports, or makes an HTML report from one.
#pragma once

#include "base/files/input_file.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

void add_report(CLI::App& app, const UserPaths& user_paths, int& exit_code);

}  // namespace pgadvise::cli
