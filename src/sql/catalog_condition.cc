#include "sql/catalog_condition.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "sql/lexer.h"

namespace pgadvise::sql {
namespace {

using Kind = Lexeme::Kind;

std::vector<Lexeme> tokens_of(std::string_view text) {
  std::vector<Lexeme> out;
  Lexer lexer(text);
  for (Lexeme token = lexer.next_token(); token.kind != Kind::end; token = lexer.next_token())
    out.push_back(token);
  return out;
}

// 'it''s' -> it's; other forms of constants, such as E'' and dollar quotes, are none of a guard.
std::optional<std::string> constant(const Lexeme& token) {
  if (token.kind != Kind::string || token.text.size() < 2 || token.text.front() != '\'') return std::nullopt;
  return replace_all(std::string(token.text.substr(1, token.text.size() - 2)), "''", "'");
}

// "public.orders" or "Orders", as regclass reads it; the schema may be empty.
std::optional<QualifiedName> relation_name(const std::string& text) {
  const auto tokens = tokens_of(text);
  if (tokens.size() == 1) return QualifiedName{"", tokens[0].name()};
  if (tokens.size() == 3 && tokens[1].is('.')) return QualifiedName{tokens[0].name(), tokens[2].name()};
  return std::nullopt;
}

// One SELECT of a guard.
struct Question {
  std::string relation;                       // without its schema
  std::map<std::string, std::string> values;  // by column: what it must equal
  std::set<std::string> relations;            // columns whose value is a constant::regclass
};

class Reader {
 public:
  explicit Reader(std::string_view text) : tokens_(tokens_of(text)) {}

  // EXISTS (SELECT … FROM relation WHERE …), perhaps in parentheses and negated, and nothing else.
  std::optional<Question> exists(bool& negated) {
    int open = 0;
    for (;; ++at_) {
      if (peek().is_word("not")) negated = !negated;
      else if (peek().is('(')) ++open;
      else break;
    }
    if (!word("exists") || !sign('(') || !word("select")) return std::nullopt;
    while (at_ < tokens_.size() && !peek().is_word("from")) ++at_;
    if (!word("from") || !relation()) return std::nullopt;
    if (peek().is_word("where") && !conditions()) return std::nullopt;
    if (peek().is_word("limit")) at_ += 2;
    for (++open; open > 0; --open)
      if (!sign(')')) return std::nullopt;
    return at_ == tokens_.size() ? std::optional(out_) : std::nullopt;
  }

  // to_regclass('name') IS [NOT] NULL, perhaps in parentheses, as a SELECT, and negated.
  std::optional<QualifiedName> regclass(bool& there) {
    int open = 0;
    bool negated = false;
    for (;; ++at_) {
      if (peek().is_word("not")) negated = !negated;
      else if (peek().is('(')) ++open;
      else if (!peek().is_word("select")) break;
    }
    if (peek().is_word("pg_catalog")) at_ += 2;
    if (!word("to_regclass") || !sign('(')) return std::nullopt;
    const auto name = constant(peek());
    ++at_;
    if (!name || !sign(')') || !word("is")) return std::nullopt;
    there = word("not") != negated;
    if (!word("null")) return std::nullopt;
    for (; open > 0; --open)
      if (!sign(')')) return std::nullopt;
    return at_ == tokens_.size() ? relation_name(*name) : std::nullopt;
  }

 private:
  const Lexeme& peek(std::size_t ahead = 0) const {
    static const Lexeme end;
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : end;
  }
  bool word(std::string_view what) {
    const bool there = peek().is_word(what);
    at_ += there;
    return there;
  }
  bool sign(char what) {
    const bool there = peek().is(what);
    at_ += there;
    return there;
  }

  bool relation() {
    out_.relation = peek().name();
    ++at_;
    if (sign('.')) {
      if (out_.relation != "pg_catalog" && out_.relation != "information_schema") return false;
      out_.relation = peek().name();
      ++at_;
    }
    word("as");
    const bool alias = peek().kind == Kind::word && !peek().is_word("where") && !peek().is_word("limit");
    at_ += alias;
    return !out_.relation.empty();
  }

  bool conditions() {
    do {
      ++at_;  // WHERE, AND
      if (peek().is_word("not") && (peek(1).is_word("attisdropped") || peek(3).is_word("attisdropped"))) {
        at_ += peek(1).is_word("attisdropped") ? 2 : 4;
        continue;
      }
      if (peek(1).is('.')) at_ += 2;  // an alias
      const std::string column = peek().name();
      if (column.empty() || peek(1).text != "=") return false;
      const auto value = constant(peek(2));
      if (!value || !out_.values.emplace(column, *value).second) return false;
      at_ += 3;
      if (peek().text == "::") {
        if (peek(1).is_word("regclass")) out_.relations.insert(column);
        at_ += 2;
      }
    } while (peek().is_word("and"));
    return true;
  }

  std::vector<Lexeme> tokens_;
  std::size_t at_ = 0;
  Question out_;
};

class Answer {
 public:
  Answer(Question question, const Catalog& catalog) : question_(std::move(question)), catalog_(catalog) {}

