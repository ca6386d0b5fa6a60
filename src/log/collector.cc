#include "log/collector.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "base/utf8.h"
#include "log/lines.h"
#include "log/logged_plan.h"
#include "log/merge.h"
#include "log/parameters.h"
#include "log/server_events.h"
#include "sql/redact.h"
#include "sql/statement.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_sessions = 8192;
constexpr std::size_t max_traces = 1024;
constexpr std::size_t max_identities = 4096;
constexpr std::size_t max_names = 64;  // of users, databases, applications of one query
constexpr std::size_t max_distinct_samples = 4;
constexpr std::size_t max_plans = 8;
constexpr std::size_t max_plan_bytes = std::size_t{16} << 20;  // of all queries
constexpr std::size_t max_events = 1000;                       // kinds of them
constexpr std::int64_t shortest_open_us = 10'000'000;  // a transaction that is open for less is no event
constexpr std::uint32_t invalid_id = ~std::uint32_t{0};

// A text without invalid UTF-8 and NUL bytes, which no reader of a Workload has to expect.
std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at);
    std::size_t length = first < 0x80                    ? 1
                         : first >= 0xc2 && first < 0xe0 ? 2
                         : first >= 0xe0 && first < 0xf0 ? 3
                         : first >= 0xf0 && first < 0xf5 ? 4
                                                         : 0;
    if (length > text.size() - at) length = 0;
    for (std::size_t i = 1; i < length; ++i)
      if (!continues_character(text[at + i])) length = 0;
    if (length == 3 && ((first == 0xe0 && byte(at + 1) < 0xa0) || (first == 0xed && byte(at + 1) >= 0xa0)))
      length = 0;
    if (length == 4 && ((first == 0xf0 && byte(at + 1) < 0x90) || (first == 0xf4 && byte(at + 1) >= 0x90)))
      length = 0;
    if (length == 0) {
      out += "\xef\xbf\xbd";
      ++at;
    } else {
      if (first == 0) out += ' ';
      else out += text.substr(at, length);
      at += length;
    }
  }
  return out;
}

std::string_view first_word(std::string_view text) {
  const auto start = text.find_first_not_of(" (");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  return text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"));
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Does a FROM or JOIN name the server's own tables?
bool reads_catalog(std::string_view text) {
  for (const std::string_view word : {"from ", "join "})
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos;) {
      at += word.size();
      std::string_view table = text.substr(at);
      if (table.starts_with("only ")) table.remove_prefix(5);
      if (table.starts_with("pg_") || table.starts_with("information_schema.")) return true;
    }
  return false;
}

bool pages_of_foreign_key(std::string_view text) {
  return contains(text, "from only ") && text.find(" for key share of ") != std::string_view::npos;
}

}  // namespace

// A query's calls in one log.
struct Collector::Share {
  const std::string* file = nullptr;
  std::uint64_t calls = 0;
  std::uint64_t timed_calls = 0;
  std::int64_t total_ns = 0;
  std::int64_t min_ns = 0;
  std::int64_t max_ns = 0;
  Histogram times;
  std::int64_t first = no_time;
  std::int64_t last = no_time;
  std::uint64_t rows = 0;
  std::uint64_t rows_calls = 0;
  std::vector<std::uint32_t> identities;

  void add(const Call& call, std::uint32_t identity) {
    ++calls;
    if (call.end != no_time) {
      first = first == no_time ? call.end : std::min(first, call.end);
      last = std::max(last, call.end);
    }
    if (call.duration_ms) {
      const std::int64_t time = nanoseconds(*call.duration_ms);
      min_ns = timed_calls ? std::min(min_ns, time) : time;
      max_ns = std::max(max_ns, time);
      total_ns = add_nanoseconds(total_ns, time);
      times.add(time);
      ++timed_calls;
    }
    add(identity);
  }

  void add(std::uint32_t identity) {
    if (!identities.empty() && identities.front() == identity) return;
    if (identities.size() < max_names &&
        std::find(identities.begin(), identities.end(), identity) == identities.end())
      identities.push_back(identity);
  }

  void merge(const Share& other) {
    calls += other.calls;
    if (other.first != no_time) {
      first = first == no_time ? other.first : std::min(first, other.first);
      last = std::max(last, other.last);
    }
    if (other.timed_calls) {
      min_ns = timed_calls ? std::min(min_ns, other.min_ns) : other.min_ns;
      max_ns = std::max(max_ns, other.max_ns);
      total_ns = add_nanoseconds(total_ns, other.total_ns);
      times.merge(other.times);
      timed_calls += other.timed_calls;
    }
    rows += other.rows;
    rows_calls += other.rows_calls;
    for (const auto identity : other.identities) add(identity);
  }
};

struct Collector::KeptPlan {
  LoggedPlan::Format format = LoggedPlan::Format::text;
  const std::string* file = nullptr;
  int line = 0;
  double duration_ms = 0;
  std::string text;

  LoggedPlan plan() const {
    const std::string logged = format == LoggedPlan::Format::json ? in_json(clean(text)) : clean(text);
    return {format, {*file, line, 0}, duration_ms, redact_plan(format, logged), logged};
  }
};

struct Collector::QueryState {
  std::uint32_t number = 0;
  bool late = false;    // not parsed yet: there are more templates than are kept
  bool pinned = false;  // a statement that waits for its duration is of it
  std::size_t bytes = 0;
  std::string fingerprint;
  std::string text;
  std::vector<Share> shares;  // the last one is of the log that is read, mostly
  Share& share(const std::string* file) {
    if (!shares.empty() && shares.back().file == file) return shares.back();
    const auto found =
        std::find_if(shares.rbegin(), shares.rend(), [&](const Share& known) { return known.file == file; });
    if (found != shares.rend()) return *found;
    shares.emplace_back().file = file;
    return shares.back();
  }
  std::optional<KeptCall> slowest;
  std::vector<KeptCall> distinct;
  std::vector<std::uint64_t> distinct_keys;
  std::uint64_t slowest_key = 0;
  std::uint64_t latest_session = 0;  // that ran it, and when; and the latest one of the others
  std::int64_t latest_end = no_time;
  std::int64_t other_end = no_time;
  std::optional<KeptPlan> plan;
  double slowest_plan_ms = -1;  // also of one that could not be kept

