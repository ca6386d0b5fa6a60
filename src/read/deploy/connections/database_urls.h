// Finds URLs of PostgreSQL databases in the text of any file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::deploy {

// The parts are views of the text, as written there, without decoding.
struct DatabaseUrl {
  std::size_t offset = 0;  // of the scheme
  std::string_view user;
  std::string_view password;  // never to be copied into a report
  std::string_view host;      // without a port
  std::string_view options;   // "?…", or ""
};

// The first 64 URLs of the text that have a user and a literal host: "postgres://a@$HOST" is skipped. The
// scheme may name a driver ("postgresql+asyncpg://").
std::vector<DatabaseUrl> database_urls(std::string_view text);

// The name of the value that begins at the offset: DATABASE_URL of "DATABASE_URL=", url of "url: ". "" for a
// value without a name.
std::string key_before(std::string_view text, std::size_t at);

// Whether the offset is in a line that begins as a comment.
bool commented(std::string_view text, std::size_t at);

}  // namespace pgadvise::deploy
