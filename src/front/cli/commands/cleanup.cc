#include "cli/commands/cleanup.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/text/identifier.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/output/phase.h"
#include "cli/process/verbosity.h"
#include "pg/verify/leftovers.h"
#include "pg/verify/verify.h"
#include "review/terminal.h"

namespace pgadvise::cli {
namespace {

using namespace std::chrono_literals;

// A session ends within a second of its client on PostgreSQL 14 and newer, and at its statement's end before.
constexpr auto longest_wait = 15s;

struct Targets {
  std::set<std::string> indexes;  // oids
  std::set<int> backends;
};

std::string name_of(const pg::LeftoverIndex& index) {
  return printable(fmt::format("index {} on {}", quote_name(index.index.schema, index.index.name),
                               quote_name(index.table.schema, index.table.name)));
}

std::string list(const pg::Leftovers& leftovers, const std::string& where) {
  std::string left, kept;
  for (const auto& build : leftovers.builds) {
    const std::string line =
        fmt::format("  CREATE INDEX in backend {}: {}", build.backend, pg::origin(build.run));
    if (pg::can_cancel(build)) left += line + ", which no longer exists\n";
    else if (build.process == pg::ProcessState::alive) kept += line + ": its run is still active\n";
    else
      kept += line + fmt::format(
                         ": pgadvise can't find out whether the run is active, or may not cancel it; to "
                         "cancel it: SELECT "
                         "pg_cancel_backend({})\n",
                         build.backend);
  }
  for (const auto& index : leftovers.indexes) {
    if (pg::can_drop(index)) left += "  " + name_of(index) + ": " + pg::origin(index.run) + "\n";
    else if (!index.kept_because.empty()) kept += "  " + name_of(index) + ": " + index.kept_because + "\n";
    else if (index.parent.empty())
      kept += "  " + name_of(index) + ": its run is still active (" + pg::origin(index.run) + ")\n";
  }
  std::string out = left.empty()
                        ? "No leftovers of advise --verify in " + printable(where) + ".\n"
                        : "Left by killed runs of advise --verify in " + printable(where) + ":\n" + left;
  if (!kept.empty()) out += "Kept:\n" + kept;
  return out;
}

bool agreed(const Targets& targets) {
  std::vector<std::string> parts;
  if (!targets.indexes.empty())
    parts.push_back("Drop " + counted(targets.indexes.size(), "index", "indexes"));
  if (!targets.backends.empty())
    parts.push_back((parts.empty() ? "Cancel " : "cancel ") + counted(targets.backends.size(), "build"));
  std::cerr << join(parts, " and ") << "? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  answer = lower(trim(answer));
  return answer == "y" || answer == "yes";
}

// Waits for the sessions of the targets' runs to end, which holds their indexes until then.
Result<pg::Leftovers> once_free(pg::Connection& connection, const Targets& targets) {
  const auto until = std::chrono::steady_clock::now() + longest_wait;
  for (;;) {
    auto now = pg::find_leftovers(connection);
    if (!now) return now;
    const bool busy =
        std::ranges::any_of(
            now->indexes,
            [&](const auto& index) { return index.locked && targets.indexes.count(index.oid); }) ||
        std::ranges::any_of(now->builds,
                            [&](const auto& build) { return targets.backends.count(build.backend) != 0; });
    if (!busy || std::chrono::steady_clock::now() > until) return now;
    std::this_thread::sleep_for(100ms);
  }
}

// Exit code.
int remove(pg::Connection& connection, const pg::Leftovers& listed, const Targets& targets) {
  Diagnostics failures;
  std::string done;
  for (const auto& build : listed.builds) {
    if (!targets.backends.count(build.backend)) continue;
    if (const auto cancelled = pg::cancel_build(connection, build); !cancelled)
      failures.push_back(cancelled.error());
    else done += fmt::format("Cancelled the CREATE INDEX in backend {}.\n", build.backend);
  }
  const auto now = once_free(connection, targets);
  if (!now) {
    complain(now.error());
    return exit_database;
  }
  for (const auto& index : now->indexes) {
    if (!targets.indexes.count(index.oid)) continue;
    if (const auto dropped = pg::drop_leftover(connection, index); !dropped)
      failures.push_back(dropped.error());
    else done += "Dropped " + name_of(index) + ".\n";
  }
  for (const auto& failure : failures) complain(failure);
  print_output(done);
  return failures.empty() ? exit_clean : exit_usage;
}

}  // namespace

int clean_up(const std::string& db, const std::string& disposable, bool yes) {
  const auto give_up = [](const Error& error, int code) {
    complain(error);
    return code;
  };
  auto connection = during("connecting", [&] { return pg::Connection::open(db, sent_observer()); });
  if (!connection)
    return give_up(connection.error(),
                   connection.error().kind == Error::Kind::database ? exit_database : exit_usage);
  if (const auto why = pg::not_named(*connection, disposable); !why.empty())
    return usage_error({Error::Kind::usage, connection->where(), why,
                        "--cleanup drops indexes: pass the name of this database to --disposable"});
  const auto leftovers = pg::find_leftovers(*connection);
  if (!leftovers) return give_up(leftovers.error(), exit_database);
  if (const auto wrote = write_output("", list(*leftovers, connection->where())); !wrote)
    return usage_error(wrote.error());
  Targets targets;
  for (const auto& index : leftovers->indexes)
    if (pg::can_drop(index)) targets.indexes.insert(index.oid);
  for (const auto& build : leftovers->builds)
    if (pg::can_cancel(build)) targets.backends.insert(build.backend);
  if (targets.indexes.empty() && targets.backends.empty()) return exit_clean;
  if (!yes && !review::is_terminal())
    return usage_error({Error::Kind::usage, "--cleanup",
                        "nothing was dropped: without a terminal pgadvise cannot ask for confirmation",
                        "read the list, then add --yes"});
  if (!yes && !agreed(targets)) {
    std::cerr << "Nothing was dropped.\n";
    return exit_clean;
  }
  return remove(*connection, *leftovers, targets);
}

}  // namespace pgadvise::cli
