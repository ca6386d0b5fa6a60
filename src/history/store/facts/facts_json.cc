#include "store/facts/facts_json.h"

#include <cstdint>
#include <type_traits>
#include <utility>

#include "base/text/json_parse.h"
#include "base/text/text.h"

namespace pgadvise::store {
namespace {

using Json = nlohmann::json;

constexpr int format_version = 1;

// Each type lists its fields once, in fields(), for writing and for reading. Reading throws Json::exception.
class FieldsToJson {
 public:
  template <class T>
  void operator()(const char* name, const T& value) {
    out_[name] = json_of(value);
  }
  // A member that may be missing: earlier versions of pgadvise do not write it.
  template <class T>
  void optional(const char* name, const T& value) {
    if (!value.empty()) (*this)(name, value);
  }
  Json take() { return std::move(out_); }

  template <class T>
  static Json json_of(const T& value);

 private:
  Json out_ = Json::object();
};

class FieldsFromJson {
 public:
  explicit FieldsFromJson(const Json& from) : from_(from) {}

  template <class T>
  void operator()(const char* name, T& value) {
    read(from_.at(name), value);
  }
  template <class T>
  void optional(const char* name, T& value) {
    if (from_.contains(name)) (*this)(name, value);
  }

  template <class T>
  static void read(const Json& from, T& value);