  // When did another session run it last?
  std::int64_t ran(std::uint64_t session, std::int64_t end) {
    if (session != latest_session) other_end = latest_end;
    latest_session = session;
    latest_end = end;
    return other_end;
  }

  std::pair<std::int64_t, std::uint64_t> value() const {
    std::pair<std::int64_t, std::uint64_t> out;
    for (const Share& share : shares)
      out.first = add_nanoseconds(out.first, share.total_ns), out.second += share.calls;
    return out;
  }
};

struct Collector::Template {
  enum class Effect : std::uint8_t { none, opens, closes };
  QueryState* state = nullptr;
  CallKind kind = CallKind::other;
  Effect effect = Effect::none;
  bool ignored = false;            // never part of a repeat
  bool keying_parameters = false;  // some are not for paging
};

struct Collector::Identity {
  std::string user;
  std::string database;
  std::string application;
  std::string host;
  bool tool = false;  // it reads row by row what nobody waits for, or is a benchmark
};

// A call between its record and the one that completes it.
struct Collector::Statement : Call {
  std::uint64_t hash = 0;
  const Template* entry = nullptr;
  bool literals = false;
  std::uint64_t trace = 0;
  std::uint32_t identity = 0;
};

struct Collector::Plan {
  std::uint64_t hash = 0;
  std::string text;
  std::optional<std::string> parameters;
  std::int64_t time = no_time;
  bool whole_seconds = false;
  double duration_ms = 0;
  int line = 0;
  std::uint32_t identity = 0;
  LogSource* source = nullptr;
  std::optional<std::uint64_t> rows;
};

// From BEGIN on, as far as the log shows it.
struct OpenTransaction {
  std::int64_t start = no_time;
  std::int64_t last_end = no_time;
  std::int64_t idle = 0;  // the client's pauses
  std::int64_t longest_pause = 0;
  std::uint32_t before_pause = invalid_id;  // the statement before the longest one
  std::uint32_t last_query = invalid_id;
  std::pair<const std::string*, int> place{}, last_place{};  // of these
};

// A session; also what a trace or a connection pool needs of one.
struct Collector::Session {
  explicit Session(RepeatedQuery::Scope scope) : detector(scope) {}
  std::uint64_t key = 0;
  bool named = true;  // the log tells which session it is
  bool counted = false;
  bool in_transaction = false;
  OpenTransaction transaction;
  std::int64_t last_end = no_time;
  std::uint64_t last_record = 0;
  std::uint64_t identity_hash = 0;
  std::uint32_t identity = 0;
  bool identified = false;
  Identity announced;    // by "connection authorized"
  bool waiting = false;  // `pending` waits for its duration
  Statement pending;
  std::string pending_text;
  std::string pending_parameters;
  LogSource* pending_source = nullptr;
  struct Told {
    std::uint64_t hash = 0;
    std::optional<double> duration_ms;
  };
  std::array<Told, 4> recent{};  // the latest statements, whose plans may still come
  std::size_t recent_at = 0;
  std::vector<Plan> plans;
  // A transaction's first call, until a second one comes: around one statement BEGIN and COMMIT are what the
  // server does by itself (repositories of Spring Data, what ORMs save), and no scope.
  bool holding = false;
  bool held = false;
  Call first;
  std::string first_statement, first_parameters;
  Detector detector;
};

Collector::Collector(bool by_log, const Limits& limits)
    : by_log_(by_log), limits_(limits), call_(std::make_unique<Statement>()), max_bytes_(limits.bytes) {
  repeats_.by_log = by_log;
}
Collector::~Collector() = default;

void Collector::begin(LogSource& source, bool in_order) {
  source_ = &source;
  in_order_ = in_order;
  repeats_.current = &source.path;
  durations_alone_ = cut_records_ = 0;
  plans_left_out_ = {};
}

Outcome Collector::take(const Record& record) {
  ++records_;
  if (queries_.size() > limits_.templates || bytes_ > max_bytes_) fold();
  if (templates_.size() > 4 * limits_.templates) forget_templates();
  cut_records_ += record.cut;
  if (!record.preview) look_ahead(record, scanner_, preview_);
  const Preview& preview = record.preview ? *record.preview : preview_;
  Session& session = session_of(record, preview.session);
  if (record.level != Level::log) {
    if (record.level == Level::error) flush(session);  // it failed: its duration will not come
    return event(session, record, preview);
  }
  if (record.nested)
    return event(session, record, preview);  // a function's statements are not the application's; a lock is
                                             // told of with where it was taken
  const Message& message = preview.message;
  switch (message.kind) {
    case Message::Kind::statement:
    case Message::Kind::execute: return statement(session, record, preview);
    case Message::Kind::duration: return duration(session, record, *message.duration_ms);
    case Message::Kind::plan: return plan(session, record, preview);
    case Message::Kind::fetch: more_of_portal(session, message.duration_ms); [[fallthrough]];
    case Message::Kind::step: flush(session); return {Use::used, parameters_of(record.detail).has_value()};
    case Message::Kind::other: {
      const Outcome outcome = event(session, record, preview);
      other(session, record);
      return outcome;
    }
  }
  return {};
}

