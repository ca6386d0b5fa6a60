#include "log/workload/workload_file.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/json_text.h"
#include "base/text/text.h"
#include "log/workload/workload_fields.h"
#include "sql/parse/statement.h"

namespace pgadvise::log {
namespace {

using namespace workload_fields;
using json = nlohmann::ordered_json;

constexpr int version = 1;
constexpr int deepest = 12;
constexpr std::uint64_t most = std::uint64_t{1} << 53;  // what every reader of JSON takes for a whole number
constexpr double longest_ms = 1e12;
constexpr double max_whole = 9e15;                     // whole numbers that a double holds
constexpr std::int64_t latest = 253402300800'000'000;  // the year 10000
constexpr std::uint64_t last_line = 2'147'483'647;

std::string dump(const json& value) {
  return escape_controls(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

// A log may say anything, and sums grow: what is written is what will be read.
class WorkloadWriter {
 public:
  WorkloadWriter(const std::string& log, bool with_literals) : file(log), literals(with_literals) {}

  const std::string& file;
  const bool literals;

  // The object whose members `fields` names, in one line.
  template <class Fields>
  std::string line(Fields fields) {
    return dump(made_by(fields));
  }

  template <class T>
  void operator()(const char* key, const T& value) {
    out_[key] = written(value);
  }
  template <class T>
  void maybe(const char* key, const T& value, bool if_written) {
    if (if_written) (*this)(key, value);
  }
  static bool has(const char*, bool if_written) { return if_written; }
  template <class Fields>
  void object(const char* key, Fields fields) {
    out_[key] = made_by(fields);
  }
  template <class T, class Fields>
  void part(const char* key, const std::optional<T>& value, Fields fields) {
    if (value) object(key, [&] { fields(*value); });
  }
  template <class T, class Fields>
  void list(const char* key, const std::vector<T>& values, Fields fields) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      json made = made_by([&] { fields(values[i], i); });
      out_[key].push_back(std::move(made));
    }
  }
  template <class E, class Names>
  void word(const char* key, E value, const Names& names) {
    for (const auto& [each, name] : names)
      if (each == value) out_[key] = name;
  }
  void fingerprint(const char* key, const std::string& value, const std::string&) { out_[key] = value; }
  void fingerprints(const char* key, const std::vector<std::string>& values,
                    const std::vector<std::string>&) {
    out_[key] = values;
  }
  void whole(const char* key, double value) {
    out_[key] = static_cast<std::uint64_t>(std::min(value, max_whole));
  }
  void range(const char* key, std::uint64_t bytes) { out_[key] = {{0, bytes}}; }
  void lines(const char* key, const std::vector<SourceLocation>& places, const std::string&) {
    for (const auto& place : places) out_[key].push_back(place.line);
  }
  void adopt(const std::string&, const std::string&) {}
  template <class T>
  void set_if(bool, const T&, const T&) {}
  void check(bool, const char*, std::string_view) {}

  // The JSON of a value.
  template <class T>
  static json written(const T& value) {
    return value;
  }
  static json written(std::uint64_t count) { return std::min(count, most); }
  static json written(double ms) { return std::clamp(ms, 0.0, longest_ms); }
  static json written(std::int64_t time) { return std::clamp(time, 1 - latest, latest - 1); }
  template <class T>
  static json written(const std::optional<T>& value) {
    return value ? written(*value) : json();
  }
  static json written(const Parameters& values) {
    json out = json::array();
    for (const auto& value : values) out.push_back(written(value));
    return out;
  }
  static json written(const Histogram& times) {
    json out = json::array();
    for (const auto& bucket : times.buckets()) out.push_back({bucket.index, bucket.count});
    return out;
  }
  static json written(const std::vector<RepeatedQuery::CallTime>& calls) {
    json out = json::array();
    for (const auto& call : calls)
      out.push_back({microseconds(call.offset_us), microseconds(call.duration_us), call.position});
    return out;
  }
  static json written(const Timeline& timeline) {
    json buckets = json::array();
    for (const auto& bucket : timeline.buckets())
      buckets.push_back({bucket.calls, microseconds(bucket.total_us)});
    return {{"start", timeline.start()}, {"width", timeline.width()}, {"buckets", std::move(buckets)}};
  }

 private:
  template <class Fields>
  json made_by(Fields fields) {
    json around = std::exchange(out_, json::object());
    fields();
    return std::exchange(out_, std::move(around));
  }

  static std::int64_t microseconds(std::int64_t us) {
    return std::clamp<std::int64_t>(us, 0, std::int64_t{most});
  }

  json out_ = json::object();
};

// Reads members of the right type and range; the first one that is not is remembered, and what follows has no
// meaning.
class WorkloadParser {
 public:
  explicit WorkloadParser(std::string path) : path_(std::move(path)) {}

