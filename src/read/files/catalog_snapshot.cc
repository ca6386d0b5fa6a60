#include "files/catalog_snapshot.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/text/json_text.h"
#include "base/text/text.h"
#include "base/text/utf8.h"
#include "files/catalog_snapshot_fields.h"
#include "files/files.h"
#include "files/json_file.h"

namespace pgadvise::files {
namespace {

using namespace snapshot;

constexpr int version = 1;
constexpr int deepest = 16;
constexpr std::size_t max_values = 4'000'000;  // of one table, and of all that is no table
constexpr std::size_t max_columns = 1664;      // of a view; a table has 1600 at most
constexpr std::size_t max_in_a_table =
    10'000;  // indexes, constraints, policies …: more make rules slow, and no schema has them
constexpr int max_levels = 1000;  // of partitions in partitions
constexpr std::string_view how_to_take = "pgadvise snapshot --db CONN -o FILE creates one";

// ---- writing

class SnapshotWriter {
 public:
  std::string write(const CatalogSnapshot& snapshot) {
    out_ = fmt::format("{{\n\"pgadvise_snapshot\": {},\n\"pgadvise\": ", version);
    put(snapshot.by, 1);
    out_ += ",\n\"taken\": ";
    put(snapshot.taken, 1);
    if (!snapshot.not_read.empty()) {
      out_ += ",\n\"not_read\": ";
      put(snapshot.not_read, 1);
    }
    if (!snapshot.relations.empty()) {
      out_ += ",\n\"relations\": ";
      put(snapshot.relations, 1);
    }
    bool first = false;
    members(snapshot.catalog, first, 0);
    return escape_controls(out_ + "\n}\n");
  }

 private:
  void put(bool value, int) { out_ += value ? "true" : "false"; }
  void put(int value, int) { out_ += std::to_string(value); }
  void put(std::int64_t value, int) { out_ += std::to_string(value); }
  void put(double value, int) { out_ += std::isfinite(value) ? fmt::format("{}", value + 0.0) : "0"; }

  void put(const std::string& value, int) {
    const auto plain = [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; };
    if (std::all_of(value.begin(), value.end(), plain)) out_.append(1, '"').append(value).append(1, '"');
    else out_ += Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  template <class E>
    requires std::is_enum_v<E>
  void put(E value, int) {
    out_.append(1, '"').append(words<E>[static_cast<std::size_t>(value)]).append(1, '"');
  }

  template <class T>
  void put(const std::optional<T>& value, int level) {
    put(*value, level);
  }

  template <class T>
  void put(const std::vector<T>& values, int level) {
    list(values, "[]", level == 1 || (level == 3 && Described<T>), level,
         [&](const T& value) { put(value, level + 1); });
  }

  template <class T>
  void put(const std::map<QualifiedName, T>& values, int level) {
    list(values, "[]", true, level, [&](const auto& entry) { put(entry.second, level + 1); });
  }

  void put(const std::map<std::string, std::string>& values, int level) {
    list(values, "{}", true, level, [&](const auto& entry) {
      put(entry.first, level);
      out_ += ": ";
      put(entry.second, level);
    });
  }

  template <Described T>
  void put(const T& value, int level) {
    constexpr bool broken = std::is_same_v<T, Table> || std::is_same_v<T, TrackingTable>;
    out_ += '{';
    bool first = true;
    members(value, first, broken ? level : -1);
    if (broken) line(level - 1);
    out_ += '}';
  }

  // level: how deep the struct stands, where each of its members gets a line; -1: all in one.
  template <Described T>
  void members(const T& value, bool& first, int level) {
    [[maybe_unused]] static const T usual{};  // not of a struct whose fields are all needed
    each_field<T>([&](const auto& field) {
      const auto& member = value.*field.member;
      if constexpr (Described<std::decay_t<decltype(member)>>) {
        if (field.name.empty()) return members(member, first, level);
      }
      if (!field.needed && is_usual(member, usual.*field.member)) return;
      if (!first) out_ += level < 0 ? ", " : ",";
      first = false;
      if (level >= 0) line(level);
      out_.append(1, '"').append(field.name).append("\": ");
      if constexpr (std::is_arithmetic_v<std::decay_t<decltype(member)>>)
        put(within(member, field.range), level);
      else put(member, level < 0 ? -1 : level + 1);
    });
  }

  // What is written is what will be read.
  template <class T>
  static T within(T value, const Range& range) {
    if (std::isinf(range.low) || std::is_same_v<T, bool>) return value;
    return std::clamp(
        value, static_cast<T>(range.low),
        static_cast<T>(std::min(range.high, static_cast<double>(std::numeric_limits<T>::max()))));
  }

  template <class T>
  static bool is_usual(const T& value, const T& usual) {
    if constexpr (requires { value.empty(); } && !std::is_same_v<T, std::string>) return value.empty();
    else if constexpr (is_optional<T>) return !value;
    else return value == usual;
  }

  template <class Values, class Put>
  void list(const Values& values, std::string_view brackets, bool broken, int level, Put put_one) {
    out_ += brackets[0];
    bool first = true;
    for (const auto& value : values) {
      if (!first) out_ += broken ? "," : ", ";
      first = false;
      if (broken) line(level);
      put_one(value);
    }
    if (broken && !first) line(level - 1);
    out_ += brackets[1];
  }

  void line(int level) { out_.append(1, '\n').append(static_cast<std::size_t>(std::max(level, 0)), ' '); }

  std::string out_;
};

// ---- reading

// What a catalog can't be made of ends the reading; the first such thing is remembered.
class SnapshotParser {
 public:
  explicit SnapshotParser(std::string path) : path_(std::move(path)) {}

