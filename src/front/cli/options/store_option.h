// The options --store, --store-as and --spool.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "log/record/selection.h"
#include "model/results/report.h"
#include "store/facts/facts.h"
#include "store/store/address.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

// A sentence for --help of --store. What overwrites a password comes after the start of the process.
inline const std::string about_store_password =
    ". Other users can see a password in it for a moment: use env or @NAME";

struct StoreOptions {
  std::string url;                             // "": nothing is stored
  std::string target;                          // "": the default of target_of()
  std::string spool;                           // folder for what the store does not take; "": none
  std::optional<store::Address> address = {};  // set by find_store(); nullopt: nothing is stored
};

// Adds --store, --store-as and --spool. `options` must outlive the parsing.
void add_store(CLI::App& command, StoreOptions& options);

// Where --store leads. Resolves env, and @NAME in the user's own configuration. A repository cannot name a
// store. Errors (usage): no such store; the option is empty.
Result<store::Address> store_address(const StoreOptions& options);
// Sets options.address if the command line has --store. Errors: those of store_address().
Result<void> find_store(const CLI::App& command, StoreOptions& options);

// The name under which the store keeps the facts: --store-as, else `database`, else the name of the
// repository's folder, or of the working folder.
std::string target_of(const StoreOptions& options, const std::string& database);

// The statistics of each log. Of a part of a log (`selection`) none are stored, which is reported: they would
// count as those of the whole log.
std::vector<store::QueryStatistics> statistics_of(const std::vector<Workload>& workloads,
                                                  const log::Selection& selection, Diagnostics& diagnostics);

// The server's plans of logged statements. `taken`: seconds since 1970.
std::vector<store::QueryPlan> plans_of(const Report& report, const Workload& workload, std::int64_t taken);

// Adds the facts to the store, which is created if necessary, and prints what was stored on standard error,
// unless --quiet. With a spool: the facts are in the spool until the store has them, and stay there if the
// store fails, which is reported; sends what waits there, too. `when_safe`, which may be empty, is called
// once the facts are in the spool or in the store. Errors (usage): those of the store, of the spool, or of
// `when_safe`.
Result<void> keep(const store::Address& address, const store::Facts& facts, const std::string& spool,
                  const std::function<Result<void>()>& when_safe = {});

// Seconds since 1970.
std::int64_t now();

}  // namespace pgadvise::cli