  std::string file;  // the log's
  static constexpr bool literals = true;

  Result<std::vector<Workload>> parse(std::string_view text) {
    const json whole =
        json::parse(text, [](int depth, json::parse_event_t, json&) { return depth <= deepest; }, false);
    if (whole.is_discarded()) return error("is not JSON, or is truncated");
    if (!whole.is_object() || !whole.contains("pgadvise_workload")) return error("is not a workload file");
    const json& written = whole["pgadvise_workload"];
    if (!written.is_number_integer() || written != version)
      return error(fmt::format("is a workload file of version {}; this pgadvise reads version {}",
                               ellipsis(dump(written), 20), version));
    in_ = &whole;
    read_texts();
    std::vector<Workload> out;
    for (const json& log : array("logs")) {
      where_ = fmt::format("logs[{}]", out.size());
      within(log, [&] { workload(out.emplace_back()); });
      if (!refused_.empty()) break;
    }
    if (!refused_.empty()) return error("is damaged: " + refused_);
    return out;
  }

  template <class T>
  void operator()(const char* key, T& value) {
    if (const json* at = member(key)) read(key, *at, value);
  }
  template <class T>
  void maybe(const char* key, T& value, bool) {
    if (has(key, true)) (*this)(key, value);
  }
  bool has(const char* key, bool) const { return in_->contains(key); }
  template <class Fields>
  void object(const char* key, Fields fields) {
    if (const json* at = member(key); at && is(json::value_t::object, key, *at)) within(*at, fields);
  }
  template <class T, class Fields>
  void part(const char* key, std::optional<T>& value, Fields fields) {
    if (has(key, true)) object(key, [&] { fields(value.emplace()); });
  }
  template <class T, class Fields>
  void list(const char* key, std::vector<T>& values, Fields fields) {
    for (const json& each : array(key, false))
      within(each, [&] {
        T& value = values.emplace_back();
        fields(value, values.size() - 1);
      });
  }
  template <class E, class Names>
  void word(const char* key, E& value, const Names& names) {
    std::string written;
    (*this)(key, written);
    const auto known = std::ranges::find_if(names, [&](const auto& each) { return written == each.second; });
    if (known == std::end(names)) refuse(key, "is none");
    else value = known->first;
  }
  // Of a statement among the texts: this program's own fingerprint, and the text.
  void fingerprint(const char* key, std::string& value, std::string& text) {
    (*this)(key, value);
    look_up(value, text);
  }
  void fingerprints(const char* key, std::vector<std::string>& values, std::vector<std::string>& texts) {
    for (const json& each : array(key)) {
      // More than any list may have: the caller refuses them, and no more texts are copied.
      if (values.size() > TransactionOrder::max_statements) return;
      if (!each.is_string()) return refuse(key, "has a value that is not a string");
      look_up(values.emplace_back(each.get<std::string>()), texts.emplace_back());
    }
  }
  void whole(const char* key, double& value) {
    std::uint64_t count = 0;
    (*this)(key, count);
    value = static_cast<double>(count);
  }
  void range(const char* key, std::uint64_t& bytes) {
    const json& ranges = array(key);
    if (ranges.size() == 1 && ranges[0].is_array() && ranges[0].size() == 2 && ranges[0][0] == 0)
      bytes = count_of(ranges[0][1], key);
    else refuse(key, "are not one from 0");
  }
  void lines(const char* key, std::vector<SourceLocation>& places, const std::string& log) {
    for (const json& line : array(key))
      places.push_back({log, static_cast<int>(count_of(line, key, last_line)), 0});
  }
  // A statement that stands beside its fingerprint need not be among the texts.
  void adopt(std::string& fingerprint, const std::string& statement) {
    if (!fingerprint.empty() && check_fingerprint(fingerprint))
      fingerprint = own_fingerprint(fingerprint, statement);
  }
  template <class T>
  void set_if(bool condition, T& value, const T& to) {
    if (condition) value = to;
  }
  void check(bool holds, const char* key, std::string_view problem) {
    if (!holds) refuse(key, problem);
  }

