#include "lint/queries/drizzle_code.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/text/javascript.h"
#include "base/text/text.h"
#include "lint/queries/loops.h"
#include "lint/queries/statement_words.h"

namespace pgadvise::lint {
namespace {

struct Condition {
  std::string column;
  std::string op;     // "=", "<>", "<", "<=", ">", ">=", "like", "ilike", "in", "between", "null", "not null"
  int parameter = 0;  // the first one
};

// A statement of one table, all of which is known.
struct Statement {
  bool all_columns = false;
  bool counts = false;  // count(*)
  std::vector<std::string> selected;
  std::vector<std::pair<std::string, int>> assigned;  // SET c = $n
  std::vector<Condition> where;
  std::vector<std::pair<std::string, bool>> order;  // descending
  bool limited = false;
};

// Reads the whole text, or nothing.
class StatementReader {
 public:
  StatementReader(const std::string& text, const Table& table)
      : table_(table), words_(words_of_statement(text)) {}

  std::optional<Statement> read() {
    const bool begun = take("select")   ? outputs() && take("from") && table_name()
                       : take("update") ? table_name() && take("set") && list([&] { return assignment(); })
                                        : take("delete") && take("from") && table_name();
    if (!begun || (take("where") && !conditions()) ||
        (take("order") && !(take("by") && list([&] { return sort_key(); }))))
      return std::nullopt;
    if (take("limit")) {
      out_.limited = true;
      ++at_;
    }
    take(";");
    return at_ == words_.size() ? std::optional(std::move(out_)) : std::nullopt;
  }

 private:
  const std::string& word() const {
    static const std::string none;
    return at_ < words_.size() ? words_[at_].text : none;
  }
  bool take(std::string_view text) {
    if (word() != text) return false;
    ++at_;
    return true;
  }
  // What `one` reads, once or several times with commas between.
  template <class One>
  bool list(const One& one) {
    do
      if (!one()) return false;
    while (take(","));
    return true;
  }
  static bool is_name(const std::string& word) {
    return !word.empty() &&
           (word.front() == '"' || word.front() == '_' || (word.front() >= 'a' && word.front() <= 'z') ||
            static_cast<unsigned char>(word.front()) >= 0x80);
  }
  std::optional<std::string> name() {
    if (!is_name(word())) return std::nullopt;
    const std::string& text = words_[at_++].text;
    return text.front() == '"' ? text.substr(1, text.size() - 2) : text;
  }
  std::optional<int> parameter() {
    int number = 0;
    const std::string& text = word();
    if (text.size() < 2 || text.front() != '$') return std::nullopt;
    const auto read = std::from_chars(text.data() + 1, text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    ++at_;
    return number;
  }
  // The parameter of a condition, or a further one.
  bool value(Condition& out) {
    const auto read = parameter();
    if (!out.parameter) out.parameter = read.value_or(0);
    return read.has_value();
  }

  // [schema.]table [[AS] alias]
  bool table_name() {
    auto read = name();
    if (read && take(".")) read = name();
    if (read != table_.name.name) return false;
    const bool alias =
        take("as") || (is_name(word()) && !is_one_of(word(), {"where", "order", "limit", "set"}));
    return !alias || name();
  }

  // [[schema.]table.]column
  std::optional<std::string> column() {
    auto read = name();
    while (read && take(".")) read = name();
    return read && table_.column(*read) ? read : std::nullopt;
  }

  bool outputs() {
    if (take("*")) return out_.all_columns = true;
    return count() || list([&] {
             const auto read = column();
             if (!read || (take("as") && !name())) return false;
             out_.selected.push_back(*read);
             return true;
           });
  }

  // count(*), count(*)::int, cast(count(*) as int), with an alias or not
  bool count() {
    const std::size_t begin = at_;
    const bool cast = take("cast") && take("(");
    if (take("count") && take("(") && take("*") && take(")")) {
      bool good = !cast || (take("as") && name() && take(")"));
      if (take(":")) good = good && take(":") && name();
      if (take("as")) good = good && name();
      if (good && word() == "from") return out_.counts = true;
    }
    at_ = begin;
    return false;
  }

  bool assignment() {
    const auto read = column();
    const auto value = read && take("=") ? parameter() : std::nullopt;
    if (value) out_.assigned.emplace_back(*read, *value);
    return value.has_value();
  }

  bool conditions() {
    do {
      if (take("(") ? !conditions() || !take(")") : !condition()) return false;
    } while (take("and"));
    return true;
  }

  bool condition() {
    const auto read = column();
    if (!read) return false;
    Condition& out = out_.where.emplace_back(Condition{.column = *read, .op = {}});
    if (take("is")) {
      out.op = take("not") ? "not null" : "null";
      return take("null");
    }
    if (take("in")) {
      out.op = "in";
      return take("(") && list([&] { return value(out); }) && take(")");
    }
    if (take("between")) {
      out.op = "between";
      return value(out) && take("and") && value(out);
    }
    return comparison(out);
  }

  bool comparison(Condition& out) {
    if (take("like") || take("ilike")) {
      out.op = words_[at_ - 1].text;
      return value(out);
    }
    while (is_one_of(word(), {"=", "<", ">", "!"})) out.op += words_[at_++].text;
    if (out.op == "!=") out.op = "<>";
    if (!is_one_of(out.op, {"=", "<>", "<", "<=", ">", ">="})) return false;
    if (out.op != "=" || !take("any")) return value(out);
    out.op = "in";
    return take("(") && value(out) && take(")");
  }

  bool sort_key() {
    const auto read = column();
    if (!read) return false;
    const bool descending = take("desc");
    if (!descending) take("asc");
    out_.order.emplace_back(*read, descending);
    return true;
  }

  const Table& table_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  Statement out_;
};

// Names of one statement in schema.ts. Once a name is missing, good() is false.
class Names {
 public:
  Names(const Context& context, const Table& table)
      : context_(context), table_(table), name_(drizzle_name(context, table.name)) {
    good_ = is_drizzle(context) && js_identifier(name_);
  }

