// The targets as the preset fuzz links them: without rules. Each is called once.
#include <cstdio>
#include <exception>

#include "fuzz_targets.h"

int main() {
  for (const auto& target : pgadvise::fuzz::targets) {
    try {
      target.run("");
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", target.name, error.what());
      return 1;
    }
  }
}
