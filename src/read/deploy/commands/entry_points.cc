#include "deploy/commands/entry_points.h"

#include <algorithm>
#include <set>

#include "base/text/text.h"
#include "deploy/commands/schema_calls.h"
#include "deploy/shell/dockerfile.h"
#include "deploy/shell/makefile.h"
#include "files/files.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {
namespace {

// --- package.json

constexpr auto deploy_scripts =
    word_list("prebuild", "build", "postbuild", "postinstall", "prestart", "start", "poststart", "deploy",
              "release", "vercel-build", "heroku-postbuild", "now-build", "gcp-build");

// "db:push:prod", "deploy-production": a script that says that it is for production.
bool named_for_production(std::string_view script) {
  return has_word(script, {"prod", "production"}) &&
         !has_word(script, {"local", "dev", "test", "staging", "preview"});
}

DeployCommand::Stage stage_of(std::string_view script) {
  if (contains(script, "start")) return DeployCommand::Stage::start;
  if (script == "deploy" || script == "release" ||
      (named_for_production(script) && !contains(script, "build")))
    return DeployCommand::Stage::release;
  return DeployCommand::Stage::build;
}

// --- Dockerfile

bool is_dockerfile(std::string_view path) {
  const std::string name = lower(files::base_of(path));
  if (name == "dockerfile" || name == "containerfile") return true;
  if (name.ends_with(".dockerignore") || name.ends_with(".md")) return false;
  return name.starts_with("dockerfile.") || name.starts_with("dockerfile-") || name.ends_with(".dockerfile");
}

// Does a workflow build and push this file's image, whatever its name says?
bool published(files::Tree& tree, const std::string& path) {
  for (const auto& file : tree.files()) {
    if (files::folder_of(file) != ".github/workflows") continue;
    const std::string* text = tree.text(file);
    if (text && contains(*text, files::base_of(path)) &&
        contains_any(*text, {"docker/build-push-action", "docker push", "--push", "buildx"}))
      return true;
  }
  return false;
}

// Resolves the commands that build an image, and those that its containers start with.
struct ImageCommands {
  Resolver& resolver;
  const std::string& path;
  const std::string& text;
  Target target;
  LineIndex lines{text};
  std::vector<DockerStage> stages = parse_dockerfile(text);
  // Of the stage that is being read.
  ImageFiles image = {};
  bool development = false;
  bool unprotected = false;

  void run() {
    for (std::size_t i = 0; i < stages.size(); ++i)
      if (live(i)) read_stage(i);
  }

  const DockerStage* base_of_stage(const DockerStage& stage) const {
    for (const auto& other : stages) {
      if (&other == &stage) return nullptr;
      if (!other.name.empty() && other.name == stage.base) return &other;
    }
    return nullptr;
  }

  // A stage for development counts only when one that isn't builds on it.
  bool live(std::size_t index, int depth = 0) const {
    if (!files::named_for_development(stages[index].name)) return true;
    if (depth > 16) return false;
    for (std::size_t i = index + 1; i < stages.size(); ++i)
      if (stages[i].base == stages[index].name && live(i, depth + 1)) return true;
    return false;
  }

  void read_stage(std::size_t index) {
    image = ImageFiles{std::string(files::folder_of(path)), "", {}, {}, path};
    development = unprotected = false;
    std::vector<const DockerStage*> chain;
    for (const DockerStage* at = &stages[index]; at && chain.size() < 32; at = base_of_stage(*at))
      chain.push_back(at);
    std::ranges::reverse(chain);
    const DockerInstruction* last_command = nullptr;
    for (const DockerStage* stage : chain)
      for (const auto& instruction : stage->instructions) {
        learn(instruction);
        if (instruction.name == "CMD" || instruction.name == "ENTRYPOINT") last_command = &instruction;
      }
    if (development || (last_command && serves_development(*last_command))) return;
    const DockerInstruction* entry = nullptr;
    const DockerInstruction* command = nullptr;
    for (const auto& instruction : stages[index].instructions) {
      if (instruction.name == "RUN") run_instruction(instruction, DeployCommand::Stage::image_build);
      if (instruction.name == "ENTRYPOINT") entry = &instruction, command = nullptr;
      if (instruction.name == "CMD") command = &instruction;
    }
    if (entry) run_instruction(*entry, DeployCommand::Stage::start);
    if (!command) return;
    const bool for_shell = entry && entry->exec_form && !entry->words.empty() && entry->words.back() == "-c";
    if (for_shell && command->exec_form && !command->words.empty()) {
      resolver.shell({command->words[0], path, command->offset}, way(*command, DeployCommand::Stage::start));
    } else {
      run_instruction(*command, DeployCommand::Stage::start);
    }
  }

