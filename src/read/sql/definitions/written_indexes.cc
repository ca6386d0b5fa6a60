#include "sql/definitions/written_indexes.h"

#include <variant>

#include "base/text/text.h"
#include "sql/definitions/read_statement.h"
#include "sql/definitions/schema_names.h"
#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"

namespace pgadvise::sql {
namespace {

WrittenIndex written_index(const CreateIndex& create, const Catalog& catalog) {
  WrittenIndex out{create.table, create.definition.index, create.concurrently, create.if_not_exists};
  const Table* table = catalog.table(create.table);
  for (IndexKey& key : out.index.keys) {
    const Column* column = table && !key.column.empty() ? table->column(key.column) : nullptr;
    if (column && key.collation == column->collation) key.collation.clear();
  }
  return out;
}

}  // namespace

WrittenIndexes read_indexes(std::string_view script, const std::string& file, const Catalog& catalog,
                            const std::vector<std::string>& search_path) {
  WrittenIndexes out;
  SchemaNames state;
  state.catalog = catalog;
  state.search_path = search_path;
  const LineIndex lines(script);
  for (const SourceStatement& statement : split(script)) {
    const SourceLocation place = location_at(file, lines, statement.offset);
    const auto refuse = [&](std::string what, Error::Kind kind = Error::Kind::input) {
      out.refused.push_back({kind, place.str(), std::move(what), {}});
    };
    const auto read = each_statement(statement.text, [&](const Node& node) {
      const Statement one = read_statement(node, state);
      const auto* create = std::get_if<CreateIndex>(&one);
      if (!create) return refuse("is not CREATE INDEX", Error::Kind::nonfatal);
      out.indexes.push_back(written_index(*create, catalog));
      out.indexes.back().index.origin = place;
    });
    if (!read) refuse(read.error().what);
  }
  return out;
}

}  // namespace pgadvise::sql
