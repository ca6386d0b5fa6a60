#include "pg/sandbox/build.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <regex>
#include <set>

#include <fmt/format.h>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "sql/parse/statement.h"

namespace pgadvise::pg {

namespace {

constexpr std::chrono::seconds statement_limit{60};
constexpr int max_stubs_per_statement = 24;
constexpr std::size_t max_batch_statements = 50;  // each holds locks until the batch ends
constexpr std::size_t max_batch_bytes = 256 * 1024;

// The first words of a statement, upper case, comments passed over: enough to tell kinds apart.
std::vector<std::string> first_words(std::string_view text, std::size_t wanted) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size() && out.size() < wanted;) {
    const char c = text[at];
    if (text.substr(at, 2) == "--") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      at = text.find("*/", at);
      at = at == std::string_view::npos ? text.size() : at + 2;
    } else if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      std::string word;
      for (; at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_');
           ++at)
        word += static_cast<char>(std::toupper(static_cast<unsigned char>(text[at])));
      out.push_back(std::move(word));
    } else if (c == '"') {
      const auto end = std::min(text.find('"', at + 1), text.size());
      out.emplace_back(text.substr(at, end - at + 1));
      at = std::min(end + 1, text.size());
    } else {
      ++at;
    }
  }
  return out;
}

// The name that a word of first_words() stands for.
std::string identifier(const std::string& word) {
  return word.starts_with('"') ? word.substr(1, word.size() - 2) : lower(word);
}

bool begins(const std::vector<std::string>& words, std::initializer_list<std::string_view> with) {
  return words.size() >= with.size() && std::equal(with.begin(), with.end(), words.begin());
}

// "auth.users" -> {auth, users}; messages do not quote.
QualifiedName parse_name(std::string_view text) {
  const auto dot = text.find('.');
  const auto schema = dot == std::string_view::npos ? std::string_view() : text.substr(0, dot);
  return {std::string(schema), std::string(text.substr(dot + 1))};  // npos + 1 is 0
}

std::optional<std::string> quoted_after(std::string_view message, std::string_view before) {
  const auto at = message.find(std::string(before) + " \"");
  if (at == std::string_view::npos) return std::nullopt;
  const auto start = at + before.size() + 2;
  const auto end = message.find("\" ", start);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(message.substr(start, end - start));
}

// Schemas that a hosting platform brings along: migrations refer to them and never make them.
bool platform_schema(std::string_view schema) {
  return is_one_of(schema, {"auth", "storage", "extensions", "realtime", "vault", "cron", "net", "graphql",
                            "pgsodium", "pgmq", "neon_auth", "supabase_functions"});
}

std::string platform_columns(const QualifiedName& table) {
  if (table.schema == "auth" && table.name == "users")
    return "id uuid PRIMARY KEY, email text, phone text, role text, raw_app_meta_data jsonb, "
           "raw_user_meta_data jsonb, created_at timestamptz, updated_at timestamptz, last_sign_in_at "
           "timestamptz, email_confirmed_at timestamptz";
  if (table.schema == "storage" && table.name == "buckets")
    return "id text PRIMARY KEY, name text, owner uuid, public boolean, file_size_limit bigint, "
           "allowed_mime_types text[], created_at timestamptz, updated_at timestamptz";
  if (table.schema == "storage" && table.name == "objects")
    return "id uuid PRIMARY KEY, bucket_id text, name text, owner uuid, owner_id text, metadata jsonb, "
           "path_tokens text[], created_at timestamptz, updated_at timestamptz, last_accessed_at timestamptz";
  return "id uuid PRIMARY KEY";
}

struct FunctionStub {
  QualifiedName name;
  std::vector<std::string> arguments;
  std::string returns;
  bool trigger = false;
};

std::string return_type(const QualifiedName& name) {
  const std::string& function = name.name;
  const auto starts = [&](std::string_view part) { return function.starts_with(part); };
  if (name.schema == "auth" && function == "jwt") return "jsonb";
  if (contains(function, "uuid") || (name.schema == "auth" && function == "uid")) return "uuid";
  if (starts("is_") || starts("has_") || starts("can_")) return "boolean";
  if (is_one_of(function, {"similarity", "word_similarity"})) return "real";
  if (is_one_of(function, {"digest", "hmac", "gen_random_bytes"})) return "bytea";
  if (starts("st_length") || starts("st_area") || contains(function, "_distance")) return "double precision";
  return "text";
}

