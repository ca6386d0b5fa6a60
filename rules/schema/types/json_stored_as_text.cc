#include <algorithm>
#include <cstdlib>

#include "base/text/identifier.h"
#include "base/text/json_text.h"
#include "base/text/text.h"
#include "lint/migrations/migration_folders.h"
#include "lint/queries/code.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/run/context.h"
#include "lint/schema/json_casts.h"
#include "lint/schema/stored_as_text.h"
#include "lint/schema/tables.h"
#include "lint/schema/type_fix.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::json_stored_as_text {
namespace {

// --- names

// Single words for many things: code that handles one of them as JSON says nothing about the column.
constexpr std::string_view vague[] = {"data",     "config",  "options",    "params",     "headers",
                                      "metadata", "payload", "attributes", "properties", "props",
                                      "tags",     "extra",   "context",    "meta"};

bool named_like_json(const std::vector<std::string>& words) {
  static constexpr std::string_view last[] = {"settings",   "preferences", "permissions", "configuration",
                                              "json",       "data",        "config",      "options",
                                              "params",     "headers",     "metadata",    "payload",
                                              "attributes", "properties",  "props"};
  static constexpr std::string_view never[] = {
      "encrypted", "yaml",    "toml",   "xml",    "base64", "markdown",    "schema", "sdl",
      "proto",     "compose", "cipher", "binary", "csv",    "certificate", "pem",    "private"};
  if (words.empty() || any_of(words, never)) return false;
  return is_one_of(words.back(), last) || (words.size() == 1 && is_one_of(words[0], vague));
}

// Tables that an authentication library writes with its own code: a change of their types breaks the library.
bool owned_by_library(const Context& context, const Table& table) {
  static constexpr std::string_view names[] = {"apikey",           "apikeys",           "organization",
                                               "organizations",    "ssoprovider",       "ssoproviders",
                                               "oauthapplication", "oauthapplications", "oauthclient"};
  if (!is_one_of(join(words_of(table.name.name), ""), names)) return false;
  const auto& tables = context.catalog().tables;
  return std::ranges::any_of(tables, [](const auto& item) {
    const std::string other = lower(item.first.name);
    return other == "verification" || other == "verifications";
  });
}

// --- types

// text and varchar. For a short varchar (is_short), the name alone is no evidence.
bool is_text(const std::string& type) {
  return type == "text" || (type.starts_with("character varying") && !type.ends_with("]"));
}

bool is_short(const std::string& type) {
  const auto open = type.find('(');
  return open != std::string::npos && std::atoi(type.c_str() + open + 1) < 100;
}

// --- evidence

struct Assessment {
  std::vector<Evidence> evidence;
  bool proven = false;
  bool refuted = false;                   // a logged value is not JSON
  std::optional<SourceLocation> in_code;  // the first use of the code

