#include "advisor/candidates/uncosted.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "advisor/costs/entry_size.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"

namespace pgadvise::advisor {
namespace {

struct Wish {
  std::string operator_class;  // "": the type's default for GIN
  std::string what;            // "jsonb @>"
};

Wish wish(const Predicate& predicate, const Column& column) {
  if (!predicate.wrapper.empty()) return {};
  const std::string& op = predicate.op_name;
  if (column.type == "jsonb" && is_one_of(op, {"?", "?|", "?&"})) return {"", "jsonb " + op};
  if (column.type == "jsonb" && is_one_of(op, {"@>", "@?", "@@"})) return {"jsonb_path_ops", "jsonb " + op};
  if (column.type.ends_with("[]") && is_one_of(op, {"@>", "<@", "&&"})) return {"", "arrays " + op};
  if (column.type == "tsvector" && op == "@@") return {"", "full text search"};
  const bool anywhere = predicate.op == Predicate::Op::like && predicate.leading_wildcard;
  const bool any_case = op == "~~*";
  const bool pattern = op == "~" || op == "~*";
  if (is_text(column.type) && (anywhere || any_case || pattern))
    return {"gin_trgm_ops", anywhere   ? "a pattern that begins with a wildcard"
                            : any_case ? "ILIKE"
                                       : "a regular expression"};
  return {};
}

bool served(const Table& table, const std::string& column, const std::string& operator_class) {
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return index.valid && (index.method == "gin" || index.method == "gist") &&
           std::ranges::any_of(index.keys, [&](const IndexKey& key) {
             return key.column == column && (operator_class != "gin_trgm_ops" ||
                                             key.operator_class.find("trgm") != std::string::npos);
           });
  });
}

}  // namespace

std::vector<UncostedIndex> uncosted(const std::vector<const Query*>& queries, const Catalog& catalog,
                                    IndexNamer& namer) {
  std::map<std::tuple<QualifiedName, std::string, std::string>, std::pair<std::string, std::set<std::string>>>
      wishes;
  for (const Query* query : queries)
    for (const auto& predicate : query->facts.predicates) {
      const Table* table = catalog.table(predicate.column.table);
      const Column* column = table ? table->column(predicate.column.column) : nullptr;
      if (!column || table->temporary || table->kind == Table::Kind::foreign ||
          table->kind == Table::Kind::view)
        continue;
      const Wish found = wish(predicate, *column);
      if (found.what.empty() || served(*table, column->name, found.operator_class)) continue;
      auto& [what, fingerprints] = wishes[{table->name, column->name, found.operator_class}];
      if (what.empty()) what = found.what;
      fingerprints.insert(query->fingerprint);
    }
  std::vector<UncostedIndex> out;
  for (const auto& [key, found] : wishes) {
    const auto& [table, column, operator_class] = key;
    const bool partitioned = catalog.table(table)->kind == Table::Kind::partitioned;
    Index index;
    index.name = namer.name(table, {{.column = column}});
    index.method = "gin";
    index.keys = {{.column = column, .operator_class = operator_class}};
    std::string reason = "for " + found.first + "; HypoPG does not support GIN indexes";
    const bool trigrams = operator_class == "gin_trgm_ops";
    if (trigrams && !is_one_of("pg_trgm", catalog.extensions)) reason += "; needs CREATE EXTENSION pg_trgm";
    if (partitioned)
      reason +=
          "; CONCURRENTLY is not available on a partitioned table: build the index of each partition, then "
          "ATTACH them";
    out.push_back({table,
                   ddl::create_index(table, index, {.concurrently = !partitioned}) + ";",
                   ddl::drop_index({table.schema, index.name}, !partitioned) + ";",
                   std::move(reason),
                   {found.second.begin(), found.second.end()},
                   {},
                   {}});
  }
  return out;
}

}  // namespace pgadvise::advisor
