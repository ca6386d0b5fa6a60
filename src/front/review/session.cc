#include "review/session.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/text/mask.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "lint/run/rule.h"
#include "report/common.h"
#include "report/pages/rule_page.h"
#include "review/filter.h"
#include "review/finding_page.h"
#include "review/screen.h"

namespace pgadvise::review {
namespace {

using report::add_code;
using report::add_paragraph;
using report::cut_line;
using report::paint;

constexpr std::string_view finding_help =
    "y  accept the fix: the new migration will contain it\n"
    "n  skip this one\n"
    "a  accept the fixes of all findings of this rule that the filter shows\n"
    "s  skip all findings of this rule that the filter shows\n"
    "i  ignore the finding, with a reason: adds an entry to pgadvise.toml\n"
    "e  explain the rule\n"
    "p  show the plan\n"
    "r  run EXPLAIN ANALYZE now (with --db or --sandbox)\n"
    "l  list the findings, by impact\n"
    "/  filter: show only findings with these words in rule, severity, table or text\n"
    "#  go to a finding by its number or id\n"
    "u  undo the last choice\n"
    "q  go to the last screen, which shows your choices before anything is written\n"
    "?  this\n"
    "\n"
    "space, PgDn  a page on       b, PgUp  a page back\n"
    "j, down      a line on       k, up    a line back\n"
    "g, Home      the beginning   G, End   the end\n"
    "Ctrl-C       leave, nothing is written\n"
    "\n"
    "Several keys at once are ignored, as an accidental paste.";

constexpr std::string_view summary_help =
    "w  write the changes shown here\n"
    "u  undo the last choice, and return to its finding\n"
    "l  list the findings, to change a choice\n"
    "q  leave, nothing is written\n"
    "\n"
    "space, b, j, k, g and G move as in the findings.";

enum class Choice { none, accepted, skipped, ignored };
constexpr std::string_view choice_names[] = {"", "accepted", "skipped", "ignored"};

struct Item {
  const Finding* finding = nullptr;
  Choice choice = Choice::none;
  std::string reason;
  std::optional<FixView> fix;
  std::optional<std::string> plan;  // as it was asked for last
};

Body text_body(std::string text) {
  return [text = std::move(text)](const Look& look) {
    Lines out;
    add_code(out, look, "", text);
    return out;
  };
}

class Walk {
 public:
  Walk(const std::vector<const Finding*>& findings, Console& console, Host& host, Look look)
      : screen_(console, look), host_(host) {
    for (const auto* finding : findings) items_.push_back({finding, Choice::none, {}, {}, {}});
  }

  Ending run() {
    go_on();
    while (!ending_) {
      if (at_ < items_.size()) at_finding();
      else at_end();
    }
    return std::move(*ending_);
  }

 private:
  // Whether the key ends everything, as it then has.
  bool ended_by(const Key& key) {
    if (!ends(key)) return false;
    end(key.kind == Key::Kind::interrupt ? Ending::How::interrupted : Ending::How::no_more_input);
    ending_->signal = key.signal;
    return true;
  }

  void read(const std::string& title, const Body& body) { ended_by(screen_.read(title, body)); }

  // One finding.

  void at_finding() {
    Item& item = items_[at_];
    const Finding& finding = *item.finding;
    if (!item.fix) item.fix = fix_of(at_);
    const std::string question = item.fix->refused.empty() ? "Accept this fix" : "No fix to accept";
    const Key key = screen_.ask(header(), page_of(item), question + " [y,n,a,s,i,e,p,r,l,/,#,u,q,?]? ",
                                Screen::Keys::scroll, question + " [y,n,…,?]? ");
    if (ended_by(key) || key.kind != Key::Kind::text) return;
    const std::string pressed = lower(key.text);
    if (pressed == "y") accept();
    else if (pressed == "n") choose({at_}, Choice::skipped);
    else if (pressed == "a") decide_rule(Choice::accepted);
    else if (pressed == "s") decide_rule(Choice::skipped);
    else if (pressed == "i") ignore();
    else if (pressed == "e") explain(finding);
    else if (pressed == "p" || pressed == "r") show_plan(item, pressed == "r");
    else if (pressed == "l") list();
    else if (pressed == "/") ask_filter(header(), page_of(item));
    else if (pressed == "#") ask_finding(header(), page_of(item));
    else if (pressed == "u") undo();
    else if (pressed == "q") to_end();
    else if (pressed == "?") read("Keys", text_body(std::string(finding_help)));
    else screen_.set_status("? lists the keys");
  }

