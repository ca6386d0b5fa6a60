#include "pg/plans/dependencies.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/text/text.h"
#include "pg/connection/values.h"

namespace pgadvise::pg {

namespace {

constexpr std::chrono::seconds longest_memory{10};
constexpr std::string_view tree_title = "rewritten parse tree:";

// A utility statement, whose own functions its tree does not show. pgadvise's parser read the same text as
// another kind of statement, so the two readings differ.
bool holds_utility(std::string_view tree) {
  constexpr std::string_view key = ":utilityStmt";
  for (std::size_t at = 0; (at = tree.find(key, at)) != tree.npos;) {
    at = tree.find_first_not_of(" \n", at + key.size());
    if (at == tree.npos || tree.substr(at, 2) != "<>") return true;
  }
  return false;
}

// The types whose values cannot be read without calling an unknown function. Few databases
// have one, so all types are checked together, and by halves only where the check fails.
Result<void> find_dangerous_types(Connection& connection, std::span<const Oid> types, Oids& dangerous) {
  if (types.empty()) return {};
  DependencyChecker checker(connection);
  for (const Oid type : types) checker.take_type(type);
  TRY(const auto found, checker.run());
  if (found.unknown_functions.empty() && found.refused_functions.empty()) return {};
  if (types.size() == 1) {
    dangerous.insert(types.front());
    return {};
  }
  const auto half = types.size() / 2;
  TRY_VOID(find_dangerous_types(connection, types.first(half), dangerous));
  return find_dangerous_types(connection, types.subspan(half), dangerous);
}

// Whether `name` occurs where an identifier may be: also in a literal or comment, but not within a longer
// word.
bool has_identifier(std::string_view text, std::string_view name) {
  const auto letter = [](char c) {
    return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c & 0x80;
  };
  const auto part = [&](char c) { return letter(c) || std::isdigit(static_cast<unsigned char>(c)); };
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string_view::npos; ++at) {
    const auto end = at + name.size();
    if ((at == 0 || !letter(text[at - 1])) && (end == text.size() || !part(text[end]))) return true;
  }
  return false;
}

// Whether a name may be longer than NAMEDATALEN allows, of which the server takes the beginning. Quotation
// marks may also belong to literals.
bool has_cut_name(std::string_view text) {
  constexpr std::size_t longest = 63;
  std::size_t word = 0, quoted = 0;
  bool quote = false;
  for (const char c : text) {
    const bool part = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c & 0x80;
    word = part ? word + 1 : 0;
    quoted = c == '"' ? 0 : quoted + 1;
    quote = quote || c == '"';
    if (word > longest || (quote && quoted > longest)) return true;
  }
  return false;
}

constexpr const char* plain_path =
    "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('jit', 'off', "
    "true)";

// Of a statement that parsing may read. Reads and extends `harmless`.
Result<plan::Dependencies> find_dependencies(Connection& connection, std::string_view statement,
                                             Harmless& harmless) {
  // A superuser can keep the tree, with its constants, out of the server's log.
  TRY(const auto set,
      connection.query(
          "SELECT pg_catalog.set_config('debug_print_rewritten', 'on', true), "
          "pg_catalog.set_config('debug_pretty_print', "
          "'off', true), pg_catalog.set_config('client_min_messages', 'log', true), CASE WHEN "
          "pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on'::pg_catalog.text THEN "
          "pg_catalog.set_config('log_min_messages', 'panic', true) END, pg_catalog.array_position("
          "pg_catalog.current_schemas(true), 'pg_catalog'::pg_catalog.name)"));
  const bool own_names_first = !set.empty() && set.front().back() == "1";
  std::vector<std::string> trees;
  connection.on_notice([&](std::string_view text) {
    if (text.substr(0, tree_title.size()) == tree_title) trees.emplace_back(text.substr(tree_title.size()));
  });
  const auto parsed = connection.parse(statement);
  connection.on_notice({});
  if (!parsed) return tl::unexpected(parsed.error());
  TRY_VOID(
      connection.query("SELECT pg_catalog.set_config('debug_print_rewritten', 'off', true), "
                       "pg_catalog.set_config('client_min_messages', "
                       "'warning', true), pg_catalog.set_config('search_path', 'pg_catalog', true), "
                       "pg_catalog.set_config('jit', 'off', true)"));
  // The last is the statement's own: parsing may run SQL functions, whose trees come first.
  if (const auto now = std::chrono::steady_clock::now(); now - harmless.since > longest_memory)
    harmless = {{}, harmless.unlisted, now};
  if (!harmless.unlisted) {
    TRY(const auto unlisted, unlisted_catalogs(connection));
    harmless.unlisted = unlisted;
  }
  DependencyChecker checker(connection, harmless.oids, *harmless.unlisted);
  bool whole = false;
  for (const auto& tree : trees) {
    checker.take_statement(tree);
    const auto end = trim(tree);
    whole = end.find("{QUERY") != end.npos && !end.empty() && end.back() == ')' && !holds_utility(end);
  }
  auto out = checker.run();
  if (out && out->unknown_functions.empty() && out->refused_functions.empty() && out->foreign_tables.empty())
    harmless.oids = std::move(checker).followed();
  if (out && !whole) out->unknown_functions.emplace_back("an object that the server does not show");
  // pg_get_viewdef() and extensions' functions run queries of their own, whose operators are then anybody's.
  if (out && !own_names_first)
    out->unknown_functions.emplace_back("operators of a schema that search_path puts before pg_catalog");
  return out;
}

// Types with a user-defined input function, which a literal of the type would run: the names through which
// such a literal could occur (types, relations, functions), or "*" if an operator could. And methods of
// TABLESAMPLE, whose handlers the parser calls.
Result<std::vector<DangerousName>> find_dangerous_names(Connection& connection) {
  TRY_VOID(connection.query(plain_path));
  if (connection.server_version() < 130000) {
    TRY(const auto safe, partition_keys_are_safe(connection));
    if (!safe) return std::vector<DangerousName>{{"*", "the partition key of a table"}};
  }
  std::vector<DangerousName> out;
  TRY(const auto methods, connection.query("SELECT lower(proname) FROM pg_proc WHERE prorettype = "
                                           "'pg_catalog.tsm_handler'::regtype AND oid >= 16384"));
  for (const auto& row : methods) out.push_back({text(row[0]), "the sampling method " + text(row[0])});
  TRY(const auto candidates,
      connection.query(
          "SELECT t.oid FROM pg_type t WHERE t.oid >= 16384 AND (t.typtype = 'd' AND EXISTS (SELECT FROM "
          "pg_constraint k WHERE k.contypid = t.oid) OR t.typtype = 'r' OR t.typinput::oid >= 16384)"));
  std::vector<Oid> suspects;
  for (const auto& row : candidates) suspects.push_back(static_cast<Oid>(whole(row[0])));
  Oids dangerous;
  TRY_VOID(find_dangerous_types(connection, suspects, dangerous));
  if (dangerous.empty()) return out;
  // What has such a type, to the end; each catalog is read once, and joined by hash.
  TRY(const auto rows,
      connection.query(
          fmt::format(
              "WITH RECURSIVE holds(part, whole) AS MATERIALIZED (SELECT t.typelem, t.oid FROM pg_type t "
              "WHERE t.typelem <> 0 UNION ALL SELECT t.typbasetype, t.oid FROM pg_type t WHERE t.typbasetype "
              "<> 0 UNION ALL SELECT a.atttypid, t.oid FROM pg_attribute a JOIN pg_type t ON t.typrelid = "
              "a.attrelid WHERE a.attnum > 0 UNION ALL SELECT g.rngsubtype, g.rngtypid FROM pg_range g{}), "
              "d(oid, cause) AS MATERIALIZED (SELECT o, o FROM unnest($1::oid[]) o UNION SELECT h.whole, "
              "d.cause FROM d JOIN holds h ON h.part = d.oid), named(name, cause) AS (SELECT "
              "lower(t.typname), d.cause FROM d JOIN pg_type t ON t.oid = d.oid UNION SELECT "
              "lower(c.relname), d.cause FROM d JOIN pg_attribute a ON a.atttypid = d.oid AND a.attnum > 0 "
              "JOIN pg_class c ON c.oid = a.attrelid UNION SELECT lower(p.proname), d.cause FROM pg_proc p "
              "CROSS JOIN LATERAL (SELECT p.prorettype UNION ALL SELECT unnest(p.proargtypes::oid[]) UNION "
              "ALL SELECT unnest(p.proallargtypes)) x(oid) JOIN d ON d.oid = x.oid UNION SELECT '*', d.cause "
              "FROM pg_operator o CROSS JOIN LATERAL unnest(ARRAY[o.oprleft, o.oprright]) x(oid) JOIN d ON "
              "d.oid = x.oid) SELECT n.name, min(format('%I.%I', s.nspname, t.typname)), "
              "min(t.typtype::text) FROM named n JOIN pg_type t ON t.oid = n.cause JOIN pg_namespace s ON "
              "s.oid = t.typnamespace GROUP BY 1",
              connection.server_version() >= 140000
                  ? " UNION ALL SELECT g.rngtypid, g.rngmultitypid FROM pg_range g"
                  : ""),
          {array_of(dangerous)}));
  for (const auto& row : rows)
    out.push_back({text(row[0]), (row[2] == "d" ? "the CHECK of the domain " : "the functions of the type ") +
                                     text(row[1])});
  return out;
}

}  // namespace

