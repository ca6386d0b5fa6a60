#include <ctime>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "cli/commands/commands.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/output/phase.h"
#include "cli/process/verbosity.h"
#include "files/catalog_snapshot.h"
#include "pg/catalog/catalog_reader.h"
#include "pg/catalog/relation_sizes.h"

namespace pgadvise::cli {
namespace {

struct SnapshotCommand {
  std::string db;
  std::string output;
  bool values = false;
};

// A catalog that was read in part is none: nothing is written.
Result<std::string> take(const SnapshotCommand& options, Diagnostics& diagnostics) {
  const std::time_t now = std::time(nullptr);
  TRY(auto connection, pg::Connection::open(options.db, sent_observer()));
  const Phase phase("reading the database");
  TRY(auto catalog, pg::read_catalog(connection, diagnostics, {.values = options.values}));
  print_verbose(fmt::format("read {}: {}", connection.where(), counted(catalog.tables.size(), "table")));
  TRY(auto relations, pg::read_relation_sizes(connection, diagnostics));
  std::vector<std::string> not_read;  // without the server's name
  for (const auto& error : diagnostics)
    not_read.push_back(Error{error.kind, {}, error.what, error.hint}.line());
  return files::to_catalog_snapshot({fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now)), PGADVISE_VERSION,
                                     std::move(not_read), std::move(catalog), std::move(relations)});
}

Result<int> run(const SnapshotCommand& options) {
  if (trim(options.db).empty())
    return fail(Error::Kind::usage, "--db", "is empty", "name a database; is the variable set?");
  Diagnostics diagnostics;
  const auto content = take(options, diagnostics);
  if (!content) diagnostics.push_back(content.error());
  for (const auto& error : diagnostics) complain(error);
  if (!content) return exit_code_of(diagnostics);
  TRY_VOID(write_output(options.output, *content, "snapshot"));
  return exit_code_of(diagnostics);
}

}  // namespace

void add_snapshot(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<SnapshotCommand>();
  auto* command = app.add_subcommand(
      "snapshot",
      "Write a database's catalog, settings and statistics to a file, for `check --schema` elsewhere");
  command
      ->add_option("--db", options->db,
                   "Database to read: a libpq connection string, or env (DATABASE_URL, else PG*)")
      ->required();
  command->add_option("-o,--output", options->output, "File to write the snapshot to");
  command->add_flag("--with-values", options->values,
                    "Include the columns' most common values and histograms, which are row data");
  command->footer(
      "A snapshot contains names, types, expressions, comments, sizes, counters, settings, applied "
      "migrations, and connected sessions (application, state, start time). Only --with-values adds row "
      "data.\nExit codes: 0 success, 2 wrong usage or a file that can't be written, 3 the database can't be "
      "reached or read.");
  command->callback([options, &exit_code] { exit_code = exit_code_of(run(*options)); });
}

}  // namespace pgadvise::cli
