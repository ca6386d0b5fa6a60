#include "reports/history.h"

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/options/store_option.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "report/pages/page.h"
#include "store/open.h"
#include "store/store/history.h"

namespace pgadvise::cli {
namespace {

struct HistoryCommand {
  StoreOptions store{.url = "sqlite", .target = {}, .spool = {}};
  store::HistoryOptions history;
  std::size_t top = 10;
  std::string format = "text";
  std::string output;
};

std::string rendered(const store::History& found, const HistoryCommand& options) {
  if (options.format == "html") return report::history_html(found);
  if (options.format == "json") return report::history_json(found);
  return report::history_text(found, look_of(options.output), options.top);
}

Result<int> run(const HistoryCommand& options) {
  if (options.format == "html") TRY_VOID(report::need_page());
  TRY(const auto address, store_address(options.store));
  TRY(auto store, store::open(address, false));
  auto wanted = options.history;
  wanted.now = now();
  TRY(const auto found, store::history(*store, wanted));
  TRY_VOID(write_output(options.output, rendered(found, options), "history, " + options.format));
  return exit_clean;
}

}  // namespace

void add_history(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<HistoryCommand>();
  auto* command = app.add_subcommand(
      "history",
      "Show what changed between stored runs: new, fixed and recurring findings, "
      "slower queries, changed plans, waits for locks, growing tables, unused indexes, and which database "
      "to look at first");
  command
      ->add_option("--store", options->store.url,
                   "Store that check, digest, advise or watch wrote: sqlite, sqlite:PATH, postgresql://…, "
                   "clickhouse://…, env (PGADVISE_STORE), or @NAME, a store of your own configuration" +
                       about_store_password)
      ->type_name("URL")
      ->capture_default_str();
  command
      ->add_option("--target", options->history.target,
                   "Only the runs stored under this name (--store-as); default: all runs")
      ->type_name("NAME");
  command
      ->add_option(
          "--days", options->history.days,
          "Number of days for which a finding counts as new, reopened or fixed, and a plan as changed")
      ->check(CLI::Range(1, 36500))
      ->capture_default_str();
  command->add_option("--top", options->top, "Number of entries of each list in the text report; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--format", options->format, "Format of the report")
      ->check(CLI::IsMember({"text", "json", "html"}))
      ->capture_default_str();
  command->add_option("-o,--output", options->output,
                      "File to write the report to; default: standard output");
  command->footer("Exit codes: 0 success, 2 wrong usage, or a store that is missing or can't be read.");
  command->callback([options, &exit_code] { exit_code = exit_code_of(run(*options)); });
}

}  // namespace pgadvise::cli