  Result<CatalogSnapshot> parse(std::string_view text) {
    // A table is taken as soon as it is there, and let go: the JSON of a whole catalog would take several
    // times its room.
    const auto take = [this](int depth, Json::parse_event_t event, Json& value) {
      return keep(depth, event, value);
    };
    const Json whole_file = Json::parse(text.begin(), text.end(), take, false);
    if (too_deep_) return error("is nested deeper than any snapshot");
    if (too_much_) return error("is larger than any snapshot");
    if (whole_file.is_discarded()) return error("is not JSON, or is truncated");
    if (!whole_file.is_object() || !whole_file.contains("pgadvise_snapshot"))
      return error("is not a pgadvise snapshot");
    const Json& written = whole_file["pgadvise_snapshot"];
    if (!written.is_number_integer() || written != version)
      return error(fmt::format("is a snapshot of version {}; this pgadvise ({}) reads version {}",
                               ellipsis(written.dump(-1, ' ', false, Json::error_handler_t::replace), 20),
                               PGADVISE_VERSION, version));
    CatalogSnapshot out;
    read_member(whole_file, Field{"taken", &CatalogSnapshot::taken, needed}, out);
    read_member(whole_file, Field{"pgadvise", &CatalogSnapshot::by, needed}, out);
    read_member(whole_file, Field{"not_read", &CatalogSnapshot::not_read}, out);
    read_member(whole_file, Field{"relations", &CatalogSnapshot::relations}, out);
    if (refused_.empty() && !is_time(out.taken)) refuse("taken is not a timestamp");
    if (const auto& tables = member(whole_file, "tables"); !tables.is_null() && !tables.is_array())
      refuse("tables is not a list");
    read(whole_file, out.catalog, {});
    out.catalog.tables = std::move(tables_);
    if (refused_.empty()) check_partitions(out.catalog);
    if (!refused_.empty()) return error("is damaged: " + refused_);
    return out;
  }

 private:
  tl::unexpected<Error> error(std::string what) const {
    return fail(Error::Kind::input, path_, std::move(what), std::string(how_to_take));
  }

  static bool is_time(std::string_view text) {
    constexpr std::string_view form = "0000-00-00T00:00:00Z";
    if (text.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i)
      if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return false;
    return true;
  }

  // What is not kept is not stored either, so nothing here takes more room than what it makes.
  bool keep(int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if (event == Event::key && depth == 1) section_ = value.get<std::string>();
    const bool tables = section_ == "tables";
    if (event == Event::object_start && depth == 2 && tables) values_ = 0;
    if (event == Event::object_end && depth == 2 && tables) {
      if (!too_deep_ && !too_much_ && refused_.empty()) take_table(value);
      return false;
    }
    if (event == Event::key || event == Event::object_end || event == Event::array_end) return true;
    if ((event == Event::object_start || event == Event::array_start) && depth > deepest) too_deep_ = true;
    if (++values_ > max_values) too_much_ = true;
    return depth < 2 || (!too_deep_ && !too_much_ && refused_.empty());
  }

