#include <pthread.h>

#include <csignal>

#include "cli/cli.h"

namespace {

struct Call {
  int argc;
  char** argv;
  int exit_code;
};

void* run(void* argument) {
  auto* call = static_cast<Call*>(argument);
  call->exit_code = pgadvise::cli::main(call->argc, call->argv);
  return nullptr;
}

}  // namespace

// Parsers recurse on their input; libpg_query's protobuf overflows the usual 8 MB at a few ten thousand nested terms. The
// work runs on a thread with a larger stack, of which only what is used is ever mapped.
int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of file size is an error with a line, too
  Call call{argc, argv, pgadvise::cli::exit_usage};
  pthread_attr_t attributes;
  pthread_t thread;
  constexpr std::size_t stack = std::size_t{256} << 20;
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, stack) != 0 ||
      pthread_create(&thread, &attributes, run, &call) != 0) {
    run(&call);
    return call.exit_code;
  }
  pthread_join(thread, nullptr);
  return call.exit_code;
}
