#include "check/commands/evaluate.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "advisor/search/evaluate.h"
#include "base/containers.h"
#include "base/files/input_file.h"
#include "check/load/server.h"
#include "lint/schema/key_coverage.h"
#include "model/schema/ddl.h"
#include "plan/run/planner.h"
#include "sql/definitions/written_indexes.h"

namespace pgadvise::check {
namespace {

constexpr std::size_t candidate_file_limit = 16'000'000;
constexpr std::size_t max_candidates = 200;
constexpr std::chrono::seconds trial_build_limit{120};

class Run {
 public:
  Run(AdviseInputs& inputs, const EvaluateSources& sources, const AdviseSettings& settings,
      const UserPaths& user_paths, Diagnostics& diagnostics)
      : inputs_(inputs),
        sources_(sources),
        settings_(settings),
        user_paths_(user_paths),
        diagnostics_(diagnostics),
        server_(*inputs.server) {}

  Result<Evaluation> run() {
    server_.connection().set_stop(settings_.stop);
    TRY_VOID(read_candidates());
    TRY_VOID(read_drops());
    TRY_VOID(check_buildable());
    TRY(auto what_if, server_.make_what_if(settings_.jobs, inputs_.workload.queries.size()));
    if (!server_.sandbox && !dropped_.empty())
      if (const auto missing = what_if->hide_missing(); !missing.empty())
        return fail(Error::Kind::usage, "--drop", missing,
                    "ALTER EXTENSION hypopg UPDATE, or --sandbox with a snapshot of the server");
    const ObservedPhase observed(settings_.observer, "planning with the candidates", true);
    const advisor::EvaluateOptions options{
        .time_limit = settings_.search.time_limit,
        .by_time = settings_.search.by_time,
        .stop = [this] { return settings_.stop.stop_requested(); },
        .hide = [&](const std::vector<QualifiedName>& indexes) { return hide(*what_if, indexes); }};
    auto out = advisor::evaluate(inputs_.workload, inputs_.catalog, *server_.plans, *what_if, candidates_,
                                 std::move(drops_), options, diagnostics_);
    for (auto& drop : out.drops) look_for_foreign_keys(drop);
    return out;
  }

 private:
  Result<void> read_candidates() {
    const auto& path = server_.plans->search_path();
    std::size_t number = 0;
    for (const auto& text : sources_.candidates) {
      const std::string where = fmt::format("--candidate {}", ++number);
      auto read = sql::read_indexes(text, where, inputs_.catalog, path);
      if (!read.refused.empty() || read.indexes.empty())
        return fail(Error::Kind::usage, where,
                    read.refused.empty() ? "has no statement" : read.refused.front().what,
                    "--candidate 'CREATE INDEX ON table (column)'");
      for (auto& written : read.indexes) candidates_.push_back({std::move(written), where});
    }
    for (const auto& file : sources_.candidate_files) {
      TRY(const auto text, read_file(file, candidate_file_limit, user_paths_));
      auto read = sql::read_indexes(text, file, inputs_.catalog, path);
      append(diagnostics_, read.refused);
      if (read.indexes.empty()) return fail(Error::Kind::input, file, "has no CREATE INDEX statement");
      for (auto& written : read.indexes) {
        const std::string where = written.index.origin.str();
        candidates_.push_back({std::move(written), where});
      }
    }
    if (candidates_.size() > max_candidates)
      return fail(Error::Kind::usage, "--candidate",
                  fmt::format("{} candidates are too many", candidates_.size()),
                  fmt::format("at most {} at once", max_candidates));
    return {};
  }

  Result<void> read_drops() {
    for (const auto& name : sources_.drops) {
      TRY(auto drop, advisor::proposed_drop(name, inputs_.catalog, server_.plans->search_path()));
      if (named_.insert({drop.table, drop.index}).second) {
        if (drop.verdict != EvaluatedDrop::Verdict::refused) dropped_.insert({drop.table, drop.index});
        drops_.push_back(std::move(drop));
      }
    }
    return {};
  }