  void take_table(const Json& value) {
    const Where where(*this, fmt::format("tables[{}]", table_number_++));
    Table table;
    read(value, table, {});
    if (!refused_.empty()) return;
    const QualifiedName name = table.name;
    if (!tables_.emplace(name, std::move(table)).second) refuse("occurs twice");
  }

  // Where in the file, for messages: as long as it lives.
  class Where {
   public:
    Where(SnapshotParser& reader, std::string_view step) : reader_(reader), size_(reader.where_.size()) {
      if (size_) reader_.where_ += ": ";
      reader_.where_ += step;
    }
    ~Where() { reader_.where_.resize(size_); }
    Where(const Where&) = delete;
    Where& operator=(const Where&) = delete;

   private:
    SnapshotParser& reader_;
    std::size_t size_;
  };

  void refuse(std::string_view what) {
    if (refused_.empty()) refused_ = where_ + (where_.empty() ? "" : " ") + std::string(what);
  }

  void read(const Json& in, bool& out, const Range&) {
    if (in.is_boolean()) out = in.get<bool>();
    else refuse("is not a boolean");
  }
  void read(const Json& in, std::string& out, const Range&) {
    if (in.is_string()) out = in.get_ref<const std::string&>();
    else refuse("is not a string");
  }
  void read(const Json& in, double& out, const Range& range) {
    if (in.is_number() && in.get<double>() >= range.low && in.get<double>() <= range.high)
      out = in.get<double>();
    else refuse(fmt::format("is not a number from {:g} to {:g}", range.low, range.high));
  }
  void read(const Json& in, std::int64_t& out, const Range& range) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if (!in.is_number_integer()) return refuse("is not a whole number");
    // A program that reads numbers as doubles makes 9223372036854776000 of a bigint sequence's end.
    out = in.is_number_unsigned() && in.get<std::uint64_t>() > std::uint64_t{most} ? most
                                                                                   : in.get<std::int64_t>();
    if (static_cast<double>(out) < range.low || static_cast<double>(out) > range.high)
      refuse("is out of range");
  }
  void read(const Json& in, int& out, const Range& range) {
    std::int64_t value = 0;
    read(in, value, range);
    if (value > std::numeric_limits<int>::max()) refuse("is out of range");
    else out = static_cast<int>(value);
  }

  template <class E>
    requires std::is_enum_v<E>
  void read(const Json& in, E& out, const Range&) {
    const std::string word = in.is_string() ? in.get<std::string>() : "";
    const auto found = std::find(std::begin(words<E>), std::end(words<E>), word);
    if (found == std::end(words<E>)) refuse("is none of: " + fmt::format("{}", fmt::join(words<E>, ", ")));
    else out = static_cast<E>(found - std::begin(words<E>));
  }

  template <class T>
  void read(const Json& in, std::optional<T>& out, const Range& range) {
    read(in, out.emplace(), range);
  }

  template <class T>
  void read(const Json& in, std::vector<T>& out, const Range& range) {
    if (!in.is_array()) return refuse("is not a list");
    for (const auto& item : in) {
      const Where where(*this, fmt::format("[{}]", out.size()));
      read(item, out.emplace_back(), range);
      if (!refused_.empty()) return;
    }
  }

  template <class T>
  void read(const Json& in, std::map<QualifiedName, T>& out, const Range& range) {
    if (!in.is_array()) return refuse("is not a list");
    for (const auto& item : in) {
      const Where where(*this, fmt::format("[{}]", out.size()));
      T value;
      read(item, value, range);
      const QualifiedName name = value.name;
      if (refused_.empty() && !out.emplace(name, std::move(value)).second) refuse("occurs twice");
      if (!refused_.empty()) return;
    }
  }

  void read(const Json& in, std::map<std::string, std::string>& out, const Range& range) {
    if (!in.is_object()) return refuse("is not an object");
    for (const auto& [key, value] : in.items()) read(value, out[key], range);
  }

