#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "lint/context.h"
#include "lint/drizzle_code.h"
#include "lint/loops.h"
#include "lint/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option fewest_bursts{
    .name = "fewest_bursts",
    .fallback = 3,
    .meaning = "bursts with both writes from which the writes belong together"};
static constexpr Option min_share{
    .name = "share",
    .fallback = 0.8,
    .meaning = "share of the calls of the second write that must directly follow the first"};
static constexpr const Option* options[] = {&fewest_bursts, &min_share};

namespace {

const Table* written(const Context& context, const Query& query) {
  for (const auto& relation : query.facts.relations)
    if (relation.written) return context.catalog().table(relation.table);
  return nullptr;
}

const Constraint* key_between(const Table& a, const Table& b) {
  for (const auto& [child, parent] : {std::pair(&a, &b), std::pair(&b, &a)})
    for (const auto& key : child->constraints)
      if (key.kind == Constraint::Kind::foreign_key && key.referenced_table == parent->name) return &key;
  return nullptr;
}

void add_place(const std::optional<Sample>& sample, const Query& query, Finding& finding) {
  Evidence evidence{Evidence::Kind::statement, ellipsis(query.text, lint::shown_statement), {}, {}};
  if (sample) {
    evidence.place = sample->place;
    evidence.literal = lint::with_parameters(*sample);
  }
  finding.evidence.push_back(std::move(evidence));
}

std::string in_one(const Context& context, const Query& first, const Query& then) {
  const std::string one = lint::drizzle_write(context, first, "tx");
  const std::string other = lint::drizzle_write(context, then, "tx");
  if (one.empty() || other.empty()) return {};
  return "await db.transaction(async (tx) => {\n  await " + one + ";\n  await " + other + ";\n});";
}

}  // namespace

static void check(const Context& context, Reporter& reporter) {
  for (const auto& pair : context.workload().write_pairs) {
    const Query* first = context.query(pair.first);
    const Query* then = context.query(pair.then);
    if (!first || !then || static_cast<double>(pair.bursts) < context.option(fewest_bursts) ||
        static_cast<double>(pair.calls) < context.option(min_share) * static_cast<double>(then->calls))
      continue;
    const Table* one = written(context, *first);
    const Table* other = written(context, *then);
    if (!one || !other || one == other) continue;
    const Constraint* key = key_between(*one, *other);
    if (!key) continue;
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
        {Evidence::Kind::statement,
         fmt::format(
             "{} of the second statement's {} calls directly followed the first, in {} bursts without BEGIN",
             pair.calls, then->calls, pair.bursts),
         {},
         {}});
    finding.evidence.push_back({Evidence::Kind::catalog,
                                "the foreign key " + key->name + " connects the two tables",
                                key->origin,
                                {}});
    finding.fix = Fix{.title = "Put both writes into one transaction", .safety = Fix::Safety::manual};
    finding.fix->sql = "begin;\n" + first->text + ";\n" + then->text + ";\ncommit;";
    finding.fix->drizzle = in_one(context, *first, *then);
  }
}

constinit const Rule writes_outside_transaction{
    .id = "writes-outside-transaction",
    .severity = Severity::warning,
    .needs = all(Input::events, Input::schema),
    .summary = "writes to related tables, each in a transaction of its own",
    .why =
        "If the second write fails, or the application stops between the two, the first write remains: an "
        "order without its items, or a balance without its entry. Other sessions also see the incomplete "
        "state, and each commit waits for the disk.\n\n"
        "pgadvise uses the order of the log: in the same burst and without BEGIN, a session writes to two "
        "tables that a foreign key connects. The second write directly follows the first in all or nearly "
        "all cases.",
    .fix =
        "Put both writes into one transaction: `BEGIN` … `COMMIT`. In Drizzle, use `db.transaction(async "
        "(tx) => { … })` and `tx` for every query inside. One statement with a data-modifying CTE also "
        "works.",
    .when_to_ignore = "Each write is valid without the other.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
