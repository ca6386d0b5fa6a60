#include "log/formats/preview.h"

#include "base/text/text.h"
#include "log/record/parameters.h"

namespace pgadvise::log {

static constexpr std::string_view truncated_mark = "[Your log message was truncated]";  // RDS, at 1 MB

// Most have no blanks around them.
static std::string_view trimmed(std::string_view text) {
  const auto printed = [](char c) { return static_cast<unsigned char>(c) > ' '; };
  return !text.empty() && printed(text.front()) && printed(text.back()) ? text : trim(text);
}

static void look_at_statement(const Record& record, StatementScanner& scanner, Preview& out) {
  out.text = trimmed(out.message.sql);
  out.whole = !record.cut;
  if (out.text.ends_with(']') && out.text.ends_with(truncated_mark)) {
    out.text = trim(out.text.substr(0, out.text.size() - truncated_mark.size()));
    out.whole = false;
  }
  const StatementKey& known = scanner.key_of(out.text);
  out.whole &= !known.unfinished;
  out.hash = known.hash;
  out.key = known.key;
  out.literals = known.literals;
  out.trace = known.trace;
  out.parameters = record.detail.empty() ? std::nullopt : parameters_of(record.detail);
  if (out.parameters) out.key = hash_parameters(*out.parameters, known.paging, out.key);
}

void look_ahead(const Record& record, StatementScanner& scanner, Preview& out) {
  out.session = record.session_hash ? record.session_hash : hash_session(record.session);
  out.identity = record.identity_hash
                     ? record.identity_hash
                     : hash_identity(record.user, record.database, record.application, record.host);
  if (record.level != Level::log || record.nested) {
    out.message = {};
    return;
  }
  parse_message(record.message, out.message);
  if (out.message.kind == Message::Kind::statement || out.message.kind == Message::Kind::execute)
    look_at_statement(record, scanner, out);
}

}  // namespace pgadvise::log
