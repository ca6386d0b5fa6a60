#include "drizzle/kit/journal.h"

#include <filesystem>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "files/json_file.h"

namespace pgadvise::drizzle {

static bool safe_tag(const std::string& tag) {
  return !tag.empty() && tag.size() < 256 && tag.find_first_of("/\\") == std::string::npos &&
         tag.find('\0') == std::string::npos && tag != "." && tag != "..";
}

Result<std::vector<JournalEntry>> read_journal(const std::string& folder, Diagnostics& diagnostics) {
  const std::string path = (std::filesystem::path(folder) / "meta" / "_journal.json").generic_string();
  TRY(const std::string text, read_file(path, files::json_limit));
  TRY(const files::Json root, files::parse_json(text, path));
  const std::string dialect = files::text_member(root, "dialect");
  if (dialect != "pg" && dialect != "postgresql")
    return fail(Error::Kind::input, path,
                dialect.empty() ? "a journal without a dialect"
                                : "a drizzle journal of another database (" + ellipsis(dialect, 20) + ")",
                "pgadvise reads only PostgreSQL migrations");
  if (!files::member(root, "entries").is_array())
    return fail(Error::Kind::input, path, "a journal without entries", "`drizzle-kit generate` writes it");
  std::vector<JournalEntry> out;
  const files::JsonPlaces places(text, path, 2);
  const files::Json& entries = files::member(root, "entries");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const files::Json& item = entries[i];
    JournalEntry entry{files::text_member(item, "tag"), 0};
    entry.place = places.at({"entries", "[" + std::to_string(i) + "]"});
    if (const files::Json& when = files::member(item, "when"); when.is_number_integer())
      entry.when = when.get<std::int64_t>();
    if (const files::Json& index = files::member(item, "idx"); index.is_number_integer())
      entry.index = index.get<std::int64_t>();
    if (safe_tag(entry.tag)) {
      out.push_back(std::move(entry));
    } else {
      diagnostics.push_back(
          {Error::Kind::nonfatal, path, "an entry without a usable tag: " + ellipsis(entry.tag, 40), ""});
    }
  }
  return out;
}

std::string uncomment_introspection(std::string sql) {
  if (sql.find("generated after introspecting the database") == std::string::npos) return sql;
  const auto open = sql.find("/*");
  const auto close = sql.rfind("*/");
  if (open == std::string::npos || close == std::string::npos || close < open) return sql;
  for (const auto line : split(std::string_view(sql).substr(0, open), '\n'))
    if (const auto text = trim(line); !text.empty() && text.substr(0, 2) != "--") return sql;
  if (!trim(std::string_view(sql).substr(close + 2)).empty()) return sql;
  sql.replace(open, 2, "  ");
  sql.replace(close, 2, "  ");
  return sql;
}

}  // namespace pgadvise::drizzle
