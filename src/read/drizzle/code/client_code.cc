#include "drizzle/code/client_code.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/text/text.h"
#include "drizzle/code/code_index.h"
#include "drizzle/code/code_paths.h"
#include "drizzle/code/migration_errors.h"
#include "drizzle/kit/config.h"
#include "drizzle/schema/importers.h"
#include "drizzle/schema/source_tables.h"
#include "files/files.h"
#include "typescript/bindings.h"
#include "typescript/parse.h"
#include "typescript/program.h"

namespace pgadvise::drizzle {
namespace {

// Values of expressions, also of those inside functions.
class Expressions {
 public:
  explicit Expressions(Program& program) : program_(program), names_(program) {}

  // The expression that an identifier's declaration gives it; the expression itself for anything else.
  Node written(Node node) {
    for (int depth = 0; depth < 6; ++depth) {
      node = bare(node);
      if (!is_name(node)) return node;
      const Node value = initial_value(names_.declaration(node));
      if (!value) return node;
      node = value;
    }
    return node;
  }

  ValuePtr value(const Node& node) {
    const Node at = bare(node);
    if (!at) return typescript::undefined_value();
    const Binding& binding = is_name(at) ? names_.find(at) : none_;
    if (binding.owner && function_around(binding.name)) {
      const Node initial = written(at);
      if (initial == at) return typescript::unknown("a variable", at);
      return typescript::evaluate(program_, initial);
    }
    return typescript::evaluate(program_, at);
  }

 private:
  Program& program_;
  Bindings names_;
  const Binding none_ = {};
};

// Of calls of drizzle(): the driver, "node-postgres"; "" if it is another function or database.
std::string driver_of(const Value& function) {
  constexpr std::string_view head = "drizzle-orm/";
  if (!function.is(Values::external) || function.name != "drizzle" || !function.text.starts_with(head))
    return {};
  const std::string driver = function.text.substr(head.size());
  const bool known = is_one_of(driver, {"node-postgres", "postgres-js", "neon-http", "neon-serverless",
                                        "vercel-postgres", "aws-data-api/pg", "xata-http", "bun-sql"});
  return known ? driver : "";
}

bool is_postgres_js(const Value& function) {
  return function.is(Values::external) && function.text == "postgres" &&
         (function.name == "default" || function.name == "*");
}

// Whether the property is set to something but 0; true if it may be.
bool is_set(const Value& options, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    if (const Property* property = options.property(key))
      return !property->value->is(Values::undefined) && property->value->as_text().value_or("1") != "0";
  return false;
}

int size_of(const Value& options) {
  const Property* max = options.property("max");
  if (!max || !max->value->is(Values::number)) return 0;
  const long size = std::strtol(max->value->text.c_str(), nullptr, 10);
  return size > 0 && size <= 100'000 ? static_cast<int>(size) : 0;
}

class Clients {
 public:
  explicit Clients(Program& program) : program_(program), expressions_(program) {}

  ClientCode read() {
    files::Tree& tree = program_.tree();
    std::vector<std::string> files;
    for (const auto& path : tree.files()) {
      if (!typescript::is_source(path) || files::never_deployed(path) || files::deployed_by_others(path))
        continue;
      const std::string* text = tree.peek(path);
      if (text && !typescript::may_be_source(*text)) {
        if (is_application_source(path)) out_.unread.push_back(path);
        continue;
      }
      if (text && files.size() < max_files &&
          contains_any(*text, {"Pool(", "postgres(", "drizzle(", "Client("}) &&
          contains_any(*text, {"\"pg\"", "'pg'", "\"postgres\"", "'postgres'", "drizzle-orm/"}))
        files.push_back(path);
    }
    program_.parse_ahead(files);
    for (const auto& path : files)
      if (const auto* module = program_.module(path)) read_calls(module->syntax->root());
    for (const auto& [call, config] : without_options_)
      if (!matched_.count(config)) add_mismatch(call, *config, Casing::none);
    return std::move(out_);
  }

