// Each rule against its fixture folder, and the pages made from both. PGADVISE_UPDATE_GOLDEN=1 writes what is
// expected; the difference is then for a person to review.
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "advisor/candidates/propose.h"
#include "base/files/input_file.h"
#include "base/text/text.h"
#include "check/load/source_comparison.h"
#include "check/run/conflicts.h"
#include "check/run/fixes.h"
#include "deploy/repository.h"
#include "drizzle/schema/source_reader.h"
#include "lint/run/context.h"
#include "log/reader.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/folder.h"
#include "migrations/folders/schema_load.h"
#include "plan/run/plan_set.h"
#include "report/pages/rule_page.h"
#include "report/report.h"
#include "sql/facts/facts.h"
#include "sql/parse/statement.h"
#include "sql/replay/replay.h"
#include "support/paths.h"
#include "typescript/parse.h"

namespace pgadvise::lint {
// What GoogleTest names a parameter by.
static void PrintTo(const RegisteredRule& rule, std::ostream* out) { *out << rule.rule->id; }
}  // namespace pgadvise::lint

namespace pgadvise {
namespace {

namespace fs = std::filesystem;

const fs::path source_dir = testing_support::source_dir;

bool updating() { return std::getenv("PGADVISE_UPDATE_GOLDEN") != nullptr; }

std::string slurp(const fs::path& path) { return read_file(path.string()).value_or(""); }

QualifiedName qualified(const std::string& name) {
  const auto dot = name.find('.');
  return {name.substr(0, dot), name.substr(dot + 1)};
}

template <class T>
void set(const nlohmann::json& from, const char* name, T& to) {
  if (from.contains(name)) to = from.at(name).get<T>();
}

// What only a server knows, in the words of the model: {"days", "settings", "tables": {"public.t": {"rows",
// …, "columns":
// {"c": {"distinct", …}}, "indexes": {"i": {"scans", …}}}}, "sequences": {"public.s": {"last_value"}}}.
void add_statistics(Catalog& catalog, const nlohmann::json& json) {
  catalog.has_statistics = true;
  catalog.server_version = 150000;
  set(json, "server_version", catalog.server_version);
  if (json.contains("days")) catalog.statistics_days = json["days"].get<double>();
  for (const auto& session : json.value("sessions", nlohmann::json::array())) {
    Session& read = catalog.sessions.emplace_back();
    set(session, "pid", read.pid);
    set(session, "application", read.application);
    set(session, "state", read.state);
    if (session.contains("open"))
      read.transaction_seconds = read.state_seconds = session["open"].get<double>();
    if (session.contains("blocked_by")) {
      read.blocked_by = session["blocked_by"].get<int>();
      read.lock_wait_seconds = session["waiting"].get<double>();
    }
  }
  const auto part = [&](const char* name) { return json.value(name, nlohmann::json::object()); };
  const auto settings = part("settings");
  const auto sequences = part("sequences");
  const auto tables = part("tables");
  for (const auto& [name, value] : settings.items()) catalog.settings[name] = value;
  for (const auto& [name, value] : sequences.items()) {
    Sequence& sequence = catalog.sequences.at(qualified(name));
    sequence.last_value = value.at("last_value").get<std::int64_t>();
    set(value, "increment", sequence.increment);
  }
  for (const auto& [name, value] : tables.items()) {
    Table* table = catalog.table(qualified(name));
    ASSERT_TRUE(table) << name;
    TableStatistics& statistics = table->statistics.emplace();
    set(value, "rows", statistics.rows);
    set(value, "pages", statistics.pages);
    set(value, "bytes", statistics.bytes);
    set(value, "sequential_scans", statistics.sequential_scans);
    set(value, "sequential_rows", statistics.sequential_rows);
    set(value, "index_scans", statistics.index_scans);
    set(value, "writes", statistics.writes);
    set(value, "live_rows", statistics.live_rows);
    set(value, "dead_rows", statistics.dead_rows);
    set(value, "changes_since_analyze", statistics.changes_since_analyze);
    set(value, "transaction_age", statistics.relfrozenxid_age);
    for (auto& column : table->columns) {
      if (!value.contains("columns") || !value["columns"].contains(column.name)) continue;
      const auto& given = value["columns"][column.name];
      ColumnStatistics& of_column = column.statistics.emplace();
      set(given, "distinct", of_column.n_distinct);
      set(given, "null_fraction", of_column.null_fraction);
      set(given, "average_width", of_column.average_width);
      set(given, "top_frequency", of_column.most_common_freq);
      set(given, "holds_uuids", of_column.holds_uuids);
    }
    for (auto& index : table->indexes) {
      if (!value.contains("indexes") || !value["indexes"].contains(index.name)) continue;
      const auto& given = value["indexes"][index.name];
      IndexStatistics& of_index = index.statistics.emplace();
      set(given, "scans", of_index.scans);
      set(given, "pages", of_index.pages);
      set(given, "valid", index.valid);
      set(given, "building", index.building);
    }
  }
}

// What git and a database say, in the words of the model: {"releases", "git": {"drizzle/0001_x.sql":
// {"state", "changed_in", "days", "release"}}, "tracking": [{"tool", "schema", "name", "rows": [[migration,
// checksum, when]]}]}.
void add_facts(Project& project, const nlohmann::json& json) {
  using Git = MigrationEntry::Git;
  for (auto& folder : project.migrations) {
    set(json, "releases", folder.has_releases);
    for (auto& migration : folder.migrations) {
      migration.git = Git::committed;
      const auto facts =
          json.value("git", nlohmann::json::object()).value(migration.file, nlohmann::json::object());
      if (const auto state = facts.value("state", ""); !state.empty())
        migration.git = state == "ignored" ? Git::ignored : Git::untracked;
      set(facts, "changed_in", migration.changed_in);
      set(facts, "days", migration.changed_after_days);
      set(facts, "release", migration.changed_after_release);
      set(facts, "released_since", migration.released_since);
    }
  }
}

std::vector<TrackingTable> tracking_in(const nlohmann::json& json) {
  std::vector<TrackingTable> out;
  for (const auto& table : json.value("tracking", nlohmann::json::array())) {
    TrackingTable& read =
        out.emplace_back(TrackingTable{table.at("tool"), table.at("schema"), table.at("name"), {}});
    for (const auto& row : table.at("rows"))
      read.rows.push_back({row[0], row[1], row[2].get<std::int64_t>(), false});
  }
  return out;
}

template <class T>
T named(const nlohmann::json& word, T last) {
  for (int value = 0; value <= static_cast<int>(last); ++value)
    if (name(static_cast<T>(value)) == word.get<std::string>()) return static_cast<T>(value);
  ADD_FAILURE() << word;
  return last;
}

// What two servers planned, in the words of docs/report.schema.json: {"against", "changes": [{"statement",
// "outcome", "share", "cost_before", …}]}.
std::shared_ptr<const PlanComparison> comparison_in(const nlohmann::json& json) {
  PlanComparison out;
  set(json, "against", out.against);
  for (const auto& given : json.at("changes")) {
    PlanChange change;
    change.outcome = named(given.at("outcome"), PlanChange::Outcome::new_statement);
    set(given, "share", change.share);
    set(given, "cost_before", change.cost_before);
    set(given, "cost_after", change.cost_after);
    set(given, "error", change.error);
    const auto difference = [](const nlohmann::json& one) {
      PlanDifference read{.kind = named(one.at("kind"), PlanDifference::Kind::other_scan)};
      if (one.contains("table")) read.table = qualified(one["table"]);
      set(one, "before", read.before);
      set(one, "after", read.after);
      set(one, "rows_before", read.rows_before);
      set(one, "rows_after", read.rows_after);
      return read;
    };
    for (const auto& one : given.value("differences", nlohmann::json::array()))
      change.differences.push_back(difference(one));
    if (given.contains("unserved")) change.unserved = difference(given["unserved"]);
    if (given.contains("cause")) {
      const auto& cause = given["cause"];
      change.cause.emplace();
      change.cause->kind = named(cause.at("kind"), PlanCause::Kind::table_size);
      change.cause->table = qualified(cause.at("table"));
      set(cause, "object", change.cause->object);
      set(cause, "before", change.cause->before);
      set(cause, "after", change.cause->after);
    }
    const auto fingerprint = sql::fingerprint(given.at("statement").get<std::string>());
    out.changes.emplace(fingerprint.value_or(""), std::move(change));
  }
  return std::make_shared<const PlanComparison>(std::move(out));
}

// What the fixture folder has under one name: bad.sql, bad.log, bad/ (a repository; of its migrations all but
// the first are checked).
struct Inputs {
  struct Migrations {
    Catalog catalog;
    std::vector<Migration> checked;
  };
  std::vector<Migrations> migrations;
  std::optional<Catalog> catalog;
  std::optional<Workload> workload;
  std::optional<Project> project;
  PlanSet plans;
  std::vector<lint::SchemaComparison> comparisons;
  std::vector<lint::DeclaredSchema> declared;
  std::deque<Catalog> compared;
  std::string sql;

