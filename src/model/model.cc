#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/catalog.h"
#include "model/finding.h"
#include "model/place.h"
#include "model/project.h"
#include "model/workload.h"

namespace pgadvise {

std::string Place::str() const {
  if (live()) return "the server";
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line);
  if (line > 0 && column > 0) out += ":" + std::to_string(column);
  return out;
}

std::string_view name(ServerEvent::Kind kind) {
  static constexpr std::array<std::string_view, server_event_kinds> names = {
      "unknown_relation", "cancelled", "lock_wait", "lock_still_waiting", "deadlock", "temporary_file", "connection", "disconnection", "refused_connection",
      "open_transaction"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view label(ServerEvent::Kind kind) {
  static constexpr std::array<std::string_view, server_event_kinds> labels = {
      "unknown relation", "cancelled", "lock wait", "still waiting for a lock", "deadlock", "temporary file", "connection", "session ended", "connection refused",
      "long transaction"};
  return labels[static_cast<std::size_t>(kind)];
}

std::string display(const QualifiedName& name) {
  return name.schema.empty() || name.schema == "public" ? name.name : name.schema + "." + name.name;
}

const Column* Table::column(std::string_view column_name) const {
  const auto it = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == column_name; });
  return it == columns.end() ? nullptr : &*it;
}

const Index* Table::index(std::string_view index_name) const {
  const auto it = std::find_if(indexes.begin(), indexes.end(), [&](const Index& i) { return i.name == index_name; });
  return it == indexes.end() ? nullptr : &*it;
}

const Table* Catalog::table(const QualifiedName& table_name) const {
  const auto it = tables.find(table_name);
  return it == tables.end() ? nullptr : &it->second;
}

Table* Catalog::table(const QualifiedName& table_name) {
  const auto it = tables.find(table_name);
  return it == tables.end() ? nullptr : &it->second;
}

std::string Project::drizzle_name(const QualifiedName& table, std::string_view column) const {
  std::string key = table.schema + "." + table.name;
  if (!column.empty()) key.append(".").append(column);
  const auto it = std::find_if(drizzle_names.begin(), drizzle_names.end(), [&](const auto& pair) { return pair.first == key; });
  return it == drizzle_names.end() ? std::string() : it->second;
}

const Query* Workload::query(std::string_view fingerprint) const {
  const auto it = std::find_if(queries.begin(), queries.end(), [&](const Query& q) { return q.fingerprint == fingerprint; });
  return it == queries.end() ? nullptr : &*it;
}

std::string_view referential_action(char code) {
  switch (code) {
    case 'r':
      return "RESTRICT";
    case 'c':
      return "CASCADE";
    case 'n':
      return "SET NULL";
    case 'd':
      return "SET DEFAULT";
    default:
      return "NO ACTION";
  }
}

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: break;
  }
  return "note";
}

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed: return "confirmed";
    case Verdict::refuted: return "refuted";
    case Verdict::suspected: break;
  }
  return "suspected";
}

std::string_view name(Fix::Safety safety) {
  switch (safety) {
    case Fix::Safety::safe: return "safe";
    case Fix::Safety::review: return "review";
    case Fix::Safety::manual: break;
  }
  return "manual";
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
  for (const auto* part : {&subject.constraint, &subject.index, &subject.fingerprint, &subject.file, &subject.entry})
    add(*part);
  return hex64(hash);
}

}  // namespace pgadvise
