#include "watch/watch_board.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "net/url.h"
#include "report/merged_metrics.h"
#include "report/text/markdown_text.h"

namespace pgadvise::watch {
namespace {

namespace fs = std::filesystem;

constexpr const char* plain = "text/plain; charset=utf-8";

}  // namespace

WatchBoard::WatchBoard(std::vector<std::string> names, bool with_pages, std::function<std::string()> more)
    : more_(std::move(more)) {
  for (auto& name : names) databases_.push_back({.name = std::move(name), .metrics = {}});
  if (with_pages) folder_ = std::make_unique<PagesFolder>();
}

WatchBoard::~WatchBoard() = default;

std::string WatchBoard::page_file(std::size_t database) const {
  return !folder_ || folder_->path().empty() ? "" : fmt::format("{}/{}.html", folder_->path(), database);
}

void WatchBoard::add(std::size_t database, std::optional<std::string> metrics) {
  const std::lock_guard lock(mutex_);
  Database& one = databases_.at(database);
  one.up = metrics.has_value();
  ++one.checks;
  one.failed += one.up ? 0 : 1;
  if (metrics) one.metrics = std::move(*metrics);
}

std::string WatchBoard::metrics(report::MetricsFormat format) const {
  using report::metric_family;
  std::vector<report::TargetMetrics> parts;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : databases_)
      parts.push_back(
          {one.name,
           one.metrics +
               (one.checks == 0
                    ? ""
                    : metric_family("watch_up", "Whether the last check of the database succeeded.",
                                    one.up)) +
               metric_family("watch_checks_total", "Checks of the database since watch began.", one.checks) +
               metric_family("watch_failed_checks_total", "Those of them that failed.", one.failed)});
  }
  if (more_) parts.push_back({"", more_()});
  return report::merged_metrics(parts, format);
}

serve::Page WatchBoard::report_of(std::size_t database) const {
  const std::string file = page_file(database);
  std::error_code code;
  if (file.empty()) return {404, plain, "There are no HTML reports here; see the messages of watch.\n"};
  if (!fs::exists(file, code))
    return {503, plain, "No check of " + printable(databases_[database].name) + " has succeeded yet.\n"};
  auto content = read_file(file);
  if (!content) return {500, plain, "The report cannot be read.\n"};
  return {200, "text/html; charset=utf-8", std::move(*content)};
}

std::string WatchBoard::list() const {
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>pgadvise watch</title></head>"
      "<body><h1>pgadvise watch</h1><ul>\n";
  const std::lock_guard lock(mutex_);
  for (const auto& one : databases_)
    out += fmt::format("<li><a href=\"/report/{}\">{}</a>{}</li>\n", net::percent_encoded(one.name),
                       report::markup_text(printable(one.name)),
                       one.checks == 0 ? ": no check has ended yet"
                       : one.up        ? ""
                                       : ": the last check failed");
  return out + "</ul><p><a href=\"/metrics\">metrics</a></p></body></html>\n";
}

serve::Page WatchBoard::page(const std::string& path) const {
  constexpr std::string_view reports = "/report/";
  if (path == "/metrics")
    return {200, "application/openmetrics-text; version=1.0.0; charset=utf-8",
            metrics(report::MetricsFormat::openmetrics)};
  if (path == "/" && databases_.size() == 1) return report_of(0);
  if (path == "/") return {200, "text/html; charset=utf-8", list()};
  if (path.starts_with(reports))
    for (std::size_t i = 0; i < databases_.size(); ++i)
      if (path.substr(reports.size()) == databases_[i].name) return report_of(i);
  return {404, plain, "There are / and /metrics.\n"};
}

}  // namespace pgadvise::watch
