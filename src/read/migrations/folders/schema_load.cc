#include "migrations/folders/schema_load.h"

#include <algorithm>
#include <iterator>

#include "base/text/text.h"
#include "drizzle/kit/snapshot.h"
#include "files/catalog_snapshot.h"
#include "files/files.h"
#include "migrations/folders/facts.h"
#include "migrations/interface/source_schemas.h"
#include "migrations/scripts/includes.h"
#include "sql/definitions/transaction_needs.h"
#include "sql/parse/placeholders.h"
#include "sql/parse/suppressions.h"
#include "sql/render_sql.h"
#include "sql/replay/replay.h"

namespace pgadvise::migrations {
namespace {

// Before the first script with placeholders: no name for one is a word of the input's files. A single file,
// which may be a pipe, has been read already.
void avoid_words(const SchemaInput& input, sql::Placeholders& placeholders) {
  if (input.files.size() < 2) return;
  for (const auto& file : input.files)
    if (const auto text = read_file(file.path, files::sql_limit, input.user_paths))
      placeholders.avoid_words(*text);
}

// Hands each readable script on, with names for placeholders; an unreadable one is named. Errors: none could
// be read.
template <class Use>
Result<int> each_script(const SchemaInput& input, sql::Placeholders& placeholders, Diagnostics& diagnostics,
                        Use use) {
  int read = 0;
  Error last;
  bool avoided = false;
  for (const auto& file : input.files) {
    if (input.executed) {
      ++read;
      use(file, input.executed->scripts.at(file.path).text);
      continue;
    }
    auto text = read_file(file.path, files::sql_limit, input.user_paths);
    if (!text) {
      last = text.error();
      diagnostics.push_back(last);
      diagnostics.back().kind = Error::Kind::nonfatal;
      continue;
    }
    ++read;
    if (input.tool && input.tool->up) text = input.tool->up(std::move(*text));
    if (input.kind == SchemaKind::sql_file) {
      const auto parts = with_includes(file.path, std::move(*text), input.user_paths, diagnostics);
      if (std::ranges::any_of(parts, [](const auto& part) { return sql::has_marks(part.text); }))
        for (const auto& part : parts) placeholders.avoid_words(part.text);
      for (const auto& part : parts) use(SchemaFile{part.path, file.entry}, placeholders.fill(part.text));
      continue;
    }
    if (!avoided && sql::has_marks(*text)) {
      avoid_words(input, placeholders);
      avoided = true;
    }
    use(file, placeholders.fill(*text));
  }
  if (read == 0 && !input.files.empty()) {
    diagnostics.pop_back();
    return tl::unexpected(last);
  }
  return read;
}

// Whether a statement of the migration fails in the transaction that its tool is known to open.
bool fails_in_transaction(const Migration& migration, const std::string& text) {
  using Transaction = Migration::Transaction;
  if (migration.transaction == Transaction::none || migration.transaction == Transaction::unknown)
    return false;
  if (!contains(lower(text), "concurrently")) return false;
  const sql::TransactionNeeds needs = sql::transaction_needs(text);
  return needs.concurrently > 0 &&
         (migration.transaction != Transaction::script || needs.inside + needs.outside > 1);
}

Result<Catalog> load_snapshot(const SchemaInput& input, Diagnostics& diagnostics) {
  TRY(const auto text, read_file(input.path, files::json_limit, input.user_paths));
  return drizzle::read_snapshot(text, input.path, diagnostics);
}

}  // namespace

Result<Catalog> load(const SchemaInput& input, Diagnostics& diagnostics, sql::ReplayCounts* counts) {
  CheckedMigrations none;
  return load(input, none, diagnostics, counts);
}

Result<Catalog> load(const SchemaInput& input, CheckedMigrations& checked, Diagnostics& diagnostics,
                     sql::ReplayCounts* counts) {
  if (input.kind == SchemaKind::drizzle_snapshot) return load_snapshot(input, diagnostics);
  if (input.kind == SchemaKind::source && input.source->unread) return tl::unexpected(*input.source->unread);
  if (input.kind == SchemaKind::source) return known_part(*input.source, diagnostics);
  if (input.kind == SchemaKind::server_snapshot) {
    TRY(auto snapshot, files::load_catalog_snapshot(input.path, input.user_paths));
    return std::move(snapshot.catalog);
  }
  sql::Replayer replayer;
  if (input.kind == SchemaKind::sql_folder) replayer.any_order();
  sql::Placeholders placeholders;
  int concurrent = 0;  // migrations so far
  TRY_VOID(
      each_script(input, placeholders, diagnostics, [&](const SchemaFile& file, const std::string& text) {
        auto ignored = sql::suppressions(text, file.path);
        std::move(ignored.begin(), ignored.end(), std::back_inserter(checked.suppressions));
        const bool is_checked = checked.files.count(file.path) > 0;
        Migration migration;
        if (!checked.files.empty()) {
          migration = describe_migration(input, file, text);
          concurrent += fails_in_transaction(migration, text);
        }
        if (!is_checked) return replayer.run(text, file.path);
        checked.found.push_back(std::move(migration));
        checked.found.back().with_previous = checked.together && checked.found.size() > 1;
        replayer.run(text, checked.found.back(), checked.found.back().with_previous);
      }));
  replayer.finish();
  for (Migration& migration : checked.found) migration.concurrently_elsewhere = concurrent > 1;
  for (const auto& [written, name] : placeholders.filled())
    warn(diagnostics, input.path,
         "the placeholder " + ellipsis(written, 80) + " is read as the name " + name);
  diagnostics.insert(diagnostics.end(), replayer.diagnostics().begin(), replayer.diagnostics().end());
  if (counts) {
    *counts = replayer.counts();
    counts->placeholders = placeholders.names();
  }
  return replayer.take();
}

Result<std::vector<std::pair<std::string, std::string>>> schema_sql(const SchemaInput& input,
                                                                    Diagnostics& diagnostics,
                                                                    sql::Placeholders* placeholders) {
  std::vector<std::pair<std::string, std::string>> out;
  if (input.kind == SchemaKind::server_snapshot)
    return fail(
        Error::Kind::input, input.path,
        "is a snapshot of a server, which lacks functions, triggers and types: it can't build a schema",
        "use pg_dump -s to export a schema for a sandbox");
  if (input.kind == SchemaKind::source) {
    if (input.source->unread) return tl::unexpected(*input.source->unread);
    Diagnostics reported_already;
    out.emplace_back(input.path, sql::render_sql(known_part(*input.source, reported_already)));
    return out;
  }
  if (input.kind == SchemaKind::drizzle_snapshot) {
    TRY(const auto catalog, load_snapshot(input, diagnostics));
    out.emplace_back(input.path, sql::render_sql(catalog));
    return out;
  }
  sql::Placeholders own;
  sql::Placeholders& names = placeholders ? *placeholders : own;
  TRY_VOID(each_script(input, names, diagnostics, [&](const SchemaFile& file, std::string text) {
    out.emplace_back(file.path, std::move(text));
  }));
  return out;
}

}  // namespace pgadvise::migrations
