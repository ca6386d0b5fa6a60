#include "log/workload/workload_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/text/text.h"
#include "log/workload/workload_format.h"
#include "sql/parse/statement.h"

namespace pgadvise::log {

using namespace workload_format;

namespace {

// Reads members of the right type and range; the first that is not is remembered, and everything after it is
// empty.
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  Result<std::vector<Workload>> read(std::string_view text) {
    const json whole =
        json::parse(text, [](int depth, json::parse_event_t, json&) { return depth <= deepest; }, false);
    if (whole.is_discarded()) return error("is not JSON, or is truncated");
    if (!whole.is_object() || !whole.contains("pgadvise_workload")) return error("is not a workload file");
    const json& written = whole["pgadvise_workload"];
    if (!written.is_number_integer() || written != version)
      return error(fmt::format("is a workload file of version {}; this pgadvise reads version {}",
                               ellipsis(dump(written), 20), version));
    other_parser_ = string(whole, "parser") != sql::parser_version();
    const json& texts = member(whole, "texts", json::value_t::object);
    for (const auto& [fingerprint, statement] : texts.items()) {
      if (!statement.is_string()) refuse("texts", "contains a value that is not a string");
      else if (check_fingerprint(fingerprint)) texts_.emplace(fingerprint, statement.get<std::string>());
    }
    for (const auto& [fingerprint, statement] : texts_)
      own_.emplace(fingerprint, own_fingerprint(fingerprint, statement));
    std::vector<Workload> out;
    for (const auto& entry : member(whole, "logs", json::value_t::array)) {
      where_ = fmt::format("logs[{}]", out.size());
      out.push_back(workload(entry));
      if (!refused_.empty()) break;
    }
    if (!refused_.empty()) return error("is damaged: " + refused_);
    return out;
  }

 private:
  tl::unexpected<Error> error(std::string what) const {
    return fail(Error::Kind::input, path_, std::move(what), "pgadvise digest LOG -o FILE writes one");
  }

  void refuse(std::string_view key, std::string_view what) {
    if (refused_.empty()) refused_ = fmt::format("{}{}{} {}", where_, where_.empty() ? "" : ": ", key, what);
  }

  const json& member(const json& object, const char* key, json::value_t type, bool needed = true) {
    static const json none_object = json::object(), none_array = json::array(), none;
    const json& nothing = type == json::value_t::object  ? none_object
                          : type == json::value_t::array ? none_array
                                                         : none;
    if (!object.is_object()) {
      refuse("", "is not an object");
      return nothing;
    }
    const auto at = object.find(key);
    if (at == object.end()) {
      if (needed) refuse(key, "is missing");
      return nothing;
    }
    if (at->type() == type) return *at;
    refuse(key, fmt::format("is no {}", type == json::value_t::string    ? "text"
                                        : type == json::value_t::boolean ? "boolean"
                                        : type == json::value_t::array   ? "array"
                                                                         : "object"));
    return nothing;
  }

  std::string string(const json& object, const char* key, bool needed = true) {
    const json& value = member(object, key, json::value_t::string, needed);
    return value.is_string() ? value.get<std::string>() : std::string();
  }

  bool boolean(const json& object, const char* key) {
    const json& value = member(object, key, json::value_t::boolean);
    return value.is_boolean() && value.get<bool>();
  }

  std::uint64_t count_of(const json& value, const char* key, std::uint64_t limit = most) {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() <= limit) return value.get<std::uint64_t>();
    refuse(key, fmt::format("is not a whole number from 0 to {}", limit));
    return 0;
  }

  std::uint64_t count(const json& object, const char* key, bool needed = true, std::uint64_t limit = most) {
    const auto at = object.is_object() ? object.find(key) : object.end();
    if (!object.is_object() || at == object.end()) {
      if (needed) refuse(key, "is missing");
      return 0;
    }
    return count_of(*at, key, limit);
  }

  std::optional<double> milliseconds(const json& object, const char* key, bool needed) {
    const auto at = object.is_object() ? object.find(key) : object.end();
    if (!object.is_object() || at == object.end()) {
      if (needed) refuse(key, "is missing");
      return std::nullopt;
    }
    if (at->is_number() && at->get<double>() >= 0 && at->get<double>() <= longest_ms)
      return at->get<double>();
    refuse(key, "is not a number of milliseconds");
    return std::nullopt;
  }

