// The processes of a sandbox: which PostgreSQL is installed, the user that runs it, and the guardian that
// stops it.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "base/files/descriptor.h"
#include "base/result.h"

namespace pgadvise::pg {

// The folder of initdb and postgres. Errors (usage): PostgreSQL is not installed.
Result<std::string> find_server();

// The user to run the server as: PostgreSQL refuses root, so then it is postgres, or nobody. Empty: the
// current user.
struct ServerUser {
  uid_t uid;
  gid_t gid;
};
Result<std::optional<ServerUser>> server_user();

// A folder for one sandbox, below TMPDIR or /tmp, with a lock that this process and its guardian share while
// they live.
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
  pid_t remover = -1;
  Descriptor hold;    // the server runs while it is open
  Descriptor status;  // "initdb failed"; end of file: the server has stopped
};
struct ServerOptions {
  int max_connections = 20;
  int port = 5432;             // of the Unix socket's name, and of TCP
  bool tcp = false;            // also listen on 127.0.0.1
  std::string admin_password;  // of the superuser, pgadvise_admin; letters and digits
};
// Starts a guardian, which creates the cluster and starts the server in `home`, and a remover, which removes
// the folder once the guardian and the server have ended. The server admits pgadvise_admin, and the role
// pgadvise to the database sandbox, both with their passwords; it rejects every other role and replication.
// Where the kernel allows that, guardian and server are isolated (base/process/isolated_process.h): they
// write to the folder only, see neither other processes nor the home folder of their user, and, without
// `tcp`, reach no network. The passwords are in no file, argument or environment.
Result<Guardian> start_guardian(const Home& home, const std::string& server,
                                const std::optional<ServerUser>& user, const ServerOptions& options);
// A free port of 127.0.0.1; 0: all are taken.
int free_port();
void stop(Guardian& guardian);

}  // namespace pgadvise::pg
