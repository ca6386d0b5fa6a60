#include "reports/history.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/iso_time.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "report/json/members.h"
#include "report/pages/page.h"
#include "report/text/figures.h"
#include "reports/sections.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;
using store::FindingLife;

std::string day_of(std::int64_t seconds) { return iso_of(seconds).substr(0, 10); }

std::string remark_of(const FindingLife& life) {
  std::string out = fmt::format("first seen {}, last seen {}, in {}", day_of(life.first_seen),
                                day_of(life.last_seen), counted(life.runs, "run"));
  if (life.gone) out += ", gone " + day_of(*life.gone);
  if (life.reopened) out += ", reopened " + day_of(*life.reopened);
  if (!life.until.empty()) out += ", ignored until " + life.until + ": " + life.reason;
  if (!life.owner.empty()) out += "; owned by " + life.owner;
  return out;
}

std::vector<std::string> reasons_of(const store::TargetRank& rank) {
  std::vector<std::string> out;
  const auto add = [&](std::size_t number, std::string_view one, std::string_view several) {
    if (number) out.push_back(counted(number, one, several));
  };
  add(rank.errors, "error", "errors");
  add(rank.warnings, "warning", "warnings");
  add(rank.notes, "note", "notes");
  add(rank.fresh, "of them new", "of them new");
  add(rank.reopened, "of them reopened", "of them reopened");
  add(rank.slower, "slower query", "slower queries");
  add(rank.plans, "changed plan", "changed plans");
  return out;
}

class Text : public Sections {
 public:
  using Sections::Sections;

  void summary(const store::History& history) {
    paragraph(
        "", "  ",
        fmt::format("Since {}: {} new, {} reopened and {} fixed findings; {} recurring, {} gone before, {} "
                    "suppressed, {} accepted. {}, {} and index{}.",
                    day_of(history.since), history.fresh.size(), history.reopened.size(),
                    history.fixed.size(), history.recurring.size(), history.gone_before, history.suppressed,
                    history.accepted, counted(history.slower.size(), "slower query", "slower queries"),
                    counted(history.growth.size(), "growing table"), history.growth.size() == 1 ? "" : "es"));
  }

  void findings(const char* title, const std::vector<FindingLife>& list) {
    section(title, list, [&](const FindingLife& life) {
      const std::string_view color = life.severity == "error"     ? "31"
                                     : life.severity == "warning" ? "33"
                                                                  : "36";
      line("  " + printable(life.target) + " " + paint(look(), color, printable(life.severity)) + " " +
           printable(life.short_id.empty() ? life.id : life.short_id) +
           (life.file.empty() ? "" : " " + printable(life.file)));
      remark(life.message);
      remark(remark_of(life));
    });
  }

  void slower(const std::vector<store::QueryChange>& list) {
    section("Slower than in the same hours of earlier weeks", list, [&](const store::QueryChange& query) {
      entry(fmt::format("{} {}: mean {} before, {} now ({}, {})", query.target, query.class_id,
                        short_time(query.earlier_mean_ms), short_time(query.mean_ms),
                        plural(query.calls, "call"), counted(query.weeks, "earlier week")));
      statement(query.text);
    });
  }

  void growth(const std::vector<store::RelationGrowth>& list) {
    section("Growing tables and indexes", list, [&](const store::RelationGrowth& one) {
      entry(fmt::format("{} {} {}.{}: {} on {}, {} on {}", one.target, one.kind, one.schema, one.name,
                        bytes(one.bytes_before), day_of(one.from), bytes(one.bytes), day_of(one.until)));
    });
  }

  void lock_waits(const std::vector<store::LockWait>& list) {
    section("Waits for locks", list, [&](const store::LockWait& one) {
      entry(fmt::format("{} {}, {}: {} on {}, the holder was {}", one.target,
                        one.name.empty() ? "unknown table" : one.schema + "." + one.name, one.mode,
                        short_time(one.wait_seconds * 1000), iso_of(one.seen),
                        one.holder.empty() ? "unknown" : one.holder));
    });
  }

  void unused(const store::History& history) {
    section("Indexes that neither the primary nor a replica scanned", history.unused,
            [&](const store::UnusedIndex& one) {
              entry(fmt::format("{} {}.{}: {}, no scan from {} to {} on {}", one.target, one.schema, one.name,
                                one.bytes > 0 ? bytes(one.bytes) : "size unknown", day_of(one.from),
                                day_of(one.until), counted(one.servers, "server")));
            });
    if (history.unsure_unused == 0) return;
    if (history.unused.empty()) line("");
    entry(
        fmt::format("{} had no scan, but the store lacks samples of the primary or of a replica: check --db "
                    "--store each of them.",
                    counted(history.unsure_unused, "more index", "more indexes")));
  }

  void ranking(const std::vector<store::TargetRank>& list) {
    if (list.size() < 2) return;
    int number = 0;
    section("Look at first", list, [&](const store::TargetRank& rank) {
      entry(fmt::format("{}. {}: {}", ++number, rank.target, join(reasons_of(rank), ", ")));
      if (!rank.first_message.empty()) paragraph("     ", "     ", rank.first_id + ": " + rank.first_message);
    });
  }

