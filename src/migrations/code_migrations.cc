#include "migrations/code_migrations.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/input_file.h"
#include "base/text.h"
#include "files/tree.h"

namespace pgadvise::migrations {
namespace {

constexpr MigrationTool tools[] = {
    {"rails", "db/migrate/*.rb", "numbers by value", nullptr},
    {"django", "*/migrations/*.py", "what each depends on", nullptr},
    {"alembic", "versions/*.py", "what each revises", nullptr},
    {"knex", "migrations/*.js, *.ts", "file names", nullptr, nullptr},
    {"sequelize", "migrations/*.js", "file names", nullptr, nullptr, MigrationTool::Transaction::none},
    {"typeorm", "migrations/*.ts, *.js", "numbers by value", nullptr, nullptr, MigrationTool::Transaction::of_all_files},
    {"node-pg-migrate", "migrations/*.js, *.ts", "numbers by value", nullptr, nullptr, MigrationTool::Transaction::of_all_files},
};

const MigrationTool* tool(std::string_view name) {
  return std::find_if(std::begin(tools), std::end(tools), [&](const MigrationTool& one) { return one.name == name; });
}

bool ends(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

bool of_script(std::string_view name) { return ends(name, {".ts", ".js", ".mjs", ".cjs", ".mts", ".cts"}) && !name.ends_with(".d.ts"); }

// Whose migration a program is, by what it says; nullptr for others.
const MigrationTool* tool_of(std::string_view path, const std::string& text) {
  if (path.ends_with(".rb")) return contains(text, "ActiveRecord::Migration") ? tool("rails") : nullptr;
  if (path.ends_with(".py")) {
    if (contains(text, "migrations.Migration") && contains(text, "django")) return tool("django");
    return contains(text, "down_revision") && contains(text, "alembic") ? tool("alembic") : nullptr;
  }
  if (contains(text, "mikro-orm")) return nullptr;
  if (contains(text, "MigrationInterface") || contains(text, "queryRunner")) return tool("typeorm");
  if (contains(text, "queryInterface")) return tool("sequelize");
  if (contains(text, "pgm")) return tool("node-pg-migrate");
  return contains(lower(text), "knex") ? tool("knex") : nullptr;
}

bool may_hold(std::string_view folder, std::string_view name) {
  const std::string_view base = files::base_of(folder);
  if (name.ends_with(".rb")) return base == "migrate" && !files::leading_digits(name).empty();
  if (name.ends_with(".py")) return (base == "migrations" && !files::leading_digits(name).empty()) || (base == "versions" && !name.starts_with("__"));
  return of_script(name) && (base == "migrations" || base == "migration" || base == "migrate") && !files::leading_digits(name).empty();
}

std::string newest_text(const SchemaInput& input) { return input.files.empty() ? std::string() : read_file(input.files.back().path, files::text_limit).value_or(""); }

std::string ending_of(const SchemaInput& input) {
  const std::string& path = input.files.back().path;
  return path.substr(path.rfind('.'));
}

std::string camel(const std::string& name) {
  std::string out;
  for (const auto word : split(name, '_'))
    if (!word.empty()) {
      out += word;
      char& first = out[out.size() - word.size()];
      if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
    }
  return out;
}

std::string comments(const Steps& steps, std::string_view mark) {
  std::string out;
  for (const auto& title : steps.titles) out += std::string(mark) + " " + printable(title) + "\n";
  return out;
}

std::string indented(const std::string& text, const std::string& indent) { return indent + replace_all(text, "\n", "\n" + indent); }

// Rails.

std::string in_ruby(const std::vector<std::string>& statements) {
  std::string out;
  for (const auto& one : statements) out += (out.empty() ? "" : "\n") + std::string("    execute <<~'SQL'\n") + indented(one, "      ") + "\n    SQL\n";
  return out.empty() ? "    raise ActiveRecord::IrreversibleMigration\n" : out;
}

Result<files::NewFile> rails(const SchemaInput& input, const Steps& steps, const std::string& version) {
  for (const auto* list : {&steps.up, &steps.down})
    for (const auto& one : *list)
      for (const auto line : split(one, '\n'))
        if (trim(line) == "SQL") return fail(Error::Kind::passing, input.path, "a statement holds a line that would end it in Ruby");
  // A class's name may be there once.
  std::string name = steps.name;
  const auto taken = [&] { return std::any_of(input.files.begin(), input.files.end(), [&](const SchemaFile& file) { return file.entry.substr(files::leading_digits(file.entry).size()) == "_" + name + ".rb"; }); };
  for (int number = 2; taken(); ++number) name = fmt::format("{}_{}", steps.name, number);
  const std::string newest = newest_text(input);
  const auto at = newest.find("ActiveRecord::Migration[");
  const std::string base = at == std::string::npos ? "ActiveRecord::Migration" : newest.substr(at, newest.find(']', at) + 1 - at);
  return files::NewFile{files::path_under(input.path, version + "_" + name + ".rb"),
                 comments(steps, "#") + "class " + camel(name) + " < " + base + "\n" + (steps.concurrent ? "  disable_ddl_transaction!\n\n" : "") + "  def up\n" + in_ruby(steps.up) + "  end\n\n  def down\n" +
                     in_ruby(steps.down) + "  end\nend\n",
                 std::nullopt};
}

// Python.

std::string python_string(const std::string& sql) { return "\"\"\"\n" + replace_all(replace_all(sql, "\\", "\\\\"), "\"\"\"", "\\\"\\\"\\\"") + "\n\"\"\""; }

std::string python_list(const std::vector<std::string>& statements) {
  std::string out = "[";
  for (const auto& one : statements) out += python_string(one) + ", ";
  return out.substr(0, out.size() - 2) + "]";
}

// What stands in quotes there.
std::vector<std::string> quoted_words(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find_first_of("'\""); at != std::string_view::npos; at = text.find_first_of("'\"", at)) {
    const std::size_t end = text.find(text[at], at + 1);
    if (end == std::string_view::npos) break;
    out.emplace_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return out;
}

std::string django_label(const SchemaInput& input) {
  const std::string app(files::folder_of(input.path));
  const std::string text = read_file(files::path_under(app, "apps.py"), files::text_limit).value_or("");
  for (const auto line : split(text, '\n'))
    if (trim(line).starts_with("label"))
      if (const auto words = quoted_words(line); words.size() == 1) return words[0];
  return std::string(files::base_of(app));
}

Result<files::NewFile> django(const SchemaInput& input, const Steps& steps, std::string& last) {
  if (last.empty()) {
    const std::string_view number = files::leading_digits(input.files.back().entry);
    if (input.files.size() > 1 && files::compare_digits(files::leading_digits(input.files[input.files.size() - 2].entry), number) == 0)
      return fail(Error::Kind::passing, input.path, "has two last migrations", "python manage.py makemigrations --merge");
    last = input.files.back().entry.substr(0, input.files.back().entry.size() - 3);
  }
  const std::string before = last;
  last = fmt::format("{:04}_{}", std::stoull("0" + std::string(files::leading_digits(before).substr(0, 15))) + 1, steps.name);
  std::string text = comments(steps, "#") + "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n\n" + (steps.concurrent ? "    atomic = False\n\n" : "") + "    dependencies = [\n        ('" +
                     django_label(input) + "', '" + before + "'),\n    ]\n\n    operations = [\n        migrations.RunSQL(\n            sql=" + python_list(steps.up) + ",\n";
  if (!steps.down.empty()) text += "            reverse_sql=" + python_list(steps.down) + ",\n";
  return files::NewFile{files::path_under(input.path, last + ".py"), text + "        ),\n    ]\n", std::nullopt};
}

// The part of a line or two that says `name = …`, also with a type between.
std::string assigned(const std::string& text, const std::string& name) {
  std::string out;
  bool within = false;
  for (const auto line : split(text, '\n')) {
    if (within && (line.empty() || (line[0] != ' ' && line[0] != ')' && line[0] != '\t'))) break;
    if (line.starts_with(name) && line.size() > name.size() && (line[name.size()] == ' ' || line[name.size()] == ':' || line[name.size()] == '=')) within = true;
    if (within) out += line.substr(out.empty() ? std::min(line.find('='), line.size()) : 0);
  }
  return out;
}

Result<std::string> alembic_head(const SchemaInput& input) {
  std::set<std::string> known, followed;
  for (const auto& file : input.files) {
    const std::string text = read_file(file.path, files::text_limit).value_or("");
    for (auto& word : quoted_words(assigned(text, "revision"))) known.insert(std::move(word));
    for (auto& word : quoted_words(assigned(text, "down_revision"))) followed.insert(std::move(word));
  }
  for (const auto& word : followed) known.erase(word);
  if (known.size() != 1) return fail(Error::Kind::passing, input.path, known.empty() ? "has no last revision" : "has several last revisions", "alembic heads; alembic merge heads");
  return *known.begin();
}

// SQLAlchemy takes :word for a parameter, but behind a backslash.
std::string without_parameters(const std::string& sql) {
  std::string out;
  const auto word = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; };
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == ':' && i + 1 < sql.size() && word(sql[i + 1]) && (i == 0 || (sql[i - 1] != ':' && !word(sql[i - 1])))) out += '\\';
    out += sql[i];
  }
  return out;
}

