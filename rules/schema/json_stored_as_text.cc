#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/identifier.h"
#include "base/json_text.h"
#include "base/text.h"
#include "lint/context.h"
#include "lint/tables.h"
#include "lint/words.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

// --- names

bool named_like_json(std::string_view name) {
  static constexpr std::array<std::string_view, 10> last = {
      "metadata",   "payload",    "settings", "preferences",   "permissions",
      "attributes", "properties", "props",    "configuration", "json"};
  static constexpr std::array<std::string_view, 5> after_another = {"data", "config", "options", "params",
                                                                    "headers"};
  static constexpr std::array<std::string_view, 9> alone = {"config", "data",  "headers", "options", "tags",
                                                            "params", "extra", "context", "meta"};
  static constexpr std::array<std::string_view, 16> never = {
      "encrypted", "yaml",    "toml",   "xml",    "base64", "markdown",    "schema", "sdl",
      "proto",     "compose", "cipher", "binary", "csv",    "certificate", "pem",    "private"};
  const auto words = words_of(name);
  if (words.empty() ||
      std::any_of(words.begin(), words.end(), [](const std::string& word) { return one_of(word, never); }))
    return false;
  return one_of(words.back(), last) || (words.size() > 1 && one_of(words.back(), after_another)) ||
         (words.size() == 1 && one_of(words[0], alone));
}

// Tables whose columns an authentication library writes by its own code: changing their types breaks it.
bool owned_by_library(const Context& context, const Table& table) {
  static constexpr std::array<std::string_view, 9> names = {
      "apikey",       "apikeys",          "organization",      "organizations", "ssoprovider",
      "ssoproviders", "oauthapplication", "oauthapplications", "oauthclient"};
  std::string name;
  for (const auto& word : words_of(table.name.name)) name += word;
  if (!one_of(name, names)) return false;
  const auto& tables = context.catalog().tables;
  return std::any_of(tables.begin(), tables.end(), [](const auto& item) {
    const std::string other = lower(item.first.name);
    return other == "verification" || other == "verifications";
  });
}

// --- types and expressions

// text and varchar; a short varchar is counted only when more than its name speaks.
bool is_text(const std::string& type) {
  return type == "text" || type == "character varying" ||
         (type.compare(0, 18, "character varying(") == 0 && type.back() == ')');
}

bool is_short(const std::string& type) {
  const auto open = type.find('(');
  return open != std::string::npos && std::atoi(type.c_str() + open + 1) < 100;
}

// Does the expression take the column for JSON: c::jsonb, (c)::json, CAST(c AS jsonb), c IS JSON?
bool takes_for_json(std::string_view expression, const std::string& column) {
  const auto tokens = tokens_of(expression);
  const auto word = [&](std::size_t i) { return i < tokens.size() ? tokens[i] : std::string(); };
  const auto json = [&](std::size_t i) { return word(i) == "json" || word(i) == "jsonb"; };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] != column) continue;
    std::size_t next = i + 1;
    while (word(next) == ")" || (word(next) == "::" && word(next + 1) == "text"))
      next += word(next) == ")" ? 1 : 2;
    if (word(next) == "::" && json(next + 1)) return true;
    if (word(next) == "as" && json(next + 1)) return true;
    if (word(next) == "is" &&
        (word(next + 1) == "json" || (word(next + 1) == "not" && word(next + 2) == "json")))
      return true;
  }
  return false;
}

bool takes_for_json(const Index& index, const std::string& column) {
  return (index.predicate && takes_for_json(*index.predicate, column)) ||
         std::any_of(index.keys.begin(), index.keys.end(),
                     [&](const IndexKey& key) { return takes_for_json(key.expression, column); });
}

// --- evidence

struct Judgement {
  std::vector<Evidence> evidence;
  bool proven = false;
  bool refuted = false;  // a logged value that is no JSON

  void add(Evidence::Kind kind, std::string text, std::optional<SourceLocation> place = std::nullopt) {
    evidence.push_back({kind, std::move(text), std::move(place), {}});
    proven = true;
  }
};

