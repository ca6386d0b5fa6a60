// An entry of pgadvise.toml that says who owns findings.
#pragma once

#include <string>

namespace pgadvise {

// [[owner]]: who owns findings. Each pattern that is not empty must match; at least one is not.
struct OwnerEntry {
  std::string owner;
  std::string object;       // a pattern, as in Suppression
  std::string path;         // a pattern, as in Suppression
  std::string application;  // an application_name that ran the finding's query
};

}  // namespace pgadvise
