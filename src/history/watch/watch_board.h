// What `watch` knows of its last rounds, and serves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "report/merged_metrics.h"
#include "serve/loopback_server.h"
#include "watch/watch_files.h"

namespace pgadvise::watch {

// For any number of threads.
class WatchBoard {
 public:
  // `with_pages`: checks write HTML reports, into a folder that goes with the object. `more`: further
  // metrics, as --format openmetrics writes them, asked for whenever metrics are; may be empty.
  WatchBoard(std::vector<std::string> names, bool with_pages, std::function<std::string()> more);
  ~WatchBoard();
  WatchBoard(const WatchBoard&) = delete;
  WatchBoard& operator=(const WatchBoard&) = delete;

  // The file for the HTML report of a database; "" without pages, or if no folder could be made.
  std::string page_file(std::size_t database) const;

  // The result of a check; nullopt: it failed, and what the last good one had remains.
  void add(std::size_t database, std::optional<std::string> metrics);

  // The metrics of all databases, with those of watch itself.
  std::string metrics(report::MetricsFormat format) const;

  // The page at a path: /metrics; / for the report of the database, or for a list of several; /report/NAME.
  serve::Page page(const std::string& path) const;

 private:
  struct Database {
    std::string name;
    std::string metrics;  // of the last good check
    bool up = false;
    std::uint64_t checks = 0;  // since watch began
    std::uint64_t failed = 0;
  };
  serve::Page report_of(std::size_t database) const;
  std::string list() const;

  mutable std::mutex mutex_;
  std::vector<Database> databases_;
  std::function<std::string()> more_;
  std::unique_ptr<PagesFolder> folder_;
};

}  // namespace pgadvise::watch
