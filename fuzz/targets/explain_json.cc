#include "plan/reader.h"
#include "support.h"

namespace pgadvise::fuzz {

void explain_json(std::string_view input) {
  const auto plan = plan::read_json(input);
  if (!plan) return;
  std::size_t nodes = 0;
  plan::visit(plan->root, [&](const PlanNode&) { ++nodes; });
  require(nodes <= input.size(), "a node has its text");
  require(plan->text == input, "the text is kept");
}

}  // namespace pgadvise::fuzz
