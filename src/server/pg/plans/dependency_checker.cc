#include "pg/plans/dependency_checker.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text/text.h"
#include "pg/connection/values.h"
#include "pg/plans/allow_list.h"
#include "pg/plans/object_classes.h"

namespace pgadvise::pg {

namespace {

constexpr int max_rounds = 32;
constexpr Oid nextval = 1574;  // nextval(regclass)
// quote_literal(anyelement), quote_nullable(anyelement), textanycat and anytextcat: their bodies have a cast
// of any type to text (allow_list.cc, own_body).
constexpr Oid casts_to_text[] = {1285, 1290, 2003, 2004};
constexpr Oid text_search_types[] = {3614, 3615, 3734, 3769};  // tsvector, tsquery, regconfig, regdictionary

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

// Whether a query of the tree, also one that a rule adds, inserts, updates, deletes or merges.
bool writes(std::string_view tree) {
  constexpr std::string_view key = ":commandType", select = "1";
  for (std::size_t at = 0; (at = tree.find(key, at)) != tree.npos;) {
    at = std::min(tree.find_first_not_of(" \n", at + key.size()), tree.size());
    if (tree.substr(at, tree.find_first_of(" \n", at) - at) != select) return true;
  }
  return false;
}

bool reaches_text_search(const Oids& types) {
  return std::ranges::any_of(text_search_types, [&](Oid type) { return types.contains(type); });
}

// Those that take text, and configurations or dictionaries that they look up by name.
bool searches_text(const FunctionFacts& function) {
  return function.source == "ts_match_tt" || function.source == "ts_match_tq" ||
         function.extension == "unaccent";
}

// Adds those of `from` that are not in `done` to it, and returns them.
Oids take_new(Oids& from, Oids& done) {
  Oids out;
  for (const auto oid : std::exchange(from, {}))
    if (done.insert(oid).second) out.insert(oid);
  return out;
}

// Relations $1 with their partitions and children, and (`up`) the partitioned tables above them, whose keys
// are the constraints of a partition.
constexpr std::string_view relation_sets = R"(
WITH RECURSIVE r(oid) AS (
  SELECT unnest($1::oid[]) UNION SELECT i.inhrelid FROM r JOIN pg_inherits i ON i.inhparent = r.oid),
up(oid) AS (
  SELECT unnest($1::oid[]) UNION
  SELECT i.inhparent FROM up JOIN pg_class c ON c.oid = up.oid AND c.relispartition
    JOIN pg_inherits i ON i.inhrelid = up.oid),
keys AS (SELECT p.* FROM (TABLE r UNION TABLE up) k(oid) JOIN pg_partitioned_table p ON p.partrelid = k.oid),
indexes AS (SELECT i.* FROM r JOIN pg_index i ON i.indrelid = r.oid),
families(oid) AS (
  SELECT DISTINCT o.opcfamily
  FROM (SELECT unnest(indclass::oid[]) FROM indexes UNION SELECT unnest(partclass::oid[]) FROM keys) k(oid)
  JOIN pg_opclass o ON o.oid = k.oid)
)";

}  // namespace

std::string array_of(const Oids& oids) { return fmt::format("{{{}}}", fmt::join(oids, ",")); }

void References::add(std::string_view key, Oid oid) {
  if (oid == 0) return;
  if (is_one_of(key, {"aggfnoid", "winfnoid", "startInRangeFunc", "endInRangeFunc"}) ||
      ends_with_any(key, {"funcid", "func", "proc", "handler"})) {
    functions.insert(oid);
  } else if (is_one_of(key, {"opno", "opnos", "eqop", "sortop", "cycle_mark_neop"})) {
    operators.insert(oid);
  } else if (is_one_of(key, {"relid", "seqid", "resorigtbl"})) {
    relations.insert(oid);
  } else if (ends_with_any(key, {"type", "types", "typeid", "Type", "Types", "typid"})) {
    types.insert(oid);
  } else if (oid >= first_user_oid && !ends_with_any(key, {"typmod", "location"}) &&
             !is_one_of(key, {"constvalue", "stmt_len", "queryId", "list_start", "list_end"})) {
    others.insert(oid);
  }
}

