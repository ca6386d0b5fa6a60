#include "lint/schema/by_schema.h"

#include <utility>

#include "base/text/text.h"

namespace pgadvise::lint {
namespace {

std::string names_from(const std::vector<SchemaMember>& members, std::size_t first) {
  std::vector<std::string> names;
  for (std::size_t at = first; at < members.size(); ++at) names.push_back(members[at].name);
  return join_first(std::move(names), 40);
}

}  // namespace

Finding& report_schema(Reporter& reporter, const std::string& schema, std::string message,
                       const std::vector<SchemaMember>& members, std::size_t shown) {
  Finding& finding =
      reporter.add({.kind = "schema", .schema = schema}, members.front().place, std::move(message));
  for (std::size_t at = 0; at < members.size() && at < shown; ++at)
    finding.evidence.push_back(catalog_fact(members[at].name + " " + members[at].fact, members[at].place));
  if (members.size() > shown) finding.evidence.push_back(catalog_fact("also " + names_from(members, shown)));
  return finding;
}

void report_by_schema(Reporter& reporter, const ColumnsBySchema& schemas, double limit,
                      const std::function<void(const SchemaColumn&)>& report_column,
                      const std::function<std::string(const std::string&)>& message) {
  for (const auto& [schema, columns] : schemas) {
    if (columns.empty() || static_cast<double>(columns.size()) < limit) {
      for (const auto& one : columns) report_column(one);
      continue;
    }
    std::vector<SchemaMember> members;
    for (const auto& [table, column, fact] : columns)
      members.push_back({display(table->name) + "." + column->name, fact, column->type_origin()});
    report_schema(reporter, schema, message(schema), members);
  }
}

}  // namespace pgadvise::lint
