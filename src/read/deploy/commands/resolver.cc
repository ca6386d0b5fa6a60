#include "deploy/commands/resolver.h"

#include <algorithm>

#include "base/text/mask.h"
#include "base/text/text.h"
#include "deploy/commands/orm_dialect.h"
#include "deploy/commands/schema_calls.h"
#include "deploy/commands/seeds.h"
#include "files/files.h"

namespace pgadvise::deploy {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t max_path = 12;          // steps of a call path
constexpr std::size_t max_commands = 20'000;  // of a repository

bool matches(const std::string& pattern, const std::string& name) {
  const auto star = pattern.find('*');
  if (star == std::string::npos) return pattern == name;
  return name.size() + 1 >= pattern.size() && name.compare(0, star, pattern, 0, star) == 0;
}

bool dev_script(const std::string& name) {
  return is_one_of(name, {"dev", "develop", "watch"}) || name.starts_with("dev:") ||
         ends_with_any(name, {":dev", ":local", ":watch", "-dev"});
}

// "a/b/c", "b/c", "c": the ends of a path, the longest first.
std::vector<std::string_view> ends_of(std::string_view path) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < path.size(); at = std::min(path.find('/', at), path.size() - 1) + 1)
    out.push_back(path.substr(at));
  return out;
}

bool is_below(std::string_view path, const std::string& folder) {
  return folder.empty() || path.starts_with(folder + "/");
}

// The way into a script or target of that folder: `step` is added to the call path, and `key` to what is
// being resolved, so that a circle is seen.
Way into(const Way& way, const std::string& key, std::string_view folder, std::string entry,
         std::string step) {
  Way out = way;
  out.folder = std::string(folder);
  out.entry = std::move(entry);
  out.path.push_back(std::move(step));
  out.open.push_back(key);
  out.image = nullptr;
  return out;
}

bool prefix_of(const std::vector<int>& a, const std::vector<int>& b) {
  return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
}

bool local_url(const std::string& text) {
  return contains(text, "://") && contains_any(text, {"@localhost", "@127.0.0.1", "//localhost",
                                                      "//127.0.0.1", "@0.0.0.0", "@host.docker.internal"});
}

// `docker exec -it` is typed by a person: docker refuses it where there is no terminal, as in a pipeline.
bool asks_for_terminal(const Words& words) {
  const auto docker = std::ranges::find_first_of(words, word_list("docker", "podman"));
  if (words.end() - docker < 3 || *(docker + 1) != "exec") return false;
  for (auto option = docker + 2; option != words.end() && option->starts_with('-'); ++option)
    if (*option == "--tty" || (!option->starts_with("--") && contains(*option, "t"))) return true;
  return false;
}

// NODE_ENV=development and DATABASE_URL=…@localhost in front of a command.
Target assigned(const ShellCommand& command) {
  Target out = Target::any;
  const auto consider = [&](const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || text[0] == '-') return;
    const std::string name = lower(text.substr(0, equals));
    const std::string value = text.substr(equals + 1);
    if (name.ends_with("_env") || name == "environment") {
      if (!value.empty() && value[0] != '$') out = std::max(out, environment_named(value));
    }
    if (local_url(value)) out = Target::development;
  };
  if (asks_for_terminal(command.words)) out = Target::not_production;
  for (const auto& text : command.assignments) consider(text);
  for (const auto& text : command.words) consider(text);
  for (const auto& word : command.words) {  // dotenv -e .env.local -- …
    if (!contains(word, ".env.")) continue;
    const Target named = environment_named(word.substr(word.rfind('.') + 1));
    if (named == Target::development) out = std::max(out, Target::development);
  }
  return out;
}

// Without the SQL of psql -c, which may hold rows.
std::string without_sql(std::string command) {
  const auto at = std::min(command.find(" -c"), command.find(" --command"));
  return at == std::string::npos ? command : command.substr(0, at) + " -c …";
}

// Appended to the last command of a script: `npm run db:push -- --force`.
std::string appended(const Invocation& invocation) {
  std::string out;
  for (std::size_t i = 1; i < invocation.words.size(); ++i)
    if (invocation.words[i] != "--" && invocation.words[i].find_first_of("\"'`$;&|<>\n") == std::string::npos)
      out += " " + invocation.words[i];
  return out;
}