// EXECUTE of a statement that was prepared by SQL: the statement is in the DETAIL, the values in the EXECUTE.
bool Collector::resolve_execute(const Record& record, Statement& call) {
  if (!record.detail.starts_with("prepare: ") || first_word(scanner_.scan(call.statement).text) != "execute")
    return false;
  const auto as = lower(record.detail).find(" as ");
  if (as == std::string::npos) return false;
  arguments_.clear();
  const auto values = parse_arguments(call.statement);
  for (std::size_t i = 0; values && i < values->size(); ++i) {
    arguments_ += (i ? ", $" : "$") + std::to_string(i + 1) + " = ";
    if ((*values)[i]) arguments_.append("'").append(replace_all(*(*values)[i], "'", "''")).append("'");
    else arguments_ += "NULL";
  }
  if (values) call.parameters = arguments_;
  call.statement = trim(record.detail.substr(as + 4));
  const StatementScan scan = scanner_.scan(call.statement);
  call.hash = scan.hash;
  call.literals |= scan.literals;
  call.key = hash_bytes({reinterpret_cast<const char*>(&call.key), sizeof call.key}, scan.key);
  if (call.parameters) call.key = hash_parameters(*call.parameters, *scan.paging, call.key);
  return true;
}

Outcome Collector::statement(Session& session, const Record& record, const Preview& preview) {
  Statement& call = *call_;
  call.statement = preview.text;
  call.hash = preview.hash;
  call.key = preview.key;
  call.literals = preview.literals;
  call.parameters = preview.parameters;
  call.trace = preview.trace;
  call.duration_ms = preview.message.duration_ms;
  Outcome outcome{Use::used, call.parameters.has_value()};
  if (!call.parameters && !record.detail.empty()) outcome.detail_used |= resolve_execute(record, call);
  call.entry = template_of(call.hash, call.statement, preview.whole, record.truncated);
  if (!call.entry) return {Use::not_understood, false};
  call.file = &source_->path;
  call.line = record.line;
  call.whole_seconds = record.whole_seconds;
  call.end = call.start = record.time;
  call.identity = identify(session, record, preview.identity);
  ++source_->statements;
  flush(session);
  if (call.duration_ms && call.start != no_time) call.start -= nanoseconds(*call.duration_ms) / 1000;
  if (!flush_plans(session, &call))
    session.recent[session.recent_at++ % session.recent.size()] = {call.hash, call.duration_ms};
  if (call.duration_ms) {
    ++source_->timed_statements;
    complete(session, call);
    return outcome;
  }
  session.waiting = true;
  session.pending = call;
  session.pending_source = source_;
  session.pending_text.assign(call.statement);
  session.pending.statement = session.pending_text;
  if (call.parameters) {
    session.pending_parameters.assign(*call.parameters);
    session.pending.parameters = session.pending_parameters;
  }
  return outcome;
}

// log_duration: the time of what log_statement told of, or of a parse or bind, or of a statement that wasn't
// logged.
Outcome Collector::duration(Session& session, const Record& record, double milliseconds) {
  if (!session.waiting || !in_order_) {
    ++durations_alone_;
    return {Use::used, false};
  }
  Statement& pending = session.pending;
  pending.duration_ms = milliseconds;
  if (pending.start != no_time && record.time != no_time) pending.end = std::max(record.time, pending.start);
  ++session.pending_source->timed_statements;
  flush(session);
  return {Use::used, false};
}

// The time of further rows is in the plan's, too.
void Collector::more_of_portal(Session& session, std::optional<double> milliseconds) {
  auto& latest = session.recent[(session.recent_at + session.recent.size() - 1) % session.recent.size()];
  if (latest.duration_ms && milliseconds) *latest.duration_ms += *milliseconds;
}

// auto_explain tells of a statement that the log may also tell of itself: of the simple protocol's behind the
// plan, of the extended protocol's before it. What one of both limits left out is told of once: so times have
// to agree.
Outcome Collector::plan(Session& session, const Record& record, const Preview& preview) {
  ExplainRecord text = read_explain_record(preview.message.sql);
  if (text.query.empty()) return {};
  const StatementScan scan = scanner_.scan(text.query);
  const std::uint64_t hash = scan.hash;
  if (Template* entry = template_of(hash, text.query, !scan.unfinished && !record.cut, false))
    keep_plan(*entry->state, record, text, preview);
  if (session.waiting && session.pending.hash == hash) {
    count_rows(hash, *source_, text.rows);
    return {};
  }
  const double plan_ms = preview.message.duration_ms.value_or(0);
  const auto told =
      std::find_if(session.recent.begin(), session.recent.end(), [&](const Session::Told& each) {
        return each.hash == hash &&
               (!each.duration_ms ||
                std::abs(*each.duration_ms - plan_ms) <= 2 + 0.25 * std::max(plan_ms, *each.duration_ms));
      });
  if (told != session.recent.end()) {
    *told = {};
    count_rows(hash, *source_, text.rows);
    return {};
  }
  if (session.plans.size() >= max_plans) flush_plans(session, nullptr);
  Plan kept;
  kept.hash = hash;
  kept.text = std::move(text.query);
  kept.parameters = std::move(text.parameters);
  kept.time = record.time;
  kept.whole_seconds = record.whole_seconds;
  kept.duration_ms = plan_ms;
  kept.line = record.line;
  kept.identity = identify(session, record, preview.identity);
  kept.source = source_;
  kept.rows = text.rows;
  session.plans.push_back(std::move(kept));
  return {};
}

void Collector::keep_plan(QueryState& state, const Record& record, const ExplainRecord& explained,
                          const Preview& preview) {
  const double duration = preview.message.duration_ms.value_or(0);
  if (!explained.format) {
    ++plans_left_out_.format;
    return;
  }
  if (duration <= state.slowest_plan_ms) return;
  state.slowest_plan_ms = duration;
  forget_plan(state);  // whether this one can be kept or not: it is no longer the slowest's
  const std::string_view text = trim(preview.message.sql);
  if (record.cut || text.size() > longest_plan || plan_bytes_ + text.size() > max_plan_bytes) {
    ++plans_left_out_.size;
    return;
  }
  state.plan = KeptPlan{*explained.format, &source_->path, record.line, duration, std::string(text)};
  plan_bytes_ += text.size();
}