DependencyChecker::DependencyChecker(Connection& connection, References harmless, Oids unlisted)
    : connection_(connection), done_(std::move(harmless)), unlisted_(std::move(unlisted)) {}

void DependencyChecker::take_statement(std::string_view tree) {
  scan(tree, pending_);
  writes_ = writes_ || writes(tree);
}

Result<void> DependencyChecker::expand(const std::string& query, const Oids& oids) {
  TRY(const auto rows, connection_.query(query, oids.empty() ? Parameters() : Parameters{array_of(oids)}));
  for (const auto& row : rows) {
    if (!row[0] || !row[1]) continue;
    const auto& what = *row[0];
    const auto& value = *row[1];
    if (what == "tree") {
      scan(value, pending_);
    } else if (what == "foreign") {
      foreign_.insert(value);
    } else if (what == "unknown") {
      unknown_.insert(value);
    } else if (what == "any type") {
      any_type_ = true;
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

// What the planner and the executor's start may run for a relation beside the statement itself: expressions
// and predicates of its indexes, checks, extended statistics, partition keys and generated columns, which
// both fold (a stored generated column: of a relation that the statement writes); its indexes' comparison
// functions; and its and its indexes' access methods.
Result<void> DependencyChecker::relations(const Oids& oids) {
  std::string query(relation_sets);
  query += R"(
SELECT CASE c.relkind WHEN 'f' THEN 'foreign' ELSE 'unknown' END, n.nspname || '.' || c.relname
FROM r JOIN pg_class c ON c.oid = r.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind NOT IN ('r', 'i', 'S', 't', 'v', 'm', 'c', 'p', 'I')
UNION SELECT 'function', a.amhandler::oid::text
  FROM (TABLE r UNION SELECT indexrelid FROM indexes) x(oid) JOIN pg_class c ON c.oid = x.oid
  JOIN pg_am a ON a.oid = c.relam WHERE a.amhandler::oid >= 16384
UNION SELECT 'tree', x.tree FROM indexes i CROSS JOIN LATERAL (VALUES (i.indexprs::text), (i.indpred::text)) x(tree)
UNION SELECT 'tree', k.conbin::text FROM r JOIN pg_constraint k ON k.conrelid = r.oid
UNION SELECT 'tree', partexprs::text FROM keys
UNION SELECT 'function', p.amproc::oid::text FROM families f JOIN pg_amproc p ON p.amprocfamily = f.oid
  WHERE p.amproc::oid >= 16384
UNION SELECT 'function', o.oprcode::oid::text FROM families f JOIN pg_amop m ON m.amopfamily = f.oid
  JOIN pg_operator o ON o.oid = m.amopopr WHERE o.oprcode::oid >= 16384)";
  if (version() >= 140000)
    query += "\nUNION SELECT 'tree', s.stxexprs::text FROM r JOIN pg_statistic_ext s ON s.stxrelid = r.oid";
  query += fmt::format(
      "\nUNION SELECT 'tree', d.adbin::text FROM r JOIN pg_attribute a ON a.attrelid = r.oid AND {} "
      "JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum",
      writes_ ? "a.attgenerated <> ''" : "a.attgenerated = 'v'");
  return expand(query, oids);
}

// A type brings its own functions, the checks of domains, what compares its values, and its casts to JSON
// (which to_json, json_agg and their like look up while they run), through elements, attributes, base types
// and subtypes. Not its typanalyze, which ANALYZE runs, nor what reads and writes binary values: pgadvise
// asks for text.
Result<void> DependencyChecker::types(const Oids& oids) {
  text_search_ = text_search_ || reaches_text_search(oids);
  const bool since_14 = version() >= 140000;
  const bool before = std::exchange(any_type_, false);
  const auto found = expand(
      fmt::format(R"(
WITH RECURSIVE t(oid) AS (
  SELECT unnest($1::oid[]) UNION
  SELECT x.oid FROM t JOIN pg_type y ON y.oid = t.oid CROSS JOIN LATERAL (
    SELECT y.typelem UNION ALL SELECT y.typbasetype
    UNION ALL SELECT a.atttypid FROM pg_attribute a
      WHERE y.typrelid <> 0 AND a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT g.rngsubtype FROM pg_range g WHERE g.rngtypid = y.oid {}) x(oid)
  WHERE x.oid <> 0),
families(oid) AS (
  SELECT DISTINCT o.opcfamily FROM t JOIN pg_opclass o ON o.opcintype = t.oid AND o.opcdefault AND o.oid >= 16384
  UNION SELECT o.opcfamily FROM t JOIN pg_range g ON g.rngtypid = t.oid JOIN pg_opclass o ON o.oid = g.rngsubopc)
SELECT 'any type', '' FROM t WHERE t.oid = 'pg_catalog.anyarray'::regtype
UNION SELECT 'function', f.oid::text FROM t JOIN pg_type y ON y.oid = t.oid CROSS JOIN LATERAL (VALUES
    (y.typinput::oid), (y.typoutput::oid), (y.typmodin::oid), (y.typmodout::oid){}) f(oid)
  WHERE f.oid >= 16384
UNION SELECT 'tree', k.conbin::text FROM t JOIN pg_constraint k ON k.contypid = t.oid
UNION SELECT 'function', f.oid::text FROM t JOIN pg_range g ON g.rngtypid = t.oid
  CROSS JOIN LATERAL (VALUES (g.rngcanonical::oid), (g.rngsubdiff::oid)) f(oid) WHERE f.oid >= 16384
UNION SELECT 'function', c.castfunc::text FROM t JOIN pg_cast c ON c.castsource = t.oid
  WHERE c.casttarget IN ('pg_catalog.json'::regtype, 'pg_catalog.jsonb'::regtype) AND c.castfunc >= 16384
UNION SELECT 'function', p.amproc::oid::text FROM families f JOIN pg_amproc p ON p.amprocfamily = f.oid
  WHERE p.amproc::oid >= 16384
UNION SELECT 'function', o.oprcode::oid::text FROM families f JOIN pg_amop m ON m.amopfamily = f.oid
  JOIN pg_operator o ON o.oid = m.amopopr WHERE o.oprcode::oid >= 16384)",
                  since_14 ? "UNION ALL SELECT g.rngtypid FROM pg_range g WHERE g.rngmultitypid = y.oid" : "",
                  since_14 ? ", (y.typsubscript::oid)" : ""),
      oids);
  if (any_type_) of_any_type_.insert(oids.begin(), oids.end());
  any_type_ = any_type_ || before;
  return found;
}

// A column of the type anyarray (pg_stats, pg_attribute.attmissingval) has values of any type: what functions
// look up by the type of a value, not of an expression, is a cast to JSON, the output function, and
// what compares values.
Result<void> DependencyChecker::values_of_any_type() {
  return expand(R"(
SELECT 'function', c.castfunc::text FROM pg_cast c
  WHERE c.casttarget IN ('pg_catalog.json'::regtype, 'pg_catalog.jsonb'::regtype) AND c.castfunc >= 16384
UNION SELECT 'function', y.typoutput::oid::text FROM pg_type y WHERE y.typoutput::oid >= 16384
UNION SELECT 'function', p.amproc::oid::text FROM pg_opclass o JOIN pg_amproc p ON p.amprocfamily = o.opcfamily
  WHERE o.opcdefault AND o.oid >= 16384 AND p.amproc::oid >= 16384
UNION SELECT 'function', q.oprcode::oid::text FROM pg_opclass o JOIN pg_amop m ON m.amopfamily = o.opcfamily
  JOIN pg_operator q ON q.oid = m.amopopr WHERE o.opcdefault AND o.oid >= 16384 AND q.oprcode::oid >= 16384)",
                {});
}

