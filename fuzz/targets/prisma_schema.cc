#include "prisma/schema.h"
#include "sql/render_sql.h"
#include "sql/replay/replay.h"
#include "support.h"

namespace pgadvise::fuzz {

void prisma_schema(std::string_view input) {
  const prisma::File file = prisma::parse("schema.prisma", input);
  for (const auto& block : file.blocks)
    for (const auto& field : block.fields) require(!field.name.empty(), "a field has a name");
  for (const auto key : {prisma::JoinKey::primary_key, prisma::JoinKey::unique_index}) {
    const prisma::Schema schema = prisma::read_schema({file}, key);
    for (const auto& [name, table] : schema.catalog.tables) {
      require(table.origin.line > 0, "a table has a location");
      for (const auto& index : table.indexes)
        for (const auto& one : index.keys)
          require(table.column(one.column), "an index has columns of its table");
    }
    for (const auto& gap : schema.unknown) require(gap.location.line > 0, "what is unknown has a location");
    sql::Replayer replayer;
    replayer.run(sql::render_sql(schema.catalog), "rendered.sql");
  }
}

}  // namespace pgadvise::fuzz
