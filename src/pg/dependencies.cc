#include "pg/dependencies.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "pg/allow_list.h"
#include "pg/values.h"

namespace pgadvise::pg {

namespace {

using Oid = std::uint32_t;
using Oids = std::set<Oid>;

constexpr Oid first_user_oid = 16384;
constexpr int max_rounds = 32;
constexpr std::chrono::seconds longest_memory{10};
constexpr std::string_view tree_title = "rewritten parse tree:";

std::string array_of(const Oids& oids) { return fmt::format("{{{}}}", fmt::join(oids, ",")); }

bool among(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Reads ":key 123" and ":key (o 1 2 3)" wherever they stand. Lines are broken at 78 columns, at a space where
// there is one: a line end is as good as a space. A name can't hide a pair (it only can look like one: its
// spaces are escaped).
void scan(std::string_view tree, References& into) {
  const auto space = [&](std::size_t at) {
    return at < tree.size() && (tree[at] == ' ' || tree[at] == '\n');
  };
  const auto number = [&](std::size_t& at, Oid& oid) {
    const auto [end, error] = std::from_chars(tree.data() + at, tree.data() + tree.size(), oid);
    if (error != std::errc()) return false;
    at = static_cast<std::size_t>(end - tree.data());
    return true;
  };
  for (std::size_t at = 0; (at = tree.find(':', at)) != std::string_view::npos;) {
    const auto start = ++at;
    while (at < tree.size() && (std::isalnum(static_cast<unsigned char>(tree[at])) || tree[at] == '_')) ++at;
    const auto key = tree.substr(start, at - start);
    if (key.empty() || !space(at)) continue;
    while (space(at)) ++at;
    Oid oid = 0;
    if (tree.substr(at, 2) == "(o") {
      at += 2;
      for (;;) {
        while (space(at)) ++at;
        if (!number(at, oid)) break;
        into.add(key, oid);
      }
    } else if (number(at, oid)) {
      into.add(key, oid);
    }
  }
}

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

class DependencyChecker {
 public:
  explicit DependencyChecker(Connection& connection, References harmless = {})
      : connection_(connection), done_(std::move(harmless)) {}
  void take(std::string_view tree) { scan(tree, pending_); }
  void take_type(Oid type) { pending_.types.insert(type); }
  // Follows everything that was taken to its end.
  Result<plan::Dependencies> run();
  // And what was known to be harmless.
  References followed() { return std::move(done_); }

 private:
  Result<void> relations(const Oids& oids);
  Result<void> types(const Oids& oids);
  Result<void> operators(const Oids& oids);
  Result<void> others(const Oids& oids);
  Result<void> functions(const Oids& oids);
  // Runs a query of (what, value) rows and takes what it found.
  Result<void> expand(const std::string& query, const Oids& oids);
  int version() const { return connection_.server_version(); }

  Connection& connection_;
  References pending_;
  References done_;
  std::set<std::string> unknown_, refused_, foreign_;
};

Result<void> DependencyChecker::expand(const std::string& query, const Oids& oids) {
  const auto rows = connection_.query(query, {array_of(oids)});
  if (!rows) return tl::unexpected(rows.error());
  for (const auto& row : *rows) {
    if (!row[0] || !row[1]) continue;
    const auto& what = *row[0];
    const auto& value = *row[1];
    if (what == "tree") {
      take(value);
    } else if (what == "foreign") {
      foreign_.insert(value);
    } else {
      const auto oid = static_cast<Oid>(whole(row[1]));
      auto& set = what == "function"   ? pending_.functions
                  : what == "operator" ? pending_.operators
                  : what == "type"     ? pending_.types
                                       : pending_.relations;
      if (oid) set.insert(oid);
    }
  }
  return {};
}

// What the planner and the executor may run for a relation beside the statement itself: its children;
// expressions and predicates of its indexes, checks, extended statistics and partition keys, which the
// planner folds; its indexes' own comparison functions.
Result<void> DependencyChecker::relations(const Oids& oids) {
  std::string query =
      "WITH RECURSIVE r(oid) AS (SELECT unnest($1::oid[]) UNION SELECT i.inhrelid FROM r JOIN pg_inherits i "
      "ON "
      "i.inhparent = r.oid), "
      "families(oid) AS (SELECT DISTINCT o.opcfamily FROM (SELECT unnest(i.indclass::oid[]) FROM r JOIN "
      "pg_index i ON "
      "i.indrelid = r.oid UNION SELECT unnest(p.partclass::oid[]) FROM r JOIN pg_partitioned_table p ON "
      "p.partrelid = "
      "r.oid) k(oid) JOIN pg_opclass o ON o.oid = k.oid) "
      "SELECT 'foreign', n.nspname || '.' || c.relname FROM r JOIN pg_class c ON c.oid = r.oid JOIN "
      "pg_namespace n ON "
      "n.oid = c.relnamespace WHERE c.relkind = 'f' "
      "UNION SELECT 'tree', x.tree FROM r JOIN pg_index i ON i.indrelid = r.oid CROSS JOIN LATERAL (VALUES "
      "(i.indexprs::text), (i.indpred::text)) x(tree) WHERE x.tree IS NOT NULL "
      "UNION SELECT 'tree', k.conbin::text FROM r JOIN pg_constraint k ON k.conrelid = r.oid AND k.conbin IS "
      "NOT NULL "
      "UNION SELECT 'tree', p.partexprs::text FROM r JOIN pg_partitioned_table p ON p.partrelid = r.oid "
      "UNION SELECT 'function', p.amproc::oid::text FROM families f JOIN pg_amproc p ON p.amprocfamily = "
      "f.oid "
      "WHERE p.amproc::oid >= 16384 "
      "UNION SELECT 'function', o.oprcode::oid::text FROM families f JOIN pg_amop m ON m.amopfamily = f.oid "
      "JOIN pg_operator o ON o.oid = m.amopopr WHERE o.oprcode::oid >= 16384";
  if (version() >= 140000)
    query +=
        " UNION SELECT 'tree', s.stxexprs::text FROM r JOIN pg_statistic_ext s ON s.stxrelid = r.oid AND "
        "s.stxexprs IS "
        "NOT NULL";
  if (version() >= 180000)
    query +=
        " UNION SELECT 'tree', d.adbin::text FROM r JOIN pg_attribute a ON a.attrelid = r.oid AND "
        "a.attgenerated = 'v' "
        "JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum";
  return expand(query, oids);
}

// A type brings its input and output, the checks of domains, what compares its values, and its casts to JSON
// (which to_json, json_agg and their like look up while they run), through elements, attributes, base types
// and subtypes.
Result<void> DependencyChecker::types(const Oids& oids) {
  const bool multi = version() >= 140000;
  return expand(
      fmt::format(
          "WITH RECURSIVE t(oid) AS (SELECT unnest($1::oid[]) UNION SELECT x.oid FROM t JOIN pg_type y ON "
          "y.oid = t.oid "
          "CROSS JOIN LATERAL (SELECT y.typelem UNION ALL SELECT y.typbasetype UNION ALL SELECT a.atttypid "
          "FROM "
          "pg_attribute a WHERE y.typrelid <> 0 AND a.attrelid = y.typrelid AND a.attnum > 0 AND NOT "
          "a.attisdropped "
          "UNION ALL SELECT g.rngsubtype FROM pg_range g WHERE g.rngtypid = y.oid {}) x(oid) WHERE x.oid <> "
          "0), "
          "families(oid) AS (SELECT DISTINCT o.opcfamily FROM t JOIN pg_opclass o ON o.opcintype = t.oid AND "
          "o.opcdefault AND o.oid >= 16384 UNION SELECT o.opcfamily FROM t JOIN pg_range g ON g.rngtypid = "
          "t.oid JOIN "
          "pg_opclass o ON o.oid = g.rngsubopc) "
          "SELECT 'function', f.oid::oid::text FROM t JOIN pg_type y ON y.oid = t.oid CROSS JOIN LATERAL "
          "(VALUES "
          "(y.typinput::oid), (y.typoutput::oid)) f(oid) WHERE f.oid >= 16384 "
          "UNION SELECT 'tree', k.conbin::text FROM t JOIN pg_constraint k ON k.contypid = t.oid AND "
          "k.conbin IS NOT "
          "NULL UNION SELECT 'function', f.oid::text FROM t JOIN pg_range g ON g.rngtypid = t.oid CROSS JOIN "
          "LATERAL "
          "(VALUES (g.rngcanonical::oid), (g.rngsubdiff::oid)) f(oid) WHERE f.oid >= 16384 "
          "UNION SELECT 'function', c.castfunc::text FROM t JOIN pg_cast c ON c.castsource = t.oid AND "
          "c.casttarget IN "
          "('pg_catalog.json'::regtype, 'pg_catalog.jsonb'::regtype) AND c.castfunc >= 16384 "
          "UNION SELECT 'function', p.amproc::oid::text FROM families f JOIN pg_amproc p ON p.amprocfamily = "
          "f.oid WHERE "
          "p.amproc::oid >= 16384 UNION SELECT 'function', o.oprcode::oid::text FROM families f JOIN pg_amop "
          "m ON "
          "m.amopfamily = f.oid JOIN pg_operator o ON o.oid = m.amopopr WHERE o.oprcode::oid >= 16384",
          multi ? "UNION ALL SELECT g.rngtypid FROM pg_range g WHERE g.rngmultitypid = y.oid" : ""),
      oids);
}

// Selectivity estimators run while planning. The planner puts an operator's negator or commutator in its
// place (and neqsel runs the negator), and within an operator family one member for another.
Result<void> DependencyChecker::operators(const Oids& oids) {
  return expand(
      "WITH families(oid) AS (SELECT DISTINCT m.amopfamily FROM pg_amop m WHERE m.amopopr = ANY ($1::oid[]) "
      "AND "
      "m.amopopr >= 16384) "
      "SELECT 'operator', x.oid::text FROM pg_operator o CROSS JOIN LATERAL (VALUES (o.oprnegate), "
      "(o.oprcom)) "
      "x(oid) WHERE o.oid = ANY ($1::oid[]) AND x.oid >= 16384 "
      "UNION SELECT 'operator', m.amopopr::text FROM families f JOIN pg_amop m ON m.amopfamily = f.oid WHERE "
      "m.amopopr >= 16384 "
      "UNION SELECT 'function', p.amproc::oid::text FROM families f JOIN pg_amproc p ON p.amprocfamily = "
      "f.oid WHERE "
      "p.amproc::oid >= 16384 UNION "
      "SELECT 'function', f.oid::text FROM pg_operator o CROSS JOIN LATERAL (VALUES (o.oprcode::oid), "
      "(o.oprrest::oid), "
      "(o.oprjoin::oid)) f(oid) WHERE o.oid = ANY ($1::oid[]) AND o.oid >= 16384 AND (f.oid >= 16384 OR "
      "f.oid = "
      "o.oprcode::oid)",
      oids);
}

Result<void> DependencyChecker::others(const Oids& oids) {
  return expand(
      "SELECT 'function', p.oid::text FROM pg_proc p WHERE p.oid = ANY ($1::oid[]) UNION ALL "
      "SELECT 'operator', o.oid::text FROM pg_operator o WHERE o.oid = ANY ($1::oid[]) UNION ALL "
      "SELECT 'type', t.oid::text FROM pg_type t WHERE t.oid = ANY ($1::oid[]) UNION ALL "
      "SELECT 'relation', c.oid::text FROM pg_class c WHERE c.oid = ANY ($1::oid[]) UNION ALL "
      "SELECT 'function', p.amproc::oid::text FROM pg_amproc p WHERE p.amprocfamily = ANY ($1::oid[])",
      oids);
}

Result<void> DependencyChecker::functions(const Oids& oids) {
  const auto rows = connection_.query(
      fmt::format(
          "SELECT p.oid, n.nspname, p.proname, l.lanname, p.prosrc, p.provolatile, p.xmin::text IN ('1', "
          "'2'), "
          "(SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE d.classid = "
          "'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype "
          "= 'e'), "
          "EXISTS (SELECT FROM pg_operator o WHERE o.oprcode::oid = p.oid AND o.oid < 16384) OR "
          "EXISTS (SELECT FROM pg_aggregate a WHERE a.aggfnoid::oid = p.oid) OR "
          "EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = p.oid AND c.oid < 16384) OR "
          "EXISTS (SELECT FROM pg_amproc a WHERE a.amproc::oid = p.oid AND a.oid < 16384) OR "
          "EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput::oid, t.typoutput::oid) AND t.oid < "
          "16384), "
          "(SELECT concat_ws(',', a.aggtransfn::oid, a.aggfinalfn::oid, a.aggcombinefn::oid, "
          "a.aggserialfn::oid, "
          "a.aggdeserialfn::oid, a.aggmtransfn::oid, a.aggminvtransfn::oid, a.aggmfinalfn::oid) FROM "
          "pg_aggregate a "
          "WHERE a.aggfnoid::oid = p.oid), {}, (SELECT string_agg(x.f::oid::text, ',') FROM (VALUES "
          "(p.prosupport)) "
          "x(f) WHERE x.f::oid >= 16384) "
          "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = "
          "p.prolang "
          "WHERE p.oid = ANY ($1::oid[])",
          version() >= 140000 ? "p.prosqlbody::text" : "NULL::text"),
      {array_of(oids)});
  if (!rows) return tl::unexpected(rows.error());
  if (rows->size() < oids.size()) unknown_.insert("a function that no longer exists");
  for (const auto& row : *rows) {
    FunctionFacts facts;
    const auto oid = static_cast<Oid>(whole(row[0]));
    facts.schema = row[1].value_or("");
    facts.name = row[2].value_or("");
    facts.language = row[3].value_or("");
    facts.source = row[4].value_or("");
    facts.volatility = row[5] && !row[5]->empty() ? row[5]->front() : 'v';
    facts.built_in = oid < first_user_oid && facts.schema == "pg_catalog";
    facts.bootstrap = row[6] == "t";
    facts.extension = row[7].value_or("");
    facts.support = row[8] == "t";
    facts.body_seen = row[10].has_value();
    const auto harm = check_function(facts);
    if (harm == Harm::unknown) unknown_.insert(facts.schema + "." + facts.name);
    if (harm == Harm::refused) refused_.insert(facts.name);
    if (harm != Harm::none || !facts.built_in) continue;
    for (const auto& list : {row[9], row[11]})
      if (list)
        for (const auto part : split(*list, ',')) {
          if (const auto support = static_cast<Oid>(whole(part)); support >= first_user_oid)
            pending_.functions.insert(support);
        }
    if (row[10]) take(*row[10]);
  }
  return {};
}

Result<plan::Dependencies> DependencyChecker::run() {
  const auto fresh = [](Oids& pending, Oids& done) {
    Oids out;
    for (const auto oid : std::exchange(pending, {}))
      if (done.insert(oid).second) out.insert(oid);
    return out;
  };
  const std::pair<Oids References::*, Result<void> (DependencyChecker::*)(const Oids&)> steps[] = {
      {&References::others, &DependencyChecker::others},
      {&References::relations, &DependencyChecker::relations},
      {&References::types, &DependencyChecker::types},
      {&References::operators, &DependencyChecker::operators},
      {&References::functions, &DependencyChecker::functions},
  };
  bool more = true;
  for (int round = 0; more; ++round) {
    more = false;
    if (round == max_rounds) {
      unknown_.insert("more dependencies than pgadvise follows");
      break;
    }
    for (const auto& [set, step] : steps) {
      const auto oids = fresh(pending_.*set, done_.*set);
      if (oids.empty()) continue;
      more = true;
      if (const auto result = (this->*step)(oids); !result) return tl::unexpected(result.error());
    }
  }
  plan::Dependencies out;
  out.unknown_functions.assign(unknown_.begin(), unknown_.end());
  out.refused_functions.assign(refused_.begin(), refused_.end());
  out.foreign_tables.assign(foreign_.begin(), foreign_.end());
  return out;
}

// The types whose values cannot be read without calling an unknown function. Nearly always there is none, so
// all types are checked together, and by halves if there is one.
Result<void> sift(Connection& connection, std::span<const Oid> types, Oids& dangerous) {
  if (types.empty()) return {};
  DependencyChecker checker(connection);
  for (const Oid type : types) checker.take_type(type);
  const auto found = checker.run();
  if (!found) return tl::unexpected(found.error());
  if (found->unknown_functions.empty() && found->refused_functions.empty()) return {};
  if (types.size() == 1) {
    dangerous.insert(types.front());
    return {};
  }
  const auto half = types.size() / 2;
  if (const auto first = sift(connection, types.first(half), dangerous); !first) return first;
  return sift(connection, types.subspan(half), dangerous);
}

constexpr const char* plain_path =
    "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('jit', 'off', "
    "true)";

}  // namespace

void References::add(std::string_view key, Oid oid) {
  if (oid == 0) return;
  if (among(key, {"funcid", "opfuncid", "aggfnoid", "winfnoid", "tsmhandler", "hashfuncid", "negfuncid",
                  "startInRangeFunc", "endInRangeFunc"})) {
    functions.insert(oid);
  } else if (among(key, {"opno", "opnos", "eqop", "sortop", "cycle_mark_neop"})) {
    operators.insert(oid);
  } else if (among(key, {"relid", "seqid", "resorigtbl"})) {
    relations.insert(oid);
  } else if (ends_with(key, "type") || ends_with(key, "types") || ends_with(key, "typeid") ||
             ends_with(key, "Type") || ends_with(key, "Types") || ends_with(key, "typid")) {
    types.insert(oid);
  } else if (oid >= first_user_oid && !ends_with(key, "typmod") && !ends_with(key, "location") &&
             !among(key, {"constvalue", "stmt_len", "queryId", "list_start", "list_end"})) {
    others.insert(oid);
  }
}

Result<plan::Dependencies> find_dependencies(Connection& connection, std::string_view statement,
                                             Harmless& harmless) {
  // A superuser can keep the tree, with its constants, out of the server's log.
  const auto set = connection.query(
      "SELECT pg_catalog.set_config('debug_print_rewritten', 'on', true), "
      "pg_catalog.set_config('debug_pretty_print', "
      "'off', true), pg_catalog.set_config('client_min_messages', 'log', true), CASE WHEN "
      "pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on'::pg_catalog.text THEN "
      "pg_catalog.set_config('log_min_messages', 'panic', true) END");
  if (!set) return tl::unexpected(set.error());
  std::vector<std::string> trees;
  connection.on_notice([&](std::string_view text) {
    if (text.substr(0, tree_title.size()) == tree_title) trees.emplace_back(text.substr(tree_title.size()));
  });
  const auto parsed = connection.parse(statement);
  connection.on_notice({});
  if (!parsed) return tl::unexpected(parsed.error());
  const auto quiet = connection.query(
      "SELECT pg_catalog.set_config('debug_print_rewritten', 'off', true), "
      "pg_catalog.set_config('client_min_messages', "
      "'warning', true), pg_catalog.set_config('search_path', 'pg_catalog', true), "
      "pg_catalog.set_config('jit', 'off', true)");
  if (!quiet) return tl::unexpected(quiet.error());
  // The last is the statement's own: parsing may run SQL functions, whose trees come first.
  if (const auto now = std::chrono::steady_clock::now(); now - harmless.since > longest_memory)
    harmless = {{}, now};
  DependencyChecker checker(connection, harmless.oids);
  bool whole = false;
  for (const auto& tree : trees) {
    checker.take(tree);
    const auto end = trim(tree);
    whole = end.find("{QUERY") != end.npos && !end.empty() && end.back() == ')' && !holds_utility(end);
  }
  auto out = checker.run();
  if (out && out->unknown_functions.empty() && out->refused_functions.empty() && out->foreign_tables.empty())
    harmless.oids = checker.followed();
  if (out && !whole) out->unknown_functions.emplace_back("an object that the server does not show");
  return out;
}

Result<std::vector<std::string>> find_dangerous_inputs(Connection& connection) {
  if (const auto path = connection.query(plain_path); !path) return tl::unexpected(path.error());
  const auto candidates = connection.query(
      "SELECT t.oid FROM pg_type t WHERE t.oid >= 16384 AND (t.typtype = 'd' AND EXISTS (SELECT FROM "
      "pg_constraint k "
      "WHERE k.contypid = t.oid) OR t.typtype = 'r' OR t.typinput::oid >= 16384)");
  if (!candidates) return tl::unexpected(candidates.error());
  std::vector<Oid> suspects;
  for (const auto& row : *candidates) suspects.push_back(static_cast<Oid>(whole(row[0])));
  Oids dangerous;
  if (const auto sifted = sift(connection, suspects, dangerous); !sifted)
    return tl::unexpected(sifted.error());
  if (dangerous.empty()) return std::vector<std::string>();
  // What has such a type, to the end; each catalog is read once, and joined by hash.
  const auto rows = connection.query(
      fmt::format("WITH RECURSIVE holds(part, whole) AS MATERIALIZED (SELECT t.typelem, t.oid FROM pg_type t "
                  "WHERE t.typelem <> 0 UNION ALL "
                  "SELECT t.typbasetype, t.oid FROM pg_type t WHERE t.typbasetype <> 0 UNION ALL "
                  "SELECT a.atttypid, t.oid FROM pg_attribute a JOIN pg_type t ON t.typrelid = a.attrelid "
                  "WHERE a.attnum > 0 UNION ALL "
                  "SELECT g.rngsubtype, g.rngtypid FROM pg_range g{}), "
                  "d(oid) AS MATERIALIZED (SELECT unnest($1::oid[]) UNION SELECT h.whole FROM d JOIN holds h "
                  "ON h.part = d.oid) "
                  "SELECT lower(t.typname) FROM d JOIN pg_type t ON t.oid = d.oid "
                  "UNION SELECT lower(c.relname) FROM d JOIN pg_attribute a ON a.atttypid = d.oid AND "
                  "a.attnum > 0 JOIN pg_class c ON c.oid = a.attrelid "
                  "UNION SELECT lower(p.proname) FROM pg_proc p CROSS JOIN LATERAL (SELECT p.prorettype "
                  "UNION ALL SELECT unnest(p.proargtypes::oid[]) UNION ALL "
                  "SELECT unnest(p.proallargtypes)) x(oid) JOIN d ON d.oid = x.oid "
                  "UNION SELECT '*' FROM pg_operator o WHERE o.oprleft IN (SELECT d.oid FROM d) OR "
                  "o.oprright IN (SELECT d.oid FROM d)",
                  connection.server_version() >= 140000
                      ? " UNION ALL SELECT g.rngtypid, g.rngmultitypid FROM pg_range g"
                      : ""),
      {array_of(dangerous)});
  if (!rows) return tl::unexpected(rows.error());
  std::vector<std::string> out;
  for (const auto& row : *rows)
    if (row[0]) out.push_back(*row[0]);
  return out;
}

}  // namespace pgadvise::pg