Words masked(const Words& words) {
  Words out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool after_option = i > 0 && words[i - 1].find(' ') == std::string::npos &&
                              mask_credentials(words[i - 1] + " x").ends_with(" ***");
    out.push_back(after_option ? "***" : mask_credentials(words[i]));
  }
  return out;
}

}  // namespace

bool runs_development_server(const Words& words) {
  for (const auto& invocation : invocations(words)) {
    if (invocation.kind == Invocation::Kind::script && dev_script(invocation.name)) return true;
    if (invocation.kind == Invocation::Kind::file && invocation.name == "watch") return true;
    if (invocation.words.empty() || invocation.kind != Invocation::Kind::tool) continue;
    const std::string& tool = invocation.words[0];
    if (tool == "nodemon" || tool == "ts-node-dev" || tool == "air" || is_one_of("--watch", invocation.words))
      return true;
    if (tool == "vite" && !is_one_of("build", invocation.words) && !is_one_of("preview", invocation.words))
      return true;
    if (invocation.words.size() > 1 && invocation.words[1] == "dev") return true;
  }
  return is_one_of("--watch", words) || is_one_of("--hot", words);
}

void Resolver::shell(const ShellText& text, const Way& way) {
  if (!spend() || text.text.size() > files::text_limit) return;
  const auto commands = parse_shell(text.text, way.arguments);
  std::vector<std::vector<int>> servers;  // the branches of development servers
  for (const auto& item : commands)
    if (runs_development_server(item.words)) servers.push_back(item.branch);
  Way here = way;
  for (const auto& item : commands) {
    if (!item.words.empty() && (item.words[0] == "cd" || item.words[0] == "pushd")) {
      if (item.words.size() > 1) here.folder = change_folder(here.folder, item.words[1], way);
      continue;
    }
    if (!item.words.empty() && item.words[0] == "export")
      for (const auto& word : item.words)
        here.unprotected = here.unprotected || word.starts_with("DISABLE_DATABASE_ENVIRONMENT_CHECK=");
    here.target = std::max({way.target, item.target, assigned(item)});
    if (here.target == Target::development) continue;
    if (std::ranges::any_of(servers, [&](const auto& branch) { return prefix_of(branch, item.branch); }))
      continue;
    Way there = here;
    there.conditional = here.conditional || !item.branch.empty();
    command(item, text, there);
  }
}

void Resolver::words(const Words& list, const ShellText& where, const Way& way) {
  if (list.empty() || !spend() || runs_development_server(list)) return;
  ShellCommand item;
  item.words = list;
  item.end = where.text.size();
  command(item, where, way);
}

void Resolver::command(const ShellCommand& item, const ShellText& text, const Way& way) {
  if (way.path.size() > max_path) return;
  for (const auto& invocation : invocations(item.words)) {
    invoke(invocation, item, text, way);
    if (invocation.kind == Invocation::Kind::tool) seeds(invocation.words, item, way);
  }
  if (!item.words.empty() && !item.input.empty() && is_one_of(item.words[0], {"sh", "bash", "ssh"}))
    shell({item.input, text.file, text.offset + item.offset}, way);
}

void Resolver::invoke(const Invocation& invocation, const ShellCommand& item, const ShellText& text,
                      const Way& way) {
  switch (invocation.kind) {
    case Invocation::Kind::tool: {
      Way there = way;
      if (!invocation.folder.empty()) there.folder = change_folder(way.folder, invocation.folder, way);
      if (!invocation.package.empty())
        if (const auto named = tree_.packages_named(invocation.package); named.size() == 1)
          there.folder = named[0]->folder;
      if (invocation.words[0] == "make" || invocation.words[0] == "gmake")
        return make(invocation.words, there);
      return emit(invocation.words, item, text, there);
    }
    case Invocation::Kind::script: return run_script(invocation, item, text, way);
    case Invocation::Kind::shell: return shell({invocation.name, text.file, text.offset + item.offset}, way);
    case Invocation::Kind::file: return run_file(invocation, way);
  }
}

