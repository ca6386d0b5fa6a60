// What a server sends, from its greeting on, to a connection that asks for a statement and then for the
// catalog. An input that does not begin with a message of the greeting is sent after a good one.
#include <string>

#include "pg/catalog/catalog_reader.h"
#include "pg/catalog/relation_sizes.h"
#include "pg/connection/connection.h"
#include "support.h"
#include "support/fake_server.h"

namespace pgadvise::fuzz {
namespace {

using testing_support::FakeServer;
using testing_support::Peer;
namespace wire = testing_support::wire;

constexpr std::size_t longest_error = 20'000;  // of 4,000 bytes, each may be printed as \xNN

// libpq allocates what a message announces, up to 2 GB, before it has come. That takes no memory until the
// bytes come, but a sanitizer counts it: lengths stay under 16 MB.
std::string modest(std::string_view input) {
  std::string out(input);
  for (std::size_t i = 0; i + 1 < out.size(); ++i)
    if (std::string_view("TDdVENA").find(out[i]) != std::string_view::npos) out[i + 1] = 0;
  return out;
}

// Sends all of it to each connection, then nothing more.
FakeServer::Script sending(std::string_view input) {
  const bool greets =
      !input.empty() && std::string_view("RENv").find(input.front()) != std::string_view::npos;
  return [all = (greets ? "" : wire::greeting()) + modest(input)](Peer& peer) {
    if (!peer.startup() || !peer.send(all)) return;
    peer.close();
    while (peer.statement()) {
    }
  };
}

void check(const Error& error) {
  require(error.kind == Error::Kind::database || error.kind == Error::Kind::nonfatal,
          "an error of the database, or of a statement");
  require(!error.what.empty() && error.what.size() < longest_error,
          "an error says something, and not too much");
}

}  // namespace

void wire_answers(std::string_view input) {
  const FakeServer server(sending(input));
  auto connection = pg::Connection::open(server.conninfo() + " connect_timeout=5");
  if (!connection) return check(connection.error());
  const pg::AnswerLimits limits{
      .rows = 50, .bytes = 100'000, .other_bytes = 50'000, .time = std::chrono::seconds(5)};
  connection->set_limits(limits);
  connection->on_notice([](std::string_view) {});
  const auto rows = connection->query("SELECT $1", {"x"});
  if (!rows) check(rows.error());
  require(!rows || rows->size() <= limits.rows, "no more rows than the limit");
  Diagnostics diagnostics;
  const auto catalog = pg::read_catalog(*connection, diagnostics);
  require(catalog || catalog.error().kind == Error::Kind::database, "no catalog is an error of the database");
  for (const auto& error : diagnostics) check(error);
  const auto sizes = pg::read_relation_sizes(*connection, diagnostics);
  require(sizes || sizes.error().kind == Error::Kind::database, "no sizes are an error of the database");
  require(connection->bytes_received() <= input.size() + 4096, "what is received was sent");
}

}  // namespace pgadvise::fuzz
