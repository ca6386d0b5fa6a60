#include "report/text/evaluation_text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text/ci_commands.h"
#include "base/text/text.h"
#include "report/text/advice_figures.h"

namespace pgadvise::report {
namespace {

std::string words(std::string_view verdict) { return replace_all(std::string(verdict), "-", " "); }

class Writer {
 public:
  Writer(const Evaluation& evaluation, const AdviceOptions& options)
      : evaluation_(evaluation), options_(options) {}

  std::string write() {
    head();
    for (const auto& index : evaluation_.candidates) candidate(index);
    for (const auto& each : evaluation_.drops) drop(each);
    queries("Queries that become cheaper", evaluation_.better);
    queries("Queries that become more expensive", evaluation_.worse);
    return std::move(out_);
  }

 private:
  std::string bold(std::string_view text) const {
    return options_.color ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
  }
  std::size_t width() const { return static_cast<std::size_t>(std::max(options_.width, 40)); }

  void paragraph(std::string_view text) {
    constexpr std::string_view indent = "    ";
    std::string line(indent);
    const std::string shown = printable(text);
    for (const auto word : split(shown, ' ')) {
      if (line.size() > indent.size() && may_begin_line(word) && line.size() + 1 + word.size() > width()) {
        out_ += line + "\n";
        line = indent;
      }
      if (line.size() > indent.size()) line += ' ';
      line += word;
    }
    out_ += line + "\n";
  }

  // To be copied: never wrapped.
  void sql(std::string_view text) { out_ += fmt::format("    {}\n", printable(text)); }

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
    if (all.not_explained)
      out_ += fmt::format("{} left out: the planner made no plan, see standard error\n",
                          plural(all.not_explained, "query was", "queries were"));
    if (!all.complete) out_ += "The evaluation ended early: figures are missing.\n";
  }

  void candidate(const EvaluatedIndex& index) {
    using Verdict = EvaluatedIndex::Verdict;
    out_ += fmt::format("\n{}: {}\n", printable(index.where), bold(words(name(index.verdict))));
    sql(index.sql);
    if (!index.reason.empty()) paragraph(index.reason + ".");
    const bool costed = index.verdict != Verdict::cannot_be_built && index.verdict != Verdict::not_costed;
    if (costed)
      paragraph(fmt::format(
          "size {}, maintenance cost {}, saves {}{}, used by {}",
          bytes(static_cast<double>(index.size_bytes)), cost(index.maintenance_cost), cost(index.cost_saved),
          evaluation_.candidates.size() > 1
              ? fmt::format(" beside the other candidates and {} alone", cost(index.cost_saved_alone))
              : std::string(),
          plural(index.queries.size(), "query", "queries")));
    for (const auto& note : index.notes) paragraph(note);
    if (!index.replaces.empty())
      paragraph("makes redundant: " + join(index.replaces, ", ") + ", which can be dropped afterwards");
    if (index.smaller) {
      paragraph(fmt::format("A smaller index saves nearly as much ({}, {}; {}):",
                            bytes(static_cast<double>(index.smaller->size_bytes)),
                            cost(index.smaller->cost_saved), index.smaller->difference));
      sql(index.smaller->sql);
    }
  }

  void drop(const EvaluatedDrop& each) {
    out_ += fmt::format("\n--drop {}: {}\n", printable(display({each.table.schema, each.index})),
                        bold(words(name(each.verdict))));
    if (!each.sql.empty()) sql(each.sql);
    if (!each.reason.empty()) paragraph(each.reason + ".");
    if (each.verdict == EvaluatedDrop::Verdict::refused) return;
    std::string line = fmt::format("frees {}, saves a maintenance cost of {}",
                                   bytes(static_cast<double>(each.size_bytes)), cost(each.maintenance_cost));
    if (!each.queries.empty())
      line += fmt::format(", makes {} more expensive", plural(each.queries.size(), "query", "queries"));
    paragraph(line);
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
  const AdviceOptions& options_;
  std::string out_;
};

}  // namespace

std::string evaluation_text(const Evaluation& evaluation, const AdviceOptions& options) {
  return Writer(evaluation, options).write();
}

}  // namespace pgadvise::report