  std::optional<std::int64_t> time(const json& object, const char* key) {
    const auto at = object.find(key);
    if (at == object.end()) return std::nullopt;
    if (at->is_number_integer() && (!at->is_number_unsigned() || at->get<std::uint64_t>() <= most * 64)) {
      const auto value = at->get<std::int64_t>();
      if (value > -latest && value < latest) return value;
    }
    refuse(key, "is not a timestamp");
    return std::nullopt;
  }

  bool check_fingerprint(const std::string& fingerprint) {
    const bool right =
        !fingerprint.empty() && fingerprint.size() <= 64 &&
        fingerprint.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-") == std::string::npos;
    if (!right) refuse("fingerprint", "is none");
    return right;
  }

  // This program's own, and the statement.
  std::string fingerprint(const std::string& written, std::string* text = nullptr) {
    const auto own = own_.find(written);
    if (own == own_.end()) {
      refuse("fingerprint", "is not among the texts");
      return {};
    }
    if (text) *text = texts_[written];
    return own->second;
  }

  std::set<std::string> names(const json& object, const char* key) {
    std::set<std::string> out;
    for (const auto& name : member(object, key, json::value_t::array, false)) {
      if (name.is_string()) out.insert(name.get<std::string>());
      else refuse(key, "contains a value that is not a string");
    }
    return out;
  }

  Sample sample(const json& in, const std::string& file, const std::string& text) {
    Sample out;
    constexpr std::uint64_t last_line = 2'147'483'647;
    out.place.file = in.is_object() && in.contains("file") ? string(in, "file") : file;
    out.place.line = static_cast<int>(count(in, "line", false, last_line));
    out.place.column = static_cast<int>(count(in, "column", false, last_line));
    out.duration_ms = milliseconds(in, "ms", false);
    const std::string statement = string(in, "statement", false);
    out.statement = statement.empty() ? text : statement;
    if (!in.is_object() || !in.contains("parameters")) return out;
    out.parameters.emplace();
    for (const auto& value : member(in, "parameters", json::value_t::array)) {
      if (value.is_string()) out.parameters->emplace_back(value.get<std::string>());
      else if (value.is_null()) out.parameters->emplace_back(std::nullopt);
      else refuse("parameters", "contains a value that is not a string");
    }
    return out;
  }

  Query query(const json& in, const std::string& file) {
    Query out;
    out.fingerprint = fingerprint(string(in, "fingerprint"), &out.text);
    out.calls = count(in, "calls");
    out.timed_calls = count(in, "timed_calls", false);
    if (out.timed_calls > 0) {
      out.total_ms = milliseconds(in, "total_ms", true).value_or(0);
      out.min_ms = milliseconds(in, "min_ms", true).value_or(0);
      out.max_ms = milliseconds(in, "max_ms", true).value_or(0);
    }
    if (out.timed_calls > out.calls) refuse("timed_calls", "are more than calls");
    if (out.min_ms > out.max_ms) refuse("min_ms", "is more than max_ms");
    out.times = times(in);
    if (out.times.count() > out.timed_calls) refuse("times", "are more than timed_calls");
    out.rows = count(in, "rows", false);
    out.rows_calls = count(in, "rows_calls", false);
    if (in.is_object()) out.first = time(in, "first"), out.last = time(in, "last");
    out.users = names(in, "users");
    out.databases = names(in, "databases");
    out.applications = names(in, "applications");
    for (const auto& each : member(in, "samples", json::value_t::array, false))
      out.samples.push_back(sample(each, file, out.text));
    if (in.is_object() && in.contains("plan")) out.plan = plan(in["plan"], file);
    return out;
  }

