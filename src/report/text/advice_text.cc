#include "report/text/advice_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text/text.h"
#include "report/text/figures.h"

namespace pgadvise::report {
namespace {

std::string duration(double ms) {
  if (ms < 999.5) return fmt::format("{:.{}f} ms", ms, ms < 9.95 ? 2 : 0);
  return fmt::format("{:.{}f} s", ms / 1000, ms < 99'950 ? 1 : 0);
}

// Lines of a report of advise, and what all its sections write.
class Lines {
 protected:
  explicit Lines(const Look& look) : look_(look) {}

  std::string bold(std::string_view text) const { return paint(look_, "1", text); }
  std::size_t width() const { return static_cast<std::size_t>(std::max(look_.width, 40)); }

  void paragraph(std::string_view text, std::string_view indent) {
    const std::string safe = printable(text);
    out_ += wrapped(indent, indent, split(safe, ' '), width());
  }

  // To be copied: never wrapped.
  void sql(std::string_view text) {
    for (const auto line : split(text, '\n')) out_ += fmt::format("    {}\n", printable(line));
  }

  void not_explained(std::size_t queries) {
    if (queries)
      out_ += fmt::format("{} left out: the planner made no plan, see standard error\n",
                          plural(queries, "query was", "queries were"));
  }

  Look look_;
  std::string out_;
};

class AdviceLines : Lines {
 public:
  AdviceLines(const Advice& advice, const Look& look) : Lines(look), advice_(advice) {}

  std::string write() {
    head();
    indexes();
    curve();
    queries();
    verified();
    uncosted();
    drops();
    return std::move(out_);
  }

 private:
  void head() {
    const std::string limit =
        advice_.budget_bytes ? fmt::format(" within {}", bytes(*advice_.budget_bytes)) : std::string();
    double size = 0;
    for (const auto& index : advice_.indexes) size += static_cast<double>(index.size_bytes);
    if (advice_.queries.empty())
      out_ += advice_.not_explained || !advice_.complete
                  ? "The planner could not compute the cost of any query.\n"
                  : "No query reads or writes a table of the application: there is nothing to index.\n";
    else if (advice_.indexes.empty())
      out_ += fmt::format("No index{} reduces the cost of the workload: {}.\n", limit,
                          plural(advice_.queries.size(), "query", "queries"));
    else
      out_ +=
          bold(fmt::format("{}{}, {}: relative cost {}", plural(advice_.indexes.size(), "index", "indexes"),
                           limit, bytes(size), percent(advice_.cost_after, advice_.cost_before))) +
          "\n" +
          fmt::format("planner cost {} before, {} after, of {}\n", cost(advice_.cost_before),
                      cost(advice_.cost_after), plural(advice_.queries.size(), "query", "queries"));
    not_explained(advice_.not_explained);
    if (advice_.budget_bytes)
      paragraph("check and review know no budget, so they may propose other indexes.", "");
    if (advice_.bulk_loads)
      paragraph(plural(advice_.bulk_loads, "bulk load", "bulk loads") +
                    " left out: the statement ran once or twice and writes at least 10,000 rows "
                    "(--include-bulk counts it)",
                "");
    if (!advice_.unknown_writes.empty())
      paragraph("The index maintenance cost is unknown for " + join(advice_.unknown_writes, ", ") +
                    ": the server refused to plan writes to it, see standard error. Connect as a role that "
                    "may write, or the savings below are too large",
                "");
    if (!advice_.complete) out_ += "The search ended early: these are the best indexes found by then.\n";
  }

  void indexes() {
    if (advice_.indexes.empty()) return;
    if (major() > 0)
      out_ +=
          fmt::format("\n{:>3} {:>8} {:>9} {:>6} {:>7}  {}\n", "", "size", "saves", "", "queries", "table");
    std::size_t number = 0;
    for (const auto& index : advice_.indexes) {
      if (minor(index)) continue;
      out_ +=
          fmt::format("{:>3} {:>8} {:>9} {:>6} {:>7}  {}\n", ++number, bytes(index.size_bytes),
                      cost(index.cost_saved), percent(index.cost_saved, advice_.cost_before),
                      index.queries.size(), ellipsis(display(index.table), width() > 60 ? width() - 40 : 20));
      sql(index.sql);
      if (!index.maintenance_known) out_ += "    maintenance cost for the workload's writes: unknown\n";
      else if (index.maintenance_cost > 0)
        out_ += fmt::format("    maintenance cost for the workload's writes: {}, already subtracted\n",
                            cost(index.maintenance_cost));
    }
    minor_indexes();
  }

  // Without a budget, what saves little is one line.
  bool minor(const AdvisedIndex& index) const {
    return !advice_.budget_bytes && index.cost_saved < 0.01 * advice_.cost_before;
  }

  std::size_t major() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(advice_.indexes, [&](const AdvisedIndex& index) { return !minor(index); }));
  }

