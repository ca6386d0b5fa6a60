// Counts and limits the bytes that libpq receives. libpq reads a complete message, of up to 2 GB, before its
// caller can react, and offers no access to its buffer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <sys/types.h>

namespace pgadvise::pg {

// Replaces the network connection in libpq's descriptor by one end of a local socket pair. Bytes pass only in
// step(), at most `max_portion` per call. Not thread-safe.
class MeteredSocket {
 public:
  static constexpr std::size_t max_portion = 32 * 1024;

  // `descriptor` is still closed by libpq, which must not have read from it yet. good() is false if no file
  // descriptors are left.
  explicit MeteredSocket(int descriptor);
  // Sends what libpq has written (its Terminate message), as far as possible without waiting.
  ~MeteredSocket();
  MeteredSocket(const MeteredSocket&) = delete;
  MeteredSocket& operator=(const MeteredSocket&) = delete;

  bool good() const { return network_ >= 0; }
  // False after libpq closed its end, or opened another connection with the same descriptor number.
  bool stands_at(int descriptor) const;
  // Passes bytes in both directions, for at most `timeout`. True if libpq can continue: it has data to read
  // (or the end of the connection) or, with `writing`, space to write. Reads from the network only after
  // libpq has read everything before.
  bool step(int descriptor, bool writing, std::chrono::milliseconds timeout);
  std::uint64_t received() const { return received_; }

 private:
  void send_outgoing();
  void receive();
  void hand_over();

  int network_ = -1;
  int inner_ = -1;
  dev_t device_ = 0;  // of libpq's end
  ino_t inode_ = 0;
  std::uint64_t received_ = 0;
  std::string incoming_;  // received, not yet passed to libpq
  std::string outgoing_;  // written by libpq, not yet sent
  bool ended_ = false;    // the network connection has ended
};

}  // namespace pgadvise::pg
