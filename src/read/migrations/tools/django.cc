// Django: <app>/migrations/0001_name.py, each of which depends on others.

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/writing/program_text.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "django_migrations"}};

bool may_hold(std::string_view folder, std::string_view name) {
  return name.ends_with(".py") && files::base_of(folder) == "migrations" &&
         !files::leading_digits(name).empty();
}

bool is_one(std::string_view path, const std::string& text) {
  return path.ends_with(".py") && contains(text, "migrations.Migration") && contains(text, "django");
}

std::string python_list(const std::vector<std::string>& statements) {
  std::string out = "[";
  for (const auto& one : statements) out += python_string(one) + ", ";
  return out.substr(0, out.size() - 2) + "]";
}

std::string label_of(const SchemaInput& input) {
  const std::string app(files::folder_of(input.path));
  const std::string text = read_file(files::path_under(app, "apps.py"), files::text_limit).value_or("");
  for (const auto line : split(text, '\n'))
    if (trim(line).starts_with("label"))
      if (const auto words = quoted_words(line); words.size() == 1) return words[0];
  return std::string(files::base_of(app));
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const SchemaInput& input = writing.input;
  std::string& last = writing.last;
  if (last.empty()) {
    const std::string_view number = files::leading_digits(input.files.back().entry);
    if (input.files.size() > 1 &&
        files::compare_digits(files::leading_digits(input.files[input.files.size() - 2].entry), number) == 0)
      return fail(Error::Kind::nonfatal, input.path, "has two last migrations",
                  "python manage.py makemigrations --merge");
    last = input.files.back().entry.substr(0, input.files.back().entry.size() - 3);
  }
  const std::string before = last;
  last =
      fmt::format("{:04}_{}", std::stoull("0" + std::string(files::leading_digits(before).substr(0, 15))) + 1,
                  steps.name);
  std::string text = comments(steps, "#") +
                     "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n\n" +
                     (steps.concurrent ? "    atomic = False\n\n" : "") + "    dependencies = [\n        ('" +
                     label_of(input) + "', '" + before +
                     "'),\n    ]\n\n    operations = [\n        migrations.RunSQL(\n            sql=" +
                     python_list(steps.up) + ",\n";
  if (!steps.down.empty()) text += "            reverse_sql=" + python_list(steps.down) + ",\n";
  return one_file(files::path_under(input.path, last + ".py"), text + "        ),\n    ]\n");
}

std::string table_prefix(const SchemaInput& input) { return label_of(input) + "_"; }

bool is_migration(std::string_view path) {
  return path.ends_with(".py") && files::base_of(files::folder_of(path)) == "migrations" &&
         files::leading_digits(files::base_of(path)).size() == 4;
}

constexpr std::string_view evidence[] = {
    "requirements.txt", "base.txt",    "production.txt", "pyproject.toml", "Pipfile",           "setup.py",
    "setup.cfg",        "settings.py", "base.py",        "production.py",  "docker-compose.yml"};
constexpr std::string_view words[] = {"psycopg", "backends.postgresql", "backends.postgis", "image: postgres",
                                      "image: postgis"};

}  // namespace

constinit const MigrationTool django{
    .facts = {.id = "django", .sentence = "Django", .tables = tables, .rows_name_folder = true},
    .known = "*/migrations/*.py",
    .order = "what each depends on",
    .programs =
        {.rank = 10,
         .may_hold = may_hold,
         .is_one = is_one,
         .writer =
             {.concurrently = Concurrently::together,
              .write = write,
              .note =
                  "Django's models do not record the change: makemigrations neither repeats nor reverts it"},
         .table_prefix = table_prefix},
    .in_code = {.what = "Django's migrations are programs, which pgadvise does not run",
                .holds = is_migration,
                .evidence = evidence,
                .words = words,
                .programs = true},
    .migrate = "python manage.py migrate",
};

}  // namespace pgadvise::migrations::tools