  void minor_indexes() {
    std::size_t count = 0;
    double size = 0;
    std::vector<std::string> tables;
    for (const auto& index : advice_.indexes) {
      if (!minor(index)) continue;
      ++count;
      size += static_cast<double>(index.size_bytes);
      if (auto name = display(index.table); std::ranges::find(tables, name) == tables.end())
        tables.push_back(std::move(name));
    }
    if (!count) return;
    out_ += "\n";
    paragraph(
        fmt::format("{} under 1 %{}, {}{}, for foreign keys and for statements that cost little, on {}. "
                    "--format json has the DDL.",
                    count == 1 ? "1 more index saves" : fmt::format("{} more indexes save", count),
                    count == 1 ? "" : " each", bytes(size), count == 1 ? "" : " in all", join(tables, ", ")),
        "");
  }

  void curve() {
    if (major() < 2) return;
    out_ += "\n" + bold("Cost by number of indexes") + "\n" +
            fmt::format("{:>9} {:>8} {:>7}\n", "indexes", "size", "cost");
    double size = 0;
    double left = advice_.cost_before;
    std::size_t number = 0;
    for (const auto& index : advice_.indexes) {
      size += static_cast<double>(index.size_bytes);
      left -= index.cost_saved;
      if (minor(index)) continue;
      ++number;
      const double share = advice_.cost_before > 0 ? left / advice_.cost_before : 0;
      out_ += fmt::format("{:>9} {:>8} {:>7}  {}\n", number, bytes(size), percent(left, advice_.cost_before),
                          std::string(static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * 40 + 0.5), '#'));
    }
  }

  void queries() {
    constexpr std::size_t most = 20;
    if (advice_.indexes.empty()) return;
    out_ += "\n" + bold("Queries") + "\n" +
            fmt::format("{:>9} {:>9} {:>9}  {}\n", "calls", "before", "after", "");
    std::size_t shown = 0;
    for (const auto& query : advice_.queries) {
      if (query.cost_after >= query.cost_before || shown == most) break;
      ++shown;
      out_ += fmt::format("{:>9} {:>9} {:>9}  {}\n", cost(query.weight / query.calibration),
                          cost(query.cost_before), cost(query.cost_after),
                          ellipsis(one_line(query.text), width() - 31));
      if (query.calibration >= 2 || query.calibration <= 0.5)
        out_ += fmt::format("{:>9} {:>9} {:>9}  weighted {:.2g} times: {} on average\n", "", "", "",
                            query.calibration, duration(query.mean_ms));
    }
    if (advice_.queries.size() > shown)
      out_ += fmt::format("and {}\n", plural(advice_.queries.size() - shown, "other", "others"));
  }

  // What is left of the cost, and of the time.
  void verified() {
    if (!advice_.verification) return;
    const Verification& seen = *advice_.verification;
    out_ += "\n" + bold(fmt::format("Verified on {}", printable(seen.where))) + "\n";
    if (!seen.complete) out_ += "The verification ended early: some queries were not measured.\n";
    out_ += fmt::format("{:>9} {:>9} {:>9} {:>8}  medians of up to {} runs\n", "estimated", "before", "after",
                        "real", seen.runs);
    for (const auto& query : seen.queries) {
      const std::string text = ellipsis(one_line(query.text), width() - 41);
      if (!query.ms_before || !query.ms_after) continue;
      out_ += fmt::format("{:>9} {:>9} {:>9} {:>8}  {}\n", percent(query.cost_after, query.cost_before),
                          duration(*query.ms_before), duration(*query.ms_after),
                          percent(*query.ms_after, *query.ms_before), text);
    }
    if (seen.ms_before > 0)
      out_ += fmt::format("{:>9} {:>9} {:>9} {:>8}  all queries, weighted\n", percent(seen.estimated_left, 1),
                          duration(seen.ms_before), duration(seen.ms_after),
                          percent(seen.ms_after, seen.ms_before));
    for (const auto& query : seen.queries)
      if ((!query.ms_before || !query.ms_after) && !query.why_not.empty())
        paragraph(fmt::format("not measured: {}: {}", ellipsis(one_line(query.text), width() - 31),
                              printable(query.why_not)),
                  "  ");
    for (const auto& index : seen.withdrawn) paragraph("withdrawn: " + printable(index), "  ");
    for (const auto& index : seen.not_built) paragraph("not built: " + printable(index), "  ");
    sizes_built();
  }

  void sizes_built() {
    double estimated = 0;
    double built = 0;
    for (const auto& index : advice_.indexes) {
      if (!index.built_bytes) continue;
      estimated += static_cast<double>(index.size_bytes);
      built += static_cast<double>(*index.built_bytes);
    }
    if (built > 0)
      out_ += fmt::format("Size of the indexes: {}, estimated {}.\n", bytes(built), bytes(estimated));
  }

  void uncosted() {
    if (advice_.not_costed.empty()) return;
    out_ += "\n" + bold("Not costed") + "\n";
    for (const auto& index : advice_.not_costed) {
      sql(index.sql);
      std::string reason = index.reason + " (" + plural(index.queries.size(), "query", "queries") + ")";
      if (index.cost_saved)
        reason += fmt::format("; built on the sandbox, its size is {} and it saves {}",
                              bytes(index.size_bytes.value_or(0)), cost(*index.cost_saved));
      paragraph(reason, "      ");
    }
  }

