// The facts about a record that do not depend on earlier records; computed in advance, on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "log/record/language.h"
#include "log/record/record.h"
#include "log/record/statement_template.h"

namespace pgadvise::log {

// Views into the record's memory.
struct Preview {
  Message message;
  std::uint64_t session = 0;   // hash of Record::session
  std::uint64_t identity = 0;  // hash of user, database, application and host
  // Of a statement:
  std::string_view text;   // without blanks around it, and the mark of a cut
  bool whole = false;      // nothing was cut off, no quote is left open
  std::uint64_t hash = 0;  // of its template
  std::uint64_t key = 0;   // of literals and parameters
  bool literals = false;
  std::uint64_t trace = 0;  // 0: none
  std::optional<std::string_view> parameters;
};

// `record` outlives the preview.
void look_ahead(const Record& record, StatementScanner& scanner, Preview& out);

}  // namespace pgadvise::log