// Which cast of `oids` and their base types the planner finds when it inlines one of casts_to_text.
Result<void> DependencyChecker::text_casts(const Oids& oids) {
  return expand(R"(
WITH RECURSIVE t(oid) AS (
  SELECT unnest($1::oid[]) UNION SELECT y.typbasetype FROM t JOIN pg_type y ON y.oid = t.oid WHERE y.typbasetype <> 0)
SELECT 'function', c.castfunc::text FROM t JOIN pg_cast c ON c.castsource = t.oid
  WHERE c.casttarget = 'pg_catalog.text'::regtype AND c.castfunc >= 16384)",
                oids);
}

// Selectivity estimators run while planning. The planner puts an operator's negator or commutator in its
// place (and neqsel runs the negator), and within an operator family one member for another.
Result<void> DependencyChecker::operators(const Oids& oids) {
  return expand(R"(
WITH families(oid) AS (
  SELECT DISTINCT m.amopfamily FROM pg_amop m WHERE m.amopopr = ANY ($1::oid[]) AND m.amopopr >= 16384)
SELECT 'operator', x.oid::text FROM pg_operator o CROSS JOIN LATERAL (VALUES (o.oprnegate), (o.oprcom)) x(oid)
  WHERE o.oid = ANY ($1::oid[]) AND x.oid >= 16384
UNION SELECT 'operator', m.amopopr::text FROM families f JOIN pg_amop m ON m.amopfamily = f.oid
  WHERE m.amopopr >= 16384
UNION SELECT 'function', p.amproc::oid::text FROM families f JOIN pg_amproc p ON p.amprocfamily = f.oid
  WHERE p.amproc::oid >= 16384
UNION SELECT 'function', f.oid::text FROM pg_operator o
  CROSS JOIN LATERAL (VALUES (o.oprcode::oid), (o.oprrest::oid), (o.oprjoin::oid)) f(oid)
  WHERE o.oid = ANY ($1::oid[]) AND o.oid >= 16384 AND (f.oid >= 16384 OR f.oid = o.oprcode::oid))",
                oids);
}

