// What a rule is. One file a rule: rules/<category>/<rule_id>.cc; registration is generated
// (cmake/rules.cmake).
#pragma once

#include <span>
#include <string_view>

#include "lint/needs.h"
#include "model/finding.h"

namespace pgadvise::lint {

class Context;
class Reporter;

// A number that a rule decides by and a configuration may change: a constant of the rule's file, listed in
// the rule's `options` and read by Context::option(). No negative numbers.
struct Option {
  std::string_view name;  // in pgadvise.toml
  double fallback = 0;
  // Whether the rule reports at all depends, through this number, on the size of a table or index, which only
  // a server or a snapshot of one knows. Not for a number that only changes the severity.
  bool table_size = false;
  std::string_view meaning;  // with its unit
};

struct Rule {
  std::string_view id;  // states the problem: "unindexed-foreign-key"
  Severity severity = Severity::warning;
  Needs needs = Input::schema;      // the runner names what is missing instead of running the rule
  std::string_view summary;         // one line
  std::string_view why;             // a paragraph or two, Markdown
  std::string_view fix;             // what to do, Markdown
  std::string_view when_to_ignore;  // Markdown
  std::span<const Option* const> options = {};
  void (*check)(const Context&, Reporter&) = nullptr;  // the Context knows the rule
  bool on_by_default = true;                           // off: runs only when named
};

// Whether the rule's findings follow from schema and migrations alone, so that the same files give the same
// findings tomorrow. `sizes_known`: a server or a snapshot of one gives the sizes of tables, which some rules
// also compare.
bool decided_by_files(const Rule& rule, bool sizes_known);

struct RegisteredRule {
  std::string_view category;  // the folder
  const Rule* rule;
  // From fixtures/rules/<id>/, put in by the build; empty where there is no such file.
  std::string_view example;  // Markdown
  std::string_view bad_sql;
  std::string_view good_sql;
};

std::span<const RegisteredRule> all_rules();  // sorted by category, then id
const RegisteredRule* find_rule(std::string_view id);

}  // namespace pgadvise::lint