void judge_schema(const Table& table, const Column& column, Judgement& out) {
  if (column.default_expression)
    if (const auto value = literal_of(*column.default_expression); value && is_json_container(*value))
      out.add(Evidence::Kind::catalog, "its default is JSON: " + ellipsis(*column.default_expression, 80),
              column.origin);
  for (const auto& check : table.constraints)
    if (check.kind == Constraint::Kind::check && takes_for_json(check.expression, column.name))
      out.add(Evidence::Kind::catalog, "the check " + check.name + " takes it for JSON", check.origin);
  for (const auto& other : table.columns)
    if (other.generated_expression && takes_for_json(*other.generated_expression, column.name))
      out.add(Evidence::Kind::catalog, "the generated column " + other.name + " takes it for JSON",
              other.origin);
  for (const auto& index : table.indexes) {
    if (takes_for_json(index, column.name))
      out.add(Evidence::Kind::catalog, "the index " + index.name + " takes it for JSON", index.origin);
  }
  if (column.statistics && column.statistics->begins_as_json)
    out.add(Evidence::Kind::catalog, "its values in pg_stats begin as JSON does");
  const auto words = tokens_of(column.comment);
  if (std::find(words.begin(), words.end(), "json") != words.end())
    out.add(Evidence::Kind::catalog, "its comment says JSON", column.origin);
}

// What the logged calls gave the column.
struct Given {
  int values = 0;
  int json = 0;
  std::optional<SourceLocation> place;
};

void count_parameter(const Query& query, int number, Given& given) {
  for (const auto& sample : query.samples) {
    if (!sample.parameters || number < 1 || static_cast<std::size_t>(number) > sample.parameters->size())
      continue;
    const auto& value = (*sample.parameters)[static_cast<std::size_t>(number) - 1];
    if (!value || value->empty()) continue;
    ++given.values;
    if (!is_json_container(*value)) continue;
    ++given.json;
    if (!given.place) given.place = sample.place;
  }
}

// "payload" beside "payload_type", "data" beside "type": what it holds varies.
bool described_by_another(const Table& table, const Column& column) {
  const auto words = words_of(column.name);
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& other) {
    auto of_other = words_of(other.name);
    if (of_other.empty()) return false;
    const std::string last = of_other.back();
    of_other.pop_back();
    if (last != "type" && last != "format" && last != "encoding") return false;
    return of_other == words || (of_other.empty() && words.back() == "data");
  });
}

// What a webhook sent, as it came: the sender's signature is of its bytes, which jsonb does not keep.
bool kept_for_its_signature(const Table& table) {
  const auto has_word = [](std::string_view name, std::initializer_list<std::string_view> wanted) {
    const auto words = words_of(name);
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return std::find(wanted.begin(), wanted.end(), word) != wanted.end();
    });
  };
  return has_word(table.name.name, {"webhook", "webhooks"}) ||
         std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
           return has_word(column.name, {"sig", "signature", "hmac"});
         });
}

// What speaks against JSON in a column that is only named like it: another default, a look-up by the whole
// value.
bool used_as_plain_text(const Context& context, const Table& table, const Column& column) {
  if (column.default_expression)
    if (const auto value = literal_of(*column.default_expression); value && !value->empty()) return true;
  for (const auto& index : table.indexes)
    for (const auto& key : index.keys)
      if (key.column == column.name && index.method != "gin" && index.method != "gist") return true;
  for (const auto& check : table.constraints) {
    const auto tokens =
        check.kind == Constraint::Kind::check ? tokens_of(check.expression) : std::vector<std::string>{};
    if (std::find(tokens.begin(), tokens.end(), column.name) != tokens.end()) return true;
  }
  if (!context.has_workload()) return false;
  for (const Query* query : context.queries_on(table.name))
    for (const auto& predicate : query->facts.predicates)
      if (predicate.column == ColumnUse{table.name, column.name} && predicate.wrapper.empty() &&
          (predicate.op == Predicate::Op::equality || predicate.op == Predicate::Op::in_list))
        return true;
  return false;
}

// A repository with a program in it shows in its code what becomes of the column. nullptr: nowhere there it
// is JSON.
const CodedAsJson* in_code(const Context& context, const Column& column) {
  std::string name;
  for (const auto& word : words_of(column.name)) name += word;
  for (const auto& coded : context.project().coded_as_json)
    if (coded.name == name) return &coded;
  return nullptr;
}

bool has_program(const Context& context) {
  constexpr int a_program = 20;  // files of code; fewer are scripts beside a schema
  return context.has_project() && context.project().code_files >= a_program;
}

// Tables that Rails makes and writes.
bool owned_by_rails(const Table& table) {
  return table.name.name.starts_with("active_storage_") || table.name.name.starts_with("action_text_");
}

