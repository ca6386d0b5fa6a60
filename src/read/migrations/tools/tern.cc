// tern: numbered files; what stands below "---- create above / drop below ----" takes them back.
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "schema_version"}};

Part part_of(std::string_view line) {
  return line.find("---- create above / drop below ----") != line.npos ? Part::down : Part::same;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  return one_file(next_path(writing, steps) + ".sql",
                  up_script(steps) + "\n---- create above / drop below ----\n\n" + down_script(steps));
}

}  // namespace

constinit const MigrationTool tern{
    .facts = {.id = "tern", .sentence = "Tern", .tables = tables},
    .known = "---- create above / drop below ----",
    .order = "numbers by value",
    .rank = 50,
    .files = marked_files<part_of>,
    .up = up_part<part_of, Part::up>,
    .writer = {.why = "tern runs each migration in a transaction", .write = write},
};

}  // namespace pgadvise::migrations::tools
