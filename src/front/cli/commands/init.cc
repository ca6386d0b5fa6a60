#include <algorithm>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/process/shell.h"
#include "base/text/line_ends.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/config/config.h"
#include "check/config/config_schema.h"
#include "check/config/ignore_entry.h"
#include "check/load/inputs.h"
#include "cli/commands/commands.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "deploy/repository.h"
#include "files/files.h"
#include "files/tree.h"
#include "files/write_files.h"
#include "migrations/folders/code_migrations.h"
#include "report/report.h"

namespace pgadvise::cli {
namespace {

namespace fs = std::filesystem;

struct InitCommand {
  std::string folder = ".";
  std::string ci;  // "": by what is there
  std::string action = "OWNER/pgadvise@main";
  bool dry_run = false;
  bool force = false;
  bool print_schema = false;
};

bool is_file(const fs::path& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

bool is_folder(const fs::path& path) {
  std::error_code code;
  return fs::is_directory(path, code);
}

bool mentions_pgadvise(const fs::path& path) {
  const auto text = read_file(path.string(), files::text_limit);
  return text && contains(*text, "pgadvise");
}

// The folder with .git at or above it; the folder itself where there is none.
fs::path root_of(const fs::path& folder) {
  std::error_code code;
  const fs::path here = fs::canonical(folder, code);
  if (code) return folder;
  for (fs::path at = here;; at = at.parent_path()) {
    if (fs::exists(at / ".git", code)) return (folder / fs::relative(at, here, code)).lexically_normal();
    if (at == at.parent_path()) return folder;
  }
}

// What a comment of TOML or YAML, and a word of YAML, may hold: names come from the file system.
std::string plain(const std::string& text) { return printable(text); }
std::string yaml_word(const std::string& text) { return "'" + replace_all(printable(text), "'", "''") + "'"; }

class Init {
 public:
  explicit Init(const InitCommand& options)
      : options_(options), folder_(fs::path(options.folder).lexically_normal()), root_(root_of(folder_)) {
    if (!folder_.has_filename() && folder_.has_parent_path() && folder_ != folder_.root_path())
      folder_ = folder_.parent_path();
  }

  int run() {
    if (!is_folder(folder_))
      return usage_error({Error::Kind::usage, folder_.string(), "is not a folder",
                          "pgadvise init, in the project's folder"});
    look();
    for (const auto& error : report::together(diagnostics_)) complain(error);
    if (schemas_.empty() && programs_.empty() && project_.files_read.empty()) {
      append(
          "pgadvise found no input here: no migrations, dump, drizzle snapshot, package.json, Dockerfile or "
          "workflow.\nNothing was written.\n");
      return print_output(out_);
    }
    append("Found\n");
    for (const auto& line : found_) append("  " + line + "\n");
    add_config();
    add_github();
    add_gitlab();
    add_pre_commit();
    if (const auto wrote = options_.dry_run ? Result<void>() : files::write_files(files_); !wrote) {
      print_output(out_);
      return usage_error(wrote.error());
    }
    list_files();
    list_next_steps();
    return print_output(out_);
  }

 private:
  void append(const std::string& text) { out_ += text; }

  std::string shown(const fs::path& path) const {
    const auto text = path.lexically_normal().generic_string();
    return text.starts_with("./") ? text.substr(2) : text;
  }

  // As the configuration names it: from its folder.
  std::string inside(const std::string& path) const {
    return files::relative_to(path, folder_.generic_string());
  }

  void look() {
    schemas_ = check::find_schemas({folder_.generic_string()}, diagnostics_);
    Diagnostics of_repository;  // check tells them
    project_ = deploy::read_repository(folder_.generic_string(), of_repository);
    for (const auto& schema : schemas_)
      found_.push_back(fmt::format("{}: {}", plain(inside(schema.path).empty() ? "." : inside(schema.path)),
                                   schema.what()));
    find_programs();
    constexpr std::size_t most = 4;
    std::vector<std::string> names;
    for (const auto& file : project_.files_read)
      if (names.size() < most) names.push_back(plain(file));
    if (!names.empty())
      found_.push_back(fmt::format("how it is built and deployed: {}{}", join(names, ", "),
                                   project_.files_read.size() > most
                                       ? fmt::format(" and {} more", project_.files_read.size() - most)
                                       : ""));
    github_ = is_folder(root_ / ".github");
    gitlab_ = is_file(root_ / ".gitlab-ci.yml");
    pre_commit_ = is_file(root_ / ".pre-commit-config.yaml");
    if (github_) found_.push_back(shown(root_ / ".github"));
    if (gitlab_) found_.push_back(shown(root_ / ".gitlab-ci.yml"));
    if (pre_commit_) found_.push_back(shown(root_ / ".pre-commit-config.yaml"));
  }

  // Folders of migrations that only a command can run.
  void find_programs() {
    constexpr std::size_t most = 4;
    for (auto& input : migrations::find_code_migrations(folder_.generic_string()))
      if (input.tool && !input.tool->migrate.empty()) programs_.push_back(std::move(input));
    for (std::size_t at = 0; at < std::min(most, programs_.size()); ++at) {
      const std::string path = inside(programs_[at].path);
      found_.push_back(
          fmt::format("{}: {}, which are programs", plain(path.empty() ? "." : path), programs_[at].what()));
    }
    if (programs_.size() > most)
      found_.push_back(counted(programs_.size() - most, "more folder") + " of migrations that are programs");
  }
  bool only_programs() const { return schemas_.empty() && !programs_.empty(); }

  // A file of its own; what is there already is left, but for --force.
  bool add(const fs::path& path, std::string content) {
    std::error_code code;
    files::NewFile file{path.lexically_normal().generic_string(), std::move(content), std::nullopt};
    if (fs::exists(fs::symlink_status(path, code))) {
      const auto before = read_file(file.path, files::text_limit);
      if (before) file.content = with_line_ends_of(*before, file.content);
      if (before && *before == file.content) {
        left_.push_back(shown(path) + " exists already, with the same content");
        return true;
      }
      if (!options_.force || !before) {
        left_.push_back(shown(path) + (before ? " exists already: not changed (--force replaces it)"
                                              : " exists already: not changed"));
        return false;
      }
      file.before = *before;
    }
    files_.push_back(std::move(file));
    return true;
  }

  void add_config() {
    const fs::path own = folder_ / "pgadvise.toml";
    const std::string above = check::find_config(folder_.string());
    std::error_code code;
    const bool here = fs::symlink_status(own, code).type() != fs::file_type::not_found;
    if (!above.empty() && !here && !options_.force)
      left_.push_back(above + " applies here, too: no file was written (--force writes one for this folder)");
    else add(own, config());
  }

  std::string config() const {
    std::string out =
        "# The inputs of pgadvise, and the findings that it does not report. `pgadvise rules` lists the "
        "rules;\n# `pgadvise rules explain ID` describes a rule and its options.\n\n[inputs]\n";
    for (const auto& line : found_) out += "# " + line + "\n";
    out += "paths = [\".\"]\n";
    std::vector<std::string> examples;
    for (const auto& schema : schemas_)
      if (const auto path = inside(schema.path); files::deployed_by_others(path + "/"))
        examples.push_back(check::toml_string(printable(path)));
    if (examples.size() < schemas_.size() && !examples.empty())
      out += "# exclude = [" + join(examples, ", ") + "]  # folders that nobody deploys\n";
    return out +
           "\n# A database to confirm findings on: pgadvise check --db @production. Passwords stay in "
           "~/.pgpass, a service file or the environment.\n"
           "# [databases.production]\n# url-env = \"DATABASE_URL\"  # or service = \"…\", of "
           "pg_service.conf\n\n" +
           migrate_command() +
           "# [rules.unbounded-result]\n# severity = \"note\"  # error, warning, note, off\n\n"
           "# [[ignore]]\n# rule = \"unindexed-foreign-key\"\n# object = \"public.audit_log.actor_id\"\n# "
           "reason = \"…\"\n";
  }

  // Of a tool whose migrations are programs if there is one: the others' SQL is read as it is.
  std::string migrate_command() const {
    const migrations::MigrationTool* tool = nullptr;
    if (!programs_.empty()) tool = programs_.back().tool;
    for (const auto& schema : schemas_)
      if (!tool && schema.tool && !schema.tool->migrate.empty()) tool = schema.tool;
    if (!tool) return {};
    if (only_programs())
      return "# check --allow-commands runs the command against a throwaway server, and checks what it "
             "executes.\n[migrate]\ncommand = " +
             check::toml_string(tool->migrate) + "\n\n";
    return "# [migrate]  # check --allow-commands runs the command against a throwaway server, and checks "
           "what it "
           "executes\n# command = " +
           check::toml_string(tool->migrate) + "\n\n";
  }

  bool wants(const char* ci, bool there) const { return options_.ci.empty() ? there : options_.ci == ci; }

  // A workflow that runs pgadvise already; "" when there is none.
  std::string github_step() const {
    std::error_code code;
    constexpr int max_entries = 1000;
    int entries = 0;
    for (fs::directory_iterator it(root_ / ".github" / "workflows", code), end;
         !code && it != end && entries < max_entries; it.increment(code), ++entries)
      if (it->path().filename() != "pgadvise.yml" && is_file(it->path()) && mentions_pgadvise(it->path()))
        return shown(it->path());
    return {};
  }

  // Where the step works: "" at the repository's root.
  std::string subfolder() const {
    std::error_code code;
    const auto out = fs::relative(folder_, root_, code).generic_string();
    return code || out == "." ? std::string() : out;
  }

  void add_github() {
    if (!wants("github", github_)) return;
    if (const auto step = github_step(); !step.empty()) {
      left_.push_back(step + " mentions pgadvise already: no workflow was written");
      return;
    }
    std::string out;
    if (options_.action.starts_with("OWNER/"))
      out += "# Replace OWNER/pgadvise@main by the repository of pgadvise and a release.\n";
    out +=
        "name: pgadvise\non: pull_request\npermissions:\n  contents: read\njobs:\n  pgadvise:\n    runs-on: "
        "ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v4\n        with:\n          fetch-depth: 0  # --changed compares "
        "with the target's branch\n";
    out += "      - uses: " + plain(options_.action) +
           "\n        with:\n          args: --changed --format github\n";
    if (!subfolder().empty()) out += "          working-directory: " + yaml_word(subfolder()) + "\n";
    if (add(root_ / ".github" / "workflows" / "pgadvise.yml", std::move(out)) &&
        options_.action.starts_with("OWNER/"))
      next_.push_back("replace OWNER/pgadvise@main by the repository of pgadvise in " +
                      shown(root_ / ".github" / "workflows" / "pgadvise.yml") +
                      " (or: pgadvise init --force --action NAME)");
  }

  void add_gitlab() {
    if (!wants("gitlab", gitlab_)) return;
    const fs::path main = root_ / ".gitlab-ci.yml";
    const bool included = is_file(main) && mentions_pgadvise(main);
    const std::string where = subfolder().empty() ? "" : "    - cd " + yaml_word(subfolder()) + "\n";
    const std::string report = files::join_path(subfolder(), "gl-code-quality-report.json");
    const bool written = add(
        root_ / ".gitlab" / "pgadvise.yml",
        "# PGADVISE_DEB, a variable of the project: the URL of the pgadvise package for Debian 13 "
        "(scripts/package makes it).\n"
        "pgadvise:\n  image: debian:trixie\n  rules:\n    - if: $CI_PIPELINE_SOURCE == "
        "\"merge_request_event\"\n  variables:\n    GIT_DEPTH: 0\n"
        "  before_script:\n    - apt-get update\n    - apt-get install -y --no-install-recommends "
        "ca-certificates curl git\n"
        "    - curl -fsSL -o /tmp/pgadvise.deb \"$PGADVISE_DEB\"\n    - apt-get install -y "
        "--no-install-recommends /tmp/pgadvise.deb\n"
        "    - git config --global --add safe.directory \"$CI_PROJECT_DIR\"\n    - git fetch -q origin "
        "\"+refs/heads/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME:refs/remotes/origin/"
        "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME\"\n"
        "  script:\n" +
            where +
            "    - pgadvise check --changed --format gitlab -o gl-code-quality-report.json --format text\n"
            "  artifacts:\n    when: always\n    reports:\n      codequality: " +
            yaml_word(report) + "\n");
    if (included || !written) return;
    next_.push_back("set PGADVISE_DEB among the project's CI variables");
    additions_.emplace_back(shown(main), "include:\n  - local: .gitlab/pgadvise.yml\n");
  }

  void add_pre_commit() {
    const fs::path main = root_ / ".pre-commit-config.yaml";
    if (!pre_commit_ || mentions_pgadvise(main)) return;
    const std::string entry =
        subfolder().empty() ? "pgadvise check --changed"
                            : "sh -c " + yaml_word("cd " + subfolder() + " && pgadvise check --changed");
    additions_.emplace_back(
        shown(main) + ", under repos",
        "  - repo: local\n    hooks:\n      - id: pgadvise\n        name: pgadvise\n        entry: " + entry +
            "\n        language: system\n        pass_filenames: false\n        files: "
            "'\\.sql$|_journal\\.json$|_snapshot\\.json$|snapshot\\.json$'\n");
  }

  void list_files() {
    if (!files_.empty()) append(options_.dry_run ? "\nWould write\n" : "\nWrote\n");
    for (const auto& file : files_) {
      append("  " + plain(shown(file.path)) + (file.before ? ", replaced" : "") + "\n");
      if (!options_.dry_run) continue;
      for (const auto line : split(trim(file.content), '\n'))
        append(line.empty() ? "\n" : "      " + printable_block(line) + "\n");
    }
    if (!left_.empty()) append("\nLeft\n");
    for (const auto& line : left_) append("  " + plain(line) + "\n");
    for (const auto& [file, lines] : additions_)
      append(fmt::format("\nTo add to {}\n\n{}", plain(file), lines));
  }

  void list_next_steps() {
    const std::string at = folder_ == "."
                               ? ""
                               : " " + (folder_.generic_string().find_first_of(" '\"$\\") == std::string::npos
                                            ? plain(folder_.generic_string())
                                            : quote_shell(plain(folder_.generic_string())));
    append("\nNext\n");
    const std::string check = only_programs() ? "pgadvise check --allow-commands" : "pgadvise check";
    append("  " + (at.empty() ? check : "cd" + at + " && " + check) + "\n");
    append(
        "  pgadvise check --baseline .pgadvise-baseline.json --update-baseline, to accept today's "
        "findings\n");
    for (const auto& line : next_) append("  " + plain(line) + "\n");
    if (!wants("github", github_) && !wants("gitlab", gitlab_) && options_.ci.empty())
      append("  pgadvise init --ci github, or --ci gitlab, for a CI step: the project has no CI files\n");
  }

  const InitCommand& options_;
  fs::path folder_;
  fs::path root_;  // of the repository
  Diagnostics diagnostics_;
  std::vector<migrations::SchemaInput> schemas_;
  std::vector<migrations::SchemaInput> programs_;  // of tools that have a migrate command
  Project project_;
  bool github_ = false, gitlab_ = false, pre_commit_ = false;
  std::vector<std::string> found_;
  std::vector<files::NewFile> files_;
  std::vector<std::string> left_;
  std::vector<std::pair<std::string, std::string>>
      additions_;  // to files that people keep: where, and which lines
  std::vector<std::string> next_;
  std::string out_;
};

int run(const InitCommand& options) {
  return options.print_schema ? print_output(check::config_schema()) : Init(options).run();
}

}  // namespace

void add_init(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<InitCommand>();
  auto* command = app.add_subcommand("init", "Write pgadvise.toml and a CI step for a project");
  command->add_option("PATH", options->folder, "The project's folder; default: the current directory");
  command
      ->add_option("--ci", options->ci,
                   "CI system to write a step for; default: the CI systems that the project has files of")
      ->check(CLI::IsMember({"github", "gitlab", "none"}))
      ->type_name("{github,gitlab,none}");
  command
      ->add_option("--action", options->action,
                   "The action that the GitHub workflow uses: pgadvise's repository and a release")
      ->type_name("OWNER/REPOSITORY@REF");
  command->add_flag("--force", options->force, "Replace files that exist; default: leave them unchanged");
  command->add_flag("--dry-run", options->dry_run,
                    "Print the files that init would write, and write nothing");
  command->add_flag("--print-schema", options->print_schema,
                    "Print the JSON Schema of pgadvise.toml, for editors, and exit");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace pgadvise::cli
