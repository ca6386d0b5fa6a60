#include "model/queries/workload.h"

#include "base/containers.h"
#include "base/text/mask.h"
#include "base/text/text.h"

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
  return word_of(
      kind, {"unknown_relation", "cancelled", "lock_wait", "lock_still_waiting", "deadlock", "temporary_file",
             "connection", "disconnection", "refused_connection", "open_transaction"});
}

std::string_view label(ServerEvent::Kind kind) {
  return word_of(kind,
                 {"unknown relation", "cancelled", "lock wait", "still waiting for a lock", "deadlock",
                  "temporary file", "connection", "session ended", "connection refused", "long transaction"});
}

const Query* Workload::query(std::string_view fingerprint) const {
  return find_first(queries, [&](const Query& one) { return one.fingerprint == fingerprint; });
}

}  // namespace pgadvise
