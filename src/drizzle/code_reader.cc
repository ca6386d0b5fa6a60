#include "drizzle/code_reader.h"

#include <algorithm>

#include "drizzle/code_index.h"
#include "drizzle/code_loops.h"
#include "drizzle/code_raw_sql.h"
#include "drizzle/code_transactions.h"
#include "drizzle/source_packages.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {

std::shared_ptr<const CodeFacts> read_code(files::Tree& tree) {
  const auto& packages = tree.packages();
  const bool uses_drizzle = std::any_of(packages.begin(), packages.end(), [](const files::Package& one) {
    return one.dependencies.count("drizzle-orm");
  });
  if (!typescript::available() || !uses_drizzle) return nullptr;
  typescript::Program program(tree);
  provide_packages(program);
  CodeIndex index(program);
  if (index.queries().empty()) return nullptr;
  auto out = std::make_shared<CodeFacts>();
  for (const auto& query : index.queries()) out->queries.push_back(query.facts);
  out->in_loops = queries_in_loops(index);
  out->raw_sql = raw_sql(index);
  out->calls_in_transactions = calls_in_transactions(index);
  out->files = static_cast<int>(index.files().size());
  return out;
}

}  // namespace pgadvise::drizzle