  void add(Evidence::Kind kind, std::string text, std::optional<SourceLocation> place = std::nullopt) {
    evidence.push_back({kind, std::move(text), std::move(place), {}});
    proven = true;
  }
};

// Whether a comment at the column says that the text is no JSON that PostgreSQL could parse.
bool described_otherwise(const Column& column) {
  const std::string comment = lower(column.source_comment + " " + column.comment);
  return contains_any(comment, {"encrypt", "cipher", "truncated", "compressed", "base64", "not json"}) ||
         (contains(comment, "encoded") && !contains(comment, "json"));
}

void assess_schema(const Table& table, const Column& column, Assessment& out) {
  if (column.default_expression)
    if (const auto value = literal_of(*column.default_expression); value && is_json_container(*value))
      out.add(Evidence::Kind::catalog, "its default is JSON: " + ellipsis(*column.default_expression, 80),
              column.origin);
  for (const auto& check : table.constraints)
    if (check.kind == Constraint::Kind::check && treats_as_json(check.expression, column.name))
      out.add(Evidence::Kind::catalog, "the check " + check.name + " treats the column as JSON",
              check.origin);
  for (const auto& other : table.columns)
    if (other.generated_expression && treats_as_json(*other.generated_expression, column.name))
      out.add(Evidence::Kind::catalog, "the generated column " + other.name + " treats the column as JSON",
              other.origin);
  for (const auto& index : table.indexes) {
    if (treats_as_json(index, column.name))
      out.add(Evidence::Kind::catalog, "the index " + index.name + " treats the column as JSON",
              index.origin);
  }
  if (column.statistics && column.statistics->begins_as_json)
    out.add(Evidence::Kind::catalog, "its values in pg_stats begin like JSON");
  if (contains(tokens_of(column.comment), "json") && !described_otherwise(column))
    out.add(Evidence::Kind::catalog, "its comment mentions JSON", column.origin);
}

// The values that logged statements wrote to the column.
struct WrittenValues {
  int values = 0;
  int json = 0;
  std::optional<SourceLocation> place;
};

void count_parameter(const Query& query, int number, WrittenValues& written) {
  for (const auto& sample : query.samples) {
    if (!sample.parameters || number < 1 || static_cast<std::size_t>(number) > sample.parameters->size())
      continue;
    const auto& value = (*sample.parameters)[static_cast<std::size_t>(number) - 1];
    if (!value || value->empty()) continue;
    ++written.values;
    if (!is_json_container(*value)) continue;
    ++written.json;
    if (!written.place) written.place = sample.place;
  }
}

// Whether another column names the format of this one: "payload" with "payload_type", "data" with "type".
bool described_by_another(const Table& table, const Column& column) {
  const auto words = words_of(column.name);
  return std::ranges::any_of(table.columns, [&](const Column& other) {
    auto of_other = words_of(other.name);
    if (of_other.empty()) return false;
    const std::string last = of_other.back();
    of_other.pop_back();
    if (last != "type" && last != "format" && last != "encoding") return false;
    return of_other == words || (of_other.empty() && words.back() == "data");
  });
}

// Whether the table stores signed webhook payloads: the signature covers the exact bytes, which jsonb does
// not keep.
bool kept_for_its_signature(const Table& table) {
  static constexpr std::string_view tables[] = {"webhook", "webhooks"};
  static constexpr std::string_view columns[] = {"sig", "signature", "hmac"};
  return any_of(words_of(table.name.name), tables) ||
         std::ranges::any_of(table.columns,
                             [](const Column& column) { return any_of(words_of(column.name), columns); });
}

// Evidence against JSON in a column that only has a name like JSON: a default that is not JSON, or a look-up
// by the whole value.
bool used_as_plain_text(const Context& context, const Table& table, const Column& column) {
  if (column.default_expression)
    if (const auto value = literal_of(*column.default_expression); value && !value->empty()) return true;
  for (const auto& index : table.indexes)
    for (const auto& key : index.keys)
      if (key.column == column.name && index.method != "gin" && index.method != "gist") return true;
  for (const auto& check : table.constraints)
    if (check.kind == Constraint::Kind::check && contains(tokens_of(check.expression), column.name))
      return true;
  for (const Query* query : context.queries_on(table.name))
    for (const auto& predicate : query->facts.predicates)
      if (predicate.column == ColumnUse{table.name, column.name} && predicate.wrapper.empty() &&
          (predicate.op == Predicate::Op::equality || predicate.op == Predicate::Op::in_list))
        return true;
  return false;
}

// The place where the code of the repository reads or writes something of this name as JSON; nullptr if there
// is none.
const CodedAsJson* in_code(const Context& context, const Column& column) {
  const std::string name = join(words_of(column.name), "");
  for (const auto& coded : context.project().coded_as_json)
    if (coded.name == name) return &coded;
  return nullptr;
}

bool has_program(const Context& context) {
  constexpr int a_program = 20;  // files of code; a repository with fewer has only scripts
  return context.has_project() && context.project().code_files >= a_program;
}

// What the repository's code does with the column: how it declares, writes or reads it as JSON.
std::vector<const JsonColumn*> uses_in_code(const Context& context, const Table& table,
                                            const Column& column) {
  std::vector<const JsonColumn*> out;
  const CodeFacts* code = context.has_project() ? code_facts(context) : nullptr;
  if (!code) return out;
  for (const auto& one : code->json_columns)
    if (one.table == table.name && one.column == column.name) out.push_back(&one);
  return out;
}

std::string text_of(const JsonColumn& use) {
  switch (use.use) {
    case JsonColumn::Use::declared: return "the code declares its values as " + use.text;
    case JsonColumn::Use::written: return "the code writes " + use.text;
    case JsonColumn::Use::read: return "the code reads it with " + use.text;
    case JsonColumn::Use::encrypted: break;  // no evidence
  }
  return {};
}

void assess_code(const Context& context, const std::vector<const JsonColumn*>& uses, Assessment& out) {
  for (const JsonColumn* use : uses) {
    const SourceLocation place = located(context.project(), use->place);
    if (!out.in_code) out.in_code = place;
    out.add(Evidence::Kind::project, text_of(*use), place);
  }
}

// Tables that Rails creates and writes.
bool owned_by_rails(const Table& table) {
  return table.name.name.starts_with("active_storage_") || table.name.name.starts_with("action_text_");
}

void assess_workload(const Context& context, const Table& table, const Column& column, Assessment& out) {
  const ColumnUse use{table.name, column.name};
  WrittenValues written;
  const Query* cast = nullptr;
  for (const Query* query : context.queries_on(table.name)) {
    for (const auto& predicate : query->facts.predicates)
      if (predicate.column == use && contains(predicate.wrapper, "::json")) cast = query;
    for (const auto& [assigned, number] : query->facts.assigned_parameters)
      if (assigned == use) count_parameter(*query, number, written);
  }
  if (cast)
    out.add(Evidence::Kind::statement, "a logged statement casts it to JSON: " + ellipsis(cast->text, 120),
            place_of(*cast));
  out.refuted = written.json < written.values;
  if (written.json > 0 && written.json == written.values)
    out.add(Evidence::Kind::statement,
            written.json == 1
                ? "the logged value of the column is JSON"
                : "all " + std::to_string(written.json) + " logged values of the column are JSON",
            written.place);
}

// --- sampled values of a server

constexpr std::string_view sampled_values =
    "SELECT pg_catalog.substr(x.{column}::pg_catalog.text, 1, 100001) FROM {table} x{sample} WHERE "
    "x.{column} IS NOT NULL LIMIT 200";

// Values over 100,000 characters arrive truncated and are skipped.
Conclusion conclude(const std::vector<std::string>& values) {
  std::vector<std::string> whole;
  std::copy_if(values.begin(), values.end(), std::back_inserter(whole),
               [](const std::string& value) { return value.size() <= 100'000; });
  return conclude_by_share(whole, is_json_container, 90, "JSON objects or arrays");
}

// --- the fix

std::string drizzle_line(const Context& context, const Table& table, const Column& column,
                         const std::optional<std::string>& value) {
  if (!is_drizzle(context) || !context.project().postgresql) return {};
  const std::string property = drizzle_name(context, table.name, column.name);
  if (property.empty()) return {};
  std::string out = property + ": jsonb('" + column.name + "')";
  if (column.not_null) out += ".notNull()";
  if (value) out += ".default(" + *value + ")";
  return out;
}

// SQL that undoes the fix. Once the column is jsonb, the server drops the casts from its checks, so checks
// that cast must be dropped and created again. Returns "" if an index would have to be.
std::string undo_sql(const Table& table, const Column& column, const std::string& alter,
                     const std::string& begin, const std::string& drop_default) {
  std::string drop;
  std::string add;
  for (const auto& index : table.indexes)
    if (treats_as_json(index, column.name)) return {};
  for (const auto& check : table.constraints) {
    if (check.kind != Constraint::Kind::check || !treats_as_json(check.expression, column.name)) continue;
    drop += "  " + ddl::drop_constraint(check.name) + ",\n";
    add += ",\n  " + ddl::add_constraint(check);
  }
  std::string out = alter + drop + drop_default + begin + "TYPE " + column.type + " USING " +
                    quote_identifier(column.name) + "::text";
  if (column.default_expression) out += ",\n" + begin + "SET DEFAULT " + *column.default_expression;
  return out + add + ";";
}

Fix fix_of(const Context& context, const Table& table, const Column& column) {
  const std::string alter = ddl::alter_table(table.name) + "\n";
  const std::string name = quote_identifier(column.name);
  const std::string begin = "  " + ddl::alter_column(column.name) + " ";
  std::optional<std::string> value;
  if (column.default_expression) value = literal_of(*column.default_expression);
  if (value && !is_json_container(*value)) value.reset();
  const std::string drop = column.default_expression ? begin + "DROP DEFAULT,\n" : "";
  Fix fix;
  fix.title =
      "Change the type to jsonb: this rewrites the table under an ACCESS EXCLUSIVE lock, and fails on a "
      "value that is not JSON";
  fix.sql = alter + drop + begin + "TYPE jsonb USING " + name + "::jsonb";
  if (value) fix.sql += ",\n" + begin + "SET DEFAULT " + quote_literal(*value) + "::jsonb";
  fix.sql += ";";
  fix.down_sql = undo_sql(table, column, alter, begin, value ? drop : "");
  fix.drizzle = drizzle_line(context, table, column, value);
  fix.safety = Fix::Safety::review;
  for (const auto& other : table.columns) {
    if (!other.generated_expression || !treats_as_json(*other.generated_expression, column.name)) continue;
    fix.title += "; first drop the generated column " + other.name +
                 ", which depends on this column, and add it again afterwards";
    fix.safety = Fix::Safety::manual;
  }
  return fix;
}

bool is_key(const Table& table, const std::string& column) {
  return std::ranges::any_of(table.constraints, [&](const Constraint& constraint) {
    return constraint.kind != Constraint::Kind::check && contains(constraint.columns, column);
  });
}

void check_column(const Context& context, Reporter& reporter, const Table& table, const Column& column) {
  if (!is_text(column.type) || column.generated_expression || is_key(table, column.name)) return;
  const auto uses = uses_in_code(context, table, column);
  if (std::ranges::any_of(uses, [](const JsonColumn* one) { return one->use == JsonColumn::Use::encrypted; }))
    return;
  Assessment assessment;
  assess_schema(table, column, assessment);
  assess_workload(context, table, column, assessment);
  // Code that treats the column as JSON does not show that other code writes nothing else into it.
  const bool beside_code = assessment.proven;
  if (!described_otherwise(column)) assess_code(context, uses, assessment);
  const bool library = owned_by_library(context, table);
  const auto words = words_of(column.name);
  const bool named = named_like_json(words) && !owned_by_rails(table) && !is_short(column.type) && !library &&
                     !assessment.refuted && !described_by_another(table, column) &&
                     !kept_for_its_signature(table) && !described_otherwise(column) &&
                     !used_as_plain_text(context, table, column);
  const bool ask_code = named && !assessment.proven && has_program(context);
  const CodedAsJson* coded =
      ask_code && (words.size() > 1 || !is_one_of(words[0], vague)) ? in_code(context, column) : nullptr;
  if (ask_code && !coded) return;
  if (!assessment.proven && !named) return;
  const std::string subject = display(table.name) + "." + column.name;
  const bool sure = beside_code && !library;
  std::string message =
      assessment.proven
          ? subject + " holds JSON as " + column.type +
                ": the type accepts invalid JSON, and each query on a part of a value must cast it."
          : subject + " is " + column.type +
                " and its name suggests JSON: if the values are JSON, jsonb would check them and make them "
                "searchable.";
  Finding& finding = reporter.add(column_subject(table.name, column.name),
                                  assessment.in_code ? assessment.in_code : column.type_origin(),
                                  std::move(message), sure ? Severity::warning : Severity::note);
  finding.evidence = std::move(assessment.evidence);
  if (coded)
    finding.evidence.push_back(
        project_fact("the code reads or writes something of this name as JSON", coded->place));
  if (library)
    finding.evidence.push_back(
        catalog_fact("the table looks like one that an authentication library writes: check which type the "
                     "library expects"));
  finding.fix = fix_of(context, table, column);
  if (assessment.in_code)
    finding.fix->title += "; at the same time, remove JSON.stringify() and JSON.parse() from the code";
  finding.probe = Probe{.kind = Probe::Kind::values,
                        .table = table.name,
                        .columns = {column.name},
                        .confirmed_severity = library ? Severity::note : Severity::warning,
                        .sql = sampled_values,
                        .from_values = conclude};
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    if (!stores_rows(table) || table.partition_of || table.temporary) continue;
    for (const auto& column : table.columns)
      if (!inherited_from(context, table, column.name)) check_column(context, reporter, table, column);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "json-stored-as-text",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "JSON in a text column",
    .why =
        "In a text or varchar column, the server sees a plain string. It accepts invalid JSON, parses the "
        "whole value of every row to extract a part, and cannot use a GIN index for searches. jsonb is "
        "checked and parsed once, when it is written, and has operators and indexes.\n\n"
        "The finding is a warning if there is evidence: a default that is a JSON object or array; a check, "
        "generated column or index that treats the column as JSON; a logged statement that casts it; logged "
        "values that are all JSON; a comment that mentions JSON.\n\n"
        "It is a note if only Drizzle code shows it, whatever the column's name is: the code writes the "
        "column with `JSON.stringify()`, reads it with `JSON.parse()` or declares an object or array type "
        "for it (`text().$type<Settings>()`). Other code may write text that is not JSON. It is also a note "
        "if only the name of the column suggests JSON. If the repository also contains a program, this note "
        "requires that its code reads or writes something of that name as JSON, and that the name is not one "
        "that many things have, such as `data`, `payload` or `metadata`.\n\n"
        "A name suggests nothing if a comment at the column says that the text is encrypted, compressed, "
        "truncated, encoded, base64 or not JSON. A column into which Drizzle code writes encrypted JSON, "
        "always or where it has a key, is not reported.",
    .fix =
        "Use `ALTER COLUMN … TYPE jsonb USING …::jsonb`. It rewrites the table under an ACCESS EXCLUSIVE "
        "lock. On a large table, add a jsonb column, fill it in batches, and swap the columns. First look "
        "for values that are not valid JSON.",
    .when_to_ignore =
        "The exact text matters (signed payloads, key order, duplicate keys), a library owns the column, or "
        "nothing reads parts of the value.",
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::json_stored_as_text
