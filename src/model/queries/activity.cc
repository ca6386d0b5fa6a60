#include "model/queries/activity.h"

#include <array>
#include <string_view>

#include "base/text/text.h"

namespace pgadvise {
namespace {

constexpr std::array<std::string_view, 4> usual_states = {"active", "idle", "idle in transaction",
                                                          "idle in transaction (aborted)"};
constexpr std::array<std::string_view, 3> rare_states = {"fastpath function call", "disabled", "starting"};
constexpr std::array<std::string_view, 10> wait_types = {"Activity",       "BufferPin", "Client", "Extension",
                                                         "InjectionPoint", "IO",        "IPC",    "Lock",
                                                         "LWLock",         "Timeout"};

}  // namespace

std::string known_state(const std::string& state) {
  if (state.empty()) return "hidden";
  return is_one_of(state, usual_states) || is_one_of(state, rare_states) ? state : "other";
}

std::string known_wait_event_type(const std::string& type) {
  if (type.empty()) return "none";
  return is_one_of(type, wait_types) ? type : "other";
}

Activity activity_of(const Catalog& catalog) {
  Activity out;
  for (const auto state : usual_states) out.sessions[{std::string(state), "none"}] = 0;
  const Session* longest = nullptr;
  for (const auto& session : catalog.sessions) {
    if (session.database != catalog.database) continue;
    ++out.sessions[{known_state(session.state), known_wait_event_type(session.wait_event_type)}];
    out.longest_transaction_seconds =
        std::max(out.longest_transaction_seconds, session.transaction_seconds.value_or(0));
    if (session.blocked_by &&
        (!longest || session.lock_wait_seconds.value_or(0) > longest->lock_wait_seconds.value_or(0)))
      longest = &session;
  }
  if (!longest) return out;
  out.longest_lock_wait_seconds = longest->lock_wait_seconds.value_or(0);
  if (const Session* holder = lock_holder(catalog.sessions, *longest))
    out.lock_holder_transaction_seconds = holder->transaction_seconds.value_or(0);
  return out;
}

const Session* lock_holder(const std::vector<Session>& sessions, const Session& waiting) {
  constexpr int most_steps = 64;  // a deadlock, until the server ends it, is a circle
  const Session* at = &waiting;
  for (int step = 0; step < most_steps && at->blocked_by; ++step) {
    const auto next =
        std::ranges::find_if(sessions, [&](const Session& other) { return other.pid == *at->blocked_by; });
    if (next == sessions.end()) return nullptr;
    at = &*next;
  }
  return at;
}

}  // namespace pgadvise