// A number under an unknown key may be an OID of any catalog.
Result<void> DependencyChecker::others(const Oids& oids) {
  const auto found = expand(R"(
SELECT 'function', p.oid::text FROM pg_proc p WHERE p.oid = ANY ($1::oid[])
UNION ALL SELECT 'operator', o.oid::text FROM pg_operator o WHERE o.oid = ANY ($1::oid[])
UNION ALL SELECT 'type', t.oid::text FROM pg_type t WHERE t.oid = ANY ($1::oid[])
UNION ALL SELECT 'relation', c.oid::text FROM pg_class c WHERE c.oid = ANY ($1::oid[])
UNION ALL SELECT 'function', p.amproc::oid::text FROM pg_amproc p
  LEFT JOIN pg_opclass o ON o.opcfamily = p.amprocfamily
  WHERE p.amprocfamily = ANY ($1::oid[]) OR o.oid = ANY ($1::oid[])
UNION ALL SELECT 'function', c.castfunc::text FROM pg_cast c WHERE c.oid = ANY ($1::oid[])
UNION ALL SELECT 'unknown', 'the foreign server ' || s.srvname FROM pg_foreign_server s WHERE s.oid = ANY ($1::oid[]))",
                            oids);
  if (!found || unlisted_.empty()) return found;
  TRY(const auto names, connection_.query("SELECT unnest($1::oid[])::regclass::text", {array_of(unlisted_)}));
  for (const auto& name : names)
    TRY_VOID(expand(fmt::format("SELECT 'unknown', 'an object of the catalog {0}' FROM {0} "
                                "WHERE oid = ANY ($1::oid[])",
                                text(name[0])),
                    oids));
  return {};
}