 private:
  struct Statement {
    std::string fingerprint;  // as this program makes it
    std::string text;
  };

  tl::unexpected<Error> error(std::string what) const {
    return fail(Error::Kind::input, path_, std::move(what), "pgadvise digest LOG -o FILE writes one");
  }

  void refuse(std::string_view key, std::string_view what) {
    if (refused_.empty()) refused_ = fmt::format("{}{}{} {}", where_, where_.empty() ? "" : ": ", key, what);
  }

  template <class Fields>
  void within(const json& object, Fields fields) {
    if (!object.is_object()) return refuse("", "is not an object");
    const json* const around = std::exchange(in_, &object);
    fields();
    in_ = around;
  }

  const json* member(const char* key) {
    const auto at = in_->find(key);
    if (at != in_->end()) return &*at;
    refuse(key, "is missing");
    return nullptr;
  }

  bool is(json::value_t type, std::string_view key, const json& value) {
    if (value.type() == type) return true;
    refuse(key, fmt::format("is no {}", type == json::value_t::string    ? "text"
                                        : type == json::value_t::boolean ? "boolean"
                                        : type == json::value_t::array   ? "array"
                                                                         : "object"));
    return false;
  }

  // The elements of a member; none where the member is missing or no array.
  const json& array(const char* key, bool needed = true) {
    static const json nothing = json::array();
    if (!needed && !has(key, true)) return nothing;
    const json* at = member(key);
    return at && is(json::value_t::array, key, *at) ? *at : nothing;
  }

  std::uint64_t count_of(const json& value, const char* key, std::uint64_t limit = most) {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() <= limit) return value.get<std::uint64_t>();
    refuse(key, fmt::format("is not a whole number from 0 to {}", limit));
    return 0;
  }

  void read(const char* key, const json& in, std::string& out) {
    if (is(json::value_t::string, key, in)) out = in.get<std::string>();
  }
  void read(const char* key, const json& in, bool& out) {
    if (is(json::value_t::boolean, key, in)) out = in.get<bool>();
  }
  void read(const char* key, const json& in, std::uint64_t& out) { out = count_of(in, key); }
  void read(const char* key, const json& in, int& out) {
    out = static_cast<int>(count_of(in, key, last_line));
  }
  void read(const char* key, const json& in, double& ms) {
    if (in.is_number() && in.get<double>() >= 0 && in.get<double>() <= longest_ms) ms = in.get<double>();
    else refuse(key, "is not a number of milliseconds");
  }
  void read(const char* key, const json& in, std::int64_t& time) {
    if (in.is_number_integer() && (!in.is_number_unsigned() || in.get<std::uint64_t>() <= most * 64))
      time = in.get<std::int64_t>();
    else time = latest;
    if (time <= -latest || time >= latest) refuse(key, "is not a timestamp");
  }
  template <class T>
  void read(const char* key, const json& in, std::optional<T>& out) {
    read(key, in, out.emplace());
  }
  void read(const char* key, const json&, std::set<std::string>& out) {
    for (const json& name : array(key)) {
      if (name.is_string()) out.insert(name.get<std::string>());
      else refuse(key, "has a value that is not a string");
    }
  }
  void read(const char* key, const json&, Parameters& out) {
    for (const json& value : array(key)) {
      if (value.is_string()) out.emplace_back(value.get<std::string>());
      else if (value.is_null()) out.emplace_back(std::nullopt);
      else refuse(key, "has a value that is not a string");
    }
  }
  void read(const char* key, const json& in, std::map<std::string, std::uint64_t>& out) {
    if (!is(json::value_t::object, key, in)) return;
    for (const auto& [name, count] : in.items()) out[name] = count_of(count, key);
  }
  void read(const char* key, const json&, Histogram& out) {
    std::int64_t before = -1;
    for (const json& bucket : array(key)) {
      if (!bucket.is_array() || bucket.size() != 2) return refuse(key, "contains an invalid bucket");
      const auto index = count_of(bucket[0], key, Histogram::last_bucket);
      const auto calls = count_of(bucket[1], key);
      if (static_cast<std::int64_t>(index) <= before || calls == 0) refuse(key, "are not in order");
      before = static_cast<std::int64_t>(index);
      out.add_bucket(static_cast<std::uint16_t>(index), calls);
    }
  }
  void read(const char* key, const json&, std::vector<RepeatedQuery::CallTime>& out) {
    for (const json& call : array(key)) {
      const bool three = call.is_array() && call.size() == 3 && call[2].is_number_integer();
      const auto position = three ? call[2].get<std::int64_t>() : -2;
      if (position < -1 || position >= std::int64_t{longest_pattern} ||
          out.size() > RepeatedQuery::max_call_times)
        return refuse(key, "contains an invalid call, or too many");
      out.push_back({static_cast<std::int64_t>(count_of(call[0], key)),
                     static_cast<std::int64_t>(count_of(call[1], key)), static_cast<int>(position)});
    }
  }
  void read(const char* key, const json& in, Timeline& out) {
    within(in, [&] {
      std::vector<Timeline::Bucket> buckets;
      for (const json& bucket : array("buckets")) {
        if (!bucket.is_array() || bucket.size() != 2 || buckets.size() >= Timeline::max_buckets)
          return refuse(key, "contains an invalid bucket");
        const auto calls = count_of(bucket[0], key);
        buckets.push_back({calls, static_cast<std::int64_t>(count_of(bucket[1], key))});
      }
      std::int64_t start = 0;
      std::uint64_t width = 0;
      maybe("start", start, true);
      (*this)("width", width);
      if (refused_.empty() && !out.assign(start, static_cast<std::int64_t>(width), std::move(buckets)))
        refuse(key, "has an invalid width, start or number of buckets");
    });
  }

