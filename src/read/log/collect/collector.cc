#include "log/collect/collector.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/text/text.h"
#include "log/collect/workload_parts.h"
#include "log/record/clean_text.h"
#include "log/record/logged_plan.h"
#include "log/record/parameters.h"
#include "log/record/server_events.h"
#include "sql/statement_statistics.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_plans = 8;
constexpr std::int64_t shortest_open_us = 10'000'000;  // a transaction that is open for less is no event

// Whether pgadvise's own connection begins.
bool announces_itself(const Record& record) {
  return record.message.starts_with("connection authorized: ") &&
         contains(record.message, " application_name=" + std::string(sql::own_application));
}

bool is_own(const Record& record, const Session& session, const Message& message) {
  return known_name(record.application, session.announced.application) == sql::own_application ||
         (message.sql.ends_with(sql::own_mark) && message.kind != Message::Kind::plan);
}

RecordOrigin origin_of(const Record& record, const Session& session) {
  return {record.time, known_name(record.application, session.announced.application),
          known_name(record.user, session.announced.user),
          known_name(record.database, session.announced.database)};
}

}  // namespace

Collector::Collector(bool by_log, const Limits& limits, const Selection& selection)
    : by_log_(by_log),
      selection_(selection),
      select_everything_(selection.everything()),
      call_(std::make_unique<LoggedCall>()),
      queries_(scanner_, limits),
      repeats_(by_log),
      events_(by_log) {}
Collector::~Collector() = default;

void Collector::begin(LogSource& source, bool in_order) {
  count(retries_.take_all());
  source_ = &source;
  in_order_ = in_order;
  repeats_.begin(source.path);
  counts_ = {};
  selected_any_ = false;
}

