// Liquibase: formatted SQL. Changelogs in XML and YAML are only named.
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "databasechangelog"}, {.name = "databasechangeloglock"}};

Part part_of(std::string_view line) {
  return word_starts(comment_words(line), "liquibase formatted sql") ? Part::up : Part::same;
}

Files files_of(const Folder& folder, Diagnostics&) {
  const Names names = sql_files(folder, is_sql);
  return carries(folder, names, part_of) ? as_files(folder, names) : Files{};
}

std::optional<Migration::Transaction> by_comments(std::string_view text) {
  if (line_with(text, "--liquibase formatted sql").empty() &&
      line_with(text, "-- liquibase formatted sql").empty())
    return std::nullopt;
  return contains(lower(text.substr(0, 4096)), "runintransaction:false") ? Migration::Transaction::none
                                                                         : Migration::Transaction::file;
}

bool is_changelog(std::string_view path) {
  const bool format = path.ends_with(".xml") || path.ends_with(".yaml") || path.ends_with(".yml");
  return format && contains(lower(files::base_of(path)), "changelog");
}

constexpr std::string_view evidence[] = {
    "pom.xml",         "build.gradle",     "build.gradle.kts",    "application.properties",
    "application.yml", "application.yaml", "liquibase.properties"};
constexpr std::string_view words[] = {"postgresql"};

}  // namespace

constinit const MigrationTool liquibase{
    .facts = {.id = "liquibase",
              .sentence = "Liquibase",
              .tables = tables,
              .application = "liquibase",
              .leave_transaction = "Put it into a changeset of its own with runInTransaction:false"},
    .known = "--liquibase formatted sql",
    .order = "file names, as includeAll has them",
    .rank = 62,
    .files = files_of,
    .by_comments = by_comments,
    .in_code = {.what = "pgadvise does not read Liquibase changelogs in XML and YAML",
                .holds = is_changelog,
                .evidence = evidence,
                .words = words,
                .hint = "liquibase update-sql > schema.sql, then --schema schema.sql; or --db"},
};

}  // namespace pgadvise::migrations::tools
