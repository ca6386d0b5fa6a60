#include "log/collect/lock_holders.h"

#include <charconv>
#include <utility>

#include "log/collect/merge.h"
#include "log/record/clean_text.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_holders = 8;  // of one wait
constexpr std::size_t max_awaited = 1024;

void add_known(ServerEvent& event, LockHolder holder) {
  if (holder.application.empty() && holder.user.empty() && holder.statement.empty()) return;
  if (event.holders.size() < max_names) add_holder(event, std::move(holder));
}

}  // namespace

std::vector<std::uint32_t> holders_in(std::string_view detail) {
  std::vector<std::uint32_t> out;
  for (const std::string_view begin : {"Process holding the lock: ", "Processes holding the lock: "}) {
    if (!detail.starts_with(begin)) continue;
    const char* at = detail.data() + begin.size();
    const char* const end = detail.data() + detail.size();
    std::uint32_t process = 0;
    while (out.size() < max_holders) {
      const auto [next, code] = std::from_chars(at, end, process);
      if (code != std::errc{}) break;
      out.push_back(process);
      if (end - next < 2 || next[0] != ',' || next[1] != ' ') break;
      at = next + 2;
    }
  }
  return out;
}

bool LockHolders::add(ServerEvent& event, std::string_view detail, std::int64_t time) {
  const auto holders = holders_in(detail);
  for (const std::uint32_t process : holders) {
    Session* session = sessions_.find_process(process);
    const std::string_view statement = session ? latest_statement(*session) : std::string_view{};
    if (!statement.empty()) {
      LockHolder holder = holder_of(*session);
      holder.statement = statement;
      add_known(event, std::move(holder));
      continue;
    }
    if (awaited_.size() >= max_awaited) continue;
    awaited_.emplace(process, Awaited{&event, time});
    if (session) session->awaited = true;
  }
  return !holders.empty();
}

void LockHolders::name(Session& session, const LoggedCall* call) {
  session.awaited = false;
  const auto [begin, end] = awaited_.equal_range(session.process);
  for (auto at = begin; at != end; ++at) {
    LockHolder holder = holder_of(session);
    const auto& [event, time] = at->second;
    if (call && (time == no_time || call->start == no_time || call->start <= time))
      holder.statement = call->entry->state->text;
    add_known(*event, std::move(holder));
  }
  awaited_.erase(begin, end);
}

LockHolder LockHolders::holder_of(const Session& session) const {
  if (!session.identified)
    return {clean(session.announced.application), clean(session.announced.user), {}, 1};
  const Identity& identity = identities_[session.identity];
  return {identity.application, identity.user, {}, 1};
}

std::string_view LockHolders::latest_statement(const Session& session) const {
  if (session.waiting) return session.pending.call.entry->state->text;
  const QueryState* query =
      session.in_transaction ? queries_.find_query(session.transaction.last_query) : nullptr;
  return query ? std::string_view(query->text) : std::string_view{};
}

}  // namespace pgadvise::log