 private:
  static constexpr std::size_t max_files = 2000;

  void read_calls(const Node& root) {
    std::vector<Node> calls;
    each_node(root, [&](const Node& at) {
      if (at.is(Kind::new_expression, Kind::call_expression)) calls.push_back(at);
    });
    std::ranges::sort(calls);  // in the order of the file
    for (const Node& call : calls)
      if (call.is(Kind::new_expression)) read_new(call);
      else read_call(call);
  }

  void read_new(const Node& made) {
    const Node constructor = made.child(Field::constructor);
    if (!contains_any(constructor.text(), {"Pool", "Client"})) return;
    const ValuePtr type = expressions_.value(constructor);
    const bool pool = is_pg_pool(*type);
    const bool client =
        !pool && type->name == "Client" && (type->text == "pg" || (type->base && type->base->text == "pg"));
    if (!pool && !client) return;
    const ValuePtr options = argument_value(made);
    if (pool) add_pool(made, "new Pool() of node-postgres", *options, false);
    add_credentials(*options);
  }

  void read_call(const Node& call) {
    const Node callee = call.child(Field::function);
    if (!callee.is(Kind::identifier)) return;
    const ValuePtr function = expressions_.value(callee);
    if (is_postgres_js(*function)) {
      ValuePtr options = typescript::undefined_value(call);
      const auto arguments = arguments_of(call);
      for (const Node& argument : arguments)
        if (const ValuePtr value = expressions_.value(argument);
            value->is(Values::object) || argument != arguments.front())
          options = value;
      add_pool(call, "postgres() of postgres.js", *options, true);
      add_credentials(*options);
      return;
    }
    if (const std::string driver = driver_of(*function); !driver.empty()) read_drizzle(call, driver);
  }

  // The value of the first argument; undefined without one.
  ValuePtr argument_value(const Node& call) {
    const Node argument = argument_at(call);
    return argument ? expressions_.value(argument) : typescript::undefined_value(call);
  }

  void read_drizzle(const Node& call, const std::string& driver) {
    const ValuePtr first = argument_value(call);
    ValuePtr options = first;
    if (const Node second = argument_at(call, 1)) options = expressions_.value(second);
    else if (!first->is(Values::object) || !is_configuration(*first)) options = nullptr;
    add_client(call, options);
    const bool pool = driver == "node-postgres" || driver == "postgres-js";
    if (!pool) return;
    const std::string what = driver == "node-postgres" ? "drizzle() with a pool of node-postgres"
                                                       : "drizzle() with a pool of postgres.js";
    const Property* connection = first->is(Values::object) ? first->property("connection") : nullptr;
    if (connection) {
      const ValuePtr inner =
          connection->value->is(Values::object) ? connection->value : typescript::undefined_value(call);
      add_pool(call, what, *inner, driver == "postgres-js");
      add_credentials(*inner);
    } else if (const Node address = argument_at(call); address && names_url(address)) {
      add_pool(call, what, *typescript::undefined_value(call), driver == "postgres-js");
    }
  }

  // { schema, casing, client … }, not a client that is an object literal.
  static bool is_configuration(const Value& object) {
    for (const auto* key : {"client", "connection", "schema", "casing", "logger", "relations", "ws"})
      if (object.property(key)) return true;
    return false;
  }

  bool names_url(const Node& argument) {
    if (expressions_.value(argument)->is(Values::string)) return true;
    const std::string text = lower(bare(argument).text());
    return ends_with_any(text, {"url", "url']", "url\"]", "connectionstring", "connection_string"});
  }

  // Whether the options name this machine, as only a developer's do.
  static bool is_local(const Value& options) {
    for (const auto* key : {"host", "connectionString", "url"})
      if (const auto text = text_member(options, key))
        if (contains_any(*text, {"localhost", "127.0.0.1", "::1"})) return true;
    return false;
  }