  // Whether the image's command is a server for development.
  static bool serves_development(const DockerInstruction& command) {
    if (command.exec_form) return runs_development_server(command.words);
    return std::ranges::any_of(parse_shell(command.shell),
                               [](const ShellCommand& item) { return runs_development_server(item.words); });
  }

  void learn(const DockerInstruction& instruction) {
    if (instruction.name == "WORKDIR" && !instruction.words.empty()) {
      const std::string& to = instruction.words[0];
      image.workdir = to[0] == '/' ? files::normal_path(to) : files::join_path(image.workdir, to);
    } else if (instruction.name == "COPY" && instruction.words.size() > 1) {
      for (std::size_t i = 0; i + 1 < instruction.words.size(); ++i)
        image.copies.emplace_back(instruction.words[i], instruction.words.back());
      if (!instruction.heredocs.empty())
        image.written[std::string(files::base_of(instruction.words.back()))] = {
            instruction.heredocs[0].second, instruction.offset};
    } else if (instruction.name == "ENV") {
      for (const auto& word : instruction.words) {
        if (word == "NODE_ENV=development" || word == "RAILS_ENV=development") development = true;
        if (word.starts_with("DISABLE_DATABASE_ENVIRONMENT_CHECK")) unprotected = true;
      }
      if (instruction.words.size() == 2 && instruction.words[0] == "NODE_ENV")
        development = instruction.words[1] == "development";
      for (const auto& word : instruction.words)
        if (word == "NODE_ENV=production") development = false;
    } else if (instruction.name == "RUN" && !instruction.exec_form) {
      learn_written(instruction);
    }
  }

  // RUN echo '…' > /start.sh, printf, cat <<EOF > /start.sh
  void learn_written(const DockerInstruction& instruction) {
    for (const auto& command : parse_shell(instruction.shell)) {
      if (command.output.empty() || command.words.empty()) continue;
      std::string content;
      for (std::size_t i = 1; i < command.words.size(); ++i)
        if (command.words[i][0] != '-' || command.words[i].size() > 2) content += command.words[i] + "\n";
      if (command.words[0] == "cat") content = command.input;
      if (content.empty() && !instruction.heredocs.empty()) content = instruction.heredocs[0].second;
      if (!is_one_of(command.words[0], {"cat", "echo", "printf"})) continue;
      auto& written = image.written[std::string(files::base_of(command.output))];
      written.first += replace_all(content, "\\n", "\n");
      if (written.second == 0) written.second = instruction.offset + command.offset;
    }
  }

  Way way(const DockerInstruction& instruction, DeployCommand::Stage stage) {
    const std::string line = std::to_string(lines.at(instruction.offset).line);
    return {.stage = stage,
            .target = target,
            .folder = resolver.folder_in_image(image.workdir, image),
            .entry = instruction.name,
            .path = {path + ":" + line + " " + instruction.name},
            .image = &image,
            .unprotected = unprotected};
  }

