#include "report/json/finding_json.h"

#include <cmath>

#include "report/json/members.h"

namespace pgadvise::report {

using json = nlohmann::ordered_json;

namespace {

std::string_view kind_name(Evidence::Kind kind) {
  switch (kind) {
    case Evidence::Kind::statement: return "statement";
    case Evidence::Kind::plan: return "plan";
    case Evidence::Kind::what_if: return "what-if";
    case Evidence::Kind::project: return "project";
    case Evidence::Kind::catalog: break;
  }
  return "catalog";
}

json evidence_json(const Evidence& evidence, bool show_literals) {
  json out;
  out["kind"] = kind_name(evidence.kind);
  out["text"] = evidence.text;
  if (evidence.place && !evidence.place->live()) out["location"] = place_json(*evidence.place);
  if (show_literals) put(out, "literal", evidence.literal);
  return out;
}

json fix_json(const Fix& fix) {
  json out;
  out["title"] = fix.title;
  put(out, "sql", fix.sql);
  put(out, "down_sql", fix.down_sql);
  put(out, "drizzle", fix.drizzle);
  out["safety"] = name(fix.safety);
  if (fix.cost_before) out["cost_before"] = *fix.cost_before;
  if (fix.cost_after) out["cost_after"] = *fix.cost_after;
  put(out, "proposed_by", fix.proposed_by);
  return out;
}

}  // namespace

json subject_json(const Subject& subject) {
  json out;
  out["kind"] = subject.kind;
  put(out, "schema", subject.schema);
  put(out, "table", subject.table);
  if (!subject.columns.empty()) out["columns"] = subject.columns;
  put(out, "constraint", subject.constraint);
  put(out, "index", subject.index);
  put(out, "fingerprint", subject.fingerprint);
  put(out, "file", subject.file);
  put(out, "entry", subject.entry);
  return out;
}

json place_json(const SourceLocation& place) {
  json out;
  out["file"] = place.file;
  if (place.line > 0) out["line"] = place.line;
  if (place.line > 0 && place.column > 0) out["column"] = place.column;
  return out;
}

json finding_json(const Finding& finding, bool show_literals) {
  json out;
  out["id"] = finding.id;
  put(out, "short_id", finding.short_id);
  out["rule"] = finding.rule;
  out["severity"] = name(finding.severity);
  out["verdict"] = name(finding.verdict);
  put(out, "verdict_reason", finding.verdict_reason);
  out["subject"] = subject_json(finding.subject);
  if (finding.in_file()) out["location"] = place_json(*finding.location);
  for (const auto& place : finding.other_locations) out["other_locations"].push_back(place_json(place));
  out["message"] = finding.message;
  out["evidence"] = array_of(
      finding.evidence, [&](const Evidence& evidence) { return evidence_json(evidence, show_literals); });
  if (finding.fix) out["fix"] = fix_json(*finding.fix);
  out["impact"] = {{"score", std::round(finding.impact.score * 10) / 10}};
  put(out["impact"], "effect", finding.impact.effect);
  if (!finding.owners.empty()) out["owners"] = finding.owners;
  return out;
}

}  // namespace pgadvise::report
