#include "sql/definitions/read_statement.h"

namespace pgadvise::sql {

Statement read_statement(const Node& node, const SchemaNames& state) {
  for (const auto read :
       {read_table_statement, read_alter_statement, read_object_statement, read_query_statement})
    if (auto statement = read(node, state)) return *std::move(statement);
  return OtherStatement();
}

}  // namespace pgadvise::sql
