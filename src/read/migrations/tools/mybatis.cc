// MyBatis Migrations: numbered files; what stands below "-- //@UNDO" takes them back.
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"

namespace pgadvise::migrations::tools {
namespace {

// An application may have a table of changes of this name; the tool's has applied_at.
constexpr OwnTable tables[] = {{.name = "changelog", .column = "applied_at"}};

Part part_of(std::string_view line) {
  const std::string words = comment_words(line);
  return word_starts(words, "//@undo") || word_starts(words, "@undo") ? Part::down : Part::same;
}

}  // namespace

constinit const MigrationTool mybatis{
    .facts = {.id = "mybatis", .sentence = "Mybatis", .tables = tables},
    .known = "-- //@UNDO",
    .order = "numbers by value",
    .rank = 50,
    .files = marked_files<part_of>,
    .up = up_part<part_of, Part::up>,
};

}  // namespace pgadvise::migrations::tools
