#include "base/text.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "report/all_formats.h"
#include "report/common.h"
#include "report/lock_timeline.h"
#include "report/summary.h"

namespace pgadvise::report::formats {
namespace {

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
    if (!options_.quiet) write_locks();
    if (!refuted_.empty() && options_.all && !options_.quiet) write_refuted();
    if (!options_.quiet) write_further_indexes();
    if (!options_.quiet) write_gone();
    if (!options_.quiet) write_not_looked_at();
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
    const std::size_t more = report_.further_indexes.size() - shown;
    if (more)
      paragraph(shown ? "  " : "", shown ? "  " : "",
                more == 1 ? "1 more index for the workload has no finding: pgadvise advise lists it."
                          : fmt::format("{} more indexes for the workload, most of which save under 1 % of "
                                        "its planner cost, have no finding: pgadvise advise lists them.",
                                        more));
    if (report_.not_costed)
      paragraph(
          shown ? "  " : "", shown ? "  " : "",
          fmt::format(
              "HypoPG cannot cost {} that no finding asks for (GIN, GiST): pgadvise advise lists {}.",
              report_.not_costed == 1 ? "1 more index" : fmt::format("{} more indexes", report_.not_costed),
              report_.not_costed == 1 ? "it" : "them"));
    out_ += '\n';
  }

  std::string paint(std::string_view code, std::string_view text) const {
    return report::paint({.color = options_.color}, code, text);
  }

  // The file's name, absolute, and its line.
  std::string url(const Finding& finding) const {
    if (!options_.links || !finding.location || finding.location->live()) return {};
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
    std::string line(first);
    bool empty = true;
    for (const auto word : all) {
      if (!empty && characters(line) + 1 + characters(word) > static_cast<std::size_t>(options_.width)) {
        end_line(line);
        line = rest;
        empty = true;
      }
      if (!empty) line += ' ';
      line += word;
      empty = false;
    }
    end_line(line);
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

  std::size_t width() const { return static_cast<std::size_t>(std::max(20, options_.width)); }

  static std::size_t lines_in(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  // What was read: whole if that takes few lines or everything is asked for, else a line each.
  void write_inputs(std::size_t most_lines) {
    const bool whole = options_.all || options_.verbose;
    const std::size_t begin = out_.size();
    for (const ReportInput& input : report_.inputs) paragraph("", "  ", in_words(input));
    if (whole || lines_in(std::string_view(out_).substr(begin)) <= most_lines) return;
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