  void add_pool(const Node& place, const std::string& what, const Value& options, bool postgres_js) {
    const std::string& file = place.syntax()->file();
    const bool known =
        options.is(Values::object, Values::undefined) || (options.is(Values::string) && !postgres_js);
    if (!known || options.partial || !is_application_source(file) || is_local(options) || runs_once(file))
      return;
    ClientPool pool;
    pool.what = what;
    pool.place = place.location();
    const Property* session = options.property("connection");
    const std::string written(place.text());
    pool.connect_timeout = postgres_js || is_set(options, {"connectionTimeoutMillis", "connect_timeout"}) ||
                           contains(written, "connect_timeout");
    pool.statement_timeout = is_set(options, {"statement_timeout", "query_timeout"}) ||
                             contains(written, "statement_timeout") ||
                             (session && !session->value->is(Values::object));
    out_.pools.push_back(std::move(pool));
    const int size = size_of(options);
    if (size == 0) return;
    const files::Package* package = program_.tree().package_of(files::folder_of(file));
    const Property* max = options.property("max");
    out_.sizes.push_back({size, postgres_js ? "max of postgres.js" : "max of node-postgres' Pool",
                          package ? package->folder : std::string(files::folder_of(file)),
                          max->node ? max->node.location() : place.location()});
  }

  // Whether the file is a script for one run: it is named as one, ends its process or its pool, and neither
  // serves nor is imported.
  bool runs_once(const std::string& file) {
    const auto [entry, is_new] = runs_once_.try_emplace(file, false);
    const auto* module = is_new && names_a_script(file) ? program_.module(file) : nullptr;
    if (!module) return entry->second;
    const std::string_view text = module->syntax->text();
    if (!contains_any(text, {"process.exit(", ".end("}) || goes_on(text)) return false;
    return runs_once_[file] = !importers_.is_imported(file);
  }

  // Whether the text is that of a process that goes on: it serves, waits for messages, or ends by a signal.
  static bool goes_on(std::string_view text) {
    if (contains_any(text, {".listen(", "serve(", "setInterval(", "parentPort"})) return true;
    for (const std::string_view added : {"process.on(", "process.once(", "process.addListener("})
      for (auto at = text.find(added); at != std::string_view::npos; at = text.find(added, at + 1)) {
        const auto quote = text.find_first_not_of(" \t\r\n", at + added.size());
        if (quote != std::string_view::npos && text.substr(quote + 1).starts_with("SIG")) return true;
      }
    return false;
  }

  // check-recipes.js, db-cli.ts
  static bool names_a_script(const std::string& file) {
    std::string stem = lower(files::base_of(file));
    stem.erase(std::min(stem.rfind('.'), stem.size()));
    std::replace(stem.begin(), stem.end(), '_', '-');
    const auto end = stem.find('-');
    return stem.ends_with("-cli") ||
           (end != std::string::npos && is_one_of(std::string_view(stem).substr(0, end),
                                                  {"check", "diagnose", "debug", "inspect", "verify", "fix",
                                                   "dump", "query", "init", "reset"}));
  }

  void add_credentials(const Value& options) {
    const auto host = text_member(options, "host");
    for (const auto* key : {"password", "pass"})
      if (const Property* property = options.property(key);
          property && host && property->value->is(Values::string) && property->node)
        out_.credentials.push_back({*host, property->value->text, property->node.location()});
  }

  // Clients without options that no other file can import may only run migrations or SQL text. A client whose
  // casing is not known may have that of its configuration.
  // `options`: null without any.
  void add_client(const Node& call, const ValuePtr& options) {
    const std::string& file = call.syntax()->file();
    const bool unknown = options && (!options->is(Values::object) || options->partial);
    const bool schema = !unknown && options && options->property("schema");
    const Property* casing = !unknown && options ? options->property("casing") : nullptr;
    const auto text = casing ? text_of(casing->value) : std::string();
    if (contains(call.syntax()->text(), "/migrator") ||
        contains_any(lower(files::base_of(file)), {".test.", ".spec.", "migrat"}))
      return;
    if (unknown || !text) {
      if (const Schema of = schema_of(file); of.config) matched_.insert(of.config);
      return;
    }
    if (!schema && !casing && !is_exported(call)) return;
    compare_casing(call, *text, schema || casing);
  }

