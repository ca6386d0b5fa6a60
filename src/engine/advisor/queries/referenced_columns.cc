#include "advisor/queries/referenced_columns.h"

#include <algorithm>
#include <optional>

#include "base/containers.h"
#include "base/text/text.h"
#include "sql/parse/lexer.h"

namespace pgadvise::advisor {
namespace {

using sql::Lexeme;

bool may_have_index(const Table& table) {
  if (table.temporary || table.kind == Table::Kind::foreign || table.kind == Table::Kind::view) return false;
  if (table.name.schema == "pg_catalog" || table.name.schema == "information_schema" ||
      table.name.schema.starts_with("pg_toast"))
    return false;
  const auto& known = table.statistics;
  return !known || std::max(known->pages, known->bytes / page_bytes) >= small_table_pages;
}

std::string name_of(const Lexeme& lexeme) {
  if (lexeme.kind != Lexeme::Kind::quoted_name) return lower(lexeme.text);
  return replace_all(
      std::string(lexeme.text.substr(1, lexeme.text.size() - (lexeme.text.size() > 1 ? 2 : 1))), "\"\"",
      "\"");
}

// Goes through the words of a statement, and knows whether they stand where rows are sorted or grouped.
class Scanner {
 public:
  Scanner(const QueryFacts& facts, const Catalog& catalog, std::map<QualifiedName, ReferencedColumns>& out)
      : facts_(facts), catalog_(catalog), out_(out) {}

  void scan(std::string_view statement) {
    sql::Lexer lexer(statement);
    std::string before;  // the name in front of a dot
    bool dot = false;
    std::optional<std::string> name;
    depth_ = 0;
    ordered_.reset();
    until_from_ = false;
    for (Lexeme lexeme = lexer.next_token();; lexeme = lexer.next_token()) {
      const bool word = lexeme.kind == Lexeme::Kind::word || lexeme.kind == Lexeme::Kind::quoted_name;
      if (name && !lexeme.is('.')) {
        if (lexeme.is('(')) called(*name);
        else take(*name, before);
        before.clear();
        name.reset();
      }
      if (lexeme.kind == Lexeme::Kind::end) return;
      if (lexeme.is('.')) {
        if (name) before = *name;
        name.reset();
        dot = true;
        continue;
      }
      if (word) {
        if (!dot) before.clear();
        if (lexeme.kind == Lexeme::Kind::word && !dot) clause(lexeme);
        name = name_of(lexeme);
      }
      dot = false;
      if (lexeme.is('(')) ++depth_;
      if (lexeme.is(')')) {
        --depth_;
        if (ordered_ && depth_ < *ordered_) ordered_.reset();
      }
    }
  }

 private:
  void clause(const Lexeme& word) {
    if (word.is_one_of({"by", "distinct"})) {
      ordered_ = depth_;
      until_from_ = word.is_word("distinct");
    } else if (word.is_one_of(
                   {"having", "limit", "union", "except", "intersect", "offset", "fetch", "where"}) ||
               (until_from_ && word.is_word("from"))) {
      if (ordered_ && depth_ <= *ordered_) ordered_.reset();
    }
  }

  void called(const std::string& function) {
    if (!ordered_ && (function == "min" || function == "max")) ordered_ = depth_ + 1;
  }

  void take(const std::string& column, const std::string& qualifier) {
    bool found = false;
    const auto add = [&](const RelationUse& use) {
      auto* known = find_value(out_, use.table);
      if (!known || !catalog_.table(use.table)->column(column)) return;
      if (!is_one_of(column, known->columns)) known->columns.push_back(column);
      if (ordered_) known->leading.insert(column), known->sorted.insert(column);
      found = true;
    };
    if (!qualifier.empty())
      for (const auto& use : facts_.relations)
        if (use.alias == qualifier || use.table.name == qualifier) add(use);
    if (!found)
      for (const auto& use : facts_.relations) add(use);
  }

  const QueryFacts& facts_;
  const Catalog& catalog_;
  std::map<QualifiedName, ReferencedColumns>& out_;
  int depth_ = 0;
  std::optional<int> ordered_;  // the depth at which the clause began
  bool until_from_ = false;
};

}  // namespace

std::map<QualifiedName, ReferencedColumns> referenced_columns(std::string_view statement,
                                                              const QueryFacts& facts,
                                                              const Catalog& catalog) {
  std::map<QualifiedName, ReferencedColumns> out;
  for (const auto& use : facts.relations)
    if (const Table* table = catalog.table(use.table); table && may_have_index(*table)) out[use.table];
  if (out.empty()) return out;
  Scanner scanner(facts, catalog, out);
  scanner.scan(statement);
  std::set<QualifiedName> views;
  for (const auto& use : facts.relations)
    if (const Table* view = catalog.table(use.table);
        view && view->kind == Table::Kind::view && views.insert(use.table).second)
      scanner.scan(view->definition);
  const auto lead = [&](const ColumnUse& use) {
    auto* known = find_value(out, use.table);
    if (!known || !catalog.table(use.table)->column(use.column)) return;
    known->leading.insert(use.column);
    known->columns.push_back(use.column);
  };
  for (const auto& predicate : facts.predicates) {
    lead(predicate.column);
    if (predicate.value == Predicate::Value::column) lead(predicate.other);
  }
  for (const auto& key : facts.sort) {
    lead(key.column);
    if (auto* known = find_value(out, key.column.table)) known->sorted.insert(key.column.column);
  }
  for (auto& [name, found] : out) {
    std::vector<std::string> in_order;
    const std::set<std::string_view> known(found.columns.begin(), found.columns.end());
    for (const auto& column : catalog.table(name)->columns)
      if (known.count(column.name)) in_order.push_back(column.name);
    found.columns = std::move(in_order);
    found.complete = !facts.selects_all_columns;
  }
  return out;
}

std::vector<QualifiedName> partitioned_above(const QualifiedName& table, const Catalog& catalog) {
  std::vector<QualifiedName> out;
  std::set<QualifiedName> seen{table};
  for (const Table* at = catalog.table(table);
       at && at->partition_of && seen.insert(*at->partition_of).second; at = catalog.table(*at->partition_of))
    out.push_back(*at->partition_of);
  return out;
}

std::set<QualifiedName> partition_tree(const QualifiedName& table, const Catalog& catalog) {
  const auto above = partitioned_above(table, catalog);
  std::set<QualifiedName> out(above.begin(), above.end());
  out.insert(table);
  std::vector<QualifiedName> below{table};
  while (!below.empty()) {
    const QualifiedName parent = below.back();
    below.pop_back();
    for (const auto& [name, child] : catalog.tables) {
      const bool is_below = (child.partition_of && *child.partition_of == parent) ||
                            std::ranges::find(child.inherits, parent) != child.inherits.end();
      if (is_below && out.insert(name).second) below.push_back(name);
    }
  }
  return out;
}

}  // namespace pgadvise::advisor
