// Rails: db/migrate/*.rb. The schema is in db/schema.rb, or as SQL in db/structure.sql.
#include <algorithm>

#include <fmt/format.h>

#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"
#include "migrations/writing/program_text.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "schema_migrations"}, {.name = "ar_internal_metadata"}};

bool may_hold(std::string_view folder, std::string_view name) {
  return name.ends_with(".rb") && files::base_of(folder) == "migrate" && !files::leading_digits(name).empty();
}

bool is_one(std::string_view path, const std::string& text) {
  return path.ends_with(".rb") && contains(text, "ActiveRecord::Migration");
}

std::string in_ruby(const std::vector<std::string>& statements) {
  std::string out;
  for (const auto& one : statements)
    out += (out.empty() ? "" : "\n") + std::string("    execute <<~'SQL'\n") + indented(one, "      ") +
           "\n    SQL\n";
  return out.empty() ? "    raise ActiveRecord::IrreversibleMigration\n" : out;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const SchemaInput& input = writing.input;
  for (const auto* list : {&steps.up, &steps.down})
    for (const auto& one : *list)
      for (const auto line : split(one, '\n'))
        if (trim(line) == "SQL")
          return fail(Error::Kind::nonfatal, input.path,
                      "a statement contains a line that would end the Ruby string");
  // A class's name may be there once.
  std::string name = steps.name;
  const auto taken = [&] {
    return std::ranges::any_of(input.files, [&](const SchemaFile& file) {
      return file.entry.substr(files::leading_digits(file.entry).size()) == "_" + name + ".rb";
    });
  };
  for (int number = 2; taken(); ++number) name = fmt::format("{}_{}", steps.name, number);
  const std::string newest = newest_text(input);
  const auto at = newest.find("ActiveRecord::Migration[");
  const std::string base =
      at == std::string::npos ? "ActiveRecord::Migration" : newest.substr(at, newest.find(']', at) + 1 - at);
  return one_file(files::path_under(input.path, give_version(writing) + "_" + name + ".rb"),
                  comments(steps, "#") + "class " + camel(name) + " < " + base + "\n" +
                      (steps.concurrent ? "  disable_ddl_transaction!\n\n" : "") + "  def up\n" +
                      in_ruby(steps.up) + "  end\n\n  def down\n" + in_ruby(steps.down) + "  end\nend\n");
}

bool is_schema(std::string_view path) { return path == "db/schema.rb" || path.ends_with("/db/schema.rb"); }

bool is_migration(std::string_view path) {
  return in_folder(path, "db/migrate/", ".rb") && !files::leading_digits(files::base_of(path)).empty();
}

constexpr std::string_view evidence[] = {"database.yml", "Gemfile"};
constexpr std::string_view words[] = {"postgresql", "'pg'", "\"pg\""};

}  // namespace

constinit const MigrationTool rails{
    .facts = {.id = "rails", .sentence = "Rails", .tables = tables},
    .known = "db/migrate/*.rb",
    .order = "numbers by value",
    .programs = {.rank = 10,
                 .may_hold = may_hold,
                 .is_one = is_one,
                 .writer = {.concurrently = Concurrently::together, .write = write}},
    .in_code = {.what = "Rails keeps its schema in Ruby, which pgadvise does not read",
                .holds = is_schema,
                .or_else_holds = is_migration,
                .evidence = evidence,
                .words = words,
                .hint = "config.active_record.schema_format = :sql, which makes db/structure.sql; or --db",
                .programs = true},
    .migrate = "bin/rails db:migrate",
};

}  // namespace pgadvise::migrations::tools