std::string in_alembic(const std::vector<std::string>& statements, bool concurrent) {
  if (statements.empty()) return "    raise NotImplementedError(\"nothing takes this back\")\n";
  std::string out = concurrent ? "    with op.get_context().autocommit_block():\n" : "";
  for (const auto& one : statements) out += (concurrent ? "        op.execute(" : "    op.execute(") + python_string(without_parameters(one)) + ")\n";
  return out;
}

Result<files::NewFile> alembic(const SchemaInput& input, const Steps& steps, std::string& last) {
  if (last.empty()) {
    const auto head = alembic_head(input);
    if (!head) return tl::unexpected(head.error());
    last = *head;
  }
  const std::string before = last;
  last = sha256_hex(before + join(steps.up, ";")).substr(0, 12);
  const std::string title = steps.titles.empty() ? steps.name : printable(steps.titles.front());
  return files::NewFile{files::path_under(input.path, last + "_" + steps.name + ".py"),
                 comments(steps, "#") + "from alembic import op\n\n\nrevision = '" + last + "'\ndown_revision = '" + before + "'\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n" +
                     in_alembic(steps.up, steps.concurrent) + "\n\ndef downgrade():\n" + in_alembic(steps.down, steps.concurrent),
                 std::nullopt};
}

// JavaScript and TypeScript.

