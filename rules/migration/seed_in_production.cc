#include <algorithm>
#include <map>

#include "base/text/text.h"
#include "lint/migrations/migration_folders.h"
#include "lint/run/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::seed_in_production {
namespace {

using Words = std::vector<std::string>;

// What a command does to the rows of a database.
struct Seed {
  std::string what;
  bool deletes = false;
  bool script = false;  // the project's own, `what` being the call or statement in it
};

// DELETE without WHERE or USING. Tables of sessions, caches, queues and the like may be emptied by each
// deployment.
bool deletes_all(std::string_view statement) {
  static constexpr auto short_lived =
      word_list("session", "cache", "lock", "queue", "job", "token", "tmp", "temp");
  const auto text = trim(statement);
  return text.starts_with("delete from ") && !contains(text, "where") && !contains(text, "using") &&
         std::ranges::none_of(short_lived, [&](std::string_view word) { return contains(text, word); });
}

// psql's -c, also as the last of several letters: -tAc.
bool takes_command(std::string_view word) {
  return word == "--command" || (word.size() > 1 && word[0] == '-' && word[1] != '-' && word.back() == 'c');
}

std::optional<Seed> of_sql(const Words& words) {
  constexpr std::string_view with_value = "--command=";
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool in_word = words[i].starts_with(with_value);
    if (!in_word && (!takes_command(words[i]) || i + 1 == words.size())) continue;
    const std::string text = lower(in_word ? std::string_view(words[i]).substr(with_value.size())
                                           : std::string_view(words[i + 1]));
    if (contains(text, "test")) continue;
    const auto statements = split(text, ';');
    if (std::ranges::any_of(statements, deletes_all)) return Seed{"psql -c delete", true};
    for (const auto* verb : {"truncate ", "drop schema ", "drop database "})
      if (contains(text, verb)) return Seed{"psql -c " + std::string(trim(verb)), true};
  }
  return std::nullopt;
}

std::optional<Seed> seed_of(const DeployCommand& command) {
  const Words& words = command.words;
  if (words.empty()) return std::nullopt;
  const std::string& tool = words[0];
  const std::string verb = words.size() > 1 ? words[1] : "";
  if (tool == "seed") return Seed{command.command, verb == "wipe", true};
  if (tool == "psql") return of_sql(words);
  if (tool == "dropdb") return Seed{"dropdb", true};
  if (tool == "sequelize" &&
      (verb == "db:drop" || verb == "db:seed:undo:all" || verb == "db:migrate:undo:all"))
    return Seed{"sequelize " + verb, true};
  if (tool == "knex" && verb == "migrate:rollback" && has_word(words, "--all"))
    return Seed{"knex migrate:rollback --all", true};
  // Without --force these commands ask, and refuse when there is no terminal.
  const bool forced = has_word(words, "--force");
  if (tool == "artisan" && forced &&
      (verb == "migrate:fresh" || verb == "migrate:refresh" || verb == "migrate:reset" || verb == "db:wipe"))
    return Seed{"artisan " + verb, true};
  if (tool == "manage.py" && (verb == "flush" || verb == "reset_db") &&
      (has_word(words, "--noinput") || has_word(words, "--no-input")))
    return Seed{"manage.py " + verb, true};
  if ((tool == "rails" || tool == "rake") && has_word(words, "db:seed:replant") &&
      has_word(words, "DISABLE_DATABASE_ENVIRONMENT_CHECK"))
    return Seed{"db:seed:replant", true};
  if (tool == "supabase" && verb == "db" && has_word(words, "reset") &&
      (has_word(words, "--linked") || has_word(words, "--db-url")))
    return Seed{"supabase db reset", true};
  return std::nullopt;
}

std::string message_of(const Seed& seed, const std::string& file) {
  const std::string runs = "Each deployment runs ";
  if (!seed.script) return runs + "`" + seed.what + "`, which deletes all rows of tables, or the tables.";
  return runs + "the script " + file +
         (seed.deletes ? ", which empties or drops tables: `" + seed.what + "`."
                       : ", which inserts the same rows again each time: `" + seed.what +
                             "` does not check whether the rows exist.");
}

struct Found {
  std::vector<const DeployCommand*> ways;
  Seed seed;
};

void report(const Project& project, Reporter& reporter, const Found& found, FileSubjects& subjects) {
  const DeployCommand& first = *found.ways.front();
  const SourceLocation place = located(project, first.place);
  Finding& finding =
      reporter.add(subjects.make(first.place.file, first.entry.empty() ? first.place.file : first.entry),
                   place, message_of(found.seed, first.place.file),
                   found.seed.deletes ? std::optional(Severity::error) : std::nullopt);
  finding.evidence.push_back(project_fact(first.command, place));
  for (std::size_t i = 0; i < found.ways.size() && i < 3; ++i)
    finding.evidence.push_back(project_fact("reached by " + join(found.ways[i]->path, ", ")));
  finding.fix = manual_fix(
      !found.seed.script ? "Remove the command from the deployment"
      : found.seed.deletes
          ? "Remove the script from the deployment, and make the script refuse to run in production"
          : "Put rows that the application needs into a migration, and remove the script from the "
            "deployment; or insert with ON CONFLICT DO NOTHING");
}

void check(const Context& context, Reporter& reporter) {
  std::map<SourceLocation, Found> places;
  for (const auto& command : context.project().deploy_commands) {
    if (!command.production || command.conditional) continue;
    const auto seed = seed_of(command);
    if (!seed) continue;
    Found& found = places[command.place];
    found.seed = *seed;
    const bool known =
        std::ranges::any_of(found.ways, [&](const DeployCommand* way) { return way->path == command.path; });
    if (!known) found.ways.push_back(&command);
  }
  FileSubjects subjects;
  for (const auto& [place, found] : places) report(context.project(), reporter, found, subjects);
}

}  // namespace

constinit const Rule rule{
    .id = "seed-in-production",
    .severity = Severity::warning,
    .harm = Harm::data,
    .needs = Input::project,
    .summary = "a seed or a reset command in a deployment",
    .why =
        "Seed scripts are written for an empty database. Many delete everything first; others insert their "
        "rows again each time. A start or release command runs them on production: the first deployment does "
        "no harm, but the second one affects the users' data.\n\n"
        "pgadvise follows what a deployment runs, as in push-in-production. A script is reported when, "
        "outside any condition, it deletes whole tables (an error) or inserts without a check (no upsert, no "
        "ON CONFLICT, no count). `rails db:seed`, which is meant to be repeatable, and commands that ask "
        "before they delete are not reported. Nothing is reported where the target may not be production.",
    .fix =
        "Keep seeds for development and tests. Put rows that the application needs into a migration, or "
        "write them with ON CONFLICT DO NOTHING.",
    .when_to_ignore = "The database is deleted together with the deployment (previews, demonstrations).",
    .check = check};

}  // namespace pgadvise::rules::seed_in_production