void Collector::forget_plan(QueryState& state) {
  if (state.plan) plan_bytes_ -= state.plan->text.size();
  state.plan.reset();
}

// All but the one of the statement `told`, which ran while the plan was logged. Was there one?
bool Collector::flush_plans(Session& session, const Statement* told) {
  if (session.plans.empty()) return false;
  std::vector<Plan> plans;
  plans.swap(session.plans);
  const auto of_told = [&](const Plan& plan) {
    if (!told || plan.hash != told->hash) return false;
    if (!told->duration_ms) return true;
    const std::int64_t slack = plan.whole_seconds ? 1'000'000 : 2'000;
    return plan.duration_ms <= *told->duration_ms + 2 + 0.25 * *told->duration_ms &&
           (plan.time == no_time || told->start == no_time || plan.time >= told->start - slack);
  };
  const auto own = std::find_if(plans.rbegin(), plans.rend(), of_told);
  for (Plan& kept : plans) {
    if (own != plans.rend() && &kept == &*own) {
      count_rows(kept.hash, *kept.source, kept.rows);
      continue;
    }
    const StatementScan scan = scanner_.scan(kept.text);
    Statement call;
    call.hash = scan.hash;
    call.key = scan.key;
    if (kept.parameters) call.key = hash_parameters(*kept.parameters, *scan.paging, call.key);
    call.literals = scan.literals;
    call.trace = scan.trace.empty() ? 0 : hash_bytes(scan.trace, 1) | 1;
    call.file = &kept.source->path;
    call.line = kept.line;
    call.whole_seconds = kept.whole_seconds;
    call.start = call.end = kept.time;
    if (call.start != no_time) call.start -= nanoseconds(kept.duration_ms) / 1000;
    call.identity = kept.identity;
    call.duration_ms = kept.duration_ms;
    call.statement = kept.text;
    if (kept.parameters) call.parameters = *kept.parameters;
    call.entry = template_of(call.hash, kept.text, true, false);
    --kept.source->other;
    ++kept.source->used;
    ++kept.source->statements;
    ++kept.source->timed_statements;
    complete(session, call);
    count_rows(kept.hash, *kept.source, kept.rows);
  }
  return own != plans.rend();
}

// What a write changed is not the rows that its top node gives.
void Collector::count_rows(std::uint64_t hash, const LogSource& source, std::optional<std::uint64_t> rows) {
  const auto entry = templates_.find(hash);
  if (!rows || entry == templates_.end() || entry->second.kind != CallKind::select) return;
  Share& share = entry->second.state->share(key_of(&source.path));
  share.rows += *rows;
  ++share.rows_calls;
}

void Collector::other(Session& session, const Record& record) {
  const std::string_view message = record.message;
  if (!session.named) return;
  if (message.starts_with("disconnection: ")) {
    end_session(session);
    return;
  }
  if (message.starts_with("connection received: ")) {
    const std::uint64_t key = session.key;
    end_session(session);
    auto fresh = std::make_unique<Session>(RepeatedQuery::Scope::session_burst);
    fresh->key = key;
    fresh->last_record = records_;
    sessions_[key] = std::move(fresh);
    return;
  }
  if (!message.starts_with("connection authorized: ")) return;
  const auto value = [&](std::string_view name, std::initializer_list<std::string_view> ends) -> std::string {
    const auto at = message.find(name);
    if (at == std::string_view::npos) return {};
    std::string_view rest = message.substr(at + name.size());
    for (const auto end : ends) rest = rest.substr(0, rest.find(end));
    return std::string(rest);
  };
  session.announced.user = value("user=", {" database=", " application_name="});
  session.announced.database = value(" database=", {" application_name=", " SSL enabled", " GSS "});
  session.announced.application = value(" application_name=", {" SSL enabled", " GSS "});
  session.identified = false;
}

Outcome Collector::event(Session& session, const Record& record, const Preview& preview) {
  auto parsed = parse_event(record);
  if (!parsed) return {};
  Happening happening;
  happening.kind = parsed->kind;
  happening.about = clean(parsed->about);
  happening.duration_us = parsed->duration_ms * 1000;
  happening.bytes = parsed->bytes;
  happening.time = record.time;
  happening.log = &source_->path;
  happening.place.file = source_->path;
  happening.place.line = record.line;
  happening.identity = identify(session, record, preview.identity);
  if (const auto text = trim(record.statement); !text.empty()) {
    const StatementScan scan = scanner_.scan(text);
    const std::uint64_t hash = scan.hash;
    if (const Template* entry = template_of(hash, text, !scan.unfinished && !record.cut, false)) {
      happening.fingerprint = entry->state->fingerprint;
      happening.statement = entry->state->text;
    }
  }
  return {Use::used, false, !count_event(std::move(happening)).fingerprint.empty()};
}

