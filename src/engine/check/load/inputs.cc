#include "check/load/inputs.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/containers.h"
#include "base/files/boundary.h"
#include "base/text/mask.h"
#include "base/text/text.h"
#include "check/config/trust.h"
#include "check/load/new_index_sizes.h"
#include "check/load/source_comparison.h"
#include "files/catalog_snapshot.h"
#include "log/formats/detect.h"
#include "log/lines/provenance.h"
#include "log/reader.h"
#include "log/workload/statistics_file.h"
#include "log/workload/workload_file.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "pg/catalog/catalog_reader.h"
#include "sql/parse/redact.h"
#include "sql/parse/statement.h"
#include "sql/render_sql.h"

namespace pgadvise::check {

void take_out_conninfos(std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::erase_if(paths, [&](const std::string& path) {
    if (!looks_like_conninfo(path)) return false;
    diagnostics.push_back({Error::Kind::usage, mask_credentials(path), "is a connection string, not a file",
                           "pass a database to --db, as one quoted argument"});
    return true;
  });
}

void leave_out_outside(migrations::SchemaInput& input, const std::string& boundary,
                       Diagnostics& diagnostics) {
  std::erase_if(input.files, [&](const migrations::SchemaFile& file) {
    if (lies_within(file.path, boundary)) return false;
    warn(diagnostics, input.path,
         file.path + " is a symbolic link to a file outside the repository: not read",
         "name the link's target");
    return true;
  });
}

static std::string head_of(const std::string& path) {
  constexpr std::size_t bytes = 65'536;
  return is_file(path) ? read_head(path, bytes) : std::string();
}

static bool holds_workloads(const std::string& text) {
  return log::is_workload_file(text) || log::is_statistics_file(text);
}

// A log or a workload file that somebody names as a schema.
static std::optional<Error> of_another_option(const std::string& path) {
  if (lower(path).ends_with(".sql")) return std::nullopt;
  const std::string head = head_of(path);
  if (holds_workloads(head))
    return Error{Error::Kind::input, path, "is a workload, not a schema", "--log " + path};
  const auto format = log::detect(head, "");
  if (format.name.empty()) return std::nullopt;
  return Error{
      Error::Kind::input, path,
      fmt::format("is a log ({}), not a schema", format.name == "stderr" ? "PostgreSQL's" : format.name),
      "--log " + path};
}

// Also leaves out the named files of the folder.
static files::LeaveOut without(files::LeaveOut leave_out, const std::vector<std::string>& files) {
  std::set<std::filesystem::path> named;
  for (const auto& file : files)
    if (is_file(file)) named.insert(std::filesystem::path(file).lexically_normal());
  if (named.empty()) return leave_out;
  return [leave_out = std::move(leave_out), named = std::move(named)](const std::string& path) {
    return (leave_out && leave_out(path)) || named.count(std::filesystem::path(path).lexically_normal()) > 0;
  };
}

std::vector<migrations::SchemaInput> find_schemas(const std::vector<std::string>& paths,
                                                  Diagnostics& diagnostics, const Config& config,
                                                  const UserPaths& user_paths,
                                                  const std::vector<std::string>& read_apart) {
  std::vector<migrations::SchemaInput> out;
  for (const auto& path : paths) {
    const bool folder = is_folder(path);
    if (auto other = folder ? std::nullopt : of_another_option(path)) {
      diagnostics.push_back(std::move(*other));
      continue;
    }
    const std::string boundary = boundary_of(path);
    const auto before = static_cast<std::ptrdiff_t>(diagnostics.size());
    auto found =
        migrations::find_schemas(path, diagnostics, without(config.leave_out(path), read_apart), user_paths);
    if (!found) diagnostics.push_back(found.error());
    if (folder)
      std::for_each(diagnostics.begin() + before, diagnostics.end(),
                    [&](Error& error) { error = without_outside_text(std::move(error), boundary); });
    if (!found) continue;
    for (auto& input : *found) {
      const bool any = !input.files.empty();
      if (folder) leave_out_outside(input, boundary, diagnostics);
      if (!any || !input.files.empty()) out.push_back(std::move(input));
    }
  }
  return out;
}

// The one snapshot of a server, if there is one.
static Result<std::optional<files::CatalogSnapshot>> read_production(
    const std::vector<migrations::SchemaInput>& schemas, bool rows, Diagnostics& diagnostics) {
  const migrations::SchemaInput* found = nullptr;
  for (const auto& schema : schemas) {
    if (schema.kind != migrations::SchemaKind::server_snapshot) continue;
    if (found)
      return fail(Error::Kind::usage, schema.path, "is a snapshot of a server, as is " + found->path,
                  "remove one of them");
    found = &schema;
  }
  if (!found) return std::optional<files::CatalogSnapshot>();
  if (rows)
    return fail(Error::Kind::usage, "--load",
                "loads rows, but " + found->path + " provides statistics in place of rows",
                "remove one of them");
  TRY(auto snapshot, files::load_catalog_snapshot(found->path, found->user_paths));
  for (auto& what : snapshot.not_read)
    warn(diagnostics, found->path, "when it was taken: " + std::move(what));
  bool values = false;
  for (const auto& [name, table] : snapshot.catalog.tables)
    for (const auto& column : table.columns)
      values |= column.statistics && (!column.statistics->most_common_values.empty() ||
                                      !column.statistics->histogram_bounds.empty());
  if (!values)
    warn(diagnostics, found->path,
         "has no column values: it was taken without --with-values, or its tables were empty or not "
         "analyzed; the planner treats every value as equally frequent",
         "pgadvise snapshot --with-values, after ANALYZE");
  return std::optional(std::move(snapshot));
}

Result<BuiltSandbox> build_sandbox(const std::vector<migrations::SchemaInput>& schemas,
                                   const std::vector<std::string>& load, Diagnostics& diagnostics,
                                   const UserPaths& user_paths, pg::SentObserver on_sent, bool tcp) {
  TRY(auto production, read_production(schemas, !load.empty(), diagnostics));
  TRY(auto sandbox, pg::Sandbox::start(diagnostics, std::move(on_sent), 20, tcp));
  if (production) TRY_VOID(sandbox.import_collation(production->catalog));
  for (const auto& schema : schemas) {
    if (schema.kind == migrations::SchemaKind::server_snapshot) {
      if (schemas.size() == 1)
        sandbox.build({schema.path, sql::planners_schema(production->catalog)}, diagnostics);
      continue;
    }
    if (schema.incomplete) continue;  // reported by find_schemas()
    auto scripts = migrations::schema_sql(schema, diagnostics);
    if (!scripts) {
      diagnostics.push_back(scripts.error());
      continue;
    }
    for (auto& [file, text] : *scripts) sandbox.build({file, std::move(text)}, diagnostics);
  }
  if (production) {
    if (schemas.size() > 1) {
      Diagnostics reported_later;  // by whoever reads the sandbox's catalog for itself
      if (const auto built = pg::read_catalog(sandbox.connection(), reported_later))
        production->relations =
            with_new_indexes(std::move(production->relations), production->catalog, *built);
    }
    TRY_VOID(sandbox.import_statistics(production->catalog, production->relations, diagnostics));
    return BuiltSandbox{std::move(sandbox), true,
                        schemas.size() == 1 ? std::optional(std::move(production->catalog)) : std::nullopt};
  }
  TRY_VOID(finish_sandbox(sandbox, load, diagnostics, user_paths));
  return BuiltSandbox{std::move(sandbox)};
}

Result<void> finish_sandbox(pg::Sandbox& sandbox, const std::vector<std::string>& load,
                            Diagnostics& diagnostics, const UserPaths& user_paths) {
  for (const auto& file : load) {
    TRY(auto text, read_file(file, file_limit, user_paths));
    sandbox.build({file, std::move(text)}, diagnostics);
  }
  TRY_VOID(sandbox.connection().run_script("ANALYZE"));
  return {};
}

static void take_places(Table& live, const Table& file) {
  live.origin = file.origin;
  for (auto& column : live.columns)
    if (const Column* same = file.column(column.name)) column.origin = same->origin;
  for (auto& index : live.indexes)
    if (const Index* same = file.index(index.name)) index.origin = same->origin;
  live.dropped_keys = file.dropped_keys;
  take_logical_keys(live, file);
  for (auto& policy : live.policies)
    for (const auto& other : file.policies)
      if (other.name == policy.name) policy.origin = other.origin;
  for (auto& constraint : live.constraints)
    for (const auto& other : file.constraints)
      if (other.kind == constraint.kind && other.columns == constraint.columns &&
          other.referenced_table == constraint.referenced_table)
        constraint.origin = other.origin;
}

void forget_use(Catalog& sandbox) {
  sandbox.settings.clear();
  sandbox.statistics_days.reset();
  sandbox.sessions.clear();
  for (auto& [name, table] : sandbox.tables)
    if (table.statistics && table.statistics->rows <= 0 && table.statistics->pages == 0)
      table.statistics.reset();
}

Catalog with_places(Catalog live, const Catalog& files) {
  for (const auto& [name, table] : files.tables) {
    if (Table* same = live.table(name)) take_places(*same, table);
    else live.tables.emplace(name, table);
  }
  return live;
}

Workload read_sql_workload(const std::string& path, const std::string& text, Diagnostics& diagnostics) {
  std::map<std::string, Query> queries;
  const LineIndex lines(text);
  LogSource source{.path = path, .format = "sql"};
  for (const auto& statement : sql::split(text)) {
    const SourceLocation place = location_at(path, lines, statement.offset);
    const auto fingerprint = sql::fingerprint(statement.text);
    const auto normalized = sql::normalize(statement.text);
    if (!fingerprint || !normalized) {
      warn(diagnostics, place.str(), fingerprint ? normalized.error().what : fingerprint.error().what);
      continue;
    }
    Query& query = queries[*fingerprint];
    query.fingerprint = *fingerprint;
    if (query.text.empty()) query.text = sql::redact(*normalized);
    ++query.calls;
    ++source.statements;
    constexpr std::size_t samples = 5;
    if (query.samples.size() < samples)
      query.samples.push_back({place, std::string(statement.text), std::nullopt, std::nullopt});
  }
  log::IdentityBuilder identity;
  identity.add(text);
  source.identity = identity.identity();
  Workload out;
  out.sources.push_back(std::move(source));
  for (auto& [fingerprint, query] : queries) out.queries.push_back(std::move(query));
  return out;
}

Error not_read_after_stop(const std::string& input) {
  return {Error::Kind::nonfatal, input, "interrupted: pgadvise did not read this input"};
}

// A workload file, rows of pg_stat_statements, or SQL.
static void read_workload(const std::string& path, const UserPaths& user_paths, const std::stop_token& stop,
                          std::vector<Workload>& out, Diagnostics& diagnostics) {
  if (stop.stop_requested()) return diagnostics.push_back(not_read_after_stop(path));
  const auto text = read_file(path, file_limit, user_paths);
  if (!text) return diagnostics.push_back(text.error());
  if (!holds_workloads(*text)) return out.push_back(read_sql_workload(path, *text, diagnostics));
  if (log::is_workload_file(*text)) {
    if (auto read = log::parse_workload_file(path, *text)) append(out, std::move(*read));
    else diagnostics.push_back(read.error());
  } else if (auto statistics = log::parse_statistics_file(path, *text, diagnostics)) {
    out.push_back(std::move(*statistics));
  } else {
    diagnostics.push_back(statistics.error());
  }
}

std::vector<Workload> read_workloads(std::vector<std::string> paths, Diagnostics& diagnostics,
                                     const UserPaths& user_paths, const std::stop_token& stop) {
  std::vector<Workload> out;
  std::ranges::sort(paths);
  for (const auto& path : paths) read_workload(path, user_paths, stop, out, diagnostics);
  return out;
}

// Only of regular files: a pipe can be read once.
bool names_workload_file(const std::string& path) { return log::is_workload_file(head_of(path)); }

bool names_snapshot(const std::string& path) { return files::is_catalog_snapshot(head_of(path)); }

std::vector<Workload> read_logs(const std::vector<std::string>& paths, const log::Options& options,
                                bool by_log, Diagnostics& diagnostics) {
  std::vector<Workload> out;
  std::vector<std::string> logs;
  for (const auto& path : paths) {
    if (!holds_workloads(head_of(path))) {
      logs.push_back(path);
      continue;
    }
    if (!options.selection.everything())
      warn(diagnostics, path,
           "holds sums, of which --app, --user, --database, --from and --to select nothing: "
           "all of it is read",
           "name the logs instead");
    read_workload(path, options.user_paths, options.stop, out, diagnostics);
  }
  if (logs.empty()) return out;
  if (!by_log && out.empty()) return {log::read(logs, options, diagnostics)};
  append(out, log::read_each(logs, options, diagnostics));
  return out;
}

Result<void> keep_inputs(const std::string& output, const std::vector<std::string>& inputs) {
  if (output.empty() || output == "-" || !is_file(output)) return {};
  std::error_code code;
  for (const auto& input : inputs)
    if (std::filesystem::equivalent(output, input, code))
      return fail(Error::Kind::usage, "--output " + output, "is an input, too: it would be overwritten",
                  "name another file");
  return {};
}

}  // namespace pgadvise::check