Result<bool> partition_keys_are_safe(Connection& connection) {
  TRY_VOID(connection.query(plain_path));
  TRY(const auto rows,
      connection.query("SELECT partexprs::text FROM pg_partitioned_table WHERE partexprs IS NOT NULL"));
  DependencyChecker checker(connection);
  for (const auto& row : rows) checker.take_statement(text(row[0]));
  TRY(const auto found, checker.run());
  return found.unknown_functions.empty() && found.refused_functions.empty();
}

// The code of a user that parsing the statement could run, by the words that it contains; "": parsing runs
// only built-in code.
Result<std::string> HarmlessStatements::code_of_parsing(Connection& connection, std::string_view statement) {
  const auto now = std::chrono::steady_clock::now();
  if (!names_read_ || now - *names_read_ > trusted) {
    TRY(auto found, find_dangerous_names(connection));
    TRY(const auto encoding, connection.query("SELECT current_setting('server_encoding')"));
    utf8_ = !encoding.empty() && encoding.front()[0] == "UTF8";
    names_ = std::move(found);
    names_read_ = now;
  }
  if (names_.empty()) return std::string();
  const auto text = lower(statement);
  // A single-byte encoding has letters that the server may fold to others.
  const bool folded = !utf8_ && std::ranges::any_of(text, [](char c) { return (c & 0x80) != 0; });
  const bool any = folded || contains(text, "u&") || has_cut_name(text);
  for (const auto& [name, code] : names_)
    if (any || name == "*" || has_identifier(text, replace_all(name, "\"", "\"\""))) return code;
  return std::string();
}

