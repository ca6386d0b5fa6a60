#include "base/text/text.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/summary.h"
#include "report/text/lock_timeline.h"

namespace pgadvise::report::formats {
namespace {

// The value of a key, in a list in the order in which the keys first occur.
template <class Value>
Value& value_of(const std::string& key, std::vector<std::pair<std::string, Value>>& list) {
  const auto known = std::ranges::find(list, key, &std::pair<std::string, Value>::first);
  return known == list.end() ? list.emplace_back(key, Value{}).second : known->second;
}

constexpr std::size_t longest_whole = 26;  // of a parenthesis that stays on one line

class Writer {
 public:
  Writer(const Report& report, const Options& options) : report_(report), options_(options) {}

  std::string write() {
    if (!report_.nothing_checked.empty() && report_.findings.empty()) return write_nothing_checked();
    for (const Finding& finding : report_.findings)
      (finding.verdict == Verdict::refuted ? refuted_ : standing_).push_back(&finding);
    if (!options_.quiet) write_head();
    if (options_.all) write_everything();
    else write_within_limits();
    if (!options_.quiet) {
      write_locks();
      if (!refuted_.empty() && options_.all) write_refuted();
      write_further_indexes();
      write_gone();
      write_not_checked();
    }
    write_summary();
    return std::move(out_);
  }

 private:
  // What `pgadvise advise` proposes beside the indexes of findings.
  void write_further_indexes() {
    constexpr std::size_t most = 5;
    constexpr double least = 0.01;  // of the workload's cost
    std::size_t shown = 0;
    if (report_.further_indexes.empty() && report_.not_costed == 0) return;
    if (!out_.ends_with("\n\n")) out_ += '\n';
    for (const auto& index : report_.further_indexes) {
      if (index.cost_saved < least * report_.workload_cost || shown == most) continue;
      if (++shown == 1) out_ += paint("1", "Indexes for the workload that no finding asks for") + "\n";
      out_ += fmt::format("  {}\n", printable(std::string(split(index.sql, '\n').front())));
      paragraph("    ", "    ",
                fmt::format("saves {:.1f} % of the workload's planner cost",
                            100 * index.cost_saved / report_.workload_cost));
    }
    const std::string_view indent = shown ? "  " : "";
    if (const std::size_t more = report_.further_indexes.size() - shown)
      paragraph(indent, indent,
                more == 1 ? "1 more index for the workload has no finding: pgadvise advise lists it."
                          : fmt::format("{} more indexes for the workload, most of which save under 1 % of "
                                        "its planner cost, have no finding: pgadvise advise lists them.",
                                        more));
    if (report_.not_costed)
      paragraph(
          indent, indent,
          fmt::format("HypoPG cannot cost {} that no finding asks for (GIN, GiST): pgadvise advise lists {}.",
                      counted(report_.not_costed, "more index", "more indexes"),
                      report_.not_costed == 1 ? "it" : "them"));
    out_ += '\n';
  }

  std::string paint(std::string_view code, std::string_view text) const {
    return report::paint({.color = options_.color}, code, text);
  }

  // The file's name, absolute, and its line.
  std::string url(const Finding& finding) const {
    if (!options_.links || !finding.in_file()) return {};
    namespace fs = std::filesystem;
    const fs::path file = finding.location->file;
    return file_url(options_.host,
                    (file.is_absolute() ? file : fs::path(options_.repository.folder) / file)
                        .lexically_normal()
                        .generic_string(),
                    finding.location->line);
  }
  std::string rule(const Finding& finding) const {
    const bool page = options_.links && !options_.rules_url.empty();
    return link(page ? options_.rules_url + finding.rule + ".md" : url(finding),
                paint("1", finding.short_id.empty() ? finding.rule : finding.short_id));
  }

  std::string severity(const Finding& finding) const {
    constexpr std::string_view codes[] = {"36", "33;1", "31;1"};
    return paint(codes[static_cast<int>(finding.severity)], name(finding.severity));
  }

  // Words of one paragraph at the report's width.
  void paragraph(std::string_view first, std::string_view rest, std::string_view text) {
    const std::string safe = printable(text);
    write_words(first, rest, split(safe, ' '));
  }

