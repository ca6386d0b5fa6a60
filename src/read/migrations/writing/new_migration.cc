#include "migrations/writing/new_migration.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/text/text.h"
#include "files/files.h"
#include "migrations/writing/edit_migration.h"
#include "migrations/writing/writing.h"
#include "model/schema/lock.h"
#include "sql/parse/lexer.h"
#include "sql/parse/placeholders.h"
#include "sql/parse/statement.h"

namespace pgadvise::migrations {
namespace {

namespace fs = std::filesystem;

// Statements.

struct Head {
  std::vector<std::string> words;                // the first, in lower case
  std::size_t concurrently = std::string::npos;  // offset of the word
};

Head head_of(std::string_view statement) {
  Head out;
  for (const auto& token : sql::Lexer(statement)) {
    if (out.words.size() == 4 || token.kind != sql::Lexeme::Kind::word) break;
    if (token.is_word("concurrently")) out.concurrently = token.offset;
    out.words.push_back(lower(token.text));
  }
  return out;
}

bool is(const Head& head, std::string_view first, std::string_view second) {
  return head.words.size() > 1 && head.words[0] == first && head.words[1] == second;
}

bool creates_index(const Head& head) {
  return is(head, "create", "index") ||
         (is(head, "create", "unique") && head.words.size() > 2 && head.words[2] == "index");
}

// Why a statement has no place in a migration; "" when it has.
std::string not_for_migrations(const Head& head) {
  if (creates_index(head) || is(head, "drop", "index") || is(head, "alter", "index") ||
      is(head, "alter", "table") || is(head, "alter", "policy") || is(head, "create", "extension"))
    return {};
  const std::string first = head.words.empty() ? std::string() : head.words[0];
  if (first == "reindex" || first == "vacuum" || first == "analyze")
    return "it is maintenance, to run once by hand, not a migration";
  if (is(head, "alter", "system") || is(head, "alter", "database") || is(head, "alter", "role"))
    return "it is a server setting, not a migration";
  return "the application's code must change";
}

std::string without_concurrently(std::string text, const Head& head) {
  std::size_t end = head.concurrently + std::string_view("concurrently").size();
  while (end < text.size() &&
         (text[end] == ' ' || text[end] == '\t' || text[end] == '\n' || text[end] == '\r'))
    ++end;
  return text.erase(head.concurrently, end - head.concurrently);
}

std::vector<std::string> statements_of(const std::string& script, bool keep_concurrently, bool& concurrent) {
  std::vector<std::string> out;
  for (const auto& statement : sql::split(script)) {
    std::string text(statement.text);
    const Head head = head_of(text);
    const bool found = head.concurrently != std::string::npos;
    concurrent = concurrent || (found && keep_concurrently);
    out.push_back(found && !keep_concurrently ? without_concurrently(std::move(text), head)
                                              : std::move(text));
  }
  return out;
}

bool is_concurrent(const std::string& statement) {
  return head_of(statement).concurrently != std::string::npos;
}

// ALTER COLUMN … TYPE, which mostly rewrites the table.
bool changes_type(const std::string& statement) {
  int behind_column = 0;  // tokens
  for (const auto& token : sql::Lexer(statement)) {
    if (behind_column > 1 && token.is_word("type")) return true;
    const bool set_data = token.is_one_of({"set", "data"});
    if (token.is_word("column")) behind_column = 1;
    else behind_column = behind_column == 1 || (behind_column > 1 && set_data) ? behind_column + 1 : 0;
  }
  return false;
}

bool any_changes_type(const Fitted& fitted) { return std::ranges::any_of(fitted.up, changes_type); }

// nullptr: new migrations are not written for the input's tool.
const Writer* writer_for(const SchemaInput* input) {
  if (!input || !input->tool) return nullptr;
  const Writer& writer = input->programs ? input->tool->programs.writer : input->tool->writer;
  return writer.write ? &writer : nullptr;
}

Concurrently how_of(const SchemaInput* input) {
  const Writer* writer = writer_for(input);
  if (!writer) return Concurrently::anywhere;
  return writer->by_settings ? writer->by_settings(*input) : writer->concurrently;
}

std::string slug(std::string_view text) {
  std::string out;
  for (const char c : lower(text))
    if (is_alphanumeric(c)) out += c;
    else if (!out.empty() && out.back() != '_') out += '_';
  out.resize(std::min<std::size_t>(out.size(), 48));
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

// The index's name in CREATE INDEX.
std::string index_name(const std::string& statement) {
  bool index = false;
  for (const auto& token : sql::Lexer(statement)) {
    if (!index) {
      index = token.is_word("index");
      continue;
    }
    if (token.is_word("concurrently")) continue;
    return token.is_word("on") ? std::string() : std::string(token.text);
  }
  return {};
}

std::string name_of(const std::vector<std::string>& statements) {
  const bool indexes =
      std::ranges::all_of(statements, [](const std::string& one) { return creates_index(head_of(one)); });
  const std::string only =
      statements.size() == 1 && indexes ? slug(index_name(statements[0])) : std::string();
  return !only.empty() ? "add_" + only : indexes ? "add_indexes" : "pgadvise_fixes";
}

// Suppresses the finding of the next check about an index that is built while writes wait, or a table that
// is rewritten: the user who accepted the fix has read this.
std::string with_reason(const std::string& statement, const Fitted& fitted, const Change& change) {
  const bool locks =
      !fitted.note.empty() && creates_index(head_of(statement)) && !contains(statement, " ON ONLY ");
  const std::string rule = changes_type(statement) ? "blocking-alter" : change.suppressed;
  if (!rule.empty())
    return "-- pgadvise: ignore " + rule + " the fix was accepted with its lock impact\n" + statement;
  return locks ? "-- pgadvise: ignore blocking-index-build " + fitted.note + "\n" + statement : statement;
}

// What a tool of this kind runs as one. A change that rewrites a table comes after the others, in a migration
// of its own, whose lock nothing else holds longer; not where the tool runs all migrations in one
// transaction. So does a change that says `alone`.
std::vector<Steps> parts_of(const std::vector<Change>& changes, const std::vector<Fitted>& fitted,
                            Concurrently how, bool with_reasons) {
  std::vector<Steps> out;
  const bool one = how == Concurrently::nowhere || how == Concurrently::anywhere;
  const auto apart = [&](std::size_t i) { return changes[i].alone || (!one && any_changes_type(fitted[i])); };
  std::vector<std::size_t> order;
  for (const bool rewrites : {false, true})
    for (std::size_t i = 0; i < changes.size(); ++i)
      if (apart(i) == rewrites) order.push_back(i);
  std::size_t alone_to = 0;  // parts that nothing may join
  for (const bool concurrent : {false, true})
    for (const std::size_t i : order) {
      if (!one && fitted[i].concurrent != concurrent) continue;
      if (one && concurrent) continue;
      bool first = true;
      if (apart(i)) alone_to = out.size();
      for (const auto& statement : fitted[i].up) {
        const bool alone = is_concurrent(statement);
        const bool joins =
            out.size() > alone_to &&
            (one || (out.back().concurrent == alone && (!alone || how == Concurrently::together)));
        if (!joins) out.push_back({});
        Steps& part = out.back();
        part.concurrent = part.concurrent || alone;
        part.up.push_back(with_reasons ? with_reason(statement, fitted[i], changes[i]) : statement);
        part.lock_timeout = part.lock_timeout || (with_reasons && changes[i].lock_timeout);
        if (std::exchange(first, false)) {
          part.titles.push_back(changes[i].title);
          part.down.insert(part.down.begin(), fitted[i].down.begin(), fitted[i].down.end());
        }
      }
      if (apart(i)) alone_to = out.size();
    }
  for (auto& part : out) {
    part.name = name_of(part.up);
    if (part.lock_timeout && !part.concurrent)
      part.up.insert(part.up.begin(), std::string(set_local_lock_timeout));
    // Beside others, or in a transaction, an index can only be dropped under its lock.
    if (how == Concurrently::anywhere ||
        (part.concurrent && (how == Concurrently::together || part.down.size() == 1)))
      continue;
    for (auto& statement : part.down)
      if (const Head head = head_of(statement); head.concurrently != std::string::npos)
        statement = without_concurrently(std::move(statement), head);
  }
  return out;
}

std::string free_name(const std::string& folder) {
  std::error_code code;
  for (int number = 1;; ++number) {
    std::string path = files::path_under(folder, number == 1 ? std::string("pgadvise-fixes.sql")
                                                             : fmt::format("pgadvise-fixes-{}.sql", number));
    if (fs::symlink_status(path, code).type() == fs::file_type::not_found) return path;
  }
}

}  // namespace

bool writes_for(const SchemaInput& input) { return writer_for(&input) != nullptr; }

Result<Fitted> fit(const SchemaInput* input, const Change& change) {
  const Writer* writer = writer_for(input);
  const bool keep = how_of(input) != Concurrently::nowhere;
  Fitted out;
  bool any = false;
  for (const auto& statement : sql::split(change.up)) {
    const std::string text(statement.text);
    if (change.own) continue;
    if (const auto parsed = sql::check_syntax(sql::Placeholders().fill(text)); !parsed)
      return fail(Error::Kind::nonfatal, "", "its SQL does not parse: " + parsed.error().what);
    const Head head = head_of(text);
    if (auto why = not_for_migrations(head); !why.empty()) return fail(Error::Kind::nonfatal, "", why);
    if (contains(text, drizzle_breakpoint))
      return fail(Error::Kind::nonfatal, "", "its SQL contains drizzle's statement-breakpoint");
    any = any || head.concurrently != std::string::npos;
  }
  out.up = statements_of(change.up, keep, out.concurrent);
  if (out.up.empty()) return fail(Error::Kind::nonfatal, "", "no SQL fixes it");
  bool ignored = false;
  out.down = statements_of(change.down, keep, ignored);
  if (any && !keep) out.note = "without CONCURRENTLY: " + std::string(writer->why);
  return out;
}

Result<NewMigration> new_migration(const SchemaInput* input, const std::string& folder,
                                   const std::vector<Change>& changes, std::int64_t now) {
  const Writer* writer = writer_for(input);
  NewMigration out;
  std::vector<Fitted> fitted;
  for (const auto& change : changes) {
    TRY(auto one, fit(input, change));
    if (!one.note.empty() && !is_one_of(one.note, out.notes)) out.notes.push_back(one.note);
    fitted.push_back(std::move(one));
  }
  const auto parts = parts_of(changes, fitted, how_of(input), writer && !input->programs);
  if (!writer) {
    std::string text = "-- Run each statement on its own, outside a transaction, as psql -f does.\n";
    for (const auto& part : parts) text += comments(part) + script(part.up);
    out.files.push_back({free_name(folder), std::move(text), std::nullopt});
    return out;
  }
  out.tool = input->tool->id();
  Writing writing{*input, now, {}, {}};
  for (const auto& part : parts) {
    TRY(auto written, writer->write(writing, part));
    out.notes.insert(out.notes.end(), written.notes.begin(), written.notes.end());
    for (auto& file : written.files) {
      // A file that each migration changes: the last text holds them all.
      if (file.before)
        std::erase_if(out.files, [&](const files::NewFile& other) { return other.path == file.path; });
      out.files.push_back(std::move(file));
    }
  }
  if (!writer->note.empty()) out.notes.emplace_back(writer->note);
  if (writer->add_notes) writer->add_notes(*input, parts, out.notes);
  return out;
}

}  // namespace pgadvise::migrations