  std::string header() const {
    const Item& item = items_[at_];
    const Finding& finding = *item.finding;
    const Look& look = screen_.look();
    std::string out = paint(look, "1", fmt::format("{}/{} ", at_ + 1, items_.size())) + severity_of(finding) +
                      " " + paint(look, "1", finding.short_id.empty() ? finding.rule : finding.short_id) +
                      report::verdict_mark(finding.verdict);
    if (item.choice != Choice::none) out += fmt::format(", {}", choice_names[static_cast<int>(item.choice)]);
    if (!filter_.empty()) out += printable("; filter: " + filter_.text());
    return out;
  }

  std::string severity_of(const Finding& finding) const {
    constexpr std::string_view codes[] = {"36;1", "33;1", "31;1"};
    return paint(screen_.look(), codes[static_cast<int>(finding.severity)], name(finding.severity));
  }

  Body page_of(const Item& item) {
    return [this, &item](const Look& look) {
      const auto source = item.finding->in_file() ? host_.source(*item.finding) : std::nullopt;
      return finding_page(*item.finding, *item.fix, source, item.plan, look);
    };
  }

  void explain(const Finding& finding) {
    const auto* rule = lint::find_rule(finding.rule);
    if (!rule)
      return screen_.set_status("no rule: an index for the workload, as pgadvise advise proposes it");
    read("pgadvise rules explain " + finding.rule,
         [rule](const Look& look) { return report::rule_lines(*rule, look); });
  }

  void show_plan(Item& item, bool run) {
    if (run) {
      screen_.set_status("running …");
      screen_.draw(header(), page_of(item));
      screen_.set_status({});
    }
    screen_.set_width();
    Look narrow = screen_.look();
    narrow.width -= 2;
    auto text = host_.plan(*item.finding, run, narrow);
    if (!text) {
      screen_.set_status(text.error().what +
                         (text.error().hint.empty() ? "" : " (" + text.error().hint + ")"));
      return;
    }
    item.plan = std::move(*text);
    const std::string shown = *item.plan;
    read(run ? "EXPLAIN ANALYZE, just now" : "The plan", [shown](const Look&) {
      Lines out;
      for (const auto line : split(shown, '\n')) out.emplace_back(line);
      return out;
    });
  }

  // All findings.

  std::vector<std::size_t> matching() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (filter_.matches(*items_[i].finding)) out.push_back(i);
    return out;
  }

  // The findings that match, with a cursor; Enter goes to the finding.
  void list() {
    std::vector<std::size_t> shown = matching();
    std::size_t cursor = 0;
    while (cursor + 1 < shown.size() && shown[cursor] < at_) ++cursor;
    const Body body = [&](const Look& look) { return list_lines(shown, cursor, look); };
    while (!ending_) {
      screen_.show_line(cursor);
      std::string header = filter_.empty()
                               ? counted(items_.size(), "finding") + ", by impact"
                               : fmt::format("{} of {}, by impact; filter: {}", shown.size(),
                                             counted(items_.size(), "finding"), printable(filter_.text()));
      header = paint(screen_.look(), "1", header);
      const Key key =
          screen_.ask(header, body, "Enter shows the finding, / filters, # goes to one, q goes back ",
                      Screen::Keys::all, "Enter, /, #, q ");
      if (ended_by(key)) return;
      if (key.kind == Key::Kind::enter) {
        at_ = shown[cursor];
        break;
      }
      if (is(key, Key::Kind::escape, "q", "Q")) break;
      if (key.kind == Key::Kind::text && key.text == "#") {
        if (ask_finding(header, body)) break;
      } else if (key.kind == Key::Kind::text && key.text == "/") {
        ask_filter(header, body);
        shown = matching();
        cursor = 0;
      } else if (!move(cursor, shown.size(), key)) {
        screen_.set_status("unknown key");
      }
    }
    screen_.to_top();
  }

