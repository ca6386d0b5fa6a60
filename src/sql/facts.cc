#include "sql/facts.h"

#include <algorithm>

#include "sql/analyzer.h"
#include "sql/ast.h"
#include "sql/lexer.h"

namespace pgadvise::sql {

QueryFacts query_facts(std::string_view statement, const Catalog& catalog) {
  QueryFacts facts;
  with_stack(tree_depth(statement), [&] {
    const auto tree = Tree::parse(statement);
    if (!tree || tree->size() == 0) return;
    Analyzer analyzer(catalog, {"pg_temp", "public"});
    analyzer.look_through_views();
    analyzer.statement(*tree->statement(0));
    facts = analyzer.take();
  });
  return facts;
}

void resolve(Workload& workload, const Catalog& catalog) {
  for (Query& query : workload.queries) query.facts = query_facts(query.text, catalog);
}

}  // namespace pgadvise::sql
