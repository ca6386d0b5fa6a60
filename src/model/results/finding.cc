#include "model/results/finding.h"

#include "base/text/text.h"

namespace pgadvise {

std::string_view name(Severity severity) { return word_of(severity, {"note", "warning", "error"}); }

std::string_view name(Verdict verdict) { return word_of(verdict, {"suspected", "confirmed", "refuted"}); }

std::string_view name(Fix::Safety safety) { return word_of(safety, {"safe", "review", "manual"}); }

void Fix::clear_code() {
  sql.clear();
  down_sql.clear();
  drizzle.clear();
  statement.reset();
}

std::string finding_id(std::string_view rule, const Subject& subject) {
  std::uint64_t hash = fnv1a(rule);
  // A length before each part, so that ("ab", "c") and ("a", "bc") differ.
  const auto add = [&](std::string_view part) {
    hash = fnv1a(std::to_string(part.size()) + ":", hash);
    hash = fnv1a(part, hash);
  };
  for (const auto* part : {&subject.kind, &subject.schema, &subject.table}) add(*part);
  add(std::to_string(subject.columns.size()));
  for (const auto& column : subject.columns) add(column);
  for (const auto* part :
       {&subject.constraint, &subject.index, &subject.fingerprint, &subject.file, &subject.entry})
    add(*part);
  return hex64(hash);
}

}  // namespace pgadvise
