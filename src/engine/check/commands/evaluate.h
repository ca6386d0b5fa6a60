// Evaluates indexes that somebody else proposes for a workload on a server: `advise --candidate`, `--drop`.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "check/commands/advise.h"
#include "model/results/evaluation.h"

namespace pgadvise::check {

struct EvaluateSources {
  std::vector<std::string> candidates;       // SQL texts of one or more CREATE INDEX statements
  std::vector<std::string> candidate_files;  // .sql files
  std::vector<std::string> drops;            // names of existing indexes, perhaps with their schemas
};

// Uses `search.time_limit`, `search.by_time`, `jobs`, `stop` and `observer` of the settings. Creates nothing
// on a server of --db. In a sandbox, builds the candidates in transactions that are rolled back, and drops
// the indexes of `drops`. Other statements of a candidate file are reported in `diagnostics`. Errors (usage):
// a candidate that is not CREATE INDEX, an unknown index, a HypoPG that cannot hide an existing index;
// (input): a file that cannot be read or has no CREATE INDEX; (database): a lost server.
Result<Evaluation> evaluate(AdviseInputs& inputs, const EvaluateSources& sources,
                            const AdviseSettings& settings, const UserPaths& user_paths,
                            Diagnostics& diagnostics);

}  // namespace pgadvise::check
