// Documents against the JSON Schemas in docs/.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "base/process.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise::testing_support {

// Empty when the document is valid against docs/<name>. Runs Node with a package of web/, about 100 ms.
inline std::string violations(const std::string& name, const nlohmann::json& document) {
  const Folder folder;
  const std::string root = source_dir;
  const auto ran = run_program(
      {"node", root + "/tests/support/schema.mjs", root + "/build/web/node_modules", root + "/docs/" + name,
       folder.write("document.json",
                    document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))});
  if (!ran) return ran.error().line();
  return ran->status == 0 ? ran->out : "exit code " + std::to_string(ran->status) + ": " + ran->err;
}

}  // namespace pgadvise::testing_support