struct Script {
  std::string ending;
  bool typed = false;   // TypeScript
  bool module = false;  // import and export
};

Script script_of(const SchemaInput& input) {
  const std::string newest = newest_text(input);
  Script out{ending_of(input), false, false};
  out.typed = ends(out.ending, {".ts", ".mts", ".cts"});
  out.module = out.typed || out.ending == ".mjs" || (out.ending != ".cjs" && (newest.starts_with("export ") || contains(newest, "\nexport ")));
  return out;
}

std::string in_script(const std::vector<std::string>& statements, const std::string& indent, const std::string& call, bool knex = false) {
  std::string out;
  for (const auto& one : statements) {
    std::string sql = knex ? replace_all(one, "?", "\\?") : one;  // knex takes ? for a parameter
    sql = replace_all(replace_all(replace_all(std::move(sql), "\\", "\\\\"), "`", "\\`"), "${", "\\${");
    out += indent + call + "(`" + sql + "`);\n";
  }
  return out.empty() ? indent + "throw new Error('nothing takes this back');\n" : out;
}

std::string knex(const Steps& steps, const Script& script) {
  const auto function = [&](const std::string& name, const std::vector<std::string>& statements) {
    const std::string head = script.module ? "export async function " + name : "exports." + name + " = async function ";
    return head + (script.typed ? "(knex: Knex): Promise<void>" : "(knex)") + " {\n" + in_script(statements, "  ", "await knex.raw", true) + (script.module ? "}\n" : "};\n");
  };
  return std::string(script.typed ? "import type { Knex } from 'knex';\n\n" : "") + comments(steps, "//") +
         (steps.concurrent ? std::string(script.module ? "export const config" : "exports.config") + " = { transaction: false };\n\n" : "") + function("up", steps.up) + "\n" + function("down", steps.down);
}

// `umzug`: which gives what the migration needs within an object, and looks for functions by their names.
std::string sequelize(const Steps& steps, const Script& script, bool umzug) {
  const bool by_name = umzug && script.module;
  const std::string type = script.typed ? "QueryInterface" : "";
  const std::string given = umzug ? "({ context: queryInterface }" + (script.typed ? ": { context: " + type + " }" : "") + ")" : "(queryInterface" + (script.typed ? ": " + type : "") + ")";
  const std::string indent = by_name ? "" : "  ";
  const auto function = [&](const std::string& name, const std::vector<std::string>& statements) {
    return indent + (by_name ? "export async function " : "async ") + name + given + " {\n" + in_script(statements, indent + "  ", "await queryInterface.sequelize.query") + indent + (by_name ? "}\n" : "},\n");
  };
  const std::string functions = function("up", steps.up) + "\n" + function("down", steps.down);
  return std::string(script.module ? "" : "'use strict';\n\n") + (script.typed ? "import type { QueryInterface } from 'sequelize';\n\n" : "") + comments(steps, "//") +
         (by_name ? functions : (script.module ? "export default {\n" : "module.exports = {\n") + functions + "};\n");
}

