#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/folders/executed.h"
#include "migrations/interface/tools.h"
#include "sql/parse/lexer.h"

namespace pgadvise::migrations {
namespace {

using sql::Lexeme;
using Transaction = Migration::Transaction;

bool may_be_migration(std::string_view file) {
  return ends_with_any(file, {".sql", ".py", ".rb", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".go",
                              ".php", ".java", ".kt", ".scala", ".cs", ".ex", ".exs", ".groovy", ".xml"});
}

std::string stem_of(std::string_view base) { return std::string(base.substr(0, base.rfind('.'))); }

// What tools with a folder for each migration call the only file in it.
bool folder_is_name(std::string_view stem) { return stem == "migration" || stem == "up"; }

// "20240101_users" of migrations/20240101_users.js and of migrations/20240101_users/migration.sql.
std::string entry_of(const std::string& path) {
  const std::string stem = stem_of(files::base_of(path));
  const std::string folder(files::base_of(files::folder_of(path)));
  return folder_is_name(stem) && !folder.empty() ? folder : stem;
}

// Finds the file of a migration by what its tool recorded.
class FileFinder {
 public:
  FileFinder(const Repository& repository, const ToolFacts* tool)
      : by_folder_(tool && tool->rows_name_folder) {
    for (const auto& file : repository.files) add(repository.root, file);
    for (const auto& input : repository.known) {
      if (input.kind != SchemaKind::migrations) continue;
      const auto times =
          input.tool && input.tool->times ? input.tool->times(input) : std::map<std::string, std::int64_t>();
      for (const auto& file : input.files) {
        if (!file.entry.empty()) named_[file.entry].insert(file.path);
        if (const auto when = times.find(file.entry); when != times.end())
          named_[std::to_string(when->second)].insert(file.path);
      }
    }
  }

  // The files that one of the words may mean: the row's constants are the migration's name, and times,
  // checksums and the like.
  std::set<std::string> of(const std::vector<std::string>& words) const {
    for (const auto& word : words) {
      if (word.empty() || word.size() > 400) continue;
      auto found = of(word);
      if (found.empty()) continue;
      std::set<std::string> closer;
      for (const auto& path : found)
        for (const auto& other : words)
          if (&other != &word && !other.empty() && contains("/" + path, "/" + other + "/"))
            closer.insert(path);
      return closer.empty() && !by_folder_ ? found : closer;
    }
    return {};
  }

 private:
  void add(const std::string& root, const std::string& file) {
    const std::string base(files::base_of(file));
    if (!may_be_migration(base) || base.ends_with(".down.sql") || base == "down.sql") return;
    const std::string path = root == "." ? file : files::path_under(root, file);
    const std::string folder(files::base_of(files::folder_of(file)));
    named_[base].insert(path);
    const std::string stem = stem_of(base);
    named_[stem].insert(path);
    if (folder_is_name(stem)) named_[folder].insert(path);
    for (const auto& name : {stem, folder_is_name(stem) ? folder : std::string()}) {
      if (const auto end = name.find_first_of("_-."); end != std::string::npos && end >= 4)
        begins_[name.substr(0, end)].insert(path);
      // V2__x.sql
      const std::string_view plain = std::string_view(name).substr(name.starts_with("V") ? 1 : 0);
      if (const auto digits = files::leading_digits(plain); !digits.empty())
        numbered_[std::string(files::without_zeros(digits))].insert(path);
    }
  }

  std::set<std::string> of(const std::string& word) const {
    const auto in = [](const auto& map, const std::string& key) {
      const auto found = map.find(key);
      return found == map.end() ? std::set<std::string>() : found->second;
    };
    if (auto found = in(named_, word); !found.empty()) return found;
    if (auto found = in(begins_, word); !found.empty()) return found;
    if (all_digits(word)) return in(numbered_, std::string(files::without_zeros(word)));
    // TypeORM: the class AddUsers1700000000000 of 1700000000000-AddUsers.ts.
    std::size_t end = word.size();
    while (end > 0 && is_digit(word[end - 1])) --end;
    constexpr std::size_t milliseconds = 13;
    if (end > 0 && word.size() - end == milliseconds) return in(numbered_, word.substr(end));
    return {};
  }