// "f(integer, a => unknown)" as it stands in a message.
std::optional<FunctionStub> parse_signature(std::string_view message) {
  constexpr std::string_view before = "function ";
  constexpr std::string_view after = ") does not exist";
  const auto open = message.find('(');
  const auto close = message.rfind(after);
  if (!message.starts_with(before) || open == message.npos || close == message.npos || close < open)
    return std::nullopt;
  FunctionStub stub;
  stub.name = parse_name(message.substr(before.size(), open - before.size()));
  const auto list = trim(message.substr(open + 1, close - open - 1));
  if (!list.empty())
    for (auto argument : split(list, ',')) {
      if (const auto arrow = argument.find("=>"); arrow != argument.npos) argument.remove_prefix(arrow + 2);
      const auto type = trim(argument);
      stub.arguments.emplace_back(type == "unknown" ? "text" : type);
    }
  stub.returns = return_type(stub.name);
  return stub;
}

struct Refusal {
  Error error;
  std::string sqlstate;
};

bool controls_transaction(const std::vector<std::string>& words) {
  return !words.empty() && is_one_of(words[0], {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT",
                                                "SAVEPOINT", "RELEASE", "PREPARE"});
}

// CREATE EXTENSION [IF NOT EXISTS] name [WITH] [SCHEMA schema] … [CASCADE], in words of first_words().
struct ExtensionStatement {
  std::string name, schema;
  bool cascade = false;
};

ExtensionStatement read_extension(std::string_view text) {
  constexpr std::size_t most_words = 24;
  const auto words = first_words(text, most_words);
  const std::size_t name = words.size() > 2 && words[2] == "IF" ? 5 : 2;
  ExtensionStatement out;
  if (name < words.size()) out.name = identifier(words[name]);
  for (std::size_t at = name + 1; at < words.size(); ++at) {
    if (words[at] == "SCHEMA" && at + 1 < words.size()) out.schema = identifier(words[at + 1]);
    out.cascade = out.cascade || words[at] == "CASCADE";
  }
  return out;
}

// Those that come with PostgreSQL, whose scripts name pg_catalog (CVE-2020-14350). Not earthdistance, whose
// functions find those of cube by search_path.
bool installs_safely(std::string_view extension) {
  static constexpr auto known =
      word_list("amcheck", "autoinc", "bloom", "dblink", "file_fdw", "insert_username", "intagg",
                "moddatetime", "pageinspect", "pg_buffercache", "pg_freespacemap", "pg_prewarm", "pg_surgery",
                "pg_visibility", "pg_walinspect", "pgrowlocks", "pg_stat_statements", "pgstattuple",
                "postgres_fdw", "refint", "sslinfo");
  return is_one_of(extension, known);
}

// CREATE ROLE wants rights that the script does not get: a role without any takes its place.
std::optional<std::string> role_made(const std::vector<std::string>& words) {
  const bool creates = begins(words, {"CREATE", "ROLE"}) || begins(words, {"CREATE", "USER"}) ||
                       begins(words, {"CREATE", "GROUP"});
  if (!creates || words.size() < 3 || words[2] == "MAPPING" || words[2] == "\"\"") return std::nullopt;
  return identifier(words[2]);
}

// What is passed over without a word: nothing that pgadvise looks at comes of it.
bool without_effect(const std::vector<std::string>& words, std::string_view text) {
  if (begins(words, {"SET", "ROLE"}) || begins(words, {"SET", "SESSION", "AUTHORIZATION"}) ||
      begins(words, {"RESET", "ROLE"}) || begins(words, {"COMMENT", "ON", "EXTENSION"}))
    return true;
  static const std::regex owner("\\bowner\\s+to\\s+(\"[^\"]+\"|\\w+)\\s*$", std::regex::icase);
  static const std::regex copy("\\bfrom\\s+stdin\\b", std::regex::icase);
  if (begins(words, {"ALTER"}) && text.size() < 4096)
    return std::regex_search(text.begin(), text.end(), owner);
  return begins(words, {"COPY"}) && text.size() < (1u << 16) &&
         std::regex_search(text.begin(), text.end(), copy);
}

