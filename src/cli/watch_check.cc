#include "cli/watch_check.h"

#include <cstdlib>

#include "base/text.h"
#include "pg/conninfo.h"

namespace pgadvise::cli {

ChildCommand command_of(const WatchedCheck& check) {
  ChildCommand out;
  // What may have a password goes into a variable: the process list shows arguments.
  const auto argument = [&out](const std::string& given, const char* variable) {
    const std::string value(trim(given));
    if (value == "env" || value.starts_with("@")) return value;
    out.variables.emplace_back(variable, value);
    return std::string("env");
  };
  out.words = {"check", "--quiet", "--color", "never", "--fail-on", "never"};
  const auto add = [&out](const std::string& option, const std::string& value) {
    if (value.empty()) return;
    out.words.push_back(option);
    out.words.push_back(value);
  };
  add("--db", argument(check.database.db, "DATABASE_URL"));
  if (!check.page.empty()) {
    add("--format", "html");
    add("-o", check.page);
  }
  add("--format", "openmetrics");
  if (check.store.empty()) return out;
  add("--store", argument(check.store, "PGADVISE_STORE"));
  add("--store-as", check.database.name);
  add("--spool", check.spool);
  add("--counters", check.counters);
  return out;
}

std::string name_of(const std::string& db) {
  std::string database, user;
  if (const auto options = pg::read_conninfo(std::string(trim(db))))
    for (const auto& [key, value] : *options) {
      if (key == "dbname") database = value;
      if (key == "user") user = value;
    }
  for (const auto& known : {database, user})
    if (!known.empty()) return known;
  for (const char* variable : {"PGDATABASE", "PGUSER"})
    if (const char* value = std::getenv(variable); value && *value) return value;
  return "database";
}

}  // namespace pgadvise::cli
