// Play's evolutions: 1.sql, 2.sql … with "# --- !Ups" and "# --- !Downs".
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "play_evolutions"}, {.name = "play_evolutions_lock"}};

Part part_of(std::string_view line) {
  std::string words = comment_words(line);
  if (words.empty()) words = comment_words(line, "#");
  return marked(after_dashes(words), "!ups", "!downs");
}

bool only_a_number(std::string_view name) {
  return is_sql(name) && files::leading_digits(name).size() == name.size() - 4;
}

Files files_of(const Folder& folder, Diagnostics&) {
  Names names = sql_files(folder, only_a_number);
  if (!carries(folder, names, part_of)) return {};
  by_number(names);
  return as_files(folder, names);
}

}  // namespace

constinit const MigrationTool play_evolutions{
    .facts = {.id = "play evolutions", .sentence = "Play evolutions", .tables = tables},
    .known = "# --- !Ups in 1.sql, 2.sql …",
    .order = "numbers by value",
    .rank = 50,
    .files = files_of,
    .up = up_part<part_of, Part::down>,
    .transaction = Migration::Transaction::none,
};

}  // namespace pgadvise::migrations::tools
