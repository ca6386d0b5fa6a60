#include "watch/watch_check.h"

#include <cstdlib>
#include <utility>

#include "base/text/text.h"
#include "pg/connection/conninfo.h"

namespace pgadvise::watch {

namespace {

class Words {
 public:
  explicit Words(std::vector<std::string> words) { command_.words = std::move(words); }

  void add(const std::string& option, const std::string& value) {
    if (value.empty()) return;
    command_.words.push_back(option);
    command_.words.push_back(value);
  }
  // What may have a password goes into a variable: the process list shows arguments.
  void add_secret(const std::string& option, const std::string& given, const char* variable) {
    const std::string value(trim(given));
    const bool named = value == "env" || value.starts_with("@");
    if (!named) command_.variables.emplace_back(variable, value);
    add(option, named ? value : "env");
  }
  void add_store(const WatchedCheck& check) {
    add_secret("--store", check.store, "PGADVISE_STORE");
    add("--store-as", check.database.name);
    add("--spool", check.spool);
  }
  ChildCommand take() { return std::move(command_); }

 private:
  ChildCommand command_;
};

}  // namespace

ChildCommand command_of(const WatchedCheck& check) {
  Words out({"check", "--quiet", "--color", "never", "--fail-on", "never"});
  out.add_secret("--db", check.database.db, "DATABASE_URL");
  for (const auto& [format, file] : {std::pair("html", &check.page),
                                     {"otlp-logs", &check.otlp_logs},
                                     {"otlp-metrics", &check.otlp_metrics}}) {
    if (file->empty()) continue;
    out.add("--format", format);
    out.add("-o", *file);
  }
  out.add("--format", "openmetrics");
  if (check.store.empty()) return out.take();
  out.add_store(check);
  out.add("--counters", check.counters);
  return out.take();
}

ChildCommand digest_command_of(const WatchedCheck& check) {
  Words out(
      {"digest", check.log_lines, "--quiet", "--color", "never", "--format", "json", "-o", "/dev/null"});
  out.add("--log-line-prefix", check.line_prefix);
  out.add_store(check);
  return out.take();
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

}  // namespace pgadvise::watch