  Inputs(const Inputs&) = delete;  // comparisons point into it
  Inputs& operator=(const Inputs&) = delete;
  explicit Inputs(const std::string& name) : name_(name) {
    Diagnostics diagnostics;
    if (fs::exists(name + ".sql")) {
      sql = slurp(name + ".sql");
      catalog = replay(sql, name + ".sql");
      if (fs::exists(name + ".statistics.json"))
        add_statistics(*catalog, nlohmann::json::parse(slurp(name + ".statistics.json")));
    }
    if (fs::exists(name + ".log")) {
      workload = log::read({name + ".log"}, {}, diagnostics);
      sql::resolve(*workload, catalog.value_or(Catalog{}));
      plan::add_logged(plans, *workload, catalog ? &*catalog : nullptr, diagnostics);
    }
    if (fs::exists(name + ".plan_changes.json"))
      plans.comparison = comparison_in(nlohmann::json::parse(slurp(name + ".plan_changes.json")));
    if (fs::is_directory(name)) {
      read_folder(name);
      const auto inputs = migrations::find_schemas(name, diagnostics);
      for (const auto& input : inputs.value_or(std::vector<migrations::SchemaInput>{})) {
        migrations::CheckedMigrations checked;
        for (std::size_t i = 1; i < input.files.size(); ++i) checked.files.insert(input.files[i].path);
        auto loaded = migrations::load(input, checked, diagnostics);
        migrations.push_back({std::move(loaded).value(), std::move(checked.found)});
      }
      // A folder or journal that is not whole, a constraint or type that is there, a schema that is a program
      // or another database's: what some fixtures are about.
      if (fs::exists(name + ".facts.json")) diagnostics.clear();
      std::erase_if(diagnostics, [](const Error& error) {
        return error.what.find("already exists") != std::string::npos ||
               error.what.find("does not read the schema itself") != std::string::npos ||
               error.what.find("is not in meta/_journal.json") != std::string::npos ||
               error.what.find("is a Prisma schema of another database") != std::string::npos;
      });
    }
    for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
  }

