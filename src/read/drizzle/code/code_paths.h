// What a file's path and text say about the code in it. Internal to this folder.
#pragma once

#include <string_view>

namespace pgadvise::drizzle {

// Whether application code is in the file: no tests, seeds, migrations, scripts, experiments, or generated
// files.
bool is_application_source(std::string_view path);

// Whether the text is that of a test: it imports a test runner (vitest, Jest, bun:test, node:test,
// Playwright), or calls describe(), beforeEach() or beforeAll() at the beginning of a line.
bool is_test_code(std::string_view text);

// Whether a whole word of the path names a background job: a folder (jobs/, workers/, cron/), or the end of
// the file's name (order.worker.ts, send-mail-job.ts). Never where a folder names requests (controllers/,
// routes/, api/, handlers/). `package` is the folder of the file's package, "" at the root: its own name
// (apps/api) says nothing about requests.
bool in_background(std::string_view path, std::string_view package);

}  // namespace pgadvise::drizzle
