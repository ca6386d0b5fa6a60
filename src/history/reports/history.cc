#include "reports/history.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/iso_time.h"
#include "base/text/json_text.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "report/pages/page.h"
#include "report/text/advice_figures.h"
#include "report/text/figures.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;
using store::FindingLife;

std::string day_of(std::int64_t seconds) { return iso_of(seconds).substr(0, 10); }

std::string remark_of(const FindingLife& life) {
  std::string out = fmt::format("first seen {}, last seen {}, in {} run{}", day_of(life.first_seen),
                                day_of(life.last_seen), life.runs, life.runs == 1 ? "" : "s");
  if (life.gone) out += ", gone " + day_of(*life.gone);
  if (life.reopened) out += ", reopened " + day_of(*life.reopened);
  if (!life.until.empty()) out += ", ignored until " + life.until + ": " + life.reason;
  if (!life.owner.empty()) out += "; owned by " + life.owner;
  return out;
}

std::vector<std::string> reasons_of(const store::TargetRank& rank) {
  std::vector<std::string> out;
  const auto add = [&](std::size_t number, std::string_view one, std::string_view several) {
    if (number) out.push_back(fmt::format("{} {}", number, number == 1 ? one : several));
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

class Text {
 public:
  Text(const Look& look, std::size_t top) : look_(look), top_(top) {}

  void summary(const store::History& history) {
    add_paragraph(
        lines_, look_, "", "  ",
        fmt::format("Since {}: {} new, {} reopened and {} fixed findings; {} recurring, {} gone before, {} "
                    "suppressed, {} accepted. {} slower quer{}, {} growing table{} and index{}.",
                    day_of(history.since), history.fresh.size(), history.reopened.size(),
                    history.fixed.size(), history.recurring.size(), history.gone_before, history.suppressed,
                    history.accepted, history.slower.size(), history.slower.size() == 1 ? "y" : "ies",
                    history.growth.size(), history.growth.size() == 1 ? "" : "s",
                    history.growth.size() == 1 ? "" : "es"));
  }

  void findings(const char* title, const std::vector<FindingLife>& list) {
    const std::size_t shown = begin(title, list.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const FindingLife& life = list[i];
      const std::string_view color = life.severity == "error"     ? "31"
                                     : life.severity == "warning" ? "33"
                                                                  : "36";
      lines_.push_back("  " + printable(life.target) + " " + paint(look_, color, printable(life.severity)) +
                       " " + printable(life.short_id.empty() ? life.id : life.short_id) +
                       (life.file.empty() ? "" : " " + printable(life.file)));
      add_paragraph(lines_, look_, "    ", "    ", life.message);
      add_paragraph(lines_, look_, "    ", "    ", remark_of(life));
    }
    rest(shown, list.size());
  }

  void slower(const std::vector<store::QueryChange>& list) {
    const std::size_t shown = begin("Slower than in the same hours of earlier weeks", list.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const store::QueryChange& query = list[i];
      add_paragraph(lines_, look_, "  ", "    ",
                    fmt::format("{} {}: mean {} before, {} now ({} call{}, {} earlier week{})", query.target,
                                query.class_id, short_time(query.earlier_mean_ms), short_time(query.mean_ms),
                                count(query.calls), query.calls == 1 ? "" : "s", query.weeks,
                                query.weeks == 1 ? "" : "s"));
      lines_.push_back("    " +
                       ellipsis(query.text, static_cast<std::size_t>(std::max(20, look_.width - 4))));
    }
    rest(shown, list.size());
  }

  void growth(const std::vector<store::RelationGrowth>& list) {
    const std::size_t shown = begin("Growing tables and indexes", list.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const store::RelationGrowth& one = list[i];
      add_paragraph(lines_, look_, "  ", "    ",
                    fmt::format("{} {} {}.{}: {} on {}, {} on {}", one.target, one.kind, one.schema, one.name,
                                bytes(static_cast<double>(one.bytes_before)), day_of(one.from),
                                bytes(static_cast<double>(one.bytes)), day_of(one.until)));
    }
    rest(shown, list.size());
  }

  void lock_waits(const std::vector<store::LockWait>& list) {
    const std::size_t shown = begin("Waits for locks", list.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const store::LockWait& one = list[i];
      add_paragraph(lines_, look_, "  ", "    ",
                    fmt::format("{} {}, {}: {} on {}, the holder was {}", one.target,
                                one.name.empty() ? "unknown table" : one.schema + "." + one.name, one.mode,
                                short_time(one.wait_seconds * 1000), iso_of(one.seen),
                                one.holder.empty() ? "unknown" : one.holder));
    }
    rest(shown, list.size());
  }

  void unused(const store::History& history) {
    const auto& list = history.unused;
    const std::size_t shown = begin("Indexes that neither the primary nor a replica scanned", list.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const store::UnusedIndex& one = list[i];
      add_paragraph(
          lines_, look_, "  ", "    ",
          fmt::format("{} {}.{}: {}, no scan from {} to {} on {} server{}", one.target, one.schema, one.name,
                      one.bytes > 0 ? bytes(static_cast<double>(one.bytes)) : "size unknown",
                      day_of(one.from), day_of(one.until), one.servers, one.servers == 1 ? "" : "s"));
    }
    rest(shown, list.size());
    if (history.unsure_unused == 0) return;
    if (list.empty()) lines_.emplace_back();
    add_paragraph(
        lines_, look_, "  ", "    ",
        fmt::format("{} more index{} had no scan, but the store lacks samples of the primary or of a "
                    "replica: check --db --store each of them.",
                    history.unsure_unused, history.unsure_unused == 1 ? "" : "es"));
  }

  void ranking(const std::vector<store::TargetRank>& list) {
    if (list.size() < 2) return;
    const std::size_t shown = begin("Look at first", list.size());
    for (std::size_t i = 0; i < shown; ++i) {
      add_paragraph(lines_, look_, "  ", "    ",
                    fmt::format("{}. {}: {}", i + 1, list[i].target, join(reasons_of(list[i]), ", ")));
      if (!list[i].first_message.empty())
        add_paragraph(lines_, look_, "     ", "     ", list[i].first_id + ": " + list[i].first_message);
    }
    rest(shown, list.size());
  }

  void plans(const std::vector<store::PlanChangeOfQuery>& list) {
    const std::size_t shown = begin("Changed plans", list.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const store::PlanChangeOfQuery& one = list[i];
      add_paragraph(lines_, look_, "  ", "    ",
                    fmt::format("{} {}: between {} and {}, cost {} before, {} now; cause: {}{}", one.target,
                                one.class_id, day_of(one.since), day_of(one.until),
                                count(static_cast<std::uint64_t>(std::max(0.0, one.cost_before))),
                                count(static_cast<std::uint64_t>(std::max(0.0, one.cost))), one.cause,
                                one.detail.empty() ? "" : " (" + one.detail + ")"));
      if (!one.text.empty())
        lines_.push_back("    " +
                         ellipsis(one.text, static_cast<std::size_t>(std::max(20, look_.width - 4))));
      plan("before", one.plan_before);
      plan("now", one.plan);
    }
    rest(shown, list.size());
  }

  std::string text() const { return join(lines_, "\n") + "\n"; }

 private:
  // The first nodes of a plan.
  void plan(const char* title, const std::string& nodes) {
    constexpr std::size_t most = 8;
    const auto all = split(trim(nodes), '\n');
    lines_.push_back(fmt::format("    {}:", title));
    for (std::size_t i = 0; i < std::min(most, all.size()); ++i)
      lines_.push_back("      " + printable(all[i]));
    if (all.size() > most) lines_.push_back(fmt::format("      … and {} more nodes", all.size() - most));
  }

  // The number of entries to show.
  std::size_t begin(const char* title, std::size_t entries) {
    if (entries == 0) return 0;
    lines_.emplace_back();
    lines_.push_back(paint(look_, "1", title));
    return top_ ? std::min(top_, entries) : entries;
  }

  void rest(std::size_t shown, std::size_t entries) {
    if (shown < entries) lines_.push_back(fmt::format("  … and {} more (--top 0)", entries - shown));
  }

  Look look_;
  std::size_t top_;
  std::vector<std::string> lines_;
};

json findings_json(const std::vector<FindingLife>& list) {
  json out = json::array();
  for (const auto& life : list) {
    json entry{{"target", life.target}, {"id", life.id}};
    if (!life.short_id.empty()) entry["short_id"] = life.short_id;
    entry["rule"] = life.rule;
    entry["severity"] = life.severity;
    entry["verdict"] = life.verdict;
    entry["message"] = life.message;
    if (!life.file.empty()) entry["file"] = life.file;
    entry["impact"] = {{"score", life.score}};
    entry["first_seen"] = iso_of(life.first_seen);
    entry["last_seen"] = iso_of(life.last_seen);
    if (life.gone) entry["gone"] = iso_of(*life.gone);
    if (life.reopened) entry["reopened"] = iso_of(*life.reopened);
    entry["runs"] = life.runs;
    if (!life.owner.empty()) entry["owner"] = life.owner;
    if (!life.reason.empty()) entry["reason"] = life.reason;
    if (!life.until.empty()) entry["until"] = life.until;
    out.push_back(std::move(entry));
  }
  return out;
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
  json out{{"schema", "pgadvise-history-1"},
           {"version", PGADVISE_VERSION},
           {"since", iso_of(history.since)},
           {"new", findings_json(history.fresh)},
           {"reopened", findings_json(history.reopened)},
           {"fixed", findings_json(history.fixed)},
           {"recurring", findings_json(history.recurring)},
           {"gone_before", history.gone_before},
           {"suppressed", history.suppressed},
           {"accepted", history.accepted},
           {"expiring", findings_json(history.expiring)}};
  out["slower"] = json::array();
  for (const auto& query : history.slower)
    out["slower"].push_back({{"target", query.target},
                             {"fingerprint", query.class_id},
                             {"query", query.text},
                             {"calls", query.calls},
                             {"mean_ms", query.mean_ms},
                             {"earlier_mean_ms", query.earlier_mean_ms},
                             {"earlier_weeks", query.weeks}});
  out["plans"] = json::array();
  for (const auto& one : history.plans)
    out["plans"].push_back({{"target", one.target},
                            {"fingerprint", one.class_id},
                            {"query", one.text},
                            {"from", iso_of(one.since)},
                            {"until", iso_of(one.until)},
                            {"cause", one.cause},
                            {"detail", one.detail},
                            {"cost_before", one.cost_before},
                            {"cost", one.cost},
                            {"plan_before", one.plan_before},
                            {"plan", one.plan},
                            {"changes", one.changes}});
  out["lock_waits"] = json::array();
  for (const auto& one : history.lock_waits)
    out["lock_waits"].push_back({{"target", one.target},
                                 {"schema", one.schema},
                                 {"name", one.name},
                                 {"mode", one.mode},
                                 {"holder", one.holder},
                                 {"wait_seconds", one.wait_seconds},
                                 {"holder_seconds", one.holder_seconds},
                                 {"seen", iso_of(one.seen)},
                                 {"samples", one.samples}});
  out["growth"] = json::array();
  for (const auto& one : history.growth)
    out["growth"].push_back({{"target", one.target},
                             {"kind", one.kind},
                             {"schema", one.schema},
                             {"name", one.name},
                             {"from", iso_of(one.from)},
                             {"until", iso_of(one.until)},
                             {"bytes_before", one.bytes_before},
                             {"bytes", one.bytes}});
  out["unused_indexes"] = json::array();
  for (const auto& one : history.unused) {
    json entry{{"target", one.target}, {"schema", one.schema}, {"name", one.name}};
    if (one.bytes > 0) entry["bytes"] = one.bytes;
    entry["from"] = iso_of(one.from);
    entry["until"] = iso_of(one.until);
    entry["servers"] = one.servers;
    out["unused_indexes"].push_back(std::move(entry));
  }
  out["unsure_unused_indexes"] = history.unsure_unused;
  out["ranking"] = json::array();
  for (const auto& rank : history.ranking) {
    json entry{{"target", rank.target},
               {"errors", rank.errors},
               {"warnings", rank.warnings},
               {"notes", rank.notes},
               {"impact", {{"score", rank.score}}},
               {"new", rank.fresh},
               {"reopened", rank.reopened},
               {"slower_queries", rank.slower},
               {"changed_plans", rank.plans}};
    if (!rank.first_id.empty()) entry["first"] = {{"id", rank.first_id}, {"message", rank.first_message}};
    out["ranking"].push_back(std::move(entry));
  }
  return escape_controls(out.dump(2, ' ', false, json::error_handler_t::replace)) + "\n";
}

std::string history_html(const store::History& history) {
  return html_page(
      history_json(history),
      "pgadvise history\n" + history_text(history, {.color = false, .unicode = true, .width = 100}, 10));
}

}  // namespace pgadvise::report