  Result<void> check_buildable() {
    plan::Planner planner(*server_.plans, inputs_.catalog,
                          {.stop = [this] { return settings_.stop.stop_requested(); }});
    for (auto& candidate : candidates_) {
      TRY(candidate.buildable, advisor::can_build(candidate.written, inputs_.catalog, planner));
    }
    // PostgreSQL itself decides, on rows that are nobody's.
    if (!server_.sandbox || inputs_.statistics_only) return {};
    for (auto& candidate : candidates_)
      if (candidate.buildable.answer != advisor::Buildable::Answer::no)
        TRY_VOID(build_and_roll_back(candidate));
    return {};
  }

  Result<void> build_and_roll_back(advisor::ProposedCandidate& candidate) {
    pg::Connection& connection = server_.connection();
    TRY_VOID(connection.query("BEGIN"));
    connection.set_deadline(trial_build_limit);
    const auto built = connection.query(ddl::create_index(candidate.written.table, candidate.written.index));
    connection.set_deadline({});
    if (!built && built.error().kind == Error::Kind::database) return tl::unexpected(built.error());
    if (!built) candidate.buildable = {advisor::Buildable::Answer::no, built.error().what};
    TRY_VOID(connection.query("ROLLBACK"));
    return {};
  }

  Result<void> hide(plan::WhatIf& what_if, const std::vector<QualifiedName>& indexes) {
    if (!server_.sandbox) {
      what_if.hide(indexes);
      return {};
    }
    for (const auto& index : indexes) TRY_VOID(server_.connection().query(ddl::drop_index(index, false)));
    return {};
  }

  // A foreign key whose checks and cascades the index serves, and no other one.
  void look_for_foreign_keys(EvaluatedDrop& drop) const {
    const Table* table = inputs_.catalog.table(drop.table);
    const Index* index = table ? table->index(drop.index) : nullptr;
    if (!index || drop.verdict == EvaluatedDrop::Verdict::refused) return;
    for (const auto& key : table->constraints) {
      if (key.kind != Constraint::Kind::foreign_key) continue;
      const auto coverage = lint::covers(*index, *table, key.columns);
      const auto serves = [&](const Index& other) {
        return &other != index && !dropped_.count({drop.table, other.name}) &&
               lint::covers(other, *table, key.columns) >= coverage;
      };
      const bool replaced =
          std::ranges::any_of(candidates_, [&](const advisor::ProposedCandidate& candidate) {
            return candidate.written.table == drop.table &&
                   candidate.buildable.answer != advisor::Buildable::Answer::no &&
                   lint::covers(candidate.written.index, *table, key.columns) >= coverage;
          });
      if (coverage == lint::Coverage::none || replaced || std::ranges::any_of(table->indexes, serves))
        continue;
      drop.verdict = EvaluatedDrop::Verdict::worse;
      drop.reason =
          fmt::format("the foreign key {} loses its index: each DELETE or key change in {} scans {}{}",
                      key.name, display(key.referenced_table), display(drop.table),
                      drop.queries.empty() ? "" : "; queries on the table become more expensive, too");
      return;
    }
  }

  AdviseInputs& inputs_;
  const EvaluateSources& sources_;
  const AdviseSettings& settings_;
  const UserPaths& user_paths_;
  Diagnostics& diagnostics_;
  Server& server_;
  std::vector<advisor::ProposedCandidate> candidates_;
  std::vector<EvaluatedDrop> drops_;
  std::set<std::pair<QualifiedName, std::string>> named_;    // tables and indexes of --drop
  std::set<std::pair<QualifiedName, std::string>> dropped_;  // of those, the ones that are not refused
};

}  // namespace

Result<Evaluation> evaluate(AdviseInputs& inputs, const EvaluateSources& sources,
                            const AdviseSettings& settings, const UserPaths& user_paths,
                            Diagnostics& diagnostics) {
  return Run(inputs, sources, settings, user_paths, diagnostics).run();
}

}  // namespace pgadvise::check