  // Whether other files can import the client: export const db = drizzle(…), a function that returns it.
  bool is_exported(const Node& call) {
    Node at = call, above = call.parent();
    while (bare(above) == call || above.is(Kind::binary_expression)) {
      at = above;
      above = above.parent();
    }
    if (above.is(Kind::export_statement)) return true;
    Node declared = above;
    if (above.is(Kind::return_statement) || (is_function(above) && above.child(Field::body) == at)) {
      declared = function_around(at);
      if (declared.parent().is(Kind::variable_declarator)) declared = declared.parent();
    }
    const bool names = declared.is(Kind::variable_declarator, Kind::function_declaration);
    const auto* module = program_.module(call.syntax()->file());
    if (!names || !module || function_around(declared)) return false;
    const std::string_view name = declared.text(Field::name);
    return std::ranges::any_of(module->exports, [&](const auto& one) { return one.second.local == name; });
  }

  struct Schema {
    const SourceConfig* config = nullptr;
    bool several = false;  // with different casing
  };

  // The configuration of the client's package, or the only one.
  Schema schema_of(const std::string& file) {
    if (!configs_) configs_ = source_configs(program_);
    const auto* package = program_.tree().package_of(files::folder_of(file));
    Schema own, all;
    for (const auto& config : *configs_)
      for (const auto& path : config.paths) {
        const auto* of = program_.tree().package_of(files::folder_of(path));
        for (Schema* each : {&all, &own}) {
          if (each == &own && of != package) continue;
          each->several = each->several || (each->config && each->config->casing != config.casing) ||
                          config.casing_unknown;
          if (!each->config) each->config = &config;
        }
      }
    if (own.config) return own;
    return configs_->size() == 1 ? all : Schema();
  }

  // `states`: whether the client's options name a schema or a casing. Of others, it is not known that they
  // are of this schema: they count where no client of the configuration has its casing.
  void compare_casing(const Node& call, const std::string& of_client, bool states) {
    const Schema schema = schema_of(call.syntax()->file());
    if (!schema.config || schema.several || schema.config->casing_unknown) return;
    const Casing client = of_client == "snake_case"  ? Casing::snake_case
                          : of_client == "camelCase" ? Casing::camel_case
                                                     : Casing::none;
    if (client == schema.config->casing) matched_.insert(schema.config);
    else if (states) add_mismatch(call, *schema.config, client);
    else without_options_.emplace_back(call, schema.config);
  }

  void add_mismatch(const Node& call, const SourceConfig& config, Casing client) {
    const auto name = [](Casing casing) {
      return casing == Casing::snake_case ? "snake_case" : casing == Casing::camel_case ? "camelCase" : "";
    };
    CasingMismatch out;
    out.config = config.paths.front();
    out.of_kit = name(config.casing);
    out.of_client = name(client);
    SourceTables by_kit(program_, config.casing), by_client(program_, client);
    std::set<const Value*> seen;
    for (const auto& file : config.files)
      for (const auto& exported : program_.exported_names(file)) {
        const ValuePtr value = program_.exported(file, exported);
        const SourceTable* kit = seen.insert(value.get()).second ? by_kit.table(value) : nullptr;
        const SourceTable* of = kit ? by_client.table(value) : nullptr;
        if (of) compare_columns(*kit, *of, exported, out);
      }
    if (out.columns == 0) return;
    out.place = call.location();
    out.config_place = {out.config, 1, 1};
    out_.casing.push_back(std::move(out));
  }

