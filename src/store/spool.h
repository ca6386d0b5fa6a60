// Keeps on disk what a store did not take, until it does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/address.h"
#include "store/facts.h"
#include "store/store.h"

namespace pgadvise::store {

// pgadvise/spool in $XDG_STATE_HOME, else in ~/.local/state. Errors (usage): neither is known.
Result<std::string> default_spool();

inline constexpr std::uint64_t spool_bytes = std::uint64_t{64} << 20;

// The facts that wait for one store, each run in a file of its own, below a folder that may have those of
// other stores. Any number of processes may use it at once: facts that two of them send are stored once.
class Spool {
 public:
  // `limit`: bytes of all waiting runs of the store.
  Spool(const std::string& folder, const Address& store, std::uint64_t limit = spool_bytes);

  // Adds facts, which outlast a kill and a crash of the machine once this returns. Removes the oldest runs
  // beyond the limit, and counts them. Errors (usage): the facts alone exceed the limit; the folder cannot be
  // written, is a symbolic link or belongs to another user: nothing of it is read or sent then, either.
  Result<void> keep(const Facts& facts, std::int64_t now);

  struct Sent {
    std::size_t sent = 0;
    std::size_t unreadable = 0;  // removed: damaged, too large, or of another version of pgadvise
    std::string failure;         // why others still wait; "": none do, or the time was over
  };
  // Sends what waits, the oldest first, for about 20 seconds, and removes what the store took. A run that
  // the store refuses stays, and others are tried, up to three.
  Sent send(Store& store, std::int64_t now);

  struct State {
    std::uint64_t runs = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0;  // runs that were removed unsent since the folder was made
  };
  State state() const;
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  std::uint64_t limit_;
};

}  // namespace pgadvise::store