  bool move(std::size_t& cursor, std::size_t count, const Key& key) const {
    const auto page = static_cast<std::size_t>(std::max(1, screen_.room() - 1));
    const std::size_t last = count - 1;
    if (is(key, Key::Kind::down, "j")) cursor = std::min(last, cursor + 1);
    else if (is(key, Key::Kind::up, "k")) cursor -= cursor > 0;
    else if (is(key, Key::Kind::page_down, " ")) cursor = std::min(last, cursor + page);
    else if (is(key, Key::Kind::page_up, "b")) cursor -= std::min(cursor, page);
    else if (is(key, Key::Kind::home, "g")) cursor = 0;
    else if (is(key, Key::Kind::end, "G")) cursor = last;
    else return false;
    return true;
  }

  // The cursor, the choice, the number, the severity, the id, and the message as far as it fits.
  Lines list_lines(const std::vector<std::size_t>& shown, std::size_t cursor, const Look& look) const {
    const auto width = static_cast<std::size_t>(std::max(1, look.width));
    const std::size_t digits = std::to_string(items_.size()).size();
    Lines out;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const Item& item = items_[shown[i]];
      const Finding& finding = *item.finding;
      const std::string_view mark = item.choice != Choice::none
                                        ? choice_names[static_cast<int>(item.choice)].substr(0, 1)
                                    : settled(shown[i]) ? "+"
                                                        : " ";
      const std::string& id = finding.short_id.empty() ? finding.rule : finding.short_id;
      const std::string line =
          fmt::format("{} {} {:>{}} {}{} {} {}", i == cursor ? ">" : " ", mark, shown[i] + 1, digits,
                      severity_of(finding), std::string(7 - name(finding.severity).size(), ' '), id,
                      printable(report::without_secrets(finding).message));
      out.push_back(cut_line(line, width));
    }
    return out;
  }

  void ask_filter(const std::string& header, const Body& body) {
    Key last;
    const auto text = screen_.line(
        header, body,
        "Filter: ", "words of the rule, severity, table or text (none: all findings; Esc to cancel)", last);
    if (ended_by(last) || !text) return;
    const Filter before = std::exchange(filter_, Filter(*text));
    const auto shown = matching();
    if (shown.empty()) {
      screen_.set_status(fmt::format("no finding matches \"{}\"", filter_.text()));
      filter_ = before;
      return;
    }
    if (at_ < items_.size() && !filter_.matches(*items_[at_].finding)) {
      const auto open = std::ranges::find_if(shown, [&](std::size_t i) { return !settled(i); });
      at_ = open == shown.end() ? shown.front() : *open;
      screen_.to_top();
    }
    screen_.set_status(filter_.empty()
                           ? "no filter: all findings"
                           : fmt::format("{} of {}", shown.size(), counted(items_.size(), "finding")));
  }

  // false: no finding has the number or id, or the user left the question.
  bool ask_finding(const std::string& header, const Body& body) {
    Key last;
    const auto text =
        screen_.line(header, body, "Go to: ", "a finding's number, its id or its rule (Esc to cancel)", last);
    if (ended_by(last) || !text) return false;
    const std::string wanted(trim(*text));
    std::size_t number = 0;
    const auto [rest, code] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    const bool numbered = code == std::errc{} && rest == wanted.data() + wanted.size();
    const auto find = [&](auto matches) {
      return static_cast<std::size_t>(std::ranges::find_if(items_, matches) - items_.begin());
    };
    std::size_t found = numbered && number >= 1 && number <= items_.size() ? number - 1 : items_.size();
    if (found == items_.size()) found = find([&](const Item& item) { return has_id(*item.finding, wanted); });
    if (found == items_.size()) found = find([&](const Item& item) { return item.finding->rule == wanted; });
    if (found == items_.size()) {
      screen_.set_status(fmt::format("no finding has the number, id or rule \"{}\"", wanted));
      return false;
    }
    at_ = found;
    if (!filter_.matches(*items_[at_].finding)) filter_ = {};
    screen_.to_top();
    return true;
  }

  // Choices.

  std::size_t carrier(std::size_t at) const {
    const auto& fix = items_[at].finding->fix;
    if (!fix || fix->proposed_by.empty()) return at;
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (items_[i].finding->id == fix->proposed_by) return i;
    return at;
  }

  FixView fix_of(std::size_t at) {
    const std::size_t from = carrier(at);
    FixView out = host_.fix(*items_[from].finding);
    if (from != at && out.refused.empty())
      out.lock_impact.push_back(fmt::format("finding {} asks for the same index", from + 1));
    return out;
  }

  Choices choices() const {
    Choices out;
    for (const auto& item : items_) {
      if (item.choice == Choice::accepted) out.accepted.push_back(item.finding);
      if (item.choice == Choice::ignored) out.ignored.emplace_back(item.finding, item.reason);
    }
    return out;
  }

