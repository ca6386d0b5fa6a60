#include "check/commands/digest.h"

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "check/load/inputs.h"
#include "log/collect/merge.h"
#include "pg/catalog/statement_statistics.h"
#include "pg/connection/connection.h"

namespace pgadvise::check {

static Result<Workload> read_server(const DigestSources& sources, const Observer& observer,
                                    Diagnostics& diagnostics) {
  if (sources.stop.stop_requested()) return tl::unexpected(not_read_after_stop("--db"));
  TRY(auto connection, pg::Connection::open(sources.db, observer.sent));
  connection.set_stop(sources.stop);
  connection.set_interruptible(true);
  return pg::read_statement_statistics(connection, pg::StatementScope::server, diagnostics);
}

Digest digest(const DigestSources& sources, const Observer& observer, Diagnostics& diagnostics) {
  const ObservedPhase observed(observer, "reading", true);
  Digest out;
  auto& workloads = out.workloads;
  workloads = read_logs(sources.logs,
                        {.line_prefix = sources.line_prefix,
                         .selection = sources.selection,
                         .threads = sources.jobs,
                         .progress = observer.log,
                         .user_paths = sources.user_paths,
                         .stop = sources.stop},
                        sources.by_log || !sources.db.empty(), diagnostics);
  if (!sources.db.empty()) {
    auto workload = read_server(sources, observer, diagnostics);
    if (workload) workloads.push_back(std::move(*workload));
    else diagnostics.push_back(workload.error());
  }
  log::count_once(workloads, diagnostics);
  log::sort_workloads(workloads);
  std::vector<LogSource> logs;
  for (const auto& workload : workloads)
    for (const auto& source : workload.sources) {
      out.read |= !source.format.empty();
      logs.push_back(source);
      if (!source.format.empty() && observer.detail)
        observer.detail(fmt::format("read {} {}: {}, {}, {} of them not recognized", source.format,
                                    source.path, counted(source.statements, "statement"),
                                    counted(source.lines, "line"), source.not_understood));
    }
  if (auto nothing = log::nothing_selected(sources.selection, logs)) {
    out.read = false;
    diagnostics.push_back(std::move(*nothing));
  }
  return out;
}

}  // namespace pgadvise::check
