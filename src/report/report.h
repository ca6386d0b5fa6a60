// Findings -> text for people, JSON for dashboards. One file a format.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lint/context.h"
#include "lint/suppress.h"
#include "model/finding.h"
#include "model/workload.h"

namespace pgadvise::report {

struct Input {
  std::string kind;  // "drizzle migrations", "stderr log", "database"
  std::string path;  // or the database's name; never a password
  std::string detail;
};

struct Report {
  std::vector<Finding> findings;
  std::vector<lint::Suppressed> suppressed;  // by a comment or pgadvise.toml: told apart, counted nowhere else
  std::vector<lint::SkippedRule> skipped;
  std::vector<std::string> rules_run;
  std::vector<Input> inputs;
  Diagnostics diagnostics;      // also printed to stderr
  // Of this run alone: left out of byte-for-byte comparison.
  std::string started;          // ISO 8601, UTC
  double seconds = 0;
  std::string server_version;   // "15.18", "" without a server
  std::string what_if;          // "HypoPG", or why not
};

struct TextOptions {
  bool colour = false;
  int width = 100;
  bool show_literals = false;
};

std::string to_text(const Report& report, const TextOptions& options);
std::string to_json(const Report& report, bool show_literals);

}  // namespace pgadvise::report
