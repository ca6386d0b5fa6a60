#include <map>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::created_at_without_default {
namespace {

bool records_creation(const Column& column) {
  static constexpr std::string_view names[] = {"created at", "inserted at", "created on", "created"};
  return is_one_of(join(words_of(column.name), " "), names) &&
         (column.type.starts_with("timestamp") || column.type == "date") && column.not_null &&
         !column.generated_expression;
}

// Copies of rows that were created elsewhere: deleted_users, users_archive.
bool keeps_copies(const Table& table) {
  static constexpr std::string_view words[] = {"deleted", "archived", "archive",
                                               "backup",  "import",   "imported"};
  return any_of(words_of(table.name.name), words);
}

// Tables that an authentication library defines, and writes with values of its own.
bool owned_by_library(const Context& context, const Table& table) {
  static constexpr std::string_view names[] = {
      "user",         "session",    "account",      "verification",
      "organization", "member",     "invitation",   "passkey",
      "two factor",   "apikey",     "api key",      "team",
      "team member",  "jwk",        "oauth client", "oauth application",
      "subscription", "rate limit", "device code",  "sso provider"};
  const std::string own = singular_name(table.name.name);
  if (!is_one_of(own, names) && !own.starts_with("oauth")) return false;
  bool account = false;
  bool verification = false;
  for (const auto& [name, other] : context.catalog().tables) {
    const std::string text = singular_name(name.name);
    account = account || text.ends_with("account");
    verification = verification || text.ends_with("verification") || text.ends_with("verification token");
  }
  return account && verification;
}

struct Found {
  const Table* table;
  const Column* column;
};

void report(Reporter& reporter, const Found& found, double with_default) {
  const auto& [table, column] = found;
  Finding& finding = reporter.add(column_subject(table->name, column->name), column->origin,
                                  display(table->name) + "." + column->name +
                                      " is NOT NULL and has no default: each INSERT has to set it, and takes "
                                      "the time from the client's clock.");
  if (with_default > 0)
    finding.evidence.push_back(catalog_fact("in " + grouped(with_default) + " other " +
                                            (with_default == 1 ? "table" : "tables") +
                                            " of the schema, such a column has a default"));
  const std::string begin = ddl::alter_column(table->name, column->name);
  finding.fix =
      Fix{.title = "Set a default, which changes no row",
          .sql = begin + " SET DEFAULT " + (column->type == "date" ? "CURRENT_DATE" : "now()") + ";",
          .down_sql = begin + " DROP DEFAULT;"};
}

void check(const Context& context, Reporter& reporter) {
  constexpr std::size_t no_convention = 2;  // columns that are too few to be one
  std::map<std::string, std::vector<Found>> without;
  std::map<std::string, double> with;
  for (const Table* table : checked_tables(context))
    for (const auto& column : table->columns) {
      if (!records_creation(column) || keeps_copies(*table) || owned_by_library(context, *table)) continue;
      if (column.default_expression) {
        ++with[table->name.schema];
      } else {
        without[table->name.schema].push_back({table, &column});
      }
    }
  for (const auto& [schema, found] : without) {
    const double defaults = with[schema];
    if (found.size() > no_convention && static_cast<double>(found.size()) > defaults) continue;
    for (const auto& one : found) report(reporter, one, defaults);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "created-at-without-default",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a required created_at without a default",
    .why =
        "Without a default, each INSERT has to supply the time: a script, a second service or a fix by hand "
        "fails, or writes the clock of another machine. `DEFAULT now()` takes the server's time of the "
        "transaction, the same for all rows that it writes.\n\n"
        "Frameworks such as Rails and Django set the time themselves, in all tables. A schema is therefore "
        "reported only where such columns usually have a default, or where there are one or two of them. "
        "Tables of authentication libraries are left out.",
    .fix = "`ALTER COLUMN … SET DEFAULT now()`. In Drizzle, `.defaultNow()`, in Prisma `@default(now())`.",
    .when_to_ignore =
        "The row records when something was created elsewhere, so that the client knows the time.",
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::created_at_without_default