  static Catalog replay(const std::string& script, const std::string& file) {
    sql::Replayer replayer;
    replayer.run(script, file);
    for (const auto& diagnostic : replayer.diagnostics()) ADD_FAILURE() << diagnostic.line();
    return replayer.take();
  }

  // A repository; its migrations are compared with the schema at hand, or with drizzle's snapshot.
  void read_folder(const std::string& name) {
    Diagnostics named;
    project = deploy::read_repository(name, named);
    const auto schemas = migrations::find_schemas(name, named);
    if (!schemas) return;
    migrations::read_migrations(*project, *schemas);
    if (fs::exists(name + ".facts.json")) {
      const auto json = nlohmann::json::parse(slurp(name + ".facts.json"));
      add_facts(*project, json);
      if (auto tables = tracking_in(json); !tables.empty()) {
        if (!catalog) catalog.emplace();
        catalog->tracking = std::move(tables);
      }
    }
    for (const auto& schema : *schemas) add_declared(schema, named);
    for (const auto& schema : *schemas) {
      const std::string snapshot = catalog ? "" : migrations::last_snapshot(schema);
      if (!catalog && snapshot.empty()) continue;
      compared.push_back(migrations::load(schema, named).value_or(Catalog{}));
      const Catalog* migrated = &compared.back();
      if (!catalog)
        compared.push_back(
            migrations::load({migrations::SchemaKind::drizzle_snapshot, snapshot, {{snapshot, ""}}}, named)
                .value_or(Catalog{}));
      comparisons.push_back({migrated, catalog ? &*catalog : &compared.back(), catalog.has_value(),
                             schema.path, catalog ? "the database shop" : snapshot, 0, true});
    }
  }

