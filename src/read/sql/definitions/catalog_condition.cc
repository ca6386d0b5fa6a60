#include "sql/definitions/catalog_condition.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text/text.h"
#include "sql/parse/lexer.h"

namespace pgadvise::sql {
namespace {

using Kind = Lexeme::Kind;

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

using Tokens = std::vector<Lexeme>;

// Reads the tokens from `at` to `end`, which must be one question and nothing else.
class Reader {
 public:
  Reader(const Tokens& tokens, std::size_t at, std::size_t end) : tokens_(tokens), at_(at), end_(end) {}

  // SELECT … FROM relation WHERE …. `counts`: SELECT count(*); else the list must be free of aggregates,
  // which give a row where the relation has none.
  std::optional<Question> select(bool counts) {
    if (!word("select")) return std::nullopt;
    if (counts) {
      if (!word("count") || !sign('(') || (peek().text != "*" && peek().text != "1")) return std::nullopt;
      ++at_;
      if (!sign(')')) return std::nullopt;
    }
    for (; at_ < end_ && !peek().is_word("from"); ++at_)
      if (counts || peek().is('(')) return std::nullopt;
    if (!word("from") || !relation()) return std::nullopt;
    if (peek().is_word("where") && !conditions()) return std::nullopt;
    if (!counts && word("limit")) {
      if (peek().kind != Kind::number || peek().text == "0") return std::nullopt;
      ++at_;
    }
    return at_ == end_ ? std::optional(out_) : std::nullopt;
  }

  // to_regclass('name') IS [NOT] NULL.
  std::optional<QualifiedName> regclass(bool& there) {
    if (peek().is_word("pg_catalog") && peek(1).is('.')) at_ += 2;
    if (!word("to_regclass") || !sign('(')) return std::nullopt;
    const auto name = constant(peek());
    ++at_;
    if (!name || !sign(')') || !word("is")) return std::nullopt;
    there = word("not");
    return word("null") && at_ == end_ ? relation_name(*name) : std::nullopt;
  }

 private:
  const Lexeme& peek(std::size_t ahead = 0) const {
    static const Lexeme end;
    return at_ + ahead < end_ ? tokens_[at_ + ahead] : end;
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

  const Tokens& tokens_;
  std::size_t at_, end_;
  Question out_;
};

// The server's own: pg_class, information_schema.tables, pg_toast.
bool of_server(const QualifiedName& name) {
  return name.name.starts_with("pg_") || name.schema.starts_with("pg_") ||
         name.schema == "information_schema";
}

bool relation_exists(const QualifiedName& name, const Catalog& catalog) {
  const auto is_it = [&](const QualifiedName& other) {
    return other.name == name.name && (name.schema.empty() || other.schema == name.schema);
  };
  for (const auto& [other, table] : catalog.tables) {
    if (is_it(other)) return true;
    for (const auto& index : table.indexes)
      if (is_it({other.schema, index.name})) return true;
  }
  return std::ranges::any_of(catalog.sequences, [&](const auto& entry) { return is_it(entry.first); });
}

class Answer {
 public:
  Answer(Question question, const Catalog& catalog) : question_(std::move(question)), catalog_(catalog) {}

  std::optional<bool> find() {
    const std::string& relation = question_.relation;
    const auto schema = take({"table_schema", "schemaname", "constraint_schema"});
    if (schema) schema_ = *schema;
    if (const auto kinds = kinds_in(relation)) return one_of_tables(*kinds);
    if (relation == "pg_class") return one_of_relations();
    if (relation == "pg_type") return one_of_types();
    if (relation == "columns" || relation == "pg_attribute")
      return in_table([&](const Table& table) { return table.column(name_) != nullptr; },
                      {"column_name", "attname"});
    if (relation == "pg_indexes")
      return in_table([&](const Table& table) { return table.index(name_) != nullptr; }, {"indexname"});
    if (relation == "pg_policies")
      return in_table(
          [&](const Table& table) {
            return std::ranges::any_of(table.policies,
                                       [&](const Policy& policy) { return policy.name == name_; });
          },
          {"policyname"});
    if (relation == "pg_constraint" || relation == "table_constraints") return constraint();
    if (relation == "pg_namespace" || relation == "schemata") return one_of_schemas();
    if (relation == "pg_extension") return one_of_extensions();
    return std::nullopt;
  }

