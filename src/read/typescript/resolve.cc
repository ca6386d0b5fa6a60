#include "typescript/resolve.h"

#include <algorithm>

#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "files/code_text.h"
#include "files/files.h"
#include "files/glob.h"
#include "files/yaml_file.h"

namespace pgadvise::typescript {
namespace {

constexpr const char* extensions[] = {".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"};

// JSON with comments and trailing commas, as tsconfig.json has it.
files::Json parse_tolerantly(const std::string& text) {
  auto [code, plain] = files::code_text(text);
  for (auto comma = plain.find(','); comma != std::string::npos; comma = plain.find(',', comma + 1)) {
    const auto next = plain.find_first_not_of(" \t\r\n", comma + 1);
    if (next != std::string::npos && (plain[next] == '}' || plain[next] == ']')) code[comma] = ' ';
  }
  files::Json json = parsed_json(code);
  return json.is_discarded() ? files::Json() : json;
}

// What stands for the star, if the pattern, which has at most one, matches.
std::optional<std::string> match(std::string_view pattern, std::string_view text) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text ? std::optional<std::string>("") : std::nullopt;
  const auto before = pattern.substr(0, star), after = pattern.substr(star + 1);
  if (text.size() < before.size() + after.size() || !text.starts_with(before) || !text.ends_with(after))
    return std::nullopt;
  return std::string(text.substr(before.size(), text.size() - before.size() - after.size()));
}

// "@scope/name/a/b" -> "@scope/name" and "a/b".
std::pair<std::string, std::string> package_and_rest(const std::string& specifier) {
  auto slash = specifier.find('/');
  if (specifier.starts_with("@") && slash != std::string::npos) slash = specifier.find('/', slash + 1);
  if (slash == std::string::npos) return {specifier, ""};
  return {specifier.substr(0, slash), specifier.substr(slash + 1)};
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// The texts of a list, or the only text.
std::vector<std::string> texts_of(const files::Json& written) {
  std::vector<std::string> out;
  if (written.is_string()) return {written.get<std::string>()};
  if (written.is_array())
    for (const auto& item : written)
      if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

// Whether the package in `folder` belongs to the workspace with these patterns, seen from `root`.
bool is_member(const std::string& root, const std::vector<std::string>& patterns, const std::string& folder) {
  if (folder == root) return true;
  bool out = false;
  for (const auto& written : patterns) {
    const bool leaves_out = written.starts_with("!");
    const std::string pattern = files::join_path(root, written.substr(leaves_out ? 1 : 0));
    if (out != leaves_out || !files::matches_glob(pattern, folder)) continue;
    out = !leaves_out;
  }
  return out;
}

}  // namespace

bool is_source(std::string_view file) {
  const std::string_view base = files::base_of(file);
  for (const auto* extension : extensions) {
    if (!base.ends_with(extension)) continue;
    const auto stem = base.substr(0, base.size() - std::string_view(extension).size());
    return !stem.empty() && !stem.ends_with(".d");
  }
  return false;
}

std::string Resolver::resolve(const std::string& from, const std::string& specifier) {
  const std::string folder(files::folder_of(from));
  const auto [entry, is_new] = found_.try_emplace({folder, specifier});
  if (is_new) entry->second = find(from, specifier);
  return entry->second;
}

std::string Resolver::find(const std::string& from, const std::string& specifier) {
  const std::string folder(files::folder_of(from));
  if (specifier.empty() || specifier.size() > 1000) return {};
  if (specifier == "." || specifier == ".." || specifier.starts_with("./") || specifier.starts_with("../"))
    return file_at(files::join_path(folder, specifier));
  if (specifier.front() == '/') return {};
  if (auto path = by_config(folder, specifier); !path.empty()) return path;
  return by_package(from, specifier);
}

// A file as an import without its extension, or with that of the compiled file, names it; or a folder's
// index.
std::string Resolver::file_at(const std::string& path) const {
  // First, as TypeScript and bundlers do: the compiled file may stand beside its source.
  static const std::pair<const char*, std::vector<const char*>> compiled[] = {
      {".js", {".ts", ".tsx"}}, {".jsx", {".tsx"}}, {".mjs", {".mts"}}, {".cjs", {".cts"}}};
  for (const auto& [extension, sources] : compiled)
    if (path.ends_with(extension))
      for (const auto* source : sources)
        if (const auto file = path.substr(0, path.size() - std::string_view(extension).size()) + source;
            tree_.has(file))
          return file;
  if (is_source(path) && tree_.has(path)) return path;
  if (!path.empty())
    for (const auto* extension : extensions)
      if (const auto file = path + extension; tree_.has(file)) return file;
  for (const auto* extension : extensions)
    if (const auto file = files::join_path(path, std::string("index") + extension); tree_.has(file))
      return file;
  return {};
}

std::string Resolver::by_config(const std::string& folder, const std::string& specifier) {
  const Config& config = config_of(folder);
  if (config.paths) {
    const std::vector<std::string>* best = nullptr;
    std::size_t longest = 0;
    std::string star;
    for (const auto& [pattern, targets] : *config.paths)
      if (const auto matched = match(pattern, specifier)) {
        const std::size_t prefix = std::min(pattern.find('*'), pattern.size()) + 1;
        if (prefix <= longest) continue;
        longest = prefix;
        best = &targets;
        star = *matched;
      }
    if (best)
      for (const auto& target : *best)
        if (auto path = file_at(files::normal_path(replace_all(target, "*", star))); !path.empty())
          return path;
  }
  if (config.base_url)
    if (auto path = file_at(files::join_path(*config.base_url, specifier)); !path.empty()) return path;
  return {};
}

const files::Json& Resolver::json_of(const std::string& path) {
  const auto [entry, is_new] = json_.try_emplace(path);
  if (is_new && tree_.has(path))
    if (const std::string* text = tree_.peek(path)) {
      if (nested_deeper(*text, deepest_json))
        tree_.diagnostics().push_back({Error::Kind::nonfatal, path, why_no_json(*text, {}), {}});
      else entry->second = parse_tolerantly(*text);
    }
  return entry->second;
}

// Of the nearest folder upwards that has a configuration.
const Resolver::Config& Resolver::config_of(const std::string& folder) {
  if (const auto known = configs_.find(folder); known != configs_.end()) return known->second;
  for (const auto* name : {"tsconfig.json", "jsconfig.json"})
    if (const auto path = files::join_path(folder, name); tree_.has(path))
      return configs_[folder] = read_config(path, 0);
  if (auto paths = framework_paths(folder)) return configs_[folder] = {{}, std::move(paths)};
  if (folder.empty()) return configs_[folder];
  Config above = config_of(std::string(files::folder_of(folder)));
  return configs_[folder] = std::move(above);
}

Resolver::Config Resolver::read_config(const std::string& path, int depth) {
  constexpr int max_extends = 10;
  Config out;
  if (depth > max_extends) return out;
  const files::Json& json = json_of(path);
  const std::string folder(files::folder_of(path));
  for (const auto& base : texts_of(files::member(json, "extends")))
    if (const auto file = extended(path, base); !file.empty()) {
      Config inherited = read_config(file, depth + 1);
      if (inherited.base_url) out.base_url = std::move(inherited.base_url);
      if (inherited.paths) out.paths = std::move(inherited.paths);
    }
  const files::Json& options = files::member(json, "compilerOptions");
  if (const auto base = files::text_member(options, "baseUrl"); !base.empty())
    out.base_url = files::join_path(folder, base);
  if (const files::Json& paths = files::member(options, "paths"); paths.is_object()) {
    out.paths.emplace();
    for (const auto& [pattern, targets] : paths.items()) {
      auto full = targets.is_array() ? texts_of(targets) : std::vector<std::string>();
      for (auto& target : full) target = files::join_path(out.base_url.value_or(folder), target);
      out.paths->emplace_back(pattern, std::move(full));
    }
  }
  if (!out.paths && !out.base_url && files::member(json, "references").is_array())
    for (const auto& reference : files::member(json, "references")) {
      std::string file = files::join_path(folder, files::text_member(reference, "path"));
      if (!tree_.has(file)) file = files::join_path(file, "tsconfig.json");
      if (file == path || !tree_.has(file)) continue;
      if (Config of_reference = read_config(file, depth + 1); of_reference.paths) return of_reference;
    }
  if (!out.paths) out.paths = framework_paths(folder);
  return out;
}

std::optional<Resolver::Paths> Resolver::framework_paths(const std::string& folder) const {
  const auto in = [&](const char* path) { return files::join_path(folder, path); };
  if (tree_.has(in("svelte.config.js"))) return Paths{{"$lib/*", {in("src/lib/*")}}};
  for (const auto* name : {"nuxt.config.ts", "nuxt.config.js", "nuxt.config.mjs"})
    if (tree_.has(in(name))) {
      const std::vector<std::string> root{in("*")}, source{in("app/*"), in("*")};  // Nuxt 4, Nuxt 3
      return Paths{
          {"~~/*", root}, {"@@/*", root}, {"~/*", source}, {"@/*", source}, {"#shared/*", {in("shared/*")}}};
    }
  return std::nullopt;
}

// The file that "extends" names: relative, or in a package of the repository.
std::string Resolver::extended(const std::string& from, const std::string& written) {
  std::string path;
  if (written.starts_with(".")) {
    path = files::join_path(files::folder_of(from), written);
  } else {
    const auto [name, rest] = package_and_rest(written);
    for (const auto& package : tree_.packages())
      if (package.name == name)
        path = files::join_path(package.folder, rest.empty() ? "tsconfig.json" : rest);
  }
  if (path.empty() || tree_.has(path)) return path;
  path += ".json";
  return tree_.has(path) ? path : "";
}

std::string Resolver::by_package(const std::string& from, const std::string& specifier) {
  if (specifier.front() == '#') {
    const files::Package* own = tree_.package_of(files::folder_of(from));
    return own ? by_exports(own->folder, files::member(json_of(own->path), "imports"), specifier, 0) : "";
  }
  const auto [name, rest] = package_and_rest(specifier);
  const files::Package* package = package_named(from, name);
  return package ? in_package(*package, rest) : "";
}

const std::vector<Resolver::Workspace>& Resolver::workspaces() {
  if (workspaces_) return *workspaces_;
  workspaces_.emplace();
  for (const auto& path : tree_.files())
    if (const auto base = files::base_of(path); base == "pnpm-workspace.yaml" || base == "pnpm-workspace.yml")
      if (const std::string* text = tree_.text(path)) {
        const auto yaml = files::parse_yaml(*text, path);
        if (!yaml) tree_.report_broken(path, *text, yaml.error());
        else
          workspaces_->push_back(
              {std::string(files::folder_of(path)), files::yaml_list(files::yaml_member(*yaml, "packages"))});
      }
  for (const auto& package : tree_.packages()) {
    const files::Json* written = &files::member(json_of(package.path), "workspaces");
    if (written->is_object()) written = &files::member(*written, "packages");
    if (written->is_array()) workspaces_->push_back({package.folder, texts_of(*written)});
  }
  return *workspaces_;
}

// The innermost workspace around the folder; nullptr outside of workspaces.
const Resolver::Workspace* Resolver::workspace_of(const std::string& folder) {
  const Workspace* found = nullptr;
  for (const auto& one : workspaces())
    if ((one.folder.empty() || (folder + "/").starts_with(one.folder + "/")) &&
        (!found || one.folder.size() > found->folder.size()))
      found = &one;
  return found;
}

// A dependency's version that names a package of the repository: "file:../db", "link:../db",
// "workspace:../db", "workspace:@scope/db@*".
const files::Package* Resolver::linked_package(const files::Package& own, const std::string& written) {
  const auto colon = written.find(':');
  if (colon == std::string::npos) return nullptr;
  const std::string protocol = written.substr(0, colon), target = written.substr(colon + 1);
  if (protocol == "workspace" && !target.starts_with(".")) {
    const auto at = target.rfind('@');
    return at == std::string::npos || at == 0 ? nullptr : nearest_named(own.path, target.substr(0, at));
  }
  if (!is_one_of(protocol, {"file", "link", "portal", "workspace"})) return nullptr;
  const std::string folder = files::join_path(own.folder, target);
  for (const auto& package : tree_.packages())
    if (package.folder == folder) return &package;
  return nullptr;
}

const files::Package* Resolver::package_named(const std::string& from, const std::string& name) {
  const std::string folder(files::folder_of(from));
  if (const files::Package* own = tree_.package_of(folder)) {
    const files::Json& json = json_of(own->path);
    for (const auto* list : {"dependencies", "devDependencies"})
      if (const files::Package* linked =
              linked_package(*own, files::text_member(files::member(json, list), name.c_str())))
        return linked;
  }
  return nearest_named(from, name);
}

// A package of the same workspace, else any.
const files::Package* Resolver::nearest_named(const std::string& from, const std::string& name) {
  const std::string folder(files::folder_of(from));
  const Workspace* workspace = workspace_of(folder);
  const files::Package* best = nullptr;
  bool best_in_workspace = false;
  for (const auto& package : tree_.packages()) {
    if (package.name != name) continue;
    const bool in_workspace = workspace && is_member(workspace->folder, workspace->patterns, package.folder);
    if (best && (in_workspace != best_in_workspace
                     ? best_in_workspace
                     : common_prefix(package.folder, from) <= common_prefix(best->folder, from)))
      continue;
    best = &package;
    best_in_workspace = in_workspace;
  }
  return best;
}

std::string Resolver::in_package(const files::Package& package, const std::string& subpath) {
  const files::Json& json = json_of(package.path);
  if (const files::Json& exports = files::member(json, "exports"); !exports.is_null())
    if (auto path = by_exports(package.folder, exports, subpath.empty() ? "." : "./" + subpath, 0);
        !path.empty())
      return path;
  if (!subpath.empty()) return by_target(package.folder, subpath, "");
  for (const auto* member : {"source", "types", "typings", "module", "main"})
    if (const auto target = files::text_member(json, member); !target.empty())
      if (auto path = by_target(package.folder, target, ""); !path.empty()) return path;
  if (auto path = file_at(files::join_path(package.folder, "src")); !path.empty()) return path;
  return file_at(package.folder);
}

// A target of `exports`, or a file of the package; of a compiled file the source.
std::string Resolver::by_target(const std::string& folder, const std::string& target,
                                const std::string& star) const {
  std::string path = replace_all(target, "*", star);
  for (const auto* declaration : {".d.ts", ".d.mts", ".d.cts"})
    if (path.ends_with(declaration)) path.resize(path.size() - std::string_view(declaration).size());
  path = files::normal_path(path);
  if (auto file = file_at(files::join_path(folder, path)); !file.empty()) return file;
  if (const auto slash = path.find('/'); slash != std::string::npos)
    for (const auto* output : {"dist", "build", "lib", "out", ".output"})
      if (path.compare(0, slash, output) == 0) {
        const std::string inside = path.substr(slash + 1);
        for (const std::string& source : {"src/" + inside, inside})
          if (auto file = file_at(files::join_path(folder, source)); !file.empty()) return file;
      }
  return file_at(files::join_path(folder, "src/" + path));
}

// `exports` and `imports` of package.json: a target, conditions, or subpaths with at most one star.
std::string Resolver::by_exports(const std::string& folder, const files::Json& exports,
                                 const std::string& subpath, int depth) const {
  constexpr int max_conditions = 8;
  if (depth > max_conditions) return {};
  if (exports.is_string()) return subpath == "." ? by_target(folder, exports.get<std::string>(), "") : "";
  if (!exports.is_object()) return {};
  // A condition's value is a target, or more conditions.
  const auto targets = [&](auto&& self, const files::Json& value, const std::string& star,
                           int level) -> std::string {
    if (level > max_conditions) return {};
    if (value.is_string()) return by_target(folder, value.get<std::string>(), star);
    if (value.is_array() || value.is_object())
      for (const auto& item : value)
        if (auto path = self(self, item, star, level + 1); !path.empty()) return path;
    return {};
  };
  const bool subpaths =
      !exports.empty() && (exports.begin().key().starts_with(".") || exports.begin().key().starts_with("#"));
  if (!subpaths) return subpath == "." ? targets(targets, exports, "", 0) : "";
  for (const auto& [pattern, value] : exports.items())
    if (pattern == subpath) return targets(targets, value, "", 0);
  for (const auto& [pattern, value] : exports.items())
    if (const auto star = match(pattern, subpath); star && pattern.find('*') != std::string::npos)
      if (auto path = targets(targets, value, *star, 0); !path.empty()) return path;
  return {};
}

}  // namespace pgadvise::typescript
