// Counts and rations the bytes that libpq receives. libpq reads a message to its end before its caller hears
// of it, and a message may be 2 GB; it offers no way to look at its buffer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <sys/types.h>

namespace pgadvise::pg {

// Takes the network connection out of libpq's descriptor and puts one end of a local socket pair there. Bytes
// pass only in step(), at most `max_portion` a call. Not for use by several threads at once.
class MeteredSocket {
 public:
  static constexpr std::size_t max_portion = 32 * 1024;

  // `descriptor` stays libpq's to close; libpq must have read nothing from it yet. good() is false when
  // descriptors have run out.
  explicit MeteredSocket(int descriptor);
  // Passes on what libpq has written (its Terminate message), as far as the network takes it at once.
  ~MeteredSocket();
  MeteredSocket(const MeteredSocket&) = delete;
  MeteredSocket& operator=(const MeteredSocket&) = delete;

  bool good() const { return network_ >= 0; }
  // False once libpq has closed its end, or has opened another connection under the same number.
  bool stands_at(int descriptor) const;
  // Passes bytes both ways, for at most `timeout`. True when libpq can go on: there is something to read (or
  // the connection's end), or, with `writing`, room to write. The network is read only when libpq has read
  // everything before.
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
  std::string incoming_;  // received, and not yet handed to libpq
  std::string outgoing_;  // written by libpq, and not yet sent
  bool ended_ = false;    // nothing more comes from the network
};

}  // namespace pgadvise::pg
