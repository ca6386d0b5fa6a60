#include "check/run/fixes.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "base/text/text.h"
#include "lint/run/rule.h"
#include "plan/run/confirm.h"
#include "sql/parse/placeholders.h"
#include "sql/parse/statement.h"

namespace pgadvise::check {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds longest_statement{10};
constexpr std::chrono::seconds longest_trial{30};

// A statement that was rejected; `what` is empty if none was.
struct Rejection {
  std::string what;
  bool by_rows = false;
};

Rejection parsed(const std::string& script) {
  for (const auto& statement : sql::split(script))
    if (const auto known = sql::check_syntax(statement.text); !known) return {known.error().what};
  return {};
}

class Trial {
 public:
  Trial(pg::Connection* sandbox, const std::stop_token& stop) : sandbox_(sandbox), stop_(stop) {}

  // Whether nothing of the fix is rejected, other than its undo.
  bool fix(Finding& finding, Fix& fix) {
    if (fix.sql.empty() || fix.safety == Fix::Safety::manual) return true;
    Rejection up = parsed(fix.sql), down = parsed(fix.down_sql);
    if (up.what.empty() && down.what.empty() && changes_schema(finding)) execute(fix, up, down);
    if (!up.what.empty()) {
      finding.evidence.push_back({Evidence::Kind::what_if, "PostgreSQL rejects the fix: " + up.what});
      if (up.by_rows) {
        fix.safety = Fix::Safety::review;
        return true;
      }
      fix.clear_code();
      fix.safety = Fix::Safety::manual;
      return false;
    }
    if (!down.what.empty()) {
      fix.down_sql.clear();
      finding.evidence.push_back(
          {Evidence::Kind::what_if, "PostgreSQL rejects the undo of the fix: " + down.what});
    }
    return true;
  }

 private:
  void execute(const Fix& fix, Rejection& up, Rejection& down) {
    if (!sandbox_ || !sandbox_->alive() || stop_.stop_requested() || Clock::now() > end_) return;
    sandbox_->set_deadline(longest_statement);
    if (sandbox_->query("BEGIN")) {
      if (execute(fix.sql, up)) execute(fix.down_sql, down);
      (void)sandbox_->query("ROLLBACK");
    }
    sandbox_->set_deadline({});
  }

  // Whether all statements were executed.
  bool execute(const std::string& script, Rejection& rejection) {
    for (const auto& statement : sql::split(script)) {
      const auto ran = sandbox_->query(replace_all(std::string(statement.text), " CONCURRENTLY", ""));
      if (ran) continue;
      const std::string state = sandbox_->sqlstate();
      if (!other_cause(state)) rejection = {ran.error().what, state.starts_with("23")};
      return false;
    }
    return true;
  }

  // Time, memory, locks, and statements that no transaction block permits.
  static bool other_cause(std::string_view state) {
    return is_one_of(state.substr(0, 2), {"", "40", "53", "54", "57"}) ||
           is_one_of(state, {"25001", "55P03"});
  }

  pg::Connection* sandbox_;
  const std::stop_token& stop_;
  Clock::time_point end_ = Clock::now() + longest_trial;
};

}  // namespace

QualifiedName table_of(const Finding& finding) {
  if (finding.proposal) return finding.proposal->table;
  if (finding.subject.table.empty()) return {};
  return {finding.subject.schema, finding.subject.table};
}

bool changes_schema(const Finding& finding) {
  const auto* rule = lint::find_rule(finding.rule);
  return finding.proposal || (rule && !rule->rule->needs.names(lint::Input::migrations) &&
                              !rule->rule->needs.names(lint::Input::workload));
}

void try_fixes(std::vector<Finding>& findings, std::vector<advisor::ProposedFix>& proposals,
               pg::Connection* sandbox, const std::stop_token& stop) {
  Trial trial(sandbox, stop);
  std::set<std::size_t> rejected;
  for (std::size_t at = 0; at < findings.size(); ++at)
    if (Finding& finding = findings[at];
        finding.fix && !trial.fix(finding, *finding.fix) && !finding.proposal)
      rejected.insert(at);
  for (auto& proposal : proposals)
    if (!trial.fix(findings[proposal.finding], proposal.fix)) rejected.insert(proposal.finding);
  for (const std::size_t at : rejected) plan::withdraw_proposal(findings[at]);
  std::erase_if(proposals, [&](const advisor::ProposedFix& proposal) {
    return rejected.count(proposal.finding) || (proposal.served_by && rejected.count(*proposal.served_by));
  });
}

void put_back_placeholders(std::vector<Finding>& findings, std::vector<advisor::ProposedFix>& proposals,
                           const sql::PlaceholderNames& names) {
  const auto put_back = [&](Fix& fix) {
    const sql::PutBack up = sql::with_placeholders(fix.sql, names);
    fix.sql = up.sql;
    fix.down_sql = sql::with_placeholders(fix.down_sql, names).sql;
    if (up.whole) fix.safety = Fix::Safety::manual;
    else if (up.any && fix.safety == Fix::Safety::safe) fix.safety = Fix::Safety::review;
  };
  for (auto& finding : findings)
    if (finding.fix) put_back(*finding.fix);
  for (auto& proposal : proposals) put_back(proposal.fix);
}

}  // namespace pgadvise::check
