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

struct HostingFile {
  Resolver& resolver;
  const std::string& path;
  const std::string& text;
  Target target;

  Way way_to(std::string_view key, DeployCommand::Stage stage) const {
    return {.stage = stage,
            .target = target,
            .folder = std::string(files::folder_of(path)),
            .entry = std::string(key),
            .path = {path + " " + std::string(key)}};
  }

  // `part`: of the text.
  void command(std::string_view part, std::string_view key, DeployCommand::Stage stage) const {
    const auto offset = static_cast<std::size_t>(part.data() - text.data());
    resolver.shell({std::string(part), path, offset}, way_to(key, stage));
  }

  // nixpacks.toml: cmds = ["npm ci", "npm run build"], perhaps over several lines.
  void commands(std::size_t begin) const {
    const auto end = std::min(text.find(']', begin), text.size());
    for (auto at = text.find_first_of("\"'", begin); at < end; at = text.find_first_of("\"'", at + 1)) {
      const auto close = text.find(text[at], at + 1);
      if (close == std::string::npos) return;
      command(std::string_view(text).substr(at + 1, close - at - 1), "cmds", DeployCommand::Stage::build);
      at = close;
    }
  }

  void toml() const {
    HostingFile section = *this;
    for (const auto line : split(text, '\n')) {
      const auto content = trim(line);
      if (content.starts_with('[')) {
        const bool preview = contains_any(content, {"preview", "branch", "staging"});
        section.target = contains(content, "dev]") ? Target::development
                         : preview                 ? std::max(target, Target::not_production)
                                                   : target;
      }
      if (section.target == Target::development) continue;
      if (const auto open = line.find('['); content.starts_with("cmds") && open != std::string_view::npos)
        section.commands(static_cast<std::size_t>(line.data() - text.data()) + open + 1);
      for (const auto& [key, stage] : command_keys) {
        const auto equals = content.find('=');
        if (!content.starts_with(key) || equals == std::string_view::npos ||
            !trim(content.substr(key.size(), equals - key.size())).empty())
          continue;
        const auto value = trim(content.substr(equals + 1));
        if (value.size() > 1 && (value.front() == '"' || value.front() == '\''))
          section.command(value.substr(1, value.rfind(value.front()) - 1), key, stage);
      }
    }
  }

  void json(files::Tree& tree) const {
    const auto root = files::parse_json(text, path);
    if (!root) return tree.report_broken(path, text, root.error());
    for (const auto& [key, stage] : command_keys)
      for (const auto* outer : {"", "build", "deploy"}) {
        const files::Json& object = *outer ? files::member(*root, outer) : *root;
        const std::string name(key);
        const std::string body = files::text_member(object, name.c_str());
        const auto at = text.find("\"" + name + "\"");
        if (!body.empty())
          resolver.shell({body, path, at == std::string::npos ? 0 : at + name.size() + 2},
                         way_to(key, stage));
      }
  }

  // render.yaml, heroku.yml: the keys anywhere within a few levels.
  void yaml(const YAML::Node& node, int depth = 0) const {
    if (depth > 6) return;
    for (const auto& item : files::yaml_items(node)) yaml(item, depth + 1);
    const std::string root = files::yaml_text(files::yaml_member(node, "rootDir"));
    for (const auto& [name, value] : files::yaml_entries(node)) {
      for (const auto& [key, stage] : command_keys) {
        if (name != key || key == "cmd") continue;
        for (const auto& line : files::yaml_items(value))  // heroku.yml: release: command: [ … ]
          if (line.IsScalar())
            resolver.shell({line.Scalar(), path, files::yaml_offset(line, text)},
                           way_to(key, DeployCommand::Stage::release));
        if (!value.IsScalar()) continue;
        Way way = way_to(key, stage);
        way.folder = files::join_path(way.folder, root);
        if (const auto service = files::yaml_text(files::yaml_member(node, "name")); !service.empty())
          way.entry += " of " + service;
        resolver.shell({value.Scalar(), path, files::yaml_offset(value, text)}, way);
      }
      yaml(value, depth + 1);
    }
  }

  void procfile() const {
    for (const auto line : split(text, '\n')) {
      const auto colon = line.find(':');
      if (colon == std::string_view::npos || trim(line).starts_with('#')) continue;
      const auto name = trim(line.substr(0, colon));
      command(line.substr(colon + 1), name,
              name == "release" ? DeployCommand::Stage::release : DeployCommand::Stage::start);
    }
  }
};

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
    const HostingFile file{resolver, path, *text, *target};
    if (toml) file.toml();
    if (json) file.json(tree);
    if (base == "Procfile") file.procfile();
    if (const auto root = yaml ? yaml_of(tree, path, *text) : std::nullopt) file.yaml(*root);
  }
}

}  // namespace pgadvise::deploy
