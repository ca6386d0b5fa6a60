// Variables of this process's environment.
#pragma once

#include <cstdlib>
#include <string>

namespace pgadvise {

// "" if the variable is missing.
inline std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace pgadvise