void judge_workload(const Context& context, const Table& table, const Column& column, Judgement& out) {
  const ColumnUse use{table.name, column.name};
  Given given;
  const Query* cast = nullptr;
  for (const Query* query : context.queries_on(table.name)) {
    for (const auto& predicate : query->facts.predicates)
      if (predicate.column == use && predicate.wrapper.find("::json") != std::string::npos) cast = query;
    for (const auto& [assigned, number] : query->facts.assigned_parameters)
      if (assigned == use) count_parameter(*query, number, given);
  }
  if (cast)
    out.add(
        Evidence::Kind::statement, "a logged statement casts it to JSON: " + ellipsis(cast->text, 120),
        cast->samples.empty() ? std::nullopt : std::optional<SourceLocation>(cast->samples.front().place));
  out.refuted = given.json < given.values;
  if (given.json > 0 && given.json == given.values)
    out.add(Evidence::Kind::statement,
            given.json == 1 ? "the value logged for it is JSON"
                            : "all " + std::to_string(given.json) + " values logged for it are JSON",
            given.place);
}

// --- what a server's values show

constexpr std::string_view sampled_values =
    "SELECT pg_catalog.substr(x.{column}::pg_catalog.text, 1, 100001) FROM {table} x{sample} "
    "WHERE x.{column} IS NOT NULL LIMIT 200";

