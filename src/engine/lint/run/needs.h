// The inputs that a rule requires, as an expression: all(workload, any(plans, statistics)). explain() gives
// the text for both the report's "not run" and the rule's documentation. lint::inputs_given tells which
// inputs a run has.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace pgadvise::lint {

// lint::inputs_given says which of them a run has.
enum class Input : std::uint8_t {
  schema,
  workload,         // statements, from any source
  events,           // every statement of a log, in order
  row_counts,       // the total number of rows of each statement, as in pg_stat_statements
  server_log,       // a PostgreSQL server's own log, not a list of statements
  sessions,         // a server's log with the start or end of sessions
  temporary_files,  // a server's log with temporary files
  plans,            // of the workload's statements: from auto_explain, or from a server
  statistics,       // sizes and counts of a server's tables, live or from a snapshot
  settings,         // a server's settings, live or from a snapshot
  project,          // a repository
  code,             // queries in a repository's code
  migrations,       // migrations to check, step by step; not a dump or a database
  comparison,       // the migrations' schema and a database's or a snapshot's to compare
  declared,         // the schema that Drizzle source declares
  plan_changes,     // plans of the workload's statements under the schema before and after a change
};

class InputSet {
 public:
  constexpr InputSet() = default;
  constexpr InputSet(std::initializer_list<Input> inputs) {
    for (const Input input : inputs) add(input);
  }
  constexpr void add(Input input) { bits_ |= bit(input); }
  constexpr bool has(Input input) const { return (bits_ & bit(input)) != 0; }

 private:
  static constexpr std::uint32_t bit(Input input) { return 1U << static_cast<unsigned>(input); }
  std::uint32_t bits_ = 0;
};

// An input, or all or any of several expressions. A value type with at most 12 inputs and groups; a larger
// constant does not compile.
class Needs {
 public:
  constexpr Needs(Input input)
      : nodes_{{{Kind::input, input, 1}}}, size_(1) {}  // implicit, as an input is an expression

  template <class... Parts>
  static constexpr Needs all_of(const Parts&... parts) {
    return Needs(Kind::all, {Needs(parts)...});
  }
  template <class... Parts>
  static constexpr Needs any_of(const Parts&... parts) {
    return Needs(Kind::any, {Needs(parts)...});
  }

  constexpr bool met_by(const InputSet& given) const { return met(0, given); }
  // The unsatisfied part: for all(), its unsatisfied parts; for any(), those of each alternative. REQUIRES
  // !met_by(given).
  Needs missing(const InputSet& given) const;
  // Every input in the expression, required or alternative.
  constexpr InputSet inputs() const {
    InputSet out;
    for (std::uint8_t at = 0; at < size_; ++at)
      if (nodes_[at].kind == Kind::input) out.add(nodes_[at].input);
    return out;
  }
  constexpr bool names(Input input) const { return inputs().has(input); }

  // "queries (--log or --workload), and plans of logged statements (…) or a database (…)": each input with
  // the options that provide it.
  std::string explain() const { return explain(0); }

 private:
  enum class Kind : std::uint8_t { input, all, any };
  // In prefix order: a group, then its parts.
  struct Node {
    Kind kind = Kind::input;
    Input input = Input::schema;  // if kind is Kind::input
    std::uint8_t size = 1;        // number of nodes of this expression, including this one
  };

  constexpr Needs(Kind kind, std::initializer_list<Needs> parts) {
    nodes_[size_++].kind = kind;
    for (const Needs& part : parts)
      for (std::uint8_t at = 0; at < part.size_; ++at) nodes_.at(size_++) = part.nodes_[at];
    nodes_[0].size = size_;
  }

  constexpr bool met(std::uint8_t at, const InputSet& given) const {
    if (nodes_[at].kind == Kind::input) return given.has(nodes_[at].input);
    const bool every = nodes_[at].kind == Kind::all;
    for (std::uint8_t part = at + 1; part < at + nodes_[at].size; part += nodes_[part].size)
      if (met(part, given) != every) return !every;
    return every;
  }

  Needs at(std::uint8_t at) const;
  std::string explain(std::uint8_t at) const;

  std::array<Node, 12> nodes_{};
  std::uint8_t size_ = 0;
};

template <std::convertible_to<Needs>... Parts>
constexpr Needs all(const Parts&... parts) {
  return Needs::all_of(parts...);
}
template <std::convertible_to<Needs>... Parts>
constexpr Needs any(const Parts&... parts) {
  return Needs::any_of(parts...);
}

}  // namespace pgadvise::lint