const ServerEvent& Collector::count_event(Happening happening) {
  EventKey key{happening.kind, std::move(happening.about), std::move(happening.fingerprint)};
  auto& events = events_[key_of(happening.log)];
  if (events.size() >= max_events && !events.contains(key))
    key.about.clear(), key.fingerprint.clear(), happening.statement.clear();
  ServerEvent& event = events[key];
  if (event.count++ == 0) {
    event.kind = key.kind;
    event.about = key.about;
    event.fingerprint = key.fingerprint;
    event.statement = std::move(happening.statement);
    event.place = std::move(happening.place);
  }
  const auto whole = [](double value) {
    return std::min(std::round(value), 1e15);
  };  // no order of adding shows
  const double duration_us = whole(happening.duration_us);
  event.total_us += duration_us;
  event.longest_us = std::max(event.longest_us, duration_us);
  if (duration_us > 0) event.times.add(static_cast<std::int64_t>(duration_us) * 1000);  // nanoseconds
  event.total_bytes += whole(happening.bytes);
  event.largest_bytes = std::max(event.largest_bytes, whole(happening.bytes));
  if (happening.time != no_time) {
    event.first = std::min(event.first.value_or(happening.time), happening.time);
    event.last = std::max(event.last.value_or(happening.time), happening.time);
  }
  const std::string& application = identities_[happening.identity].application;
  if (!application.empty() &&
      (event.applications.size() < max_names || event.applications.contains(application)))
    ++event.applications[application];
  return event;
}

// How long a transaction is open, and behind which statement the client paused for the longest time.
void Collector::follow_transaction(Session& session, const Statement& statement) {
  OpenTransaction& open = session.transaction;
  if (statement.entry->effect == Template::Effect::opens) open = {statement.start, statement.start};
  if (open.start == no_time || statement.start == no_time) return;
  const std::int64_t pause = statement.start - open.last_end;
  if (pause > 0) open.idle += pause;
  if (pause > open.longest_pause) {
    open.longest_pause = pause;
    open.before_pause = open.last_query;
    open.place = open.last_place;
  }
  open.last_end = std::max(open.last_end, statement.end);
  open.last_query = statement.entry->state->number;
  open.last_place = {statement.file, statement.line};
}

void Collector::end_transaction(Session& session, const Statement& statement) {
  const OpenTransaction open = session.transaction;
  session.transaction = {};
  if (open.start == no_time || open.last_end - open.start < shortest_open_us ||
      identities_[statement.identity].tool)
    return;
  const std::int64_t length = open.last_end - open.start;
  const auto& [file, line] = open.place;
  Happening happening;
  happening.kind = ServerEvent::Kind::open_transaction;
  happening.about = 2 * open.idle >= length ? "idle" : "busy";
  happening.duration_us = static_cast<double>(length);
  happening.time = open.last_end;
  happening.log = statement.file;
  happening.place.file = file ? *file : *statement.file;
  happening.place.line = file ? line : statement.line;
  happening.identity = statement.identity;
  if (const auto query = queries_.find(open.before_pause); query != queries_.end()) {
    happening.fingerprint = query->second->fingerprint;
    happening.statement = query->second->text;
  }
  count_event(std::move(happening));
}

Collector::Session& Collector::session_of(const Record& record, std::uint64_t key) {
  if (Session* const recent = recent_sessions_.find(key)) {
    recent->last_record = records_;
    return *recent;
  }
  auto& slot = sessions_[key];
  if (!slot) {
    if (sessions_.size() > max_sessions) {
      evict();
      return session_of(record, key);
    }
    slot = std::make_unique<Session>(RepeatedQuery::Scope::session_burst);
    slot->key = key;
    slot->named = !record.session.empty();
  }
  slot->last_record = records_;
  recent_sessions_.keep(key, slot.get());
  return *slot;
}

void Collector::end_session(Session& session) {
  flush(session);
  flush_plans(session, nullptr);
  release(session, false);
  session.detector.finish(repeats_);
  recent_sessions_.keep(session.key, nullptr);
  sessions_.erase(session.key);
}

// The half that was silent for the longest time.
void Collector::evict() {
  std::vector<std::uint64_t> seen;
  for (const auto& [key, session] : sessions_)
    if (session) seen.push_back(session->last_record);
  std::nth_element(seen.begin(), seen.begin() + static_cast<long>(seen.size() / 2), seen.end());
  const std::uint64_t limit = seen[seen.size() / 2];
  std::vector<std::pair<std::uint64_t, Session*>> silent;
  std::erase_if(sessions_, [](const auto& entry) { return !entry.second; });
  for (const auto& [key, session] : sessions_)
    if (session->last_record < limit) silent.emplace_back(session->last_record, session.get());
  std::sort(silent.begin(), silent.end());
  for (const auto& [record, session] : silent) end_session(*session);
}

// `hash` is that of the record's own names.
std::uint32_t Collector::identify(Session& session, const Record& record, std::uint64_t hash) {
  if (session.identified && session.identity_hash == hash) return session.identity;
  session.identified = true;
  session.identity_hash = hash;
  const auto known = [](std::string_view value, const std::string& fallback) {
    return value.empty() || value == "[unknown]" ? std::string_view(fallback) : value;
  };
  const std::string_view user = known(record.user, session.announced.user);
  const std::string_view database = known(record.database, session.announced.database);
  const std::string_view application = known(record.application, session.announced.application);
  hash = hash_identity(user, database, application, record.host);
  const auto found = identity_of_hash_.find(hash);
  if (found != identity_of_hash_.end()) return session.identity = found->second;
  if (identities_.size() >= max_identities) return session.identity = 0;
  session.identity = static_cast<std::uint32_t>(identities_.size());
  identity_of_hash_.emplace(hash, session.identity);
  identities_.push_back(
      {clean(user), clean(database), clean(application), clean(record.host),
       application.starts_with("pg_dump") || application == "pg_restore" || application == "pgbench"});
  return session.identity;
}

// With standard_conforming_strings = off `\'` ends no string: of a statement that nobody could parse, what
// stands behind its first constant is not kept then.
static std::string without_uncertain(std::string_view statement, std::string_view shape) {
  const auto first = shape.find('?');
  if (first == std::string_view::npos || statement.find("\\'") == std::string_view::npos)
    return std::string(shape);
  return std::string(shape.substr(0, first + 1)) + " ...";
}