// What a tool's command reads: prisma's seed script, knex's and sequelize's folders, the file of psql -f and
// of prisma db execute.
void Resolver::seeds(const Words& words, const ShellCommand& item, const Way& way) {
  if (words.size() < 2 && item.source.empty()) return;
  const files::Package* package = tree_.package_of(way.folder);
  if (words[0] == "prisma" && words.size() > 2 && words[1] == "db" && words[2] == "seed") {
    if (!package || package->prisma_seed.empty()) return;
    const std::string key = package->path + "#prisma.seed";
    if (is_one_of(key, way.open)) return;
    return shell({package->prisma_seed, package->path, 0},
                 into(way, key, package->folder, "prisma seed", package->path + " prisma.seed"));
  }
  const bool knex = words[0] == "knex" && words[1] == "seed:run";
  if (knex || (words[0] == "sequelize" && words[1].starts_with("db:seed"))) {
    const std::string root = package ? package->folder : way.folder;
    for (const auto& path : tree_.files()) {
      if (knex || !is_below(path, root) || !contains(files::base_of(path), "config")) continue;
      // With a seederStorage sequelize remembers what it has run.
      const std::string* text = tree_.text(path);
      if (text && contains_any(*text, {"seederStorage\"", "seederStorage:"})) return;
    }
    for (const auto& path : tree_.files())
      if (is_below(path, root) && is_one_of(files::base_of(files::folder_of(path)), {"seeds", "seeders"}))
        file(path, {}, way);
    return;
  }
  const bool prisma = words[0] == "prisma" && words.size() > 2 && words[1] == "db" && words[2] == "execute";
  if (words[0] != "psql" && !prisma) return;
  for (std::size_t i = 1; i <= words.size(); ++i) {
    const bool named = i < words.size() && (words[i] == "-f" || words[i] == "--file") && i + 1 < words.size();
    const std::string name = named ? words[i + 1] : i == words.size() ? item.source : "";
    const std::string path = name.empty() ? "" : find_file(name, way);
    const std::string* content = path.empty() ? nullptr : tree_.text(path);
    if (!content || !spend()) continue;
    Way there = way;
    there.path.push_back(path);
    there.entry = "sql";
    calls(seeds_in_sql(*content), path, there);
  }
}

void Resolver::run_script(const Invocation& invocation, const ShellCommand& item, const ShellText& text,
                          const Way& way) {
  std::vector<const files::Package*> targets;
  if (!invocation.package.empty()) {
    targets = tree_.packages_named(invocation.package);
  } else if (invocation.everywhere) {
    for (const auto& package : tree_.packages()) targets.push_back(&package);
  } else if (const files::Package* package =
                 tree_.package_of(change_folder(way.folder, invocation.folder, way))) {
    targets.push_back(package);
    // Inside an image the working directory is a guess: the root's script is the next best.
    const files::Package* root = tree_.package_of("");
    if (way.image && !package->scripts.count(invocation.name) && root) targets.push_back(root);
  }
  bool found = false;
  for (const files::Package* package : targets) {
    for (const auto& [name, unused] : package->scripts) {
      if (!matches(invocation.name, name)) continue;
      found = true;
      Way there = way;
      there.arguments.clear();
      script(*package, name, appended(invocation), there);
    }
    if (found && !invocation.everywhere) break;
  }
  if (found || !invocation.may_be_tool) return;
  for (const auto& tool : invocations(invocation.words))
    if (tool.kind == Invocation::Kind::tool) {
      Way there = way;
      if (targets.size() == 1) there.folder = targets[0]->folder;
      emit(tool.words, item, text, there);
    } else if (tool.kind == Invocation::Kind::file) {
      run_file(tool, way);
    }
}

void Resolver::script(const files::Package& package, const std::string& name, const std::string& tail,
                      const Way& way) {
  body(package, "pre" + name, "", way);
  body(package, name, tail, way);
  body(package, "post" + name, "", way);
}

void Resolver::body(const files::Package& package, const std::string& name, const std::string& tail,
                    const Way& way) {
  const auto it = package.scripts.find(name);
  const std::string key = package.path + "#" + name;
  if (it == package.scripts.end() || is_one_of(key, way.open)) return;
  // Past the key and its quotes, so that the body is not looked for in its own name.
  shell({it->second + tail, package.path, package.script_offsets.at(name) + name.size() + 2},
        into(way, key, package.folder, "script " + name, package.path + " script " + name));
}

std::string Resolver::folder_in_image(const std::string& folder, const ImageFiles& image) {
  for (const auto end : ends_of(folder))
    if (tree_.has(files::join_path(end, "package.json"))) return files::normal_path(end);
  return tree_.has(files::join_path(image.folder, "package.json")) ? image.folder : std::string();
}

