#include <algorithm>
#include <map>

#include "base/text.h"
#include "lint/queries.h"
#include "lint/server_events.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
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

// Nobody misses it: dropped if it was there, asked for by a tool that then makes it, or looked for by its
// name as a value.
bool is_probe(const Context& context, const ServerEvent& event, const QualifiedName& name) {
  if (of_tool_or_server(name, nullptr)) return true;
  const std::string statement = lower(event.statement);
  if (statement.starts_with("drop ")) return true;
  if (contains(statement, "regclass") && !contains(statement, lower(name.name))) return true;
  const Query* query = context.query(event.fingerprint);
  return query && by_tool_alone(*query);
}

// A later statement found it.
const Query* found_later(const Context& context, const QualifiedName& name, std::int64_t after) {
  for (const auto& query : context.workload().queries) {
    if (!query.last || *query.last <= after) continue;
    const QueryFacts& facts = query.facts;
    const bool known = std::any_of(facts.relations.begin(), facts.relations.end(),
                                   [&](const RelationUse& use) { return same(name, use.table); });
    const bool unknown = std::any_of(facts.unknown_relations.begin(), facts.unknown_relations.end(),
                                     [&](const QualifiedName& use) { return same(name, use); });
    if ((known || unknown) && query.timed_calls > 0) return &query;
  }
  return nullptr;
}

bool made_as_temporary(const Context& context, const std::string& table) {
  return std::any_of(context.workload().queries.begin(), context.workload().queries.end(),
                     [&](const Query& query) { return query.facts.creates_temporary == table; });
}

struct Cause {
  std::string text;  // "the migrations make it, and this server did not have it"
  std::string fix;
  std::optional<Evidence> evidence;
};