  template <Described T>
  void read(const Json& in, T& out, const Range&) {
    if (!in.is_object()) return refuse("is not an object");
    each_field<T>([&](const auto& field) { read_member(in, field, out); });
    if (refused_.empty()) check(out);
  }

  template <class T, class M>
  void read_member(const Json& in, const Field<T, M>& field, T& out) {
    if (!refused_.empty()) return;
    M& value = out.*field.member;
    if (field.name.empty()) return read(in, value, field.range);
    const Where where(*this, field.name);
    const auto found = in.find(field.name);
    if (found != in.end()) read(*found, value, field.range);
    else if (field.needed) refuse("is missing");
    if constexpr (requires { value.empty(); }) {
      if (field.needed && value.empty()) refuse("is empty");
    }
  }

  // What rules take for granted of a server's catalog.
  template <class T>
  void check(const T&) {}
  void check(const IndexKey& key) {
    if (key.column.empty() && key.expression.empty()) refuse("is neither a column nor an expression");
  }
  void check(const Constraint& constraint) {
    using Kind = Constraint::Kind;
    const bool key = constraint.kind == Kind::primary_key || constraint.kind == Kind::unique ||
                     constraint.kind == Kind::foreign_key;
    if (key && constraint.columns.empty()) refuse("is a key without columns");
  }
  void check(const Table& table) {
    std::set<std::string_view> names;
    for (const auto& column : table.columns)
      if (!names.insert(column.name).second) refuse("has a column twice");
    if (table.columns.size() > max_columns) refuse(fmt::format("has more than {} columns", max_columns));
    for (const auto size : {table.constraints.size(), table.indexes.size(), table.policies.size(),
                            table.update_triggers.size(), table.inherits.size()})
      if (size > max_in_a_table) refuse(fmt::format("has more than {} elements", max_in_a_table));
  }

  // Rules go down a tree of partitions.
  void check_partitions(const Catalog& catalog) {
    std::map<const Table*, int> levels;  // of those whose ancestors have been seen
    for (const auto& [name, table] : catalog.tables) {
      std::vector<const Table*> path;
      const Table* at = &table;
      while (at && !levels.count(at) && path.size() <= std::size_t{max_levels}) {
        path.push_back(at);
        at = at->partition_of ? catalog.table(*at->partition_of) : nullptr;
      }
      int level = at && levels.count(at) ? levels[at] : 0;
      if (path.size() + static_cast<std::size_t>(level) > std::size_t{max_levels})
        return refuse(fmt::format("has partitions in partitions, {} deep or in a circle", max_levels));
      for (auto each = path.rbegin(); each != path.rend(); ++each) levels[*each] = ++level;
    }
  }

  std::string path_;
  std::string where_;
  std::string refused_;
  std::string section_;  // the member of the file that is being parsed
  std::size_t values_ = 0;
  std::size_t table_number_ = 0;
  bool too_deep_ = false;
  bool too_much_ = false;
  std::map<QualifiedName, Table> tables_;
};

}  // namespace

std::string to_catalog_snapshot(const CatalogSnapshot& snapshot) { return SnapshotWriter().write(snapshot); }

// Its tables may be called like anything: the mark is a member with a number, which it is in no snapshot of
// drizzle's.
bool is_catalog_snapshot(std::string_view text) {
  constexpr std::string_view mark = "\"pgadvise_snapshot\"";
  text = trim(without_byte_order_mark(text));
  if (!text.starts_with('{')) return false;
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    auto rest = trim(text.substr(at + mark.size(), 64));
    if (!rest.starts_with(':')) continue;
    rest = trim(rest.substr(1));
    if (!rest.empty() && is_digit(rest[0])) return true;
  }
  return false;
}

Result<CatalogSnapshot> parse_catalog_snapshot(const std::string& path, std::string_view text) {
  return SnapshotParser(path).parse(text);
}

Result<CatalogSnapshot> load_catalog_snapshot(const std::string& path, const UserPaths& user_paths) {
  TRY(const std::string text, read_file(path, server_snapshot_limit, user_paths));
  return parse_catalog_snapshot(path, text);
}

}  // namespace pgadvise::files
