#include "drizzle/code/code_index.h"

#include <algorithm>
#include <utility>

#include "base/text/text.h"
#include "drizzle/code/code_entries.h"
#include "drizzle/code/code_paths.h"
#include "files/files.h"
#include "typescript/parse.h"

namespace pgadvise::drizzle {
namespace {

constexpr auto database_types = word_list(
    "NodePgDatabase", "PostgresJsDatabase", "PgDatabase", "PgTransaction", "NeonHttpDatabase", "NeonDatabase",
    "VercelPgDatabase", "PgliteDatabase", "PgRemoteDatabase", "AwsDataApiPgDatabase", "XataHttpDatabase",
    "BunSQLDatabase", "PgAsyncDatabase", "NodePgTransaction", "PostgresJsTransaction", "NeonTransaction");

// Parts of drizzle-orm for SQLite, MySQL, SingleStore and SQL Server.
constexpr auto other_parts =
    word_list("better-sqlite3", "bun-sqlite", "d1", "durable-sqlite", "expo-sqlite", "libsql", "mysql-core",
              "mysql-proxy", "mysql2", "op-sqlite", "singlestore", "singlestore-core", "sql-js",
              "planetscale-serverless", "singlestore-proxy", "sqlite-core", "sqlite-cloud", "mssql-core",
              "sqlite-proxy", "tidb-serverless", "node-mssql", "tursodatabase");
constexpr auto other_tables = word_list("drizzle-orm/sqlite-core", "drizzle-orm/mysql-core",
                                        "drizzle-orm/singlestore-core", "drizzle-orm/mssql-core");

// Whether the package is a part of drizzle-orm for another database than PostgreSQL.
bool is_of_other_database(std::string_view package) {
  constexpr std::string_view orm = "drizzle-orm/";
  if (!package.starts_with(orm)) return false;
  const std::string_view part = package.substr(orm.size());
  return is_one_of(part.substr(0, part.find('/')), other_parts);
}

// Whether the value is what a function for another database makes: sqliteTable(…), mysqlTableCreator(…)(…).
bool is_other_table(const ValuePtr& value) {
  constexpr int max_links = 12;
  const Value* at = value.get();
  for (int links = 0; at && links < max_links; ++links, at = at->base.get())
    if (at->is(Values::external)) return links > 0 && is_of_other_database(at->text);
  return false;
}

// What the chain of calls .with(…) and .$with(…) begins with.
Node without_with(Node receiver) {
  while (receiver.is(Kind::call_expression) && method_of(receiver) == "with") receiver = object_of(receiver);
  return receiver;
}

std::optional<QueryKind> kind_of(std::string_view method) {
  if (is_one_of(method, {"from", "findMany", "findFirst", "$count"})) return QueryKind::select;
  if (method == "insert") return QueryKind::insert;
  if (method == "update") return QueryKind::update;
  if (method == "delete") return QueryKind::delete_;
  if (method == "execute") return QueryKind::execute;
  if (method == "transaction") return QueryKind::transaction;
  if (method == "batch") return QueryKind::batch;
  return std::nullopt;
}

// Whether a `.from(` may be a query's: not that of Array.from() and the like.
bool mentions_from(std::string_view text) {
  for (auto at = text.find(".from("); at != std::string_view::npos; at = text.find(".from(", at + 1)) {
    const std::string_view before = text.substr(0, at);
    if (!before.ends_with("Array") && !before.ends_with("Buffer")) return true;
  }
  return false;
}

bool may_matter(std::string_view text) {
  const std::string_view head = text.substr(0, 200);
  if (contains_any(head, {"\"use client\"", "'use client'"})) return false;
  return mentions_from(text) ||
         contains_any(text, {".insert(", ".update(", ".delete(", ".findMany(", ".findFirst(", ".execute(",
                             ".execute<", ".transaction(", ".$count(", "sql.raw("}) ||
         (contains(text, "await") && contains_any(text, {"for (", ".map(", ".forEach("}));
}

}  // namespace

Node argument_of(const FoundQuery& query, std::string_view name) {
  const QueryLink* link = query.link(name);
  return link ? argument_at(link->call) : Node();
}

const QueryLink* FoundQuery::link(std::string_view name) const {
  const auto found = std::ranges::find_if(links, [&](const QueryLink& one) { return one.name == name; });
  return found == links.end() ? nullptr : &*found;
}

CodeIndex::CodeIndex(Program& program) : program_(program), bindings_(program) {
  choose_files();
  if (files_.empty()) return;
  program_.parse_ahead(files_);
  read_relational_names();
  each_call([&](const Node& call) { add_call(call); });
  std::vector<FoundQuery> undecided = std::move(undecided_);
  // Transactions first: their parameter is a database for what is inside.
  for (auto& query : undecided)
    if (is_database(query.receiver)) queries_.push_back(std::move(query));
  std::ranges::sort(queries_, {}, [](const FoundQuery& one) -> auto& { return one.facts.place; });
  for (std::size_t i = 0; i < queries_.size(); ++i) by_whole_.emplace(queries_[i].whole, i);
  for (auto& query : queries_) complete(query);
}

void CodeIndex::choose_files() {
  constexpr std::size_t max_files = 6000;
  files::Tree& tree = program_.tree();
  for (const auto& path : tree.files()) {
    if (!is_application_source(path)) continue;
    const std::string* text = tree.peek(path);
    if (!text || !typescript::may_be_source(*text)) continue;
    note_dialect(path, *text);
    const bool queries = may_matter(*text), entries = may_have_entries(path, *text);
    if ((!queries && !entries) || is_test_code(*text)) continue;
    if (queries && files_.size() < max_files) files_.push_back(path);
    if (entries && entry_files_.size() < max_files) entry_files_.push_back(path);
  }
}

void CodeIndex::note_dialect(const std::string& path, std::string_view text) {
  const bool postgres = contains(text, "drizzle-orm/pg-core");
  if (!postgres && !contains_any(text, other_tables)) return;
  bool& any = has_postgres_tables_[package_folder(path)];
  any = any || postgres;
}

std::string CodeIndex::package_folder(const std::string& path) {
  const auto* package = program_.tree().package_of(files::folder_of(path));
  return package ? package->folder : std::string();
}

bool CodeIndex::has_only_other_tables(const std::string& file) {
  if (has_postgres_tables_.empty()) return false;
  const auto found = has_postgres_tables_.find(package_folder(file));
  return found != has_postgres_tables_.end() && !found->second;
}

bool CodeIndex::is_of_another_database(const FoundQuery& query, bool only_other_tables) {
  const QueryKind kind = query.facts.kind;
  if (kind == QueryKind::execute || kind == QueryKind::transaction || kind == QueryKind::batch) return false;
  if (only_other_tables && !query.table) return true;
  if (query.link("all") || query.link("get") || query.link("run")) return true;
  const Node table = argument_at(query.anchor);
  return !query.facts.relational && table && is_other_table(value(table));
}

// The names of db.query are those that the schema's files export.
void CodeIndex::read_relational_names() {
  const auto configs = source_configs(program_);
  tables_.emplace(program_, configs.empty() ? Casing::none : configs.front().casing);
  for (const auto& config : configs)
    for (const auto& file : config.files) {
      for (const auto& name : program_.exported_names(file))
        if (const SourceTable* found = tables_->table(program_.exported(file, name)))
          if (!relational_.try_emplace(name, found).second && relational_.at(name)->name != found->name)
            ambiguous_.insert(name);
      const auto* module = program_.module(file);
      schema_is_complete_ = schema_is_complete_ && module &&
                            std::ranges::all_of(module->star_exports, [&](const std::string& from) {
                              return !program_.resolver().resolve(file, from).empty();
                            });
    }
}

ValuePtr CodeIndex::value(const Node& expression) {
  constexpr int max_nested = 30;
  const Node node = bare(expression);
  if (nested_ >= max_nested) return typescript::unknown("variables that depend on each other", node);
  const typescript::Nested nested(nested_);
  if (is_name(node)) {
    const Binding& binding = bindings_.find(node);
    if (binding.kind == Binding::Kind::none || function_around(binding.name).kind() == Kind::none)
      return program_.variable(node.syntax()->file(), std::string(node.text()), node);
    const Node initial = initial_value(binding.owner);
    if (initial.is(Kind::identifier, Kind::member_expression, Kind::call_expression))
      return initial == node ? typescript::unknown("itself") : value(initial);
    return typescript::unknown("a variable", node);
  }
  if (node.is(Kind::member_expression))
    return program_.member(value(node.child(Field::object)), std::string(node.text(Field::property)), node);
  // alias(orders, 'o') is the table, too.
  if (node.is(Kind::call_expression) && is_drizzle(node.child(Field::function), "alias"))
    if (const Node table = argument_at(node)) return value(table);
  return typescript::unknown("an expression", node);
}

bool CodeIndex::is_drizzle(const Node& expression, std::string_view name) {
  const ValuePtr of = value(expression);
  return of->is(Values::external) && of->name == name && of->text.starts_with("drizzle-orm");
}

std::string CodeIndex::operator_of(const Node& call) {
  const Node callee = bare(call.child(Field::function));
  if (callee.is(Kind::member_expression)) return std::string(callee.text(Field::property));
  if (!callee.is(Kind::identifier)) return {};
  const Binding& binding = bindings_.find(callee);
  if (binding.kind == Binding::Kind::parameter) {  // where: (orders, { eq: equals }) => …
    const Node pair = binding.name.parent();
    return std::string(pair.is(Kind::pair_pattern) ? pair.text(Field::key) : callee.text());
  }
  const ValuePtr of = value(callee);
  const bool imported = of->is(Values::external) && of->text.starts_with("drizzle-orm") && of->name != "*";
  return imported ? of->name : std::string(callee.text());
}

const SourceTable* CodeIndex::table(const Node& expression) { return tables_->table(value(expression)); }

const SourceTable* CodeIndex::table(const std::string& file, const std::string& name) {
  return tables_->table(program_.variable(file, name, {}));
}

std::optional<SourceTables::ColumnOf> CodeIndex::column(const Node& expression) {
  return tables_->column(value(expression));
}

bool CodeIndex::recognize(const Node& call, FoundQuery& out, bool& proven) {
  const std::string_view method = method_of(call);
  const auto kind = kind_of(method);
  if (!kind) return false;
  out.facts.kind = *kind;
  out.anchor = call;
  const auto set_table = [&](const SourceTable* found) {
    proven = found != nullptr;
    out.table = found;
    if (found && found->name) out.facts.tables.push_back(*found->name);
  };
  const Node object = object_of(call);
  if (method == "findMany" || method == "findFirst") {
    const Node space = bare(object.child(Field::object));
    if (member_name(space) != "query") return false;
    const auto known = relational_.find(member_name(object));
    if (known != relational_.end()) set_table(known->second);
    out.facts.relational = true;
    out.facts.first = method == "findFirst";
    out.receiver = bare(space.child(Field::object));
    return true;
  }
  out.receiver = without_with(object);
  if (method == "from") {
    if (!object.is(Kind::call_expression) || !method_of(object).starts_with("select")) return false;
    out.receiver = without_with(object_of(object));
  }
  const Node first = argument_at(call);
  if (!first) return false;
  if (*kind == QueryKind::transaction || *kind == QueryKind::batch) return true;
  if (*kind == QueryKind::execute) {
    proven = first.is(Kind::call_expression) && first.child(Field::arguments).is(Kind::template_string) &&
             is_drizzle(first.child(Field::function), "sql");
    return true;
  }
  set_table(table(first));
  return true;
}

void CodeIndex::add_call(const Node& call) {
  FoundQuery query;
  bool proven = false;
  if (!recognize(call, query, proven) || !query.receiver) return;
  query.whole = call;
  for (;;) {
    Node above = query.whole.parent();
    while (is_wrapper(above)) above = above.parent();
    const Node outer = above.parent();
    if (!above.is(Kind::member_expression) || !outer.is(Kind::call_expression) ||
        outer.child(Field::function) != above)
      break;
    const std::string name(above.text(Field::property));
    if (is_one_of(name, {"then", "catch", "finally"})) {
      query.facts.then = name == "then";
      break;
    }
    query.links.push_back({name, outer});
    query.whole = outer;
  }
  query.facts.place = query.anchor.location();
  const bool other = has_only_other_tables(query.facts.place.file);
  if (other && (query.facts.relational || query.facts.kind == QueryKind::execute)) proven = false;
  if (!proven && is_of_another_database(query, other)) return;
  if (proven) {
    prove(query.receiver);
    queries_.push_back(std::move(query));
  } else {
    undecided_.push_back(std::move(query));
  }
}

void CodeIndex::prove(const Node& receiver) {
  if (receiver.is(Kind::identifier)) {
    const Binding& binding = bindings_.find(receiver);
    if (binding.name) proven_.insert(binding.name);
    else proven_imports_.insert({receiver.syntax()->file(), std::string(receiver.text())});
  } else if (receiver.is(Kind::member_expression)) {
    proven_members_.insert(std::string(receiver.text(Field::property)));
  }
}

const FoundQuery* CodeIndex::query(const Node& expression) const {
  const auto found = by_whole_.find(expression);
  return found == by_whole_.end() ? nullptr : &queries_[found->second];
}

bool CodeIndex::is_database_function(const Node& function, int depth) {
  if (!function || depth > max_followed) return false;
  const std::string type = annotated_type(function);
  if (!type.empty() && type_is_database(type, function.syntax()->file(), depth + 1)) return true;
  return std::ranges::any_of(returned_values(function),
                             [&](const Node& one) { return is_database(one, depth + 1); });
}

bool CodeIndex::is_database(const Node& expression, int depth) {
  const Node node = bare(expression);
  if (!node || depth > max_followed) return false;
  const auto [entry, is_new] = databases_.try_emplace(node, false);
  if (is_new) entry->second = find_database(node, depth);
  return entry->second;
}

bool CodeIndex::find_database(const Node& node, int depth) {
  if (is_name(node)) {
    const Binding& binding = bindings_.find(node);
    if (binding.name && proven_.count(binding.name)) return true;
    const std::string file = node.syntax()->file();
    if (!binding.name && proven_imports_.count({file, std::string(node.text())})) return true;
    if (binding.kind == Binding::Kind::parameter) {
      const Node call = binding.owner.parent().parent();
      if (call.is(Kind::call_expression) && binding.index == 0 && method_of(call) == "transaction")
        return is_database(object_of(call), depth + 1);
      return type_is_database(annotated_type(binding.pattern.parent()), file, depth + 1) &&
             binding.pattern.is(Kind::identifier);
    }
    const Node declared = bindings_.declaration(node);
    if (!declared.is(Kind::variable_declarator) || !declared.child(Field::name).is(Kind::identifier))
      return false;
    if (type_is_database(annotated_type(declared), declared.syntax()->file(), depth + 1)) return true;
    return is_database(declared.child(Field::value), depth + 1);
  }
  if (node.is(Kind::call_expression, Kind::new_expression)) {
    const ValuePtr made = value(node.child(Field::function));
    if (made->is(Values::external) && made->text.starts_with("drizzle-orm") &&
        (made->name == "drizzle" || made->name == "withReplicas"))
      return !is_of_other_database(made->text);
    return node.is(Kind::call_expression) && is_database_function(bindings_.called(node), depth + 1);
  }
  if (node.is(Kind::member_expression))
    return proven_members_.count(std::string(node.text(Field::property))) > 0;
  return std::ranges::any_of(choices_of(node), [&](const Node& one) { return is_database(one, depth + 1); });
}

// The type as written: a Drizzle type, `typeof db`, or a name that the project gives to one.
bool CodeIndex::type_is_database(std::string_view type, const std::string& file, int depth) {
  if (depth > max_followed) return false;
  const auto [entry, is_new] = types_.try_emplace({std::string(type), file}, false);
  if (is_new) entry->second = find_type(type, file, depth);
  return entry->second;
}

bool CodeIndex::find_type(std::string_view type, const std::string& file, int depth) {
  while (!type.empty() && (type.front() == ' ' || type.front() == '|' || type.front() == '\n'))
    type.remove_prefix(1);
  if (type.empty()) return false;
  for (const std::string_view outer : {"Promise<", "Awaited<", "Omit<", "Pick<", "ReturnType<"})
    if (type.starts_with(outer)) return type_is_database(type.substr(outer.size()), file, depth + 1);
  if (const auto at = type.find("typeof ");
      at != std::string_view::npos && (at == 0 || type.starts_with("Parameters<"))) {
    const Node declared = bindings_.declared(file, first_word(type.substr(at + 7)));
    if (is_function(declared)) return is_database_function(declared, depth + 1);
    return declared.is(Kind::variable_declarator) &&
           (is_database(declared.child(Field::value), depth + 1) ||
            type_is_database(annotated_type(declared), declared.syntax()->file(), depth + 1));
  }
  const std::string name = first_word(type);
  if (is_one_of(name, database_types)) return true;
  const auto named = name.empty() ? std::nullopt : type_named(name, file, depth);
  return named && type_is_database(named->text, named->file, depth + 1);
}

std::optional<CodeIndex::TypeText> CodeIndex::type_named(const std::string& name, const std::string& file,
                                                         int depth) {
  if (depth > max_followed) return std::nullopt;
  const auto [entry, is_new] = named_types_.try_emplace({name, file});
  if (is_new) entry->second = find_type_named(name, file, depth);
  return entry->second;  // none while barrels export each other
}

std::optional<CodeIndex::TypeText> CodeIndex::find_type_named(const std::string& name,
                                                              const std::string& file, int depth) {
  const auto* module = program_.module(file);
  if (!module) return std::nullopt;
  for (Node statement : module->syntax->root().children()) {
    if (!program_.step_in(file)) return std::nullopt;
    if (statement.is(Kind::export_statement)) statement = statement.child(Field::declaration);
    if (!statement.is(Kind::type)) continue;
    const std::string_view text = statement.text();
    if (text.starts_with("interface ") && first_word(text.substr(10)) == name)
      return TypeText{std::string(text), file};
    if (!text.starts_with("type ") || first_word(text.substr(5)) != name) continue;
    const auto sign = text.find('=');
    if (sign == std::string_view::npos) return std::nullopt;
    return TypeText{std::string(text.substr(sign + 1)), file};
  }
  const auto in = [&](const typescript::Import& from, const std::string& wanted) {
    const std::string target = program_.resolver().resolve(file, from.specifier);
    return target.empty() || target == file ? std::nullopt : type_named(wanted, target, depth + 1);
  };
  if (const auto import = module->imports.find(name); import != module->imports.end())
    return in(import->second, import->second.name);
  if (const auto known = module->exports.find(name);
      known != module->exports.end() && !known->second.from.specifier.empty())
    return in(known->second.from, known->second.from.name);
  for (const auto& specifier : module->star_exports)
    if (auto found = in({specifier, name}, name)) return found;
  return std::nullopt;
}

}  // namespace pgadvise::drizzle
