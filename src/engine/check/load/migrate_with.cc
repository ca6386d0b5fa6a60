#include "check/load/migrate_with.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files/boundary.h"
#include "base/process/isolated_process.h"
#include "base/text/mask.h"
#include "base/text/text.h"
#include "check/config/trust.h"
#include "check/load/migrate_writes.h"
#include "log/executed_statements.h"
#include "pg/catalog/catalog_reader.h"
#include "pg/sandbox/sandbox_environment.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

constexpr int connections = 60;  // pools of several programs
constexpr int usual_port = 5432;

tl::unexpected<Error> wrong(std::string what, std::string hint = {}) {
  return fail(Error::Kind::usage, "--migrate-with", std::move(what), std::move(hint));
}

// For the command's temporary files; removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code code;
    path_ = (fs::temp_directory_path(code) / "pgadvise-command-XXXXXX").string();
    if (!::mkdtemp(path_.data())) path_.clear();
  }
  ~TemporaryFolder() {
    // The last processes of the command may still be ending.
    std::error_code code;
    for (int tries = 0; !path_.empty() && tries < 40; ++tries) {
      fs::remove_all(path_, code);
      if (!path_exists(path_)) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The command's output as lines, without secrets. Keeps the last ones.
class Output {
 public:
  Output(const Observer& observer, std::string password)
      : observer_(observer), password_(std::move(password)) {}

  void add(std::string_view text, bool error) {
    constexpr std::size_t longest = 4'000;
    std::string& rest = rest_[error ? 1 : 0];
    rest += text;
    std::size_t from = 0;
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', from)) {
      line(std::string_view(rest).substr(from, std::min(end - from, longest)));
      from = end + 1;
    }
    rest.erase(0, from);
    if (rest.size() > longest) {
      line(std::string_view(rest).substr(0, longest));
      rest.clear();
    }
  }

  void finish() {
    for (auto& rest : rest_) {
      if (!rest.empty()) line(rest);
      rest.clear();
    }
  }

  // It could not write somewhere.
  bool was_refused_a_write() const { return refused_write_; }

  // "; its last lines: …", for an error.
  std::string last() const {
    std::string out;
    for (const auto& one : last_) out += (out.empty() ? "; its last lines: " : " | ") + ellipsis(one, 300);
    return out;
  }

 private:
  void line(std::string_view text) {
    constexpr std::size_t kept = 15;
    const std::string masked =
        printable(mask_secrets(replace_all(std::string(trim(text)), password_, "***")));
    if (masked.empty()) return;
    refused_write_ = refused_write_ || contains(masked, "EROFS") || contains(masked, "ead-only file system");
    last_.push_back(masked);
    if (last_.size() > kept) last_.pop_front();
    if (observer_.command) observer_.command(masked);
  }

  const Observer& observer_;
  std::string password_;
  std::string rest_[2];
  std::deque<std::string> last_;
  bool refused_write_ = false;
};

// Each statement that other sessions send from now on.
Result<void> log_statements(pg::Sandbox& sandbox) {
  for (const char* setting : {"log_statement = 'all'", "log_min_error_statement = 'error'",
                              "log_parameter_max_length = -1", "log_duration = off"})
    TRY_VOID(sandbox.admin().query(fmt::format("ALTER DATABASE sandbox SET {}", setting)));
  return {};
}

Result<pg::Sandbox> start(const MigrateCommand& command, bool isolated, const Observer& observer,
                          Diagnostics& diagnostics) {
  auto sandbox = pg::Sandbox::start(diagnostics, observer.sent, connections, !isolated);
  if (!sandbox) return sandbox;
  if (!isolated)
    warn(diagnostics, "--migrate-with",
         "the command runs without isolation (--allow-unisolated): pgadvise points it to "
         "the sandbox, and cannot keep it from other servers, files and processes",
         ellipsis(mask_secrets(command.command), 120));
  TRY_VOID(log_statements(*sandbox));
  return sandbox;
}

// As root the command runs as the repository's owner, who gets the folder; HOME is not root's then.
void give_to_owner(const std::string& boundary, const std::string& temporary, pg::Variables& variables) {
  struct stat info{};
  if (::geteuid() != 0 || ::stat(boundary.c_str(), &info) != 0 || info.st_uid == 0) return;
  const passwd* user = ::getpwuid(info.st_uid);
  variables.emplace_back("HOME", user && *user->pw_dir ? user->pw_dir : temporary);
  [[maybe_unused]] const int done =
      ::chown(temporary.c_str(), info.st_uid, user ? user->pw_gid : info.st_gid);
}

std::string hint_of_failure(const Output& output, bool isolated) {
  if (!isolated) return {};
  if (output.was_refused_a_write())
    return "the repository is read-only to it: --migrate-writes DIR opens a folder of it, TMPDIR is writable";
  return "it reaches the sandbox only, by DATABASE_URL, PGHOST and the like; it has no other network and no "
         "Unix sockets";
}

Result<void> run(const MigrateCommand& command, const pg::Sandbox& sandbox, bool isolated,
                 const Observer& observer) {
  std::error_code code;
  const std::string folder = fs::absolute(command.folder.empty() ? "." : command.folder, code).string();
  const std::string boundary = boundary_of(folder);
  if (boundary.empty()) return wrong(folder + " is not a folder");
  TRY(auto writable, folders_to_write(command.writes, boundary));
  const TemporaryFolder temporary;
  if (temporary.path().empty()) return wrong("no folder for temporary files can be made");
  writable.push_back(temporary.path());
  const pg::SandboxAddress address{.port = isolated ? usual_port : sandbox.port(),
                                   .password = sandbox.password()};
  auto variables =
      pg::sandbox_environment(pg::own_environment(), pg::read_env_files({folder, boundary}), address);
  for (const char* name : {"TMPDIR", "TMP", "TEMP"}) variables.emplace_back(name, temporary.path());
  if (isolated) give_to_owner(boundary, temporary.path(), variables);
  const std::vector<std::string> words = {"/bin/sh",  "-c",   "cd -- \"$1\" && exec /bin/sh -c \"$2\"",
                                          "pgadvise", folder, command.command};
  const ProgramLimits limits{.time = command.time};
  Output output(observer, address.password);
  const ProgramOutput add = [&](std::string_view text, bool error) { output.add(text, error); };
  const auto ran = isolated ? run_isolated(words, variables, limits,
                                           {.socket = sandbox.folder() + "/.s.PGSQL.5432",
                                            .port = usual_port,
                                            .writable = writable,
                                            .hidden = {sandbox.folder()},
                                            .owner = boundary},
                                           add)
                            : run_program(words, variables, limits, {.output = add});
  output.finish();
  if (const auto still = folders_to_write(command.writes, boundary); !still)
    return wrong("since the command ran, " + still.error().what, "remove it before git runs there");
  if (!ran && contains(ran.error().what, "no answer within"))
    return wrong(
        fmt::format("the command did not end within {} s{}",
                    std::chrono::duration_cast<std::chrono::seconds>(command.time).count(), output.last()),
        "--migrate-timeout allows more");
  if (!ran) return wrong("the command can't be run: " + ran.error().what);
  if (ran->status != 0)
    return wrong(fmt::format("the command failed with exit code {}{}", ran->status, output.last()),
                 hint_of_failure(output, isolated));
  return {};
}

}  // namespace