  void plans(const std::vector<store::PlanChangeOfQuery>& list) {
    section("Changed plans", list, [&](const store::PlanChangeOfQuery& one) {
      entry(fmt::format("{} {}: between {} and {}, cost {} before, {} now; cause: {}{}", one.target,
                        one.class_id, day_of(one.since), day_of(one.until),
                        count(static_cast<std::uint64_t>(std::max(0.0, one.cost_before))),
                        count(static_cast<std::uint64_t>(std::max(0.0, one.cost))), one.cause,
                        one.detail.empty() ? "" : " (" + one.detail + ")"));
      if (!one.text.empty()) statement(one.text);
      plan("before", one.plan_before);
      plan("now", one.plan);
    });
  }

 private:
  // The first nodes of a plan.
  void plan(const char* title, const std::string& nodes) {
    constexpr std::size_t most = 8;
    const auto all = split(trim(nodes), '\n');
    line(fmt::format("    {}:", title));
    for (std::size_t i = 0; i < std::min(most, all.size()); ++i) line("      " + printable(all[i]));
    if (all.size() > most) line(fmt::format("      … and {} more nodes", all.size() - most));
  }

  void statement(const std::string& text) {
    line("    " + ellipsis(text, static_cast<std::size_t>(std::max(20, look().width - 4))));
  }
};

json findings_json(const std::vector<FindingLife>& list) {
  return array_of(list, [](const FindingLife& life) {
    return object("target", life.target, "id", life.id, "short_id", given(life.short_id), "rule", life.rule,
                  "severity", life.severity, "verdict", life.verdict, "message", life.message, "file",
                  given(life.file), "impact", object("score", life.score), "first_seen",
                  iso_of(life.first_seen), "last_seen", iso_of(life.last_seen), "gone",
                  or_missing(life.gone, iso_of), "reopened", or_missing(life.reopened, iso_of), "runs",
                  life.runs, "owner", given(life.owner), "reason", given(life.reason), "until",
                  given(life.until));
  });
}

}  // namespace

std::string history_text(const store::History& history, const Look& look, std::size_t top) {
  Text out(look, top);
  out.summary(history);
  out.ranking(history.ranking);
  out.findings("New", history.fresh);
  out.findings("Reopened", history.reopened);
  out.findings("Fixed", history.fixed);
  out.slower(history.slower);
  out.plans(history.plans);
  out.lock_waits(history.lock_waits);
  out.growth(history.growth);
  out.unused(history);
  out.findings("Suppressions that expire soon or have expired", history.expiring);
  out.findings("Recurring", history.recurring);
  return out.text();
}

std::string history_json(const store::History& history) {
  json out =
      object("schema", "pgadvise-history-1", "version", PGADVISE_VERSION, "since", iso_of(history.since),
             "new", findings_json(history.fresh), "reopened", findings_json(history.reopened), "fixed",
             findings_json(history.fixed), "recurring", findings_json(history.recurring), "gone_before",
             history.gone_before, "suppressed", history.suppressed, "accepted", history.accepted, "expiring",
             findings_json(history.expiring));
  out["slower"] = array_of(history.slower, [](const auto& query) {
    return object("target", query.target, "fingerprint", query.class_id, "query", query.text, "calls",
                  query.calls, "mean_ms", query.mean_ms, "earlier_mean_ms", query.earlier_mean_ms,
                  "earlier_weeks", query.weeks);
  });
  out["plans"] = array_of(history.plans, [](const auto& one) {
    return object("target", one.target, "fingerprint", one.class_id, "query", one.text, "from",
                  iso_of(one.since), "until", iso_of(one.until), "cause", one.cause, "detail", one.detail,
                  "cost_before", one.cost_before, "cost", one.cost, "plan_before", one.plan_before, "plan",
                  one.plan, "changes", one.changes);
  });
  out["lock_waits"] = array_of(history.lock_waits, [](const auto& one) {
    return object("target", one.target, "schema", one.schema, "name", one.name, "mode", one.mode, "holder",
                  one.holder, "wait_seconds", one.wait_seconds, "holder_seconds", one.holder_seconds, "seen",
                  iso_of(one.seen), "samples", one.samples);
  });
  out["growth"] = array_of(history.growth, [](const auto& one) {
    return object("target", one.target, "kind", one.kind, "schema", one.schema, "name", one.name, "from",
                  iso_of(one.from), "until", iso_of(one.until), "bytes_before", one.bytes_before, "bytes",
                  one.bytes);
  });
  out["unused_indexes"] = array_of(history.unused, [](const auto& one) {
    return object("target", one.target, "schema", one.schema, "name", one.name, "bytes",
                  when(one.bytes > 0, one.bytes), "from", iso_of(one.from), "until", iso_of(one.until),
                  "servers", one.servers);
  });
  out["unsure_unused_indexes"] = history.unsure_unused;
  out["ranking"] = array_of(history.ranking, [](const auto& rank) {
    return object("target", rank.target, "errors", rank.errors, "warnings", rank.warnings, "notes",
                  rank.notes, "impact", object("score", rank.score), "new", rank.fresh, "reopened",
                  rank.reopened, "slower_queries", rank.slower, "changed_plans", rank.plans, "first",
                  when(!rank.first_id.empty(), object("id", rank.first_id, "message", rank.first_message)));
  });
  return text_of(out);
}

std::string history_html(const store::History& history) {
  return html_page(
      history_json(history),
      "pgadvise history\n" + history_text(history, {.color = false, .unicode = true, .width = 100}, 10));
}

}  // namespace pgadvise::report