std::string Resolver::change_folder(const std::string& folder, const std::string& to, const Way& way) {
  // "$(dirname "$0")/.." and the like: the folder of the script is the best guess.
  if (to.empty() || to == "-" || to == "~" || contains_any(to, {"$", "`"})) return folder;
  if (to[0] != '/') return files::join_path(folder, to);
  return folder_in_image(files::normal_path(to), way.image ? *way.image : ImageFiles{});
}

std::string Resolver::find_file(const std::string& name, const Way& way) {
  std::string clean = name;
  if (const auto dollar = clean.find('$'); dollar != std::string::npos) {
    const auto slash = clean.find('/', dollar);
    if (slash == std::string::npos) return {};
    clean = clean.substr(slash + 1);
  }
  std::vector<std::string> candidates;
  if (clean[0] != '/') candidates.push_back(files::join_path(way.folder, clean));
  if (way.image)
    for (const auto& [source, destination] : way.image->copies)
      if (files::base_of(destination) == files::base_of(clean) ||
          files::base_of(source) == files::base_of(clean))
        for (const auto& folder : {way.image->folder, std::string()})
          candidates.push_back(files::join_path(folder, source));
  const std::string whole = files::normal_path(clean);
  for (const auto end : ends_of(whole)) {
    if (way.image) candidates.push_back(files::join_path(way.image->folder, end));
    candidates.emplace_back(end);
  }
  for (const auto& candidate : candidates)
    if (tree_.has(candidate)) return candidate;
  return way.image ? tree_.only_file_named(files::base_of(clean)) : std::string();
}

void Resolver::run_file(const Invocation& invocation, const Way& way) {
  if (way.image) {
    const auto written = way.image->written.find(std::string(files::base_of(invocation.name)));
    if (written != way.image->written.end()) {
      Way there = way;
      there.path.push_back(way.image->path + " writes " + written->first);
      there.image = nullptr;
      return shell({written->second.first, way.image->path, written->second.second}, there);
    }
  }
  if (const std::string path = find_file(invocation.name, way); !path.empty())
    file(path, invocation.words, way);
}

// make [-C folder] [-f file] [NAME=value …] target …
void Resolver::make(const Words& words, const Way& way) {
  std::string folder = way.folder;
  Words names = {"Makefile", "makefile", "GNUmakefile"};
  Words targets;
  Way there = way;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "-C" && i + 1 < words.size()) {
      folder = change_folder(folder, words[++i], way);
    } else if (words[i] == "-f" && i + 1 < words.size()) {
      names = {words[++i]};
    } else if (const auto equals = words[i].find('='); equals != std::string::npos) {
      const std::string name = lower(words[i].substr(0, equals));
      if (name == "env" || name.ends_with("_env") || name == "environment")
        there.target = std::max(there.target, environment_named(words[i].substr(equals + 1)));
    } else if (!words[i].starts_with("-")) {
      targets.push_back(words[i]);
    }
  }
  if (there.target == Target::development) return;
  for (const auto& name : names)
    if (const std::string path = files::join_path(folder, name); tree_.has(path)) {
      for (const auto& target : targets) make_target(path, target, there);
      return;
    }
}

void Resolver::make_target(const std::string& path, const std::string& name, const Way& way) {
  const std::string key = path + "#" + name;
  if (is_one_of(key, way.open) || way.path.size() > max_path || !spend()) return;
  auto makefile = makefiles_.find(path);
  if (makefile == makefiles_.end()) {
    const std::string* content = tree_.text(path);
    if (!content) return;
    makefile = makefiles_.emplace(path, parse_makefile(*content)).first;
  }
  Way there = into(way, key, files::folder_of(path), "target " + name, path + " target " + name);
  there.arguments.clear();
  for (const auto& target : makefile->second) {
    if (target.name != name) continue;
    for (const auto& need : target.needs) make_target(path, need, there);
    for (const auto& line : target.recipe) shell({line.text, path, line.offset}, there);
  }
}