void choose_command(MigrateCommand& command, const ConfiguredCommand& configured, bool sandbox,
                    Diagnostics& diagnostics) {
  if (!command.command.empty() || configured.command.empty()) return;
  bool allowed = command.allow_commands;
  if (!allowed) {
    const auto user = read_user_config(work_tree_of(configured.place.file));
    if (!user) diagnostics.insert(diagnostics.end(), user.error().begin(), user.error().end());
    allowed = user && user->allow_commands;
  }
  if (allowed) {
    command.command = configured.command;
    command.folder = configured.folder;
  } else if (sandbox) {
    warn(diagnostics, configured.place.str(), "the command of [migrate] did not run: a repository names it",
         "--allow-commands runs it; --migrate-with 'CMD' names another");
  }
}

Result<Migrated> migrate_with(const MigrateCommand& command, const migrations::Repository& repository,
                              const Observer& observer, Diagnostics& diagnostics) {
  const auto possible = can_isolate();
  if (!possible && !command.allow_unisolated)
    return wrong(possible.error().what + ", so the command could reach other servers, files and processes",
                 "--allow-unisolated runs it all the same");
  const bool isolated = possible.has_value();
  TRY(auto sandbox, start(command, isolated, observer, diagnostics));
  TRY_VOID(run(command, sandbox, isolated, observer));
  TRY_VOID(sandbox.end_other_sessions());
  TRY(const auto statements, log::read_executed_statements(sandbox.folder() + "/server.log", diagnostics));
  if (statements.empty())
    return wrong("the command executed no statement in the sandbox",
                 "it has to connect to the database of DATABASE_URL, or of PGHOST, PGPORT and the like");
  Diagnostics of_catalog;  // of the run that reads it for the rules
  TRY(const auto after, pg::read_catalog(sandbox.connection(), of_catalog));
  std::string tool;
  const auto own = migrations::own_tables(after, tool);
  auto input = migrations::executed_input(migrations::group_executed(statements, own), repository,
                                          after.tracking, tool);
  if (input.files.empty())
    return wrong("the command executed only queries in the sandbox",
                 "does it migrate, or only show a status?");
  return Migrated{take_server(std::move(sandbox)), std::move(input)};
}

}  // namespace pgadvise::check
