// The definition of a rule. Each rule is one file, rules/<category>/<rule_id>.cc; the build generates the
// registration (cmake/rules.cmake).
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

#include "lint/run/needs.h"
#include "model/results/finding.h"

namespace pgadvise::lint {

class Context;
class Reporter;

// A number or a choice on which a rule's result depends and which a configuration can change. Declare it as a
// constant in the rule's file, list it in Rule::options, and read it with Context::option(). A number must
// not be negative.
struct Option {
  std::string_view name;  // in pgadvise.toml
  double fallback = 0;
  std::string_view meaning;  // description, with the unit
  // Of a choice: the words that a configuration may name. Its value is the position of the word, from 1; 0:
  // none is named. A configuration that names one turns on the rule.
  std::span<const std::string_view> choices = {};
  // True if this is a size of a table or index below which the rule reports nothing: only a server or its
  // snapshot knows sizes. False if the number only changes the severity.
  bool table_size = false;
};

// An option that is such a size.
constexpr Option size_option(std::string_view name, double fallback, std::string_view meaning) {
  return {.name = name, .fallback = fallback, .meaning = meaning, .table_size = true};
}

// The options of a rule, in the order of its documentation. A value type with at most six; a larger constant
// does not compile.
class Options {
 public:
  constexpr Options() = default;
  constexpr Options(std::initializer_list<const Option*> options) {
    for (const Option* option : options) options_.at(size_++) = option;
  }
  constexpr auto begin() const { return options_.data(); }
  constexpr auto end() const { return options_.data() + size_; }
  constexpr bool empty() const { return size_ == 0; }

 private:
  std::array<const Option*, 6> options_{};
  std::size_t size_ = 0;
};

// What the problem does to an application. Part of a finding's impact (docs/impact.md).
enum class Harm {
  upkeep,       // no user notices it: a convention, work that the server does twice
  time,         // statements take longer, or wait for locks
  correctness,  // wrong or missing values
  deployment,   // a deployment fails, or the server refuses statements or connections
  data,         // rows are lost, or others can read them
};

struct Rule {
  std::string_view id;  // names the problem: "unindexed-foreign-key"
  Severity severity = Severity::warning;
  Harm harm = Harm::time;
  Needs needs = Input::schema;  // required inputs; if one is missing, the rule does not run, and the report
                                // names the input
  std::string_view summary;     // one line
  std::string_view why;         // a paragraph or two, Markdown
  std::string_view fix;         // how to fix the problem, Markdown
  std::string_view when_to_ignore;  // Markdown
  Options options = {};
  void (*check)(const Context&, Reporter&) = nullptr;  // called with a Context of this rule
  bool on_by_default = true;                           // false: runs only if the configuration names it
  // The rule concludes from names and types what the application means, so that reading them from a server
  // proves nothing. Other findings about a server's catalog, statistics and settings are facts: confirmed.
  bool guesses = false;
};

// Whether the rule's findings depend on schema and migrations only, so that the same files always give the
// same findings. `sizes_known`: sizes of tables, from a server or its snapshot, are available; the answer is
// then false for rules with an option that is a table's size.
bool decided_by_files(const Rule& rule, bool sizes_known);

struct RegisteredRule {
  std::string_view category;  // the name of the folder
  const Rule* rule;
  // From fixtures/rules/<id>/, embedded by the build; empty if the file does not exist.
  std::string_view example;  // Markdown
  std::string_view bad_sql;
  std::string_view good_sql;
};

std::span<const RegisteredRule> all_rules();  // sorted by category, then id
const RegisteredRule* find_rule(std::string_view id);

}  // namespace pgadvise::lint
