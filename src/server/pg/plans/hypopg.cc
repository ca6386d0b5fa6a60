#include "pg/plans/hypopg.h"

#include "pg/connection/values.h"

namespace pgadvise::pg {

constexpr const char* find_functions = R"(
SELECT pg_catalog.quote_ident(n.nspname),
  (SELECT pg_catalog.concat(n.nspname, '.', p.proname) FROM pg_catalog.pg_proc p
   JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
   WHERE p.pronamespace OPERATOR(pg_catalog.=) n.oid
     AND p.proname OPERATOR(pg_catalog.~~) 'hypopg%'::pg_catalog.text
     AND NOT (l.lanname OPERATOR(pg_catalog.=) 'c'::pg_catalog.name
       AND p.probin OPERATOR(pg_catalog.=) ANY (ARRAY['$libdir/hypopg'::pg_catalog.text, 'hypopg'])
       AND p.prosrc OPERATOR(pg_catalog.=) p.proname::pg_catalog.text
       AND EXISTS (SELECT FROM pg_catalog.pg_depend d
         WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
           AND d.objid OPERATOR(pg_catalog.=) p.oid AND d.refobjid OPERATOR(pg_catalog.=) e.oid
           AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
           AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"))
   LIMIT 1)
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
WHERE e.extname OPERATOR(pg_catalog.=) 'hypopg'::pg_catalog.name)";

Result<HypoPG> find_hypopg(Connection& connection) {
  TRY(const auto rows, connection.query(find_functions));
  if (rows.empty()) return HypoPG();
  const Row& row = rows.front();
  if (!row[1]) return HypoPG{.schema = text(row[0]), .created = true};
  return HypoPG{.created = true,
                .refused = "the function " + *row[1] +
                           " is not HypoPG's own: pgadvise calls no function of that schema"};
}

}  // namespace pgadvise::pg
