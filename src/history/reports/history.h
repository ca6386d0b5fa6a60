// The formats of `pgadvise history`.
#pragma once

#include <cstddef>
#include <string>

#include "report/text/paint.h"
#include "store/store/history.h"

namespace pgadvise::report {

// Text for people: of each list the first `top` entries (0: all), a line or two each.
std::string history_text(const store::History& history, const Look& look, std::size_t top);

// All entries, one JSON object (docs/history.schema.json).
std::string history_json(const store::History& history);

// That JSON in the page (report/pages/page.h). Where a browser runs no scripts: the text, 10 entries of each
// list.
std::string history_html(const store::History& history);

}  // namespace pgadvise::report