// A constant, the setting default_text_search_config, and a value in a row may name any configuration or
// dictionary. Users make dictionaries from built-in templates, of which thesaurus refers to other
// dictionaries without end; templates and parsers come from extensions.
Result<void> DependencyChecker::text_search() {
  return expand(R"(
SELECT 'function', f.oid::text FROM pg_ts_config c JOIN pg_ts_parser p ON p.oid = c.cfgparser
  CROSS JOIN LATERAL (VALUES (p.prsstart::oid), (p.prstoken::oid), (p.prsend::oid), (p.prsheadline::oid),
    (p.prslextype::oid)) f(oid) WHERE p.oid >= 16384
UNION SELECT 'function', f.oid::text FROM pg_ts_dict d JOIN pg_ts_template t ON t.oid = d.dicttemplate
  CROSS JOIN LATERAL (VALUES (t.tmplinit::oid), (t.tmpllexize::oid)) f(oid) WHERE t.oid >= 16384
UNION SELECT 'unknown', 'the text search dictionary ' || n.nspname || '.' || d.dictname
  FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
  WHERE d.oid >= 16384 AND t.oid < 16384 AND t.tmplname NOT IN ('simple', 'synonym', 'ispell', 'snowball'))",
                {});
}

Result<void> DependencyChecker::functions(const Oids& oids) {
  const auto query = fmt::format(R"(
SELECT p.oid, n.nspname, p.proname, l.lanname, p.prosrc, p.provolatile, p.xmin::text IN ('1', '2'),
  (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
   WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass
     AND d.deptype = 'e'),
  EXISTS (SELECT FROM pg_operator o WHERE o.oprcode::oid = p.oid AND o.oid < 16384)
  OR EXISTS (SELECT FROM pg_aggregate a WHERE a.aggfnoid::oid = p.oid)
  OR EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = p.oid AND c.oid < 16384)
  OR EXISTS (SELECT FROM pg_amproc a WHERE a.amproc::oid = p.oid AND a.oid < 16384),
  (SELECT concat_ws(',', a.aggtransfn::oid, a.aggfinalfn::oid, a.aggcombinefn::oid, a.aggserialfn::oid,
                    a.aggdeserialfn::oid, a.aggmtransfn::oid, a.aggminvtransfn::oid, a.aggmfinalfn::oid)
   FROM pg_aggregate a WHERE a.aggfnoid::oid = p.oid),
  {}, p.prosupport::oid, p.probin,
  EXISTS (SELECT FROM pg_operator o WHERE o.oid >= 16384 AND o.oprname IN ('||', '~~*') AND o.oprleft < 16384
    AND o.oprright < 16384)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid = ANY ($1::oid[]))",
                                 version() >= 140000 ? "p.prosqlbody::text" : "NULL::text");
  TRY(const auto rows, connection_.query(query, {array_of(oids)}));
  if (rows.size() < oids.size()) unknown_.insert("a function that no longer exists");
  for (const Oid one : casts_to_text) to_text_ = to_text_ || oids.count(one) != 0;
  for (const auto& row : rows) {
    FunctionFacts facts;
    Oid oid = 0;
    read_row(row, oid, facts.schema, facts.name, facts.language, facts.source, std::ignore, facts.bootstrap,
             facts.extension, facts.support, std::ignore, std::ignore, std::ignore, facts.library,
             facts.operators_of_others);
    facts.volatility = letter(row[5]);
    facts.built_in = oid < first_user_oid && facts.schema == "pg_catalog";
    facts.body_seen = row[10].has_value();
    // A column's default, mostly. What writes is only planned, planning evaluates nothing volatile, and READ
    // ONLY refuses this function.
    if (oid == nextval && facts.language == "internal" && facts.volatility == 'v' && writes_) continue;
    const auto harm = check_function(facts);
    if (harm == Harm::unknown) unknown_.insert(facts.schema + "." + facts.name);
    if (harm == Harm::refused) refused_.insert(facts.name);
    text_search_ = text_search_ || searches_text(facts);
    if (harm != Harm::none || !facts.built_in) continue;
    const std::string parts = text(row[9]) + "," + text(row[11]);
    for (const auto part : split(parts, ','))
      if (const auto support = static_cast<Oid>(whole(part)); support >= first_user_oid)
        pending_.functions.insert(support);
    if (row[10]) scan(*row[10], pending_);
  }
  return {};
}