  void accept() {
    if (!items_[at_].fix->refused.empty()) {
      screen_.set_status(items_[at_].finding->fix ? "can't be accepted here: " + items_[at_].fix->refused
                                                  : "the finding has no fix to accept");
      return;
    }
    try_choice(carrier(at_), Choice::accepted, {});
  }

  // A choice that can't be written with the others is none.
  void try_choice(std::size_t which, Choice choice, std::string reason) {
    const Item before = items_[which];
    items_[which].choice = choice;
    items_[which].reason = std::move(reason);
    const auto pending = host_.prepare(choices());
    if (pending) return choose({which}, choice);
    items_[which] = before;
    screen_.set_status("can't be: " + pending.error().line());
  }

  // All findings of the rule that are shown and have no choice yet.
  void decide_rule(Choice choice) {
    const std::string rule = items_[at_].finding->rule;
    std::vector<std::size_t> chosen;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].finding->rule != rule || settled(i) || !filter_.matches(*items_[i].finding)) continue;
      const std::size_t which = choice == Choice::accepted ? carrier(i) : i;
      if (choice == Choice::accepted) {
        if (!items_[i].fix) items_[i].fix = fix_of(i);
        if (!items_[i].fix->refused.empty()) {
          ++refused;
          continue;
        }
      }
      items_[which].choice = choice;
      chosen.push_back(which);
    }
    if (choice == Choice::accepted && !chosen.empty() && !host_.prepare(choices()))
      refused += take_out_unwritable(chosen);
    std::string status = choice == Choice::skipped ? fmt::format("skipped {} of {}", chosen.size(), rule)
                                                   : fmt::format("accepted {} of {}", chosen.size(), rule);
    if (refused) status += fmt::format("; {} can't be accepted here", refused);
    if (!chosen.empty()) choose(std::move(chosen), choice);
    screen_.set_status(std::move(status));
  }

  // One after the other, those that can't be written with the ones before. Their number.
  std::size_t take_out_unwritable(std::vector<std::size_t>& chosen) {
    for (const std::size_t i : chosen) items_[i].choice = Choice::none;
    return std::erase_if(chosen, [&](std::size_t i) {
      items_[i].choice = Choice::accepted;
      const bool fine = host_.prepare(choices()).has_value();
      if (!fine) items_[i].choice = Choice::none;
      return !fine;
    });
  }

  void ignore() {
    if (!lint::find_rule(items_[at_].finding->rule))
      return screen_.set_status("only a rule's findings can be ignored: n skips this index");
    Key last;
    const auto reason =
        screen_.line(header(), page_of(items_[at_]),
                     "Reason: ", "reason to ignore it (Enter to confirm, Esc to cancel)", last);
    if (ended_by(last) || !reason) return;
    if (trim(*reason).empty()) screen_.set_status("not ignored: no reason given");
    else try_choice(at_, Choice::ignored, std::string(trim(*reason)));
  }

  void choose(std::vector<std::size_t> which, Choice choice) {
    for (const std::size_t i : which) items_[i].choice = choice;
    history_.push_back(std::move(which));
    go_on();
  }

  bool settled(std::size_t at) const {
    if (items_[at].choice != Choice::none) return true;
    const std::size_t from = carrier(at);
    return from != at && items_[from].choice == Choice::accepted;
  }

  // To the next finding that matches and has no choice, from this one on and then from the beginning.
  void go_on() {
    screen_.to_top();
    const std::size_t from = at_;
    for (;;) {
      for (std::size_t step = 0; step < items_.size(); ++step) {
        at_ = (from + step) % items_.size();
        if (!settled(at_) && filter_.matches(*items_[at_].finding)) return;
      }
      if (filter_.empty()) return to_end();
      screen_.set_status("each finding of the filter has a choice: no filter any more");
      filter_ = {};
    }
  }

  void undo() {
    if (history_.empty()) {
      screen_.set_status("there is no choice to undo");
      return;
    }
    for (const std::size_t i : history_.back()) {
      items_[i].choice = Choice::none;
      items_[i].reason.clear();
    }
    at_ = history_.back().front();
    history_.pop_back();
    if (!filter_.matches(*items_[at_].finding)) filter_ = {};
    screen_.to_top();
    screen_.set_status("undone");
  }

  void to_end() {
    at_ = items_.size();
    screen_.to_top();
  }

  // The end.

  void at_end() {
    const Choices chosen = choices();
    if (chosen.accepted.empty() && chosen.ignored.empty()) return end(Ending::How::nothing);
    auto pending = host_.prepare(chosen);
    if (!pending) {
      end(Ending::How::failed);
      ending_->error = pending.error();
      return;
    }
    const Key key = screen_.ask(
        paint(screen_.look(), "1", "Your choices"),
        [&](const Look& look) { return summary_lines(*pending, chosen, look); }, "Write this [w,u,l,q,?]? ");
    if (ended_by(key) || key.kind != Key::Kind::text) return;
    const std::string pressed = lower(key.text);
    if (pressed == "w") write(*pending, chosen);
    else if (pressed == "u") undo();
    else if (pressed == "l") list();
    else if (pressed == "q") end(Ending::How::left);
    else if (pressed == "?") read("Keys", text_body(std::string(summary_help)));
    else screen_.set_status("w writes, q quits without writing");
  }

  void write(const Pending& pending, const Choices& chosen) {
    const auto wrote = host_.write(pending);
    end(wrote ? Ending::How::written : Ending::How::failed);
    ending_->choices = chosen;
    ending_->pending = pending;
    if (!wrote) ending_->error = wrote.error();
  }

  Lines summary_lines(const Pending& pending, const Choices& chosen, const Look& look) {
    std::size_t skipped = 0, settled_too = 0, open = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Choice choice = items_[i].choice;
      skipped += choice == Choice::skipped;
      settled_too += choice == Choice::none && settled(i);
      open += choice == Choice::none && !settled(i);
    }
    Lines out;
    out.emplace_back();
    add_paragraph(
        out, look, "", "",
        fmt::format("{} accepted, {} ignored, {} skipped, {} not decided{}. Nothing is written yet.",
                    chosen.accepted.size(), chosen.ignored.size(), skipped, open,
                    settled_too ? fmt::format("; {} more fixed by accepted fixes", settled_too) : ""));
    for (const auto& file : pending.files) add_file(out, look, file);
    add_schema_lines(out, look, chosen);
    if (!pending.notes.empty()) add_title(out, look, "Notes");
    for (const auto& note : pending.notes) add_paragraph(out, look, "- ", "  ", note);
    return out;
  }

  static void add_file(Lines& out, const Look& look, const files::NewFile& file) {
    add_title(out, look,
              cut_line((file.before ? "changed: " : "new: ") + printable(file.path),
                       static_cast<std::size_t>(std::max(20, look.width))));
    const bool more = file.before && file.content.starts_with(*file.before);
    if (more)
      add_code(out, look, "  ",
               mask_secrets(trim(std::string_view(file.content).substr(file.before->size()))));
    else if (!file.path.ends_with(".json")) add_code(out, look, "  ", mask_secrets(trim(file.content)));
    else if (file.before) add_paragraph(out, look, "  ", "  ", "one more entry");
    else
      add_paragraph(out, look, "  ", "  ",
                    fmt::format("the migration's snapshot, {} bytes", file.content.size()));
  }

  void add_schema_lines(Lines& out, const Look& look, const Choices& chosen) {
    bool any = false;
    for (const auto* finding : chosen.accepted) {
      const auto item = std::ranges::find_if(items_, [&](const Item& one) { return one.finding == finding; });
      if (!item->fix) item->fix = host_.fix(*finding);
      if (item->fix->schema_line.empty()) continue;
      if (!std::exchange(any, true)) add_title(out, look, "To add to the schema by hand");
      add_paragraph(out, look, "", "",
                    item->fix->schema_place.empty() ? "schema.ts:" : item->fix->schema_place + ":");
      add_code(out, look, "  ", mask_secrets(item->fix->schema_line));
    }
  }

  void end(Ending::How how) {
    ending_.emplace();
    ending_->how = how;
  }

  Screen screen_;
  Host& host_;
  std::vector<Item> items_;
  std::vector<std::vector<std::size_t>> history_;  // of choices; those of one key are undone together
  Filter filter_;
  std::size_t at_ = 0;
  std::optional<Ending> ending_;
};

}  // namespace

Ending walk(const std::vector<const Finding*>& findings, Console& console, Host& host, Look look) {
  return Walk(findings, console, host, look).run();
}

}  // namespace pgadvise::review
