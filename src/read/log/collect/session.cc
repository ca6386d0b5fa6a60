#include "log/collect/session.h"

#include <algorithm>
#include <charconv>

#include "log/record/clean_text.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_sessions = 8192;
constexpr std::size_t max_identities = 4096;

std::vector<Session*> sorted(std::vector<std::pair<std::uint64_t, Session*>> by_record) {
  std::sort(by_record.begin(), by_record.end());
  std::vector<Session*> out;
  for (const auto& [record, session] : by_record) out.push_back(session);
  return out;
}

}  // namespace

void OpenTransaction::begin(std::int64_t time) {
  *this = {};
  start = last_end = time;
}

void OpenTransaction::follow(const LoggedCall& call) {
  if (start == no_time || call.start == no_time) return;
  const std::int64_t pause = call.start - last_end;
  if (pause > 0) idle += pause;
  if (pause > longest_pause) {
    longest_pause = pause;
    before_pause = last_query;
    place = last_place;
  }
  last_end = std::max(last_end, call.end);
  last_query = call.entry->state->number;
  last_place = {call.file, call.line};
}

std::uint32_t process_of(std::string_view session) {
  const auto point = session.find('.');
  const auto digits = point == std::string_view::npos ? session : session.substr(point + 1);
  std::uint32_t process = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), process,
                                           point == std::string_view::npos ? 10 : 16);
  return code == std::errc{} && end == digits.data() + digits.size() ? process : 0;
}

std::string_view known_name(std::string_view recorded, const std::string& announced) {
  return recorded.empty() || recorded == "[unknown]" ? std::string_view(announced) : recorded;
}

std::uint32_t Identities::identify(Session& session, const Record& record, std::uint64_t hash) {
  if (session.identified && session.identity_hash == hash) return session.identity;
  session.identified = true;
  session.identity_hash = hash;
  const std::string_view user = known_name(record.user, session.announced.user);
  const std::string_view database = known_name(record.database, session.announced.database);
  const std::string_view application = known_name(record.application, session.announced.application);
  hash = hash_identity(user, database, application, record.host);
  const auto found = by_hash_.find(hash);
  if (found != by_hash_.end()) return session.identity = found->second;
  if (identities_.size() >= max_identities) return session.identity = 0;
  session.identity = static_cast<std::uint32_t>(identities_.size());
  by_hash_.emplace(hash, session.identity);
  identities_.push_back(
      {clean(user), clean(database), clean(application), clean(record.host),
       application.starts_with("pg_dump") || application == "pg_restore" || application == "pgbench"});
  return session.identity;
}

Session* Sessions::find(std::uint64_t key) {
  if (Session* const recent = recent_.find(key)) return recent;
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return nullptr;
  recent_.keep(key, found->second.get());
  return found->second.get();
}

Session* Sessions::find_process(std::uint32_t process) const {
  const auto found = by_process_.find(process);
  return found == by_process_.end() ? nullptr : found->second;
}

Session& Sessions::add(std::uint64_t key, bool named, std::uint32_t process) {
  auto made = std::make_unique<Session>(RepeatedQuery::Scope::session_burst);
  made->key = key;
  made->named = named;
  made->process = process;
  Session& out = *(sessions_[key] = std::move(made));
  recent_.keep(key, &out);
  if (process) by_process_[process] = &out;
  return out;
}

void Sessions::erase(const Session& session) {
  recent_.keep(session.key, nullptr);
  if (const auto found = by_process_.find(session.process);
      found != by_process_.end() && found->second == &session)
    by_process_.erase(found);
  sessions_.erase(session.key);
}

bool Sessions::full() const { return sessions_.size() >= max_sessions; }

std::vector<Session*> Sessions::longest_silent() const {
  std::vector<std::uint64_t> seen;
  for (const auto& [key, session] : sessions_) seen.push_back(session->last_record);
  std::nth_element(seen.begin(), seen.begin() + static_cast<long>(seen.size() / 2), seen.end());
  const std::uint64_t limit = seen[seen.size() / 2];
  std::vector<std::pair<std::uint64_t, Session*>> silent;
  for (const auto& [key, session] : sessions_)
    if (session->last_record < limit) silent.emplace_back(session->last_record, session.get());
  return sorted(std::move(silent));
}

std::vector<Session*> Sessions::by_last_record() const {
  std::vector<std::pair<std::uint64_t, Session*>> all;
  for (const auto& [key, session] : sessions_) all.emplace_back(session->last_record, session.get());
  return sorted(std::move(all));
}

std::vector<const Template*> Sessions::pending_templates() const {
  std::vector<const Template*> out;
  for (const auto& [key, session] : sessions_)
    if (session->waiting) out.push_back(session->pending.call.entry);
  return out;
}

}  // namespace pgadvise::log