  static void compare_columns(const SourceTable& kit, const SourceTable& client, const std::string& table,
                              CasingMismatch& out) {
    for (const auto& [key, column] : kit.column_names) {
      const auto other = client.column_names.find(key);
      if (other == client.column_names.end() || other->second.name == column.name) continue;
      if (out.columns++ > 0) continue;
      out.table = table;
      out.key = key;
      out.kit_name = column.name;
      out.client_name = other->second.name;
    }
  }

  Program& program_;
  Expressions expressions_;
  Importers importers_{program_, [](const std::string& path) {
                         return typescript::is_source(path) && !files::never_deployed(path);
                       }};
  std::optional<std::vector<SourceConfig>> configs_;
  std::map<std::string, bool> runs_once_;  // by file
  std::set<const SourceConfig*> matched_;  // of a client that has its casing, or may have it
  std::vector<std::pair<Node, const SourceConfig*>> without_options_;
  ClientCode out_;
};

// The names of environment variables in an expression: process.env.URL, env['URL'].
std::vector<std::string> variables_in(std::string_view text) {
  std::vector<std::string> out;
  for (auto at = text.find("env"); at != std::string_view::npos; at = text.find("env", at + 1)) {
    auto from = at + 3;
    while (from < text.size() && std::string_view(".?[\"'!").find(text[from]) != std::string_view::npos)
      ++from;
    auto end = from;
    while (end < text.size() && ((text[end] >= 'A' && text[end] <= 'Z') ||
                                 (text[end] >= '0' && text[end] <= '9') || text[end] == '_'))
      ++end;
    if (from > at + 3 && end > from) out.emplace_back(text.substr(from, end - from));
  }
  return out;
}

}  // namespace

static std::vector<PushTarget> push_targets(Program& program, std::vector<WrittenCredentials>& written) {
  std::vector<PushTarget> out;
  Expressions expressions(program);
  for (const auto& config : drizzle_configs(program.tree())) {
    if (!config.postgresql() || files::never_deployed(config.path) || !typescript::is_source(config.path))
      continue;
    ValuePtr object = program.exported(config.path, "default");
    if (object->is(Values::call) && !object->items.empty()) object = object->items.front();
    if (!object->is(Values::object) || object->partial) continue;
    const Property* strict = object->property("strict");
    if (strict && !strict->value->is(Values::boolean)) continue;  // not known
    PushTarget target;
    target.config = config.path;
    target.strict = flag_member(*object, "strict");
    const Property* credentials = object->property("dbCredentials");
    if (!credentials || !credentials->value->is(Values::object)) continue;
    const Value& given = *credentials->value;
    target.place = credentials->node.location();
    target.host = text_member(given, "host");
    if (const Property* password = given.property("password"); password && target.host)
      if (auto text = text_of(password->value))
        written.push_back({*target.host, std::move(*text), password->node.location()});
    for (const auto* key : {"url", "connectionString", "host"})
      if (const Property* property = given.property(key)) {
        if (std::string_view(key) != "host") target.url = text_of(property->value);
        const Node pair = property->node;
        const Node value = pair.is(Kind::pair) ? pair.child(Field::value) : pair;
        const std::string text(expressions.written(value).text());
        if (!target.url && contains(text, "localhost")) target.url = "postgres://localhost/";
        for (auto& name : variables_in(text)) target.variables.push_back(std::move(name));
      }
    if (const Property* ssl = given.property("ssl"))
      target.tls = ssl->value->is(Values::object) || ssl->value->truthy().value_or(false);
    out.push_back(std::move(target));
  }
  return out;
}

bool is_pg_pool(const Value& constructor) {
  const Value& package = constructor.is(Values::member) ? *constructor.base : constructor;
  return constructor.name == "Pool" && package.is(Values::external) && package.text == "pg";
}

ClientCode read_client_code(Program& program) {
  ClientCode out = Clients(program).read();
  out.push_targets = push_targets(program, out.credentials);
  out.ignored_migration_errors = ignored_migration_errors(program);
  return out;
}

}  // namespace pgadvise::drizzle
