#include "model/results/evaluation.h"

#include <algorithm>

namespace pgadvise {

std::string_view name(EvaluatedIndex::Verdict verdict) {
  using Verdict = EvaluatedIndex::Verdict;
  switch (verdict) {
    case Verdict::improves: return "improves";
    case Verdict::no_gain: return "no-gain";
    case Verdict::redundant: return "redundant";
    case Verdict::worse: return "worse";
    case Verdict::cannot_be_built: return "cannot-be-built";
    case Verdict::not_costed: return "not-costed";
  }
  return "";
}

std::string_view name(EvaluatedDrop::Verdict verdict) {
  using Verdict = EvaluatedDrop::Verdict;
  switch (verdict) {
    case Verdict::harmless: return "harmless";
    case Verdict::worse: return "worse";
    case Verdict::refused: return "refused";
  }
  return "";
}

bool objectionable(const Evaluation& evaluation) {
  using Verdict = EvaluatedIndex::Verdict;
  return std::ranges::any_of(evaluation.candidates,
                             [](const EvaluatedIndex& index) {
                               return index.verdict == Verdict::cannot_be_built ||
                                      index.verdict == Verdict::redundant || index.verdict == Verdict::worse;
                             }) ||
         std::ranges::any_of(evaluation.drops, [](const EvaluatedDrop& drop) {
           return drop.verdict != EvaluatedDrop::Verdict::harmless;
         });
}

}  // namespace pgadvise