  void run_instruction(const DockerInstruction& instruction, DeployCommand::Stage stage) {
    if (instruction.exec_form)
      return resolver.words(instruction.words, {instruction.shell, path, instruction.offset},
                            way(instruction, stage));
    const bool heredoc = instruction.name == "RUN" && !instruction.heredocs.empty() &&
                         trim(instruction.shell).starts_with("<<");
    resolver.shell({heredoc ? instruction.heredocs[0].second : instruction.shell, path, instruction.offset},
                   way(instruction, stage));
  }
};

// --- compose

bool is_compose(std::string_view path) {
  const std::string name = lower(files::base_of(path));
  if (!name.ends_with(".yml") && !name.ends_with(".yaml")) return false;
  return name.starts_with("docker-compose") || name.starts_with("compose.") || name.starts_with("compose-");
}

std::string environment_value(const YAML::Node& environment, const std::string& name) {
  if (const auto value = files::yaml_text(files::yaml_member(environment, name)); !value.empty())
    return value;
  for (const auto& item : files::yaml_list(environment))
    if (item.starts_with(name + "=")) return item.substr(name.size() + 1);
  return {};
}

void read_service(Resolver& resolver, const std::string& path, const std::string& text,
                  const std::string& name, const YAML::Node& service, Target of_file) {
  for (const auto& profile : files::yaml_list(files::yaml_member(service, "profiles")))
    if (files::named_for_development(profile)) return;
  if (files::named_for_development(name)) return;
  const YAML::Node environment = files::yaml_member(service, "environment");
  std::string mode = environment_value(environment, "NODE_ENV");
  if (mode.empty()) mode = environment_value(environment, "RAILS_ENV");
  if (environment_named(mode) == Target::development) return;
  const bool production = mode == "production" || contains(files::base_of(path), "prod");
  Way way{.stage = DeployCommand::Stage::compose,
          .target = production ? of_file : Target::not_production,
          .folder = files::join_path(files::folder_of(path),
                                     files::yaml_text(files::yaml_member(service, "build"), "context")),
          .unprotected = !environment_value(environment, "DISABLE_DATABASE_ENVIRONMENT_CHECK").empty()};
  ImageFiles image{way.folder, "", {}, {}, path};
  way.image = &image;
  for (const auto* key : {"entrypoint", "command"}) {
    const YAML::Node node = files::yaml_member(service, key);
    if (!node.IsDefined()) continue;
    way.entry = "service " + name + " " + key;
    way.path = {path + " service " + name + " " + key};
    const ShellText where{files::yaml_text(node), path, files::yaml_offset(node, text)};
    if (node.IsSequence()) {
      resolver.words(files::yaml_list(node), where, way);
    } else {
      resolver.shell(where, way);
    }
  }
}

// --- shell entry points

bool is_entry_script(std::string_view path) {
  static constexpr auto names = word_list(
      "docker-entrypoint.sh", "entrypoint.sh", "start.sh", "deploy.sh", "startup.sh", "release.sh",
      "docker-start.sh", "docker_start.sh", "start-prod.sh", "deploy-prod.sh", "deploy-production.sh",
      "start-production.sh", "docker_entrypoint.sh", "docker-entrypoint.prod.sh", "entrypoint.prod.sh",
      "run-prod.sh", "render-build.sh", "release-tasks.sh");
  return is_one_of(lower(files::base_of(path)), names);
}

// Is the script the entry point of images for development only?
bool only_in_development_images(files::Tree& tree, const std::string& path) {
  bool development = false;
  for (const auto& file : tree.files()) {
    if (!is_dockerfile(file) && !is_compose(file)) continue;
    const std::string* text = tree.text(file);
    if (!text || !contains(*text, files::base_of(path))) continue;
    if (target_of_file(file)) return false;
    development = true;
  }
  return development;
}

// --- application code

bool is_script_file(std::string_view path) {
  return ends_with_any(path, {".ts", ".js", ".mjs", ".cjs", ".mts"}) &&
         !ends_with_any(path, {".d.ts", ".min.js"});
}

// The files that configure the connections of TypeORM, Sequelize and MikroORM, in any folder.
bool orm_configuration(std::string_view path) {
  return contains_any(lower(files::base_of(path)), {"ormconfig", "data-source", "datasource", "data_source",
                                                    "mikro-orm.config", "typeorm", "sequelize"});
}

bool application_code(const std::string& path) {
  static constexpr auto application = word_list("src", "app", "server", "lib", "api", "pages", "backend");
  static constexpr auto tools = word_list("scripts", "script", "bin", "cli", "tools", "tool", "setup", "seed",
                                          "seeds", "dev", "bench", "commands", "generators");
  if (contains_any(files::base_of(path), {".test.", ".spec."})) return false;
  bool inside = false;
  for (const auto part : split(files::folder_of(path), '/')) {
    if (is_one_of(part, tools)) return false;
    inside = inside || is_one_of(part, application);
  }
  return inside;
}

}  // namespace

std::optional<Target> target_of_file(const std::string& path) {
  if (files::never_deployed(path) || files::named_for_development(path)) return std::nullopt;
  return files::deployed_by_others(path) ? Target::not_production : Target::any;
}

std::optional<YAML::Node> yaml_of(files::Tree& tree, const std::string& path, const std::string& text) {
  auto root = files::parse_yaml(text, path);
  if (root) return *std::move(root);
  tree.report_broken(path, text, root.error());
  return std::nullopt;
}

std::string folder_of_package(files::Tree& tree, const std::string& path) {
  const files::Package* package = tree.package_of(files::folder_of(path));
  return package ? package->folder : std::string(files::folder_of(path));
}