  bool by_folder_;
  std::map<std::string, std::set<std::string>> named_, begins_, numbered_;
};

// The tool that the files belong to: several record in tables of the same form. Else `recorded`.
std::string tool_of(const std::set<std::string>& paths, const Repository& repository,
                    const std::string& recorded) {
  for (const auto& input : repository.known)
    for (const auto& file : input.files)
      if (input.tool && paths.count(file.path)) return std::string(input.tool->id());
  for (const auto& path : paths) {
    const std::string text = read_file(path, files::text_limit).value_or("");
    if (const auto* found = tool_of_program(path, text)) return std::string(found->id());
  }
  return recorded;
}

// What the tool calls a migration that has no file: the recorded name, else the words of the row.
std::string name_of(const ExecutedMigration& migration, const std::vector<TrackingTable>& rows) {
  for (const auto& table : rows)
    for (const auto& row : table.rows)
      if (!row.migration.empty() && is_one_of(row.migration, migration.names)) return row.migration;
  std::string out;
  for (const auto& word : migration.names) {
    const bool name = !word.empty() && word.size() <= 100 && !all_digits(word) &&
                      word.find_first_of(" :/+'") == std::string::npos;
    if (name) out += (out.empty() ? "" : ".") + printable(word);
  }
  if (!out.empty()) return out;
  return migration.names.empty() ? std::string() : printable(migration.names.front());
}

// On one line, but for line ends inside of strings; without comments.
std::string on_one_line(std::string_view statement) {
  std::string out;
  std::size_t end = 0;
  for (const Lexeme& one : sql::Lexer(statement)) {
    if (one.offset > end && !out.empty()) out += ' ';
    out += one.text;
    end = one.offset + one.text.size();
  }
  return out;
}

// Puts statements on the lines of the file that they come from.
class Placing {
 public:
  explicit Placing(const std::string& source) : source_(source), lines_(split(source, '\n')) {
    for (const auto line : lines_) starts_.push_back(static_cast<std::size_t>(line.data() - source.data()));
  }

  void add(const std::string& statement) {
    const std::size_t wanted = line_of(statement);
    while (line_ < wanted) {
      text += '\n';
      ++line_;
    }
    const std::string one = on_one_line(statement);
    text += one + "; ";
    line_ += static_cast<std::size_t>(std::ranges::count(one, '\n'));
  }

  void add_word(std::string_view word) { text += std::string(word) + "; "; }

  std::string text;

 private:
  std::size_t line_of(const std::string& statement) {
    if (source_.empty()) return line_;
    const std::size_t from = std::min(line_, starts_.size() - 1);
    if (const auto at = source_.find(trim(statement), starts_[from]); at != std::string_view::npos)
      return static_cast<std::size_t>(std::ranges::upper_bound(starts_, at) - starts_.begin()) - 1;
    constexpr std::size_t most_work = 200'000;  // lines read for one migration
    if ((work_ += lines_.size() - from) > most_work) return line_;
    const auto names = names_of(statement);
    std::size_t best = line_, points = 0;
    for (std::size_t i = from; i < lines_.size(); ++i) {
      std::size_t found = 0;
      for (const auto& name : names) found += has_word(lines_[i], name);
      if (found > points) best = i, points = found;
    }
    return best;
  }

  static bool has_word(std::string_view line, const std::string& word) {
    const auto of_word = [](char c) { return c == '_' || is_alphanumeric(c); };
    for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      if ((at == 0 || !of_word(line[at - 1])) && (end == line.size() || !of_word(line[end]))) return true;
    }
    return false;
  }

  // Of tables, columns and the like: words in quotes, else those that are no key words of DDL.
  static std::set<std::string> names_of(const std::string& statement) {
    static constexpr auto other = word_list(
        "alter", "table", "add", "column", "create", "index", "on", "not", "null", "default", "constraint",
        "primary", "key", "references", "foreign", "unique", "drop", "set", "type", "using", "if", "exists",
        "concurrently", "insert", "into", "values", "update", "delete", "from", "where", "public", "btree",
        "integer", "text", "varchar", "bigint", "boolean", "check", "cascade", "only");
    constexpr std::size_t most = 12;
    std::set<std::string> out;
    for (const Lexeme& one : sql::Lexer(statement)) {
      if (out.size() == most) break;
      const std::string name = one.name();
      if (name.size() < 2 || (one.kind == Lexeme::Kind::word && is_one_of(name, other))) continue;
      out.insert(name);
    }
    return out;
  }