// Whether the statement has the same effect together with others in one transaction as in one of its own.
bool may_share_transaction(std::string_view text) {
  const auto words = first_words(text, 8);
  if (is_one_of("CONCURRENTLY", words) || without_effect(words, text)) return false;
  if (begins(words, {"COMMENT", "ON"}) || begins(words, {"ALTER", "TABLE"})) return true;
  return words.size() > 1 && words[0] == "CREATE" &&
         is_one_of(words[1], {"TABLE", "INDEX", "UNIQUE", "SEQUENCE", "TYPE", "VIEW"});
}

struct ScriptRun {
  Connection& owner;
  Connection& admin;
  const Script& script;
  Diagnostics& diagnostics;
  LineIndex lines{script.sql};
  std::size_t offset = 0;  // of the statement that runs
  std::optional<FunctionStub> last_stub = {};

  void run() {
    owner.set_deadline(statement_limit);
    admin.set_deadline(statement_limit);
    (void)owner.query("SET check_function_bodies = off");
    const auto statements = sql::split(script.sql);
    std::size_t alone_to = 0;  // statements of a batch that failed, and was rolled back
    for (std::size_t at = 0; at < statements.size();) {
      if (!owner.alive() || !admin.alive()) {
        report("the connection to the sandbox's server was lost", "the remaining statements were skipped");
        return;
      }
      if (at >= alone_to) {
        if (const std::size_t done = batch(statements, at)) {
          at += done;
          continue;
        }
        alone_to = at + max_batch_statements;
      }
      statement(statements[at++]);
    }
    if (owner.in_transaction()) (void)owner.query("COMMIT");
    (void)owner.query("DISCARD ALL");  // a dump empties search_path
    owner.set_deadline({});
    admin.set_deadline({});
  }

  // Runs the statements from `from` on that may share a transaction, as one query: a round trip for all.
  // Returns their number; 0 if they are fewer than two, or one of them failed, so that none had an effect.
  std::size_t batch(const std::vector<sql::SourceStatement>& all, std::size_t from) {
    if (owner.in_transaction()) return 0;
    std::string text;
    std::size_t end = from;
    for (; end < all.size() && end - from < max_batch_statements && text.size() < max_batch_bytes &&
           may_share_transaction(all[end].text);
         ++end)
      text.append(all[end].text).append("\n;\n");
    if (end - from < 2 || !owner.run_script(text)) return 0;
    return end - from;
  }

  void statement(const sql::SourceStatement& source) {
    offset = source.offset;
    last_stub.reset();
    const auto words = first_words(source.text, 8);
    if (words.empty() || without_effect(words, source.text)) return;
    if (const auto role = role_made(words)) {
      if (create_missing_role(*role).empty())
        report(fmt::format("role {} can't be created", *role), "skipped");
      return;
    }
    const bool is_extension = begins(words, {"CREATE", "EXTENSION"});
    std::set<std::string> done;
    for (int round = 0; round <= max_stubs_per_statement; ++round) {
      const auto refusal = is_extension ? extension(source.text) : attempt(source.text);
      if (!refusal) return;
      const auto created = owner.alive() ? create_missing(*refusal, words) : "";
      // The same remedy twice does not help.
      if (created.empty() || !done.insert(created).second || round == max_stubs_per_statement) {
        auto kind = words.front();
        if (words.size() > 1) kind += " " + words[1];
        report(fmt::format("{}: {}", kind, refusal->error.what), "skipped");
        return;
      }
      report(refusal->error.what, created);
    }
  }

  // Inside the script's own transaction a savepoint keeps one refused statement from taking the rest along.
  std::optional<Refusal> attempt(std::string_view text) {
    const bool saved = owner.in_transaction() && !controls_transaction(first_words(text, 1)) &&
                       owner.query("SAVEPOINT pgadvise_step").has_value();
    const auto done = owner.query(text);
    if (done) {
      if (saved && owner.in_transaction()) (void)owner.query("RELEASE SAVEPOINT pgadvise_step");
      return std::nullopt;
    }
    Refusal refusal{done.error(), owner.sqlstate()};
    if (saved) (void)owner.query("ROLLBACK TO SAVEPOINT pgadvise_step");
    return refusal;
  }

