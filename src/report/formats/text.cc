#include "base/text.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "report/all_formats.h"
#include "report/common.h"

namespace pgadvise::report::formats {
namespace {

class Writer {
 public:
  Writer(const Report& report, const Options& options) : report_(report), options_(options) {}

  std::string write() {
    bool refuted = false;
    const auto& findings = report_.findings;  // sorted by severity and rule
    for (std::size_t at = 0; at < findings.size();) {
      std::vector<const Finding*> alike;
      const std::size_t first = at;
      for (; at < findings.size() && findings[at].severity == findings[first].severity &&
             findings[at].rule == findings[first].rule;
           ++at) {
        if (findings[at].verdict == Verdict::refuted) refuted = true;
        else alike.push_back(&findings[at]);
      }
      write_alike(alike);
    }
    if (refuted && !options_.quiet) write_refuted();
    if (!options_.quiet) write_gone();
    if (!options_.quiet) write_not_looked_at();
    write_summary();
    return std::move(out_);
  }

 private:
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
    return link(page ? options_.rules_url + finding.rule + ".md" : url(finding), paint("1", finding.rule));
  }

  std::string severity(const Finding& finding) const {
    constexpr std::string_view codes[] = {"36", "33;1", "31;1"};
    return paint(codes[static_cast<int>(finding.severity)], name(finding.severity));
  }

