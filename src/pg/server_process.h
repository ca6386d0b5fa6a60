// The processes behind a sandbox: which server is installed, as whom it runs, and the guardian that ends it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace pgadvise::pg {

// The folder that holds initdb and postgres. Errors: none is installed (Kind::usage).
Result<std::string> find_server();

// PostgreSQL refuses to run as root: then it runs as postgres, or nobody. Empty: as ourselves.
struct ServerUser {
  uid_t uid;
  gid_t gid;
};
Result<std::optional<ServerUser>> server_user();

// A file descriptor with an owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  int release();
  void close();

 private:
  int fd_;
};

// A folder for one sandbox, below TMPDIR or /tmp, and the lock that tells the living from the dead: this
// process and its guardian share it.
struct Home {
  std::string folder;
  Descriptor lock;
};
Result<Home> make_home(const std::optional<ServerUser>& user);

// Ends the servers and removes the folders of sandboxes whose process and guardian both died: folders below
// TMPDIR or /tmp with a sandbox's name, mode 0700, owned by this user or `user`, whose lock nobody holds. A
// process is ended only when it is the server of that data directory. `diagnostics` names each folder that
// was removed, and each that could not be.
void sweep(const std::optional<ServerUser>& user, Diagnostics& diagnostics);

struct Guardian {
  pid_t pid = -1;
  Descriptor hold;    // while it is open, the server lives
  Descriptor status;  // "initdb failed", or the end of the file: no server any more
};
// Starts a guardian, which makes the cluster and starts the server in `home`.
Result<Guardian> start_guardian(const Home& home, const std::string& server,
                                const std::optional<ServerUser>& user, int max_connections);
void stop(Guardian& guardian);

}  // namespace pgadvise::pg