void read_package_scripts(files::Tree& tree, Resolver& resolver) {
  for (const auto& package : tree.packages()) {
    const auto target = target_of_file(package.path);
    if (!target) continue;
    for (const auto& [name, unused] : package.scripts) {
      if (!is_one_of(name, deploy_scripts) && !named_for_production(name)) continue;
      resolver.script(package, name, "",
                      {.stage = stage_of(name), .target = *target, .folder = package.folder});
    }
  }
}

void read_dockerfiles(files::Tree& tree, Resolver& resolver) {
  for (const auto& path : tree.files()) {
    if (!is_dockerfile(path)) continue;
    auto target = target_of_file(path);
    if (!target && !files::never_deployed(path) && published(tree, path)) target = Target::any;
    const std::string* text = target ? tree.text(path) : nullptr;
    if (text) ImageCommands{resolver, path, *text, *target}.run();
  }
}

void read_makefiles(files::Tree& tree, Resolver& resolver) {
  for (const auto& path : tree.files()) {
    const auto base = files::base_of(path);
    const auto target =
        is_one_of(base, {"Makefile", "makefile", "GNUmakefile"}) ? target_of_file(path) : std::nullopt;
    const std::string* text = target ? tree.text(path) : nullptr;
    if (!text) continue;
    std::set<std::string> seen;
    for (const auto& rule : parse_makefile(*text)) {
      const bool deploys = rule.name == "deploy" || rule.name == "release" || named_for_production(rule.name);
      if (!deploys || !seen.insert(rule.name).second) continue;
      resolver.make_target(path, rule.name, {.stage = stage_of(rule.name), .target = *target});
    }
  }
}

void read_compose_files(files::Tree& tree, Resolver& resolver) {
  for (const auto& path : tree.files()) {
    const auto target = is_compose(path) ? target_of_file(path) : std::nullopt;
    const std::string* text = target ? tree.text(path) : nullptr;
    if (!text) continue;
    if (const auto root = yaml_of(tree, path, *text))
      for (const auto& [name, service] : files::yaml_entries(files::yaml_member(*root, "services")))
        read_service(resolver, path, *text, name, service, *target);
  }
}

void read_shell_entry_points(files::Tree& tree, Resolver& resolver) {
  for (const auto& path : tree.files()) {
    const auto target = is_entry_script(path) ? target_of_file(path) : std::nullopt;
    if (!target || only_in_development_images(tree, path)) continue;
    const auto base = files::base_of(path);
    const auto stage = contains_any(base, {"deploy", "release"}) ? DeployCommand::Stage::release
                       : contains(base, "build")                 ? DeployCommand::Stage::build
                                                                 : DeployCommand::Stage::start;
    resolver.file(path, {}, {.stage = stage, .target = *target, .folder = folder_of_package(tree, path)});
  }
}

void read_schema_calls(files::Tree& tree, Resolver& resolver) {
  const auto& packages = tree.packages();
  static constexpr auto orms = word_list("typeorm", "@nestjs/typeorm", "sequelize", "sequelize-typescript",
                                         "@mikro-orm/core", "@mikro-orm/postgresql");
  const bool uses_orm = std::ranges::any_of(packages, [](const files::Package& package) {
    return std::ranges::any_of(package.dependencies,
                               [](const std::string& name) { return is_one_of(name, orms); });
  });
  if (!uses_orm) return;
  for (const auto& path : tree.files()) {
    const bool configuration = orm_configuration(path);
    const bool json = files::base_of(path) == "ormconfig.json";
    const auto target = json || is_script_file(path) ? target_of_file(path) : std::nullopt;
    if (!target || !(configuration || application_code(path) || files::folder_of(path).empty())) continue;
    const std::string* text = tree.peek(path);
    if (!text || schema_calls_in_code(*text).empty()) continue;
    const files::Package* package = tree.package_of(files::folder_of(path));
    resolver.schema_calls(path,
                          {.target = *target, .folder = package ? package->folder : "", .entry = "code"});
  }
}

void read_application_code(files::Tree& tree, Resolver& resolver) {
  if (std::ranges::none_of(tree.packages(), &files::Package::uses_drizzle)) return;
  for (const auto& path : tree.files()) {
    if (!is_script_file(path) || !application_code(path) || !target_of_file(path)) continue;
    const std::string* text = tree.peek(path);
    if (!text || !contains(*text, "drizzle-kit")) continue;
    const files::Package* package = tree.package_of(files::folder_of(path));
    resolver.file(
        path, {},
        {.target = Target::not_production, .folder = package ? package->folder : "", .entry = "code"});
  }
}

}  // namespace pgadvise::deploy