  // Words of one paragraph at the report's width.
  void paragraph(std::string_view first, std::string_view rest, std::string_view text) {
    std::string line(first);
    bool empty = true;
    const std::string safe = printable(text);
    for (const auto word : split(safe, ' ')) {
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

  // The message without what it is about.
  static std::string said_of_any(const Finding& finding) {
    std::string out = finding.message;
    const std::string base = std::filesystem::path(finding.subject.file).filename().string();
    for (const auto& name : {finding.subject.file, base, finding.subject.entry})
      if (!name.empty()) out = replace_all(out, name, "*");
    return out;
  }

  // Those of a log's statements and of deploy commands differ in what is said of each.
  static bool say_the_same(const std::vector<const Finding*>& findings) {
    const Finding& first = *findings.front();
    if (!first.subject.fingerprint.empty()) return false;
    if (first.subject.entry.empty() || !first.subject.table.empty()) return true;
    return std::all_of(findings.begin(), findings.end(),
                       [&](const Finding* finding) { return said_of_any(*finding) == said_of_any(first); });
  }

  // Many of one rule about objects of the schema: the worst in full, of the others what tells them apart, and
  // the fix.
  void write_alike(const std::vector<const Finding*>& findings) {
    constexpr std::size_t few = 5;
    const bool group = findings.size() > few && say_the_same(findings);
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
    std::string line = subject(finding) + ", " + std::string(name(finding.verdict));
    if (finding.location && !finding.location->live()) line += "  " + finding.location->str();
    paragraph("  - ", "    ", line);
    write_short_evidence(finding, first);
    if (!finding.fix || finding.fix->sql.empty()) return;
    block("    fix: ", finding.fix->sql);
    if (finding.fix->cost_before && finding.fix->cost_after)
      out_ += fmt::format("         planner cost {:.2f} -> {:.2f}\n", *finding.fix->cost_before,
                          *finding.fix->cost_after);
  }

  // On one line what is said of this finding and not of the first.
  void write_short_evidence(const Finding& finding, const Finding& first) {
    std::vector<std::string> parts;
    for (const auto& evidence : finding.evidence) {
      const auto same = [&](const Evidence& other) { return other.text == evidence.text; };
      const std::string& text =
          options_.show_literals && !evidence.literal.empty() ? evidence.literal : evidence.text;
      if (std::none_of(first.evidence.begin(), first.evidence.end(), same)) parts.push_back(printable(text));
    }
    if (!finding.verdict_reason.empty() && finding.verdict_reason != first.verdict_reason)
      parts.insert(parts.begin(), printable(finding.verdict_reason));
    if (parts.empty()) return;
    std::string line = replace_all(join(parts, "; "), "\n", " ");
    out_ += "    " + ellipsis(line, static_cast<std::size_t>(std::max(20, options_.width - 4))) + "\n";
  }

  void write_finding(const Finding& finding) {
    std::string head = fmt::format("{} {} {}", severity(finding), rule(finding), name(finding.verdict));
    if (finding.location && !finding.location->live())
      head += "  " + link(url(finding), printable(finding.location->str()));
    out_ += head + "\n";
    paragraph("  ", "  ", finding.message);
    if (const auto source = options_.source ? options_.source(finding, 0) : std::nullopt)
      for (const auto& line : excerpt({.color = options_.color, .width = options_.width - 4}, *source))
        out_ += "    " + line + "\n";
    for (const auto& evidence : finding.evidence) write_evidence(evidence, finding);
    if (!finding.verdict_reason.empty()) paragraph("  - ", "    ", finding.verdict_reason);
    if (finding.fix) write_fix(*finding.fix);
    out_ += "\n";
  }

  void write_evidence(const Evidence& evidence, const Finding& finding) {
    // Statements are cut: the JSON has them whole.
    std::string text =
        evidence.kind == Evidence::Kind::statement ? ellipsis(evidence.text, 300) : evidence.text;
    if (options_.show_literals && !evidence.literal.empty()) text = evidence.literal;
    if (evidence.place && !evidence.place->live() && evidence.place->line > 0 &&
        evidence.place != finding.location)
      text += "  (" + evidence.place->str() + ")";
    paragraph("  - ", "    ", text);
  }

  void write_fix(const Fix& fix) {
    const bool titled = fix.sql.empty() ||
                        fix.safety == Fix::Safety::manual;  // what is by hand is said, and an example given
    if (titled) paragraph("  fix: ", "       ", fix.title);
    if (!fix.sql.empty()) block(titled ? "       sql: " : "  fix: ", fix.sql);
    if (!fix.drizzle.empty()) block("       drizzle: ", fix.drizzle);
    if (!fix.down_sql.empty()) block("       undo: ", fix.down_sql);
    if (fix.cost_before && fix.cost_after)
      out_ += fmt::format("       planner cost {:.2f} -> {:.2f}\n", *fix.cost_before, *fix.cost_after);
  }

  void write_refuted() {
    out_ += paint("1", "Refuted") + "\n";
    for (const auto& finding : report_.findings)
      if (finding.verdict == Verdict::refuted)
        paragraph("  - ", "    ", finding.rule + " " + subject(finding) + ": " + finding.verdict_reason);
    out_ += "\n";
  }

  void write_gone() {
    const auto lines = gone_lines(report_);
    if (lines.empty()) return;
    out_ += paint("1", "In the baseline, but no longer found") + "\n";
    for (const auto& line : lines) paragraph("  - ", "    ", line);
    out_ += "\n";
  }

  void write_not_looked_at() {
    const Diagnostics warnings = options_.warnings_printed ? Diagnostics{} : together(report_.diagnostics);
    if (report_.skipped.empty() && report_.diagnostics.empty()) return;
    out_ += paint("1", "Not checked") + "\n";
    std::vector<std::pair<std::string, std::vector<std::string>>> by_reason;
    for (const auto& skipped : report_.skipped) {
      const auto known = std::find_if(by_reason.begin(), by_reason.end(),
                                      [&](const auto& item) { return item.first == skipped.reason; });
      if (known == by_reason.end()) by_reason.push_back({skipped.reason, {skipped.rule}});
      else known->second.push_back(skipped.rule);
    }
    for (const auto& [reason, rules] : by_reason)
      paragraph("  - ", "    ", reason + " (" + join(rules, ", ") + ")");
    if (const auto count = report_.diagnostics.size(); count && options_.warnings_printed)
      out_ +=
          fmt::format("  - {} warning{} about the input: see standard error\n", count, count == 1 ? "" : "s");
    constexpr std::size_t shown = 20;
    for (std::size_t at = 0; at < std::min(shown, warnings.size()); ++at)
      paragraph("  - ", "    ", warnings[at].line());
    if (warnings.size() > shown)
      out_ += fmt::format("  - and {} more; --format json has all\n", warnings.size() - shown);
    out_ += "\n";
  }

  void write_summary() {
    std::map<Verdict, int> verdicts;
    std::map<Severity, int> severities;
    for (const auto& finding : report_.findings) {
      ++verdicts[finding.verdict];
      if (finding.verdict != Verdict::refuted) ++severities[finding.severity];
    }
    for (const auto& input : options_.quiet ? std::vector<ReportInput>() : report_.inputs) {
      std::string line = "read " + input.kind;
      if (!input.path.empty()) line += " " + input.path;
      if (!input.detail.empty()) line += ": " + input.detail;
      paragraph("", "  ", line);
    }
    if (report_.planned)
      out_ +=
          fmt::format("{} statement{} planned, {} of them run ({:.1f} s)\n", report_.planned,
                      report_.planned == 1 ? "" : "s",
                      report_.analyzed ? std::to_string(report_.analyzed) : "none", report_.analyze_seconds);
    const int standing = verdicts[Verdict::confirmed] + verdicts[Verdict::suspected];
    std::string line =
        !report_.nothing_checked.empty() ? "Nothing was checked: " + report_.nothing_checked
        : standing == 0
            ? std::string("No findings")
            : fmt::format("{} finding{}: {} error, {} warning, {} note; {} confirmed, {} suspected", standing,
                          standing == 1 ? "" : "s", severities[Severity::error],
                          severities[Severity::warning], severities[Severity::note],
                          verdicts[Verdict::confirmed], verdicts[Verdict::suspected]);
    if (verdicts[Verdict::refuted]) line += fmt::format("; {} refuted", verdicts[Verdict::refuted]);
    if (report_.baseline)
      line += fmt::format("; {} known, {} gone since the baseline", report_.baseline->known.size(),
                          report_.baseline->gone.size());
    if (!report_.suppressed.empty()) line += fmt::format("; {} suppressed", report_.suppressed.size());
    line += fmt::format(". {} rule{} run, {} not run.", report_.rules_run.size(),
                        report_.rules_run.size() == 1 ? "" : "s", report_.skipped.size());
    if (const auto count = report_.diagnostics.size(); count && options_.quiet)
      line += fmt::format(" {} warning{} about the input.", count, count == 1 ? "" : "s");
    out_ += paint("1", line) + "\n";
  }

  const Report& report_;
  const Options& options_;
  std::string out_;
};

std::string render(const Report& report, const Options& options) { return Writer(report, options).write(); }

}  // namespace

const Format text_format{"text", "for people", render};

}  // namespace pgadvise::report::formats
