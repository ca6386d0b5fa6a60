#include "lint/run/needs.h"

#include <algorithm>
#include <string_view>

namespace pgadvise::lint {
namespace {

struct Words {
  std::string_view what;
  std::string_view options;  // that give it
};

Words words(Input input) {
  switch (input) {
    case Input::schema: return {"a schema", "PATH, --schema or --db"};
    case Input::workload: return {"queries", "--log or --workload"};
    case Input::events: return {"a log with every statement in order", "--log"};
    case Input::row_counts: return {"the counters of pg_stat_statements", "--workload"};
    case Input::server_log: return {"a server's log", "--log"};
    case Input::sessions: return {"a server's log with log_connections and log_disconnections", "--log"};
    case Input::temporary_files: return {"a server's log with log_temp_files", "--log"};
    case Input::plans: return {"plans of logged statements", "auto_explain's in --log, or --log with --db"};
    case Input::statistics:
    case Input::settings: return {"a database or a snapshot of one", "--db or --schema"};  // which gives both
    case Input::project: return {"a repository", "PATH"};
    case Input::code: return {"Drizzle queries in a repository's TypeScript or JavaScript", "PATH"};
    case Input::migrations: return {"migrations", "PATH"};
    case Input::comparison:
      return {"migrations and a database, a snapshot of one or drizzle's snapshots to compare them with",
              "PATH, and --db or --schema"};
    case Input::declared: return {"a repository with a Drizzle or Prisma schema in source", "PATH"};
    case Input::plan_changes: return {"plans under another version of the schema", "--against"};
  }
  return {};
}

}  // namespace

Needs Needs::at(std::uint8_t at) const {
  Needs out(Input::schema);
  out.size_ = nodes_[at].size;
  std::copy_n(nodes_.begin() + at, out.size_, out.nodes_.begin());
  return out;
}

Needs Needs::missing(const InputSet& given) const {
  if (nodes_[0].kind == Kind::input) return *this;
  Needs out(nodes_[0].kind, {});
  std::uint8_t parts = 0;
  for (std::uint8_t part = 1; part < size_; part += nodes_[part].size) {
    if (met(part, given)) continue;
    const Needs lacking = at(part).missing(given);
    std::copy_n(lacking.nodes_.begin(), lacking.size_, out.nodes_.begin() + out.size_);
    out.size_ += lacking.size_;
    ++parts;
  }
  out.nodes_[0].size = out.size_;
  return parts == 1 ? out.at(1) : out;
}

std::string Needs::explain(std::uint8_t at) const {
  if (nodes_[at].kind == Kind::input) {
    const auto [what, options] = words(nodes_[at].input);
    return std::string(what) + " (" + std::string(options) + ")";
  }
  const std::string word = nodes_[at].kind == Kind::all ? "and " : "or ";
  std::string out;
  bool nested = false;
  for (std::uint8_t part = at + 1; part < at + nodes_[at].size; part += nodes_[part].size)
    nested = nested || nodes_[part].kind != Kind::input;
  for (std::uint8_t part = at + 1; part < at + nodes_[at].size; part += nodes_[part].size)
    out += (out.empty() ? "" : (nested ? ", " : " ") + word) + explain(part);
  return out;
}

}  // namespace pgadvise::lint
