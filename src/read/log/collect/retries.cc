#include "log/collect/retries.h"

#include <cstddef>
#include <utility>

namespace pgadvise::log {
namespace {

constexpr std::size_t max_followed = 4000;
constexpr int next_is_over = 2;  // Rollback::transactions

std::uint64_t mark_of(std::uint64_t hash, std::uint64_t key) { return hash ^ (key * 0x9e3779b97f4a7c15U); }

void release(std::unordered_map<std::uint64_t, unsigned>& counts, std::uint64_t key) {
  if (const auto at = counts.find(key); at != counts.end() && --at->second == 0) counts.erase(at);
}

}  // namespace

void TransactionMark::add(std::uint64_t hash_of_call, const Call& call) {
  const bool reads = call.kind == CallKind::select;
  if (call.kind == CallKind::other || !call.keyed || !call.key_known || (hash && (select || !reads))) return;
  hash = hash_of_call;
  key = call.key;
  select = reads;
}

void Retries::close(const Rollback& rollback) {
  release(marks_, mark_of(rollback.mark.hash, rollback.mark.key));
  if (rollback.transactions < next_is_over) release(sessions_, rollback.session);
}

void Retries::add(Rollback rollback) {
  if (open_.size() >= max_followed) {
    close(open_.front());
    settled_.push_back({std::move(open_.front())});
    open_.pop_front();
  }
  ++marks_[mark_of(rollback.mark.hash, rollback.mark.key)];
  ++sessions_[rollback.session];
  open_.push_back(std::move(rollback));
}

void Retries::ran(std::uint64_t session, std::uint64_t hash, const Call& call, bool ends) {
  if (!sessions_.contains(session) && !marks_.contains(mark_of(hash, call.key))) return;
  for (auto at = open_.begin(); at != open_.end();) {
    const bool own = at->session == session;
    const bool same = hash == at->mark.hash && call.key_known && call.key == at->mark.key;
    // After ROLLBACK TO SAVEPOINT, the transaction goes on with the statement that failed.
    const bool again = own && at->transactions == 0 && hash == at->statement;
    if (same || again) {
      close(*at);
      settled_.push_back({std::move(*at)});
      at = open_.erase(at);
      continue;
    }
    if (own && at->transactions < next_is_over) {
      at->unclear |= hash == at->mark.hash && !(at->mark.select && call.key_known);
      at->transactions += ends;
      if (at->transactions == next_is_over) release(sessions_, session);
    }
    ++at;
  }
}

std::vector<SettledRollback> Retries::take_settled(std::int64_t now) {
  while (!open_.empty() && now - open_.front().happening.time > retry_window_us) {
    const bool not_repeated = !open_.front().unclear;
    close(open_.front());
    settled_.push_back({std::move(open_.front()), not_repeated});
    open_.pop_front();
  }
  return std::exchange(settled_, {});
}

std::vector<SettledRollback> Retries::take_all() {
  for (auto& rollback : open_) settled_.push_back({std::move(rollback)});
  open_.clear();
  marks_.clear();
  sessions_.clear();
  return std::exchange(settled_, {});
}

}  // namespace pgadvise::log
