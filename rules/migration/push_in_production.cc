#include <algorithm>
#include <map>

#include "base/text/text.h"
#include "lint/migrations/migration_folders.h"
#include "lint/run/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::push_in_production {
namespace {

struct Push {
  std::string_view what;              // "drizzle-kit push"
  std::string_view instead;           // title of the fix
  bool forced = false;                // deletes data without asking
  std::string_view consequence = {};  // what the push does; "" for the consequence common to all pushes
};

constexpr std::string_view drizzle_fix =
    "Generate migrations while developing (`drizzle-kit generate`), commit them, and let the deployment run "
    "`drizzle-kit migrate` (or migrate() of drizzle-orm)";
constexpr std::string_view prisma_fix =
    "Generate migrations while developing (`prisma migrate dev`), commit them, and let the deployment run "
    "`prisma migrate deploy`";

constexpr std::string_view typeorm_fix =
    "Set synchronize to false, write migrations (`typeorm migration:generate`), and run `typeorm "
    "migration:run` on deployment";
constexpr std::string_view sequelize_fix =
    "Write migrations, and run `sequelize db:migrate` on deployment; sync() without options only creates "
    "missing tables";
constexpr std::string_view mikro_fix =
    "Write migrations (`mikro-orm migration:create`), and run `mikro-orm migration:up` on deployment";
constexpr std::string_view rails_fix =
    "Run `rails db:migrate` or `rails db:prepare` here, and do not set DISABLE_DATABASE_ENVIRONMENT_CHECK";

// The words without the options in front of the subcommand; --schema and --config are followed by a value.
std::vector<std::string> without_options(std::vector<std::string> words) {
  while (words.size() > 1 && words[1].starts_with("-")) {
    const bool with_value = (words[1] == "--schema" || words[1] == "--config") && words.size() > 2;
    words.erase(words.begin() + 1, words.begin() + (with_value ? 3 : 2));
  }
  return words;
}

std::optional<Push> prisma_push(const std::vector<std::string>& words) {
  if (words.size() < 3) return std::nullopt;
  if (words[1] == "db" && words[2] == "push")
    return Push{"prisma db push", prisma_fix,
                has_word(words, "--accept-data-loss") || has_word(words, "--force-reset")};
  if (words[1] == "migrate" && words[2] == "reset")
    return Push{"prisma migrate reset", prisma_fix, true, "drops the database first"};
  if (words[1] == "migrate" && words[2] == "dev")
    return Push{"prisma migrate dev", prisma_fix, false,
                "may ask to reset the database, and generates migrations"};
  return std::nullopt;
}

// TypeORM, Sequelize, MikroORM: by command or by a call in code.
std::optional<Push> orm_push(const std::vector<std::string>& words) {
  constexpr std::string_view everything = "drops every table first";
  const std::string& verb = words[1];
  if (words[0] == "typeorm") {
    if (verb == "synchronize") return Push{"synchronize: true", typeorm_fix};
    if (verb == "dropSchema") return Push{"dropSchema: true", typeorm_fix, true, everything};
    if (verb == "schema:sync") return Push{"typeorm schema:sync", typeorm_fix};
    if (verb == "schema:drop") return Push{"typeorm schema:drop", typeorm_fix, true, "drops every table"};
  } else if (words[0] == "sequelize" && verb == "sync") {
    if (has_word(words, "force"))
      return Push{"sync({ force: true })", sequelize_fix, true, "drops the tables first"};
    return Push{"sync({ alter: true })", sequelize_fix};
  } else if (words[0] == "mikro-orm") {
    if (verb == "updateSchema") return Push{"updateSchema()", mikro_fix};
    if (verb == "schema:update" && (has_word(words, "--run") || has_word(words, "-r")))
      return Push{"mikro-orm schema:update", mikro_fix};
    if (verb == "refreshDatabase" ||
        (verb == "schema:fresh" && (has_word(words, "--run") || has_word(words, "-r"))))
      return Push{"mikro-orm schema:fresh", mikro_fix, true, everything};
  }
  return std::nullopt;
}

// Rails refuses these tasks on a production database unless DISABLE_DATABASE_ENVIRONMENT_CHECK is set.
std::optional<Push> rails_push(const std::vector<std::string>& words) {
  if (!has_word(words, "DISABLE_DATABASE_ENVIRONMENT_CHECK")) return std::nullopt;
  for (const auto* task : {"db:schema:load", "db:structure:load", "db:reset", "db:drop", "db:setup",
                           "db:migrate:reset", "db:purge"})
    if (has_word(words, task))
      return Push{task, rails_fix, true,
                  "drops the existing tables or the database, and DISABLE_DATABASE_ENVIRONMENT_CHECK turns "
                  "off the protection of production"};
  return std::nullopt;
}

std::optional<Push> push_of(const DeployCommand& command) {
  const std::vector<std::string> words = without_options(command.words);
  if (words.size() < 2 || has_word(words, "--help") || has_word(words, "-h")) return std::nullopt;
  if (words[0] == "drizzle-kit/api") return Push{"pushSchema of drizzle-kit/api", drizzle_fix};
  if (words[0] == "drizzle-kit" && (words[1] == "push" || words[1] == "push:pg" || words[1] == "push-pg"))
    return Push{"drizzle-kit push", drizzle_fix, has_word(command.words, "--force")};
  if (words[0] == "prisma") return prisma_push(words);
  if (words[0] == "rails" || words[0] == "rake") return rails_push(words);
  return orm_push(words);
}

std::string_view when(DeployCommand::Stage stage) {
  switch (stage) {
    case DeployCommand::Stage::image_build: return "while the image is built";
    case DeployCommand::Stage::start: return "when the application starts";
    case DeployCommand::Stage::release: return "on release";
    case DeployCommand::Stage::build: return "on build";
    case DeployCommand::Stage::ci:
    case DeployCommand::Stage::compose: break;
  }
  return "when the service starts";
}

std::string consequence(const Push& push) {
  if (!push.consequence.empty()) return std::string(push.consequence);
  const std::string how = push.forced ? "drops columns and tables without asking"
                                      : "changes the schema directly and may drop a renamed column";
  return how + ", and no migration records the change or reverts it";
}

// Whether the call path is the end of another, longer one: then it adds nothing.
bool is_end_of_another(const DeployCommand& way, const std::vector<const DeployCommand*>& ways) {
  return std::ranges::any_of(ways, [&](const DeployCommand* other) {
    return other->path.size() >= way.path.size() && other->production == way.production &&
           std::equal(way.path.rbegin(), way.path.rend(), other->path.rbegin());
  });
}

// One call that several call paths reach: one finding, with the highest severity and all call paths.
struct Found {
  std::vector<const DeployCommand*> ways;
  Push push;
  bool production = false;
};

// The script of package.json that runs the push, if the name alone says that it is for production and nothing
// in the repository runs it; "" for others.
std::string script_run_by_hand(const Found& found) {
  constexpr std::string_view mark = " script ";
  std::string out;
  for (const DeployCommand* way : found.ways) {
    if (way->stage != DeployCommand::Stage::release || way->path.empty()) return {};
    const std::string& from = way->path.front();
    const auto at = from.find(mark);
    if (at == std::string::npos) return {};
    out = from.substr(at + mark.size());
    if (contains(out, "deploy") || contains(out, "release")) return {};
  }
  return out;
}

void report_place(const Project& project, Reporter& reporter, const Found& found, FileSubjects& subjects) {
  const auto first = *std::ranges::find_if(
      found.ways, [&](const DeployCommand* way) { return way->production == found.production; });
  const Severity severity = !found.production   ? Severity::note
                            : found.push.forced ? Severity::error
                                                : Severity::warning;
  const bool code = first->entry == "code" && found.production;
  const std::string by_hand = found.production ? script_run_by_hand(found) : std::string();
  const std::string what = "`" + std::string(found.push.what) + "`";
  const bool workflow = first->stage == DeployCommand::Stage::ci;
  const std::string message =
      (code ? "The application's code has " + what + ", and nothing restricts it to development: this "
       : !by_hand.empty()
           ? "The script " + by_hand + ", which is named for production, runs " + what + ": the command "
           : (workflow ? "A workflow runs " + what
                       : "The deployment runs " + what + " " + std::string(when(first->stage))) +
                 (found.production ? "" : ", perhaps not against production") + ": the command ") +
      consequence(found.push) + ".";
  Finding& finding = reporter.add(subjects.make(first->place.file, first->entry),
                                  located(project, first->place), message, severity);
  finding.evidence.push_back(project_fact(first->command, located(project, first->place)));
  for (std::size_t i = 0; i < found.ways.size() && i < 5; ++i)
    finding.evidence.push_back(project_fact("reached by " + join(found.ways[i]->path, ", ")));
  if (found.ways.size() > 5)
    finding.evidence.push_back(
        project_fact("and by " + std::to_string(found.ways.size() - 5) + " more call paths"));
  finding.fix = manual_fix(std::string(found.push.instead));
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  std::map<std::pair<SourceLocation, std::vector<std::string>>, Found> places;
  for (const auto& command : project.deploy_commands) {
    const auto push = push_of(command);
    if (!push) continue;
    Found& found = places[{command.place, {std::string(push->what)}}];
    if (found.ways.empty()) found.push = *push;
    found.push.forced = found.push.forced || push->forced;
    found.production = found.production || command.production;
    if (!is_end_of_another(command, found.ways)) found.ways.push_back(&command);
  }
  FileSubjects subjects;
  for (const auto& [place, found] : places) report_place(project, reporter, found, subjects);
}

}  // namespace

