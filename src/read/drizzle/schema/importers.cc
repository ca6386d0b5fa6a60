#include "drizzle/schema/importers.h"

#include <string_view>

#include "files/files.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

// What an import of the file ends with, up to a dot: "orders" of src/orders.test.ts and of orders/index.ts.
std::string imported_name(const std::string& file) {
  const auto base = files::base_of(file);
  std::string stem(base.substr(0, base.rfind('.')));
  if (stem == "index") stem = files::base_of(files::folder_of(file));
  return stem.substr(0, stem.find('.'));
}

}  // namespace

void Importers::read_names() {
  has_names_ = true;
  for (const auto& path : program_.tree().files())
    if (typescript::is_source(path)) by_name_[imported_name(path)];
  for (const auto& path : program_.tree().files()) {
    const std::string* text = may_import_(path) ? program_.tree().peek(path) : nullptr;
    if (!text || !typescript::may_be_source(*text)) continue;
    const std::string_view all = *text;
    for (auto slash = all.find('/'); slash != std::string_view::npos; slash = all.find('/', slash + 1)) {
      const auto end = all.find_first_of("/'\".\n", slash + 1);
      if (end == std::string_view::npos) break;
      if (all[end] == '/' || all[end] == '\n') continue;
      const auto found = by_name_.find(all.substr(slash + 1, end - slash - 1));
      if (found != by_name_.end() && (found->second.empty() || found->second.back() != path))
        found->second.push_back(path);
    }
  }
}

void Importers::add_imports(const std::string& path) {
  if (!parsed_.insert(path).second) return;
  const auto* module = program_.module(path);
  if (!module) return;
  const auto add = [&](const std::string& specifier) {
    const std::string target = program_.resolver().resolve(path, specifier);
    if (target != path) imported_.insert(target);
  };
  for (const auto& [name, import] : module->imports) add(import.specifier);
  for (const auto& specifier : module->star_exports) add(specifier);
}

bool Importers::is_imported(const std::string& file) {
  if (!has_names_) read_names();
  if (imported_.count(file)) return true;
  const auto found = by_name_.find(imported_name(file));
  if (found == by_name_.end()) return false;
  // A file is looked through once: later calls find what it imports above.
  const auto paths = std::move(found->second);
  found->second.clear();
  for (const auto& path : paths) add_imports(path);
  return imported_.count(file) > 0;
}

}  // namespace pgadvise::drizzle