 private:
  const Json& from_;
};

template <class Wanted, class T>
constexpr bool is = std::is_same_v<std::remove_const_t<T>, Wanted>;

template <class Io, class T>
void fields(Io& io, T& it) {
  if constexpr (is<ReportInput, T>) {
    io("kind", it.kind), io("path", it.path);
  } else if constexpr (is<CheckedScope, T>) {
    io("rules", it.rules), io("migration_rules", it.migration_rules), io("migrations", it.migrations);
  } else if constexpr (is<Subject, T>) {
    io("fingerprint", it.fingerprint), io("file", it.file);
  } else if constexpr (is<RecordedFinding, T>) {
    io("id", it.id), io("short_id", it.short_id), io("rule", it.rule), io("severity", it.severity);
    io("verdict", it.verdict), io("state", it.state), io("subject", it.subject);
    io("location", it.location.file), io("message", it.message), io("score", it.impact.score);
    io("effect", it.impact.effect), io("owners", it.owners), io("reason", it.reason), io("until", it.until);
  } else if constexpr (is<RunRecord, T>) {
    io("started", it.started), io("version", it.version), io("server_version", it.server_version);
    io("inputs", it.inputs), io("scope", it.scope), io("scope_known", it.scope_known);
    io("findings_hidden", it.findings_hidden), io("findings", it.findings);
  } else if constexpr (is<QueryStatistics, T>) {
    io("source", it.source), io("source_size", it.source_size), io("class_id", it.class_id);
    io("text", it.text), io("bucket_start", it.bucket_start), io("bucket_seconds", it.bucket_seconds);
    io("calls", it.calls), io("timed_calls", it.timed_calls), io("total_ns", it.total_ns);
    io("max_ns", it.max_ns), io("rows", it.rows), io("rows_calls", it.rows_calls), io("times", it.times);
  } else if constexpr (is<QualifiedName, T>) {
    io("schema", it.schema), io("name", it.name);
  } else if constexpr (is<SizeSample, T>) {
    io("kind", it.kind), io("relation", it.name), io("taken", it.taken), io("bytes", it.bytes);
    io("rows", it.rows);
  } else if constexpr (is<QueryPlan, T>) {
    io("class_id", it.class_id), io("text", it.text), io("taken", it.taken), io("structure", it.structure);
    io("relations", it.relations), io("cost", it.cost), io("server_major", it.server_major);
  } else if constexpr (is<ClusterMember, T>) {
    io("system", it.system), io("address", it.address), io("replica", it.replica);
    io("replicas", it.replicas);
  } else if constexpr (is<IndexScans, T>) {
    io("member", it.member), io("database", it.database), io("taken", it.taken), io("scans", it.scans);
  } else if constexpr (is<SessionSample, T>) {
    io("bucket_start", it.bucket_start), io("bucket_seconds", it.bucket_seconds), io("state", it.state);
    io("wait_event_type", it.wait_event_type), io("wait_event", it.wait_event), io("samples", it.samples);
    io("sessions", it.sessions), io("max_sessions", it.max_sessions);
  } else if constexpr (is<LockWaitSample, T>) {
    io("bucket_start", it.bucket_start), io("relation", it.relation), io("mode", it.mode);
    io("holder", it.holder), io("samples", it.samples), io("max_wait_seconds", it.max_wait_seconds);
    io("max_holder_seconds", it.max_holder_seconds);
  } else {
    io("target", it.target), io("run", it.run), io("queries", it.queries), io("sizes", it.sizes);
    io("plans", it.plans), io("scans", it.scans);
    io.optional("session_samples", it.session_samples);
    io.optional("lock_wait_samples", it.lock_wait_samples);
  }
}

// The last value of each enumeration.
template <class T>
constexpr T last = T{};
template <>
constexpr Severity last<Severity> = Severity::error;
template <>
constexpr Verdict last<Verdict> = Verdict::refuted;
template <>
constexpr RecordedFinding::State last<RecordedFinding::State> = RecordedFinding::State::accepted;
template <>
constexpr SizeSample::Kind last<SizeSample::Kind> = SizeSample::Kind::index;

template <class T>
Json FieldsToJson::json_of(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return printable_block(value);
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<int>(value);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return value;
  } else if constexpr (std::is_same_v<T, Histogram>) {
    Json out = Json::array();
    for (const auto& bucket : value.buckets()) out.push_back({bucket.index, bucket.count});
    return out;
  } else if constexpr (requires { value.has_value(); }) {
    return value ? json_of(*value) : Json();
  } else if constexpr (requires { value.first; }) {
    return Json::array({json_of(value.first), json_of(value.second)});
  } else if constexpr (requires { value.begin(); }) {
    Json out = Json::array();
    for (const auto& one : value) out.push_back(json_of(one));
    return out;
  } else {
    FieldsToJson writer;
    fields(writer, value);
    return writer.take();
  }
}

template <class T>
void FieldsFromJson::read(const Json& from, T& value) {
  if constexpr (std::is_same_v<T, std::string> || std::is_arithmetic_v<T>) {
    from.get_to(value);
  } else if constexpr (std::is_enum_v<T>) {
    const auto number = from.get<std::int64_t>();
    if (number < 0 || number > static_cast<int>(last<T>)) (void)from.at("no such value");  // throws
    value = static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, Histogram>) {
    for (const auto& bucket : from) {
      const auto index = bucket.at(0).get<std::uint16_t>();
      if (index > Histogram::last_bucket) (void)from.at("no such bucket");  // throws
      value.add_bucket(index, bucket.at(1).get<std::uint64_t>());
    }
  } else if constexpr (requires { value.has_value(); }) {
    if (from.is_null()) return;
    read(from, value.emplace());
  } else if constexpr (requires { value.first; }) {
    read(from.at(0), value.first);
    read(from.at(1), value.second);
  } else if constexpr (requires { value.begin(); }) {
    for (const auto& one : from) read(one, value.emplace_back());
  } else {
    FieldsFromJson reader(from);
    fields(reader, value);
  }
}

}  // namespace

std::string facts_json(const Facts& facts) {
  return Json{{"pgadvise_facts", format_version}, {"facts", FieldsToJson::json_of(facts)}}.dump();
}

std::optional<Facts> read_facts_json(std::string_view text) {
  const Json json = parsed_json(text);
  try {
    if (json.is_discarded() || json.at("pgadvise_facts") != format_version) return std::nullopt;
    Facts out;
    FieldsFromJson::read(json.at("facts"), out);
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace pgadvise::store
