#include "model/results/evaluation.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise {

std::string_view name(EvaluatedIndex::Verdict verdict) {
  return word_of(verdict, {"improves", "no-gain", "redundant", "worse", "cannot-be-built", "not-costed"});
}

std::string_view name(EvaluatedDrop::Verdict verdict) {
  return word_of(verdict, {"harmless", "worse", "refused"});
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
