// Precision and recall of the rules about loops, on recordings of real clients. The labels say what each
// program did: in which of its scenarios (an application_name: sessions of its own), in which scope, with
// which statement.
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "lint/queries/loops.h"
#include "lint/run/context.h"
#include "log/lines/byte_source.h"
#include "log_support.h"
#include "sql/facts/facts.h"
#include "sql/parse/statement.h"
#include "sql/replay/replay.h"

namespace pgadvise::log::testing {
namespace {

using Json = nlohmann::json;
using Text = std::string;

struct Claim {
  Text application, scope, rule, fingerprint;
  auto operator<=>(const Claim&) const = default;
};

struct Labels {
  std::set<Claim> loops;
  std::set<Text> ambiguous;  // applications whose traffic may be told of in a note, and not in a warning
};

struct Found {
  std::map<Claim, Severity> claims;
};

Json json_of(const Text& file) { return Json::parse(read_file(fixture(file)).value_or(""), nullptr, false); }

Catalog schema_of(const std::vector<Text>& files) {
  sql::Replayer replayer;
  for (const auto& file : files) replayer.run(read_file(fixture(file)).value_or(""), file);
  return replayer.take();
}

Text scope_of(const Text& message) {
  const std::pair<const char*, RepeatedQuery::Scope> scopes[] = {
      {"pool", RepeatedQuery::Scope::pool_burst},
      {"burst", RepeatedQuery::Scope::session_burst},
      {"transaction", RepeatedQuery::Scope::transaction},
      {"trace", RepeatedQuery::Scope::trace}};
  for (const auto& [name, scope] : scopes)
    if (message.find(" in " + lint::scope_name(scope)) != Text::npos) return name;
  return "?";
}

void evaluate(const Text& path, const Text& application, const Catalog& catalog, Found& out) {
  Workload workload = read_paths({path}).workload;
  sql::resolve(workload, catalog);
  for (const auto& finding :
       lint::run({&catalog, &workload, nullptr}, {"n-plus-one-query", "n-plus-one-write", "redundant-query"})
           .findings)
    out.claims.emplace(
        Claim{application, scope_of(finding.message), finding.rule, finding.subject.fingerprint},
        finding.severity);
}

// The process that a line is of, in any of the three formats.
Text process_of(const Text& line) {
  static const std::regex stderr_line(R"(^\S+ \S+ \S+ \[(\d+)\] )"),
      csv(R"re(^[^",]+,"[^"]*","[^"]*",(\d+),)re"), json(R"re(^\{"timestamp":"[^"]*",.*?"pid":(\d+),)re");
  std::smatch found;
  for (const auto* form : {&stderr_line, &csv, &json})
    if (std::regex_search(line, found, *form)) return found[1];
  return {};
}

Text application_in(const Text& line) {
  static const std::regex prefix(R"(^\S+ \S+ \S+ \[\d+\] \S+?@\S+?/(.*?) [A-Z]+:  )"),
      json(R"re("application_name":"([^"]*)")re");
  std::smatch found;
  if (std::regex_search(line, found, prefix) || std::regex_search(line, found, json)) return found[1];
  return {};
}

std::vector<Text> lines_of(const Text& path) {
  std::vector<Text> out;
  Text whole;
  const auto source = ByteSource::open(path);
  if (!source) return out;
  Text piece(1 << 16, '\0');
  for (std::ptrdiff_t got = 0; (got = (*source)->read(piece.data(), piece.size())) > 0;)
    whole.append(piece, 0, static_cast<std::size_t>(got));
  for (const auto line : split(whole, '\n')) out.emplace_back(line);
  return out;
}

std::map<Text, Text> applications_of(const std::vector<Text>& lines) {
  std::map<Text, Text> out;
  for (const auto& line : lines)
    if (const Text application = application_in(line); !application.empty() && application != "[unknown]")
      out[process_of(line)] = application;
  return out;
}

// What is found in each application's part of the recording, as if it had been alone.
Found evaluate_by_application(const std::vector<Text>& lines, const std::map<Text, Text>& applications,
                              const Catalog& catalog, const Text& end_of_name) {
  std::map<Text, Text> parts;
  Text* part = nullptr;
  for (const auto& line : lines) {
    if (const Text process = process_of(line); !process.empty()) {
      const auto known = applications.find(process);
      part = known == applications.end() ? nullptr : &parts[known->second];
    }
    if (part) part->append(line).append("\n");
  }
  Found out;
  for (const auto& [application, text] : parts)
    evaluate(write_log(text, "part" + end_of_name), application, catalog, out);
  return out;
}

struct Score {
  std::size_t labelled = 0, right = 0, cautious = 0, false_alarms = 0, missed = 0, notes = 0;
  double precision() const {
    return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(1, right + false_alarms));
  }
  double recall() const {
    return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(1, right + missed));
  }
  void print(const Text& name) const {
    fmt::print("{:24} {:8} {:8} {:8} {:8} {:8} {:8}\n", name, labelled, right, cautious, false_alarms, missed,
               notes);
  }
};

void add(const Text& recording, const Labels& labels, const Found& found, Score& total) {
  Score own;
  const auto tell = [&](const char* what, const Claim& claim) {
    fmt::print("  {} in {}: {} in one {}, {} {}\n", what, recording, claim.rule, claim.scope,
               claim.application, claim.fingerprint);
  };
  own.labelled = labels.loops.size();
  for (const auto& claim : labels.loops) {
    if (const auto at = found.claims.find(claim); at != found.claims.end()) {
      ++own.right;
      own.cautious += at->second == Severity::note && claim.rule != "redundant-query";
    } else {
      ++own.missed;
      tell("missed", claim);
    }
  }
  for (const auto& [claim, severity] : found.claims) {
    if (labels.loops.contains(claim)) continue;
    if (severity == Severity::note && labels.ambiguous.contains(claim.application)) {
      ++own.notes;
      continue;
    }
    ++own.false_alarms;
    tell("false alarm", claim);
  }
  own.print(recording);
  total.labelled += own.labelled, total.right += own.right, total.cautious += own.cautious,
      total.false_alarms += own.false_alarms, total.missed += own.missed, total.notes += own.notes;
}

// The recording as one log: nothing may come of the applications' being side by side.
void expect_no_more_as_one_log(const Text& path, const Labels& labels, const Catalog& catalog) {
  Found whole;
  evaluate(path, {}, catalog, whole);
  std::set<std::pair<Text, Text>> known, told;
  for (const auto& claim : labels.loops) known.emplace(claim.rule, claim.fingerprint);
  for (const auto& [claim, severity] : whole.claims) {
    told.emplace(claim.rule, claim.fingerprint);
    EXPECT_TRUE(known.contains({claim.rule, claim.fingerprint}) ||
                (severity == Severity::note && !labels.ambiguous.empty()))
        << path << ": " << claim.rule << " " << claim.fingerprint;
  }
  for (const auto& [rule, fingerprint] : known)
    EXPECT_TRUE(told.contains({rule, fingerprint})) << path << ": " << rule << " " << fingerprint;
}

Text fingerprint(const Json& query) { return sql::fingerprint(query.get<Text>()).value_or("?"); }

Labels labels_of(const Json& entries) {
  Labels out;
  for (const auto& entry : entries) {
    if (entry.contains("at_most")) out.ambiguous.insert(entry["application"]);
    else out.loops.insert({entry["application"], entry["scope"], entry["rule"], fingerprint(entry["query"])});
  }
  return out;
}

// The shop's own words: what its workload did.
Labels labels_of_shop() {
  Labels out;
  const Json labels = json_of("shop/labels.json");
  for (const auto& scenario : labels["scenarios"]) {
    const Text expect = scenario["expect"], kind = scenario["kind"];
    if (expect != "n+1" && expect != "redundant") continue;
    const bool transaction =
        kind == "transaction" || scenario.value("note", "").find("inside a transaction") != Text::npos;
    const Text scope = transaction ? "transaction" : kind == "promise-all" ? "pool" : "burst";
    for (const auto& child : scenario["children"]) {
      const bool reads = starts_with_nocase(child["query"].get<Text>(), "select");
      out.loops.insert({scenario["application_name"], scope,
                        expect == "redundant" ? "redundant-query"
                        : reads               ? "n-plus-one-query"
                                              : "n-plus-one-write",
                        fingerprint(child["query"])});
    }
  }
  return out;
}

TEST(Labels, PrecisionAndRecallOfTheLoopRules) {
  Score total;
  // cautious: right, but as a note. notes: of traffic, where they are allowed
  fmt::print("{:24} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "recording", "labelled", "right", "cautious",
             "false", "missed", "notes");
  const Catalog books = schema_of({"n-plus-one/schema.sql"});
  const Json recordings = json_of("n-plus-one/labels.json");
  ASSERT_FALSE(recordings.empty());
  for (const auto& [recording, entries] : recordings.items()) {
    Text path = fixture("n-plus-one/" + recording + ".log");
    if (!std::filesystem::exists(path)) path += ".gz";
    const auto lines = lines_of(path);
    ASSERT_FALSE(lines.empty()) << path;
    const Labels labels = labels_of(entries);
    const auto applications = applications_of(lines);
    for (const auto& claim : labels.loops)
      EXPECT_TRUE(std::any_of(applications.begin(), applications.end(),
                              [&](const auto& known) { return known.second == claim.application; }))
          << recording << " has no " << claim.application;
    add(recording, labels, evaluate_by_application(lines, applications, books, ".log"), total);
    expect_no_more_as_one_log(path, labels, books);
  }
  const Catalog shop = schema_of({"shop/drizzle/0000_init.sql", "shop/drizzle/0001_checkout.sql",
                                  "shop/drizzle/0002_fulfilment.sql", "shop/drizzle/0003_events.sql",
                                  "shop/drizzle/0004_accounts.sql", "shop/drizzle/0005_billing.sql",
                                  "shop/drizzle/0006_catalog_search.sql", "shop/drizzle/0007_comments.sql"});
  const Labels shop_labels = labels_of_shop();
  ASSERT_FALSE(shop_labels.loops.empty());
  const auto applications =
      applications_of(lines_of(fixture("shop/logs/shop.json")));  // shop.log's prefix has none: by process
  for (const auto* log : {"shop/logs/shop.log", "shop/logs/shop.csv", "shop/logs/shop.json"}) {
    add(log, shop_labels,
        evaluate_by_application(lines_of(fixture(log)), applications, shop, Text(log).substr(14)), total);
    expect_no_more_as_one_log(fixture(log), shop_labels, shop);
  }
  total.print("total");
  fmt::print("precision {:.3f}, recall {:.3f}\n", total.precision(), total.recall());
  EXPECT_GE(total.precision(), 0.95);
  EXPECT_GE(total.recall(), 0.9);
}

// All of pgbench's scripts, three protocols, in fixtures/n-plus-one/server.log.
TEST(Labels, NothingIsFoundInPgbench) {
  const auto lines = lines_of(fixture("n-plus-one/server.log"));
  const auto applications = applications_of(lines);
  Found found = evaluate_by_application(lines, applications, schema_of({"n-plus-one/schema.sql"}), ".log");
  EXPECT_TRUE(std::any_of(applications.begin(), applications.end(),
                          [](const auto& known) { return known.second == "pgbench"; }));
  EXPECT_TRUE(found.claims.empty());
}

}  // namespace
}  // namespace pgadvise::log::testing