Outcome Collector::take(const Record& record) {
  ++records_;
  if (queries_.full()) queries_.fold(sessions_.pending_templates());
  if (queries_.has_too_many_templates()) queries_.forget_templates(sessions_.pending_templates());
  counts_.cut_records += record.cut;
  if (!record.preview) look_ahead(record, scanner_, preview_);
  const Preview& preview = record.preview ? *record.preview : preview_;
  if (!retries_.empty() && record.time != no_time) count(retries_.take_settled(record.time));
  Session& session = session_of(record, preview.session);
  if (announces_itself(record)) other(session, record);
  if (is_own(record, session, preview.message)) return {};
  if (!select_everything_ && !select(origin_of(record, session))) {
    if (preview.message.kind == Message::Kind::other) other(session, record);  // it may announce names
    else identities_.identify(session, record, preview.identity);              // it may hold a lock
    return {};
  }
  if (record.level != Level::log) {
    const bool logged = session.waiting;
    if (record.level == Level::error) flush(session);  // it failed: its duration will not come
    session.begin_warned |= is_begin_in_transaction(record);
    return event(session, record, preview, logged);
  }
  if (record.nested)
    // A function's statements are not the application's. A lock wait is reported with its location.
    return event(session, record, preview);
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

bool Collector::select(const RecordOrigin& origin) {
  if (selects(selection_, origin)) {
    if (!selected_any_) source_->left_out = {};
    return selected_any_ = true;
  }
  if (!selected_any_) add_left_out(source_->left_out, selection_, origin);
  return false;
}

// EXECUTE of a statement that was prepared by SQL: the statement is in the DETAIL, the values in the EXECUTE.
bool Collector::resolve_execute(const Record& record, LoggedCall& call) {
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
  LoggedCall& call = *call_;
  call.statement = preview.text;
  call.hash = preview.hash;
  call.key = preview.key;
  call.literals = preview.literals;
  call.parameters = preview.parameters;
  call.trace = preview.trace;
  call.duration_ms = preview.message.duration_ms;
  Outcome outcome{Use::used, call.parameters.has_value()};
  if (!call.parameters && !record.detail.empty()) outcome.detail_used |= resolve_execute(record, call);
  call.entry = queries_.template_of(call.hash, call.statement, preview.whole, record.truncated);
  if (!call.entry) return {Use::not_understood, false};
  set_place(call, record);
  call.identity = identities_.identify(session, record, preview.identity);
  ++source_->statements;
  flush(session);
  if (!flush_plans(session, &call))
    session.recent[session.recent_at++ % session.recent.size()] = {call.hash, call.duration_ms};
  if (!retries_.empty() && in_order_) {  // not when the call is complete, which the log may show late
    call.key_known = !call.entry->keying_parameters || call.parameters.has_value();
    const TransactionEffect effect = call.entry->effect;
    const bool alone = !session.in_transaction && effect == TransactionEffect::none;
    retries_.ran(session.key, call.hash, call, alone || closes(effect));
  }
  if (call.duration_ms) {
    ++source_->timed_statements;
    complete(session, call);
    return outcome;
  }
  session.waiting = true;
  session.pending.hold(call);
  session.pending_source = source_;
  return outcome;
}

// Where and when a call of that duration was logged, which is at its end.
void Collector::set_place(LoggedCall& call, const Record& record) const {
  call.file = &source_->path;
  call.line = record.line;
  call.whole_seconds = record.whole_seconds;
  call.end = call.start = record.time;
  if (call.duration_ms && call.start != no_time) call.start -= nanoseconds(*call.duration_ms) / 1000;
}

// log_duration: the time of the statement that log_statement logged, of a parse or bind, or of a statement
// that was not logged.
Outcome Collector::duration(Session& session, const Record& record, double milliseconds) {
  if (!session.waiting || !in_order_) {
    ++counts_.durations_alone;
    return {Use::used, false};
  }
  LoggedCall& pending = session.pending.call;
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

// auto_explain logs a statement that the log may contain once more: behind the plan for the simple protocol,
// before the plan for the extended protocol. A limit may leave out one of both records, so two records are
// one call only if their times agree.
Outcome Collector::plan(Session& session, const Record& record, const Preview& preview) {
  ExplainRecord text = read_explain_record(preview.message.sql);
  if (text.query.empty()) return {};
  const StatementScan scan = scanner_.scan(text.query);
  LoggedCall call;
  call.hash = scan.hash;
  call.key = text.parameters ? hash_parameters(*text.parameters, *scan.paging, scan.key) : scan.key;
  call.literals = scan.literals;
  call.trace = scan.trace_hash();
  if (Template* entry = queries_.template_of(call.hash, text.query, !scan.unfinished && !record.cut, false))
    counts_.plans_too_large += !queries_.keep_plan(
        *entry->state, {text.format, &source_->path, record.line, preview.message.duration_ms.value_or(0)},
        trim(preview.message.sql), !record.cut);
  if (session.waiting && session.pending.call.hash == call.hash) {
    count_rows(call.hash, *source_, text.rows);
    return {};
  }
  const double plan_ms = preview.message.duration_ms.value_or(0);
  const auto latest = std::ranges::find_if(session.recent, [&](const Session::Latest& each) {
    return each.hash == call.hash &&
           (!each.duration_ms ||
            std::abs(*each.duration_ms - plan_ms) <= 2 + 0.25 * std::max(plan_ms, *each.duration_ms));
  });
  if (latest != session.recent.end()) {
    *latest = {};
    count_rows(call.hash, *source_, text.rows);
    return {};
  }
  if (session.plans.size() >= max_plans) flush_plans(session, nullptr);
  call.statement = text.query;
  if (text.parameters) call.parameters = *text.parameters;
  call.duration_ms = plan_ms;
  set_place(call, record);
  call.identity = identities_.identify(session, record, preview.identity);
  LonePlan& kept = session.plans.emplace_back();
  kept.hold(call);
  kept.source = source_;
  kept.rows = text.rows;
  return {};
}

// All but the one of the statement `logged`, which ran while the plan was logged. Was there one?
bool Collector::flush_plans(Session& session, const LoggedCall* logged) {
  if (session.plans.empty()) return false;
  std::list<LonePlan> plans;
  plans.swap(session.plans);
  const auto is_logged = [&](const LonePlan& plan) {
    if (!logged || plan.call.hash != logged->hash) return false;
    if (!logged->duration_ms) return true;
    const std::int64_t slack = plan.call.whole_seconds ? 1'000'000 : 2'000;
    return *plan.call.duration_ms <= *logged->duration_ms + 2 + 0.25 * *logged->duration_ms &&
           (plan.call.end == no_time || logged->start == no_time || plan.call.end >= logged->start - slack);
  };
  const auto own = std::find_if(plans.rbegin(), plans.rend(), is_logged);
  for (LonePlan& plan : plans) {
    if (own == plans.rend() || &plan != &*own) {
      plan.call.entry = queries_.template_of(plan.call.hash, plan.call.statement, true, false);
      --plan.source->other;
      ++plan.source->used;
      ++plan.source->statements;
      ++plan.source->timed_statements;
      complete(session, plan.call);
    }
    count_rows(plan.call.hash, *plan.source, plan.rows);
  }
  return own != plans.rend();
}

// What a write changed is not the rows that its top node gives.
void Collector::count_rows(std::uint64_t hash, const LogSource& source, std::optional<std::uint64_t> rows) {
  const Template* entry = rows ? queries_.find_template(hash) : nullptr;
  if (!entry || entry->kind != CallKind::select) return;
  Share& share = entry->state->share(key_of(&source.path));
  share.rows += *rows;
  ++share.rows_calls;
}

void Collector::other(Session& session, const Record& record) {
  const std::string_view message = record.message;
  if (!session.named) return;
  if (message.starts_with("disconnection: ")) return end_session(session);
  if (message.starts_with("connection received: ")) {
    const std::uint64_t key = session.key;
    end_session(session);
    Session& begun = sessions_.add(key, true, process_of(record.session));
    begun.last_record = records_;
    lock_holders_.begin(begun);
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

// What a session's transaction is known by, of which a statement failed. `logged`: the log had the statement
// before it failed. `scan`: of the statement that the error names.
TransactionMark Collector::failed_transaction(const Session& session, bool logged,
                                              const StatementScan* scan) const {
  if (!in_order_ || !session.named) return {};
  const bool commit = logged && closes(session.pending.call.entry->effect);
  TransactionMark mark;
  if (session.in_transaction || commit) mark = session.mark;
  else if (logged) mark.add(session.pending.call.hash, session.pending.call);
  if (!mark.hash && session.in_transaction && scan && scan->literals && !scan->unfinished)
    mark = {scan->hash, scan->key, false};
  return mark;
}

// Counts them with what became of them.
void Collector::count(const std::vector<SettledRollback>& rollbacks) {
  for (const auto& [rollback, not_repeated] : rollbacks) {
    Happening happening = rollback.happening;
    const bool deadlock = happening.kind == ServerEvent::Kind::deadlock;
    if (deadlock && !not_repeated) continue;  // it is counted already
    happening.kind = ServerEvent::Kind::cancelled;
    happening.about = rollback_reason(deadlock, not_repeated);
    events_.count(std::move(happening), rollback.application);
  }
}

Outcome Collector::event(Session& session, const Record& record, const Preview& preview, bool logged) {
  auto parsed = parse_event(record);
  if (!parsed) return {};
  Happening happening;
  happening.kind = parsed->kind;
  happening.about = clean(parsed->about);
  happening.duration_us = parsed->duration_ms * 1000;
  happening.bytes = parsed->bytes;
  happening.time = record.time;
  happening.log = &source_->path;
  happening.place = {source_->path, record.line};
  const std::string& application =
      identities_[identities_.identify(session, record, preview.identity)].application;
  StatementScan scan;
  const auto text = trim(record.statement);
  if (!text.empty()) {
    scan = scanner_.scan(text);
    if (const Template* entry =
            queries_.template_of(scan.hash, text, !scan.unfinished && !record.cut, false)) {
      happening.fingerprint = entry->state->fingerprint;
      happening.statement = entry->state->text;
    }
  }
  if (is_rollback(*parsed) && record.time != no_time) {
    Rollback rollback;
    rollback.happening = happening;
    rollback.application = application;
    rollback.mark = failed_transaction(session, logged, text.empty() ? nullptr : &scan);
    rollback.session = session.key;
    rollback.statement = scan.hash;
    rollback.transactions = session.in_transaction ? 0 : 1;
    const bool counted_later = rollback.mark.hash && parsed->kind != ServerEvent::Kind::deadlock;
    if (rollback.mark.hash) retries_.add(std::move(rollback));
    if (counted_later) return {Use::used, false, !happening.fingerprint.empty()};
  }
  ServerEvent& event = events_.count(std::move(happening), application);
  const bool holders = parsed->kind == ServerEvent::Kind::lock_still_waiting &&
                       lock_holders_.add(event, record.detail, record.time);
  return {Use::used, holders, !event.fingerprint.empty()};
}

void Collector::end_transaction(Session& session, const LoggedCall& call) {
  const OpenTransaction open = session.transaction;
  session.transaction = {};
  if (open.start == no_time || open.last_end - open.start < shortest_open_us ||
      identities_[call.identity].tool)
    return;
  const std::int64_t length = open.last_end - open.start;
  const auto& [file, line] = open.place;
  Happening happening;
  happening.kind = ServerEvent::Kind::open_transaction;
  happening.about = 2 * open.idle >= length ? "idle" : "busy";
  happening.duration_us = static_cast<double>(length);
  happening.time = open.last_end;
  happening.log = call.file;
  happening.place = {file ? *file : *call.file, file ? line : call.line};
  if (const QueryState* query = queries_.find_query(open.before_pause)) {
    happening.fingerprint = query->fingerprint;
    happening.statement = query->text;
  }
  events_.count(std::move(happening), identities_[call.identity].application);
}

Session& Collector::session_of(const Record& record, std::uint64_t key) {
  Session* session = sessions_.find(key);
  if (!session) {
    if (sessions_.full())
      for (Session* silent : sessions_.longest_silent()) end_session(*silent);
    session = &sessions_.add(key, !record.session.empty(), process_of(record.session));
    lock_holders_.begin(*session);
  }
  session->last_record = records_;
  return *session;
}

void Collector::end_session(Session& session) {
  flush(session);
  flush_plans(session, nullptr);
  if (session.awaited) lock_holders_.name(session, nullptr);
  repeats_.end(session);
  sessions_.erase(session);
}

// Ends the waiting for a duration.
void Collector::flush(Session& session) {
  if (!session.waiting) return;
  session.waiting = false;
  complete(session, session.pending.call);
}

void Collector::complete(Session& session, LoggedCall& call) {
  const Template& entry = *call.entry;
  call.query = entry.state->number;
  call.kind = entry.kind;
  call.keyed = call.literals || entry.keying_parameters;
  call.key_known = !entry.keying_parameters || call.parameters.has_value();
  call.session = session.named ? session.key : ++nameless_;
  call.elsewhere = session.named ? entry.state->ran(session.key, call.end) : no_time;
  if (!session.counted) session.counted = true, sessions_seen_[key_of(call.file)] += session.named;
  queries_.add(*entry.state, key_of(call.file), call, call.identity);
  if (call.end != no_time)
    timeline_of(key_of(call.file))
        .add(call.end, {1, call.duration_ms ? nanoseconds(*call.duration_ms) / 1000 : 0});
  if (session.awaited) lock_holders_.name(session, &call);
  detect(session, call);
}

Timeline& Collector::timeline_of(const std::string* file) {
  if (!timeline_.second || timeline_.first != file) timeline_ = {file, &timelines_[file]};
  return *timeline_.second;
}

void Collector::begin_transaction(Session& session, std::int64_t time) {
  repeats_.enter_transaction(session);
  session.mark = {};
  session.order.clear();
  session.transaction.begin(time);
}

void Collector::detect(Session& session, const LoggedCall& call) {
  if (!in_order_) return;
  const Template& entry = *call.entry;
  // Without the server's warning the log lacks the end of the transaction before.
  const bool goes_on = std::exchange(session.begin_warned, false) && session.in_transaction;
  if (entry.effect == TransactionEffect::opens && !goes_on && (session.named || call.start == no_time))
    begin_transaction(session, call.start);
  if (session.in_transaction) session.transaction.follow(call);
  if (session.in_transaction && !entry.ignored) session.mark.add(call.hash, call);
  if (!entry.ignored && !identities_[call.identity].tool) {
    repeats_.add(session, call);
    if (session.in_transaction) session.order.add(call);
  }
  if (!session.in_transaction) return;
  session.order.follow(entry.effect, entry.savepoint);
  if (!closes(entry.effect)) return;
  repeats_.leave_transaction(session);
  orders_.add(session.order, key_of(call.file));
  end_transaction(session, call);
  if (entry.effect != TransactionEffect::chains) return;
  begin_transaction(session, call.end);
  session.transaction.follow(call);
}

void Collector::finish() {
  for (Session* session : sessions_.by_last_record()) end_session(*session);
  count(retries_.take_all());
  repeats_.finish();
  queries_.name_late();
}

Workload Collector::take_workload(const LogSource* source) {
  const std::string* file = source ? &source->path : nullptr;
  Workload out;
  if (const auto sessions = sessions_seen_.find(file); sessions != sessions_seen_.end())
    out.sessions = sessions->second;
  if (const Repeats* repeats = repeats_.of(file)) add_repeats(*repeats, queries_, out);
  if (const auto* orders = orders_.of(file)) add_transaction_orders(*orders, queries_, out);
  out.queries = take_queries(queries_, identities_, file);
  out.server_events = events_.of(file);
  out.timeline = timelines_[file];
  return out;
}

}  // namespace pgadvise::log