void Resolver::file(const std::string& path, const Words& arguments, const Way& way) {
  // "start-dev.sh": an image for development, whatever its Dockerfile is called.
  const bool for_development = has_word(files::base_of(path), {"dev", "development", "local"});
  if (is_one_of(path, way.open) || for_development || !spend()) return;
  const std::string* content = tree_.text(path);
  if (!content || content->find('\0') != std::string::npos) return;
  Way there = way;
  there.open.push_back(path);
  there.path.push_back(path);
  there.arguments = arguments;
  const auto first_line = trim(std::string_view(*content).substr(0, content->find('\n')));
  const bool shebang = content->starts_with("#!");
  if (ends_with_any(path, {".sh", ".bash"}) || (shebang && first_line.ends_with("sh"))) {
    there.entry = "";
    return shell({*content, path, 0}, there);
  }
  if (ends_with_any(path, {".js", ".ts", ".mjs", ".cjs", ".mts"}) ||
      (shebang && contains(first_line, "node")))
    code(path, *content, there);
}

void Resolver::code(const std::string& path, const std::string& content, const Way& way) {
  const auto found = commands_in_code(content);
  for (const auto& command : found) {
    if (!command.call.empty()) continue;
    Way there = way;
    there.arguments.clear();
    shell({command.text, path, command.offset}, there);
  }
  calls(found, path, way);
  calls(schema_calls_in_code(content), path, way);
  const bool seeding = named_for_seeding(path) || named_for_seeding(way.entry);
  const bool emptying = named_for_emptying(files::base_of(path)) || named_for_emptying(way.entry);
  if (!seeding && !emptying) return;
  auto found_seeds = seeds_in_code(content);
  if (!seeding) std::erase_if(found_seeds, [](const CodeCommand& each) { return each.call[1] != "wipe"; });
  calls(found_seeds, path, way);
}

void Resolver::calls(const std::vector<CodeCommand>& found, const std::string& path, const Way& way) {
  for (const auto& command : found) {
    if (command.call.empty()) continue;
    ShellCommand item;
    item.end = command.text.size();
    emit(command.call, item, {command.text, path, command.offset}, way);
  }
}

void Resolver::schema_calls(const std::string& path, const Way& way) {
  const std::string* content = tree_.text(path);
  if (!content || !spend()) return;
  Way there = way;
  there.path.push_back(path);
  calls(schema_calls_in_code(*content), path, there);
}

// Where a command of a text really stands: JSON's escapes and YAML's indentation push it away from its
// offset.
static SourceLocation place_of(const ShellCommand& item, const ShellText& text, const std::string& content) {
  const std::size_t from = std::min(text.offset + item.offset, content.size());
  std::string needle = text.text.substr(std::min(item.offset, text.text.size()), item.end - item.offset);
  needle.resize(std::min(needle.find_first_of("\n\"\\"), needle.size()));
  std::size_t at = needle.empty() ? std::string::npos : content.find(needle, from);
  if (at == std::string::npos) at = from;
  return location_at(text.file, LineIndex(content), at);
}

void Resolver::emit(const Words& words, const ShellCommand& item, const ShellText& text, const Way& way) {
  if (words.empty() || words[0].empty() || words[0][0] == '$' || out_.size() > max_commands) return;
  if (words[0].starts_with("drizzle-kit") && !drizzle_is_postgresql(configs_, way.folder, words)) return;
  for (const auto& word : words)  // --config drizzle.config.test.ts
    if (contains(word, "config") && contains(word, ".") &&
        files::named_for_development(word.substr(word.find('=') + 1)))
      return;
  if (words[0] == "prisma" && !prisma_is_postgresql(tree_, way.folder, words)) return;
  if (is_one_of(words[0], {"typeorm", "sequelize", "mikro-orm"}) &&
      !node_is_postgresql(tree_, text.file, way.folder))
    return;
  const bool rails = words[0] == "rails" || words[0] == "rake";
  if (rails && !rails_is_postgresql(tree_)) return;
  const std::string* content = tree_.text(text.file);
  if (!content) return;
  DeployCommand out;
  std::string written = text.text.substr(std::min(item.offset, text.text.size()), item.end - item.offset);
  if (written.empty()) written = join(words, " ");
  out.command = ellipsis(mask_secrets(words[0] == "psql" ? without_sql(std::move(written)) : written), 200);
  out.words = masked(words);
  if (rails && (way.unprotected || contains(out.command, "DISABLE_DATABASE_ENVIRONMENT_CHECK=")))
    out.words.emplace_back("DISABLE_DATABASE_ENVIRONMENT_CHECK=1");
  out.entry = way.entry;
  out.place = place_of(item, text, *content);
  out.stage = way.stage;
  out.production = way.target == Target::any;
  out.conditional = way.conditional;
  out.path = way.path;
  out_.push_back(std::move(out));
}

}  // namespace pgadvise::deploy
