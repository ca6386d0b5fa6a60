#include "pg/sandbox/server_process.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process/isolated_process.h"
#include "base/process/process.h"
#include "base/text/text.h"

namespace pgadvise::pg {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "pgadvise-sandbox-";
constexpr std::string_view new_prefix = "pgadvise-new-";  // not locked yet
constexpr std::time_t settled = 60;  // seconds after which a folder without a lock is nobody's
constexpr std::string_view longest_socket_name = "/.s.PGSQL.65535";

// $1: the folder, $2: the server's programs, $3: its max_connections, $4: its port, $5: the address it
// listens on or empty. Standard input is a pipe: its first line is the superuser's password, which other
// processes could read in arguments, and its end is our owner's end. Descriptor 9 is the lock. The server
// holds descriptor 3, a copy of our output, and 8: when these end, no process of the server is left.
constexpr const char* guardian_script = R"(
trap '' HUP INT TERM QUIT PIPE
read -r password
make_cluster() {
  printf '%s\n' "$password" |
    "$@" -U pgadvise_admin --auth=scram-sha-256 --pwfile=/dev/stdin -E UTF8 --no-sync 9>&-
}
# From 18 on pages have checksums unless told otherwise: pg/import_statistics.cc writes some. Before 14 there is
# no --no-instructions.
known=$("$2/initdb" --help 2>/dev/null | sed -n 's/.*\(--no-data-checksums\).*/\1/p; s/.*\(--no-instructions\).*/\1/p')
if make_cluster "$2/initdb" $known -D "$1/data" --locale=C.UTF-8 >"$1/initdb.log" 2>&1 ||
   { rm -rf "$1/data"
     make_cluster "$2/initdb" $known -D "$1/data" --no-locale >"$1/initdb.log" 2>&1; }
then
  password=
  cat >>"$1/data/postgresql.conf" <<END
listen_addresses = '$5'
port = $4
password_encryption = 'scram-sha-256'
unix_socket_directories = '$1'
unix_socket_permissions = 0700
max_connections = $3
shared_buffers = 128MB
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_locks_per_transaction = 256
autovacuum = off
logging_collector = off
END
  cat >"$1/data/pg_hba.conf" <<END
local all pgadvise_admin scram-sha-256
local sandbox pgadvise scram-sha-256
${5:+host sandbox pgadvise $5/32 scram-sha-256}
local all,replication all reject
host all,replication all all reject
END
  # Should the guardian be killed, too, the server gets QUIT (Linux; elsewhere the next sandbox ends it).
  with_guardian=
  if setpriv --pdeathsig QUIT true 2>/dev/null; then with_guardian='setpriv --pdeathsig QUIT'; fi
  $with_guardian "$2/postgres" -D "$1/data" </dev/null 3>&1 >>"$1/server.log" 2>&1 9>&- &
  server=$!
  exec >&-
  read -r line
  # A server that has just been started ignores QUIT until it has a handler of its own: ask until it is gone.
  { n=0
    while [ $n -lt 50 ] && kill -QUIT $server 2>/dev/null; do sleep 0.1; n=$((n + 1)); done
    kill -KILL $server 2>/dev/null; } 3>&- 9>&- &
  asking=$!
  wait $server
  kill -KILL $asking 2>/dev/null
else
  echo 'initdb failed'
  exec >&-
  read -r line
fi
)";

// Standard input ends when no process of the guardian or the server is left. Descriptor 9 is the lock.
constexpr const char* remover_script = R"(
trap '' HUP INT TERM QUIT PIPE
read -r line
rm -rf "$1"
)";

// A dead run's server is stopped only when it is a postgres whose one argument is the folder's data
// directory: the number may be another's by now.
constexpr const char* sweep_script = R"(
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
case $pid in *[!0-9]*) pid= ;; esac
if [ -n "$pid" ]; then
  line=$({ tr '\0' ' ' <"/proc/$pid/cmdline" || ps -ww -o args= -p "$pid"; } 2>/dev/null)
  exe=$(readlink "/proc/$pid/exe" 2>/dev/null)
  case "${exe:-/postgres}=$line" in */postgres=*/postgres" -D $1/data"|*/postgres=*/postgres" -D $1/data ")
    kill -QUIT "$pid"
    n=0
    while kill -0 "$pid" 2>/dev/null && [ $n -lt 70 ]; do sleep 0.1; n=$((n + 1)); done ;;
  esac
