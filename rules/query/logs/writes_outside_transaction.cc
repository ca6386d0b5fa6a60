#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>

#include "base/text/text.h"
#include "lint/queries/drizzle_code.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/run/context.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::writes_outside_transaction {

static constexpr Option fewest_bursts{
    "fewest_bursts", 3,
    "calls of the first write that the second follows, from which the writes belong together"};
static constexpr Option min_share{
    "share", 0.8,
    "share of the calls of the second write that must follow the first within a few statements"};

namespace {

const Table* written(const Context& context, const Query& query) {
  for (const auto& relation : query.facts.relations)
    if (relation.written) return context.table(relation.table);
  return nullptr;
}

void add_place(const std::optional<Sample>& sample, const Query& query, Finding& finding) {
  Evidence evidence{Evidence::Kind::statement, ellipsis(query.text, shown_statement)};
  if (sample) {
    evidence.place = sample->place;
    evidence.literal = with_parameters(*sample);
  }
  finding.evidence.push_back(std::move(evidence));
}

std::string in_one(const Context& context, const Query& first, const Query& then) {
  const std::string one = drizzle_write(context, first, "tx");
  const std::string other = drizzle_write(context, then, "tx");
  if (one.empty() || other.empty()) return {};
  return "await db.transaction(async (tx) => {\n  await " + one + ";\n  await " + other + ";\n});";
}

}  // namespace

// The values that a call gives to a column, as far as the log shows them.
static std::set<std::string> values_of(const Query& query, const std::optional<Sample>& sample,
                                       const ColumnUse& column) {
  std::set<std::string> out;
  if (!sample || !sample->parameters) return out;
  const auto add = [&](int parameter) {
    const auto at = static_cast<std::size_t>(parameter) - 1;
    if (parameter > 0 && at < sample->parameters->size() && (*sample->parameters)[at])
      out.insert(*(*sample->parameters)[at]);
  };
  for (const auto& [assigned, parameter] : query.facts.assigned_parameters)
    if (assigned == column) add(parameter);
  for (const auto& predicate : query.facts.predicates)
    if (predicate.column == column && predicate.op == Predicate::Op::equality &&
        predicate.value == Predicate::Value::parameter && !predicate.under_or)
      add(predicate.parameter);
  return out;
}

// Whether the logged values show that the two rows are not related: requests that follow each other.
static bool of_other_rows(const WritePair& pair, const Query& first, const Table& one, const Query& then,
                          const Table& other, const Constraint& key) {
  const bool forward = key.referenced_table == one.name;  // `then` writes the referencing row
  for (std::size_t i = 0; i < key.columns.size() && i < key.referenced_columns.size(); ++i) {
    const ColumnUse in_first{one.name, forward ? key.referenced_columns[i] : key.columns[i]};
    const ColumnUse in_then{other.name, forward ? key.columns[i] : key.referenced_columns[i]};
    const auto a = values_of(first, pair.first_sample, in_first);
    const auto b = values_of(then, pair.then_sample, in_then);
    if (!a.empty() && !b.empty() &&
        std::ranges::none_of(a, [&](const std::string& value) { return b.count(value) > 0; }))
      return true;
  }
  return false;
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& pair : context.workload().write_pairs) {
    const Query* first = context.query(pair.first);
    const Query* then = context.query(pair.then);
    if (!first || !then || pair.bursts < context.option(fewest_bursts) ||
        static_cast<double>(pair.calls) < context.option(min_share) * static_cast<double>(then->calls))
      continue;
    const Table* one = written(context, *first);
    const Table* other = written(context, *then);
    if (!one || !other || one == other) continue;
    const Constraint* key = foreign_key_between(*one, *other);
    if (!key || of_other_rows(pair, *first, *one, *then, *other, *key)) continue;
    Finding& finding =
        reporter.add({.kind = "query",
                      .schema = other->name.schema,
                      .table = other->name.name,
                      .constraint = key->name,
                      .fingerprint = then->fingerprint,
                      .entry = first->fingerprint},
                     fmt::format("{} and {} are written one after the other, each in a transaction of its "
                                 "own: if the second write fails, the first remains.",
                                 display(one->name), display(other->name)));
    if (pair.then_sample) finding.location = pair.then_sample->place;
    add_place(pair.first_sample, *first, finding);
    add_place(pair.then_sample, *then, finding);
    finding.evidence.push_back(
        log_fact(fmt::format("{} of the second statement's {} calls followed the first within a few "
                             "statements, after {} of its calls and without BEGIN",
                             pair.calls, then->calls, pair.bursts)));
    finding.evidence.push_back(
        catalog_fact("the foreign key " + key->name + " connects the two tables", key->origin));
    finding.fix = manual_fix("Put both writes into one transaction");
    finding.fix->sql = "begin;\n" + first->text + ";\n" + then->text + ";\ncommit;";
    finding.fix->drizzle = in_one(context, *first, *then);
  }
}

constinit const Rule rule{
    .id = "writes-outside-transaction",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = all(Input::events, Input::schema),
    .summary = "writes to related tables, each in a transaction of its own",
    .why =
        "If the second write fails, or the application stops between the two, the first write remains: an "
        "order without its items, or a balance without its entry. Other sessions also see the incomplete "
        "state, and each commit waits for the disk.\n\n"
        "pgadvise uses the order of the log: without BEGIN, a session writes to two tables that a foreign "
        "key connects. In all or nearly all cases, at most 100 ms and four other statements lie between the "
        "two writes. A pair whose logged values belong to different rows is not reported.",
    .fix =
        "Put both writes into one transaction: `BEGIN` … `COMMIT`. In Drizzle, use `db.transaction(async "
        "(tx) => { … })` and `tx` for every query inside. One statement with a data-modifying CTE also "
        "works.",
    .when_to_ignore = "Each write is valid without the other.",
    .options = {&fewest_bursts, &min_share},
    .check = check};

}  // namespace pgadvise::rules::writes_outside_transaction
