#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/text/text.h"
#include "drizzle/checks/code_checks.h"
#include "files/tree.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

// A script that fills a database, not one for tests or demonstrations.
bool is_seed_script(std::string_view path) {
  static constexpr auto other = word_list("test", "spec", "e2e", "demo", "dev", "mock", "fake", "sample",
                                          "stress", "load", "bench", "local");
  if (!typescript::is_source(path) || files::never_deployed(path)) return false;
  const std::string low = lower(path);
  if (contains(low, "node_modules/") || contains(low, "dist/")) return false;
  const std::string base = low.substr(low.find_last_of('/') + 1);
  const bool named = contains(base, "seed") || contains(low, "/seeds/") || contains(low, "/seed/");
  return named && std::ranges::none_of(other, [&](std::string_view word) { return contains(base, word); });
}

// Whether the expression is a value that is written out: a literal, or an object or list of them.
bool is_constant(const Node& expression) {
  const Node at = bare(expression);
  switch (at.kind()) {
    case Kind::string:
    case Kind::number:
    case Kind::true_:
    case Kind::false_:
    case Kind::null: return true;
    case Kind::template_string: return !at.child(Kind::template_substitution);
    case Kind::object:
    case Kind::array: break;
    default: return false;
  }
  for (const Node& part : at.children()) {
    if (part.is(Kind::pair) ? !is_constant(part.child(Field::value))
                            : !at.is(Kind::array) || !is_constant(part))
      return false;
  }
  return true;
}

// The table of `INSERT INTO …` in SQL, without its schema.
std::set<std::string> inserted_in(std::string_view sql) {
  std::set<std::string> out;
  const std::string low = lower(sql);
  constexpr std::string_view verb = "insert into ";
  for (auto at = low.find(verb); at != std::string::npos; at = low.find(verb, at + 1)) {
    std::string name;
    for (std::size_t i = at + verb.size(); i < low.size() && low[i] != ' ' && low[i] != '(' && low[i] != '\n';
         ++i) {
      if (low[i] == '.') name.clear();
      else if (low[i] != '"') name += low[i];
    }
    out.insert(std::move(name));
  }
  return out;
}

class SeededTables {
 public:
  SeededTables(Program& program, CodeIndex& index) : program_(program), index_(index) {}

  std::vector<SeededTable> read() {
    read_files();
    std::vector<SeededTable> out;
    for (auto& [name, table] : found_)
      if (!elsewhere(name)) out.push_back(std::move(table));
    std::ranges::sort(out, {}, &SeededTable::place);
    return out;
  }

 private:
  void read_files() {
    constexpr int max_files = 200;
    int files = 0;
    files::Tree& tree = program_.tree();
    for (const auto& path : tree.files()) {
      const bool sql = path.ends_with(".sql");
      const bool seeds = !sql && is_seed_script(path);
      const bool migrates = !sql && typescript::is_source(path) && contains(lower(path), "migrat");
      if (!sql && !seeds && !migrates) continue;
      const std::string* text = tree.peek(path);
      if (!text || text->size() > typescript::max_bytes) continue;
      if (sql) inserted_.merge(inserted_in(*text));
      else if (migrates) migrations_.push_back(lower(*text));
      else if (contains(*text, ".insert(") && ++files <= max_files)
        if (const auto* module = program_.module(path)) read(module->syntax->root());
    }
  }

  void read(const Node& root) {
    typescript::each_call(root, [&](const Node& call) { add(call); });
  }

  // db.insert(roles).values([{ name: 'admin' }, …])
  void add(const Node& call) {
    const Node callee = call.child(Field::function);
    const Node above = call.parent();
    const auto arguments = arguments_of(call);
    if (!callee.is(Kind::member_expression) || callee.text(Field::property) != "insert" ||
        arguments.size() != 1 || !above.is(Kind::member_expression) ||
        above.text(Field::property) != "values" || !above.parent().is(Kind::call_expression))
      return;
    const auto values = arguments_of(above.parent());
    const SourceTable* table = index_.table(arguments[0]);
    if (!table || !table->name || values.size() != 1) return;
    const int rows = constant_rows(values[0]);
    if (!rows) return;
    SeededTable& out = found_[*table->name];
    if (!out.rows) out.table = *table->name, out.place = call.location();
    out.rows += rows;
  }

  // 0: the rows are not all written out.
  int constant_rows(const Node& expression) {
    Node at = bare(expression);
    if (at.is(Kind::identifier)) {
      const Node declared = index_.names().declaration(at);
      if (!declared.is(Kind::variable_declarator)) return 0;
      at = bare(declared.child(Field::value));
    }
    if (!is_constant(at)) return 0;
    return at.is(Kind::object) ? 1 : at.is(Kind::array) ? static_cast<int>(at.children().size()) : 0;
  }

  // Whether a migration, another script or the application inserts into the table, too.
  bool elsewhere(const QualifiedName& name) const {
    const std::string low = lower(name.name);
    return inserted_.contains(low) ||
           std::ranges::any_of(migrations_, [&](const std::string& text) { return contains(text, low); }) ||
           std::ranges::any_of(index_.queries(), [&](const FoundQuery& query) {
             return query.facts.kind == QueryKind::insert && !query.facts.tables.empty() &&
                    query.facts.tables.front() == name;
           });
  }

  Program& program_;
  CodeIndex& index_;
  std::map<QualifiedName, SeededTable> found_;
  std::set<std::string> inserted_;       // tables, in lower case
  std::vector<std::string> migrations_;  // texts of programs that migrate
};

}  // namespace

std::vector<SeededTable> seeded_tables(Program& program, CodeIndex& index) {
  return SeededTables(program, index).read();
}

}  // namespace pgadvise::drizzle