 private:
  using TableKind = Table::Kind;
  // The kinds of tables that a relation of the catalog lists; nullopt: it lists no tables.
  static std::optional<std::set<TableKind>> kinds_in(const std::string& relation) {
    static const std::map<std::string, std::set<TableKind>> kinds = {
        {"tables", {TableKind::ordinary, TableKind::partitioned, TableKind::foreign, TableKind::view}},
        {"pg_tables", {TableKind::ordinary, TableKind::partitioned}},
        {"views", {TableKind::view}},
        {"pg_views", {TableKind::view}},
        {"pg_matviews", {TableKind::materialized_view}}};
    const auto found = kinds.find(relation);
    return found == kinds.end() ? std::nullopt : std::optional(found->second);
  }

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
    if (const auto name = take({"table_name", "tablename", "viewname", "matviewname"}))
      table_ = {schema_, *name};
    for (const std::string column : {"conrelid", "attrelid"}) {
      if (!question_.values.count(column)) continue;
      const auto name = relation_name(*take({column}));
      if (!name || !question_.relations.count(column)) return false;
      table_ = *name;
    }
    return !of_server(table_);
  }

  bool is_table(const QualifiedName& name) const {
    return name.name == table_.name && (table_.schema.empty() || name.schema == table_.schema);
  }

  std::optional<bool> one_of_tables(std::set<TableKind> kinds) {
    if (const auto type = take({"table_type"})) {
      if (*type == "BASE TABLE") kinds = {TableKind::ordinary, TableKind::partitioned};
      else if (*type == "VIEW") kinds = {TableKind::view};
      else return std::nullopt;
    }
    if (!take_table() || table_.name.empty() || !question_.values.empty() || catalog_.tables.empty())
      return std::nullopt;
    return std::ranges::any_of(catalog_.tables, [&](const auto& entry) {
      return is_table(entry.first) && kinds.count(entry.second.kind);
    });
  }

  std::optional<bool> one_of_relations() {
    const auto name = take({"relname"});
    if (!name || !question_.values.empty() || of_server({"", *name}) || catalog_.tables.empty())
      return std::nullopt;
    return relation_exists({"", *name}, catalog_);
  }

  // Domains and composite types are not in the catalog.
  std::optional<bool> one_of_types() {
    const auto name = take({"typname"});
    if (!name || !question_.values.empty()) return std::nullopt;
    const auto of_that_name = [&](const auto& entry) { return entry.first.name == *name; };
    const bool found = std::ranges::any_of(catalog_.enums, of_that_name) ||
                       std::ranges::any_of(catalog_.tables, of_that_name);
    return found ? std::optional(true) : std::nullopt;
  }

  std::optional<bool> one_of_schemas() {
    const auto name = take({"nspname", "schema_name"});
    if (!name || !question_.values.empty()) return std::nullopt;
    return of_server({*name, ""}) || has(catalog_.schemas, *name);
  }

  // Servers have others, which no file creates.
  std::optional<bool> one_of_extensions() {
    const auto name = take({"extname"});
    if (!name || !question_.values.empty()) return std::nullopt;
    return *name == "plpgsql" || has(catalog_.extensions, *name) ? std::optional(true) : std::nullopt;
  }

  static bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
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
      return std::ranges::any_of(table.constraints, [&](const Constraint& one) {
        return (!name || one.name == *name) && (!type || one.kind == kind->second);
      });
    });
  }

  Question question_;
  const Catalog& catalog_;
  std::string schema_;
  QualifiedName table_;
  std::string name_;
};

// AND, OR and NOT of questions, with unknown answers.
class Condition {
 public:
  Condition(std::string_view text, const Catalog& catalog) : tokens_(tokens_of(text)), catalog_(catalog) {}
  std::optional<bool> holds() const { return holds(0, tokens_.size(), 0); }

 private:
  using Truth = std::optional<bool>;

