#include "cli/output/messages.h"

#include <cstdio>
#include <string_view>
#include <utility>

#include "check/config/trust.h"
#include "cli/process/arguments.h"
#include "cli/process/verbosity.h"

namespace pgadvise::cli {
namespace {

Diagnostics withheld;  // warnings that --quiet suppresses
bool complained = false;
std::vector<std::string> logins;  // of the command line

void print(const Error& error) {
  std::fprintf(stderr, "pgadvise: %s\n", without_passwords(error.line(), logins).c_str());
}

// What the system's own words leave open.
Error with_next_step(Error error) {
  constexpr std::pair<std::string_view, const char*> steps[] = {
      {"No such file or directory", "check the name"},
      {"Permission denied", "with which user's rights does pgadvise run?"},
      {"is a folder, not a file", "name a file in it"},
      {"No space left on device", "free some space, or name another folder"}};
  for (const auto& [words, step] : steps)
    if (error.hint.empty() && error.what.ends_with(words)) error.hint = step;
  return error;
}

}  // namespace

void begin_messages(std::vector<std::string> given) { logins = std::move(given); }

void complain(const Error& error) {
  if (verbosity().quiet && error.kind == Error::Kind::nonfatal) {
    withheld.push_back(error);
    return;
  }
  complained = true;
  print(with_next_step(check::without_outside_text(error)));
}

int usage_error(const Error& error) { return usage_errors({error}); }

int usage_errors(const Diagnostics& errors) {
  for (const auto& error : errors) complain(error);
  return exit_usage;
}

void print_withheld(int exit_code) {
  if (exit_code <= exit_findings || complained) return;
  for (const auto& error : withheld) print(check::without_outside_text(error));
}

int exit_code_of(const Diagnostics& diagnostics) {
  int code = exit_clean;
  for (const auto& error : diagnostics) {
    if (error.kind == Error::Kind::database) return exit_database;
    if (error.kind != Error::Kind::nonfatal) code = exit_usage;
  }
  return code;
}

int exit_code_of(const Result<int>& done) { return done ? *done : usage_error(done.error()); }

}  // namespace pgadvise::cli
