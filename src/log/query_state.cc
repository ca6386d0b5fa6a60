#include "log/query_state.h"

#include "log/clean_text.h"

namespace pgadvise::log {

LoggedPlan KeptPlan::plan() const {
  const std::string logged = format == LoggedPlan::Format::json ? in_json(clean(text)) : clean(text);
  return {format, {*file, line, 0}, duration_ms, redact_plan(format, logged), logged};
}

}  // namespace pgadvise::log
