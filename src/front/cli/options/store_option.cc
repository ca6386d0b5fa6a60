#include "cli/options/store_option.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/files/boundary.h"
#include "base/files/repository_path.h"
#include "base/text/mask.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/config/config.h"
#include "check/config/trust.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "plan/read/reader.h"
#include "plan/read/structure.h"
#include "store/open.h"
#include "store/store/spool.h"

namespace pgadvise::cli {
namespace {

Result<std::string> url_of(const std::string& name) {
  const auto user = check::read_user_config(work_tree_of("."));
  if (!user) return tl::unexpected(user.error().front());
  const auto found = user->stores.find(name);
  if (found != user->stores.end()) return check::trusted_conninfo(name, found->second);
  std::vector<std::string> known;
  for (const auto& [other, profile] : user->stores) known.push_back(other);
  const std::string near = nearest(name, known);
  return fail(Error::Kind::usage, "--store", "your own configuration has no store " + ellipsis(name, 60),
              near.empty() ? "[stores.NAME]: docs/configuration.md" : near);
}

void report_stored(const store::Address& address, const store::Facts& facts) {
  if (facts.empty()) return;
  report_written(shown(address),
                 fmt::format("{}: {}, {}, {}, {}", facts.target,
                             counted(facts.run ? facts.run->findings.size() : 0, "finding"),
                             counted(facts.queries.size(), "query", "queries"),
                             counted(facts.plans.size(), "plan"), counted(facts.sizes.size(), "size")));
}

// What became of the runs that waited in the spool.
void report_sent(const store::Spool& spool, const store::Spool::Sent& sent, const store::Address& address) {
  if (sent.sent > 0)
    report_written(shown(address), fmt::format("{} earlier runs of {}", sent.sent, spool.folder()));
  if (sent.unreadable > 0)
    complain({Error::Kind::usage, spool.folder(),
              fmt::format("{} runs could not be read and are lost", sent.unreadable),
              "was the folder written by another version of pgadvise?"});
  for (const auto& path : sent.set_aside)
    complain({Error::Kind::usage, path,
              fmt::format("the store refused this run {} times: {}; pgadvise sends it no more",
                          store::max_refusals, sent.failure),
              "to send it again, let its name end in .json"});
  if (!sent.failure.empty() && sent.set_aside.empty())
    complain({Error::Kind::usage, spool.folder(), "the store refuses earlier runs: " + sent.failure,
              "they wait for the next run"});
}

// The run is in the spool before the store is asked: a store that hangs until this process is ended loses
// nothing.
Result<void> keep_by_spool(const store::Address& address, const store::Facts& facts,
                           const std::string& folder, const std::function<Result<void>()>& when_safe) {
  store::Spool spool(folder, address);
  const auto kept = facts.empty() ? Result<std::string>("") : spool.keep(facts, now());
  const bool safe = kept && !facts.empty();
  auto done = safe && when_safe ? when_safe() : Result<void>();
  auto to = store::open(address, true);
  const auto stored = !to             ? Result<void>(tl::unexpected(to.error()))
                      : facts.empty() ? Result<void>()
                                      : (*to)->put(facts, now());
  if (!stored) {
    if (!kept) {
      complain(stored.error());
      return tl::unexpected(kept.error());
    }
    // Not nonfatal: --quiet prints it, too.
    const Error& failure = stored.error();
    complain(facts.empty() ? failure
                           : Error{Error::Kind::usage, failure.where,
                                   failure.what + "; the facts of this run are kept in " + spool.folder(),
                                   "the next run that reaches the store sends them"});
    return done;
  }
  if (safe) store::Spool::remove(*kept);
  report_stored(address, facts);
  if (!kept) complain(kept.error());
  report_sent(spool, spool.send(**to, now(), facts.empty() ? nullptr : &facts), address);
  if (!safe && when_safe) done = when_safe();
  return done;
}

}  // namespace

void add_store(CLI::App& command, StoreOptions& options) {
  auto* store = command.add_option(
      "--store", options.url,
      "Store what the run finds, for pgadvise history: sqlite (the file pgadvise/store.db in XDG_STATE_HOME "
      "or ~/.local/state), sqlite:PATH, postgresql://… (its schema pgadvise), clickhouse://… (its database "
      "pgadvise), env (PGADVISE_STORE), or @NAME, a store of your own configuration" +
          about_store_password + ". Without --store nothing is stored");
  store->type_name("URL");
  command
      .add_option("--store-as", options.target,
                  "Name under which the store keeps the run; default: the database of --db, else the name of "
                  "the repository's folder")
      ->needs(store)
      ->type_name("NAME");
  command
      .add_option(
          "--spool", options.spool,
          "Folder that keeps the results of runs, up to 64 MB, until the store has them. The next run that "
          "reaches the store sends what waits")
      ->needs(store)
      ->type_name("FOLDER");
}

Result<store::Address> store_address(const StoreOptions& options) {
  std::string url(trim(options.url));
  if (url.empty())
    return fail(Error::Kind::usage, "--store", "is empty", "name a store; is the variable set?");
  if (url.starts_with("@")) {
    TRY(url, url_of(url.substr(1)));
  }
  return store::read_url(url);
}

Result<void> find_store(const CLI::App& command, StoreOptions& options) {
  if (command.count("--store") == 0) return {};
  TRY(options.address, store_address(options));
  return {};
}

std::string target_of(const StoreOptions& options, const std::string& database) {
  if (const auto given = trim(options.target); !given.empty()) return std::string(given);
  if (!database.empty()) return database;
  const auto paths = current_repository();
  const auto name = std::filesystem::path(paths.root.empty() ? paths.folder : paths.root).filename().string();
  return name.empty() ? "default" : name;
}

std::vector<store::QueryStatistics> statistics_of(const std::vector<Workload>& workloads,
                                                  const log::Selection& selection, Diagnostics& diagnostics) {
  std::vector<store::QueryStatistics> out;
  if (!selection.everything()) {
    diagnostics.push_back({Error::Kind::nonfatal, "--store",
                           "query statistics of a part of a log are not stored",
                           "leave out --app, --user, --database, --from and --to"});
    return out;
  }
  for (const auto& workload : workloads)
    for (auto& query : store::query_statistics(workload, diagnostics)) out.push_back(std::move(query));
  return out;
}

std::vector<store::QueryPlan> plans_of(const Report& report, const Workload& workload, std::int64_t taken) {
  using Kind = store::SizeSample::Kind;
  std::map<std::string, std::string> texts;
  for (const auto& query : workload.queries) texts.emplace(query.fingerprint, query.text);
  std::vector<store::QueryPlan> out;
  std::set<std::string> seen;
  for (const auto& plan : report.plans) {
    // Only plans of the application: without those of statements and indexes that pgadvise made.
    if (plan.fingerprint.empty() || !plan.statement.empty() || plan.before) continue;
    const auto read = plan::read_json(plan.json);
    if (!read || !seen.insert(plan.fingerprint).second) continue;
    auto structure = plan::structure(*read);
    store::QueryPlan one{.class_id = plan.fingerprint,
                         .text = mask_secrets(texts[plan.fingerprint]),
                         .taken = taken,
                         .structure = std::move(structure.text),
                         .relations = {},
                         .cost = plan.total_cost,
                         .server_major = std::atoi(report.server_version.c_str())};
    for (auto& name : structure.tables) one.relations.emplace_back(Kind::table, std::move(name));
    for (auto& name : structure.indexes) one.relations.emplace_back(Kind::index, std::move(name));
    out.push_back(std::move(one));
  }
  return out;
}

Result<void> keep(const store::Address& address, const store::Facts& facts, const std::string& spool,
                  const std::function<Result<void>()>& when_safe) {
  if (facts.empty())
    complain({Error::Kind::nonfatal, shown(address),
              "nothing to store: no findings, logged queries, plans or sizes"});
  if (!spool.empty()) return keep_by_spool(address, facts, spool, when_safe);
  if (!facts.empty()) {
    TRY(const auto to, store::open(address, true));
    TRY_VOID(to->put(facts, now()));
    report_stored(address, facts);
  }
  return when_safe ? when_safe() : Result<void>();
}

std::int64_t now() { return std::time(nullptr); }

}  // namespace pgadvise::cli