  // The words of `text`, of which a short parenthesis is one.
  static std::vector<std::string_view> with_whole_parentheses(std::string_view text) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = std::min(text.find(' ', at), text.size());
      if (text[at] == '(')
        if (const auto close = text.find(')', at);
            close != std::string_view::npos && close - at < longest_whole)
          end = std::min(text.find(' ', close), text.size());
      out.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }

  void write_words(std::string_view first, std::string_view rest, const std::vector<std::string_view>& all) {
    out_ += wrapped(first, rest, all, static_cast<std::size_t>(options_.width));
  }

  void end_line(std::string_view line) {
    out_ += line.substr(0, line.find_last_not_of(' ') + 1);
    out_ += '\n';
  }

  void block(std::string_view label, std::string_view text) {
    std::string_view before = label;
    const std::string indent(characters(label), ' ');
    for (const auto line : split(text, '\n')) {
      out_ += fmt::format("{}{}\n", before, printable(line));
      before = indent;
    }
  }

  // A paragraph in bold.
  void bold_paragraph(std::string_view text) {
    const std::size_t begin = out_.size();
    paragraph("", "", text);
    const std::string lines = out_.substr(begin, out_.size() - begin - 1);
    out_.resize(begin);
    for (const auto line : split(lines, '\n')) out_ += paint("1", line) + "\n";
  }

  // The columns that `taken` ones leave of a line.
  std::size_t width(std::size_t taken = 0) const {
    return static_cast<std::size_t>(std::max(20, options_.width - static_cast<int>(taken)));
  }