  void drops() {
    if (advice_.drops.empty()) return;
    out_ += "\n" + bold("To drop") + "\n";
    for (const auto& drop : advice_.drops) {
      sql(drop.sql);
      paragraph(printable(drop.reason) + (drop.size_bytes ? ", " + bytes(drop.size_bytes) : ""), "      ");
    }
  }

  const Advice& advice_;
};

class EvaluationLines : Lines {
 public:
  EvaluationLines(const Evaluation& evaluation, const Look& look) : Lines(look), evaluation_(evaluation) {}

  std::string write() {
    head();
    for (const auto& index : evaluation_.candidates) candidate(index);
    for (const auto& each : evaluation_.drops) drop(each);
    queries("Queries that become cheaper", evaluation_.better);
    queries("Queries that become more expensive", evaluation_.worse);
    return std::move(out_);
  }

 private:
  static std::string words(std::string_view verdict) { return replace_all(std::string(verdict), "-", " "); }
  void ddl(std::string_view text) { sql(printable(text)); }  // on one line
  void remark(std::string_view text) { paragraph(text, "    "); }

  void head() {
    const Evaluation& all = evaluation_;
    const std::size_t queries = all.better.size() + all.worse.size() + all.unchanged;
    if (queries == 0)
      out_ += all.not_explained || !all.complete
                  ? "The planner could not compute the cost of any query.\n"
                  : "No query of the workload reads or writes a table of the application.\n";
    else
      out_ +=
          bold(fmt::format("Relative cost {}: {} cheaper, {} more expensive, {} unchanged",
                           percent(all.cost_after, all.cost_before),
                           plural(all.better.size(), "query", "queries"), all.worse.size(), all.unchanged)) +
          "\n" +
          fmt::format("planner cost {} before, {} after, index maintenance included\n", cost(all.cost_before),
                      cost(all.cost_after));
    not_explained(all.not_explained);
    if (!all.complete) out_ += "The evaluation ended early: figures are missing.\n";
  }

  void candidate(const EvaluatedIndex& index) {
    using Verdict = EvaluatedIndex::Verdict;
    out_ += fmt::format("\n{}: {}\n", printable(index.where), bold(words(name(index.verdict))));
    ddl(index.sql);
    if (!index.reason.empty()) remark(index.reason + ".");
    const bool costed = index.verdict != Verdict::cannot_be_built && index.verdict != Verdict::not_costed;
    if (costed)
      remark(fmt::format(
          "size {}, maintenance cost {}, saves {}{}, used by {}", bytes(index.size_bytes),
          cost(index.maintenance_cost), cost(index.cost_saved),
          evaluation_.candidates.size() > 1
              ? fmt::format(" beside the other candidates and {} alone", cost(index.cost_saved_alone))
              : std::string(),
          plural(index.queries.size(), "query", "queries")));
    for (const auto& note : index.notes) remark(note);
    if (!index.replaces.empty())
      remark("makes redundant: " + join(index.replaces, ", ") + ", which can be dropped afterwards");
    if (index.smaller) {
      remark(
          fmt::format("A smaller index saves nearly as much ({}, {}; {}):", bytes(index.smaller->size_bytes),
                      cost(index.smaller->cost_saved), index.smaller->difference));
      ddl(index.smaller->sql);
    }
  }

  void drop(const EvaluatedDrop& each) {
    out_ += fmt::format("\n--drop {}: {}\n", printable(display({each.table.schema, each.index})),
                        bold(words(name(each.verdict))));
    if (!each.sql.empty()) ddl(each.sql);
    if (!each.reason.empty()) remark(each.reason + ".");
    if (each.verdict == EvaluatedDrop::Verdict::refused) return;
    std::string line = fmt::format("frees {}, saves a maintenance cost of {}", bytes(each.size_bytes),
                                   cost(each.maintenance_cost));
    if (!each.queries.empty())
      line += fmt::format(", makes {} more expensive", plural(each.queries.size(), "query", "queries"));
    remark(line);
  }

  void queries(std::string_view title, const std::vector<QueryEffect>& list) {
    constexpr std::size_t most = 20;
    if (list.empty()) return;
    out_ += fmt::format("\n{}\n{:>9} {:>9} {:>9}\n", bold(title), "weight", "before", "after");
    for (std::size_t at = 0; at < std::min(list.size(), most); ++at)
      out_ += fmt::format("{:>9} {:>9} {:>9}  {}\n", cost(list[at].weight), cost(list[at].cost_before),
                          cost(list[at].cost_after), ellipsis(one_line(list[at].text), width() - 31));
    if (list.size() > most) out_ += fmt::format("and {}\n", plural(list.size() - most, "other", "others"));
  }

  const Evaluation& evaluation_;
};

}  // namespace

std::string advice_text(const Advice& advice, const Look& look) { return AdviceLines(advice, look).write(); }

std::string evaluation_text(const Evaluation& evaluation, const Look& look) {
  return EvaluationLines(evaluation, look).write();
}

}  // namespace pgadvise::report
