#include <algorithm>
#include <map>

#include "base/text.h"
#include "lint/plans.h"
#include "lint/queries.h"
#include "lint/server_events.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option min_megabytes{
    .name = "megabytes",
    .fallback = 10,
    .meaning = "megabytes that one call writes to disk, from which it is told"};
static constexpr const Option* options[] = {&min_megabytes};

namespace {

using Kind = Insight::Kind;

struct Spill {
  const KnownPlan* plan = nullptr;
  const Insight* insight = nullptr;
  double bytes = 0;  // 0: not known
};

bool is_spill(Kind kind) {
  return kind == Kind::disk_sort || kind == Kind::hash_batches || kind == Kind::aggregate_spill;
}

// The largest of the statement's plans. The batches of a hash tell no size; the blocks that the statement
// wrote do where they were counted.
Spill largest(const std::vector<KnownPlan>& plans) {
  Spill worst;
  for (const auto& plan : plans)
    for (const auto& insight : plan.insights) {
      if (!is_spill(insight.kind)) continue;
      const double bytes = std::max(static_cast<double>(insight.node->disk_kb) * 1024,
                                    static_cast<double>(plan.plan->root.temp_written_blocks) * 8192);
      if (!worst.insight || bytes > worst.bytes) worst = {&plan, &insight, bytes};
    }
  return worst;
}

// Not the insight's own words: a sort key may hold a literal.
std::string told(const Spill& spill) {
  const PlanNode& node = *spill.insight->node;
  if (spill.insight->kind == Kind::hash_batches)
    return "a hash table in " + std::to_string(node.hash_batches) + " batches" +
           (spill.bytes > 0 ? ", " + lint::bytes_text(spill.bytes) + " on disk" : "");
  return (spill.insight->kind == Kind::disk_sort ? "a sort of " : "an aggregate of ") +
         lint::grouped(rows_of(node.children.empty() ? node : node.children.front())) + " rows, " +
         lint::bytes_text(spill.bytes) + " on disk";
}

// Sorted and hashed rows take more room in memory than on disk: twice to three times.
std::string memory_for(double bytes) {
  constexpr double most = 1024;
  double megabytes = 16;
  while (megabytes < most && megabytes * 1024 * 1024 < 3 * bytes) megabytes *= 2;
  return megabytes >= most ? "1GB" : std::to_string(static_cast<int>(megabytes)) + "MB";
}

// Builds of indexes and the like write temporary files by design, into maintenance_work_mem's stead.
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
  std::string message =
      "A statement that " + lint::ran(query) + " writes " +
      (largest > 0 ? lint::bytes_text(largest) + " of temporary files" : "temporary files") + ": ";
  message += spill.insight ? (spill.insight->kind == Kind::disk_sort      ? "a sort"
                              : spill.insight->kind == Kind::hash_batches ? "a hash"
                                                                          : "an aggregate") +
                                 std::string(" does not fit work_mem.")
                           : "a sort, hash or aggregate does not fit work_mem.";
  Finding& finding = lint::report(reporter, query, table, std::move(message));
  if (files)
    finding.evidence.push_back({Evidence::Kind::statement,
                                "the log tells of temporary files " + lint::times(files->count) + ", " +
                                    lint::bytes_text(files->total_bytes) + " in all, the largest " +
                                    lint::bytes_text(files->largest_bytes),
                                files->place,
                                {}});
  if (spill.insight) finding.evidence.push_back(lint::plan_fact(*spill.plan, told(spill)));
  finding.verdict = Verdict::confirmed;  // the server wrote them
  finding.fix =
      Fix{.title = "Let it sort or hash fewer rows and columns; else SET LOCAL work_mem" +
                   (largest > 0 ? " = '" + memory_for(largest) + "'" : std::string()) + " in its transaction",
          .safety = Fix::Safety::manual};
}

static void check(const Context& context, Reporter& reporter) {
  const double least = context.option(min_megabytes) * 1e6;
  std::map<std::string_view, const ServerEvent*> files;
  for (const auto& event : context.workload().server_events)
    if (event.kind == ServerEvent::Kind::temporary_file && !event.fingerprint.empty())
      files.emplace(event.fingerprint, &event);
  for (const auto& query : context.workload().queries) {
    if (!lint::of_application(query) || !reads_or_writes_rows(query)) continue;
    const Spill spill = largest(context.plans_of(query));
    const auto found = files.find(query.fingerprint);
    const ServerEvent* event = found == files.end() ? nullptr : found->second;
    // A hash join writes many files: a call's are taken together, as far as the log has its calls.
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

constinit const Rule spills_to_disk{
    .id = "spills-to-disk",
    .severity = Severity::note,
    .needs = all(Input::workload, any(Input::plans, Input::temporary_files)),
    .summary = "a statement that sorts or hashes on disk",
    .why =
        "A sort, hash or aggregate that does not fit work_mem goes on in temporary files: written, read "
        "again, and often several times slower. Many at once fill the "
        "disk.\n\n"
        "Told from the plans of auto_explain's records or of the database, and from the temporary files of a "
        "log with log_temp_files.",
    .fix =
        "Let it sort or hash less: fewer rows by an index, fewer and narrower columns (no `SELECT *` into a "
        "sort), an index in the order that is asked for. Else give this "
        "statement more memory, in its own transaction: `SET LOCAL work_mem`. Server-wide, each sort of each "
        "session may take that much.",
    .when_to_ignore = "A report at night that nobody waits for.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
