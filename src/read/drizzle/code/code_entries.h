// The functions that a web framework calls for each request. Internal to code_index and the checks.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drizzle/code/code_syntax.h"

namespace pgadvise::drizzle {

// A form in which a framework names such functions. The table of all forms is in code_entries.cc.
struct EntryForm {
  enum class Match {
    exported,    // an export of one of the names; "default" for the default export
    members,     // the functions in an exported object of one of the names
    use_server,  // the exports of a file, or functions, with the directive "use server"
    route,       // an argument of a method with one of the names, whose first argument is a path
    procedure,   // the argument of a method with one of the names, in a chain that begins with a procedure
    decorator,   // a method of a class with one of the decorators
  };
  std::string_view name;  // for messages: "a Next.js route handler"
  Match match = Match::exported;
  std::string_view names;    // separated by blanks
  std::string_view files;    // base names without extension, separated by blanks; "": any
  std::string_view folders;  // alternatives that the path has one of, separated by blanks; "": any
};
std::span<const EntryForm> entry_forms();

// Whether a file may have such functions, from its path and text. Files for the browser ("use client") have
// none.
bool may_have_entries(std::string_view path, std::string_view text);

struct EntryFunction {
  Node function;
  const EntryForm* form = nullptr;
};
// The functions that a file names in one of the forms, also where another file declares them, in the order
// of the forms. Wrappers are looked into: `export const GET = withUser(async () => …)`.
std::vector<EntryFunction> entry_functions(Bindings& names, const std::string& file);

}  // namespace pgadvise::drizzle