// Values over 100,000 characters come cut and are left out, as are empty ones.
Conclusion conclude(const std::vector<std::string>& values) {
  double whole = 0;
  double json = 0;
  for (const auto& value : values) {
    if (value.size() > 100'000 || trim(value).empty()) continue;
    ++whole;
    json += is_json_container(value);
  }
  if (whole == 0) return {.reason = "the column has no values in this database"};
  const std::string fact =
      grouped(json) + " of " + grouped(whole) + " sampled values are JSON objects or arrays";
  if (json * 10 < whole * 9) return {.verdict = Verdict::refuted, .reason = fact};
  return {.verdict = Verdict::confirmed, .fact = fact};
}

// --- the fix

std::string drizzle_line(const Context& context, const Table& table, const Column& column,
                         const std::optional<std::string>& value) {
  if (!context.has_project() || !context.project().drizzle || !context.project().postgresql) return {};
  std::string property = context.project().drizzle_name(table.name, column.name);
  if (property.empty()) property = column.name;
  std::string out = property + ": jsonb('" + column.name + "')";
  if (column.not_null) out += ".notNull()";
  if (value) out += ".default(" + *value + ")";
  return out;
}

// Once the column is jsonb the server keeps its checks without their casts: back on text they have to be made
// anew.
// "" where an index would have to be.
std::string way_back(const Table& table, const Column& column, const std::string& alter,
                     const std::string& begin, const std::string& drop_default) {
  std::string drop;
  std::string add;
  for (const auto& index : table.indexes)
    if (takes_for_json(index, column.name)) return {};
  for (const auto& check : table.constraints) {
    if (check.kind != Constraint::Kind::check || !takes_for_json(check.expression, column.name)) continue;
    drop += "  DROP CONSTRAINT " + quote_identifier(check.name) + ",\n";
    add += ",\n  ADD " + ddl::named_constraint(check);
  }
  std::string out = alter + drop + drop_default + begin + "TYPE " + column.type + " USING " +
                    quote_identifier(column.name) + "::text";
  if (column.default_expression) out += ",\n" + begin + "SET DEFAULT " + *column.default_expression;
  return out + add + ";";
}

Fix fix_of(const Context& context, const Table& table, const Column& column) {
  const std::string alter = ddl::alter_table(table.name) + "\n";
  const std::string name = quote_identifier(column.name);
  const std::string begin = "  ALTER COLUMN " + name + " ";
  std::optional<std::string> value;
  if (column.default_expression) value = literal_of(*column.default_expression);
  if (value && !is_json_container(*value)) value.reset();
  const std::string drop = column.default_expression ? begin + "DROP DEFAULT,\n" : "";
  Fix fix;
  fix.title =
      "Make it jsonb: this rewrites the table under an exclusive lock, and fails on a value that is no JSON";
  fix.sql = alter + drop + begin + "TYPE jsonb USING " + name + "::jsonb";
  if (value) fix.sql += ",\n" + begin + "SET DEFAULT " + quote_literal(*value) + "::jsonb";
  fix.sql += ";";
  fix.down_sql = way_back(table, column, alter, begin, value ? drop : "");
  fix.drizzle = drizzle_line(context, table, column, value);
  fix.safety = Fix::Safety::review;
  for (const auto& other : table.columns) {
    if (!other.generated_expression || !takes_for_json(*other.generated_expression, column.name)) continue;
    fix.title += "; the server refuses while the generated column " + other.name +
                 " depends on it: drop that first, add it anew after";
    fix.safety = Fix::Safety::manual;
  }
  return fix;
}

bool is_key(const Table& table, const std::string& column) {
  return std::any_of(table.constraints.begin(), table.constraints.end(), [&](const Constraint& constraint) {
    return constraint.kind != Constraint::Kind::check &&
           std::find(constraint.columns.begin(), constraint.columns.end(), column) !=
               constraint.columns.end();
  });
}

void check_column(const Context& context, Reporter& reporter, const Table& table, const Column& column) {
  if (!is_text(column.type) || column.generated_expression || is_key(table, column.name)) return;
  Judgement judgement;
  judge_schema(table, column, judgement);
  if (context.has_workload()) judge_workload(context, table, column, judgement);
  const bool library = owned_by_library(context, table);
  const bool named = named_like_json(column.name) && !owned_by_rails(table) && !is_short(column.type) &&
                     !library && !judgement.refuted && !described_by_another(table, column) &&
                     !kept_for_its_signature(table) && !used_as_plain_text(context, table, column);
  const bool ask_code = named && !judgement.proven && has_program(context);
  const CodedAsJson* coded = ask_code ? in_code(context, column) : nullptr;
  if (ask_code && !coded) return;
  if (!judgement.proven && !named) return;
  const std::string subject = display(table.name) + "." + column.name;
  const bool sure = judgement.proven && !library;
  std::string message =
      judgement.proven
          ? subject + " holds JSON as " + column.type +
                ": the server neither checks it nor can index or query what is inside."
          : subject + " is " + column.type +
                " and named like JSON: if it holds JSON, jsonb would check it and make it searchable.";
  Finding& finding = reporter.add(
      {.kind = "column", .schema = table.name.schema, .table = table.name.name, .columns = {column.name}},
      std::move(message), sure ? Severity::warning : Severity::note);
  finding.location = column.origin;
  finding.evidence = std::move(judgement.evidence);
  if (coded)
    finding.evidence.push_back(
        {Evidence::Kind::project, "the code takes something of this name for JSON", coded->place, {}});
  if (library)
    finding.evidence.push_back(
        {Evidence::Kind::catalog,
         "the table looks like one that an authentication library writes: see what it expects",
         std::nullopt,
         {}});
  finding.fix = fix_of(context, table, column);
  finding.probe = Probe{.kind = Probe::Kind::values,
                        .table = table.name,
                        .columns = {column.name},
                        .confirmed_severity = library ? Severity::note : Severity::warning,
                        .sql = sampled_values,
                        .from_values = conclude};
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    const bool stored = table.kind == Table::Kind::ordinary || table.kind == Table::Kind::partitioned;
    if (!stored || table.partition_of || table.temporary) continue;
    for (const auto& column : table.columns) check_column(context, reporter, table, column);
  }
}

}  // namespace

constinit const Rule json_stored_as_text{
    .id = "json-stored-as-text",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "JSON in a text column",
    .why =
        "In a text or varchar column the server sees a string: it accepts broken JSON, can't look inside "
        "without parsing the "
        "whole value in every row, and no GIN index can serve a search. jsonb is checked when it is written, "
        "parsed once, "
        "and has operators and indexes.\n\n"
        "A warning on evidence: a default that is a JSON object or array, a check, generated column or index "
        "that takes the "
        "column for JSON, a logged statement that casts it, logged values that are all JSON, a comment that "
        "says so. A note "
        "when only the column's name speaks for it; and where there is a program beside the schema, only if "
        "its code reads or writes "
        "something of that name as JSON.",
    .fix =
        "`ALTER COLUMN … TYPE jsonb USING …::jsonb`. It rewrites the table under an ACCESS EXCLUSIVE lock; "
        "on a large table "
        "add a jsonb column, fill it in batches, and swap. Look for values that don't parse first.",
    .when_to_ignore =
        "The exact text matters (signed payloads, key order, duplicate keys), a library owns the column, or "
        "nothing "
        "ever looks inside.",
    .check = check};

}  // namespace pgadvise::rules
