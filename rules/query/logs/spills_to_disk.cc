#include <algorithm>
#include <map>

#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/server/server_events.h"
#include "model/queries/plan_inputs.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::spills_to_disk {

static constexpr Option min_megabytes{
    "megabytes", 10, "megabytes of temporary files written by one call from which a statement is reported"};

namespace {

using Kind = Insight::Kind;

struct Spill {
  const KnownPlan* plan = nullptr;
  const Insight* insight = nullptr;
  double bytes = 0;  // 0: unknown
};

bool is_spill(Kind kind) {
  return kind == Kind::disk_sort || kind == Kind::hash_batches || kind == Kind::aggregate_spill;
}

// The largest spill in the plans of the statement. A hash join shows only its number of batches, so its size
// comes from the temporary blocks that the plan counted, if any.
Spill largest(const std::vector<KnownPlan>& plans) {
  Spill worst;
  for (const auto& plan : plans)
    for (const auto& insight : plan.insights) {
      if (!is_spill(insight.kind)) continue;
      const double bytes = std::max(static_cast<double>(insight.node->disk_kb) * 1024,
                                    static_cast<double>(plan.plan->root.temp_written_blocks) * page_bytes);
      if (!worst.insight || bytes > worst.bytes) worst = {&plan, &insight, bytes};
    }
  return worst;
}

// Without the text of the insight, whose sort key may contain a literal.
std::string spill_text(const Spill& spill) {
  const PlanNode& node = *spill.insight->node;
  if (spill.insight->kind == Kind::hash_batches)
    return "a hash table in " + std::to_string(node.hash_batches) + " batches" +
           (spill.bytes > 0 ? ", " + bytes_text(spill.bytes) + " on disk" : "");
  return (spill.insight->kind == Kind::disk_sort ? "a sort of " : "an aggregate of ") +
         grouped(node.children.empty() ? rows_of(node) : input_rows(node)) + " rows, " +
         bytes_text(spill.bytes) + " on disk";
}

// Rows take two to three times as much space in memory as on disk.
std::string memory_for(double bytes) {
  constexpr double most = 1024;
  double megabytes = 16;
  while (megabytes < most && megabytes * 1024 * 1024 < 3 * bytes) megabytes *= 2;
  return megabytes >= most ? "1GB" : std::to_string(static_cast<int>(megabytes)) + "MB";
}

// Not index builds and other maintenance, which use temporary files when maintenance_work_mem is exceeded.
bool reads_or_writes_rows(const Query& query) {
  const auto kind = query.facts.kind;
  return kind == StatementKind::select || kind == StatementKind::insert || kind == StatementKind::update ||
         kind == StatementKind::delete_ || kind == StatementKind::merge;
}

}  // namespace

static void report_spill(Reporter& reporter, const Query& query, const Spill& spill,
                         const ServerEvent* files) {
  const double largest = std::max(spill.bytes, files ? files->largest_bytes : 0);
  QualifiedName table;
  if (!query.facts.relations.empty()) table = query.facts.relations.front().table;
  std::string message = "A statement (" + ran(query) + ") writes " +
                        (largest > 0 ? bytes_text(largest) + " of temporary files" : "temporary files") +
                        ": ";
  message += spill.insight ? (spill.insight->kind == Kind::disk_sort      ? "a sort"
                              : spill.insight->kind == Kind::hash_batches ? "a hash"
                                                                          : "an aggregate") +
                                 std::string(" does not fit in work_mem.")
                           : "a sort, hash or aggregate does not fit in work_mem.";
  Finding& finding = report(reporter, query, table, std::move(message));
  if (files)
    finding.evidence.push_back(log_fact("the log reports temporary files " + times(files->count) + ", " +
                                            bytes_text(files->total_bytes) + " in total, the largest " +
                                            bytes_text(files->largest_bytes),
                                        files->place));
  if (spill.insight) finding.evidence.push_back(plan_fact(*spill.plan, spill_text(spill)));
  finding.verdict = Verdict::confirmed;  // the server wrote the files
  finding.fix = manual_fix("Sort or hash fewer rows and columns; otherwise SET LOCAL work_mem" +
                           (largest > 0 ? " = '" + memory_for(largest) + "'" : std::string()) +
                           " in the transaction of the statement");
}

static void check(const Context& context, Reporter& reporter) {
  const double least = context.option(min_megabytes) * 1e6;
  std::map<std::string_view, const ServerEvent*> files;
  for (const auto& event : context.workload().server_events)
    if (event.kind == ServerEvent::Kind::temporary_file && !event.fingerprint.empty())
      files.emplace(event.fingerprint, &event);
  for (const auto& query : context.workload().queries) {
    if (!of_application(query) || !reads_or_writes_rows(query)) continue;
    const Spill spill = largest(context.plans_of(query));
    const auto found = files.find(query.fingerprint);
    const ServerEvent* event = found == files.end() ? nullptr : found->second;
    // A hash join writes many files: estimate their total per call if the log has the number of calls.
    const double of_call =
        event ? std::max(event->largest_bytes,
                         query.calls > 0 ? std::min(event->total_bytes / static_cast<double>(query.calls),
                                                    8 * event->largest_bytes)
                                         : 0)
              : 0;
    if (std::max(spill.bytes, of_call) >= least ||
        (spill.insight && spill.bytes == 0 && spill.insight->node->hash_batches >= 4))
      report_spill(reporter, query, spill, event);
  }
}

constinit const Rule rule{
    .id = "spills-to-disk",
    .severity = Severity::note,
    .needs = all(Input::workload, any(Input::plans, Input::temporary_files)),
    .summary = "a statement that sorts or hashes on disk",
    .why =
        "A sort, hash or aggregate that does not fit in work_mem uses temporary files. They are written and "
        "read again, which is often several times slower. Many of them at once can fill the disk.\n\n"
        "The rule uses plans from auto_explain or from the database, and the temporary files in a log with "
        "log_temp_files.",
    .fix =
        "Sort or hash less: fewer rows by an index, fewer and narrower columns (no `SELECT *` into a sort), "
        "or an index in the requested order. Otherwise give this statement more memory in its own "
        "transaction, with `SET LOCAL work_mem`. A server-wide value applies to each sort of each session.",
    .when_to_ignore = "The statement is a nightly report that nobody waits for.",
    .options = {&min_megabytes},
    .check = check};

}  // namespace pgadvise::rules::spills_to_disk
