// Documents against the JSON Schemas in docs/.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/process/process.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise::testing_support {

// One for each document: empty when it is valid against docs/<name>. Runs Node once, with a package of web/,
// which takes about 100 ms on an idle machine.
inline std::vector<std::string> violations_of_each(const std::string& name,
                                                   const std::vector<nlohmann::json>& documents) {
  const Folder folder;
  const std::string root = source_dir;
  const auto ran = run_program(
      {"node", root + "/tests/support/schema.mjs", root + "/build/web/node_modules", root + "/docs/" + name,
       folder.write("documents.json", nlohmann::json(documents).dump(
                                          -1, ' ', false, nlohmann::json::error_handler_t::replace))});
  const auto found =
      ran && ran->status == 0 ? nlohmann::json::parse(ran->out, nullptr, false) : nlohmann::json();
  if (found.is_array() && found.size() == documents.size()) return found;
  return std::vector<std::string>(documents.size(), ran ? "node failed: " + ran->err : ran.error().line());
}

inline std::string violations(const std::string& name, const nlohmann::json& document) {
  return violations_of_each(name, {document}).front();
}

}  // namespace pgadvise::testing_support
