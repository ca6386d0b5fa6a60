#include "check/commands/against.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/changes/git.h"
#include "check/changes/revision_files.h"
#include "check/load/inputs.h"
#include "lint/queries/plans.h"
#include "pg/catalog/catalog_reader.h"
#include "plan/insights/plan_change.h"
#include "plan/run/planner.h"
#include "sql/facts/facts.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

migrations::SchemaInput snapshot_input(const std::string& path, const Settings& settings) {
  return {.kind = migrations::SchemaKind::server_snapshot, .path = path, .user_paths = settings.user_paths};
}

// One of the two schemas, on a server of its own.
struct Side {
  std::unique_ptr<Server> own;  // null: the server of the inputs
  Server* server = nullptr;
  Catalog catalog;
  std::unique_ptr<plan::Planner> planner;
  Diagnostics built;
};

Result<void> read_catalog(Side& side) {
  Diagnostics reported_already;
  TRY(side.catalog, pg::read_catalog(side.server->connection(), reported_already));
  return {};
}

Result<void> build(Side& side, const std::vector<migrations::SchemaInput>& schemas,
                   const std::vector<std::string>& load, const Settings& settings) {
  TRY(auto sandbox, build_sandbox(schemas, load, side.built, settings.user_paths, settings.observer.sent));
  side.own = take_server(std::move(sandbox.server));
  side.server = side.own.get();
  if (const auto read = read_catalog(side); !read) return read;
  return side.server->make_plans(settings.session_settings);
}

void make_planner(Side& side, const Settings& settings, const char* which) {
  side.server->connection().set_stop(settings.stop);
  plan::PlannerOptions options;
  options.progress = [counted = settings.observer.counted, which](std::size_t begun, std::size_t all) {
    if (counted) counted(fmt::format("planning {} of {} statements {} the change", begun, all, which));
  };
  options.stop = [stop = settings.stop] { return stop.stop_requested(); };
  options.more_sources = [server = side.server, jobs = settings.jobs] { return server->more_plans(jobs); };
  side.planner = std::make_unique<plan::Planner>(*side.server->plans, side.catalog, std::move(options));
}

// A statement to plan, and what the two servers answered.
struct Planned {
  const Query* query = nullptr;
  plan::PlanRequest request;
  std::optional<Result<Plan>> before, after;  // nullopt: not asked
};

bool plannable(const Query& query) {
  const auto kind = query.facts.kind;
  return lint::of_application(query) && !query.facts.relations.empty() && !query.samples.empty() &&
         (kind == StatementKind::select || kind == StatementKind::insert || kind == StatementKind::update ||
          kind == StatementKind::delete_ || kind == StatementKind::merge);
}

class Comparer {
 public:
  Comparer(Inputs& inputs, const Settings& settings) : inputs_(inputs), settings_(settings) {}

  void run() {
    const AgainstSources& against = inputs_.against;
    if (!inputs_.has_workload)
      return wrong("compares the plans of statements, and the inputs have none",
                   "name a log with --log, or a workload file with --workload");
    if (against.snapshot.empty() && against.load.empty())
      return wrong(
          "compares plans with production's statistics, and the inputs have none",
          "pgadvise snapshot --db … --with-values -o prod.json, then --schema prod.json; or --load rows");
    if (!inputs_.database.server || !inputs_.database.server->sandbox || !inputs_.database.server->plans)
      return;  // reported
    of_snapshot_ = names_snapshot(against.what);
    tree_ = inputs_.database.server->sandbox->folder() + "/against";
    auto before = schemas_before();
    if (before) build_both(*before);
    std::error_code code;
    fs::remove_all(tree_, code);
  }

 private:
  void wrong(std::string what, std::string hint) {
    inputs_.diagnostics.push_back({Error::Kind::usage, "--against", std::move(what), std::move(hint)});
  }

  void add_statistics(std::vector<migrations::SchemaInput>& schemas) const {
    if (!inputs_.against.snapshot.empty())
      schemas.push_back(snapshot_input(inputs_.against.snapshot, settings_));
  }

  // nullopt: a diagnostic says why.
  std::optional<std::vector<migrations::SchemaInput>> schemas_before() {
    if (of_snapshot_) return std::vector{snapshot_input(inputs_.against.what, settings_)};
    files::Git git;
    std::vector<std::string> paths;
    for (const auto& path : schema_paths()) {
      const std::string folder = is_folder(path) ? path : fs::path(path).parent_path().generic_string();
      const auto commit = find_commit(git, folder.empty() ? "." : folder, "--against", inputs_.against.what);
      const auto written =
          commit ? write_revision(git, path, *commit, tree_, inputs_.config.leave_out(path)) : commit;
      if (!written) {
        inputs_.diagnostics.push_back(written.error());
        return std::nullopt;
      }
      if (path_exists(*written)) paths.push_back(*written);
    }
    Diagnostics of_files;  // those of the work tree's files were reported
    auto out = find_schemas(paths, of_files, {}, settings_.user_paths);
    std::erase_if(out, [](const auto& input) {
      return input.kind == migrations::SchemaKind::server_snapshot ||
             input.kind == migrations::SchemaKind::none;
    });
    if (out.empty()) {
      wrong(inputs_.against.what + " has no schema in " + join(schema_paths(), ", "),
            "name the folder of the migrations, or a revision that has it");
      return std::nullopt;
    }
    add_statistics(out);
    return out;
  }

  // What the caller named, and the folders of migrations that were named as single files.
  std::vector<std::string> schema_paths() const {
    std::vector<std::string> out;
    const auto add = [&](const std::string& path) {
      const bool known = std::ranges::any_of(out, [&](const std::string& one) {
        return one == path || one == "." || path.starts_with(one + "/");
      });
      if (!known) out.push_back(path);
    };
    for (const auto& path : inputs_.against.paths) add(path);
    for (const auto& input : inputs_.schema_inputs) add(input.path);
    return out;
  }