fi
rm -rf "$1"
)";

bool runnable(const std::string& folder) {
  return access((folder + "/initdb").c_str(), X_OK) == 0 && access((folder + "/postgres").c_str(), X_OK) == 0;
}

std::string pg_config_bindir() {
  const auto run = run_program({"pg_config", "--bindir"});
  return run && run->status == 0 ? std::string(trim(run->out)) : std::string();
}

// <parent>/<version><below>, highest version first.
void add_versions(std::vector<std::string>& out, const std::string& parent, std::string_view name,
                  std::string_view below) {
  std::vector<std::pair<double, std::string>> found;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(parent, code)) {
    const auto file = entry.path().filename().string();
    if (file.compare(0, name.size(), name) != 0) continue;
    found.emplace_back(std::atof(file.c_str() + name.size()), entry.path().string() + std::string(below));
  }
  std::sort(found.rbegin(), found.rend());
  for (auto& [version, path] : found) out.push_back(std::move(path));
}

// The server needs no more of our environment: PGOPTIONS, PGDATA and the like would change it.
std::vector<std::string> plain_environment(const std::string& home) {
  std::vector<std::string> out = {"LC_ALL=C", "TZ=UTC", "HOME=" + home};
  for (const char* key : {"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})
    if (const char* value = std::getenv(key)) out.push_back(std::string(key) + "=" + value);
  return out;
}

struct Shell {
  const char* script;
  std::vector<std::string> arguments;
  std::optional<ServerUser> user;
  int input = -1;
  int output = -1;
  int lock = -1;
  int life = -1;  // descriptor 8
  const ServerIsolator* isolator = nullptr;
};

// In a session of its own, so that Ctrl-C reaches us only. Between fork and exec nothing but system calls.
pid_t spawn(const Shell& shell) {
  std::vector<std::string> text = {"/bin/sh", "-c", shell.script, "pgadvise-guardian"};
  text.insert(text.end(), shell.arguments.begin(), shell.arguments.end());
  auto environment = plain_environment(shell.arguments.front());
  const auto pointers = [](std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (auto& string : strings) out.push_back(string.data());
    out.push_back(nullptr);
    return out;
  };
  const auto argv = pointers(text);
  const auto envp = pointers(environment);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  const long limit = std::min(sysconf(_SC_OPEN_MAX), 4096L);
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (shell.isolator && shell.isolator->enter() != 0) _exit(126);
    // The numbers that are wanted are taken by nothing of ours below 10 after these copies.
    const int input = fcntl(shell.input < 0 ? null : shell.input, F_DUPFD, 10);
    const int output = fcntl(shell.output < 0 ? null : shell.output, F_DUPFD, 10);
    const int error = fcntl(null, F_DUPFD, 10);
    const int lock = shell.lock < 0 ? -1 : fcntl(shell.lock, F_DUPFD, 10);
    const int life = shell.life < 0 ? -1 : fcntl(shell.life, F_DUPFD, 10);
    dup2(input, 0);
    dup2(output, 1);
    dup2(error, 2);
    if (life >= 0) dup2(life, 8);
    if (lock >= 0) dup2(lock, 9);
    for (int fd = 3; fd < limit; ++fd)
      if ((fd != 8 || life < 0) && (fd != 9 || lock < 0)) ::close(fd);
    if (shell.user && !shell.isolator &&
        (setgroups(1, &shell.user->gid) || setgid(shell.user->gid) || setuid(shell.user->uid)))
      _exit(126);
    if (chdir("/")) _exit(126);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  if (null >= 0) ::close(null);
  return pid;
}

void wait_for(pid_t pid) {
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool may_enter(const fs::path& folder, const std::optional<ServerUser>& user) {
  if (!user) return access(folder.c_str(), W_OK | X_OK) == 0;
  for (fs::path at = folder;; at = at.parent_path()) {
    struct stat info{};
    if (stat(at.c_str(), &info) != 0) return false;
    const bool owner = info.st_uid == user->uid;
    if (!(info.st_mode & (owner ? S_IXUSR : S_IXOTH))) return false;
    if (at == at.root_path() || at.empty()) return true;
  }
}

std::vector<std::string> temporary_folders() {
  std::vector<std::string> out;
  if (const char* given = std::getenv("TMPDIR"); given && *given) {
    std::error_code code;
    if (const auto path = fs::canonical(given, code); !code) out.push_back(path.string());
  }
  if (std::ranges::find(out, "/tmp") == out.end()) out.emplace_back("/tmp");
  return out;
}

bool fits_a_socket(const std::string& folder) {
  return folder.size() + longest_socket_name.size() < sizeof(sockaddr_un::sun_path);
}

// The home folder of the server's user, which may have the data of another server or keys; {}: the sandbox or
// the server's programs are in it, or it is missing.
std::vector<std::string> hidden_from_server(const std::string& folder, const std::string& server,
                                            const std::optional<ServerUser>& user) {
  const passwd* entry = getpwuid(user ? user->uid : geteuid());
  std::error_code code;
  const auto home = entry ? fs::canonical(entry->pw_dir, code).string() : std::string();
  if (home.empty() || code || !fs::is_directory(home, code)) return {};
  const auto programs = fs::canonical(server, code).string();
  const std::string below = home.ends_with('/') ? home : home + '/';
  for (const auto& needed : {folder, server, programs})
    if ((needed + '/').starts_with(below)) return {};
  return {home};
}

tl::unexpected<Error> wont_start(std::string what, std::string hint = {}) {
  return fail(Error::Kind::usage, "the sandbox", std::move(what), std::move(hint));
}

// With the reason in errno.
tl::unexpected<Error> cannot_start() {
  return wont_start(std::string("can't start: ") + std::strerror(errno));
}

struct Pipe {
  Descriptor read, write;
};
Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return cannot_start();
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

}  // namespace

int free_port() {
  const Descriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (probe.get() < 0 || bind(probe.get(), plain, size) != 0 || getsockname(probe.get(), plain, &size) != 0)
    return 0;
  return ntohs(address.sin_port);
}

Result<std::string> find_server() {
  std::vector<std::string> places;
  if (auto folder = pg_config_bindir(); !folder.empty()) places.push_back(std::move(folder));
  if (const char* path = std::getenv("PATH"))
    for (const auto part : split(path, ':'))
      if (!part.empty()) places.emplace_back(part);
  add_versions(places, "/usr/lib/postgresql", "", "/bin");
  add_versions(places, "/usr", "pgsql-", "/bin");
  add_versions(places, "/opt/homebrew/opt", "postgresql@", "/bin");
  add_versions(places, "/usr/local/opt", "postgresql@", "/bin");
  add_versions(places, "/Library/PostgreSQL", "", "/bin");
  for (const char* place :
       {"/usr/libexec/postgresql", "/usr/local/pgsql/bin", "/usr/local/bin", "/opt/homebrew/bin"})
    places.emplace_back(place);
  const auto found = std::ranges::find_if(places, runnable);
  if (found != places.end()) return *found;
  return wont_start(
      "no PostgreSQL server is installed here",
      "install it (Debian: apt install postgresql, macOS: brew install postgresql), or put the folder "
      "with initdb and postgres on PATH");
}

Result<std::optional<ServerUser>> server_user() {
  if (geteuid() != 0) return std::optional<ServerUser>();
  for (const char* name : {"postgres", "nobody"})
    if (const passwd* entry = getpwnam(name); entry && entry->pw_uid != 0)
      return std::optional(ServerUser{entry->pw_uid, entry->pw_gid});
  return wont_start("PostgreSQL does not run as root, and neither the user postgres nor nobody exists",
                    "run as another user");
}

Result<Home> make_home(const std::optional<ServerUser>& user) {
  std::string why = "no folder for temporary files is usable";
  for (const auto& base : temporary_folders()) {
    if (!fits_a_socket(base + "/" + std::string(prefix) + "XXXXXX")) continue;
    if (!may_enter(base, user)) continue;
    // Made under a name that no sweep looks at, and renamed once it is locked.
    std::string made = base + "/pgadvise-new-XXXXXX";
    if (!mkdtemp(made.data())) {
      why = base + ": " + std::strerror(errno);
      continue;
    }
    Home home;
    home.lock = Descriptor(open((made + "/lock").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    home.folder = base + "/" + std::string(prefix) + made.substr(made.size() - 6);
    if (home.lock.get() >= 0 && flock(home.lock.get(), LOCK_EX | LOCK_NB) == 0 &&
        (!user || chown(made.c_str(), user->uid, user->gid) == 0) &&
        std::rename(made.c_str(), home.folder.c_str()) == 0)
      return home;
    why = made + ": " + std::strerror(errno);
    std::error_code code;
    fs::remove_all(made, code);
  }
  return wont_start("can't create its folder: " + why, "set TMPDIR to a writable folder with a short path");
}

// Nobody holds the lock of this folder of ours; `lock` does then.
static bool dead(const std::string& folder, bool is_new, const std::optional<ServerUser>& user,
                 Descriptor& lock) {
  struct stat info{};
  if (lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || (info.st_mode & 07777) != 0700)
    return false;
  if (info.st_uid != geteuid() && !(user && info.st_uid == user->uid)) return false;
  const bool old = std::time(nullptr) - info.st_mtime > settled;
  if (is_new && !old) return false;
  lock = Descriptor(open((folder + "/lock").c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (lock.get() >= 0) return flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
  // No lock: a guardian is just removing it, or was ended while it did.
  return errno == ENOENT && old;
}

void sweep(const std::optional<ServerUser>& user, Diagnostics& diagnostics) {
  for (const auto& base : temporary_folders()) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(base.c_str()), &closedir);
    if (!folder) continue;
    while (const dirent* entry = readdir(folder.get()))
      for (const auto start : {prefix, new_prefix})
        if (std::string_view(entry->d_name).substr(0, start.size()) == start)
          names.emplace_back(entry->d_name);
    for (const auto& name : names) {
      Descriptor lock;
      const std::string path = base + "/" + name;
      const bool is_new = name.compare(0, new_prefix.size(), new_prefix) == 0;
      if (!dead(path, is_new, user, lock)) continue;
      struct stat info{};
      const bool ours = lstat(path.c_str(), &info) == 0 && user && info.st_uid != user->uid;
      if (const pid_t pid = spawn({sweep_script, {path}, ours ? std::nullopt : user}); pid > 0) wait_for(pid);
      const bool removed = access(path.c_str(), F_OK) != 0;
      diagnostics.push_back({Error::Kind::nonfatal, path,
                             removed ? "removed this sandbox, which a killed run left"
                                     : "a killed run left this sandbox; pgadvise could not remove it",
                             removed ? "" : "stop its server, and remove the folder"});
    }
  }
}

Result<Guardian> start_guardian(const Home& home, const std::string& server,
                                const std::optional<ServerUser>& user, const ServerOptions& options) {
  Guardian guardian;
  TRY(Pipe hold, make_pipe());
  TRY(Pipe status, make_pipe());
  TRY(const Pipe life, make_pipe());
  guardian.hold = std::move(hold.write);
  guardian.status = std::move(status.read);
  const std::string line = options.admin_password + "\n";
  if (write(guardian.hold.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return cannot_start();
  static const bool isolated = can_isolate().has_value();
  const ServerIsolator isolator({.folder = home.folder,
                                 .hidden = hidden_from_server(home.folder, server, user),
                                 .own_network = !options.tcp});
  guardian.pid = spawn({.script = guardian_script,
                        .arguments = {home.folder, server, std::to_string(options.max_connections),
                                      std::to_string(options.port), options.tcp ? "127.0.0.1" : ""},
                        .user = user,
                        .input = hold.read.get(),
                        .output = status.write.get(),
                        .lock = home.lock.get(),
                        .life = life.write.get(),
                        .isolator = isolated ? &isolator : nullptr});
  if (guardian.pid < 0) return cannot_start();
  guardian.remover = spawn({.script = remover_script,
                            .arguments = {home.folder},
                            .user = user,
                            .input = life.read.get(),
                            .lock = home.lock.get()});
  if (guardian.remover < 0) return cannot_start();
  return guardian;
}

void stop(Guardian& guardian) {
  guardian.hold = Descriptor();
  guardian.status = Descriptor();
  for (pid_t* process : {&guardian.pid, &guardian.remover}) {
    if (*process > 0) wait_for(*process);
    *process = -1;
  }
}

}  // namespace pgadvise::pg
