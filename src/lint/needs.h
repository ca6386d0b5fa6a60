// What a rule needs before it can run, as an expression over the inputs of a run: all(workload, any(plans,
// statistics)). One text serves the runner's "not run" and the rule's documentation: explain().
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
  workload,         // statements, from whatever source
  events,           // every statement of a log, in order
  row_counts,       // how many rows each statement returned in all, as pg_stat_statements counts them
  server_log,       // a PostgreSQL server's own log, not a list of statements
  sessions,         // a server's log with the beginnings or ends of sessions
  temporary_files,  // a server's log with temporary files
  plans,            // of the workload's statements: auto_explain's, or asked of a server
  statistics,       // sizes and counts of a server's tables, live or from a snapshot
  settings,         // a server's settings, live or from a snapshot
  project,          // a repository
  migrations,       // those to be checked, step by step; a dump or a database has none
  comparison,       // the migrations' schema beside a database's or a snapshot's
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

// A value: an input, or all or any of several expressions. Holds at most 12 inputs and groups together; a
// larger constant does not compile.
class Needs {
 public:
  constexpr Needs(Input input)
      : nodes_{{{Kind::input, input, 1}}}, size_(1) {}  // implicit: an input is an expression

  template <class... Parts>
  static constexpr Needs all_of(const Parts&... parts) {
    return Needs(Kind::all, {Needs(parts)...});
  }
  template <class... Parts>
  static constexpr Needs any_of(const Parts&... parts) {
    return Needs(Kind::any, {Needs(parts)...});
  }

  constexpr bool met_by(const InputSet& given) const { return met(0, given); }
  // The part that `given` does not meet: of all() the parts that are not met, of any() each alternative's.
  // REQUIRES !met_by(given).
  Needs missing(const InputSet& given) const;
  // Every input that the expression names, necessary or one of several alternatives.
  constexpr InputSet inputs() const {
    InputSet out;
    for (std::uint8_t at = 0; at < size_; ++at)
      if (nodes_[at].kind == Kind::input) out.add(nodes_[at].input);
    return out;
  }
  constexpr bool names(Input input) const { return inputs().has(input); }

  // "queries (--log or --workload), and plans of logged statements (…) or a database (…)": each input with
  // the options that give it.
  std::string explain() const { return explain(0); }

 private:
  enum class Kind : std::uint8_t { input, all, any };
  // Prefix order: a group, then its parts.
  struct Node {
    Kind kind = Kind::input;
    Input input = Input::schema;  // of Kind::input
    std::uint8_t size = 1;        // nodes of this expression, with itself
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
