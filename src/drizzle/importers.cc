#include "drizzle/importers.h"

#include "base/text.h"
#include "files/files.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {

bool is_imported(typescript::Program& program, const std::string& file,
                 const std::function<bool(const std::string&)>& may_import) {
  const auto base = files::base_of(file);
  std::string stem(base.substr(0, base.rfind('.')));
  if (stem == "index") stem = files::base_of(files::folder_of(file));
  for (const auto& path : program.tree().files()) {
    if (path == file || !may_import(path)) continue;
    const std::string* text = program.tree().peek(path);
    if (!text || !contains_any(*text, {"/" + stem + "'", "/" + stem + "\"", "/" + stem + "."}) ||
        !typescript::may_be_source(*text))
      continue;
    const auto* module = program.module(path);
    if (!module) continue;
    for (const auto& [name, import] : module->imports)
      if (program.resolver().resolve(path, import.specifier) == file) return true;
    for (const auto& specifier : module->star_exports)
      if (program.resolver().resolve(path, specifier) == file) return true;
  }
  return false;
}

}  // namespace pgadvise::drizzle