// nullptr only when `required` and the statement is new and does not parse.
Collector::Template* Collector::template_of(std::uint64_t hash, std::string_view text, bool whole,
                                            bool required) {
  if (Template* const recent = recent_templates_.find(hash)) return recent;
  const auto found = templates_.find(hash);
  Template* const entry = found != templates_.end() ? &found->second : new_template(text, whole, required);
  if (entry) recent_templates_.keep(hash, entry);
  return entry;
}

Collector::Template* Collector::new_template(std::string_view text, bool whole, bool required) {
  const StatementScan scan = scanner_.scan(text);
  std::string fingerprint;
  std::string normalized;
  const bool late = folded_ > 0 && !required;  // parsing takes the most time where every statement is another
  constexpr std::size_t longest_parsed = std::size_t{256}
                                         << 10;  // a tree takes hundreds of times the memory of its text
  if (whole && !late && !scan.text.empty() && text.size() <= longest_parsed) {
    const std::string statement = clean(text);
    if (auto known = sql::fingerprint(statement)) fingerprint = std::move(*known);
    if (!fingerprint.empty())
      if (auto known = sql::normalize(statement)) normalized = sql::redact(*known);
  }
  if (required && fingerprint.empty()) return nullptr;
  if (fingerprint.empty()) fingerprint = hex64(scan.hash);
  if (normalized.empty()) normalized = clean(without_uncertain(text, scan.text));
  while (normalized.ends_with(';') || normalized.ends_with(' ')) normalized.pop_back();
  Template& entry = templates_[scan.hash];
  entry.state = &state_of(std::move(fingerprint), std::move(normalized));
  entry.state->late |= late && whole;
  describe(entry, scan);
  return &entry;
}

Collector::QueryState& Collector::state_of(std::string fingerprint, std::string text) {
  const auto [known, added] = by_fingerprint_.try_emplace(fingerprint, queries_made_);
  auto& state = queries_[known->second];
  if (!added) return *state;
  state = std::make_unique<QueryState>();
  state->number = queries_made_++;
  state->fingerprint = std::move(fingerprint);
  state->text = std::move(text);
  state->bytes = state->text.size() + sizeof(QueryState) + sizeof(Template);
  bytes_ += state->bytes;
  return *state;
}

// The less valuable half goes into one query, which has no samples.
void Collector::fold() {
  for (const auto& [key, session] : sessions_)
    if (session && session->waiting) session->pending.entry->state->pinned = true;
  std::vector<QueryState*> states;
  for (const auto& [number, state] : queries_)
    if (!state->pinned) states.push_back(state.get());
    else state->pinned = false;
  std::sort(states.begin(), states.end(), [](const QueryState* a, const QueryState* b) {
    return std::pair(a->value(), a->number) < std::pair(b->value(), b->number);
  });
  std::size_t gone = 0;
  for (QueryState* state : states) {
    if (queries_.size() - gone <= limits_.templates / 2 && bytes_ <= limits_.bytes / 2) break;
    fold(*state);
    ++gone;
  }
  folded_ += gone;
  max_bytes_ =
      std::max(limits_.bytes, 2 * bytes_);  // what had to stay must not be looked through at each record
  std::erase_if(templates_, [&](const auto& entry) { return entry.second.state->number == invalid_id; });
  recent_templates_.clear();
  std::erase_if(queries_, [](const auto& entry) { return entry.second->number == invalid_id; });
}

void Collector::fold(QueryState& state) {
  if (!others_) {
    others_ = std::make_unique<QueryState>();
    others_->fingerprint = other_fingerprint;
    others_->text = other_text;
  }
  for (const Share& share : state.shares) others_->share(share.file).merge(share);
  bytes_ -= state.bytes;
  forget_plan(state);
  by_fingerprint_.erase(state.fingerprint);
  state.number = invalid_id;
}

// Ways of writing the queries that are kept; libpg_query tells which is of which again.
void Collector::forget_templates() {
  std::set<std::uint64_t> waiting;
  for (const auto& [key, session] : sessions_)
    if (session && session->waiting) waiting.insert(session->pending.hash);
  std::erase_if(templates_, [&](const auto& entry) { return !waiting.contains(entry.first); });
  recent_templates_.clear();
}

// What was too much to be parsed while the log went by.
void Collector::name_late() {
  std::vector<QueryState*> states;
  for (const auto& [number, state] : queries_)
    if (state->late) states.push_back(state.get());
  std::sort(states.begin(), states.end(),
            [](const QueryState* a, const QueryState* b) { return a->number < b->number; });
  for (QueryState* state : states) {
    if (state->distinct.empty()) continue;
    const std::string statement = clean(state->distinct.front().statement);
    auto fingerprint = sql::fingerprint(statement);
    if (!fingerprint) continue;
    by_fingerprint_.erase(state->fingerprint);
    const auto [known, added] = by_fingerprint_.try_emplace(*fingerprint, state->number);
    state->fingerprint = std::move(*fingerprint);
    if (auto text = sql::normalize(statement)) state->text = sql::redact(*text);
    if (added) continue;
    QueryState& into = *queries_.at(known->second);
    for (const Share& share : state->shares) into.share(share.file).merge(share);
    state->shares.clear();
    if (state->plan && (!into.plan || into.plan->duration_ms < state->plan->duration_ms))
      into.plan = std::move(state->plan);
  }
}

