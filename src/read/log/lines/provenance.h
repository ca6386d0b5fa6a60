// Identifies the log of a workload by its content, so that a log counts once even if it is read under another
// name, compressed, from another disk, or after it has grown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/queries/workload.h"

namespace pgadvise::log {

// Takes a log's bytes as they go by, decompressed. Sections end where a fixed sequence of offsets says, each
// an eighth larger than the one before; of a section the last 16 KB at most are hashed, so a log of 10 GB
// costs what 2 MB do.
class IdentityBuilder {
 public:
  void add(std::string_view bytes);
  SourceIdentity identity() const;

  // Bytes that come next and leave no trace, unless they are among the last ones; pass() instead of add() for
  // them.
  std::uint64_t unread() const;
  void pass(std::uint64_t bytes);

 private:
  std::uint64_t offset_ = 0;
  std::uint64_t hashed_from_ = 0;
  std::uint64_t section_end_ = 64;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::string marks_;
  std::string tail_;
};

// The identity of a regular file in its current state; unknown if unreadable.
SourceIdentity identify_file(const std::string& path);

// Do the first and the last bytes of `shorter`, of that size, stand in `longer` from `offset` on? False when
// a file can't be read.
bool stands_in(const std::string& longer, std::uint64_t offset, const std::string& shorter,
               std::uint64_t size);

// Is `shorter` the same log, or as far as its marks go the beginning of it? What stands behind its last mark,
// an eighth of it at most, is not looked at: enough for lines with a time in them, which come once in the
// world. A preorder.
bool holds(const SourceIdentity& longer, const SourceIdentity& shorter);
// Whether both end with the same bytes, so that the shorter one is the last part of the other.
bool ends_alike(const SourceIdentity& longer, const SourceIdentity& shorter);

}  // namespace pgadvise::log
