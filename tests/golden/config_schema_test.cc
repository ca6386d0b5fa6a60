// docs/config.schema.json: what the rules make it, and of one mind with the reader of pgadvise.toml.
#include "check/config/config_schema.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "check/config/config.h"
#include "check/config/toml.h"
#include "support/paths.h"
#include "support/run.h"
#include "support/schema.h"

namespace pgadvise {
namespace {

using nlohmann::json;

json to_json(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    json out = json::object();
    for (const auto& [key, value] : *table) out[std::string(key.str())] = to_json(value);
    return out;
  }
  if (const auto* list = node.as_array()) {
    json out = json::array();
    for (const auto& value : *list) out.push_back(to_json(value));
    return out;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  return node.value<double>().value_or(0);
}

std::vector<std::string> by_schema(const std::vector<std::string>& texts) {
  std::vector<json> documents;
  for (const auto& text : texts) {
    const auto parsed = toml::parse(text);
    EXPECT_TRUE(parsed) << text;
    documents.push_back(parsed ? to_json(parsed.table()) : json());
  }
  return testing_support::violations_of_each("config.schema.json", documents);
}

// The indented blocks of a page that begin with one of pgadvise.toml's words.
std::vector<std::string> examples(const std::string& page) {
  std::vector<std::string> out;
  std::string block;
  const std::string text = page + "\nend\n";
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("    ") || (line.empty() && !block.empty())) {
      block += std::string(line.substr(std::min<std::size_t>(4, line.size()))) + "\n";
      continue;
    }
    if (block.starts_with("[") || block.starts_with("extends") || block.starts_with("#:schema"))
      out.push_back(block);
    block.clear();
  }
  return out;
}

TEST(ConfigSchema, IsWhatTheRulesMakeIt) {
  const std::string path = std::string(testing_support::source_dir) + "/docs/config.schema.json";
  if (std::getenv("PGADVISE_UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << check::config_schema();
  EXPECT_EQ(read_file(path).value_or(""), check::config_schema()) << "PGADVISE_UPDATE_GOLDEN=1 writes it";
  EXPECT_EQ(testing_support::run("init --print-schema").out, check::config_schema());
}

TEST(ConfigSchema, TheDocumentationsExamplesAreValid) {
  const auto found =
      examples(read_file(std::string(testing_support::source_dir) + "/docs/configuration.md").value_or(""));
  ASSERT_GE(found.size(), 3u);
  const auto violations = by_schema(found);
  for (std::size_t at = 0; at < found.size(); ++at) {
    const auto& example = found[at];
    EXPECT_EQ(violations[at], "") << example;
    if (example.find("extends") != std::string::npos) continue;  // of files that are not here
    const auto config = check::parse_config("pgadvise.toml", example);
    EXPECT_TRUE(config) << config.error().front().line();
  }
}

TEST(ConfigSchema, RefusesWhatTheReaderRefuses) {
  const std::vector<std::string> refused = {
      "nonsense = 1",
      "rules = 1",
      "[rules.nonsense]",
      "[rules.deep-offset]\nseverty = \"off\"",
      "[rules.deep-offset]\nseverity = \"loud\"",
      "[rules.deep-offset]\nrows = \"many\"",
      "[rules.deep-offset]\nrows = -1",
      "[rules.inconsistent-naming]\ntables = \"many\"",
      "[rules.inconsistent-naming]\nnames = 1",
      "[rules.inconsistent-key-type]\nkeys = [\"uuid\"]",
      "[ignore]\nrule = \"deep-offset\"",
      "[[ignore]]\nrule = \"deep-offset\"\nobject = \"x\"",
      "[[ignore]]\nrule = \"deep-offset\"\nreason = \"x\"",
      "[[ignore]]\nrule = []\nobject = \"x\"\nreason = \"x\"",
      "[[ignore]]\nrule = \"deep-offset\"\npath = \"/x\"\nreason = \"x\"",
      "[[ignore]]\nrule = \"deep-offset\"\nobject = \"x\"\nreason = \" \"",
      "[[ignore]]\nrule = \"x\"\nobject = \"x\"\nreason = \"x\"",
      "[inputs]\npathz = \"x\"",
      "[inputs]\npaths = [1]",
      "[inputs]\nlogs = \"\"",
      "inputs = 1",
      "extends = 1",
      "extends = [\" \"]",
      "allow-hosts = [\"h:1\"]",
      "allow-commands = true",
      "[stores.x]\nservice = \"x\"",
      "[migrate]\nscript = \"x\"",
      "databases = 1",
      "[databases]\nx = 1",
      "[databases.x]",
      "[databases.x]\npassword = \"x\"",
      "[databases.x]\nservice = \"a b\"",
      "[databases.x]\nservice = \"a\"\nurl = \"host=h\"",
      "[databases.x]\nurl-env = \"a-b\""};
  auto violations = by_schema(refused);
  for (std::size_t at = 0; at < refused.size(); ++at) {
    EXPECT_NE(violations[at], "") << refused[at];
    EXPECT_FALSE(check::parse_config("pgadvise.toml", refused[at])) << refused[at];
  }
  const std::vector<std::string> read = {
      "",
      "[rules.deep-offset]\nrows = 5\nseverity = \"note\"",
      "[inputs]\npaths = \".\"\nlogs = []",
      "[databases.x]\nurl = \"host=h\"",
      "[rules.inconsistent-naming]\ntables = \"singular\"",
      "[rules.inconsistent-key-type]\nkeys = \"uuid\"",
      "[[ignore]]\nrule = [\"deep-offset\", \"order-by-random\"]\npath = \"x\"\nreason = \"x\""};
  violations = by_schema(read);
  for (std::size_t at = 0; at < read.size(); ++at) {
    EXPECT_EQ(violations[at], "") << read[at];
    EXPECT_TRUE(check::parse_config("pgadvise.toml", read[at])) << read[at];
  }
}

}  // namespace
}  // namespace pgadvise