void Collector::describe(Template& entry, const StatementScan& scan) {
  const std::string_view text = scan.text;
  bool control_only = true;
  for (const std::string_view part : split(text, ';')) {
    const std::string_view piece = trim(part);
    const std::string_view word = first_word(piece);
    if (word == "begin" || piece.starts_with("start transaction")) {
      entry.effect = Template::Effect::opens;
    } else if (one_of(word, {"commit", "end", "rollback", "abort"})) {
      const bool partial =
          contains(piece, " to ") || contains(piece, " prepared") || contains(piece, " and chain");
      if (!partial) entry.effect = Template::Effect::closes;
    } else if (piece.starts_with("prepare transaction")) {
      entry.effect = Template::Effect::closes;
    }
    control_only &=
        one_of(word, {"",          "begin",   "start",    "commit", "end",   "rollback", "abort",
                      "savepoint", "release", "set",      "reset",  "show",  "discard",  "deallocate",
                      "prepare",   "listen",  "unlisten", "notify", "fetch", "move",     "close"});
  }
  const std::string_view word = first_word(text);
  if (one_of(word, {"insert", "update", "delete", "merge"})) entry.kind = CallKind::write;
  if (one_of(word, {"select", "table", "values", "declare"})) entry.kind = CallKind::select;
  if (word == "with")
    entry.kind = contains(text, "insert into ") || contains(text, "delete from ") ||
                         contains(text, "(update ") || contains(text, ") update ")
                     ? CallKind::write
                     : CallKind::select;
  entry.ignored =
      control_only || reads_catalog(text) || pages_of_foreign_key(text) || text.starts_with("select pg_");
  for (const auto& placeholder : *scan.placeholders) entry.keying_parameters |= !placeholder.paging;
}

// Ends the waiting for a duration.
void Collector::flush(Session& session) {
  if (!session.waiting) return;
  session.waiting = false;
  complete(session, session.pending);
}

void Collector::complete(Session& session, Statement& call) {
  const Template& entry = *call.entry;
  call.query = entry.state->number;
  call.kind = entry.kind;
  call.keyed = call.literals || entry.keying_parameters;
  call.key_known = !entry.keying_parameters || call.parameters.has_value();
  call.session = session.named ? session.key : ++nameless_;
  call.elsewhere = session.named ? entry.state->ran(session.key, call.end) : no_time;
  if (!session.counted) session.counted = true, sessions_seen_[key_of(call.file)] += session.named;
  aggregate(call);
  detect(session, call);
}

void Collector::aggregate(const Statement& call) {
  QueryState& state = *call.entry->state;
  state.share(key_of(call.file)).add(call, call.identity);
  if (call.duration_ms && (!state.slowest || *call.duration_ms > *state.slowest->duration_ms)) {
    if (!state.slowest) state.slowest.emplace();
    keep_sample(state, *state.slowest, call);
    state.slowest_key = call.key;
  }
  if (state.distinct.size() < max_distinct_samples + 1 &&
      std::find(state.distinct_keys.begin(), state.distinct_keys.end(), call.key) ==
          state.distinct_keys.end()) {
    state.distinct_keys.push_back(call.key);
    keep_sample(state, state.distinct.emplace_back(), call);
  }
}

void Collector::keep_sample(QueryState& state, KeptCall& kept, const Call& call) {
  const auto size = [&] { return kept.statement.size() + (kept.parameters ? kept.parameters->size() : 0); };
  state.bytes -= size();
  bytes_ -= size();
  kept.assign(call, 0, longest_text);
  state.bytes += size();
  bytes_ += size();
}

void Collector::feed(Session& scope, const Call& call, std::int64_t gap) {
  if (call.start != no_time && scope.last_end != no_time) {
    if (call.whole_seconds) gap = std::max<std::int64_t>(gap, 1'000'000);
    if (call.start - scope.last_end > gap || scope.last_end - call.start > polling_gap_us)
      scope.detector.pause(repeats_);
  }
  scope.detector.add(call, repeats_);
  scope.last_end = call.end;
}

void Collector::hold(Session& session, const Call& call) {
  session.held = true;
  session.first = call;
  session.first_statement.assign(call.statement.substr(0, longest_kept));
  session.first.statement = session.first_statement;
  if (!call.parameters) return;
  session.first_parameters.assign(call.parameters->substr(0, longest_kept));
  session.first.parameters = session.first_parameters;
}

// What was held is of a transaction that goes on, or the whole of one.
void Collector::release(Session& session, bool whole) {
  if (!session.holding) return;
  session.holding = false;
  if (!whole) session.detector.enter(RepeatedQuery::Scope::transaction, repeats_);
  session.first.own_transaction = whole;
  if (session.held) feed(session, session.first, whole ? burst_gap_us : polling_gap_us);
  session.held = false;
}

void Collector::end_scope(Session& session) {
  if (!session.in_transaction) return;
  if (session.holding) release(session, true);
  else session.detector.enter(RepeatedQuery::Scope::session_burst, repeats_);
  session.in_transaction = false;
}

// To the tightest scope that the call lies in.
void Collector::detect(Session& session, const Statement& call) {
  if (!in_order_) return;
  const Template& entry = *call.entry;
  const bool in_order_alone =
      call.start == no_time;  // of Drizzle's logger, or a log_line_prefix without a time
  if (entry.effect == Template::Effect::opens && (session.named || in_order_alone)) {
    end_scope(session);
    session.in_transaction = session.holding = true;
  }
  if (session.in_transaction) follow_transaction(session, call);
  if (!entry.ignored && !identities_[call.identity].tool) {
    if (call.trace) {
      auto& trace = traces_[call.trace];
      if (!trace) {
        trace = std::make_unique<Session>(RepeatedQuery::Scope::trace);
        trace_order_.push_back(call.trace);
      }
      feed(*trace, call, polling_gap_us);
      if (trace_order_.size() > max_traces) {
        const auto oldest = traces_.find(trace_order_.front());
        oldest->second->detector.finish(repeats_);
        traces_.erase(oldest);
        trace_order_.pop_front();
      }
    } else if (session.in_transaction) {
      if (session.held) release(session, false);
      if (session.holding) hold(session, call);
      else feed(session, call, polling_gap_us);
    } else {
      if (session.named || in_order_alone) feed(session, call, burst_gap_us);
      if (!in_order_alone) {
        auto& pool = pools_[call.identity];
        if (!pool) pool = std::make_unique<Session>(RepeatedQuery::Scope::pool_burst);
        feed(*pool, call, burst_gap_us);
      }
    }
  }
  if (entry.effect == Template::Effect::closes && session.in_transaction) {
    end_scope(session);
    end_transaction(session, call);
  }
}