  void add_declared(const migrations::SchemaInput& schema, Diagnostics& named) {
    if (!schema.source) return;
    const std::string path = migrations::last_snapshot(schema);
    const Catalog* snapshot = nullptr;
    if (!path.empty())
      snapshot = &compared.emplace_back(
          migrations::load({migrations::SchemaKind::drizzle_snapshot, path, {{path, ""}}}, named).value());
    auto one =
        check::declared_schema(schema, migrations::load(schema, named).value(), snapshot, compared, named);
    if (one) declared.push_back(std::move(*one));
  }

  // What the rule finds in all of it, or, with `needed`, in those inputs alone that the expression names.
  // Fails if the rule did not run at all.
  std::vector<Finding> findings(std::string_view rule, const lint::Needs* needed = nullptr) const {
    std::vector<lint::Inputs> runs = {{catalog ? &*catalog : nullptr, workload ? &*workload : nullptr,
                                       project ? &*project : nullptr, nullptr, comparisons, nullptr, &plans,
                                       declared}};
    // Rules on code or a workload, and the schema or migrations together get both.
    const lint::Needs& needs = lint::find_rule(rule)->rule->needs;
    const bool with_migrations = needs.names(lint::Input::migrations);
    const bool with_code =
        needs.names(lint::Input::code) && (with_migrations || needs.names(lint::Input::schema));
    const bool with_workload =
        (needs.names(lint::Input::workload) || needs.names(lint::Input::events)) && with_migrations;
    for (const auto& folder : migrations)
      runs.push_back({&folder.catalog, with_workload && workload ? &*workload : nullptr,
                      with_code && project ? &*project : nullptr, &folder.checked});
    std::vector<Finding> out;
    std::string skipped;
    bool ran = false;
    for (lint::Inputs& inputs : runs) {
      Catalog without_server;
      Workload without_schema;
      if (needed) keep(*needed, inputs, without_server, without_schema);
      auto outcome = lint::run(inputs, {std::string(rule)});
      std::move(outcome.findings.begin(), outcome.findings.end(), std::back_inserter(out));
      ran = ran || !outcome.ran.empty();
      for (const auto& one : outcome.skipped) skipped = one.reason;
    }
    EXPECT_TRUE(ran) << rule << " did not run: " << skipped;
    return out;
  }

