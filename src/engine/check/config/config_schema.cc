#include "check/config/config_schema.h"

#include <nlohmann/json.hpp>

#include "lint/run/rule.h"

namespace pgadvise::check {
namespace {

using Json = nlohmann::ordered_json;

Json text(const char* what, const char* pattern = "\\S") {
  return {{"description", what}, {"type", "string"}, {"pattern", pattern}};
}

Json texts(const char* what) {
  const Json one = {{"type", "string"}, {"pattern", "\\S"}};
  return {{"description", what}, {"anyOf", Json::array({one, {{"type", "array"}, {"items", one}}})}};
}

Json table(const char* what, Json properties) {
  return {{"description", what},
          {"type", "object"},
          {"additionalProperties", false},
          {"properties", std::move(properties)}};
}

Json rule(const lint::Rule& rule) {
  Json properties;
  properties["severity"] = {
      {"description",
       "off: the rule does not run; any other severity turns on a rule that is off by default"},
      {"enum", Json::array({"error", "warning", "note", "off"})}};
  if (rule.on_by_default) properties["severity"]["default"] = name(rule.severity);
  for (const auto* option : rule.options) {
    Json& property = properties[std::string(option->name)];
    if (option->choices.empty()) {
      property = {{"description", option->meaning},
                  {"type", "number"},
                  {"minimum", 0},
                  {"default", option->fallback}};
    } else {
      property = {{"description", option->meaning}, {"enum", Json::array()}};
      for (const auto word : option->choices) property["enum"].push_back(word);
    }
  }
  return table(std::string(rule.summary).c_str(), std::move(properties));
}

Json rules() {
  Json properties = Json::object();
  for (const auto& registered : lint::all_rules())
    properties[std::string(registered.rule->id)] = rule(*registered.rule);
  return table("Settings of rules; pgadvise rules explain ID lists the options of a rule",
               std::move(properties));
}

Json rule_id_schema() {
  Json ids = Json::array();
  for (const auto& registered : lint::all_rules()) ids.push_back(registered.rule->id);
  return {{"enum", std::move(ids)}};
}

Json inputs() {
  return table(
      "Inputs of check and review when the command line names no PATH, --schema, --log or --workload. Paths "
      "are relative to this file's folder and stay inside the repository. `*` and `?` are wildcards within a "
      "name",
      {{"paths", texts("Repositories, migrations folders, dumps, snapshots; default: \".\" if there are only "
                       "logs or workloads")},
       {"schema", texts("Like --schema: schema files and folders, a snapshot of a server")},
       {"logs", texts("Like --log: logs, folders of logs, workload files")},
       {"workloads", texts("Like --workload: workload files, .sql files")},
       {"exclude", texts("Files and folders of a repository that pgadvise does not read; `*` matches any "
                         "characters, also /. A migrations folder is read whole or not at all")}});
}

Json database() {
  Json out = table(
      "How to connect to a database. libpq reads passwords from ~/.pgpass, service files or PGPASSWORD",
      {{"service", text("Name of a service in pg_service.conf", "^[^=:/@'\\\\\\s]+$")},
       {"url",
        text("A libpq connection string without a password, to a server that the user allows. Only host, "
             "hostaddr, port, dbname, user, connect_timeout and target_session_attrs may be set")},
       {"url-env",
        text("Name of the environment variable with the connection string. Variables in which CI systems "
             "store branch names or commit messages are not allowed",
             "^[A-Za-z_][A-Za-z0-9_]*$")}});
  out["minProperties"] = 1;
  out["maxProperties"] = 1;
  return out;
}

Json ignore() {
  Json one = table(
      "Findings that pgadvise does not report",
      {{"rule",
        {{"description", "Id of a rule, or a list of ids"},
         {"anyOf", Json::array({rule_id_schema(),
                                {{"type", "array"}, {"minItems", 1}, {"items", rule_id_schema()}}})}}},
       {"object", text("A table, column, index, constraint, query fingerprint, migration or schema; `*` "
                       "matches any characters")},
       {"path", text("A file, in any folder; `*` matches any characters", "^[^/]")},
       {"reason", text("Why these findings need no fix")},
       {"owner", text("Who decided this")},
       {"until", text("The last day on which the entry applies, in UTC. Later its findings are reported",
                      "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")}});
  one["required"] = Json::array({"rule", "reason"});
  one["anyOf"] =
      Json::array({{{"required", Json::array({"object"})}}, {{"required", Json::array({"path"})}}});
  return {{"type", "array"}, {"items", std::move(one)}};
}

Json owner() {
  Json one = table("Who owns findings. Each given pattern must match; of several entries the last one counts",
                   {{"owner", text("A name, such as the team's in CODEOWNERS")},
                    {"object", text("A table, column, index, constraint, query fingerprint, migration or "
                                    "schema; `*` matches any characters")},
                    {"path", text("A file, in any folder; `*` matches any characters")},
                    {"application", text("An application_name that ran the query; `*` matches any "
                                         "characters")}});
  one["required"] = Json::array({"owner"});
  one["minProperties"] = 2;
  return {{"type", "array"}, {"items", std::move(one)}};
}

}  // namespace

std::string config_schema() {
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "pgadvise.toml"}};
  schema.update(table(
      "docs/configuration.md",
      {{"extends", texts("Files with default settings, which this file overrides. Paths are relative to this "
                         "file's folder and stay inside the repository; of two files, the later one wins")},
       {"inputs", inputs()},
       {"databases",
        {{"description", "Databases for --db @NAME"},
         {"type", "object"},
         {"additionalProperties", database()}}},
       {"migrate",
        table(
            "The project's own migrate command, which --allow-commands runs against a sandbox",
            {{"command", text("A shell command, run in this file's folder: \"npx drizzle-kit migrate\"")}})},
       {"rules", rules()},
       {"ignore", ignore()},
       {"owner", owner()}}));
  return schema.dump(2) + "\n";
}

}  // namespace pgadvise::check
