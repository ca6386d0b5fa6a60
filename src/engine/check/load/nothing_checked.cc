#include "check/load/nothing_checked.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/containers.h"
#include "base/text/text.h"
#include "check/load/unreadable.h"
#include "log/reader.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/interface/schema_in_code.h"

namespace pgadvise::check {
namespace {

bool of_other_log(const Error& error, const Workload& workload) {
  return std::ranges::any_of(workload.sources, [&](const LogSource& source) {
    return source.path == error.where && log::names_other_log(source.note) && error.what == source.note;
  });
}

// A file or folder below a named one, which the walk leaves out; or a log of another program.
bool any_unreadable(const Inputs& inputs) {
  return std::ranges::any_of(inputs.diagnostics, [&](const Error& error) {
    return is_unreadable(error) || of_other_log(error, inputs.workload);
  });
}

// Makes a warning of the error that a log is another program's.
void allow_other_logs(Inputs& inputs) {
  for (Error& error : inputs.diagnostics)
    if (of_other_log(error, inputs.workload)) error.kind = Error::Kind::nonfatal;
}

// Whether the diagnostic says that a PostgreSQL schema was not read: one that programs keep, one that can't
// be read, or scripts of no known tool, which are the other database's in a repository `of_others`.
bool names_unread_schema(const Error& error, bool of_others) {
  return migrations::names_schema_in_code(error) || (!of_others && migrations::names_unread_scripts(error)) ||
         names_unreadable_schema(error, {});
}

// The diagnostics of schemas that were not read become the run's error, and its last lines.
void end_with_unread_schema(Diagnostics& diagnostics, bool of_others, bool allow_empty) {
  const auto kept = std::stable_partition(diagnostics.begin(), diagnostics.end(), [&](const Error& error) {
    return !names_unread_schema(error, of_others);
  });
  if (allow_empty) return;
  for (auto error = kept; error != diagnostics.end(); ++error) error->kind = Error::Kind::usage;
  std::string& hint = diagnostics.back().hint;
  hint += (hint.empty() ? "" : "; ") + std::string("--allow-empty makes this a warning");
}

}  // namespace

bool any_failed(const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics,
                             [](const Error& error) { return error.kind != Error::Kind::nonfatal; });
}

std::string for_another_database(const Diagnostics& diagnostics) {
  constexpr std::string_view begin = " of another database (";
  std::set<std::string> names;
  for (const auto& error : diagnostics) {
    const auto at = error.what.find(begin);
    if (at == std::string::npos) continue;
    const auto name = std::string_view(error.what).substr(at + begin.size());
    names.insert(std::string(name.substr(0, name.find_first_of(",)"))));
  }
  if (names.empty()) return {};
  return "the SQL of the inputs is for another database (" +
         join(std::vector<std::string>(names.begin(), names.end()), ", ") + ")";
}

void explain_nothing_read(Inputs& inputs, std::size_t lost, bool allow_empty) {
  if (allow_empty) allow_other_logs(inputs);
  if (inputs.database.live) return;
  const bool failed = any_failed(inputs.diagnostics);
  const bool deploys = std::ranges::any_of(
      inputs.projects, [](const Project& project) { return !project.files_read.empty(); });
  if (!deploys && any_unreadable(inputs)) lost = std::max(lost, std::size_t{1});
  auto others = for_another_database(inputs.diagnostics);
  const Error* schema = find_first(
      inputs.diagnostics, [&](const Error& error) { return names_unread_schema(error, !others.empty()); });
  const bool known = !failed && schema;
  const std::string unread = known && !is_unreadable(*schema)
                                 ? schema->what
                                 : "no statement or log line of the inputs could be read";
  if (known) lost = std::max(lost, std::size_t{1});
  if (lost > 0 || !deploys)
    inputs.nothing.checked = failed     ? "an input could not be read"
                             : lost > 0 ? unread
                             : inputs.read.empty() && inputs.workload.sources.empty()
                                 ? "no input was found"
                                 : "the inputs contain no statement";
  if (!inputs.nothing.checked.empty() && !failed && lost == 0 && !others.empty()) {
    inputs.nothing.checked = std::move(others);
    inputs.nothing.to_check = true;
  }
  if (known) return end_with_unread_schema(inputs.diagnostics, !others.empty(), allow_empty);
  if (lost > 0 && !failed)
    inputs.diagnostics.push_back({allow_empty ? Error::Kind::nonfatal : Error::Kind::usage,
                                  {},
                                  unread,
                                  allow_empty ? "" : "with --allow-empty this is a warning"});
}

void explain_nothing_selected(Inputs& inputs, const log::Selection& selection, bool allow_empty) {
  auto error = log::nothing_selected(selection, inputs.workload.sources);
  if (!error) return;
  inputs.nothing.selected = error->where + " " + error->what;
  if (!inputs.nothing.checked.empty() && !inputs.nothing.to_check) inputs.nothing.checked = error->line();
  if (allow_empty) error->kind = Error::Kind::nonfatal;
  inputs.diagnostics.push_back(std::move(*error));
}

void explain_nothing_changed(Inputs& inputs, const MigrationOptions& options, files::Git& git) {
  if ((!options.changed && options.since.empty()) || options.all_schema) return;
  if (inputs.database.live || inputs.has_workload || !inputs.nothing.checked.empty()) return;
  if (inputs.chosen.changed_code && !inputs.chosen.changed_code->empty()) return;
  if (any_failed(inputs.diagnostics) || (inputs.schema_inputs.empty() && inputs.projects.empty())) return;
  std::string revision = options.since;
  if (options.changed) {
    const std::string& folder =
        inputs.schema_inputs.empty() ? inputs.projects.front().root : inputs.schema_inputs.front().path;
    const auto point = branch_point(git, folder.empty() ? "." : folder);
    revision = point ? point->substr(0, 12) : "the branch began";
  }
  inputs.nothing.checked =
      fmt::format("nothing changed since {}: no migration or schema file to check", ellipsis(revision, 60));
  inputs.nothing.to_check = true;
}

}  // namespace pgadvise::check
