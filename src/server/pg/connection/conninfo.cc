#include "pg/connection/conninfo.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include <libpq-fe.h>

#include "base/text/text.h"
#include "sql/statement_statistics.h"

namespace pgadvise::pg {

namespace {

using LibpqOptions = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

bool is_uri(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

std::set<std::string, std::less<>> known_keywords() {
  std::set<std::string, std::less<>> out = {"ssl"};  // JDBC's, which libpq takes in a URI
  const LibpqOptions defaults(PQconndefaults(), &PQconninfoFree);
  for (const auto* option = defaults.get(); option && option->keyword; ++option) out.insert(option->keyword);
  return out;
}

// A DATABASE_URL is written for the application's driver: ?schema=public, ?pgbouncer=true,
// ?sslmode=no-verify.
std::string for_libpq(const std::string& uri) {
  const auto question =
      uri.find('?', std::min(uri.size(), uri.rfind('@') == std::string::npos ? 0 : uri.rfind('@')));
  if (question == std::string::npos) return uri;
  const auto known = known_keywords();
  std::vector<std::string> kept;
  for (const auto part : split(std::string_view(uri).substr(question + 1), '&')) {
    if (part == "sslmode=no-verify") {
      kept.emplace_back("sslmode=require");
    } else if (known.count(part.substr(0, part.find('=')))) {
      kept.emplace_back(part);
    }
  }
  return uri.substr(0, question) + (kept.empty() ? "" : "?" + join(kept, "&"));
}

tl::unexpected<Error> malformed(std::string what, std::string hint) {
  return fail(Error::Kind::usage, "the connection string", std::move(what), std::move(hint));
}

tl::unexpected<Error> malformed_uri() {
  return malformed(
      "is not a valid URI",
      "postgresql://user:password@host:port/database, with special characters of the password written as "
      "%40 for @, %2F for /, %25 for %");
}

struct Known {
  std::string_view text;
  std::string_view hint;
};

// The first that matches. Server messages may be translated: then the line goes without a hint.
constexpr Known known_failures[] = {
    {"no password supplied", "set one in the connection string, PGPASSWORD or ~/.pgpass"},
    {"password authentication failed", "check user and password"},
    {"authentication failed", "check the user, and the server's pg_hba.conf"},
    {"could not translate host name", "check the host name"},
    {"Connection refused", "is the server running, and is this its port?"},
    {"No such file or directory",
     "is the server running, and is this its socket folder? Name a host for TCP"},
    {"timeout expired", "no answer: check host, port and firewall"},
    {"too many connections", "close idle connections, or try again later"},
    {"too many clients", "close idle connections, or try again later"},
    {"connection slots", "close idle connections, or try again later"},
    {"no more connections allowed", "the pooler is full: try again later"},
    {"SSL off", "the server wants TLS or another user: try sslmode=require"},
    {"no encryption", "the server wants TLS or another user: try sslmode=require"},
    {"no pg_hba.conf entry", "the server's pg_hba.conf does not allow this user from this host"},
    {"SSL required", "the server wants TLS: add sslmode=require"},
    {"SSL connection is required", "the server wants TLS: add sslmode=require"},
    {"onnection is insecure", "the server wants TLS: add sslmode=require"},
    {"does not support SSL", "the server does not support TLS: use sslmode=disable if you trust the network"},
    {"certificate", "check sslmode and sslrootcert"},
    {"SSL error", "is this a PostgreSQL server's port, and does the server support TLS?"},
    {"invalid response to SSL negotiation", "is this a PostgreSQL server's port?"},
    {"expected authentication request", "is this a PostgreSQL server's port?"},
    {"starting up", "try again in a moment"},
    {"shutting down", "try again when it is back"},
    {"recovery mode", "try again in a moment"},
    {"definition of service", "check the service's name and ~/.pg_service.conf"},
};

std::string hint_for(std::string_view message) {
  if (contains(message, "database \"") && contains(message, "does not exist"))
    return "check the database's name";
  if (contains(message, "role \"") && contains(message, "does not exist")) return "check the user's name";
  for (const auto& known : known_failures)
    if (contains(message, known.text)) return std::string(known.hint);
  return {};
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> read_conninfo(const std::string& conninfo) {
  std::string text(trim(conninfo));
  if (text == "env") {
    const char* url = std::getenv("DATABASE_URL");
    text = url ? std::string(trim(url)) : std::string();
  }
  const bool uri = is_uri(text);
  if (uri) {
    text = for_libpq(text);
  } else if (const auto colon = text.find("://"); colon != std::string::npos && text.find('=') > colon) {
    return malformed("is not the URI of a PostgreSQL database", "start it with postgresql://");
  }
  char* message = nullptr;
  const LibpqOptions options(PQconninfoParse(text.c_str(), &message), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> keep(message, &PQfreemem);
  if (!options && uri) return malformed_uri();
  if (!options)
    return malformed(
        "is not valid",
        "write postgresql://user:password@host:port/database, or host=… dbname=… user=… with spaces "
        "in values quoted: password='a b'");
  std::vector<std::pair<std::string, std::string>> out;
  bool timeout = std::getenv("PGCONNECT_TIMEOUT") != nullptr;
  for (const auto* option = options.get(); option->keyword; ++option) {
    const std::string_view key = option->keyword;
    if (!option->val || key == "application_name" || key == "client_encoding") continue;
    const std::string_view value = option->val;
    // An unescaped @ or / moves a part of the password into the host, the port or the database.
    const bool misread = key == "port" ? value.find_first_not_of("0123456789,") != std::string_view::npos
                                       : (key == "host" || key == "dbname") && contains(value, "@");
    if (uri && misread) return malformed_uri();
    if (key == "connect_timeout") timeout = true;
    out.emplace_back(key, value);
  }
  if (!timeout) out.emplace_back("connect_timeout", "10");
  out.emplace_back("application_name", sql::own_application);
  out.emplace_back("client_encoding", "UTF8");
  return out;
}

Result<std::vector<Address>> addresses(const std::string& conninfo) {
  TRY(const auto pairs, read_conninfo(conninfo));
  std::map<std::string, std::string, std::less<>> used;
  const LibpqOptions defaults(PQconndefaults(), &PQconninfoFree);
  for (const auto* option = defaults.get(); option && option->keyword; ++option)
    if (option->val) used[option->keyword] = option->val;
  // libpq ignores an empty value
  for (const auto& [key, value] : pairs)
    if (!value.empty()) used[key] = value;
  const auto list = [&](std::string_view key) {
    const auto found = used.find(key);
    const bool none = found == used.end() || found->second.empty();
    return none ? std::vector<std::string_view>() : split(found->second, ',');
  };
  const auto hosts = list("host"), numbers = list("hostaddr"), ports = list("port");
  const std::size_t count = std::max<std::size_t>({hosts.size(), numbers.size(), 1});
  if ((!hosts.empty() && !numbers.empty() && hosts.size() != numbers.size()) ||
      (ports.size() > 1 && ports.size() != count))
    return malformed("has lists of hosts, addresses and ports of different lengths",
                     "give one port for all hosts, or one for each");
  std::vector<Address> out;
  for (std::size_t i = 0; i < count; ++i) {
    std::string port(ports.empty() ? std::string_view() : ports[ports.size() == 1 ? 0 : i]);
    if (port.empty()) port = "5432";
    const std::string host(hosts.empty() ? std::string_view() : hosts[i]);
    const std::string number(numbers.empty() ? std::string_view() : numbers[i]);
    if (!host.empty() || number.empty()) out.push_back({host, port});
    if (!number.empty()) out.push_back({number, port});
  }
  return out;
}

Error connection_error(std::string where, std::string_view message) {
  std::vector<std::string> parts;  // libpq says one for each address it tried
  for (auto line : split(message, '\n')) {
    if (line.empty() || line.front() == '\t') continue;  // "Is the server running …": the hint says it
    if (const auto failed = line.find(" failed: "); line.substr(0, 10) == "connection" && failed != line.npos)
      line.remove_prefix(failed + 9);
    if (const auto level = line.find(":  "); level != line.npos && level < 16) line.remove_prefix(level + 3);
    std::string part(trim(line));
    if (!part.empty() && std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
  }
  const std::string what =
      parts.empty() ? "can't be reached" : "can't be reached: " + shortened(join(parts, "; "));
  return Error{Error::Kind::database, std::move(where), what, hint_for(message)};
}

std::string shortened(std::string_view message) { return ellipsis(message.substr(0, 4000), 2000); }

std::string conninfo_pair(std::string_view key, std::string_view value) {
  std::string out(key);
  out += "='";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace pgadvise::pg
