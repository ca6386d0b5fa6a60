#include "pg/verify/verify_run.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/text/text.h"

namespace pgadvise::pg {
namespace {

constexpr std::string_view name_prefix = "pgadvise_verify_";
constexpr std::string_view unknown_machine = "0000000000000000";
constexpr std::size_t longest_mark = 400;

// "0" when there is no such process, no /proc, or no right to read it.
std::string start_of(long process) {
  std::ifstream in(fmt::format("/proc/{}/stat", process));
  std::string line;
  if (!std::getline(in, line) || line.rfind(')') == std::string::npos) return "0";
  std::istringstream fields(line.substr(line.rfind(')') + 1));  // the name before may hold anything
  std::string field;
  for (int n = 3; n <= 22; ++n)
    if (!(fields >> field) || (n == 3 && field == "Z")) return "0";
  return field;
}

std::string this_machine() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string boot;
  char space[64];
  const auto length = readlink("/proc/self/ns/pid", space, sizeof space);
  if (!std::getline(in, boot) || length <= 0) return std::string(unknown_machine);
  return hex64(fnv1a(boot + std::string(space, static_cast<std::size_t>(length))));
}

std::string this_host() {
  char name[65] = {};
  if (gethostname(name, sizeof name - 1) != 0 || !*name) return "unknown";
  std::string out = name;
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '_';
  return out;
}

}  // namespace

VerifyRun new_verify_run() {
  std::random_device random;
  const std::uint64_t number = (static_cast<std::uint64_t>(random()) << 32) ^ random();
  const long process = getpid();
  return {hex64(number),  process,     start_of(process),
          this_machine(), this_host(), fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))};
}

std::string mark(const VerifyRun& run) {
  return fmt::format(
      "pgadvise advise --verify: run={} process={} process_start={} machine={} host={} started={}", run.id,
      run.process, run.process_start, run.machine, run.host, run.started);
}

std::optional<VerifyRun> read_mark(std::string_view text) {
  if (text.size() > longest_mark) return std::nullopt;
  static const std::regex grammar(
      "pgadvise advise --verify: run=([0-9a-f]{16}) process=([1-9][0-9]{0,9}) process_start=([0-9]{1,20}) "
      "machine=([0-9a-f]{16}) "
      "host=([A-Za-z0-9._-]{1,64}) started=([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)");
  std::cmatch match;
  if (!std::regex_match(text.data(), text.data() + text.size(), match, grammar)) return std::nullopt;
  return VerifyRun{match[1], std::stol(match[2]), match[3], match[4], match[5], match[6]};
}

std::string index_name(const VerifyRun& run, int number) {
  return fmt::format("{}{}_{}", name_prefix, run.id, number);
}

std::string run_of_index(std::string_view name) {
  if (!name.starts_with(name_prefix)) return {};
  name.remove_prefix(name_prefix.size());
  const auto id = name.substr(0, 16), number = name.substr(std::min<std::size_t>(17, name.size()));
  const bool own = id.find_first_not_of("0123456789abcdef") == std::string_view::npos && number.size() <= 9 &&
                   all_digits(number);
  return own && name[16] == '_' ? std::string(id) : std::string();
}

std::string statement_mark(const VerifyRun& run) { return "/* " + mark(run) + " */ "; }

std::optional<VerifyRun> run_of_build(std::string_view statement) {
  constexpr std::string_view open = "/* ";
  constexpr std::string_view build = " */ CREATE INDEX ";
  const auto end = statement.find(build);
  if (!statement.starts_with(open) || end == statement.npos) return std::nullopt;
  auto run = read_mark(statement.substr(open.size(), end - open.size()));
  const auto rest = statement.substr(end + build.size());
  if (!run || run_of_index(rest.substr(0, rest.find(' '))) != run->id) return std::nullopt;
  return run;
}

int lock_number(std::string_view id) { return static_cast<int>(fnv1a(id) & 0x7fffffff); }

ProcessState process_of(const VerifyRun& run) {
  if (run.machine == unknown_machine || run.process_start == "0" || run.machine != this_machine())
    return ProcessState::unknown;
  const auto process = static_cast<pid_t>(run.process);
  if (process != run.process) return ProcessState::unknown;
  const auto start = start_of(run.process);
  if (start == run.process_start) return ProcessState::alive;
  if (start != "0") return ProcessState::gone;  // the number is another's by now
  if (kill(process, 0) != 0 && errno == ESRCH) return ProcessState::gone;
  std::ifstream in(fmt::format("/proc/{}/stat", run.process));
  std::string line;
  const bool ended = std::getline(in, line) && line.find(") Z ") != std::string::npos;
  return ended ? ProcessState::gone : ProcessState::unknown;
}

}  // namespace pgadvise::pg