// The table has the name: why the statement did not find it.
Cause cause_of(const Context& context, const QualifiedName& name, const Table& table) {
  const Catalog& catalog = context.catalog();
  const Evidence place =
      catalog_fact(display(table.name) + (table.origin.live() ? " is there" : " is made here"),
                   table.origin.live() ? std::nullopt : std::optional(table.origin));
  if (name.schema.empty() && table.name.schema != "public")
    return {"it is in schema " + table.name.schema + ", which the search_path of that session did not hold",
            "Write the schema in front of the name, or set search_path for the role", place};
  if (catalog.server_version == 0)
    return {"the schema has it, so the migration that makes it had not run on the server that was logged",
            "Run the pending migrations on that server, before the release that needs them", place};
  if (!table.origin.live())
    return {"the migrations make it, and the server does not have it",
            "Run the pending migrations on this server, before the release that needs them", place};
  return {
      "the server has it now, so the statement ran before it was made, in another database, or with another "
      "search_path",
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

Cause made_here(const Catalog& catalog, const std::string& what, const SourceLocation& origin) {
  const bool live = origin.live();
  return {what + (live ? ", and the server has it now, so the statement ran before it was made, in another "
                         "database, or with another search_path"
                       : ", so the migration that makes it had not run on the server" +
                             std::string(catalog.server_version == 0 ? " that was logged" : "") +
                             ", or the search_path did not hold it"),
          "Run migrations before the release that needs them",
          catalog_fact("it is made here", live ? std::nullopt : std::optional(origin))};
}

// A sequence or an index has the name.
std::optional<Cause> no_table(const Catalog& catalog, const QualifiedName& name) {
  for (const auto& [at, sequence] : catalog.sequences)
    if (same(name, at)) return made_here(catalog, "the schema has a sequence of that name", sequence.origin);
  for (const auto& [at, table] : catalog.tables) {
    if (!name.schema.empty() && name.schema != at.schema) continue;
    if (const Column* column = counted_by(table, name.name))
      return made_here(catalog,
                       "the schema has a sequence of that name, of " + display(at) + "." + column->name,
                       column->origin);
    for (const auto& index : table.indexes)
      if (index.name == name.name)
        return made_here(catalog, "the schema has an index of that name, on " + display(at), index.origin);
  }
  return std::nullopt;
}

// "public.orders", a schema and a table in one pair of quotes, as the statement has it.
bool quoted_whole(const QualifiedName& name, const std::vector<const ServerEvent*>& events) {
  const std::string written = "\"" + name.schema + "." + name.name + "\"";
  return !name.schema.empty() && std::any_of(events.begin(), events.end(), [&](const ServerEvent* event) {
    return contains(event->statement, written);
  });
}

Cause cause_of(const Context& context, const QualifiedName& name) {
  if (made_as_temporary(context, name.name))
    return {"other sessions make a temporary table of that name, which only they can see",
            "Make and use it in one transaction: a pooler may give each statement another session",
            {}};
  if (!context.has_catalog())
    return {"no schema was given that could tell why",
            "Run the migrations that make it, or correct its name",
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
      if (const std::size_t far = edit_distance(name.name.substr(0, 63), at.name); far < least)
        least = far, nearest = &table;
    }
  }
  if (found) return cause_of(context, name, *found);
  if (auto other = no_table(context.catalog(), name)) return std::move(*other);
  if (!nearest)
    return {
        "nothing in the schema makes it (a name with a mistake, or a table that was dropped or renamed while "
        "it was in use)",
        "Correct the name, or bring the table back until nothing asks for it",
        {}};
  const Evidence there = catalog_fact(display(nearest->name) + " is there", nearest->origin);
  if (least == 0)
    return {"there is " + display(nearest->name) + ", but only names in double quotes keep their case",
            "Write it as \"" + nearest->name.name + "\", in double quotes", there};
  return {"nothing makes it, and " + display(nearest->name) + " has nearly the same name",
          "Correct the name, or make the table", there};
}

// Of an event, how often it befell a person at work (psql, pgAdmin …).
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
    cause = {
        "the statement quotes schema and table as one name, which is the name of one table with a dot in it",
        "Quote each part on its own: \"" + name.schema + "\".\"" + name.name + "\"",
        {}};
  } else if (later) {
    cause.text = "later statements found it, so the application ran before its migrations did";
    cause.fix = "Run the migrations first, and start the application when they are through";
  }
  Finding& finding = reporter.add({.kind = "table", .schema = name.schema, .table = name.name},
                                  "The relation " + display(name) + " was asked for " + times(count) +
                                      " and did not exist; " + cause.text + ".",
                                  later ? std::optional(Severity::note) : std::nullopt);
  finding.location = events.front()->place;
  for (std::size_t i = 0; i < events.size() && i < 3; ++i)
    finding.evidence.push_back(
        evidence_of(*events[i], "failed " + times(events[i]->count - by_hand(*events[i]))));
  if (events.size() > 3)
    finding.evidence.push_back({Evidence::Kind::statement,
                                std::to_string(events.size() - 3) + " more statements failed likewise",
                                std::nullopt,
                                {}});
  if (tried > 0)
    finding.evidence.push_back({Evidence::Kind::statement,
                                "not counted: " + times(tried) + " by hand, in psql or the like",
                                std::nullopt,
                                {}});
  if (cause.evidence) finding.evidence.push_back(*cause.evidence);
  finding.fix = Fix{.title = cause.fix, .safety = Fix::Safety::manual};
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

constinit const Rule unknown_relation{
    .id = "unknown-relation",
    .severity = Severity::warning,
    .needs = Input::server_log,
    .summary = "statements that ask for a table that is not there",
    .why =
        "`relation … does not exist` in the log means that code and database are not of one version: "
        "migrations that did not run, or ran after the "
        "application had started; a table that was dropped or renamed under a release that still uses it; a "
        "name that lost its double quotes; a search_path "
        "without the table's schema. Each of the requests failed.\n\n"
        "With a schema at hand the reason can mostly be told. Left out are the tables in which migration "
        "tools keep what they have run, which they look for before they "
        "make them; the server's own; DROP; what is only looked up by name; what people tried in psql, "
        "pgAdmin and the like, where the log has the application's name. Where later statements found the "
        "table it is a note.",
    .fix =
        "Run migrations before the release that needs them. Rename and drop in two steps: first the release "
        "that no longer uses the old name, then the migration.",
    .when_to_ignore = "Somebody tried something by hand, or a tool looks for a table that it can do without.",
    .check = check};

}  // namespace pgadvise::rules
