#include "model/queries/workload.h"

#include <algorithm>
#include <array>

#include "base/text/mask.h"

namespace pgadvise {

Sample without_secrets(Sample sample) {
  if (sample.parameters) {
    const auto secret = secret_parameters(sample.statement, sample.parameters->size());
    for (std::size_t i = 0; i < secret.size(); ++i)
      if (secret[i] && (*sample.parameters)[i]) (*sample.parameters)[i] = "***";
  }
  sample.statement = mask_secrets(sample.statement);
  return sample;
}

std::string_view name(ServerEvent::Kind kind) {
  static constexpr std::array<std::string_view, server_event_kinds> names = {
      "unknown_relation", "cancelled",  "lock_wait",     "lock_still_waiting", "deadlock",
      "temporary_file",   "connection", "disconnection", "refused_connection", "open_transaction"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view label(ServerEvent::Kind kind) {
  static constexpr std::array<std::string_view, server_event_kinds> labels = {
      "unknown relation", "cancelled",  "lock wait",     "still waiting for a lock", "deadlock",
      "temporary file",   "connection", "session ended", "connection refused",       "long transaction"};
  return labels[static_cast<std::size_t>(kind)];
}

const Query* Workload::query(std::string_view fingerprint) const {
  const auto it = std::ranges::find_if(queries, [&](const Query& q) { return q.fingerprint == fingerprint; });
  return it == queries.end() ? nullptr : &*it;
}

}  // namespace pgadvise
