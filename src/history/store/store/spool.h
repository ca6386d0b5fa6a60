// A folder that keeps the facts of runs until the store has them: also over a store that fails or hangs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/facts/facts.h"
#include "store/store/address.h"
#include "store/store/store.h"

namespace pgadvise::store {

// The folder pgadvise/spool in $XDG_STATE_HOME, else in ~/.local/state. Errors (usage): neither
// XDG_STATE_HOME nor the home folder is known.
Result<std::string> default_spool();

inline constexpr std::uint64_t spool_bytes = std::uint64_t{64} << 20;  // 64 MiB
inline constexpr int max_refusals = 5;                                 // of one run

// The spool of one store: a subfolder of `folder`, with one file for each run that waits. Spools of several
// stores can share `folder`. Several processes can use a spool at the same time: a run that two processes
// send is stored once.
class Spool {
 public:
  // `limit`: maximum size of all waiting runs of the store, in bytes. Creates nothing on disk.
  Spool(const std::string& folder, const Address& store, std::uint64_t limit = spool_bytes);

  // Adds the facts of one run, and returns the path of its file; `now` is in seconds since 1970. When keep()
  // returns, the facts survive a kill of the process and a crash of the machine. If the limit is exceeded,
  // removes the oldest runs, those that are set aside first, and counts them in State::dropped. Errors
  // (usage): the facts alone exceed the limit; the folder cannot be written; it is a symbolic link or belongs
  // to another user (send() and state() then ignore its content).
  Result<std::string> keep(const Facts& facts, std::int64_t now);
  // Removes the file of a run that the store has taken.
  static void remove(const std::string& path);

  struct Sent {
    std::size_t sent = 0;        // number of runs that the store took
    std::size_t unreadable = 0;  // number of removed files: damaged, too large, or of another version
    std::string failure;  // the store's last error; "": no error, though runs can wait after a time-out
    std::vector<std::string> set_aside;  // paths of runs that the store has now refused max_refusals times
  };
  // Sends the waiting runs, the oldest first, and removes each run that the store takes. Keeps a run that
  // fails, and goes on with the next. Stops after three failures, or after 20 seconds, but finishes the run
  // it is sending. `now` is in seconds since 1970.
  //
  // A failure is the run's fault if the store still takes another run afterwards: the last one that send()
  // sent, or else `stored`, which the store has; putting it again changes nothing. After such a failure the
  // run waits behind all runs that have none. After max_refusals of them, the run is set aside: its file ends
  // in ".refused" and is not sent again.
  Sent send(Store& store, std::int64_t now, const Facts* stored = nullptr);

  struct State {
    std::uint64_t runs = 0;       // number of waiting runs
    std::uint64_t bytes = 0;      // their size
    std::uint64_t set_aside = 0;  // number of runs that are set aside
    std::uint64_t dropped = 0;    // number of runs that keep() removed unsent since the folder was created
  };
  State state() const;
  const std::string& folder() const { return folder_; }  // the store's subfolder

 private:
  std::string folder_;
  std::uint64_t limit_;
};

}  // namespace pgadvise::store
