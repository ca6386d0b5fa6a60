// Alembic: versions/*.py, each of which revises another.
#include <algorithm>
#include <set>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"
#include "migrations/writing/program_text.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "alembic_version"}};

bool may_hold(std::string_view folder, std::string_view name) {
  return name.ends_with(".py") && files::base_of(folder) == "versions" && !name.starts_with("__");
}

bool is_one(std::string_view path, const std::string& text) {
  return path.ends_with(".py") && contains(text, "down_revision") && contains(text, "alembic");
}

// The part of a line or two that says `name = …`, also with a type between.
std::string assigned(const std::string& text, const std::string& name) {
  std::string out;
  bool within = false;
  for (const auto line : split(text, '\n')) {
    if (within && (line.empty() || (line[0] != ' ' && line[0] != ')' && line[0] != '\t'))) break;
    if (line.starts_with(name) && line.size() > name.size() &&
        (line[name.size()] == ' ' || line[name.size()] == ':' || line[name.size()] == '='))
      within = true;
    if (within) out += line.substr(out.empty() ? std::min(line.find('='), line.size()) : 0);
  }
  return out;
}

Result<std::string> head_of(const SchemaInput& input) {
  std::set<std::string> known, followed;
  for (const auto& file : input.files) {
    const std::string text = read_file(file.path, files::text_limit).value_or("");
    for (auto& word : quoted_words(assigned(text, "revision"))) known.insert(std::move(word));
    for (auto& word : quoted_words(assigned(text, "down_revision"))) followed.insert(std::move(word));
  }
  for (const auto& word : followed) known.erase(word);
  if (known.size() != 1)
    return fail(Error::Kind::nonfatal, input.path,
                known.empty() ? "has no last revision" : "has several last revisions",
                "alembic heads; alembic merge heads");
  return *known.begin();
}

// SQLAlchemy takes :word for a parameter, but behind a backslash.
std::string without_parameters(const std::string& sql) {
  std::string out;
  const auto word = [](char c) {
    return is_alphanumeric(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == ':' && i + 1 < sql.size() && word(sql[i + 1]) &&
        (i == 0 || (sql[i - 1] != ':' && !word(sql[i - 1]))))
      out += '\\';
    out += sql[i];
  }
  return out;
}

std::string in_python(const std::vector<std::string>& statements, bool concurrent) {
  if (statements.empty()) return "    raise NotImplementedError(\"this migration cannot be undone\")\n";
  std::string out = concurrent ? "    with op.get_context().autocommit_block():\n" : "";
  for (const auto& one : statements)
    out += (concurrent ? "        op.execute(" : "    op.execute(") + python_string(without_parameters(one)) +
           ")\n";
  return out;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const SchemaInput& input = writing.input;
  std::string& last = writing.last;
  if (last.empty()) {
    TRY(last, head_of(input));
  }
  const std::string before = last;
  last = sha256_hex(before + join(steps.up, ";")).substr(0, 12);
  const std::string title = steps.titles.empty() ? steps.name : printable(steps.titles.front());
  return one_file(files::path_under(input.path, last + "_" + steps.name + ".py"),
                  comments(steps, "#") + "from alembic import op\n\n\nrevision = '" + last +
                      "'\ndown_revision = '" + before +
                      "'\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n" +
                      in_python(steps.up, steps.concurrent) + "\n\ndef downgrade():\n" +
                      in_python(steps.down, steps.concurrent));
}

bool is_config(std::string_view path) { return files::base_of(path) == "alembic.ini"; }

bool is_migration(std::string_view path) {
  return in_folder(path, "alembic/versions/", ".py") || in_folder(path, "migrations/versions/", ".py");
}

constexpr std::string_view evidence[] = {"requirements.txt",  "pyproject.toml", "Pipfile",
                                         "setup.py",          "setup.cfg",      "alembic.ini",
                                         "docker-compose.yml"};
constexpr std::string_view words[] = {"psycopg", "asyncpg", "pg8000", "postgresql"};

}  // namespace

constinit const MigrationTool alembic{
    .facts = {.id = "alembic",
              .sentence = "Alembic",
              .tables = tables,
              .newest_row_only = true,
              .command = "alembic upgrade",
              .application = "alembic"},
    .known = "versions/*.py",
    .order = "what each revises",
    .programs =
        {.rank = 20,
         .may_hold = may_hold,
         .is_one = is_one,
         .writer =
             {.concurrently = Concurrently::together,
              .write = write,
              .note =
                  "change the models, too; otherwise alembic revision --autogenerate reverts the change"}},
    .in_code = {.what = "Alembic's migrations are programs, which pgadvise does not run",
                .holds = is_config,
                .or_else_holds = is_migration,
                .evidence = evidence,
                .words = words,
                .programs = true},
    .migrate = "alembic upgrade head",
};

}  // namespace pgadvise::migrations::tools