  // Of the tokens from `at` to `end`.
  Truth holds(std::size_t at, std::size_t end, int depth) const {
    constexpr int max_depth = 32;
    if (at >= end || depth > max_depth) return std::nullopt;
    for (const bool any : {true, false})
      if (const auto parts = split(at, end, any ? "or" : "and"); parts.size() > 1) {
        bool known = true;
        for (const auto& [from, to] : parts) {
          const Truth part = holds(from, to, depth + 1);
          if (part == any) return any;
          known &= part.has_value();
        }
        return known ? Truth(!any) : std::nullopt;
      }
    if (tokens_[at].is_word("not")) {
      const Truth rest = holds(at + 1, end, depth + 1);
      return rest ? Truth(!*rest) : std::nullopt;
    }
    if (end - at == 1 && (tokens_[at].is_word("true") || tokens_[at].is_word("false")))
      return tokens_[at].is_word("true");
    if (tokens_[at].is_word("select") && split(at, end, "from").size() == 1)
      return holds(at + 1, end, depth + 1);
    if (tokens_[at].is('(')) {
      const std::size_t close = closing(at, end);
      return close + 1 == end ? holds(at + 1, close, depth + 1) : count(at, close, end);
    }
    return question(at, end);
  }

  // The parts between the words outside of parentheses and CASE; AND may be BETWEEN's, so that one part is
  // all.
  std::vector<std::pair<std::size_t, std::size_t>> split(std::size_t at, std::size_t end,
                                                         std::string_view word) const {
    std::vector<std::pair<std::size_t, std::size_t>> out;
    std::size_t from = at;
    int depth = 0;
    for (std::size_t i = at; i < end; ++i) {
      if (tokens_[i].is('(') || tokens_[i].is_word("case")) ++depth;
      if (tokens_[i].is(')') || tokens_[i].is_word("end")) --depth;
      if (depth != 0) continue;
      if (word == "and" && tokens_[i].is_word("between")) return {{at, end}};
      if (!tokens_[i].is_word(word)) continue;
      out.emplace_back(from, i);
      from = i + 1;
    }
    out.emplace_back(from, end);
    return out;
  }

  // Of the parenthesis at `at`; `end`: it is never closed.
  std::size_t closing(std::size_t at, std::size_t end) const {
    int depth = 0;
    for (; at < end; ++at) {
      depth += tokens_[at].is('(') ? 1 : tokens_[at].is(')') ? -1 : 0;
      if (depth == 0) return at;
    }
    return end;
  }

  Truth question(std::size_t at, std::size_t end) const {
    if (tokens_[at].is_word("exists")) {
      if (at + 1 >= end || !tokens_[at + 1].is('(') || closing(at + 1, end) + 1 != end) return std::nullopt;
      const auto asked = Reader(tokens_, at + 2, end - 1).select(false);
      return asked ? Answer(*asked, catalog_).find() : std::nullopt;
    }
    bool there = false;
    const auto name = Reader(tokens_, at, end).regclass(there);
    if (!name || catalog_.tables.empty() || of_server(*name)) return std::nullopt;
    return relation_exists(*name, catalog_) == there;
  }

  // (SELECT count(*) …) = 0, > 0, >= 1.
  Truth count(std::size_t at, std::size_t close, std::size_t end) const {
    if (close + 3 != end) return std::nullopt;
    const std::string_view sign = tokens_[close + 1].text, number = tokens_[close + 2].text;
    const bool none = (sign == "=" && number == "0") || (sign == "<" && number == "1");
    const bool some =
        ((sign == ">" || sign == "<>" || sign == "!=") && number == "0") || (sign == ">=" && number == "1");
    const auto asked = Reader(tokens_, at + 1, close).select(true);
    if (!asked || none == some) return std::nullopt;
    const Truth found = Answer(*asked, catalog_).find();
    return found ? Truth(*found == some) : std::nullopt;
  }

  Tokens tokens_;
  const Catalog& catalog_;
};

}  // namespace

std::optional<bool> holds(std::string_view condition, const Catalog& catalog) {
  return Condition(condition, catalog).holds();
}

std::set<std::string> constants_in(std::string_view condition) {
  std::set<std::string> out;
  for (const auto& token : tokens_of(condition))
    if (const auto text = constant(token)) {
      const auto name = relation_name(*text);
      out.insert(name ? name->name : *text);
    }
  out.erase("public");
  return out;
}

bool names_object_of(std::string_view condition, std::string_view statement) {
  const auto constants = constants_in(condition);
  const auto tokens = tokens_of(statement);
  return std::ranges::any_of(tokens, [&](const Lexeme& token) {
    return (token.kind == Kind::word || token.kind == Kind::quoted_name) && constants.count(token.name()) > 0;
  });
}

}  // namespace pgadvise::sql
