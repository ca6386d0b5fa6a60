#include "report/summary.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "report/common.h"
#include "report/text/figures.h"

namespace pgadvise::report {
namespace {

// The message up to the colon before its consequence, without a full stop. Colons in parentheses, in
// backticks or after one or two words ("password: …") belong to the fault.
std::string fault(std::string_view message) {
  constexpr std::size_t shortest = 20;
  int depth = 0;
  bool code = false;
  std::size_t end = message.size();
  for (std::size_t at = 0; at < message.size(); ++at) {
    const char c = message[at];
    if (c == '`') code = !code;
    else if (c == '(') ++depth;
    else if (c == ')') --depth;
    else if (c == ':' && !code && depth <= 0 && at >= shortest && message.substr(at + 1).starts_with(' ')) {
      end = at;
      break;
    }
  }
  while (end > 0 && message[end - 1] == '.') --end;
  return std::string(message.substr(0, end));
}

// The table, else the place, if the text names neither.
std::string object_if_missing(const Finding& finding, std::string_view text) {
  const Subject& subject = finding.subject;
  for (const std::string& name : {subject.table, subject.index, subject.constraint, subject.file})
    if (!name.empty() && contains(text, name)) return {};
  if (!subject.table.empty()) return display({subject.schema, subject.table});
  if (finding.in_file()) return finding.location->str();
  return subject.file;
}

// ellipsis() that does not end within a parenthesis.
std::string cut_whole(std::string_view text, std::size_t width) {
  std::string out = ellipsis(text, width);
  const std::size_t open = out.rfind(" (");
  if (out == printable(text) || open == std::string::npos || open == 0) return out;
  if (out.find(')', open) == std::string::npos) out = out.substr(0, open) + "…";
  return out;
}

// Of the set: the indexes that only the list of the workload's indexes names, if they matter.
std::string without_finding(const Report& report) {
  constexpr double least_of_one = 0.01, least = 0.05;  // of the workload's cost
  double saved = 0;
  int count = 0;
  for (const auto& index : report.further_indexes)
    if (index.cost_saved >= least_of_one * report.workload_cost) saved += index.cost_saved, ++count;
  if (count == 0 || saved < least * report.workload_cost) return {};
  return fmt::format("; {} that no finding asks for remove{} {:.0f} %",
                     count == 1 ? "one" : fmt::format("{}", count), count == 1 ? "s" : "",
                     100 * saved / report.workload_cost);
}

}  // namespace

std::vector<FirstThing> first_things(const Report& report) {
  constexpr std::size_t shown = 5;
  std::vector<FirstThing> out;
  for (const Finding* finding : standing(report)) {
    const auto known = std::ranges::find_if(
        out, [&](const FirstThing& thing) { return thing.finding->rule == finding->rule; });
    if (known != out.end()) ++known->more;
    else out.push_back({finding, 0});
  }
  if (out.size() > shown) out.resize(shown);
  return out;
}

std::string in_words(const FirstThing& thing, std::size_t most) {
  constexpr std::size_t most_of_fault = 140, least_of_fault = 40;
  constexpr std::size_t most_of_statement = 60, least_of_statement = 20;
  const Finding& finding = *thing.finding;
  std::string begin = ellipsis(fault(finding.message), most_of_fault), rest;
  if (const std::string where = object_if_missing(finding, begin); !where.empty())
    rest += " (" + printable(where) + ")";
  if (thing.more) rest += " (and " + counted(thing.more, "more finding") + ")";
  const std::string& effect = finding.impact.effect;
  const std::size_t taken = characters(begin) + characters(rest) + characters(effect) + 4;  // ": ", "; "
  const std::size_t room = most > taken ? std::min(most - taken, most_of_statement) : 0;
  std::vector<std::string> more;
  if (!finding.statement.empty() && room >= least_of_statement)
    more.push_back(ellipsis(finding.statement, room));
  if (!effect.empty()) more.push_back(effect);
  if (!more.empty()) rest += ": " + join(more, "; ");
  const std::size_t left = most > characters(rest) ? most - characters(rest) : 0;
  return replace_all(printable(cut_whole(begin, std::max(left, least_of_fault)) + rest), "\n", " ");
}

std::string index_set_in_words(const Report& report) {
  const Report::IndexSet& set = report.index_set;
  constexpr double least = 0.005;  // less is printed as 0 %
  if (set.count == 0 || set.share_saved < least) return {};
  return fmt::format("{} proposed here and by advise remove{} {:.0f} % of the workload's planner cost, {}",
                     set.count == 1 ? "The one index" : fmt::format("All {} indexes", set.count),
                     set.count == 1 ? "s" : "", 100 * set.share_saved, bytes(set.bytes)) +
         without_finding(report);
}

}  // namespace pgadvise::report