  LoggedPlan plan(const json& in, const std::string& file) {
    LoggedPlan out;
    const std::string format = string(in, "format");
    const auto known = std::find_if(std::begin(plan_formats), std::end(plan_formats),
                                    [&](const auto& each) { return format == each.second; });
    if (known == std::end(plan_formats)) refuse("format", "is none");
    else out.format = known->first;
    out.place.file = in.is_object() && in.contains("file") ? string(in, "file") : file;
    out.place.line = static_cast<int>(count(in, "line", false, 2'147'483'647));
    out.duration_ms = milliseconds(in, "ms", true).value_or(0);
    out.text = string(in, "text");
    out.logged = string(in, "logged", false);
    if (out.text.size() > longest_written_plan || out.logged.size() > longest_written_plan)
      refuse("plan", "is longer than the limit");
    return out;
  }

  Histogram times(const json& in) {
    Histogram out;
    std::int64_t before = -1;
    for (const auto& bucket : member(in, "times", json::value_t::array, false)) {
      if (!bucket.is_array() || bucket.size() != 2) {
        refuse("times", "contains an invalid bucket");
        break;
      }
      const auto index = count_of(bucket[0], "times", Histogram::last_bucket);
      const auto calls = count_of(bucket[1], "times");
      if (static_cast<std::int64_t>(index) <= before || calls == 0) refuse("times", "are not in order");
      before = static_cast<std::int64_t>(index);
      out.add_bucket(static_cast<std::uint16_t>(index), calls);
    }
    return out;
  }

  RepeatedQuery::Scope scope(const json& in, const char* key) {
    const std::string written = string(in, key);
    const auto known = std::find_if(std::begin(scopes), std::end(scopes),
                                    [&](const auto& each) { return written == each.second; });
    if (known != std::end(scopes)) return known->first;
    refuse(key, "is none");
    return RepeatedQuery::Scope::session_burst;
  }

  RepeatedQuery repeat(const json& in, const std::string& file) {
    RepeatedQuery out;
    std::vector<std::string> texts;
    for (const auto& each : member(in, "pattern", json::value_t::array)) {
      if (!each.is_string()) {
        refuse("pattern", "contains a value that is not a string");
        return out;
      }
      out.pattern.push_back(fingerprint(each.get<std::string>(), &texts.emplace_back()));
    }
    if (out.pattern.empty() || out.pattern.size() > 8) {
      refuse("pattern", "does not have 1 to 8 statements");
      return out;
    }
    std::string parent_text;
    if (const std::string parent = string(in, "parent", false); !parent.empty())
      out.parent = fingerprint(parent, &parent_text);
    out.scope = scope(in, "scope");
    out.scope_of_most =
        in.is_object() && in.contains("scope_of_most") ? scope(in, "scope_of_most") : out.scope;
    out.scopes = count(in, "scopes");
    out.calls = count(in, "calls");
    out.max_in_one_scope = count(in, "most_in_one_scope");
    out.distinct_parameters = count(in, "distinct_parameters");
    out.parameters_known = boolean(in, "parameters_known");
    out.same_values = boolean(in, "same_values");
    out.total_ms = milliseconds(in, "total_ms", true).value_or(0);
    out.longest_span_ms = milliseconds(in, "longest_span_ms", true).value_or(0);
    for (const auto& each : member(in, "samples", json::value_t::array, false))
      out.samples.push_back(sample(each, file, texts[out.samples.size() % texts.size()]));
    if (in.is_object() && in.contains("parent_sample"))
      out.parent_sample = sample(in["parent_sample"], file, parent_text);
    for (const auto& each : member(in, "earlier", json::value_t::array, false)) {
      std::string text;
      RepeatedQuery::Earlier earlier{fingerprint(string(each, "query"), &text), {}};
      if (each.is_object() && each.contains("sample")) earlier.sample = sample(each["sample"], file, text);
      out.earlier.push_back(std::move(earlier));
    }
    if (in.is_object() && in.contains("pauses")) out.pauses = pauses(in["pauses"]);
    out.call_times = call_times(in, out.pattern.size());
    if (in.is_object() && in.contains("elsewhere")) out.elsewhere = boolean(in, "elsewhere");
    if (in.is_object() && in.contains("own_transactions"))
      out.own_transactions = boolean(in, "own_transactions");
    return out;
  }

  std::vector<RepeatedQuery::CallTime> call_times(const json& in, std::size_t pattern) {
    std::vector<RepeatedQuery::CallTime> out;
    for (const auto& call : member(in, "call_times", json::value_t::array, false)) {
      const bool three = call.is_array() && call.size() == 3 && call[2].is_number_integer();
      const auto position = three ? call[2].get<std::int64_t>() : -2;
      if (position < -1 || position >= static_cast<std::int64_t>(pattern) ||
          out.size() > RepeatedQuery::max_call_times) {
        refuse("call_times", "contains an invalid call, or too many");
        return out;
      }
      const auto offset = count_of(call[0], "call_times");
      const auto duration = count_of(call[1], "call_times");
      out.push_back({static_cast<std::int64_t>(offset), static_cast<std::int64_t>(duration),
                     static_cast<int>(position)});
    }
    return out;
  }

  RepeatedQuery::Pauses pauses(const json& in) {
    RepeatedQuery::Pauses out;
    out.low_ms = milliseconds(in, "low_ms", true).value_or(-1);
    out.median_ms = milliseconds(in, "median_ms", true).value_or(-1);
    out.high_ms = milliseconds(in, "high_ms", true).value_or(-1);
    if (in.is_object() && in.contains("within_ms"))
      out.within_ms = milliseconds(in, "within_ms", true).value_or(-1);
    return out;
  }

  WritePair pair(const json& in, const std::string& file) {
    WritePair out;
    std::string first, then;
    out.first = fingerprint(string(in, "first"), &first);
    out.then = fingerprint(string(in, "then"), &then);
    out.bursts = count(in, "bursts");
    out.calls = count(in, "calls");
    if (in.is_object() && in.contains("first_sample"))
      out.first_sample = sample(in["first_sample"], file, first);
    if (in.is_object() && in.contains("then_sample")) out.then_sample = sample(in["then_sample"], file, then);
    return out;
  }

  TransactionOrder order(const json& in, const std::string& file) {
    TransactionOrder out;
    for (const auto& each : member(in, "statements", json::value_t::array)) {
      if (!each.is_string()) refuse("statements", "contain a value that is not a string");
      else out.statements.push_back(fingerprint(each.get<std::string>(), nullptr));
      if (out.statements.size() > TransactionOrder::max_statements) break;
    }
    if (out.statements.size() < 2 || out.statements.size() > TransactionOrder::max_statements)
      refuse("statements", fmt::format("are not 2 to {}", TransactionOrder::max_statements));
    out.transactions = count(in, "transactions");
    out.place = place(in, file);
    return out;
  }

  // The next grammar may give a statement another one. The same grammar is not asked again: what is kept of a
  // statement that does not parse may.
  std::string own_fingerprint(const std::string& written, const std::string& statement) const {
    return other_parser_ && !statement.empty() ? sql::fingerprint(statement).value_or(written) : written;
  }

  SourceLocation place(const json& in, const std::string& file) {
    SourceLocation out{string(in, "file", false), static_cast<int>(count(in, "line", false, 2'147'483'647)),
                       0};
    if (out.file.empty()) out.file = file;
    return out;
  }

  ServerEvent event(const json& in, const std::string& file) {
    ServerEvent out;
    const std::string kind = string(in, "kind");
    int known = 0;
    while (known < server_event_kinds && name(static_cast<ServerEvent::Kind>(known)) != kind) ++known;
    if (known == server_event_kinds) refuse("kind", "is none");
    else out.kind = static_cast<ServerEvent::Kind>(known);
    out.about = string(in, "about", false);
    out.statement = string(in, "statement", false);
    // The statement stands with it: it need not be among the queries.
    if (out.fingerprint = string(in, "fingerprint", false);
        !out.fingerprint.empty() && check_fingerprint(out.fingerprint))
      out.fingerprint = own_fingerprint(out.fingerprint, out.statement);
    out.count = count(in, "count");
    const bool bytes = out.kind == ServerEvent::Kind::temporary_file;
    (bytes ? out.total_bytes : out.total_us) = static_cast<double>(count(in, "total", false));
    (bytes ? out.largest_bytes : out.longest_us) = static_cast<double>(count(in, "most", false));
    out.times = times(in);
    if (in.is_object() && in.contains("applications"))
      for (const auto& [application, calls] : member(in, "applications", json::value_t::object).items())
        out.applications[application] = count_of(calls, "applications");
    for (const auto& each : member(in, "holders", json::value_t::array, false))
      out.holders.push_back({string(each, "application", false), string(each, "user", false),
                             string(each, "statement", false), count(each, "count")});
    if (in.is_object() && in.contains("first")) out.first = time(in, "first"), out.last = time(in, "last");
    out.place = place(in, file);
    return out;
  }

  Timeline timeline(const json& in) {
    Timeline out;
    std::vector<Timeline::Bucket> buckets;
    for (const auto& bucket : member(in, "buckets", json::value_t::array)) {
      const bool pair = bucket.is_array() && bucket.size() == 2 && buckets.size() < Timeline::max_buckets;
      if (!pair) {
        refuse("timeline", "contains an invalid bucket");
        return out;
      }
      const auto calls = count_of(bucket[0], "timeline");
      buckets.push_back({calls, static_cast<std::int64_t>(count_of(bucket[1], "timeline"))});
    }
    const auto start = in.is_object() ? time(in, "start") : std::nullopt;
    if (!refused_.empty()) return out;
    if (!out.assign(start.value_or(0), static_cast<std::int64_t>(count(in, "width")), std::move(buckets)))
      refuse("timeline", "has an invalid width, start or number of buckets");
    return out;
  }

  LogSource source(const json& in) {
    LogSource out;
    out.path = string(in, "path");
    out.format = string(in, "format");
    out.prefix = string(in, "prefix", false);
    const json& identity = member(in, "identity", json::value_t::object);
    out.identity.marks = string(identity, "marks");
    out.identity.tail = string(identity, "tail");
    const json& ranges = member(in, "ranges", json::value_t::array);
    if (ranges.size() == 1 && ranges[0].is_array() && ranges[0].size() == 2 && ranges[0][0] == 0)
      out.identity.bytes = count_of(ranges[0][1], "ranges");
    else refuse("ranges", "are not one from 0");
    out.lines = count(in, "lines");
    out.used = count(in, "used");
    out.continuation = count(in, "continuation");
    out.other = count(in, "other");
    out.not_understood = count(in, "not_understood");
    for (const auto& line : member(in, "not_understood_at", json::value_t::array, false))
      out.not_understood_at.push_back(
          {out.path, static_cast<int>(count_of(line, "not_understood_at", 2'147'483'647)), 0});
    out.statements = count(in, "statements");
    out.timed_statements = count(in, "timed_statements");
    out.note = string(in, "note", false);
    return out;
  }

  Workload workload(const json& in) {
    Workload out;
    const std::string where = where_;
    out.sources.push_back(source(member(in, "source", json::value_t::object)));
    out.sessions = count(in, "sessions");
    out.has_events = boolean(in, "events");
    if (in.is_object() && in.contains("timeline")) out.timeline = timeline(in["timeline"]);
    const std::string& file = out.sources.front().path;
    const auto list = [&](const char* key, auto& entries, auto read) {
      for (const auto& each : member(in, key, json::value_t::array)) {
        if (!refused_.empty()) return;
        where_ = fmt::format("{}.{}[{}]", where, key, entries.size());
        entries.push_back(read(each));
      }
      if (refused_.empty()) where_ = where;
    };
    list("queries", out.queries, [&](const json& each) { return query(each, file); });
    std::set<std::string_view> seen;
    for (const auto& each : out.queries)
      if (!seen.insert(each.fingerprint).second) refuse("queries", "contain a duplicate");
    list("repeats", out.repeats, [&](const json& each) { return repeat(each, file); });
    list("write_pairs", out.write_pairs, [&](const json& each) { return pair(each, file); });
    if (in.is_object() && in.contains("transaction_orders"))
      list("transaction_orders", out.transaction_orders, [&](const json& each) { return order(each, file); });
    if (in.is_object() && in.contains("server_events"))
      list("server_events", out.server_events, [&](const json& each) { return event(each, file); });
    return out;
  }

  std::string path_;
  std::string where_;
  std::string refused_;
  std::map<std::string, std::string> texts_;
  bool other_parser_ = false;
  std::map<std::string, std::string> own_;  // fingerprints as written -> as this program makes them
};

}  // namespace

Result<std::vector<Workload>> read_workloads(const std::string& path, std::string_view text) {
  return Reader(path).read(text);
}

}  // namespace pgadvise::log