  bool check_fingerprint(const std::string& fingerprint) {
    const bool right =
        !fingerprint.empty() && fingerprint.size() <= 64 &&
        fingerprint.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-") == std::string::npos;
    if (!right) refuse("fingerprint", "is none");
    return right;
  }

  void look_up(std::string& fingerprint, std::string& text) {
    const auto known = texts_.find(fingerprint);
    if (known == texts_.end()) return refuse("fingerprint", "is not among the texts");
    fingerprint = known->second.fingerprint;
    text = known->second.text;
  }

  // The next grammar may give a statement another one. The same grammar is not asked again: what is kept of a
  // statement that does not parse may.
  std::string own_fingerprint(const std::string& written, const std::string& statement) const {
    return other_parser_ && !statement.empty() ? sql::fingerprint(statement).value_or(written) : written;
  }

  void read_texts() {
    std::string parser;
    (*this)("parser", parser);
    other_parser_ = parser != sql::parser_version();
    object("texts", [&] {
      for (const auto& [fingerprint, statement] : in_->items()) {
        if (!statement.is_string()) refuse("texts", "contains a value that is not a string");
        else if (auto text = statement.get<std::string>(); check_fingerprint(fingerprint))
          texts_.emplace(fingerprint, Statement{own_fingerprint(fingerprint, text), std::move(text)});
      }
    });
  }

  // The entries of a log, each of which has its place in messages.
  template <class T, class Fields>
  void entries(const char* key, bool needed, std::vector<T>& out, Fields fields) {
    const std::string where = where_;
    for (const json& each : array(key, needed)) {
      if (!refused_.empty()) return;
      where_ = fmt::format("{}.{}[{}]", where, key, out.size());
      within(each, [&] { fields(out.emplace_back()); });
    }
    if (refused_.empty()) where_ = where;
  }

  void workload(Workload& out) {
    LogSource& source = out.sources.emplace_back();
    object("source", [&] { source_fields(*this, source); });
    file = source.path;
    (*this)("sessions", out.sessions);
    (*this)("events", out.has_events);
    maybe("timeline", out.timeline, true);
    entries("queries", true, out.queries, [&](Query& query) { query_fields(*this, query); });
    std::set<std::string_view> seen;
    for (const auto& query : out.queries)
      if (!seen.insert(query.fingerprint).second) refuse("queries", "contain a duplicate");
    entries("repeats", true, out.repeats, [&](RepeatedQuery& repeat) { repeat_fields(*this, repeat); });
    entries("write_pairs", true, out.write_pairs, [&](WritePair& pair) { pair_fields(*this, pair); });
    entries("transaction_orders", false, out.transaction_orders,
            [&](TransactionOrder& order) { order_fields(*this, order); });
    entries("server_events", false, out.server_events,
            [&](ServerEvent& event) { event_fields(*this, event); });
  }