Result<plan::Dependencies> HarmlessStatements::find(Connection& connection, const std::string& statement) {
  TRY_VOID(connection.query("SAVEPOINT pgadvise_check"));
  const auto code = code_of_parsing(connection, statement);
  const auto back = connection.query("ROLLBACK TO SAVEPOINT pgadvise_check");
  if (!code) return tl::unexpected(code.error());
  if (!back) return tl::unexpected(back.error());
  if (!code->empty()) return plan::Dependencies{{*code}, {}, {}};
  auto found = find_dependencies(connection, statement, objects_);
  const auto again = connection.query("ROLLBACK TO SAVEPOINT pgadvise_check");
  if (!found) return found;
  if (!again) return tl::unexpected(again.error());
  // A what-if transaction makes thousands of these checks, and savepoints of one name nest.
  TRY_VOID(connection.query("RELEASE SAVEPOINT pgadvise_check"));
  if (found->unknown_functions.empty() && found->refused_functions.empty() && found->foreign_tables.empty())
    checked_[statement] = std::chrono::steady_clock::now();
  return found;
}

Result<void> HarmlessStatements::check(Connection& connection, const std::string& statement) {
  const auto known = checked_.find(statement);
  if (known != checked_.end() && std::chrono::steady_clock::now() - known->second < trusted) return {};
  TRY(const auto found, find(connection, statement));
  std::vector<std::string> names = found.unknown_functions;
  for (const auto* more : {&found.refused_functions, &found.foreign_tables})
    names.insert(names.end(), more->begin(), more->end());
  if (names.empty()) return {};
  return fail(Error::Kind::nonfatal, connection.where(), "it would run " + join(names, ", "));
}

}  // namespace pgadvise::pg
