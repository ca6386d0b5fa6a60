#include "base/text/text.h"
#include "lint/schema/index_sql.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::junction_table_without_key {

static bool any_unique_over(const Table& table, const std::vector<std::string>& links) {
  for (const auto& index : table.indexes) {
    if (!index.unique) continue;
    std::size_t found = 0;
    for (const auto& key : index.keys) found += contains(links, key.column);
    if (found == links.size()) return true;
  }
  return unique_among(table, links, true) != nullptr;
}

// The words in the names of the two linked tables: the link's name is made of them, and they say nothing
// about its rows. applicant_jobs links applicants and jobs, and is no queue.
static std::vector<std::string> linked_words(const Table& table) {
  std::vector<std::string> out;
  for (const Constraint& key : foreign_keys(table))
    for (auto& word : singular_words(key.referenced_table.name)) out.push_back(std::move(word));
  return out;
}

// Whether the rows are events, so that the same pair may occur again.
static bool has_events(const Table& table, const std::vector<std::string>& linked) {
  static constexpr std::string_view names[] = {"redemption", "join",        "attempt", "login",
                                               "signin",     "purchase",    "play",    "call",
                                               "payment",    "transaction", "failure"};
  const auto words = words_of(table.name.name);
  return std::ranges::any_of(words, [&](const std::string& word) {
    return is_one_of(singular(word), names) && !contains(linked, singular(word));
  });
}

// An index over the pair that is not unique: whoever made it looks up pairs, and permits them to repeat.
static const Index* plain_index_over(const Table& table, const std::vector<std::string>& links) {
  for (const auto& index : table.indexes) {
    std::size_t found = 0;
    for (const auto& key : index.keys) found += contains(links, key.column);
    if (!index.unique && found == links.size() && index.keys.size() == links.size()) return &index;
  }
  return nullptr;
}

static Fix fix_of(const Context& context, const Table& table, const Junction& junction) {
  if (primary_key(table))
    return create_index(
        table, new_unique_index(context.catalog(), table, junction.links),
        "Create a unique index over the two columns; this fails while there are duplicate pairs");
  const Constraint key = new_primary_key(table, junction.links);
  return {
      .title = "Make the two columns the primary key; this fails while there are duplicate pairs or NULLs",
      .sql = ddl::add_constraint(table.name, key) + ";",
      .down_sql = ddl::drop_constraint(table.name, key.name) + ";"};
}

static void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    const Junction links = junction(*table);
    if (!links.is || at_most_one_row(*table) || !context.references_to(table->name).empty() ||
        any_unique_over(*table, links.links) ||
        (primary_key(*table) && named_like_log(*table, linked_words(*table))) ||
        has_events(*table, linked_words(*table)))
      continue;
    const Index* plain = plain_index_over(*table, links.links);
    Finding& finding =
        reporter.add(subject_in(table->name, "table", links.links), table->origin,
                     display(table->name) + " links two tables, but no unique key covers the pair (" +
                         join(links.links, ", ") + "): with duplicate pairs, joins return duplicate rows.",
                     plain || primary_key(*table) ? std::optional(Severity::note) : std::nullopt);
    if (plain)
      finding.evidence.push_back(catalog_fact(
          plain->name + " covers the pair and is not unique: repeated pairs may be intended", plain->origin));
    finding.evidence.push_back(
        catalog_fact("the table has two foreign keys, otherwise only an id and times, and no unique index "
                     "over both keys"));
    finding.fix = fix_of(context, *table, links);
  }
}

constinit const Rule rule{
    .id = "junction-table-without-key",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "a table that links two others, without a unique key over the pair",
    .why =
        "A many-to-many table records whether a pair belongs together. Without a key over both columns, a "
        "repeated request stores the pair twice. Joins then count it twice, and removing the link removes "
        "only one of the two rows. A separate id column does not help.\n\n"
        "The rule checks only tables with two foreign keys and otherwise nothing but an id and times, and no "
        "tables to which another table has a foreign key: their rows are more than links. The finding is a "
        "note if the table has a primary key of its own, or if an index over the pair exists that is not "
        "unique, because pairs may then repeat on purpose.",
    .fix =
        "Use PRIMARY KEY (a, b), or a unique index, after removing duplicate pairs. The key also serves "
        "look-ups by its first column.",
    .when_to_ignore = "Each row is an event (a visit, a purchase), so that a pair may repeat.",
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::junction_table_without_key