  std::string path_;
  std::string where_;
  std::string refused_;
  const json* in_ = nullptr;                // the object that is read
  std::map<std::string, Statement> texts_;  // by fingerprint as written
  bool other_parser_ = false;
};

using Texts = std::map<std::string, const std::string*>;

// The statements that an entry names besides its own.
std::vector<std::string> named_by(const RepeatedQuery& repeat) {
  std::vector<std::string> out = repeat.pattern;
  if (!repeat.parent.empty()) out.push_back(repeat.parent);
  return out;
}
std::vector<std::string> named_by(const WritePair& pair) { return {pair.first, pair.then}; }
std::vector<std::string> named_by(const TransactionOrder& order) { return order.statements; }
template <class T>
std::vector<std::string> named_by(const T&) {
  return {};
}

// A query and a repeat a line: as easy to compare by line as to read.
std::string log_entry(const Workload& workload, bool literals, const Texts& texts) {
  const LogSource& source = workload.sources.front();
  WorkloadWriter writer(source.path, literals);
  std::string out = fmt::format("{{\"source\": {},\n \"sessions\": {}, \"events\": {},\n",
                                writer.line([&] { source_fields(writer, source); }), workload.sessions,
                                workload.has_events);
  if (!workload.timeline.empty())
    out += fmt::format(" \"timeline\": {},\n", dump(WorkloadWriter::written(workload.timeline)));
  const auto entries = [&](std::string_view begin, const auto& values, auto fields) {
    out += begin;
    const char* separator = "\n  ";
    for (const auto& value : values) {
      // A loop over two logs may name a statement that only the other one counts, and that one may be gone.
      const auto known = [&](const std::string& statement) { return texts.contains(statement); };
      if (!texts.empty() && !std::ranges::all_of(named_by(value), known)) continue;
      out += separator + writer.line([&] { fields(value); });
      separator = ",\n  ";
    }
  };
  entries(" \"queries\": [", workload.queries, [&](const Query& query) { query_fields(writer, query); });
  entries("],\n \"repeats\": [", workload.repeats, [&](const RepeatedQuery& repeat) {
    RepeatedQuery kept = repeat;
    if (!texts.empty())
      std::erase_if(kept.earlier, [&](const auto& earlier) { return !texts.contains(earlier.fingerprint); });
    repeat_fields(writer, std::as_const(kept));
  });
  entries("],\n \"write_pairs\": [", workload.write_pairs,
          [&](const WritePair& pair) { pair_fields(writer, pair); });
  if (!workload.transaction_orders.empty())
    entries("],\n \"transaction_orders\": [", workload.transaction_orders,
            [&](const TransactionOrder& order) { order_fields(writer, order); });
  if (!workload.server_events.empty())
    entries("],\n \"server_events\": [", workload.server_events,
            [&](const ServerEvent& event) { event_fields(writer, event); });
  return out + "]}";
}

}  // namespace

std::string to_json_line(const Workload& workload) { return log_entry(workload, true, {}); }

std::string to_workload_file(const std::vector<Workload>& workloads, bool literals) {
  Texts texts;
  std::vector<const Workload*> logs;
  for (const auto& workload : workloads) {
    if (workload.sources.front().format.empty()) continue;
    logs.push_back(&workload);
    for (const auto& query : workload.queries) texts.try_emplace(query.fingerprint, &query.text);
  }
  std::string out = fmt::format("{{\"pgadvise_workload\": {},\n\"parser\": {},\n\"texts\": {{", version,
                                dump(sql::parser_version()));
  const char* separator = "\n ";
  for (const auto& [fingerprint, text] : texts) {
    out += separator + dump(fingerprint) + ": " + dump(*text);
    separator = ",\n ";
  }
  out += "},\n\"logs\": [";
  separator = "\n";
  for (const Workload* workload : logs) {
    out += separator + log_entry(*workload, literals, texts);
    separator = ",\n";
  }
  return out + "]}\n";
}

bool is_workload_file(std::string_view head) {
  const auto start = trim(head.substr(0, 4096));
  return start.starts_with('{') && trim(start.substr(1)).starts_with("\"pgadvise_workload\"");
}

Result<std::vector<Workload>> parse_workload_file(const std::string& path, std::string_view text) {
  return WorkloadParser(path).parse(text);
}

}  // namespace pgadvise::log