  // Takes away what the expression does not name. `bare_catalog` then holds a schema without what only a
  // server knows, `bare_workload` the log as it is read without a schema.
  void keep(const lint::Needs& needed, lint::Inputs& inputs, Catalog& bare_catalog,
            Workload& bare_workload) const {
    using lint::Input;
    const auto any_of = [&](std::initializer_list<Input> list) {
      return std::any_of(list.begin(), list.end(), [&](Input input) { return needed.names(input); });
    };
    const bool server = any_of({Input::statistics, Input::settings});
    if (!server && !any_of({Input::schema})) inputs.catalog = nullptr;
    if (!any_of({Input::workload, Input::events, Input::row_counts, Input::server_log, Input::sessions,
                 Input::temporary_files}))
      inputs.workload = nullptr;
    if (!any_of({Input::plans, Input::plan_changes})) inputs.plans = nullptr;
    if (!any_of({Input::project, Input::code})) inputs.project = nullptr;
    if (!needed.names(Input::migrations)) inputs.migrations = nullptr;
    if (!needed.names(Input::comparison)) inputs.comparisons.clear();
    if (!needed.names(Input::declared)) inputs.declared.clear();
    if (!inputs.catalog && inputs.workload) {
      Diagnostics diagnostics;
      bare_workload = log::read({name_ + ".log"}, {}, diagnostics);
      sql::resolve(bare_workload, Catalog{});
      inputs.workload = &bare_workload;
    }
    if (!inputs.catalog || server) return;
    bare_catalog = *inputs.catalog;
    bare_catalog.has_statistics = false;
    bare_catalog.settings.clear();
    bare_catalog.sessions.clear();
    for (auto& [name, table] : bare_catalog.tables) {
      table.statistics.reset();
      for (auto& column : table.columns) column.statistics.reset();
      for (auto& index : table.indexes) index.statistics.reset();
    }
    inputs.catalog = &bare_catalog;
  }
  bool any() const { return catalog || workload || project; }

