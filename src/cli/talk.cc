#include "cli/talk.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/progress.h"
#include "pg/connection.h"
#include "sql/lexer.h"

namespace pgadvise::cli {
namespace {

using Clock = std::chrono::steady_clock;

Talk the_talk;  // one process is one run of one command
bool literals_shown = false;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void trace(const pg::Sent& sent) {
  std::string line = fmt::format("{:9.2f} ms  {}", sent.milliseconds, traced(sent.statement, literals_shown));
  if (sent.parameters && !sent.parameters->empty()) {
    std::vector<std::string> values;
    for (const auto& value : *sent.parameters) values.push_back(!literals_shown ? "?" : value ? ellipsis(*value, 200) : "NULL");
    line += "  [" + join(values, ", ") + "]";
  }
  std::fprintf(stderr, "pgadvise: debug: %s -- %s\n", line.c_str(), printable(sent.outcome).c_str());
}

}  // namespace

const Talk& talk() { return the_talk; }

void add_colour(CLI::App& command) {
  command.add_option("--color", the_talk.colour, "Colours, and links where the terminal has them: auto: on a terminal, and by NO_COLOR, CLICOLOR_FORCE and CLICOLOR")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_talk(CLI::App& command) {
  auto* quiet = command.add_flag("-q,--quiet", the_talk.quiet, "Nothing but findings and errors: no progress, no remarks");
  auto* verbose = command.add_flag("-v,--verbose", the_talk.verbose, "Tell on standard error what was read, which rules ran, and how long each part took");
  auto* debug = command.add_flag("--debug", the_talk.debug, "Tell on standard error what SQL is sent to a server, and how long it took; constants are left out unless --show-literals");
  quiet->excludes(verbose)->excludes(debug);
}

void move_talk_behind(std::vector<std::string>& words, const std::vector<std::string>& commands) {
  std::size_t end = 0;
  const auto is = [&](std::initializer_list<std::string_view> names) { return std::find(names.begin(), names.end(), words[end]) != names.end(); };
  while (end < words.size()) {
    if (is({"-q", "--quiet", "-v", "--verbose", "--debug"}) || words[end].starts_with("--color=")) ++end;
    else if (is({"--color"}) && end + 1 < words.size()) end += 2;
    else break;
  }
  if (end > 0 && end < words.size() && std::find(commands.begin(), commands.end(), words[end]) != commands.end())
    std::rotate(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(end), words.begin() + static_cast<std::ptrdiff_t>(end) + 1);
}

void begin_talk(const CLI::App& command) {
  const auto* literals = command.get_option_no_throw("--show-literals");
  literals_shown = literals && literals->count() > 0;
  if (the_talk.debug) pg::on_sent(trace);
}

void tell_verbose(std::string_view line) {
  if (the_talk.verbose) std::fprintf(stderr, "pgadvise: %s\n", printable(line).c_str());
}

std::string traced(std::string_view statement, bool literals) {
  constexpr std::size_t most = 2000;
  std::string out;
  if (literals) {
    out = std::string(statement);
  } else {
    sql::Lexer lexer(statement);
    std::size_t end = 0;
    for (auto lexeme = lexer.next(); lexeme.kind != sql::Lexeme::Kind::end && out.size() < 4 * most; lexeme = lexer.next()) {
      using Kind = sql::Lexeme::Kind;
      if (lexeme.offset > end) out += ' ';
      end = lexeme.offset + lexeme.text.size();
      if (lexeme.kind == Kind::string || lexeme.kind == Kind::number) out += '?';
      else if (lexeme.kind == Kind::comment) out += ' ';
      else out += lexeme.text;
    }
  }
  std::string line;
  for (const char c : out) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (blank && (line.empty() || line.back() == ' ')) continue;
    line += blank ? ' ' : c;
    if (line.size() > 4 * most) break;
  }
  return ellipsis(trim(line), most);
}

// Its own thread, as what works has none to spare.
struct Phase::Ticker {
  explicit Ticker(const std::string& what) : thread([this, what] { run(what); }) {}
  ~Ticker() {
    {
      const std::lock_guard lock(mutex);
      over = true;
    }
    changed.notify_all();
    thread.join();
  }
  void run(const std::string& what) {
    using namespace std::chrono_literals;
    ProgressLine line;
    const auto start = Clock::now();
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, 200ms, [this] { return over; })) line.show(fmt::format("pgadvise: {}, {:.0f} s", what, seconds_since(start)));
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  std::thread thread;
};

Phase::Phase(std::string what, bool ticks) : what_(std::move(what)) {
  if (ticks && ProgressLine().wanted()) ticker_ = std::make_unique<Ticker>(what_);
}

Phase::~Phase() {
  ticker_.reset();
  if (the_talk.verbose) std::fprintf(stderr, "pgadvise: %s took %.2f s\n", printable(what_).c_str(), seconds_since(start_));
}

check::Observer console_observer() {
  struct Shown {
    std::unique_ptr<Phase> phase;
    std::unique_ptr<ProgressLine> line;
  };
  const auto shown = std::make_shared<Shown>();
  check::Observer out;
  out.phase = [shown](std::string_view name, bool begins, bool progress) {
    shown->line.reset();
    shown->phase.reset();
    if (!begins) return;
    shown->phase = std::make_unique<Phase>(std::string(name), !progress);
    if (progress) shown->line = std::make_unique<ProgressLine>();
  };
  out.detail = tell_verbose;
  if (!ProgressLine().wanted()) return out;
  out.log = [shown](const log::Progress& progress) {
    if (shown->line) shown->line->show(progress);
  };
  out.counted = [shown](std::string_view text) {
    if (shown->line) shown->line->show(fmt::format("pgadvise: {}", text));
  };
  return out;
}

}  // namespace pgadvise::cli
