#include <algorithm>

#include "base/text/text.h"
#include "deploy/ci/ci_files.h"
#include "deploy/commands/entry_points.h"
#include "files/files.h"
#include "files/json_file.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {
namespace {

struct Key {
  std::string_view name;
  DeployCommand::Stage stage;
};

constexpr Key command_keys[] = {{"release_command", DeployCommand::Stage::release},
                                {"preDeployCommand", DeployCommand::Stage::release},
                                {"buildCommand", DeployCommand::Stage::build},
                                {"installCommand", DeployCommand::Stage::build},
                                {"startCommand", DeployCommand::Stage::start},
                                {"command", DeployCommand::Stage::build},
                                {"cmd", DeployCommand::Stage::start}};

Way way_to(const std::string& path, std::string_view key, DeployCommand::Stage stage, Target target) {
  return {.stage = stage,
          .target = target,
          .folder = std::string(files::folder_of(path)),
          .entry = std::string(key),
          .path = {path + " " + std::string(key)}};
}

// nixpacks.toml: cmds = ["npm ci", "npm run build"], perhaps over several lines.
void read_commands(Resolver& resolver, const std::string& path, const std::string& text, std::size_t begin,
                   Target target) {
  const auto end = std::min(text.find(']', begin), text.size());
  for (std::size_t at = text.find_first_of("\"'", begin); at < end; at = text.find_first_of("\"'", at + 1)) {
    const auto close = text.find(text[at], at + 1);
    if (close == std::string::npos) return;
    resolver.shell({text.substr(at + 1, close - at - 1), path, at + 1},
                   way_to(path, "cmds", DeployCommand::Stage::build, target));
    at = close;
  }
}

void read_toml(Resolver& resolver, const std::string& path, const std::string& text, Target target) {
  Target section = target;
  std::size_t offset = 0;
  for (const auto line : split(text, '\n')) {
    const auto content = trim(line);
    if (!content.empty() && content.front() == '[') {
      const bool preview =
          contains(content, "preview") || contains(content, "branch") || contains(content, "staging");
      section = contains(content, "dev]") ? Target::development
                                          : std::max(target, preview ? Target::not_production : target);
    }
    if (content.starts_with("cmds") && section != Target::development)
      if (const auto open = line.find('['); open != std::string_view::npos)
        read_commands(resolver, path, text, offset + open + 1, section);
    for (const auto& [key, stage] : command_keys) {
      if (!content.starts_with(key) || section == Target::development) continue;
      const auto equals = content.find('=');
      if (equals == std::string_view::npos || trim(content.substr(key.size(), equals - key.size())) != "")
        continue;
      auto value = trim(content.substr(equals + 1));
      if (value.size() < 2 || (value.front() != '"' && value.front() != '\'')) continue;
      const auto close = value.rfind(value.front());
      value = value.substr(1, close - 1);
      resolver.shell(
          {std::string(value), path, offset + static_cast<std::size_t>(value.data() - line.data())},
          way_to(path, key, stage, section));
    }
    offset += line.size() + 1;
  }
}

void read_json(files::Tree& tree, Resolver& resolver, const std::string& path, const std::string& text,
               Target target) {
  const auto root = files::parse_json(text, path);
  if (!root) {
    tree.report_broken(path, text, root.error());
    return;
  }
  for (const auto& [key, stage] : command_keys)
    for (const auto* outer : {"", "build", "deploy"}) {
      const files::Json& object = *outer ? files::member(*root, outer) : *root;
      const std::string name(key);
      const std::string body = files::text_member(object, name.c_str());
      if (body.empty()) continue;
      const auto at = text.find("\"" + name + "\"");
      resolver.shell({body, path, at == std::string::npos ? 0 : at + name.size() + 2},
                     way_to(path, key, stage, target));
    }
}

// render.yaml, heroku.yml: the keys anywhere within a few levels.
void read_yaml(Resolver& resolver, const std::string& path, const std::string& text, const YAML::Node& node,
               Target target, int depth) {
  if (depth > 6) return;
  for (const auto& item : files::yaml_items(node)) read_yaml(resolver, path, text, item, target, depth + 1);
  const std::string root = files::yaml_text(files::yaml_member(node, "rootDir"));
  for (const auto& [name, value] : files::yaml_entries(node)) {
    for (const auto& [key, stage] : command_keys) {
      if (name != key || key == "cmd") continue;
      for (const auto& line : files::yaml_items(value))  // heroku.yml: release: command: [ … ]
        if (line.IsScalar())
          resolver.shell({line.Scalar(), path, files::yaml_offset(line, text)},
                         way_to(path, key, DeployCommand::Stage::release, target));
      if (!value.IsScalar()) continue;
      Way way = way_to(path, key, stage, target);
      way.folder = files::join_path(way.folder, root);
      if (const auto service = files::yaml_text(files::yaml_member(node, "name")); !service.empty())
        way.entry += " of " + service;
      resolver.shell({value.Scalar(), path, files::yaml_offset(value, text)}, way);
    }
    read_yaml(resolver, path, text, value, target, depth + 1);
  }
}

void read_procfile(Resolver& resolver, const std::string& path, const std::string& text, Target target) {
  std::size_t offset = 0;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && !trim(line).empty() && trim(line).front() != '#') {
      const std::string name(trim(line.substr(0, colon)));
      const auto stage = name == "release" ? DeployCommand::Stage::release : DeployCommand::Stage::start;
      resolver.shell({std::string(line.substr(colon + 1)), path, offset + colon + 1},
                     way_to(path, name, stage, target));
    }
    offset += line.size() + 1;
  }
}

}  // namespace

void read_hosting_files(files::Tree& tree, Resolver& resolver) {
  for (const auto& path : tree.files()) {
    const auto base = files::base_of(path);
    const bool toml = (base.starts_with("fly") && base.size() > 8 && base.ends_with(".toml")) ||
                      is_one_of(base, {"fly.toml", "railway.toml", "nixpacks.toml", "netlify.toml"});
    const bool json = is_one_of(base, {"vercel.json", "railway.json"});
    const bool yaml = is_one_of(base, {"render.yaml", "render.yml", "heroku.yml"});
    if (!toml && !json && !yaml && base != "Procfile") continue;
    auto target = target_of_file(path);
    const std::string* text = target ? tree.text(path) : nullptr;
    if (!text) continue;
    if (contains(base, "staging") || contains(base, "preview")) target = Target::not_production;
    if (toml) read_toml(resolver, path, *text, *target);
    if (json) read_json(tree, resolver, path, *text, *target);
    if (base == "Procfile") read_procfile(resolver, path, *text, *target);
    if (yaml) {
      if (const auto root = files::parse_yaml(*text, path)) {
        read_yaml(resolver, path, *text, *root, *target, 0);
      } else {
        tree.report_broken(path, *text, root.error());
      }
    }
  }
}

}  // namespace pgadvise::deploy
