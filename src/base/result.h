// Result<T>: a value or an Error. Errors are values everywhere in pgadvise; exceptions of third-party
// libraries stop at the function that calls the library.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace pgadvise {

// An error message: the problem, its location, and what to do about it. Never contains a password or a
// literal from a log.
struct Error {
  enum class Kind {
    usage,     // wrong option or configuration: exit code 2
    input,     // a named input is missing or unreadable: exit code 2
    database,  // the database of --db can't be reached: exit code 3
    nonfatal,  // part of an input, or one statement, failed; the run continues
  };
  Kind kind = Kind::nonfatal;
  std::string where;  // "drizzle/0001_x.sql:12:3", "the database shop on localhost", may be empty
  std::string what;   // "syntax error at or near \"FORM\""
  std::string hint;   // "check the file name", may be empty

  // "where: what (hint)" with control characters made visible.
  std::string line() const;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error::Kind kind, std::string where, std::string what,
                                  std::string hint = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(where), std::move(what), std::move(hint)});
}

// TRY(const Catalog catalog, read(connection)); declares catalog with the value of the Result, or returns its
// error from the calling function, which returns a Result, too. TRY_VOID(begin(connection)); is for a value
// that nobody needs. TRY is several statements: it needs braces behind an if or a loop.
#define PGADVISE_JOIN_(a, b) a##b
#define PGADVISE_TRY_(result, declaration, ...)                                     \
  auto result = __VA_ARGS__;                                                        \
  if (!result) return tl::unexpected<::pgadvise::Error>(std::move(result).error()); \
  declaration = *std::move(result)
#define PGADVISE_TRY_NAMED_(number, declaration, ...) \
  PGADVISE_TRY_(PGADVISE_JOIN_(tried_, number), declaration, __VA_ARGS__)
#define TRY(declaration, ...) PGADVISE_TRY_NAMED_(__COUNTER__, declaration, __VA_ARGS__)
#define TRY_VOID(...) \
  if (auto tried = __VA_ARGS__; !tried) return tl::unexpected<::pgadvise::Error>(std::move(tried).error())

// Messages for the user that a stage returns with its result. The stage does not print them.
using Diagnostics = std::vector<Error>;

inline void warn(Diagnostics& diagnostics, std::string where, std::string what, std::string hint = {}) {
  diagnostics.push_back({Error::Kind::nonfatal, std::move(where), std::move(what), std::move(hint)});
}

// Leaves one diagnostic of each line(): the first one that is no warning, else the first one.
void remove_repeated(Diagnostics& diagnostics);

}  // namespace pgadvise
