// The command `watch`: checks databases at regular intervals.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace pgadvise::cli {

// `names`: those of the databases that the command line names by @NAME, by connection string.
void add_watch(CLI::App& app, std::shared_ptr<const std::map<std::string, std::string>> names,
               int& exit_code);

}  // namespace pgadvise::cli