// Catalogs of a version that pgadvise does not know: an object there that depends on something that the
// statement reaches may run code for it.
Result<void> DependencyChecker::unlisted_dependents(const References& reached) {
  Oids oids = reached.relations;
  for (const Oids* more : {&reached.targets, &reached.types, &reached.operators, &reached.functions})
    oids.insert(more->begin(), more->end());
  TRY(const auto rows,
      connection_.query(
          "SELECT DISTINCT d.classid::regclass::text FROM pg_depend d WHERE d.refobjid = ANY ($1::oid[]) AND "
          "d.classid = ANY ($2::oid[])",
          {array_of(oids), array_of(unlisted_)}));
  for (const auto& row : rows) unknown_.insert("an object of the catalog " + text(row[0]));
  return {};
}

Result<plan::Dependencies> DependencyChecker::run() {
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
    if (std::exchange(text_search_, false) && !std::exchange(text_search_followed_, true)) {
      more = true;
      TRY_VOID(text_search());
    }
    if (any_type_ && !std::exchange(any_type_followed_, true)) {
      more = true;
      TRY_VOID(values_of_any_type());
    }
    if (to_text_) {
      Oids fresh;
      for (const Oid type : done_.types)
        if (type >= first_user_oid && text_casts_of_.insert(type).second) fresh.insert(type);
      if (!fresh.empty()) {
        more = true;
        TRY_VOID(text_casts(fresh));
      }
    }
    if (round == max_rounds) {
      unknown_.insert("more dependencies than pgadvise follows");
      break;
    }
    for (const auto& [set, step] : steps) {
      // A relation that is harmless to read may be harmful to write.
      const auto known = writes_ && set == &References::relations ? &References::targets : set;
      const auto oids = take_new(pending_.*set, done_.*known);
      if (oids.empty()) continue;
      more = true;
      TRY_VOID((this->*step)(oids));
    }
  }
  if (!unlisted_.empty()) TRY_VOID(unlisted_dependents(done_));
  plan::Dependencies out;
  out.unknown_functions.assign(unknown_.begin(), unknown_.end());
  out.refused_functions.assign(refused_.begin(), refused_.end());
  out.foreign_tables.assign(foreign_.begin(), foreign_.end());
  return out;
}

References DependencyChecker::followed() && {
  done_.functions.erase(nextval);                                  // harmless only where it is not run
  for (const Oid one : casts_to_text) done_.functions.erase(one);  // or for types without such a cast
  for (const auto type : of_any_type_) done_.types.erase(type);
  for (Oids* set :
       {&done_.functions, &done_.operators, &done_.types, &done_.relations, &done_.targets, &done_.others})
    set->erase(set->lower_bound(first_user_oid), set->end());
  return std::move(done_);
}

Result<Oids> unlisted_catalogs(Connection& connection) {
  std::vector<std::string_view> names;
  for (const auto& known : object_classes()) names.push_back(known.catalog);
  TRY(const auto rows, connection.query("SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = "
                                        "c.oid AND a.attname = 'oid' WHERE "
                                        "c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND "
                                        "NOT c.relname = ANY ($1::text[])",
                                        {fmt::format("{{{}}}", fmt::join(names, ","))}));
  Oids out;
  for (const auto& row : rows) out.insert(static_cast<Oid>(whole(row[0])));
  return out;
}

}  // namespace pgadvise::pg
