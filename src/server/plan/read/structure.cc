#include "plan/read/structure.h"

#include <set>

#include "plan/read/title.h"

namespace pgadvise::plan {

PlanStructure structure(const Plan& plan) {
  struct Above {
    std::size_t depth = 0;
    std::string schema;  // of the table whose index a child may scan
  };
  PlanStructure out;
  std::set<QualifiedName> tables, indexes;
  visit(
      plan.root,
      [&](const PlanNode& node, const Above& above) {
        out.text += std::string(2 * above.depth, ' ') + title(node) + "\n";
        const std::string& schema = node.schema.empty() ? above.schema : node.schema;
        if (!node.schema.empty() && !node.relation.empty()) tables.insert({node.schema, node.relation});
        if (!schema.empty() && !node.index.empty()) indexes.insert({schema, node.index});
        return Above{above.depth + 1, schema};
      },
      Above{});
  out.tables.assign(tables.begin(), tables.end());
  out.indexes.assign(indexes.begin(), indexes.end());
  return out;
}

}  // namespace pgadvise::plan
