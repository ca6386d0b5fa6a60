#include "lint/schema/parent_deletes.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "lint/schema/table_growth.h"
#include "lint/schema/words.h"
#include "model/queries/workload.h"

namespace pgadvise::lint {

bool parent_rows_deleted(const Context& context, const Constraint& key) {
  if (key.on_delete != "NO ACTION" && key.on_delete != "RESTRICT") return true;
  const auto& queries = context.queries_on(key.referenced_table);
  return std::ranges::any_of(queries, [&](const Query* query) {
    return query->facts.kind == StatementKind::delete_ && !query->facts.relations.empty() &&
           query->facts.relations.front().table == key.referenced_table;
  });
}

bool names_an_actor(const Constraint& key) {
  static constexpr std::string_view deeds[] = {
      "accepted", "acknowledged", "activated", "added",     "approved", "archived",   "assigned",  "banned",
      "blocked",  "canceled",     "cancelled", "changed",   "closed",   "completed",  "confirmed", "created",
      "decided",  "declined",     "deleted",   "denied",    "disabled", "dismissed",  "edited",    "enabled",
      "granted",  "impersonated", "imported",  "inserted",  "invited",  "issued",     "locked",    "modified",
      "paused",   "pinned",       "processed", "published", "recorded", "registered", "rejected",  "released",
      "removed",  "requested",    "resolved",  "restored",  "reviewed", "revoked",    "suspended", "updated",
      "uploaded", "validated",    "verified",  "voided"};
  static constexpr std::string_view doers[] = {
      "approver", "archiver", "canceler", "canceller", "creator",  "deleter",   "editor",   "inserter",
      "inviter",  "issuer",   "modifier", "publisher", "recorder", "rejecter",  "releaser", "requester",
      "resolver", "reviewer", "revoker",  "updater",   "uploader", "validator", "verifier"};
  static constexpr std::string_view persons[] = {"user",   "account", "member",   "admin",
                                                 "person", "profile", "employee", "staff"};
  if (key.columns.size() != 1 || key.on_delete == "CASCADE") return false;
  auto words = words_of(key.columns.front());
  if (words.size() > 1 && (words.back() == "id" || words.back() == "uuid")) words.pop_back();
  if (words.size() > 1 && is_one_of(words.back(), persons)) words.pop_back();
  // An issuer may be a company, and a processor a machine.
  const auto parent = words_of(key.referenced_table.name);
  if (!words.empty() && is_one_of(words.back(), doers))
    return !parent.empty() && is_one_of(singular(parent.back()), persons);
  return words.size() > 1 && words.back() == "by" && is_one_of(words[words.size() - 2], deeds);
}

static bool limited_to_constants(const Table& table, const std::string& column) {
  return std::ranges::any_of(table.constraints, [&](const Constraint& check) {
    if (check.kind != Constraint::Kind::check) return false;
    auto tokens = tokens_of(check.expression);  // without strings
    std::erase_if(tokens, [](const std::string& token) { return token == "(" || token == ")"; });
    std::size_t at = 0;
    const auto next = [&](std::string_view word) { return at < tokens.size() && tokens[at] == word && ++at; };
    if (!next(column)) return false;
    while (next("::")) ++at;
    if (!next("in") && !(next("=") && next("any") && next("array"))) return false;
    return std::none_of(tokens.begin() + static_cast<std::ptrdiff_t>(std::min(at, tokens.size())),
                        tokens.end(), [&](const std::string& token) {
                          return token == "or" || token == "and" || token == "select" || table.column(token);
                        });
  });
}

bool references_constants(const Context& context, const Constraint& key) {
  const Table* parent = context.table(key.referenced_table);
  return parent && key.referenced_columns.size() == 1 &&
         limited_to_constants(*parent, key.referenced_columns.front());
}

bool references_lookup(const Context& context, const Constraint& key) {
  const Table* parent = context.table(key.referenced_table);
  return parent && key.on_delete != "CASCADE" && growth_of(*parent) == Growth::lookup;
}

}  // namespace pgadvise::lint
