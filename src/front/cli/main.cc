#include <csignal>

#include "base/process/deep_thread.h"
#include "cli/app.h"
#include "cli/output/messages.h"

// Parsers recurse on their input; libpg_query's protobuf overflows the usual 8 MB at a few ten thousand
// nested terms.
int main(int argc, char** argv) {
  const auto given = pgadvise::cli::take_arguments(argc, argv);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of file size is an error with a line, too
  int exit_code = pgadvise::cli::exit_usage;
  const auto work = [&] { exit_code = pgadvise::cli::main(given); };
  if (!pgadvise::DeepThread(work).started()) work();
  return exit_code;
}