  bool good() const { return good_; }
  const std::string& table() const { return name_; }
  const Table& definition() const { return table_; }

  std::string property(const std::string& column) {
    std::string out = drizzle_name(context_, table_.name, column);
    if (out.empty()) good_ = false;
    return out;
  }
  std::string column(const std::string& column) { return js_member(name_, property(column)); }

  // A variable for a value of the column, another one each time.
  std::string value(const std::string& column, std::string_view suffix = "") {
    std::string out = property(column) + std::string(suffix);
    if (!js_identifier(out)) out = "value";
    if (taken(out)) out += "Value";
    const std::string base = out;
    for (int number = 2; !used_.insert(out).second; ++number) out = base + std::to_string(number);
    return out;
  }

 private:
  // What the code or TypeScript uses itself, and the tables.
  bool taken(const std::string& name) const {
    static constexpr auto words =
        word_list("and", "asc", "between", "case", "class", "const", "count", "db", "default", "delete",
                  "desc", "do", "else", "enum", "eq", "export", "for", "from", "function", "gt", "gte", "if",
                  "import", "in", "inArray", "is", "keys", "kept", "let", "like", "limit", "lt", "lte", "ne",
                  "new", "null", "or", "return", "row", "rows", "sql", "switch", "this", "true", "false",
                  "tx", "typeof", "var", "void", "while", "with", "yield", "ilike", "isNull", "isNotNull",
                  "await", "async", "static", "public", "private");
    return is_one_of(name, words) || std::ranges::any_of(context_.catalog().tables, [&](const auto& table) {
             return drizzle_name(context_, table.first) == name;
           });
  }

