#include "report/json/finding_json.h"

#include <cmath>

#include "report/json/members.h"

namespace pgadvise::report {

using json = nlohmann::ordered_json;

namespace {

std::string_view evidence_kind(Evidence::Kind kind) {
  constexpr std::string_view names[] = {"catalog", "statement", "plan", "what-if", "project"};
  return names[static_cast<std::size_t>(kind)];
}

json evidence_json(const Evidence& evidence, bool show_literals) {
  json out = object("kind", evidence_kind(evidence.kind), "text", evidence.text);
  if (evidence.place && !evidence.place->live()) out["location"] = place_json(*evidence.place);
  if (show_literals) put(out, "literal", given(evidence.literal));
  return out;
}

json fix_json(const Fix& fix) {
  return object("title", fix.title, "sql", given(fix.sql), "down_sql", given(fix.down_sql), "drizzle",
                given(fix.drizzle), "safety", name(fix.safety), "cost_before", fix.cost_before, "cost_after",
                fix.cost_after, "proposed_by", given(fix.proposed_by));
}

}  // namespace

json subject_json(const Subject& subject) {
  return object("kind", subject.kind, "schema", given(subject.schema), "table", given(subject.table),
                "columns", given(subject.columns), "constraint", given(subject.constraint), "index",
                given(subject.index), "fingerprint", given(subject.fingerprint), "file", given(subject.file),
                "entry", given(subject.entry));
}

json place_json(const SourceLocation& place) {
  return object("file", place.file, "line", when(place.line > 0, place.line), "column",
                when(place.line > 0 && place.column > 0, place.column));
}

json finding_json(const Finding& finding, bool show_literals) {
  json evidence =
      array_of(finding.evidence, [&](const Evidence& one) { return evidence_json(one, show_literals); });
  return object(
      "id", finding.id, "short_id", given(finding.short_id), "rule", finding.rule, "severity",
      name(finding.severity), "verdict", name(finding.verdict), "verdict_reason",
      given(finding.verdict_reason), "subject", subject_json(finding.subject), "location",
      finding.in_file() ? or_missing(finding.location, place_json) : std::nullopt, "other_locations",
      given(array_of(finding.other_locations, place_json)), "message", finding.message, "evidence",
      std::move(evidence), "fix", or_missing(finding.fix, fix_json), "impact",
      object("score", std::round(finding.impact.score * 10) / 10, "effect", given(finding.impact.effect)),
      "owners", given(finding.owners));
}

}  // namespace pgadvise::report
