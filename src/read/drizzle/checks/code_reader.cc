#include "drizzle/checks/code_reader.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "drizzle/checks/code_checks.h"
#include "drizzle/checks/code_transactions.h"
#include "drizzle/code/code_index.h"
#include "drizzle/code/code_relations.h"
#include "drizzle/schema/source_packages.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

// The functions of a file, an inner one behind its outer one. Callbacks that run there and then are parts of
// the function around them.
std::vector<LineRange> functions_in(const typescript::Syntax& syntax) {
  std::vector<LineRange> out;
  each_node(syntax.root(), [&](const Node& at) {
    if (is_function(at) && !runs_at_once(at))
      out.push_back({at.location().line, syntax.location(at.offset() + at.text().size()).line});
  });
  std::ranges::sort(out, {}, [](const LineRange& one) { return std::pair(one.first, -one.last); });
  return out;
}

// The files that findings may point to.
std::set<std::string> files_of(const CodeFacts& facts) {
  std::set<std::string> out;
  const auto add = [&](std::initializer_list<SourceLocation> places,
                       const std::vector<SourceLocation>& via = {}) {
    for (const auto& place : places) out.insert(place.file);
    for (const auto& place : via) out.insert(place.file);
  };
  for (const auto& query : facts.queries) add({query.place});
  for (const auto& found : facts.in_loops) add({found.loop}, found.via);
  for (const auto& raw : facts.raw_sql) add({raw.place});
  for (const auto& transaction : facts.transactions) add({transaction.place});
  for (const auto& call : facts.calls_in_transactions) add({call.place}, call.via);
  for (const auto& pair : facts.write_pairs) add({pair.then.place, pair.function_place});
  for (const auto& one : facts.undeclared_relations) add({one.place});
  for (const auto& one : facts.outside_transactions) add({one.query.place, one.transaction});
  for (const auto& found : facts.in_requests) add({found.request.place}, found.request.via);
  for (const auto& pool : facts.pools_in_requests) add({pool.place, pool.request.place}, pool.request.via);
  return out;
}

}  // namespace

static bool uses_drizzle(Program& program) {
  const auto& packages = program.tree().packages();
  return std::ranges::any_of(packages,
                             [](const files::Package& one) { return one.dependencies.count("drizzle-orm"); });
}

static std::shared_ptr<const CodeFacts> read_code(Program& program) {
  if (!uses_drizzle(program)) return nullptr;
  CodeIndex index(program);
  if (index.queries().empty()) return nullptr;
  auto out = std::make_shared<CodeFacts>();
  for (const auto& query : index.queries()) {
    out->queries.push_back(query.facts);
    out->queries.back().any_rows = takes_any_rows(index, query);
  }
  out->in_loops = queries_in_loops(index);
  out->raw_sql = raw_sql(index);
  out->calls_in_transactions = calls_in_transactions(index);
  out->write_pairs = writes_in_sequence(index);
  out->transactions = tables_of_transactions(index);
  out->outside_transactions = statements_outside_transactions(index);
  out->transactions_over_http = transactions_over_http(index);
  auto requests = facts_of_requests(index);
  out->in_requests = std::move(requests.queries);
  out->pools_in_requests = std::move(requests.pools);
  out->json_columns = json_columns(index);
  out->unused_columns = unused_columns(index);
  auto [relations, names] = relations_in_code(program, index);
  out->relations = std::move(relations);
  auto [undeclared, tables] = relations_in_with(index, names);
  out->undeclared_relations = std::move(undeclared);
  out->relational = std::move(tables);
  for (const auto& file : files_of(*out))
    if (const auto* module = program.module(file)) out->functions[file] = functions_in(*module->syntax);
  out->seeded = seeded_tables(program, index);
  out->files = static_cast<int>(index.files().size());
  return out;
}

std::shared_ptr<const CodeFacts> read_code(files::Tree& tree) {
  if (!typescript::available()) return nullptr;
  Program program(tree);
  provide_packages(program);
  auto out = read_code(program);
  program.report_unfollowed();
  return out;
}

RepositoryCode read_repository_code(files::Tree& tree) {
  if (!typescript::available()) return {};
  Program program(tree);
  provide_packages(program);
  RepositoryCode out;
  out.client = read_client_code(program);
  out.facts = read_code(program);
  if (uses_drizzle(program)) out.names = names_in_source(program);
  program.report_unfollowed();
  return out;
}

}  // namespace pgadvise::drizzle