  void build_both(const std::vector<migrations::SchemaInput>& before) {
    if (settings_.stop.stop_requested()) return report_stop();
    Side old_side, new_side;
    new_side.server = inputs_.database.server.get();
    new_side.built = inputs_.against.built;
    auto done = read_catalog(new_side);
    if (done)
      done = build(old_side, before, of_snapshot_ ? std::vector<std::string>() : inputs_.against.load,
                   settings_);
    if (!done) {
      inputs_.diagnostics.push_back(done.error());
      return;
    }
    make_planner(old_side, settings_, "before");
    make_planner(new_side, settings_, "after");
    report_build(old_side, new_side);
    compare(old_side, new_side);
  }

  // What only one of the servers failed to build could be taken for a change of the schema.
  void report_build(const Side& before, const Side& after) {
    const auto words = [](const Diagnostics& diagnostics) {
      std::multiset<std::string> out;
      for (const auto& error : diagnostics)
        if (error.where != "the sandbox") out.insert(error.what);  // what is not about a statement
      return out;
    };
    const auto of_before = words(before.built), of_after = words(after.built);
    std::set<std::string> known;
    for (const auto& error : inputs_.diagnostics) known.insert(error.line());
    for (auto error : before.built) {
      if (of_after.count(error.what)) continue;
      if (error.where.starts_with(tree_))
        error.where = inputs_.against.what + ":" + error.where.substr(tree_.size() + 1);
      if (known.insert(error.line()).second) inputs_.diagnostics.push_back(std::move(error));
    }
    if (of_before != of_after)
      out_.incomplete = "the sandbox could not run the same statements of both schemas: see the warnings";
  }

  void compare(Side& before, Side& after) {
    Workload workload = inputs_.workload;
    sql::resolve(workload, after.catalog, after.server->plans->search_path());
    Workload workload_before = inputs_.workload;
    sql::resolve(workload_before, before.catalog, before.server->plans->search_path());
    std::vector<Planned> all;
    for (std::size_t at = 0; at < workload.queries.size(); ++at) {
      if (plannable(workload_before.queries[at])) all.push_back({.query = &workload_before.queries[at]});
      else if (plannable(workload.queries[at])) all.push_back({.query = &workload.queries[at]});
    }
    before.planner->for_each(all.size(), [&](std::size_t at) {
      Planned& one = all[at];
      auto request = before.planner->request(*one.query);
      if (!request) return;
      one.request = std::move(*request);
      one.before = before.planner->explain(one.request);
    });
    after.planner->for_each(all.size(), [&](std::size_t at) {
      if (all[at].before) all[at].after = after.planner->explain(all[at].request);
    });
    add_changes(all, before.catalog, after.catalog);
    finish(all.size(), before);
  }

  void add_changes(const std::vector<Planned>& all, const Catalog& before, const Catalog& after) {
    const bool timed = std::ranges::any_of(all, [](const Planned& one) { return one.query->total_ms > 0; });
    std::vector<double> weights;
    for (const auto& one : all) weights.push_back(weight_of(one, timed));
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t at = 0; at < all.size(); ++at) {
      auto change = change_of(all[at], before, after);
      if (!change) continue;
      change->origin = all[at].request.origin;
      change->share = sum > 0 ? weights[at] / sum : 0;
      out_.changes.emplace(all[at].query->fingerprint, std::move(*change));
    }
  }

  // A statement that took no time before the change may take all of it afterwards.
  static double weight_of(const Planned& one, bool timed) {
    const double before = one.before && *one.before ? (*one.before)->root.total_cost : 0;
    const double after = one.after && *one.after ? (*one.after)->root.total_cost : 0;
    if (!timed) return static_cast<double>(one.query->calls) * std::max(before, after);
    return one.query->total_ms * (before > 0 ? std::max(1.0, after / before) : 1);
  }

  std::optional<PlanChange> change_of(const Planned& one, const Catalog& before, const Catalog& after) {
    const bool was = one.before && *one.before, is = one.after && *one.after;
    out_.compared += was && is;
    out_.failed += !was && !is;
    if (was && is) return plan::compare({**one.before, before}, {**one.after, after});
    if (was && one.after) return plan::fails_after(**one.before, one.after->error().what);
    if (is && plan::fails_after(**one.after, one.before->error().what))
      return plan::new_statement({**one.after, after});
    return std::nullopt;
  }

  void report_stop() {
    warn(inputs_.diagnostics, "--against", "interrupted: not all statements were planned under both schemas");
  }

  void finish(std::size_t all, const Side& before) {
    out_.against = inputs_.against.what;
    if (settings_.stop.stop_requested()) report_stop();
    inputs_.read.push_back({"schema before the change", out_.against,
                            fmt::format("{}; {} of {} planned under both schemas",
                                        counted(before.catalog.tables.size(), "table"), out_.compared,
                                        counted(all, "statement"))});
    inputs_.comparison = std::make_shared<const PlanComparison>(std::move(out_));
  }

  Inputs& inputs_;
  const Settings& settings_;
  std::string tree_;
  bool of_snapshot_ = false;
  PlanComparison out_;
};

}  // namespace

void compare_plans(Inputs& inputs, const Settings& settings) {
  if (inputs.against.what.empty()) return;
  const ObservedPhase observed(settings.observer, "comparing plans", settings.observer.counted != nullptr);
  Comparer(inputs, settings).run();
}

}  // namespace pgadvise::check
