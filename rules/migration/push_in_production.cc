#include <algorithm>
#include <map>

#include "base/text.h"
#include "lint/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

struct Push {
  std::string_view what;     // "drizzle-kit push"
  std::string_view instead;  // the fix
  bool forced = false;       // no question is asked before data is lost
};

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& w) { return w == word || w.compare(0, word.size() + 1, std::string(word) + "=") == 0; });
}

constexpr std::string_view drizzle_fix =
    "Deploy migrations: `drizzle-kit generate` while developing, `drizzle-kit migrate` (or migrate() of drizzle-orm) here";
constexpr std::string_view prisma_fix =
    "Deploy migrations: `prisma migrate dev` while developing, `prisma migrate deploy` here";

std::optional<Push> push_of(const DeployCommand& command) {
  const auto& words = command.words;
  if (words.size() < 2 || has(words, "--help") || has(words, "-h")) return std::nullopt;
  // The subcommand; prisma and drizzle-kit let options stand in front of it.
  const bool drizzle = words[0] == "drizzle-kit";
  if (words[0] == "drizzle-kit/api") return Push{"pushSchema of drizzle-kit/api", drizzle_fix};
  if (drizzle && (words[1] == "push" || words[1] == "push:pg" || words[1] == "push-pg"))
    return Push{"drizzle-kit push", drizzle_fix, has(words, "--force")};
  if (words[0] != "prisma" || words.size() < 3) return std::nullopt;
  if (words[1] == "db" && words[2] == "push")
    return Push{"prisma db push", prisma_fix, has(words, "--accept-data-loss") || has(words, "--force-reset")};
  if (words[1] == "migrate" && words[2] == "reset") return Push{"prisma migrate reset", prisma_fix, true};
  if (words[1] == "migrate" && words[2] == "dev") return Push{"prisma migrate dev", prisma_fix};
  return std::nullopt;
}

std::string_view when(DeployCommand::Stage stage) {
  switch (stage) {
    case DeployCommand::Stage::image_build: return "while the image is built";
    case DeployCommand::Stage::start: return "when the application starts";
    case DeployCommand::Stage::release: return "on release";
    case DeployCommand::Stage::build: return "on build";
    case DeployCommand::Stage::ci: return "in a workflow";
    case DeployCommand::Stage::compose: break;
  }
  return "when the service starts";
}

std::string consequence(const Push& push) {
  if (push.what == "prisma migrate reset") return "it drops the database first.";
  if (push.what == "prisma migrate dev") return "it may ask to reset the database, and makes migrations of its own.";
  const std::string how = push.forced ? "it drops columns and tables without asking"
                                      : "whatever differs is changed at once, a renamed column dropped perhaps";
  return how + ", and no migration records it or takes it back.";
}

Place located(const Project& project, Place place) {
  if (!project.root.empty() && project.root != ".")
    place.file = (project.root.back() == '/' ? project.root : project.root + "/") + place.file;
  return place;
}

// A way that another one contains, from its own entry point on, says nothing new.
bool contained(const DeployCommand& way, const std::vector<const DeployCommand*>& ways) {
  return std::any_of(ways.begin(), ways.end(), [&](const DeployCommand* other) {
    return other->path.size() >= way.path.size() && other->production == way.production &&
           std::equal(way.path.rbegin(), way.path.rend(), other->path.rbegin());
  });
}

// One place reached on several ways is one finding: its worst, with all ways.
struct Found {
  std::vector<const DeployCommand*> ways;
  Push push;
  bool production = false;
};

std::string subject_entry(const DeployCommand& command, std::map<std::string, int>& seen) {
  const std::string key = command.place.file + "\n" + command.entry;
  const int count = ++seen[key];
  return count == 1 ? command.entry : command.entry + " #" + std::to_string(count);
}

void report_place(const Project& project, Reporter& reporter, const Found& found, std::map<std::string, int>& seen) {
  const auto first = *std::find_if(found.ways.begin(), found.ways.end(),
                                   [&](const DeployCommand* way) { return way->production == found.production; });
  Severity severity = found.push.forced ? Severity::error : Severity::warning;
  if (!found.production) severity = Severity::note;
  std::string message = "`" + std::string(found.push.what) + "` runs " + std::string(when(first->stage)) +
                        (found.production ? ": " : ", perhaps not against production: ") + consequence(found.push);
  Finding& finding = reporter.add({.kind = "file", .file = first->place.file, .entry = subject_entry(*first, seen)},
                                  std::move(message), severity);
  finding.location = located(project, first->place);
  finding.evidence.push_back({Evidence::Kind::project, first->command, located(project, first->place), {}});
  for (std::size_t i = 0; i < found.ways.size() && i < 5; ++i)
    finding.evidence.push_back({Evidence::Kind::project, "reached by " + join(found.ways[i]->path, ", "), std::nullopt, {}});
  if (found.ways.size() > 5)
    finding.evidence.push_back({Evidence::Kind::project, "and by " + std::to_string(found.ways.size() - 5) + " more ways", std::nullopt, {}});
  finding.fix = Fix{.title = std::string(found.push.instead), .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  std::map<std::pair<Place, std::vector<std::string>>, Found> places;
  for (const auto& command : project.deploy_commands) {
    const auto push = push_of(command);
    if (!push) continue;
    Found& found = places[{command.place, {std::string(push->what)}}];
    if (found.ways.empty()) found.push = *push;
    found.push.forced = found.push.forced || push->forced;
    found.production = found.production || command.production;
    if (!contained(command, found.ways)) found.ways.push_back(&command);
  }
  std::map<std::string, int> seen;
  for (const auto& [place, found] : places) report_place(project, reporter, found, seen);
}

}  // namespace

constinit const Rule push_in_production{
    .id = "push-in-production",
    .severity = Severity::warning,
    .needs = Needs::project,
    .summary = "a schema push where the project is deployed",
    .why = "`drizzle-kit push` and `prisma db push` compare the schema in the code with the database and change the database "
           "until it fits. That suits a prototype. On deployment nobody sees the statements beforehand: a renamed column may be "
           "dropped and added anew, `--force` and `--accept-data-loss` answer yes to losing data, and no migration tells "
           "afterwards what was done. `drizzle-kit push` runs in no transaction and exits 0 when it fails half-way, so the "
           "deployment goes on; its comparison leaves out index expressions, operator classes and predicates.\n\n"
           "Found by following what a deployment runs: Dockerfiles, entry point scripts, the build and start scripts of "
           "package.json, workflows, hosting files, compose files. A push script that none of them reaches is not reported. "
           "An error when data may be lost without a question, a warning otherwise, a note where the target may not be production.",
    .fix = "Keep push for development. Generate migrations (`drizzle-kit generate`, `prisma migrate dev`), commit them, and run "
           "`drizzle-kit migrate` or `prisma migrate deploy` on deployment.",
    .when_to_ignore = "The database is thrown away with the deployment: previews, demonstrations.",
    .check = check};

}  // namespace pgadvise::rules
