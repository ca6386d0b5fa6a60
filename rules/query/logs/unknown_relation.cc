#include <algorithm>
#include <map>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unknown_relation {
namespace {

using Kind = ServerEvent::Kind;

QualifiedName split_name(const std::string& about) {
  const auto dot = about.find('.');
  return dot == std::string::npos ? QualifiedName{"", about}
                                  : QualifiedName{about.substr(0, dot), about.substr(dot + 1)};
}

bool same(const QualifiedName& asked, const QualifiedName& table) {
  return asked.name == table.name && (asked.schema.empty() || asked.schema == table.schema);
}

// Whether the error is expected: DROP, a look-up by a tool that then creates the table, or a look-up by a
// name that is a value.
bool is_probe(const Context& context, const ServerEvent& event, const QualifiedName& name) {
  if (of_tool_or_server(name, nullptr)) return true;
  const std::string statement = lower(event.statement);
  if (statement.starts_with("drop ")) return true;
  if (contains(statement, "regclass") && !contains(statement, lower(name.name))) return true;
  const Query* query = context.query(event.fingerprint);
  return query && by_tool_alone(*query);
}

// A later statement that used the relation without an error, or nullptr.
const Query* found_later(const Context& context, const QualifiedName& name, std::int64_t after) {
  for (const auto& query : context.workload().queries) {
    if (!query.last || *query.last <= after) continue;
    const QueryFacts& facts = query.facts;
    const bool known =
        std::ranges::any_of(facts.relations, [&](const RelationUse& use) { return same(name, use.table); });
    const bool unknown = std::ranges::any_of(facts.unknown_relations,
                                             [&](const QualifiedName& use) { return same(name, use); });
    if ((known || unknown) && query.timed_calls > 0) return &query;
  }
  return nullptr;
}

bool made_as_temporary(const Context& context, const std::string& table) {
  return std::ranges::any_of(context.workload().queries,
                             [&](const Query& query) { return query.facts.creates_temporary == table; });
}

struct Cause {
  std::string text;  // "the migrations create it, and the server does not have it"
  std::string fix;
  std::optional<Evidence> evidence;
};

// Why the statement did not find a table that the schema has.
Cause cause_of(const Context& context, const QualifiedName& name, const Table& table) {
  const Catalog& catalog = context.catalog();
  const Evidence place =
      catalog_fact(display(table.name) + (table.origin.live() ? " exists" : " is created here"),
                   table.origin.live() ? std::nullopt : std::optional(table.origin));
  if (name.schema.empty() && table.name.schema != "public")
    return {"it is in schema " + table.name.schema + ", which was not in the search_path of the session",
            "Qualify the name with the schema, or set search_path for the role", place};
  if (catalog.server_version == 0)
    return {"the schema has it, so its migration had not run on the logged server",
            "Run the pending migrations on that server, before the release that needs them", place};
  if (!table.origin.live())
    return {"the migrations create it, and the server does not have it",
            "Run the pending migrations on this server, before the release that needs them", place};
  return {
      "the server has it now, so the statement ran before the relation was created, in another database, or "
      "with another search_path",
      "Run migrations before the release that needs them", place};
}

const Column* counted_by(const Table& table, const std::string& sequence) {
  for (const auto& column : table.columns) {
    const bool counts =
        column.identity != Column::Identity::none ||
        (column.default_expression && contains(lower(*column.default_expression), "nextval")) ||
        contains(lower(column.type), "serial");
    if (counts && sequence == table.name.name + "_" + column.name + "_seq") return &column;
  }
  return nullptr;
}

Cause created_in_schema(const Catalog& catalog, const std::string& what, const SourceLocation& origin) {
  const bool live = origin.live();
  return {what + (live ? ", and the server has it now, so the statement ran before it was created, in "
                         "another database, or with another search_path"
                       : ", so its migration had not run on the " +
                             std::string(catalog.server_version == 0 ? "logged " : "") +
                             "server, or its schema was not in the search_path"),
          "Run migrations before the release that needs them",
          catalog_fact("created here", live ? std::nullopt : std::optional(origin))};
}

// The cause if the name belongs to a sequence or an index.
std::optional<Cause> cause_of_other_relation(const Catalog& catalog, const QualifiedName& name) {
  for (const auto& [at, sequence] : catalog.sequences)
    if (same(name, at))
      return created_in_schema(catalog, "the schema has a sequence of that name", sequence.origin);
  for (const auto& [at, table] : catalog.tables) {
    if (!name.schema.empty() && name.schema != at.schema) continue;
    if (const Column* column = counted_by(table, name.name))
      return created_in_schema(
          catalog, "the schema has a sequence of that name, of " + display(at) + "." + column->name,
          column->origin);
    for (const auto& index : table.indexes)
      if (index.name == name.name)
        return created_in_schema(catalog, "the schema has an index of that name, on " + display(at),
                                 index.origin);
  }
  return std::nullopt;
}

// Whether the statement quotes schema and table as one name: "public.orders".
bool quoted_whole(const QualifiedName& name, const std::vector<const ServerEvent*>& events) {
  const std::string written = "\"" + name.schema + "." + name.name + "\"";
  return !name.schema.empty() && std::ranges::any_of(events, [&](const ServerEvent* event) {
    return contains(event->statement, written);
  });
}

Cause cause_of(const Context& context, const QualifiedName& name) {
  if (made_as_temporary(context, name.name))
    return {"other sessions create a temporary table of that name, which is visible only to them",
            "Create and use the temporary table in one transaction: a pooler may run each statement in "
            "another session",
            {}};
  if (!context.has_catalog())
    return {"the cause is unknown, because no schema was given",
            "Run the migration that creates the relation, or correct the name",
            {}};
  const Table* found = nullptr;
  const Table* nearest = nullptr;
  std::size_t least = 3;
  for (const auto& [at, table] : context.catalog().tables) {
    if (same(name, at)) {
      if (!found || at.schema == "public") found = &table;
    } else if (lower(at.name) == lower(name.name)) {
      nearest = &table;
      least = 0;
    } else if (name.name.size() >= 5 && at.name.size() <= 63) {
      if (const std::size_t far = edit_distance(cut_identifier(name.name), at.name); far < least)
        least = far, nearest = &table;
    }
  }
  if (found) return cause_of(context, name, *found);
  if (auto other = cause_of_other_relation(context.catalog(), name)) return std::move(*other);
  if (!nearest)
    return {
        "the schema does not have it: the name is misspelled, or the table was dropped or renamed while in "
        "use",
        "Correct the name, or restore the table until no statement uses it",
        {}};
  const Evidence there = catalog_fact(display(nearest->name) + " exists", nearest->origin);
  if (least == 0)
    return {"the schema has " + display(nearest->name) + ", but only names in double quotes keep their case",
            "Write it as \"" + nearest->name.name + "\", in double quotes", there};
  return {"the schema does not have it, but " + display(nearest->name) + " has a similar name",
          "Correct the name, or create the table", there};
}

// How many occurrences of the event came from interactive tools (psql, pgAdmin …).
std::uint64_t by_hand(const ServerEvent& event) {
  std::uint64_t out = 0;
  for (const auto& [application, count] : event.applications)
    if (is_tool(application)) out += count;
  return std::min(out, event.count);
}

void report(const Context& context, Reporter& reporter, const QualifiedName& name,
            std::vector<const ServerEvent*>& events) {
  std::uint64_t count = 0, tried = 0;
  std::optional<std::int64_t> last;
  for (const auto* event : events) {
    count += event->count - by_hand(*event);
    tried += by_hand(*event);
    if (event->last) last = std::max(last.value_or(*event->last), *event->last);
  }
  const Query* later = last ? found_later(context, name, *last) : nullptr;
  Cause cause = cause_of(context, name);
  if (quoted_whole(name, events)) {
    cause = {"the statement quotes schema and table together, which makes one table name with a dot",
             "Quote each part separately: \"" + name.schema + "\".\"" + name.name + "\"",
             {}};
  } else if (later) {
    cause.text = "later statements found it, so the application ran before its migrations";
    cause.fix = "Run the migrations before the application starts";
  }
  Finding& finding = reporter.add(table_subject(name), events.front()->place,
                                  "The relation " + display(name) + " was used " + times(count) +
                                      " but did not exist: " + cause.text + ".",
                                  later ? std::optional(Severity::note) : std::nullopt);
  for (std::size_t i = 0; i < events.size() && i < 3; ++i)
    finding.evidence.push_back(
        evidence_of(*events[i], "failed " + times(events[i]->count - by_hand(*events[i]))));
  if (events.size() > 3)
    finding.evidence.push_back(
        log_fact(std::to_string(events.size() - 3) + " more statements failed in the same way"));
  if (tried > 0)
    finding.evidence.push_back(
        log_fact("not counted: " + times(tried) + " in psql or other interactive tools"));
  if (cause.evidence) finding.evidence.push_back(*cause.evidence);
  finding.fix = manual_fix(cause.fix);
}

void check(const Context& context, Reporter& reporter) {
  std::map<QualifiedName, std::vector<const ServerEvent*>> by_name;
  for (const auto& event : context.workload().server_events) {
    if (event.kind != Kind::unknown_relation || event.about.empty()) continue;
    const QualifiedName name = split_name(event.about);
    if (by_hand(event) < event.count && !is_probe(context, event, name)) by_name[name].push_back(&event);
  }
  for (auto& [name, events] : by_name) report(context, reporter, name, events);
}

}  // namespace

constinit const Rule rule{
    .id = "unknown-relation",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = Input::server_log,
    .summary = "statements that use a table that does not exist",
    .why =
        "`relation … does not exist` in the log means that the code and the schema do not match, and each of "
        "these requests failed. Migrations may not have run, or may have run after the application started. "
        "A table may have been dropped or renamed while a release still uses it. A name may lack its double "
        "quotes, or the search_path lacks the schema of the table.\n\n"
        "With a schema, pgadvise can usually name the cause. Left out are tracking tables that migration "
        "tools look up before they create them, relations of the server itself, DROP, and look-ups by name "
        "only. If the log has the application name, statements from psql, pgAdmin and similar tools are left "
        "out too. The finding is a note if later statements found the table.",
    .fix =
        "Run migrations before the release that needs them. Rename and drop in two steps: first deploy the "
        "release that no longer uses the old name, then run the migration.",
    .when_to_ignore = "A person tried a statement, or a tool looks for an optional table.",
    .check = check};

}  // namespace pgadvise::rules::unknown_relation