  std::optional<bool> find() {
    const std::string& relation = question_.relation;
    const auto schema = take({"table_schema", "schemaname", "constraint_schema"});
    if (schema) schema_ = *schema;
    if (relation == "tables" || relation == "pg_tables" || relation == "views" || relation == "pg_views")
      return one_of_tables();
    if (relation == "columns" || relation == "pg_attribute")
      return in_table([&](const Table& table) { return table.column(name_) != nullptr; },
                      {"column_name", "attname"});
    if (relation == "pg_indexes")
      return in_table([&](const Table& table) { return table.index(name_) != nullptr; }, {"indexname"});
    if (relation == "pg_policies")
      return in_table(
          [&](const Table& table) {
            return std::any_of(table.policies.begin(), table.policies.end(),
                               [&](const Policy& policy) { return policy.name == name_; });
          },
          {"policyname"});
    if (relation == "pg_constraint" || relation == "table_constraints") return constraint();
    if (relation == "pg_namespace" || relation == "schemata")
      return listed(catalog_.schemas, "nspname", "schema_name");
    if (relation == "pg_extension") return listed(catalog_.extensions, "extname", "extname");
    return std::nullopt;
  }

 private:
  std::optional<std::string> take(std::initializer_list<std::string_view> columns) {
    for (const auto column : columns)
      if (const auto at = question_.values.find(std::string(column)); at != question_.values.end()) {
        std::string out = at->second;
        question_.values.erase(at);
        return out;
      }
    return std::nullopt;
  }

  // False: the condition names none that can be read.
  bool take_table() {
    if (const auto name = take({"table_name", "tablename", "viewname"})) table_ = {schema_, *name};
    for (const std::string column : {"conrelid", "attrelid"}) {
      if (!question_.values.count(column)) continue;
      const auto name = relation_name(*take({column}));
      if (!name || !question_.relations.count(column)) return false;
      table_ = *name;
    }
    return true;
  }

  bool is_table(const QualifiedName& name) const {
    return name.name == table_.name && (table_.schema.empty() || name.schema == table_.schema);
  }

  std::optional<bool> one_of_tables() {
    if (!take_table() || table_.name.empty() || !question_.values.empty() || catalog_.tables.empty())
      return std::nullopt;
    return std::any_of(catalog_.tables.begin(), catalog_.tables.end(),
                       [&](const auto& entry) { return is_table(entry.first); });
  }

  template <class Has>
  std::optional<bool> in_table(const Has& has, std::initializer_list<std::string_view> columns) {
    const auto name = take(columns);
    if (!take_table() || !name || !question_.values.empty()) return std::nullopt;
    name_ = *name;
    return any_table(has);
  }

  template <class Has>
  std::optional<bool> any_table(const Has& has) const {
    bool there = false;
    for (const auto& [name, table] : catalog_.tables) {
      const bool asked = table_.name.empty() ? schema_.empty() || name.schema == schema_ : is_table(name);
      if (asked && has(table)) return true;
      there |= asked;
    }
    return there ? std::optional(false) : std::nullopt;
  }

  std::optional<bool> constraint() {
    static const std::map<std::string, Constraint::Kind> kinds = {
        {"p", Constraint::Kind::primary_key}, {"PRIMARY KEY", Constraint::Kind::primary_key},
        {"u", Constraint::Kind::unique},      {"UNIQUE", Constraint::Kind::unique},
        {"f", Constraint::Kind::foreign_key}, {"FOREIGN KEY", Constraint::Kind::foreign_key},
        {"c", Constraint::Kind::check}};
    const auto name = take({"conname", "constraint_name"});
    const auto type = take({"contype", "constraint_type"});
    if (!take_table() || !question_.values.empty() || (!name && !type)) return std::nullopt;
    const auto kind = type ? kinds.find(*type) : kinds.end();
    if (type && kind == kinds.end()) return std::nullopt;
    return any_table([&](const Table& table) {
      return std::any_of(table.constraints.begin(), table.constraints.end(), [&](const Constraint& one) {
        return (!name || one.name == *name) && (!type || one.kind == kind->second);
      });
    });
  }

  std::optional<bool> listed(const std::vector<std::string>& names, std::string_view column,
                             std::string_view other_column) {
    const auto name = take({column, other_column});
    if (!name || !question_.values.empty()) return std::nullopt;
    return std::find(names.begin(), names.end(), *name) != names.end();
  }

  Question question_;
  const Catalog& catalog_;
  std::string schema_;
  QualifiedName table_;
  std::string name_;
};

}  // namespace

std::optional<bool> holds(std::string_view condition, const Catalog& catalog) {
  bool negated = false;
  if (const auto question = Reader(condition).exists(negated)) {
    const auto found = Answer(*question, catalog).find();
    return found ? std::optional(*found != negated) : std::nullopt;
  }
  bool there = false;
  const auto name = Reader(condition).regclass(there);
  if (!name || catalog.tables.empty()) return std::nullopt;
  const auto is_it = [&](const QualifiedName& other) {
    return other.name == name->name && (name->schema.empty() || other.schema == name->schema);
  };
  for (const auto& [other, table] : catalog.tables) {
    if (is_it(other)) return there;
    for (const auto& index : table.indexes)
      if (is_it({other.schema, index.name})) return there;
  }
  for (const auto& [other, sequence] : catalog.sequences)
    if (is_it(other)) return there;
  return !there;
}

bool names_object_of(std::string_view condition, std::string_view statement) {
  std::set<std::string> constants;
  for (const auto& token : tokens_of(condition))
    if (const auto text = constant(token)) {
      const auto name = relation_name(*text);
      constants.insert(name ? name->name : *text);
    }
  constants.erase("public");
  const auto tokens = tokens_of(statement);
  return std::any_of(tokens.begin(), tokens.end(), [&](const Lexeme& token) {
    return (token.kind == Kind::word || token.kind == Kind::quoted_name) && constants.count(token.name()) > 0;
  });
}

}  // namespace pgadvise::sql
