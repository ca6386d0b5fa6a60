// A statement that a server executed, as its log has it.
#pragma once

#include <string>

namespace pgadvise {

struct ExecutedStatement {
  std::string session;
  std::string text;        // one query string: may hold several statements
  std::string parameters;  // "$1 = '5', $2 = NULL"; "" if it has none
  bool failed = false;
  int line = 0;  // in the log
};

}  // namespace pgadvise