  std::string_view source_;
  std::vector<std::string_view> lines_;
  std::vector<std::size_t> starts_;
  std::size_t line_ = 0, work_ = 0;  // the text's last line, from 0
};

// The transaction around the whole migration, by who shares it; `none` where the text has to say it.
Transaction around(const ExecutedMigration& migration, const std::map<int, int>& migrations_of) {
  if (migration.parts.empty()) return Transaction::none;
  const int number = migration.parts.back().transaction;
  for (const auto& part : migration.parts)
    if (part.transaction != number) return Transaction::none;
  if (number == 0) return Transaction::none;
  return migrations_of.at(number) > 1 ? Transaction::run : Transaction::file;
}

std::string text_of(const ExecutedMigration& migration, const std::string& source, bool with_transactions) {
  Placing placing(source);
  int open = 0;
  for (const auto& part : migration.parts) {
    if (with_transactions && part.transaction != open) {
      if (open) placing.add_word("COMMIT");
      if (part.transaction) placing.add_word("BEGIN");
      open = part.transaction;
    }
    placing.add(part.text);
  }
  if (with_transactions && open) placing.add_word("COMMIT");
  return std::move(placing.text);
}

// The settings of the session stand in front, outside the transaction: they count as part of it.
ExecutedMigration with_settings_inside(ExecutedMigration migration) {
  const auto set = [](const auto& part) {
    return part.transaction == 0 && starts_with_nocase(part.text, "set ");
  };
  const auto first = std::ranges::find_if_not(migration.parts, set);
  if (first != migration.parts.end())
    std::for_each(migration.parts.begin(), first, [&](auto& part) { part.transaction = first->transaction; });
  return migration;
}

}  // namespace

SchemaInput executed_input(const std::vector<ExecutedMigration>& migrations, const Repository& repository,
                           const std::vector<TrackingTable>& rows, const std::string& tool) {
  const FileFinder known(repository, find_tool_facts(tool));
  // The folder of most of them decides where a name is that of several files.
  std::vector<std::set<std::string>> candidates;
  std::map<std::string, int> folders;
  for (const auto& migration : migrations) {
    candidates.push_back(known.of(migration.names));
    for (const auto& path : candidates.back()) ++folders[std::string(files::folder_of(path))];
  }
  std::map<int, int> migrations_of;  // how many migrations each transaction has
  for (const auto& migration : migrations) {
    std::set<int> own;
    for (const auto& part : migration.parts) own.insert(part.transaction);
    for (const int number : own) ++migrations_of[number];
  }
  auto executed = std::make_shared<ExecutedScripts>();
  SchemaInput out{.kind = SchemaKind::executed, .path = repository.root, .files = {}};
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    const auto migration = with_settings_inside(migrations[i]);
    const auto best =
        std::ranges::max_element(candidates[i], [&](const std::string& one, const std::string& other) {
          return folders[std::string(files::folder_of(one))] < folders[std::string(files::folder_of(other))];
        });
    const bool has_file = best != candidates[i].end();
    std::string entry = name_of(migration, rows);
    if (entry.empty()) entry = migration.names.empty() ? "the command" : fmt::format("migration {}", i + 1);
    std::string path = has_file ? *best : entry;
    if (!has_file && migration.parts.empty()) continue;
    const auto before = executed->scripts.find(path);
    // A tool that writes the row before and after.
    if (before != executed->scripts.end() && before->second.text.empty()) {
      std::erase_if(out.files, [&](const SchemaFile& file) { return file.path == path; });
      executed->scripts.erase(before);
    } else if (before != executed->scripts.end()) {
      if (migration.parts.empty()) continue;
      path += fmt::format(" ({})", i + 1);
    }
    const Transaction transaction = around(migration, migrations_of);
    const std::string source = has_file ? read_file(*best, files::text_limit).value_or("") : std::string();
    out.files.push_back({path, has_file ? entry_of(*best) : entry});
    executed->scripts[path] = {text_of(migration, source, transaction == Transaction::none), transaction,
                               has_file};
  }
  std::set<std::string> paths;
  for (const auto& [path, script] : executed->scripts)
    if (script.has_file && paths.empty()) paths.insert(path);
  executed->tool = tool_of(paths, repository, tool);
  out.executed = std::move(executed);
  return out;
}

}  // namespace pgadvise::migrations