static Sample sample_of(const KeptCall& kept) {
  Sample sample;
  sample.place = {*kept.file, kept.line, 0};
  sample.statement = clean(kept.statement);
  if (kept.parameters) sample.parameters = parse_parameters(clean(*kept.parameters));
  sample.duration_ms = kept.duration_ms;
  return sample;
}

static void add_name(std::set<std::string>& names, const std::string& name) {
  if (!name.empty() && names.size() < max_names) names.insert(name);
}

void Collector::finish() {
  std::vector<std::pair<std::uint64_t, Session*>> open;
  for (const auto& [key, session] : sessions_) open.emplace_back(session->last_record, session.get());
  std::sort(open.begin(), open.end());
  for (const auto& [record, session] : open) end_session(*session);
  std::vector<std::pair<std::uint32_t, Session*>> pools;
  for (const auto& [identity, pool] : pools_) pools.emplace_back(identity, pool.get());
  std::sort(pools.begin(), pools.end());
  for (const auto& [identity, pool] : pools) pool->detector.finish(repeats_);
  for (const auto trace : trace_order_) traces_[trace]->detector.finish(repeats_);
  name_late();
}

Workload Collector::take_workload(const LogSource* source) {
  const std::string* file = source ? &source->path : nullptr;
  Workload out;
  if (const auto sessions = sessions_seen_.find(file); sessions != sessions_seen_.end())
    out.sessions = sessions->second;
  fill_repeats(out, file);
  fill_queries(out, file);
  fill_events(out, file);
  return out;
}

void Collector::fill_events(Workload& workload, const std::string* file) const {
  const auto found = events_.find(file);
  if (found == events_.end()) return;
  for (const auto& [key, event] : found->second) workload.server_events.push_back(event);
  sort_server_events(workload.server_events);
}

void Collector::fill_queries(Workload& workload, const std::string* file) {
  for (const auto& [number, state] : queries_) fill_query(workload, *state, file);
  if (others_) fill_query(workload, *others_, file);
  sort_queries(workload.queries);
}

void Collector::fill_query(Workload& workload, QueryState& state, const std::string* file) {
  const auto share = std::find_if(state.shares.begin(), state.shares.end(),
                                  [&](const Share& known) { return known.file == file; });
  if (share == state.shares.end() || share->calls == 0) return;
  Query query;
  query.fingerprint = state.fingerprint;
  query.text = state.text;
  query.calls = share->calls;
  query.timed_calls = share->timed_calls;
  query.total_ms = static_cast<double>(share->total_ns) / 1e6;
  query.min_ms = static_cast<double>(share->min_ns) / 1e6;
  query.max_ms = static_cast<double>(share->max_ns) / 1e6;
  query.times = std::move(share->times);
  query.rows = share->rows;
  query.rows_calls = share->rows_calls;
  if (share->first != no_time) query.first = share->first, query.last = share->last;
  for (const auto identity : share->identities) {
    add_name(query.users, identities_[identity].user);
    add_name(query.databases, identities_[identity].database);
    add_name(query.applications, identities_[identity].application);
  }
  std::size_t samples = 0;  // of all logs
  const auto keep = [&](const KeptCall& kept) {
    if (++samples <= max_distinct_samples + 1 && (!file || kept.file == file))
      query.samples.push_back(sample_of(kept));
  };
  if (state.slowest) keep(*state.slowest);
  for (std::size_t i = 0; i < state.distinct.size(); ++i)
    if (!state.slowest || state.distinct_keys[i] != state.slowest_key) keep(state.distinct[i]);
  if (state.plan && (!file || state.plan->file == file)) {
    query.plan = state.plan->plan();
    if (query.plan->text.empty()) query.plan.reset();  // none was found in it
  }
  workload.queries.push_back(std::move(query));
}

void Collector::fill_repeats(Workload& workload, const std::string* file) const {
  const auto found = repeats_.logs.find(file);
  if (found == repeats_.logs.end()) return;
  // "" for what became other statements.
  const auto fingerprint = [&](std::uint32_t query) {
    const auto state = queries_.find(query);
    return state == queries_.end() ? std::string() : state->second->fingerprint;
  };
  for (const auto& [key, entry] : found->second.entries()) {
    RepeatedQuery repeat = entry.repeat;
    for (const auto query : key.pattern) repeat.pattern.push_back(fingerprint(query));
    if (std::find(repeat.pattern.begin(), repeat.pattern.end(), "") != repeat.pattern.end()) continue;
    if (key.parent) repeat.parent = fingerprint(key.parent - 1);
    for (const auto& kept : entry.samples) repeat.samples.push_back(sample_of(kept));
    if (entry.parent && !repeat.parent.empty()) repeat.parent_sample = sample_of(*entry.parent);
    for (const auto& kept : entry.earlier)
      if (auto earlier = fingerprint(kept.query); !earlier.empty())
        repeat.earlier.push_back({std::move(earlier), sample_of(kept)});
    workload.repeats.push_back(std::move(repeat));
  }
  sort_repeats(workload.repeats);
  for (const auto& [queries, pair] : found->second.pairs()) {
    const auto first = fingerprint(queries.first), then = fingerprint(queries.second);
    if (!first.empty() && !then.empty())
      workload.write_pairs.push_back(
          {first, then, pair.bursts, pair.calls, sample_of(pair.first), sample_of(pair.then)});
  }
  sort_write_pairs(workload.write_pairs);
}

}  // namespace pgadvise::log