  // Trusted extensions can be made by the owner, inside its transaction; the others want the superuser, whose
  // installation script resolves names in the extension's schema: not beside functions and operators of ours.
  // The superuser's statement is made from what was checked.
  std::optional<Refusal> extension(std::string_view text) {
    auto refusal = attempt(text);
    if (!refusal || refusal->sqlstate != "42501") return refusal;
    const ExtensionStatement wanted = read_extension(text);
    const std::string schema = wanted.schema.empty() ? schema_for({}) : wanted.schema;
    const auto own = admin.query(
        "SELECT 1 FROM pg_namespace n WHERE n.nspname = $1 AND (EXISTS (SELECT FROM pg_proc p WHERE "
        "p.pronamespace = n.oid AND pg_get_userbyid(p.proowner) <> current_user) OR EXISTS (SELECT FROM "
        "pg_operator o WHERE o.oprnamespace = n.oid AND pg_get_userbyid(o.oprowner) <> current_user))",
        {schema});
    if (!own) return refusal;
    if (!own->empty() && !installs_safely(wanted.name)) {
      refusal->error.what += fmt::format(
          "; the script has functions in the schema {}, beside which the superuser of the sandbox installs "
          "no extension: create the extension before them, or in a schema of its own",
          schema);
      return refusal;
    }
    // Where the statement names no schema, the first of search_path gets the extension.
    if (!admin.query("SET search_path = " + quote_identifier(schema))) return refusal;
    const auto done =
        admin.query(fmt::format("CREATE EXTENSION IF NOT EXISTS {}{}{}", quote_identifier(wanted.name),
                                wanted.schema.empty() ? "" : " SCHEMA " + quote_identifier(schema),
                                wanted.cascade ? " CASCADE" : ""));
    Refusal failed{done ? Error() : done.error(), admin.sqlstate()};
    (void)admin.query("RESET search_path");
    if (done) return std::nullopt;
    return failed;
  }

  // What was done so that the statement may be tried again; empty: nothing can be done.
  std::string create_missing(const Refusal& refusal, const std::vector<std::string>& words) {
    const auto& message = refusal.error.what;
    const auto& state = refusal.sqlstate;
    if (state == "42704") {
      if (const auto name = quoted_after(message, "type"); name && message.starts_with("type"))
        return create_missing_type(*name);
      if (const auto name = quoted_after(message, "role")) return create_missing_role(*name);
    }
    if (state == "3F000")
      if (const auto name = quoted_after(message, "schema")) return create_missing_schema(*name);
    if (state == "42P01")
      if (const auto name = quoted_after(message, "relation")) return create_missing_table(*name);
    if (state == "42883") return create_missing_function(message, words);
    if (state == "42804") return change_return_type(message);
    return {};
  }

  // A type that holds text, takes modifiers, and casts to text without being asked, so that text's operators,
  // operator classes and functions serve it. (A domain takes no modifiers.)
  std::string create_missing_type(const std::string& written) {
    auto name = parse_name(written);
    while (name.name.size() > 2 && name.name.ends_with("[]")) name.name.resize(name.name.size() - 2);
    name.schema = schema_for(name);
    const auto type = quote_name(name);
    const auto function = [&](const char* suffix) {
      return quote_name({"pgadvise_stubs", hex64(fnv1a(type)) + suffix});
    };
    const auto statements = fmt::format(
        "CREATE SCHEMA IF NOT EXISTS pgadvise_stubs; GRANT USAGE ON SCHEMA pgadvise_stubs TO PUBLIC; CREATE "
        "TYPE {0};CREATE FUNCTION {1}(cstring) RETURNS {0} LANGUAGE internal IMMUTABLE STRICT AS "
        "'textin';CREATE FUNCTION {2}({0}) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS "
        "'textout';CREATE FUNCTION {3}(cstring[]) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT "
        "CASE WHEN array_to_string($1, ',') ~ '^[0-9]{{1,8}}$' THEN array_to_string($1, ',')::integer ELSE 0 "
        "END + 4 $$;CREATE FUNCTION {4}(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS "
        "'varchartypmodout';CREATE TYPE {0} (INPUT = {1}, OUTPUT = {2}, TYPMOD_IN = {3}, TYPMOD_OUT = {4}, "
        "LIKE = text, CATEGORY = 'S', COLLATABLE = true);CREATE CAST ({0} AS text) WITHOUT FUNCTION AS "
        "IMPLICIT;CREATE CAST (text AS {0}) WITHOUT FUNCTION AS ASSIGNMENT;",
        type, function("_in"), function("_out"), function("_typmod_in"), function("_typmod_out"));
    return admin_does(statements)
               ? fmt::format("created a placeholder for type {}, which stores text", written)
               : "";
  }