  const Context& context_;
  const Table& table_;
  std::string name_;
  std::set<std::string> used_;
  bool good_ = false;
};

std::string condition_code(const Condition& condition, Names& names) {
  static const std::map<std::string_view, std::string_view> functions = {
      {"=", "eq"},   {"<>", "ne"},     {"<", "lt"},        {"<=", "lte"},    {">", "gt"},
      {">=", "gte"}, {"like", "like"}, {"ilike", "ilike"}, {"in", "inArray"}};
  const std::string column = names.column(condition.column);
  if (condition.op == "null") return "isNull(" + column + ")";
  if (condition.op == "not null") return "isNotNull(" + column + ")";
  if (condition.op == "between") {
    const std::string from = names.value(condition.column, "From");
    const std::string to = names.value(condition.column, "To");
    return "between(" + column + ", " + from + ", " + to + ")";
  }
  const std::string value = names.value(condition.column, condition.op == "in" ? "List" : "");
  return std::string(functions.at(condition.op)) + "(" + column + ", " + value + ")";
}

// ".where(…)"; "" without conditions. The comparison of the key is `by_key`, if that is not empty.
std::string where_code(const Statement& statement, Names& names, const Predicate* key = nullptr,
                       const std::string& by_key = {}) {
  std::vector<std::string> parts;
  for (const auto& condition : statement.where)
    parts.push_back(key && condition.op == "=" && condition.parameter == key->parameter
                        ? by_key
                        : condition_code(condition, names));
  if (parts.empty()) return {};
  return ".where(" + (parts.size() == 1 ? parts.front() : "and(" + join(parts, ", ") + ")") + ")";
}

// "{ id: orders.id }"; "" for all columns of the table.
std::string outputs_code(const Statement& statement, Names& names) {
  const std::set<std::string> asked(statement.selected.begin(), statement.selected.end());
  if (statement.all_columns || asked.size() == names.definition().columns.size()) return {};
  std::vector<std::string> parts;
  std::set<std::string> seen;
  for (const auto& column : statement.selected)
    if (seen.insert(column).second)
      parts.push_back(js_key(names.property(column)) + ": " + names.column(column));
  return "{ " + join(parts, ", ") + " }";
}

std::string order_code(const Statement& statement, Names& names) {
  std::vector<std::string> parts;
  for (const auto& [column, descending] : statement.order)
    parts.push_back((descending ? "desc(" : "asc(") + names.column(column) + ")");
  return parts.empty() ? "" : ".orderBy(" + join(parts, ", ") + ")";
}

const Table* only_table(const Context& context, const Query& query) {
  const auto& relations = query.facts.relations;
  if (!query.facts.parsed || relations.size() != 1 || relations.front().through_view ||
      !query.facts.unknown_relations.empty())
    return nullptr;
  return context.table(relations.front().table);
}

struct Known {
  Statement statement;
  Names names;
};

std::optional<Known> known(const Context& context, const Query& query, StatementKind kind) {
  const Table* table = only_table(context, query);
  if (!table || !is_drizzle(context) || query.facts.kind != kind) return std::nullopt;
  auto statement = StatementReader(query.text, *table).read();
  Names names(context, *table);
  if (!statement || !names.good()) return std::nullopt;
  return Known{std::move(*statement), std::move(names)};
}

bool compares(const Statement& statement, const Predicate& key) {
  return std::ranges::count_if(statement.where, [&](const Condition& condition) {
           return condition.op == "=" && condition.column == key.column.column &&
                  condition.parameter == key.parameter;
         }) == 1;
}

std::string if_good(std::string code, const Names& names) { return names.good() ? std::move(code) : ""; }

// ".onConflictDoNothing()", ".returning()"; nullopt for another clause.
std::optional<std::string> insert_clauses(const Query& query) {
  std::string out;
  const auto words = words_of_statement(query.text);
  const auto at = [&](std::string_view text) { return std::ranges::find(words, text, &Word::text); };
  if (words.empty() || at("select") != words.end()) return std::nullopt;
  if (const auto conflict = at("conflict"); conflict != words.end()) {
    if (at("nothing") == words.end() || (conflict + 1)->text != "do") return std::nullopt;
    out += ".onConflictDoNothing()";
  }
  if (at("returning") != words.end()) out += ".returning()";
  return out;
}

// `rows`: their variable.
std::string insert_code(const Context& context, const Query& query, std::string_view client,
                        std::string_view rows) {
  const Table* table = only_table(context, query);
  const auto clauses = insert_clauses(query);
  if (!table || !clauses) return {};
  const Names names(context, *table);
  return if_good(fmt::format("{}.insert({}).values({}){}", client, names.table(),
                             rows.empty() ? names.table() + "Row" : std::string(rows), *clauses),
                 names);
}

}  // namespace

std::string js_key(const std::string& property) {
  return js_identifier(property) ? property : quote_js(property);
}

std::string drizzle_select(const Context& context, const Query& query, std::string_view client) {
  auto found = known(context, query, StatementKind::select);
  if (!found) return {};
  auto& [statement, names] = *found;
  const std::string where = where_code(statement, names);
  if (statement.counts) {
    if (!statement.order.empty() || statement.limited) return {};
    return if_good(fmt::format("{}.select({{ count: count() }}).from({}){}", client, names.table(), where),
                   names);
  }
  std::string out = fmt::format("{}.select({}).from({}){}", client, outputs_code(statement, names),
                                names.table(), where + order_code(statement, names));
  if (statement.limited)
    out += ".limit(" + (query.facts.limit_constant ? std::to_string(*query.facts.limit_constant) : "limit") +
           ")";
  return if_good(std::move(out), names);
}

std::string drizzle_select_all(const Context& context, const Query& query, const Predicate& key) {
  auto found = known(context, query, StatementKind::select);
  if (!found || !compares(found->statement, key)) return {};
  auto& [statement, names] = *found;
  const std::string& column = key.column.column;
  const std::string where = where_code(statement, names, &key, "inArray(" + names.column(column) + ", keys)");
  if (statement.counts) {
    statement.selected = {column};
    std::string outputs = "{ " + names.property(column) + ": " + names.column(column) + ", count: count() }";
    return if_good("db.select(" + outputs + ").from(" + names.table() + ")" + where + ".groupBy(" +
                       names.column(column) + ")",
                   names);
  }
  auto& selected = statement.selected;
  if (!statement.all_columns && std::ranges::find(selected, column) == selected.end())
    selected.insert(selected.begin(), column);
  return if_good("db.select(" + outputs_code(statement, names) + ").from(" + names.table() + ")" + where +
                     order_code(statement, names),
                 names);
}

std::string drizzle_insert_all(const Context& context, const Query& query) {
  return insert_code(context, query, "db", "rows");
}

std::string drizzle_update_all(const Context& context, const Query& query, const Predicate& key) {
  auto found = known(context, query, StatementKind::update);
  if (!found || found->statement.where.size() != 1 || !compares(found->statement, key)) return {};
  auto& [statement, names] = *found;
  const std::string& by = key.column.column;
  std::vector<std::string> parts;
  for (const auto& [column, parameter] : statement.assigned) {
    const Column* of = names.definition().column(column);
    const std::string property = names.property(column);
    parts.push_back(js_key(property) + ": sql`(case ${" + names.column(by) +
                    "} ${sql.join(rows.map((row) => sql`when ${" + js_member("row", names.property(by)) +
                    "} then ${" + js_member("row", property) + "}`), sql` `)} end)::" + of->type + "`");
  }
  return if_good("db.update(" + names.table() + ").set({ " + join(parts, ", ") + " }).where(inArray(" +
                     names.column(by) + ", rows.map((row) => " + js_member("row", names.property(by)) + ")))",
                 names);
}

std::string drizzle_delete_all(const Context& context, const Query& query, const Predicate& key) {
  auto found = known(context, query, StatementKind::delete_);
  if (!found || !compares(found->statement, key)) return {};
  auto& [statement, names] = *found;
  return if_good(
      "db.delete(" + names.table() + ")" +
          where_code(statement, names, &key, "inArray(" + names.column(key.column.column) + ", keys)"),
      names);
}

std::string drizzle_write(const Context& context, const Query& query, std::string_view client) {
  if (query.facts.kind == StatementKind::insert) return insert_code(context, query, client, "");
  const bool deletes = query.facts.kind == StatementKind::delete_;
  auto found = known(context, query, deletes ? StatementKind::delete_ : StatementKind::update);
  if (!found) return {};
  auto& [statement, names] = *found;
  const std::string where = where_code(statement, names);
  return if_good(deletes ? fmt::format("{}.delete({}){}", client, names.table(), where)
                         : fmt::format("{0}.update({1}).set({1}Changes){2}", client, names.table(), where),
                 names);
}

std::string drizzle_insert_missing(const Context& context, const QualifiedName& table,
                                   const std::vector<std::string>& key) {
  const Table* known = context.table(table);
  if (!known || !is_drizzle(context)) return {};
  Names names(context, *known);
  std::vector<std::string> columns;
  for (const auto& column : key) columns.push_back(names.column(column));
  return if_good("db.insert(" + names.table() + ").values(" + names.table() +
                     "Row).onConflictDoNothing({ target: [" + join(columns, ", ") + "] })",
                 names);
}

}  // namespace pgadvise::lint
