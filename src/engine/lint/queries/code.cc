#include "lint/queries/code.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>
#include <utility>

#include "base/text/text.h"
#include "lint/queries/loop_in_code_fix.h"
#include "lint/schema/words.h"

namespace pgadvise::lint {
namespace {

std::string rows_text(const QueryInLoop& found) {
  return "`" + found.rows + "`, rows" +
         (found.rows_table ? " of " + display(*found.rows_table) : std::string(" of an earlier query"));
}

void report_loop(const Context& context, Reporter& reporter, const std::vector<const QueryInLoop*>& group,
                 Subject subject) {
  const QueryInLoop& found = *group.front();
  const bool reads = found.query.kind == CodeQuery::Kind::select;
  const std::size_t others = group.size() - 1;
  const std::string with_others =
      others == 0
          ? " runs"
          : " (and " + std::to_string(others) + (others == 1 ? " other query" : " other queries") + ") runs";
  std::string message = statement_of(found.query) + with_others + " once for each element of " +
                        rows_text(found) + (found.parallel ? ", in parallel" : "") + ", although one " +
                        (reads ? "query could fetch all rows." : "statement could write all rows.");
  Finding& finding = reporter.add(
      std::move(subject), located(context.project(), place_in_loop(found)), std::move(message),
      found.background || found.filtered || found.waits ? std::optional(Severity::note) : std::nullopt);
  const auto add = [&](std::string text, const SourceLocation& place) {
    add_evidence(finding, context, std::move(text), place);
  };
  add("the loop" + in_function(found.function) + " goes over " + found.rows, found.loop);
  add("this query yields the rows", found.rows_from);
  for (const auto& call : found.via) add("the loop calls a function that runs the query", call);
  add(found.key.empty() ? "the query gets values of the row"
                        : "the query compares " + found.key + " with " + found.value,
      found.query.place);
  // The other queries of the loop, by the place of the query or of the call that leads to it.
  for (const QueryInLoop* other : std::span(group).subspan(1))
    add("the loop also runs " + lower_first(statement_of(other->query)), place_in_loop(*other));
  if (found.waits)
    finding.evidence.push_back(
        project_fact("each round also waits for something else, such as another service: the query may be "
                     "the smaller part"));
  if (found.filtered)
    finding.evidence.push_back(
        project_fact("the code leaves out some of the rows before the loop: how many remain, is not known"));
  if (found.background)
    finding.evidence.push_back(project_fact(
        "the file's name suggests a background job, for which the number of queries may not matter"));
  finding.fix = fix_of_loop(context, found);
}

}  // namespace

SourceLocation place_in_loop(const QueryInLoop& found) {
  return found.via.empty() ? found.query.place : found.via.front();
}

const CodeFacts* code_facts(const Context& context) { return context.project().code.get(); }

std::string table_of(const CodeQuery& query) {
  return query.tables.empty() ? "a table" : display(query.tables.front());
}

std::string statement_of(const CodeQuery& query) {
  switch (query.kind) {
    case CodeQuery::Kind::select: return "A query on " + table_of(query);
    case CodeQuery::Kind::insert: return "An INSERT into " + table_of(query);
    case CodeQuery::Kind::update: return "An UPDATE of " + table_of(query);
    case CodeQuery::Kind::delete_: return "A DELETE from " + table_of(query);
    case CodeQuery::Kind::execute: return "A statement";
    case CodeQuery::Kind::transaction: return "A transaction";
    case CodeQuery::Kind::batch: return "A batch";
  }
  return "A statement";
}

std::string lower_first(std::string sentence) {
  if (!sentence.empty())
    sentence.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(sentence.front())));
  return sentence;
}

bool is_record(const QualifiedName& table) {
  static constexpr std::array<std::string_view, 14> names = {
      "log",   "logging",      "audit",  "activity", "history",   "notification", "session",
      "token", "verification", "metric", "webhook",  "analytics", "cache",        "usage"};
  const auto words = words_of(table.name);
  if (words.empty()) return false;
  const std::string last = singular(words.back());
  // A table of events alone may be a calendar's.
  return is_one_of(last, names) || (last == "event" && words.size() > 1);
}

std::string in_function(const std::string& function) { return function.empty() ? "" : " in " + function; }

Subject CodeSubjects::make(const std::string& what, const std::string& file, const std::string& function) {
  return files_.make(file, function.empty() ? what : function + ": " + what);
}

Subject CodeSubjects::make(const CodeQuery& query, const std::string& file, const std::string& function) {
  std::string what = statement_of(query);
  what = what.substr(what.find(' ') + 1);  // without the article
  Subject out = make(what, file, function);
  out.kind = "query";
  if (!query.tables.empty()) {
    out.schema = query.tables.front().schema;
    out.table = query.tables.front().name;
  }
  return out;
}

void add_evidence(Finding& finding, const Context& context, std::string text, const SourceLocation& place) {
  finding.evidence.push_back(project_fact(std::move(text), located(context.project(), place)));
}

void add_request(Finding& finding, const Context& context, const Request& request) {
  add_evidence(finding, context, request.entry + " runs it", request.place);
  for (const auto& call : request.via) add_evidence(finding, context, "by this call", call);
}

void report_loops(const Context& context, Reporter& reporter, bool writes) {
  CodeSubjects subjects;
  // The queries of one loop are one finding, and so is what one call in the loop leads to.
  std::map<SourceLocation, std::vector<const QueryInLoop*>> loops;
  std::set<std::pair<SourceLocation, SourceLocation>> seen;
  std::vector<const QueryInLoop*> firsts;
  for (const auto& found : code_facts(context)->in_loops) {
    if ((found.query.kind != CodeQuery::Kind::select) != writes) continue;
    if (!seen.insert({found.loop, place_in_loop(found)}).second) continue;
    auto& group = loops[found.loop];
    if (group.empty()) firsts.push_back(&found);
    group.push_back(&found);
  }
  for (auto& [loop, group] : loops)
    std::ranges::stable_sort(group, [](const QueryInLoop* a, const QueryInLoop* b) {
      return place_in_loop(*a) < place_in_loop(*b);
    });
  for (const auto* first : firsts) {
    const auto& group = loops.at(first->loop);
    const QueryInLoop& shown = *group.front();
    report_loop(context, reporter, group, subjects.make(shown.query, shown.loop.file, shown.function));
  }
}

}  // namespace pgadvise::lint