  std::string create_missing_role(const std::string& name) {
    const auto role = quote_identifier(name);
    if (!admin_does("CREATE ROLE " + role + " NOLOGIN; GRANT " + role + " TO pgadvise")) return {};
    return fmt::format("created role {}, without privileges", name);
  }

  std::string create_missing_schema(const std::string& name) {
    return owner_does("CREATE SCHEMA " + quote_identifier(name)) ? fmt::format("created schema {}", name)
                                                                 : "";
  }

  std::string create_missing_table(const std::string& written) {
    const auto name = parse_name(written);
    if (!platform_schema(name.schema)) return {};
    const auto table = quote_name(name);
    if (!owner_does(fmt::format("CREATE TABLE {} ({})", table, platform_columns(name)))) return {};
    (void)owner_does("COMMENT ON TABLE " + table + " IS 'a placeholder created by pgadvise'");
    return fmt::format("created a placeholder for table {}", written);
  }

  std::string create_missing_function(const std::string& message, const std::vector<std::string>& words) {
    auto stub = parse_signature(message);
    if (!stub) return {};
    stub->name.schema = schema_for(stub->name);
    stub->trigger = is_one_of("TRIGGER", words);
    auto done = create(*stub);
    last_stub = done.empty() ? std::nullopt : std::move(stub);
    return done;
  }

  // A function that was made up returns what its use asks for, once the server has said what that is.
  std::string change_return_type(const std::string& message) {
    if (!last_stub || last_stub->trigger) return {};
    static const std::regex mismatch("is of type (.+) but (default|generation) expression is of type");
    std::smatch match;
    std::string wanted;
    if (std::regex_search(message, match, mismatch)) wanted = match[1];
    if (contains(message, "must be type boolean")) wanted = "boolean";
    if (wanted.empty() || wanted == last_stub->returns) return {};
    auto stub = *std::exchange(last_stub, std::nullopt);
    if (!owner_does(fmt::format("DROP FUNCTION {}({})", quote_name(stub.name), join(stub.arguments, ", "))))
      return {};
    stub.returns = wanted;
    (void)create(stub);
    return fmt::format("it returns {}", wanted);
  }

  std::string create(const FunctionStub& stub) {
    const bool generated = stub.arguments.empty() && stub.name.schema != "auth";
    std::string body = fmt::format("SELECT NULL::{}", stub.returns);
    if (generated && stub.returns == "uuid") body = "SELECT md5(random()::text)::uuid";
    if (generated && stub.returns == "text") body = "SELECT md5(random()::text)";
    const auto text = stub.trigger
                          ? fmt::format(
                                "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS "
                                "$$ BEGIN RETURN NEW; END $$",
                                quote_name(stub.name))
                          : fmt::format("CREATE FUNCTION {}({}) RETURNS {} LANGUAGE sql {} AS $$ {} $$",
                                        quote_name(stub.name), join(stub.arguments, ", "), stub.returns,
                                        generated ? "VOLATILE" : "IMMUTABLE", body);
    if (!owner_does(text)) return {};
    return fmt::format("created a placeholder for {}({})", display(stub.name), join(stub.arguments, ", "));
  }

  std::string schema_for(const QualifiedName& name) {
    if (!name.schema.empty()) return name.schema;
    const auto rows = owner.query("SELECT current_schema()");
    if (rows && !rows->empty() && rows->front().front()) return *rows->front().front();
    return "public";
  }

  bool owner_does(const std::string& text) { return !attempt(text); }
  bool admin_does(const std::string& statements) { return admin.run_script(statements).has_value(); }

  void report(std::string what, std::string done) {
    const auto place = lines.at(offset);
    diagnostics.push_back(Error{Error::Kind::nonfatal, fmt::format("{}:{}", script.name, place.line),
                                std::move(what), std::move(done)});
  }
};

}  // namespace

void run_build(Connection& owner, Connection& admin, const Script& script, Diagnostics& diagnostics) {
  ScriptRun{owner, admin, script, diagnostics}.run();
}

}  // namespace pgadvise::pg
