// Leads connections to the loopback of another network namespace to a Unix socket of this one.
#pragma once

#include <memory>
#include <string>

namespace pgadvise {

// Takes a listening socket that offer_loopback() sends, and passes its connections on to the Unix socket
// `socket`, at most 100 at a time. Their end, and that of the listening, is the end of this object.
class Relay {
 public:
  explicit Relay(const std::string& socket);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  int channel() const;  // for offer_loopback() in a child process; -1: no descriptor is left

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Brings the loopback of this process's network namespace up. System calls only: may be called between fork()
// and exec(). False, with errno: the kernel refuses.
bool bring_up_loopback();

// For a process in the other network namespace: brings its loopback up, listens on 127.0.0.1:`port`, and
// sends the socket to the relay of `channel`. System calls only: may be called between fork() and exec().
// False, with errno: the kernel refuses one of these.
bool offer_loopback(int channel, int port);

}  // namespace pgadvise