 private:
  std::string name_;
};

nlohmann::ordered_json as_json(std::vector<Finding> findings) {
  Report report;
  report.findings = std::move(findings);
  return nlohmann::ordered_json::parse(report::render("json", report, {}))["findings"];
}

std::string folder_of(const lint::RegisteredRule& rule) {
  return (source_dir / "fixtures/rules" / rule.rule->id).string();
}

class RuleFixture : public testing::TestWithParam<lint::RegisteredRule> {
 protected:
  // Places in expected.json are relative to the folder.
  void SetUp() override {
    // What these find is, in part, in TypeScript.
    static const std::set<std::string_view> of_source = {"casing-mismatch", "committed-password",
                                                         "pool-without-timeout", "swallowed-migration-error",
                                                         "unconfirmed-push"};
    if (of_source.count(GetParam().rule->id) && !drizzle::reads_source())
      GTEST_SKIP() << "this build lacks the TypeScript grammar";
    if (GetParam().rule->needs.names(lint::Input::declared) && !drizzle::reads_source())
      GTEST_SKIP() << "this build lacks the TypeScript grammar";
    ASSERT_TRUE(fs::is_directory(folder_of(GetParam())))
        << "a rule needs a fixture folder: " << folder_of(GetParam());
    fs::current_path(folder_of(GetParam()));
    if ((GetParam().rule->needs.names(lint::Input::code) || fs::exists("bad/drizzle.config.ts")) &&
        !typescript::available())
      GTEST_SKIP() << "this build does not read TypeScript";
  }
};

TEST_P(RuleFixture, BadYieldsExactlyWhatIsExpected) {
  const Inputs bad("bad");
  ASSERT_TRUE(bad.any()) << "bad.sql, bad.log or bad/ is missing";
  const auto found = as_json(bad.findings(GetParam().rule->id));
  EXPECT_FALSE(found.empty());
  if (updating()) std::ofstream("expected.json") << found.dump(2) << "\n";
  EXPECT_EQ(found.dump(2), nlohmann::ordered_json::parse(slurp("expected.json"), nullptr, false).dump(2));
}

// What the documentation says that the rule needs is enough for a finding; a threshold of table size may need
// the sizes, too.
TEST_P(RuleFixture, FindsSomethingInWhatItNeedsAlone) {
  const Inputs bad("bad");
  const lint::Rule& rule = *GetParam().rule;
  const bool by_size = std::any_of(rule.options.begin(), rule.options.end(),
                                   [](const auto* option) { return option->table_size; });
  const lint::Needs needs = by_size ? all(rule.needs, lint::Input::statistics) : rule.needs;
  EXPECT_FALSE(bad.findings(rule.id, &needs).empty()) << "needs " << rule.needs.explain();
}

// Every safe fix together leaves nothing of what it mends; undone in reverse order, all of it is back.
TEST_P(RuleFixture, SafeFixesMendAndTheWayBackLeadsBack) {
  Inputs bad("bad");
  if (!bad.catalog || bad.workload || bad.project) GTEST_SKIP() << "no schema alone";
  auto findings = bad.findings(GetParam().rule->id);
  advisor::apply_fixes(advisor::propose(findings, {}, *bad.catalog, nullptr), findings);
  std::string up;
  std::string down;
  std::set<std::string> mended;
  std::set<std::string> undone;
  for (const auto& finding : findings) {
    if (!finding.fix || finding.fix->safety != Fix::Safety::safe) continue;
    mended.insert(finding.id);
    if (!finding.fix->down_sql.empty()) undone.insert(finding.id);
    if (finding.fix->sql.empty()) continue;
    up += finding.fix->sql + "\n";
    down = finding.fix->down_sql + "\n" + down;
  }
  if (mended.empty()) GTEST_SKIP() << "no safe fix";
  const auto ids = [&](const std::string& script) {
    Inputs after("bad");
    after.catalog = Inputs::replay(bad.sql + "\n;\n" + script, "bad.sql");
    if (fs::exists("bad.statistics.json")) {
      auto json = nlohmann::json::parse(slurp("bad.statistics.json"));
      add_statistics(*after.catalog, json);
    }
    std::set<std::string> out;
    for (const auto& finding : after.findings(GetParam().rule->id)) out.insert(finding.id);
    return out;
  };
  const auto left = ids(up);
  for (const auto& id : mended) EXPECT_FALSE(left.count(id)) << id << " is still found after\n" << up;
  const auto back = ids(up + down);
  for (const auto& id : undone)
    EXPECT_TRUE(back.count(id)) << id << " is not found again after\n" << up << down;
}

// All rules together: what the fixes of the whole report leave behind.
TEST_P(RuleFixture, FixesTogetherLeaveNothingNew) {
  const auto of_schema = [](const Finding& finding) {
    const std::string_view category = lint::find_rule(finding.rule)->category;
    return finding.severity >= Severity::warning && (category == "schema" || category == "index");
  };
  for (const char* name : {"bad", "good"}) {
    const Inputs inputs(name);
    if (!inputs.catalog) continue;
    const auto all = [&](const Catalog& catalog) {
      return lint::run({&catalog,
                        inputs.workload ? &*inputs.workload : nullptr,
                        nullptr,
                        nullptr,
                        {},
                        nullptr,
                        &inputs.plans})
          .findings;
    };
    auto findings = all(*inputs.catalog);
    auto proposals = advisor::propose(findings, {}, *inputs.catalog, nullptr);
    check::resolve_conflicts(findings, proposals, *inputs.catalog, nullptr);
    advisor::apply_fixes(proposals, findings);
    std::set<std::string> known;
    std::string script;
    for (const auto& finding : findings) {
      known.insert(finding.id);
      if (finding.fix && finding.fix->safety != Fix::Safety::manual && check::changes_schema(finding))
        script += finding.fix->sql + "\n";
    }
    sql::Replayer replayer(*inputs.catalog);
    replayer.run(script, "fixes.sql");
    for (const auto& diagnostic : replayer.diagnostics())
      ADD_FAILURE() << name << ": " << diagnostic.line() << "\n" << script;
    for (const auto& finding : all(replayer.take()))
      if (of_schema(finding)) {
        EXPECT_TRUE(known.count(finding.id))
            << name << ": " << finding.rule << ": " << finding.message << "\n"
            << script;
      }
  }
}

TEST_P(RuleFixture, GoodYieldsNothing) {
  const Inputs good("good");
  ASSERT_TRUE(good.any()) << "good.sql, good.log or good/ is missing";
  EXPECT_EQ(as_json(good.findings(GetParam().rule->id)).dump(2), "[]");
}

TEST_P(RuleFixture, DocumentationIsWhole) {
  const lint::Rule& rule = *GetParam().rule;
  for (const auto part : {rule.summary, rule.why, rule.fix, rule.when_to_ignore}) EXPECT_FALSE(part.empty());
  const fs::path page = source_dir / "docs/rules" / (std::string(rule.id) + ".md");
  if (updating()) {
    fs::create_directories(page.parent_path());
    std::ofstream(page) << report::rule_page(GetParam());
  }
  EXPECT_EQ(slurp(page), report::rule_page(GetParam())) << "stale: run with PGADVISE_UPDATE_GOLDEN=1";
  const fs::path category = source_dir / "rules" / GetParam().category;
  const std::string file = replace_all(std::string(rule.id), "-", "_") + ".cc";
  bool exists = false;  // there, or in a room
  for (const auto& entry : fs::recursive_directory_iterator(category))
    exists = exists || entry.path().filename() == file;
  EXPECT_TRUE(exists) << category << " has no " << file;
}

// What is reported differs from what is not, and of a rule about logged statements shows one.
TEST_P(RuleFixture, ExampleShowsTheDifference) {
  const auto& registered = GetParam();
  if (registered.example.empty()) {
    EXPECT_NE(registered.bad_sql, registered.good_sql) << "write example.md";
    const lint::Needs& needs = registered.rule->needs;
    for (const auto input : {lint::Input::workload, lint::Input::events, lint::Input::server_log})
      EXPECT_FALSE(needs.names(input)) << "the statements are in the log: write example.md";
    return;
  }
  std::set<std::string> blocks;
  bool code = false;
  std::string block;
  for (const auto line : split(registered.example, '\n')) {
    if (!line.starts_with("```")) {
      if (code) block += std::string(line) + "\n";
      continue;
    }
    if (code) {
      EXPECT_TRUE(blocks.insert(std::exchange(block, {})).second) << "two examples are the same";
    }
    code = !code;
  }
  EXPECT_FALSE(blocks.empty());
}

std::string test_name(const testing::TestParamInfo<lint::RegisteredRule>& info) {
  return replace_all(std::string(info.param.rule->id), "-", "_");
}

INSTANTIATE_TEST_SUITE_P(Rules, RuleFixture,
                         testing::ValuesIn(lint::all_rules().begin(), lint::all_rules().end()), test_name);

TEST(RuleFolders, BelongToARule) {
  for (const auto& entry : fs::directory_iterator(source_dir / "fixtures/rules"))
    EXPECT_TRUE(lint::find_rule(entry.path().filename().string())) << entry.path();
  for (const auto& entry : fs::directory_iterator(source_dir / "docs/rules")) {
    if (entry.path().filename() == "README.md") continue;
    EXPECT_TRUE(lint::find_rule(entry.path().stem().string())) << entry.path();
  }
}

TEST(RuleIndex, ListsEveryRule) {
  const fs::path path = source_dir / "docs/rules/README.md";
  if (updating()) std::ofstream(path) << report::rule_index();
  EXPECT_EQ(slurp(path), report::rule_index()) << "stale: run with PGADVISE_UPDATE_GOLDEN=1";
  for (const auto& registered : lint::all_rules())
    EXPECT_NE(report::rule_index().find(std::string("[") + std::string(registered.rule->id) + "]("),
              std::string::npos);
}

}  // namespace
}  // namespace pgadvise
