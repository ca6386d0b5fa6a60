#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/text/line_ends.h"
#include "base/text/text.h"
#include "check/config/ignore_entry.h"
#include "check/findings/index_search.h"
#include "check/run/fixes.h"
#include "cli/commands/commands.h"
#include "cli/commands/review_plan.h"
#include "cli/options/check_options.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/output/reports.h"
#include "drizzle/schema/table_location.h"
#include "files/files.h"
#include "migrations/folders/code_migrations.h"
#include "migrations/writing/edit_migration.h"
#include "migrations/writing/new_migration.h"
#include "migrations/writing/split_migration.h"
#include "report/common.h"
#include "report/report.h"
#include "review/lock_impact.h"
#include "review/session.h"
#include "review/terminal.h"

namespace pgadvise::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t source_limit = std::size_t{64} << 20;

// Milliseconds since 1970; SOURCE_DATE_EPOCH (seconds) stands for the clock where the same bytes are wanted
// twice.
std::int64_t migration_time() {
  if (const char* fixed = std::getenv("SOURCE_DATE_EPOCH"))
    if (const long long seconds = std::atoll(fixed); seconds > 0 && seconds < 100'000'000'000)
      return seconds * 1000;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class CheckedHost : public review::Host {
 public:
  explicit CheckedHost(const CheckRun& run) : run_(run) {}

  review::FixView fix(const Finding& finding) override {
    review::FixView out;
    out.refused = refusal(finding);
    if (splits_migration(finding)) return split_view(finding);
    if (!finding.fix || finding.fix->sql.empty()) return out;
    out.sql = finding.fix->sql;
    if (!out.refused.empty()) return out;
    if (edits_migration(finding)) {
      const auto edited = edit_of(finding);
      if (!edited) out.refused = edited.error().what;
      else out.lock_impact.push_back("Goes into " + edited->path + ", as long as it has not run.");
      return out;
    }
    const migrations::SchemaInput* input = input_of(finding);
    const auto fitted = migrations::fit(input, change_of(finding));
    if (!fitted) {
      out.refused = fitted.error().what;
      return out;
    }
    out.sql = join(fitted->up, ";\n") + ";";
    out.lock_impact = review::lock_impact(fitted->up, *finding.fix, catalog_of(finding), table_of(finding));
    if (!fitted->note.empty()) out.lock_impact.insert(out.lock_impact.begin(), fitted->note + ".");
    add_schema_line(finding, out);
    return out;
  }

  std::optional<report::Source> source(const Finding& finding) override {
    return run_.how.source(finding, 1);
  }

  Result<std::string> plan(const Finding& finding, bool run, const report::Look& look) override {
    return plan_of(finding, run_, run, run_.how.show_literals, look);
  }

  Result<review::Pending> prepare(const review::Choices& choices) override {
    review::Pending out;
    ByInput by_input;
    std::map<std::string, std::vector<const Finding*>> splits;  // by file
    for (const auto* finding : choices.accepted) {
      if (splits_migration(*finding)) splits[finding->fix->statement->file].push_back(finding);
      else if (!edits_migration(*finding))
        changes_for(input_of(*finding), by_input).push_back(change_of(*finding));
    }
    for (const auto& [file, findings] : splits) add_split(file, findings, by_input, out);
    for (const auto* finding : choices.accepted)
      if (edits_migration(*finding)) add_edit(*finding, out);
    for (const auto& [input, changes] : by_input) {
      auto made = migrations::new_migration(input, ".", changes, now_);
      if (!made) {
        add_failure(made.error(), out);
        continue;
      }
      for (auto& file : made->files) out.files.push_back(std::move(file));
      for (auto& note : made->notes) out.notes.push_back(std::move(note));
      if (!input) out.notes.push_back(no_tool());
    }
    TRY_VOID(add_ignores(choices, out));
    if (out.files.empty() && !out.failed.empty()) return tl::unexpected(out.failed.front());
    return out;
  }

  Result<void> write(const review::Pending& pending) override { return files::write_files(pending.files); }

 private:
  // Whether the fix is a setting at the beginning of the migration.
  static bool edits_migration(const Finding& finding) {
    return finding.rule == "missing-lock-timeout" && finding.fix && !finding.fix->sql.empty() &&
           finding.in_file() && finding.location->file.ends_with(".sql");
  }

  using ByInput = std::vector<std::pair<const migrations::SchemaInput*, std::vector<migrations::Change>>>;

  static std::vector<migrations::Change>& changes_for(const migrations::SchemaInput* input, ByInput& all) {
    for (auto& [known, changes] : all)
      if (known == input) return changes;
    return all.insert(all.end(), {input, {}})->second;
  }

  // Whether the fix takes a statement out of the migration, or replaces it there.
  static bool splits_migration(const Finding& finding) {
    return finding.fix && finding.fix->statement && finding.fix->proposed_by.empty() &&
           finding.fix->statement->file.ends_with(".sql");
  }

  Result<migrations::SplitMigration> split_of(const std::string& file,
                                              const std::vector<const Finding*>& findings) const {
    const bool timeout_set = std::ranges::any_of(run_.inputs.projects, [](const Project& project) {
      return std::ranges::any_of(project.timeouts,
                                 [](const SessionTimeout& one) { return one.lock && one.unread.empty(); });
    });
    std::vector<migrations::StatementSplit> splits;
    for (const auto* finding : findings)
      splits.push_back({finding->rule,
                        finding->rule + ": " +
                            (finding->fix->sql.empty() ? "apart from the other statements, and their locks"
                                                       : finding->fix->title),
                        *finding->fix->statement, finding->fix->sql, !timeout_set});
    const std::vector<Migration> none;
    const std::vector<Migration>* checked = &none;
    for (const auto& schema : run_.inputs.schemas)
      if (schema.migrations &&
          std::ranges::any_of(*schema.migrations, [&](const Migration& one) { return one.file == file; }))
        checked = &*schema.migrations;
    return migrations::split_migration(input_of(*findings.front()), *checked, file, std::move(splits));
  }

  review::FixView split_view(const Finding& finding) const {
    review::FixView out;
    out.sql = finding.fix->sql;
    const std::string& file = finding.fix->statement->file;
    const auto split = split_of(file, {&finding});
    if (!split) {
      out.refused = split.error().what;
      return out;
    }
    out.lock_impact.push_back("Changes " + file + ", as long as it has not run" +
                              (split->later.empty() ? "." : ", and adds a migration after the last one."));
    for (const auto& note : split->notes) out.lock_impact.push_back(note + ".");
    if (finding.fix->sql.empty())
      out.lock_impact.push_back("The statement at line " + std::to_string(finding.fix->statement->line) +
                                " moves to that migration; the locks of the other statements end before.");
    return out;
  }

  void add_split(const std::string& file, const std::vector<const Finding*>& findings, ByInput& by_input,
                 review::Pending& out) const {
    auto split = split_of(file, findings);
    if (!split) return add_failure(split.error(), out);
    out.files.push_back(std::move(split->file));
    for (const auto& note : split->notes) add_note(note, out);
    if (split->later.empty()) return;
    auto& changes = changes_for(input_of(*findings.front()), by_input);
    for (auto& change : split->later) changes.push_back(std::move(change));
  }

  // Before the migration's first statement that locks or changes something, in the file as `out` has it.
  Result<files::NewFile> edit_of(const Finding& finding, const review::Pending& out = {}) const {
    int line = finding.location->line;
    for (const auto& schema : run_.inputs.schemas)
      for (const auto& migration : schema.migrations.value_or(std::vector<Migration>()))
        if (migration.file == finding.location->file && !migration.steps.empty())
          line = std::min(line, migration.steps.front().place.line);
    for (const auto& file : out.files)
      if (file.path == finding.location->file)
        return migrations::with_statement(file, line, finding.fix->sql);
    return migrations::with_statement(finding.location->file, line, finding.fix->sql);
  }

  void add_edit(const Finding& finding, review::Pending& out) const {
    auto edited = edit_of(finding, out);
    if (edited) {
      std::erase_if(out.files, [&](const files::NewFile& other) { return other.path == edited->path; });
      if (edited->content != edited->before) out.files.push_back(std::move(*edited));
      return add_note(migrations::run_again_note(finding.location->file), out);
    }
    add_failure(edited.error(), out);
  }

  static void add_note(const std::string& note, review::Pending& out) {
    if (std::ranges::find(out.notes, note) == out.notes.end()) out.notes.push_back(note);
  }

  static void add_failure(const Error& error, review::Pending& out) {
    out.failed.push_back(error);
    out.notes.push_back("Not written: " + error.line());
  }

  // Why a finding's fix can be no part of a migration, before its SQL is looked at.
  std::string refusal(const Finding& finding) const {
    if (!finding.fix) return "there is none";
    if (!finding.fix->proposed_by.empty() && finding.fix->sql.empty())
      return "a finding that is not shown here proposes its index";
    if (edits_migration(finding) || splits_migration(finding)) return {};
    const auto* rule = lint::find_rule(finding.rule);
    if (rule && rule->category == "migration") {
      const std::string where = finding.in_file() ? finding.location->file : "the migration";
      return "it concerns " + where + " itself: change that file, as long as the migration has not run";
    }
    if (finding.fix->sql.empty() || finding.fix->safety == Fix::Safety::manual)
      return "this fix must be applied by hand";
    return {};
  }

  std::string folder() const { return run_.inputs.paths.empty() ? "." : run_.inputs.paths.front(); }

  static migrations::Change change_of(const Finding& finding) {
    return {finding.rule + ": " + finding.fix->title, finding.fix->sql, finding.fix->down_sql};
  }

  // Where schemas differ, a finding's subject has the path of its own (check/merge.h).
  std::vector<const check::Schema*> schemas_of(const Finding& finding) const {
    std::vector<const check::Schema*> all, own;
    for (const auto& schema : run_.inputs.schemas) {
      if (!schema.catalog) continue;
      all.push_back(&schema);
      if (schema.path == finding.subject.file) own.push_back(&schema);
    }
    return own.empty() ? all : own;
  }

  // The catalog that has the finding's table, else the first one; nullptr: there is none.
  const Catalog* catalog_of(const Finding& finding) const {
    if (run_.inputs.database.live) return run_.inputs.database.live.get();
    const Catalog* first = nullptr;
    for (const auto* schema : schemas_of(finding)) {
      if (schema->catalog->table(check::table_of(finding))) return &*schema->catalog;
      if (!first) first = &*schema->catalog;
    }
    return first;
  }

  const Table* table_of(const Finding& finding) const {
    const Catalog* catalog = catalog_of(finding);
    return catalog ? catalog->table(check::table_of(finding)) : nullptr;
  }

  static bool holds(const migrations::SchemaInput& input, const std::string& file) {
    return std::ranges::any_of(input.files,
                               [&](const migrations::SchemaFile& one) { return one.path == file; });
  }

  // The migrations folder that made what the finding is about; nullptr: there is none that a new migration
  // can be written to.
  const migrations::SchemaInput* input_of(const Finding& finding) const {
    std::vector<const migrations::SchemaInput*> folders;
    for (const auto& schema : run_.inputs.schema_inputs)
      if (schema.tool && !schema.files.empty()) folders.push_back(&schema);
    for (const auto* folder : folders)
      if (folder->path == finding.subject.file) return migrations::writes_for(*folder) ? folder : nullptr;
    std::vector<std::string> files;
    if (finding.in_file()) files.push_back(finding.location->file);
    const QualifiedName name = check::table_of(finding);
    for (const auto* schema : schemas_of(finding))
      if (const Table* table = schema->catalog->table(name); table && !table->origin.live())
        files.push_back(table->origin.file);
    const migrations::SchemaInput* found = folders.size() == 1 ? folders[0] : nullptr;
    for (const auto& file : files) {  // the finding's own location first
      const auto holder =
          std::ranges::find_if(folders, [&](const auto* folder) { return holds(*folder, file); });
      if (holder == folders.end()) continue;
      found = *holder;
      break;
    }
    if (folders.empty()) return program_of(name.name);
    return found && migrations::writes_for(*found) ? found : nullptr;
  }

  // Of migrations that are programs, which no check reads.
  const migrations::SchemaInput* program_of(const std::string& table) const {
    std::error_code code;
    if (!programs_) {
      programs_ = migrations::find_code_migrations(fs::is_directory(folder(), code) ? folder() : ".");
      std::erase_if(*programs_, [&](const migrations::SchemaInput& one) {
        const bool writes = migrations::writes_for(one);
        if (!writes) not_written_ = one.tool->id();
        return !writes;
      });
    }
    return migrations::code_migrations_of(*programs_, table);
  }

  std::string no_tool() const {
    for (const auto& schema : run_.inputs.schema_inputs)
      if (schema.tool && !migrations::writes_for(schema))
        return fmt::format(
            "{} stores more than SQL for a migration: create a migration with it, and copy the statements "
            "into it",
            schema.tool->id());
    if (!not_written_.empty() && programs_->empty())
      return fmt::format(
          "pgadvise writes no migrations for {}, whose migrations are programs: create a migration with "
          "it, and copy the statements into it",
          not_written_);
    return "pgadvise does not know the migrations folder for these statements";
  }

  const Project* project_of(const Finding& finding) const {
    const auto* input = input_of(finding);
    const Project* best = nullptr;
    for (const auto& project : run_.inputs.projects) {
      const bool within = project.root == "." || (input && input->path.starts_with(project.root + "/"));
      if (project.drizzle && (within || run_.inputs.projects.size() == 1) &&
          (!best || project.root.size() > best->root.size()))
        best = &project;
    }
    return best;
  }

  const std::optional<std::string>& text_of(const std::string& file) {
    const auto [at, added] = texts_.try_emplace(file);
    if (added)
      if (auto text = read_file(file, source_limit)) at->second = std::move(*text);
    return at->second;
  }

  void add_schema_line(const Finding& finding, review::FixView& out) {
    const Project* project = project_of(finding);
    if (!project) return;
    const std::string constant = project->drizzle_name(check::table_of(finding));
    if (constant.empty()) return;
    const std::string first = lower(out.sql.substr(0, 10));
    if (first == "drop index") out.schema_line = fmt::format("// goes: index('{}')", finding.subject.index);
    else if (finding.proposal && !finding.proposal->include.empty()) return;
    else out.schema_line = finding.fix->drizzle;
    if (out.schema_line.empty()) return;
    for (const auto& file : project->files_read) {
      if (!file.ends_with(".ts") && !file.ends_with(".js") && !file.ends_with(".mts") &&
          !file.ends_with(".mjs"))
        continue;
      const std::string path = project->root == "." ? file : files::path_under(project->root, file);
      const auto text = text_of(path);
      const auto place = text ? drizzle::drizzle_place(*text, constant) : std::nullopt;
      if (!place) continue;
      set_schema_place(path, *place, constant, finding.proposal.has_value(), out);
      return;
    }
  }

  static void set_schema_place(const std::string& path, const drizzle::DrizzlePlace& place,
                               const std::string& constant, bool index, review::FixView& out) {
    if (!index) {
      out.schema_place = fmt::format("{}:{} ({})", path, place.line, constant);
      return;
    }
    if (place.list_line)
      out.schema_place = fmt::format("{}:{}, the list of {}", path, place.list_line, constant);
    else
      out.schema_place =
          fmt::format("{}:{}, as the third argument of {}'s pgTable", path, place.line, constant);
    if (!place.list_line) out.schema_line = "(table) => [" + out.schema_line + "]";
    else if (!place.parameter.empty())
      out.schema_line = replace_all(out.schema_line, "table.", place.parameter + ".");
    else out.schema_line += "  // (table) => …";
  }

  std::string config_path() const {
    if (!run_.inputs.config.path.empty()) return run_.inputs.config.path;
    std::error_code code;
    return files::path_under(fs::is_directory(folder(), code) ? folder() : ".", "pgadvise.toml");
  }

  Result<void> add_ignores(const review::Choices& choices, review::Pending& out) {
    if (choices.ignored.empty()) return {};
    files::NewFile file{config_path(), {}, std::nullopt};
    std::error_code code;
    if (fs::exists(file.path, code)) {
      TRY(file.before, read_file(file.path));
    }
    std::vector<check::Ignored> ignored;
    for (const auto& [finding, reason] : choices.ignored) ignored.push_back({finding, reason});
    TRY(auto content, check::with_ignores(file.path, file.before.value_or(""), ignored, run_.report.findings,
                                          run_.inputs.config.origin));
    file.content = with_line_ends_of(file.before.value_or(""), content);
    out.files.push_back(std::move(file));
    return {};
  }

  const CheckRun& run_;
  const std::int64_t now_ = migration_time();
  // Once asked for. Those that pgadvise writes for; `not_written_`: the id of a tool of the others.
  mutable std::optional<std::vector<migrations::SchemaInput>> programs_;
  mutable std::string_view not_written_;
  std::map<std::string, std::optional<std::string>> texts_;
};

void print_written(const review::Ending& ending, CheckedHost& host) {
  std::string out;
  for (const auto& file : ending.pending.files)
    out += fmt::format("{} {}\n", file.before ? "changed" : "wrote  ", printable(file.path));
  for (const auto* finding : ending.choices.accepted) {
    const auto fix = host.fix(*finding);
    if (!fix.schema_line.empty())
      out += fmt::format("\nTo paste into {}:\n  {}\n",
                         printable(fix.schema_place.empty() ? "schema.ts" : fix.schema_place),
                         printable_block(fix.schema_line));
  }
  if (!ending.pending.notes.empty()) out += "\n";
  std::vector<std::string> notes;
  for (const auto& note : ending.pending.notes)
    report::add_paragraph(notes, {false, use_unicode(), output_width({}, 80)}, "- ", "  ", note);
  for (const auto& line : notes) out += line + "\n";
  print_output(out);
}

int finish(const review::Ending& ending, CheckedHost& host, const Diagnostics& diagnostics) {
  using How = review::Ending::How;
  const auto say = [](const char* text) { std::fprintf(stderr, "pgadvise: %s\n", text); };
  switch (ending.how) {
    case How::written:
      print_written(ending, host);
      for (const auto& error : ending.pending.failed) complain(error);
      if (!ending.pending.failed.empty()) return exit_usage;
      break;
    case How::nothing: say("you chose nothing: nothing was written"); break;
    case How::left: say("nothing was written"); break;
    case How::interrupted: return say("interrupted: nothing was written"), 128 + ending.signal;
    case How::no_more_input: return say("the input ended: nothing was written"), exit_usage;
    case How::failed: return usage_error(*ending.error);
  }
  return exit_code_of(diagnostics);
}

int review(const CheckOptions& options) {
  const auto run = run_check(options);
  if (!run) return usage_errors(run.error());
  const Diagnostics& diagnostics = run->report.diagnostics;
  for (const auto& error : report::together(diagnostics)) complain(error);
  auto findings = report::standing(run->report);
  const auto further = check::as_findings(run->report.further_indexes, run->report.workload_cost);
  for (const Finding& finding : further) findings.push_back(&finding);
  if (findings.empty()) {
    report::Options how = run->how;
    set_style(how);
    how.color = use_color({});
    how.links = use_links({});
    how.width = output_width({});
    print_output(report::render("text", report::without_secrets(run->report), how));
    return exit_code_of(diagnostics);
  }
  CheckedHost host(*run);
  review::Ending ending;
  {
    review::Terminal terminal;
    ending = review::walk(findings, terminal, host, {use_color({}), use_unicode(), 80});
  }
  return finish(ending, host, diagnostics);
}

}  // namespace

void add_review(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<CheckOptions>();
  options->settings.user_paths = user_paths;
  auto* command = app.add_subcommand("review",
                                     "Go through the findings one by one: accept fixes into a new migration, "
                                     "or ignore findings with a reason");
  add_inputs(*command, *options);
  command->add_option("--baseline", options->settings.baseline,
                      "Show only findings that this file does not list (.pgadvise-baseline.json)");
  add_choices(*command, *options);
  command->footer(
      "The keys are those of git add -p; ? lists them. The last screen shows all changes; review writes them "
      "only after the key w.\nExit codes: 0 success, 2 wrong usage or a file that could not be written, 3 "
      "the database can't be reached or read, 130 Ctrl-C.");
  command->callback([options, command, &exit_code] {
    auto fine = check_words(*command, *options);
    if (!review::is_terminal())
      fine = fail(Error::Kind::usage, "review", "needs a terminal for input and output",
                  "use pgadvise check for a report");
    exit_code = fine ? review(*options) : usage_error(fine.error());
  });
}

}  // namespace pgadvise::cli