std::string typeorm(const Steps& steps, const Script& script, const std::string& version) {
  const std::string name = camel(steps.name) + version;
  const std::string given = script.typed ? "(queryRunner: QueryRunner): Promise<void>" : "(queryRunner)";
  const std::string access = script.typed ? "public async " : "async ";
  return std::string(script.typed ? "import { MigrationInterface, QueryRunner } from 'typeorm';\n\n" : "") + comments(steps, "//") + (script.module ? "export class " : "module.exports = class ") + name +
         (script.typed ? " implements MigrationInterface" : "") + " {\n  name = '" + name + "';\n\n  " + access + "up" + given + " {\n" + in_script(steps.up, "    ", "await queryRunner.query") + "  }\n\n  " + access + "down" + given +
         " {\n" + in_script(steps.down, "    ", "await queryRunner.query") + "  }\n" + (script.module ? "}\n" : "};\n");
}

std::string node_pg_migrate(const Steps& steps, const Script& script) {
  const auto function = [&](const std::string& name, const std::vector<std::string>& statements) {
    const std::string head = script.module ? "export const " + name + " = " : "exports." + name + " = ";
    return head + (script.typed ? "(pgm: MigrationBuilder): void" : "(pgm)") + " => {\n" + (steps.concurrent ? "  pgm.noTransaction();\n" : "") + in_script(statements, "  ", "pgm.sql") + "};\n";
  };
  return std::string(script.typed ? "import type { MigrationBuilder } from 'node-pg-migrate';\n\n" : "") + comments(steps, "//") + function("up", steps.up) + "\n" + function("down", steps.down);
}

}  // namespace

std::vector<SchemaInput> find_code_migrations(const std::string& root) {
  Diagnostics told_elsewhere;
  std::map<std::string, std::vector<std::string>> folders;
  for (const auto& file : files::list_files(root, told_elsewhere))
    if (!files::never_deployed(file) && may_hold(files::folder_of(file), files::base_of(file))) folders[std::string(files::folder_of(file))].emplace_back(files::base_of(file));
  std::vector<SchemaInput> out;
  for (auto& [folder, names] : folders) {
    std::stable_sort(names.begin(), names.end(), files::natural_less);
    SchemaInput input;
    input.path = folder.empty() ? root : files::path_under(root, folder);
    for (const auto& name : names) input.files.push_back({files::path_under(input.path, name), name});
    input.tool = tool_of(input.files.back().path, newest_text(input));
    if (!input.tool) continue;
    input.kind = SchemaKind::migrations;
    out.push_back(std::move(input));
  }
  return out;
}

const SchemaInput* code_migrations_of(const std::vector<SchemaInput>& found, const std::string& table) {
  if (std::all_of(found.begin(), found.end(), [](const SchemaInput& one) { return one.tool->name != "django"; })) return found.size() == 1 ? &found.front() : nullptr;
  const SchemaInput* best = nullptr;
  std::size_t longest = 0;
  for (const auto& one : found)
    if (const std::string label = django_label(one) + "_"; one.tool->name == "django" && table.starts_with(label) && label.size() > longest) {
      best = &one;
      longest = label.size();
    }
  return best;
}

Result<files::NewFile> code_migration(const SchemaInput& input, const Steps& steps, const std::string& version, std::string& last) {
  const std::string_view name = input.tool->name;
  if (name == "rails") return rails(input, steps, version);
  if (name == "django") return django(input, steps, last);
  if (name == "alembic") return alembic(input, steps, last);
  const Script script = script_of(input);
  const std::string& newest = input.files.back().entry;
  const std::size_t digits = files::leading_digits(newest).size();
  const std::string between = digits < newest.size() && newest[digits] == '-' ? "-" : "_";
  const std::string path = files::path_under(input.path, version + between + (between == "-" ? replace_all(steps.name, "_", "-") : steps.name) + script.ending);
  if (name == "knex") return files::NewFile{path, knex(steps, script), std::nullopt};
  if (name == "sequelize") return files::NewFile{path, sequelize(steps, script, contains(newest_text(input), "context: queryInterface")), std::nullopt};
  if (name == "typeorm") return files::NewFile{path, typeorm(steps, script, version), std::nullopt};
  return files::NewFile{path, node_pg_migrate(steps, script), std::nullopt};
}

}  // namespace pgadvise::migrations