  static std::size_t lines_in(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  // What was read: whole if that takes few lines or everything is asked for, else a line each.
  void write_inputs(std::size_t most_lines) {
    const std::size_t begin = out_.size();
    for (const ReportInput& input : report_.inputs) paragraph("", "  ", in_words(input));
    if (options_.all || options_.verbose || lines_in(std::string_view(out_).substr(begin)) <= most_lines)
      return;
    out_.resize(begin);
    const std::size_t all = report_.inputs.size();
    const std::size_t shown = all <= most_lines ? all : most_lines - 1;
    for (std::size_t at = 0; at < shown; ++at)
      end_line(ellipsis(printable(in_words(report_.inputs[at])), width()));
    if (all > shown) out_ += fmt::format("and {} more inputs: --verbose names them\n", all - shown);
  }

  static std::string in_words(const ReportInput& input) {
    std::string out = "read " + input.kind;
    if (!input.path.empty()) out += " " + input.path;
    if (!input.detail.empty()) out += ": " + input.detail;
    return out;
  }

  // What was read; of many findings, also how many there are, and which come first: at most 15 lines, without
  // empty ones. The inputs have the lines that the first things leave.
  void write_head() {
    constexpr std::size_t few = 5, most_lines = 15, least_of_inputs = 2, most_of_inputs = 4;
    if (standing_.size() <= few) {
      write_inputs(most_of_inputs);
      if (!report_.inputs.empty() && !standing_.empty()) out_ += "\n";
      return;
    }
    const std::string before = std::exchange(out_, {});
    write_first_things();
    const std::string things = std::exchange(out_, before);
    const std::size_t left = most_lines - std::min(most_lines, lines_in(things));
    write_inputs(std::clamp(left, least_of_inputs, most_of_inputs));
    out_ += "\n" + things + "\n";
  }

  void write_first_things() {
    out_ += paint("1", report::in_words(count(standing_)) + ". The first things to do:") + "\n";
    int number = 0;
    for (const FirstThing& thing : first_things(report_)) {
      const std::string begin = fmt::format("  {}. {}", ++number, thing.finding->short_id);
      // Two lines, the first of which may lose a word's length.
      constexpr std::size_t indent = 7;
      const std::size_t word = thing.more ? longest_whole : 12;
      const std::size_t taken = characters(begin) + indent + word;
      const std::string text = report::in_words(thing, 2 * width() > taken ? 2 * width() - taken : 0);
      write_words(begin + "  ", "     ", with_whole_parentheses(text));
    }
    if (const std::string set = index_set_in_words(report_); !set.empty()) paragraph("", "  ", set);
  }

  void write_everything() {
    for (std::size_t at = 0; at < standing_.size();) {
      std::vector<const Finding*> alike;
      const Finding& first = *standing_[at];
      for (; at < standing_.size() && standing_[at]->severity == first.severity &&
             standing_[at]->rule == first.rule;
           ++at)
        alike.push_back(standing_[at]);
      write_alike(alike);
    }
  }

  // The first findings in full, at most `of_one_rule` of a rule, within the limit of lines; returns the
  // others.
  std::vector<const Finding*> write_first(std::size_t of_one_rule) {
    constexpr std::size_t most_lines = 80;
    std::map<std::string_view, std::size_t> of_rule;
    std::vector<const Finding*> others;
    std::size_t lines = 0;
    for (const Finding* finding : standing_) {
      const std::size_t before = out_.size();
      if (lines <= most_lines && of_rule[finding->rule] < of_one_rule) {
        const bool first = lines == 0;
        write_finding(*finding);
        lines += lines_in(std::string_view(out_).substr(before));
        ++of_rule[finding->rule];
        if (first || lines <= most_lines) continue;
        out_.resize(before);
      }
      others.push_back(finding);
    }
    return others;
  }

  // Findings in full, the next ones on a line each, of the rest their number by rule. Where not all are in
  // full, few of a rule are: they say the same of other tables.
  void write_within_limits() {
    constexpr std::size_t short_lines = 30, full_of_a_rule = 3;
    const std::size_t begin = out_.size();
    auto others = write_first(standing_.size());
    if (!others.empty()) {
      out_.resize(begin);
      others = write_first(full_of_a_rule);
    }
    const std::size_t end = std::min(others.size(), short_lines);
    for (std::size_t at = 0; at < end; ++at) write_line(*others[at]);
    if (end < others.size()) write_rest({others.begin() + static_cast<std::ptrdiff_t>(end), others.end()});
    else if (!standing_.empty() && !out_.ends_with("\n\n")) out_ += "\n";
  }

  // A line that is too long is cut in the text and in the middle of the path: the line's number stays.
  void write_line(const Finding& finding) {
    const std::string text = printable(
        finding.impact.effect.empty() ? subject(finding) : subject(finding) + ": " + finding.impact.effect);
    const std::string mark = verdict_mark(finding.verdict);
    const auto taken = characters(name(finding.severity)) + characters(finding.short_id) + mark.size() + 3;
    const std::size_t room = width(taken);
    std::string place;
    if (finding.in_file()) {
      const std::string whole = finding.location->str();
      const std::size_t number = whole.size() - finding.location->file.size();
      const std::size_t left = room - std::min(room, characters(text) + 2);
      place = "  " + ellipsis_in_middle(whole, std::max({left, room / 2, number + 2}), number);
    }
    const std::size_t of_text = room - std::min(room - 1, characters(place));
    end_line(severity(finding) + " " + rule(finding) + mark + "  " + ellipsis(text, of_text) + place);
  }

  void write_rest(const std::vector<const Finding*>& rest) {
    std::map<std::string, int> rules;
    for (const Finding* finding : rest) ++rules[finding->rule];
    std::vector<std::pair<int, std::string>> counts;
    for (const auto& [rule, number] : rules) counts.emplace_back(-number, rule);
    std::ranges::sort(counts);
    std::vector<std::string> words;
    for (const auto& [number, rule] : counts) words.push_back(fmt::format("{} {}", -number, rule));
    out_ += "\n";
    paragraph(fmt::format("{} more: ", rest.size()), "  ", join(words, ", "));
    out_ += "To show all: --all. To show those of one rule: --only " + counts.front().second + "\n\n";
  }

  // The message without what it is about.
  static std::string message_without_object(const Finding& finding) {
    std::string out = finding.message;
    const std::string base = std::filesystem::path(finding.subject.file).filename().string();
    for (const auto& name : {finding.subject.file, base, finding.subject.entry})
      if (!name.empty()) out = replace_all(out, name, "*");
    return out;
  }

  // Those of a log's statements and of deploy commands differ in what is said of each.
  static bool differ_in_object_only(const std::vector<const Finding*>& findings) {
    const Finding& first = *findings.front();
    if (!first.subject.fingerprint.empty()) return false;
    if (first.subject.entry.empty() || !first.subject.table.empty()) return true;
    return std::ranges::all_of(findings, [&](const Finding* finding) {
      return message_without_object(*finding) == message_without_object(first);
    });
  }

  // Many of one rule about objects of the schema: the worst in full, of the others what tells them apart, and
  // the fix.
  void write_alike(const std::vector<const Finding*>& findings) {
    constexpr std::size_t few = 5;
    const bool group = findings.size() > few && differ_in_object_only(findings);
    for (const auto* finding : findings) {
      write_finding(*finding);
      if (group) break;
    }
    if (!group) return;
    out_ += fmt::format("{} {}  {} more of the same kind\n", severity(*findings.front()),
                        rule(*findings.front()), findings.size() - 1);
    for (std::size_t at = 1; at < findings.size(); ++at) write_short(*findings[at], *findings.front());
    out_ += "\n";
  }

  void write_short(const Finding& finding, const Finding& first) {
    std::string line = subject(finding) + verdict_mark(finding.verdict);
    if (finding.in_file()) line += "  " + finding.location->str();
    paragraph("  - ", "    ", line);
    write_short_evidence(finding, first);
    if (!finding.fix || finding.fix->sql.empty()) return;
    block("    fix: ", finding.fix->sql);
    out_ += cost_line("         ", *finding.fix);
  }

  bool has_literal(const Evidence& evidence) const {
    return options_.show_literals && !evidence.literal.empty();
  }

  // On one line what is said of this finding and not of the first.
  void write_short_evidence(const Finding& finding, const Finding& first) {
    std::vector<std::string> parts;
    for (const auto& evidence : finding.evidence) {
      const auto same = [&](const Evidence& other) { return other.text == evidence.text; };
      if (std::ranges::none_of(first.evidence, same))
        parts.push_back(printable(has_literal(evidence) ? evidence.literal : evidence.text));
    }
    if (!finding.verdict_reason.empty() && finding.verdict_reason != first.verdict_reason)
      parts.insert(parts.begin(), printable(finding.verdict_reason));
    if (parts.empty()) return;
    out_ += "    " + ellipsis(replace_all(join(parts, "; "), "\n", " "), width(4)) + "\n";
  }

  void write_finding(const Finding& finding) {
    std::string head = severity(finding) + " " + rule(finding) + verdict_mark(finding.verdict);
    if (finding.in_file()) head += "  " + link(url(finding), printable(finding.location->str()));
    out_ += head + "\n";
    paragraph("  ", "  ", finding.message);
    if (const auto source = options_.source ? options_.source(finding, 0) : std::nullopt)
      for (const auto& line : excerpt({.color = options_.color, .width = options_.width - 4}, *source))
        out_ += "    " + line + "\n";
    for (std::size_t at = 0; at < finding.evidence.size();) at = write_evidence(finding, at);
    if (!finding.impact.effect.empty()) paragraph("  - ", "    ", finding.impact.effect);
    if (!finding.verdict_reason.empty()) paragraph("  - ", "    ", finding.verdict_reason);
    if (!finding.owners.empty()) paragraph("  - ", "    ", "owned by " + join(finding.owners, " "));
    if (finding.fix) write_fix(*finding.fix);
    out_ += "\n";
  }

  // The finding's own place is above, and repeated only in a list of places.
  static bool has_place(const Finding& finding, std::size_t at) {
    const Evidence& evidence = finding.evidence[at];
    if (!evidence.place || evidence.place->live() || evidence.place->line <= 0) return false;
    const auto same_text = [&](std::size_t other) {
      return other < finding.evidence.size() && finding.evidence[other].text == evidence.text;
    };
    return evidence.place != finding.location || same_text(at + 1) || (at > 0 && same_text(at - 1));
  }

  // Writes the evidence at this index. What follows it with the same words and another line of the same file
  // is on the same line: "logged here  (app.log:5, 7, 9)". Returns the index of the next one.
  std::size_t write_evidence(const Finding& finding, std::size_t at) {
    const Evidence& evidence = finding.evidence[at];
    // Statements are cut: the JSON has them whole.
    std::string text = has_literal(evidence)                        ? evidence.literal
                       : evidence.kind == Evidence::Kind::statement ? ellipsis(evidence.text, 300)
                                                                    : evidence.text;
    if (has_place(finding, at++)) {
      text += "  (" + evidence.place->str();
      for (; !has_literal(evidence) && at < finding.evidence.size(); ++at) {
        const Evidence& next = finding.evidence[at];
        if (next.text != evidence.text || !has_place(finding, at) || next.place->file != evidence.place->file)
          break;
        text += fmt::format(", {}", next.place->line);
      }
      text += ")";
    }
    paragraph("  - ", "    ", text);
    return at;
  }

  void write_fix(const Fix& fix) {
    // What is by hand is said, and an example given.
    const bool titled = fix.sql.empty() || fix.safety == Fix::Safety::manual;
    if (titled) paragraph("  fix: ", "       ", fix.title);
    if (!fix.sql.empty()) block(titled ? "       sql: " : "  fix: ", fix.sql);
    if (!fix.drizzle.empty()) block("       drizzle: ", fix.drizzle);
    if (!fix.down_sql.empty()) block("       undo: ", fix.down_sql);
    out_ += cost_line("       ", fix);
  }

  void write_locks() {
    const auto lines =
        lock_timeline(report_.lock_forecasts, {.color = options_.color, .width = options_.width});
    for (const auto& line : lines) end_line(line);
    if (!lines.empty()) out_ += "\n";
  }

  void write_refuted() {
    out_ += paint("1", "Refuted") + "\n";
    for (const Finding* finding : refuted_)
      paragraph("  - ", "    ", finding->short_id + " " + subject(*finding) + ": " + finding->verdict_reason);
    out_ += "\n";
  }

  // One line: the error on standard error is that line, if it was printed there.
  std::string write_nothing_checked() {
    const bool failed = std::ranges::any_of(
        report_.diagnostics, [](const Error& error) { return error.kind != Error::Kind::nonfatal; });
    if (failed && options_.warnings_printed) return {};
    if (!options_.warnings_printed)
      for (const auto& error : together(report_.diagnostics)) paragraph("", "  ", error.line());
    return out_ + paint("1", nothing_checked(report_) + ".") + "\n";
  }

  void write_gone() {
    const auto lines = gone_lines(report_);
    if (lines.empty()) return;
    out_ += paint("1", "In the baseline, but no longer found") + "\n";
    for (const auto& line : lines) paragraph("  - ", "    ", line);
    out_ += "\n";
  }

  void write_not_checked() {
    const Diagnostics warnings = options_.warnings_printed ? Diagnostics{} : together(report_.diagnostics);
    if (report_.skipped.empty() && report_.diagnostics.empty()) return;
    if (!options_.verbose) {
      write_warnings(warnings);
      return write_not_run_in_short();
    }
    out_ += paint("1", "Not checked") + "\n";
    std::vector<std::pair<std::string, std::vector<std::string>>> by_reason;
    for (const auto& skipped : report_.skipped) value_of(skipped.reason, by_reason).push_back(skipped.rule);
    for (const auto& [reason, rules] : by_reason)
      paragraph("  - ", "    ", reason + " (" + join(rules, ", ") + ")");
    if (const std::string warned = warnings_printed_before(); !warned.empty()) out_ += "  - " + warned;
    out_ += "\n";
    write_warnings(warnings);
  }

  void write_warnings(const Diagnostics& warnings) {
    if (warnings.empty()) return;
    out_ += paint("1", "Warnings about the input") + "\n";
    constexpr std::size_t shown = 20;
    for (std::size_t at = 0; at < std::min(shown, warnings.size()); ++at)
      paragraph("  - ", "    ", warnings[at].line());
    if (warnings.size() > shown)
      out_ += fmt::format("  - and {} more; --format json has all\n", warnings.size() - shown);
    out_ += "\n";
  }

  // The options that a rule lacks: {"--db", "--schema"} if either would do. {"records in the log"} if a log
  // was read, but does not contain what the rule needs, and no other option would do.
  std::vector<std::string> missing_of(const SkippedRule& skipped) const {
    const bool has_log = std::ranges::any_of(
        report_.inputs, [](const ReportInput& input) { return input.kind.ends_with(" log"); });
    const std::string& reason = skipped.reason;
    std::vector<std::string> options;
    for (std::size_t at = reason.find("--"); at != std::string::npos; at = reason.find("--", at + 2)) {
      const std::size_t end = std::min(reason.find_first_of(" ,;)", at), reason.size());
      const std::string option = reason.substr(at, end - at);
      if (!report_.server_version.empty() && (option == "--db" || option == "--schema")) continue;
      if (!is_one_of(option, options)) options.push_back(option);
    }
    if (has_log && options == std::vector<std::string>{"--log"}) return {"records in the log"};
    if (has_log) std::erase(options, "--log");
    return options.empty() ? std::vector<std::string>{"other inputs"} : options;
  }

  // The three inputs that most rules lack, with the number of rules that lack each. A rule that lacks two
  // inputs counts in both numbers.
  void write_not_run_in_short() {
    constexpr std::size_t shown = 3;
    std::vector<std::pair<std::string, int>> inputs;
    for (const auto& skipped : report_.skipped)
      for (const std::string& missing : missing_of(skipped)) ++value_of(missing, inputs);
    std::ranges::stable_sort(inputs, std::ranges::greater{}, &std::pair<std::string, int>::second);
    if (inputs.size() > shown) inputs.resize(shown);
    std::vector<std::string> words;
    std::size_t all = 0;
    for (const auto& [missing, number] : inputs) {
      words.push_back(fmt::format("{} {} {}", number, number == 1 ? "lacks" : "lack", missing));
      all += static_cast<std::size_t>(number);
    }
    if (!report_.skipped.empty())
      paragraph(
          "", "  ",
          fmt::format("{} did not run: {}{}; --verbose lists them", counted(report_.skipped.size(), "rule"),
                      join(words, ", "), all > report_.skipped.size() ? " (some lack several)" : ""));
    out_ += warnings_printed_before();
  }

  // A line that refers to the warnings on standard error; "" if there are none.
  std::string warnings_printed_before() const {
    if (report_.diagnostics.empty() || !options_.warnings_printed) return {};
    return counted(report_.diagnostics.size(), "warning") + " about the input: see standard error\n";
  }

  void write_comparison() {
    if (!report_.comparison) return;
    const PlanComparison& comparison = *report_.comparison;
    std::size_t more = 0, less = 0, failing = 0, added = 0;
    for (const auto& [fingerprint, change] : comparison.changes) {
      failing += change.outcome == PlanChange::Outcome::fails_after;
      added += change.outcome == PlanChange::Outcome::new_statement;
      if (change.outcome != PlanChange::Outcome::planned) continue;
      more += change.ratio() > 1 + cost_noise;
      less += change.ratio() < 1 / (1 + cost_noise);
    }
    out_ += fmt::format(
        "{} planned under {} and under this schema: {} cost more than before, {} less; {} fail, {} are new\n",
        counted(comparison.compared, "statement"), comparison.against, more, less, failing, added);
    if (comparison.failed)
      out_ += counted(comparison.failed, "statement") + " could not be planned under either schema\n";
  }

  void write_summary() {
    write_comparison();
    if (report_.planned)
      out_ +=
          fmt::format("{} planned, {} of them run ({:.1f} s)\n", counted(report_.planned, "statement"),
                      report_.analyzed ? std::to_string(report_.analyzed) : "none", report_.analyze_seconds);
    const Counts counts = count(standing_);
    std::string line = standing_.empty() ? std::string("No findings")
                                         : fmt::format("{}: {}, {} {}", counted(standing_.size(), "finding"),
                                                       report::in_words(counts), counts.suspected,
                                                       report::in_words(Verdict::suspected));
    if (!refuted_.empty())
      line += fmt::format("; {} refuted{}", refuted_.size(), options_.all ? "" : " (--all lists them)");
    if (report_.baseline)
      line += fmt::format("; {} known, {} gone since the baseline", report_.baseline->known.size(),
                          report_.baseline->gone.size());
    if (!report_.suppressed.empty()) line += fmt::format("; {} suppressed", report_.suppressed.size());
    line += not_read(report_);
    line += fmt::format(". {} run, {} not run.", counted(report_.rules_run.size(), "rule"),
                        report_.skipped.size());
    if (!report_.diagnostics.empty() && options_.quiet)
      line += " " + counted(report_.diagnostics.size(), "warning") + " about the input.";
    constexpr std::size_t many = 20;
    if (standing_.size() > many && !report_.baseline && !options_.quiet)
      out_ += fmt::format(
          "To accept these findings and see only new ones:\n"
          "  {} --baseline .pgadvise-baseline.json --update-baseline\n",
          printable(options_.command));
    bold_paragraph(line);
  }

  std::vector<const Finding*> standing_, refuted_;
  const Report& report_;
  const Options& options_;
  std::string out_;
};

std::string report_text(const Report& report, const Options& options) {
  return Writer(report, options).write();
}

}  // namespace

const Format text_format{"text", "for people", report_text};

}  // namespace pgadvise::report::formats
