#include "cli/process/verbosity.h"

#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text/mask.h"
#include "base/text/text.h"
#include "sql/parse/lexer.h"

namespace pgadvise::cli {
namespace {

Verbosity current_verbosity;  // one process is one run of one command
bool literals_shown = false;

void trace(const pg::Sent& sent) {
  std::string line = fmt::format("{:9.2f} ms  {}", sent.milliseconds, traced(sent.statement, literals_shown));
  if (sent.parameters && !sent.parameters->empty()) {
    std::vector<std::string> values;
    const auto secret = secret_parameters(sent.statement, sent.parameters->size());
    for (std::size_t i = 0; i < secret.size(); ++i) {
      const auto& value = (*sent.parameters)[i];
      values.push_back(!literals_shown ? "?" : !value ? "NULL" : secret[i] ? "***" : ellipsis(*value, 200));
    }
    line += "  [" + join(values, ", ") + "]";
  }
  std::fprintf(stderr, "pgadvise: debug: %s -- %s\n", line.c_str(), printable(sent.outcome).c_str());
}

}  // namespace

const Verbosity& verbosity() { return current_verbosity; }

void add_color(CLI::App& command) {
  command
      .add_option("--color", current_verbosity.color,
                  "Colors, and links if the terminal supports them. auto: on a terminal, unless NO_COLOR or "
                  "CLICOLOR=0 is set; CLICOLOR_FORCE forces them")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_verbosity(CLI::App& command) {
  auto* quiet = command.add_flag("-q,--quiet", current_verbosity.quiet,
                                 "Print only findings and errors: no progress, no warnings");
  auto* verbose = command.add_flag(
      "-v,--verbose", current_verbosity.verbose,
      "Print on standard error which inputs were read, which rules ran, and how long each step took");
  auto* debug = command.add_flag("--debug", current_verbosity.debug,
                                 "Print on standard error every SQL statement sent to a server and how long "
                                 "it took, without constants unless --show-literals");
  quiet->excludes(verbose)->excludes(debug);
}

void move_verbosity_behind(std::vector<std::string>& words, const std::vector<std::string>& commands) {
  std::size_t end = 0;
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, words[end]) != names.end();
  };
  while (end < words.size()) {
    if (is({"-q", "--quiet", "-v", "--verbose", "--debug"}) || words[end].starts_with("--color=")) ++end;
    else if (is({"--color"}) && end + 1 < words.size()) end += 2;
    else break;
  }
  if (end > 0 && end < words.size() && std::ranges::find(commands, words[end]) != commands.end())
    std::rotate(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(end),
                words.begin() + static_cast<std::ptrdiff_t>(end) + 1);
}

void begin_verbosity(const CLI::App& command) {
  const auto* literals = command.get_option_no_throw("--show-literals");
  literals_shown = literals && literals->count() > 0;
}

pg::SentObserver sent_observer() { return current_verbosity.debug ? trace : pg::SentObserver(); }

void print_verbose(std::string_view line) {
  if (current_verbosity.verbose) std::fprintf(stderr, "pgadvise: %s\n", printable(line).c_str());
}

std::string traced(std::string_view statement, bool literals) {
  constexpr std::size_t most = 2000;
  std::string out;
  if (literals) {
    out = mask_secrets(statement);
  } else {
    sql::Lexer lexer(statement);
    std::size_t end = 0;
    for (auto lexeme = lexer.next(); lexeme.kind != sql::Lexeme::Kind::end && out.size() < 4 * most;
         lexeme = lexer.next()) {
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

}  // namespace pgadvise::cli
