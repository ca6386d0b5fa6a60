#include "log/collect/query_state.h"

#include "log/record/clean_text.h"

namespace pgadvise::log {

LoggedPlan KeptPlan::plan() const {
  const std::string logged = format == LoggedPlan::Format::json ? in_json(clean(text)) : clean(text);
  return {format, {*file, line, 0}, duration_ms, redact_plan(format, logged), logged};
}

}  // namespace pgadvise::log
