#include "drizzle/code_http.h"

#include "typescript/parse.h"

namespace pgadvise::drizzle {

using typescript::bare;
using typescript::Field;
using typescript::Kind;
using typescript::Node;

bool over_http(CodeIndex& index, const Node& database) {
  const Node declared = index.names().declaration(bare(database));
  if (!declared.is(Kind::variable_declarator) || !declared.parent().text().starts_with("const")) return false;
  const Node call = bare(declared.child(Field::value));
  if (!call.is(Kind::call_expression)) return false;
  const auto made = index.value(call.child(Field::function));
  return made->is(typescript::Value::Kind::external) && made->text == "drizzle-orm/neon-http";
}

std::vector<CodeQuery> transactions_over_http(CodeIndex& index) {
  std::vector<CodeQuery> out;
  for (const auto& query : index.queries())
    if (query.facts.kind == CodeQuery::Kind::transaction && over_http(index, query.receiver))
      out.push_back(query.facts);
  return out;
}

}  // namespace pgadvise::drizzle
