#include "files/catalog_snapshot.h"

#include "lint/run/context.h"
#include "support.h"

namespace pgadvise::fuzz {

void catalog_snapshot(std::string_view input) {
  files::is_catalog_snapshot(input);
  const auto read = files::parse_catalog_snapshot("prod.json", input);
  if (!read) {
    require(!read.error().what.empty(), "an error says what");
    return;
  }
  const std::string text = files::to_catalog_snapshot(*read);
  require(files::is_catalog_snapshot(text), "what is written is known again");
  const auto again = files::parse_catalog_snapshot("prod.json", text);
  require(again.has_value(), "what is written is read");
  require(files::to_catalog_snapshot(*again) == text, "what is read is written again");
#ifndef PGADVISE_FUZZ  // no rules in that build
  // No rule trusts a catalog more than its reader did.
  const auto outcome = lint::run({&read->catalog, nullptr, nullptr, nullptr});
  const auto same = lint::run({&again->catalog, nullptr, nullptr, nullptr});
  require(outcome.findings.size() == same.findings.size(), "rules find the same in both");
#endif
}

}  // namespace pgadvise::fuzz
