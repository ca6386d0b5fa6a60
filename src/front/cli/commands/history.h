// `pgadvise history`: what changed over the runs that a store contains.
#pragma once

namespace CLI {
class App;
}

namespace pgadvise::cli {

void add_history(CLI::App& app, int& exit_code);

}  // namespace pgadvise::cli
