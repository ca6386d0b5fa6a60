#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "lint/queries/code.h"
#include "lint/queries/loops.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::writes_outside_transaction_in_code {
namespace {

const Constraint* key_between(const Context& context, const QualifiedName& a, const QualifiedName& b) {
  const Table *one = context.table(a), *other = context.table(b);
  return one && other ? foreign_key_between(*one, *other) : nullptr;
}

// "" where schema.ts lacks the table.
std::string call_of(const Context& context, const CodeQuery& query) {
  const std::string name = drizzle_name(context, query.tables.front());
  if (name.empty()) return {};
  switch (query.kind) {
    case CodeQuery::Kind::insert: return "insert(" + name + ").values(…)";
    case CodeQuery::Kind::update: return "update(" + name + ").set(…).where(…)";
    default: return "delete(" + name + ").where(…)";
  }
}

Fix fix_of(const Context& context, const WritePairInCode& pair) {
  const std::string first = call_of(context, pair.first), then = call_of(context, pair.then);
  const bool named = !first.empty() && !then.empty();
  Fix fix{.safety = Fix::Safety::manual};
  if (pair.http) {
    fix.title = pair.value.empty() ? "Send both writes with `db.batch([…])`, which is one transaction"
                                   : "Send both writes with `db.batch([…])`, which is one transaction, with "
                                     "a key that the code makes (`crypto.randomUUID()`)";
    if (named) fix.drizzle = "await db.batch([\n  db." + first + ",\n  db." + then + ",\n])";
    return fix;
  }
  fix.title =
      "Put the writes into `await db.transaction(async (tx) => { … })`, and use `tx` for each query in it";
  if (named)
    fix.drizzle =
        "await db.transaction(async (tx) => {\n  await tx." + first + "\n  await tx." + then + "\n})";
  return fix;
}

struct Related {
  const WritePairInCode* pair = nullptr;
  const Constraint* key = nullptr;
  Subject subject;
};

void report(const Context& context, Reporter& reporter, const std::vector<Related>& all) {
  const Related& shown = all.front();
  const WritePairInCode& pair = *shown.pair;
  const char* harm = pair.parallel ? "if one write fails, the other remains"
                                   : "if the second write fails, the first remains";
  Finding& finding =
      reporter.add(shown.subject, located(context.project(), pair.then_call.value_or(pair.then.place)),
                   fmt::format("{} and {}{} are two transactions: {}.", statement_of(pair.first),
                               lower_first(statement_of(pair.then)), in_function(pair.function), harm));
  const auto add = [&](std::string text, const SourceLocation& place) {
    add_evidence(finding, context, std::move(text), place);
  };
  if (pair.first_call) add("the function calls one that runs the first write", *pair.first_call);
  add("the first write", pair.first.place);
  if (pair.then_call) add("the second write, of the function that is called", pair.then.place);
  if (!pair.value.empty()) add("the second write uses its result: " + pair.value, pair.then.place);
  if (shown.key)
    finding.evidence.push_back(
        catalog_fact("the foreign key " + shown.key->name + " connects the two tables", shown.key->origin));
  std::set<SourceLocation> named{pair.first.place, pair.then.place};
  for (const Related& more : all)
    for (const CodeQuery* write : {&more.pair->first, &more.pair->then})
      if (named.insert(write->place).second)
        add("the function also runs " + lower_first(statement_of(*write)), write->place);
  finding.fix = fix_of(context, pair);
}

// One finding for each function, the same for each schema of the repository: a pair with a returned value
// before those of which only this schema knows the key, and numbers that count all pairs.
void check(const Context& context, Reporter& reporter) {
  std::map<SourceLocation, std::vector<Related>> by_function;
  CodeSubjects subjects;
  for (const auto& pair : code_facts(context)->write_pairs) {
    const QualifiedName &one = pair.first.tables.front(), &other = pair.then.tables.front();
    Subject subject = subjects.make("writes to " + display(one) + " and " + display(other),
                                    pair.function_place.file, pair.function);
    if (is_record(one) || is_record(other)) continue;
    const Constraint* key = key_between(context, one, other);
    if (key || !pair.value.empty() || one == other)
      by_function[pair.function_place].push_back({&pair, key, std::move(subject)});
  }
  for (auto& [place, all] : by_function) {
    std::ranges::stable_partition(all, [](const Related& one) { return !one.pair->value.empty(); });
    report(context, reporter, all);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "writes-outside-transaction-in-code",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::code,
    .summary = "code that writes to related tables without a transaction",
    .why =
        "Each statement outside of `db.transaction()` is a transaction of its own. If the second write "
        "fails, or the process ends between the two, the first remains: an order without its items. Other "
        "sessions see the incomplete state, and each commit waits for the disk.\n\n"
        "pgadvise reads the Drizzle queries in TypeScript and JavaScript. It reports two awaited writes to "
        "different tables in one function, also in functions of the project that it calls, and two in one "
        "`Promise.all`, if a foreign key connects the tables, or the second write uses a value that the "
        "first one returns, and two UPDATEs of one table that add and subtract an amount. Not reported are "
        "writes on a database that the function receives as a parameter, as that may be a transaction; the "
        "first of two writes in a branch, and the second in `catch`; functions that undo what they wrote; "
        "inserts that skip existing rows; a second write whose failure is only logged; writes with a call of "
        "another service between them; tables of logs, events, sessions, tokens and notifications; and code "
        "in tests, seeds, migrations and scripts. statement-outside-its-transaction-in-code reports "
        "statements that are written inside of a transaction and run outside of it. "
        "writes-outside-transaction finds the same in logs, in any language.",
    .fix =
        "`await db.transaction(async (tx) => { … })`, with `tx` for each query inside. neon-http has no such "
        "transactions: there, `db.batch([…])` runs a list of statements as one.",
    .when_to_ignore = "Each write is valid without the other.",
    .check = check};

}  // namespace pgadvise::rules::writes_outside_transaction_in_code
