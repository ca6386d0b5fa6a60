#include "check/config_schema.h"

#include <nlohmann/json.hpp>

#include "lint/rule.h"

namespace pgadvise::check {
namespace {

using Json = nlohmann::ordered_json;

Json text(const char* what) { return {{"description", what}, {"type", "string"}, {"pattern", "\\S"}}; }

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
  properties["severity"] = {{"description", "off: does not run; any other turns on what is off by default"},
                            {"enum", Json::array({"error", "warning", "note", "off"})}};
  if (rule.on_by_default) properties["severity"]["default"] = name(rule.severity);
  for (const auto* option : rule.options)
    properties[std::string(option->name)] = {
        {"description", option->meaning}, {"type", "number"}, {"minimum", 0}, {"default", option->fallback}};
  return table(std::string(rule.summary).c_str(), std::move(properties));
}

Json rules() {
  Json properties = Json::object();
  for (const auto& registered : lint::all_rules())
    properties[std::string(registered.rule->id)] = rule(*registered.rule);
  return table("What is said of rules; pgadvise rules explain ID tells more of each", std::move(properties));
}

Json rule_ids() {
  Json ids = Json::array();
  for (const auto& registered : lint::all_rules()) ids.push_back(registered.rule->id);
  return {{"enum", std::move(ids)}};
}

Json inputs() {
  return table(
      "What check and review read where the command line names no PATH, --schema, --log or --workload; from "
      "the folder of this file, inside the repository. `*` and `?` stand for names",
      {{"paths", texts("Repositories, migrations folders, dumps, snapshots; \".\" where there are only logs "
                       "or workloads")},
       {"schema", texts("As --schema: schema files and folders, a snapshot of a server")},
       {"logs", texts("As --log: logs, folders of logs, workload files")},
       {"workloads", texts("As --workload: workload files, .sql files")},
       {"exclude", texts("Files and folders that are passed over in a repository; `*` stands for any "
                         "characters, / among them. A migrations folder is read whole or not at all")}});
}

Json database() {
  Json out =
      table("Where a database is. Passwords are libpq's business: ~/.pgpass, service files, PGPASSWORD",
            {{"service",
              {{"description", "A service of pg_service.conf"},
               {"type", "string"},
               {"pattern", "^[^=:/@'\\\\\\s]+$"}}},
             {"url",
              {{"description",
                "A libpq connection string without a password, to a server that the user allows; host, "
                "hostaddr, port, dbname, user, connect_timeout and target_session_attrs only"},
               {"type", "string"},
               {"pattern", "\\S"}}},
             {"url-env",
              {{"description",
                "The name of the environment variable that holds a connection string; none in which CI "
                "systems put branches or messages"},
               {"type", "string"},
               {"pattern", "^[A-Za-z_][A-Za-z0-9_]*$"}}}});
  out["minProperties"] = 1;
  out["maxProperties"] = 1;
  return out;
}

Json ignore() {
  Json one = table(
      "What is not to be told",
      {{"rule",
        {{"description", "A rule's id, or several"},
         {"anyOf", Json::array({rule_ids(), {{"type", "array"}, {"minItems", 1}, {"items", rule_ids()}}})}}},
       {"object", text("A table, column, index, constraint, query's fingerprint, migration, schema; `*` "
                       "stands for any characters")},
       {"path",
        {{"description", "Of files, from any folder; `*` stands for any characters"},
         {"type", "string"},
         {"pattern", "^[^/]"}}},
       {"reason", text("Who reads it next year wants to know")}});
  one["required"] = Json::array({"rule", "reason"});
  one["anyOf"] =
      Json::array({{{"required", Json::array({"object"})}}, {{"required", Json::array({"path"})}}});
  return {{"type", "array"}, {"items", std::move(one)}};
}

}  // namespace

std::string config_schema() {
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "pgadvise.toml"}};
  schema.update(table("docs/configuration.md",
                      {{"extends", texts("Files whose settings hold where this one says nothing else, from "
                                         "this file's folder, inside the repository; of two the later one")},
                       {"inputs", inputs()},
                       {"databases",
                        {{"description", "Databases for --db @NAME"},
                         {"type", "object"},
                         {"additionalProperties", database()}}},
                       {"rules", rules()},
                       {"ignore", ignore()}}));
  return schema.dump(2) + "\n";
}

}  // namespace pgadvise::check
