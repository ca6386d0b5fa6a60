// What servers logged besides statements, counted by log, kind, subject and statement.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// Once, in the log `log`.
struct Happening {
  ServerEvent::Kind kind = ServerEvent::Kind::cancelled;
  std::string about, fingerprint, statement;
  double duration_us = 0;
  double bytes = 0;
  std::int64_t time = no_time;
  const std::string* log = nullptr;
  SourceLocation place;
};

class EventCounts {
 public:
  explicit EventCounts(bool by_log) : by_log_(by_log) {}

  // Returns the entry that counts the event; the reference stays valid. Beyond 1,000 entries of a log, there
  // is one entry for each kind.
  ServerEvent& count(Happening happening, const std::string& application);
  // Of one log; nullptr: of all, unless by log. Sorted.
  std::vector<ServerEvent> of(const std::string* log) const;

 private:
  struct Key {  // in a fixed order
    ServerEvent::Kind kind = ServerEvent::Kind::cancelled;
    std::string about;
    std::string fingerprint;
    auto operator<=>(const Key&) const = default;
  };
  const bool by_log_;
  std::unordered_map<const std::string*, std::map<Key, ServerEvent>> events_;  // by log
};

}  // namespace pgadvise::log