constinit const Rule rule{
    .id = "push-in-production",
    .severity = Severity::warning,
    .harm = Harm::data,
    .needs = Input::project,
    .summary = "a schema push in a deployment",
    .why =
        "`drizzle-kit push` and `prisma db push` compare the schema in the code with the database, and "
        "change the database until both match. This suits a prototype. On deployment, nobody reviews the "
        "statements first: a renamed column may be dropped and added again, `--force` and "
        "`--accept-data-loss` accept the loss of data, and no migration records the change. `drizzle-kit "
        "push` uses no transaction and exits with 0 when it fails half-way, so the deployment continues. Its "
        "comparison leaves out index expressions, operator classes and predicates.\n\n"
        "TypeORM's `synchronize: true`, Sequelize's `sync({ alter: true })` and MikroORM's `updateSchema()` "
        "do the same from the application's own code, at each start. Rails' db:schema:load and db:reset with "
        "DISABLE_DATABASE_ENVIRONMENT_CHECK drop the existing tables or the database.\n\n"
        "pgadvise follows what a deployment runs: Dockerfiles, entry point scripts, the build and start "
        "scripts of package.json and those named for production (`db:push:prod`), hosting files "
        "(nixpacks.toml, fly.toml …), compose files, Makefiles, and jobs of GitHub, GitLab, Bitbucket, "
        "CircleCI and Jenkins. It also searches the application's code for calls that are not restricted to "
        "development. A push script that no deployment runs is not reported. The finding is an error when "
        "data may be lost without a prompt, a warning otherwise, and a note where the target may not be "
        "production, as behind a switch that is off by default (`${PUSH:-0}`). Jobs in an environment of "
        "tests are no deployments.",
    .fix =
        "Use push only in development. Generate migrations (`drizzle-kit generate`, `prisma migrate dev`), "
        "commit them, and run `drizzle-kit migrate` or `prisma migrate deploy` on deployment.",
    .when_to_ignore = "The database is deleted together with the deployment (previews, demonstrations).",
    .check = check};

}  // namespace pgadvise::rules::push_in_production
