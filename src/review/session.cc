#include "review/session.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/mask.h"
#include "base/text.h"
#include "base/utf8.h"
#include "lint/rule.h"
#include "report/common.h"
#include "report/rule_page.h"

namespace pgadvise::review {
namespace {

using report::add_code;
using report::add_paragraph;
using report::characters;
using report::cut_line;
using report::paint;
using Lines = std::vector<std::string>;
using Body = std::function<Lines(const Look&)>;

constexpr std::size_t longest_reason = 300;

constexpr std::string_view finding_help =
    "y  accept the fix: the new migration will contain it\n"
    "n  skip this one\n"
    "i  ignore the finding, with a reason: adds an entry to pgadvise.toml\n"
    "e  explain the rule\n"
    "p  show the plan\n"
    "r  run EXPLAIN ANALYZE now (with --db or --sandbox)\n"
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
    "q  leave, nothing is written\n"
    "\n"
    "space, b, j, k, g and G move as in the findings.";

enum class Choice { none, accepted, skipped, ignored };

struct Item {
  const Finding* finding = nullptr;
  Choice choice = Choice::none;
  std::string reason;
  std::optional<FixView> fix;
  std::optional<std::string> plan;  // as it was asked for last
};

class Walk {
 public:
  Walk(const std::vector<const Finding*>& findings, Console& console, Host& host, Look look)
      : console_(console), host_(host), look_(look) {
    for (const auto* finding : findings) items_.push_back({finding, Choice::none, {}, {}, {}});
  }

  Ending run() {
    go_on();
    while (!ending_) {
      if (at_ < items_.size()) at_finding();
      else at_end();
    }
    ending_->seen = seen_;
    return std::move(*ending_);
  }

 private:
  // Pages.

  // Draws, scrolls, and gives the first key that is for neither.
  Key ask(const std::string& header, const Body& body, const std::string& prompt, bool within_line = false) {
    int width = 0;
    Lines lines;
    for (;;) {
      const Size size = console_.size();
      look_.width = size.columns;
      if (width != size.columns) lines = body(look_);
      width = size.columns;
      const int room = std::max(1, size.rows - 3);
      last_ = std::max(0, static_cast<int>(lines.size()) - room);
      offset_ = std::clamp(offset_, 0, last_);
      draw(header, lines, room, prompt);
      const Key key = console_.next(within_line);
      if (key.kind == Key::Kind::interrupt) {
        end(Ending::How::interrupted);
        ending_->signal = key.signal;
        return key;
      }
      if (key.kind == Key::Kind::no_more) return end(Ending::How::no_more_input), key;
      if (key.kind == Key::Kind::resize) continue;
      if (within_line) return key;
      status_.clear();
      if (key.kind == Key::Kind::several) status_ = "several keys at once: ignored, as an accidental paste";
      else if (!scroll(key, room)) return key;
    }
  }

  bool scroll(const Key& key, int room) {
    const int page = std::max(1, room - 1);
    const auto is = [&](Key::Kind kind, std::string_view text, std::string_view other = {}) {
      return key.kind == kind ||
             (key.kind == Key::Kind::text && (key.text == text || (!other.empty() && key.text == other)));
    };
    if (is(Key::Kind::page_down, " ")) offset_ += page;
    else if (is(Key::Kind::page_up, "b")) offset_ -= page;
    else if (is(Key::Kind::down, "j")) offset_ += 1;
    else if (is(Key::Kind::up, "k")) offset_ -= 1;
    else if (is(Key::Kind::home, "g")) offset_ = 0;
    else if (is(Key::Kind::end, "G")) offset_ = last_;
    else if (key.kind == Key::Kind::enter && offset_ < last_) offset_ += 1;
    else return false;
    return true;
  }

  void draw(const std::string& header, const Lines& lines, int room, const std::string& prompt) {
    const auto width = static_cast<std::size_t>(look_.width);
    Lines screen{cut_line(header, width)};
    for (int i = 0; i < room; ++i) {
      const auto at = static_cast<std::size_t>(offset_ + i);
      screen.push_back(at < lines.size() ? cut_line(lines[at], width) : std::string());
    }
    std::string status = status_;
    if (status.empty() && last_ > 0) {
      const int to = std::min(static_cast<int>(lines.size()), offset_ + room);
      status = fmt::format("-- lines {} to {} of {}{} --", offset_ + 1, to, lines.size(),
                           offset_ < last_ ? ": space shows more" : "");
    }
    screen.push_back(cut_line(paint(look_, status_.empty() ? "2" : "33;1", printable(status)), width));
    screen.push_back(cut_line(prompt, width > 1 ? width - 1 : 1));
    const auto rows = static_cast<std::size_t>(std::max(1, console_.size().rows));
    if (screen.size() > rows) screen.erase(screen.begin(), screen.end() - static_cast<std::ptrdiff_t>(rows));
    if (!look_.unicode)
      for (auto& line : screen) line = replace_all(std::move(line), "…", "~");
    console_.show(screen);
  }

  // A text to be read, until a key that leaves it.
  void read(const std::string& title, const Body& body) {
    const int before = std::exchange(offset_, 0);
    while (!ending_) {
      const Key key = ask(paint(look_, "1", title), body, "q goes back ");
      if (ending_ || key.kind == Key::Kind::escape || key.kind == Key::Kind::enter ||
          (key.kind == Key::Kind::text && (key.text == "q" || key.text == "Q")))
        break;
      status_ = "unknown key";
    }
    offset_ = before;
  }

  static Body text_body(std::string text) {
    return [text = std::move(text)](const Look& look) {
      Lines out;
      add_code(out, look, "", text);
      return out;
    };
  }

  // One finding.

  void at_finding() {
    Item& item = items_[at_];
    const Finding& finding = *item.finding;
    if (!item.fix) item.fix = fix_of(at_);
    seen_ = std::max(seen_, at_ + 1);
    const std::string question = item.fix->refused.empty() ? "Accept this fix" : "No fix to accept";
    const Key key = ask(
        header(finding), [&](const Look& look) { return finding_lines(item, look); },
        question + " [y,n,i,e,p,r,u,q,?]? ");
    if (ending_ || key.kind != Key::Kind::text) return;
    const std::string pressed = lower(key.text);
    if (pressed == "y") accept();
    else if (pressed == "n") choose(at_, Choice::skipped);
    else if (pressed == "i") ignore();
    else if (pressed == "e") explain(finding);
    else if (pressed == "p" || pressed == "r") show_plan(item, pressed == "r");
    else if (pressed == "u") undo();
    else if (pressed == "q") to_end();
    else if (pressed == "?") read("Keys", text_body(std::string(finding_help)));
    else status_ = "? lists the keys";
  }

  std::string header(const Finding& finding) const {
    constexpr std::string_view codes[] = {"36;1", "33;1", "31;1"};
    const std::string where = fmt::format("{}/{} ", at_ + 1, items_.size());
    return paint(look_, "1", where) +
           paint(look_, codes[static_cast<int>(finding.severity)], name(finding.severity)) + " " +
           paint(look_, "1", finding.rule) + " " + std::string(name(finding.verdict));
  }

  Lines finding_lines(const Item& item, const Look& look) {
    const Finding finding = report::without_secrets(*item.finding);  // only the file has them
    Lines out;
    out.emplace_back();
    add_paragraph(out, look, "", "", finding.message);
    add_source(out, look, finding);
    if (!finding.evidence.empty() || !finding.verdict_reason.empty()) {
      title(out, look, "Evidence");
      for (const auto& evidence : finding.evidence) add_evidence(out, look, evidence);
      if (!finding.verdict_reason.empty()) add_paragraph(out, look, "- ", "  ", finding.verdict_reason);
    }
    add_fix(out, look, item, finding);
    add_why(out, look, finding);
    if (!item.plan) return out;
    title(out, look, "Plan");
    for (const auto line : split(*item.plan, '\n')) out.emplace_back(line);
    return out;
  }

  static void title(Lines& out, const Look& look, std::string_view text) {
    out.emplace_back();
    out.push_back(paint(look, "1", text));
  }

  void add_source(Lines& out, const Look& look, const Finding& finding) {
    if (!finding.location || finding.location->live()) {
      if (const std::string about = report::subject(finding); !about.empty())
        add_paragraph(out, look, "about ", "      ", about);
      return;
    }
    out.emplace_back();
    out.push_back(paint(
        look, "36",
        cut_line(printable(finding.location->str()), static_cast<std::size_t>(std::max(20, look.width)))));
    const auto source = host_.source(finding);
    if (!source) return;
    for (auto& line : report::excerpt(look, *source)) out.push_back(std::move(line));
  }

  static void add_why(Lines& out, const Look& look, const Finding& finding) {
    const auto* registered = lint::find_rule(finding.rule);
    if (!registered) return;
    const std::string_view why = registered->rule->why.substr(0, registered->rule->why.find("\n\n"));
    std::size_t end = why.find(". ");
    while (end != std::string_view::npos && end < 80) end = why.find(". ", end + 1);
    title(out, look, "Why");
    add_paragraph(out, look, "", "", end == std::string_view::npos ? why : why.substr(0, end + 1));
  }

  static void add_evidence(Lines& out, const Look& look, const Evidence& evidence) {
    std::string text =
        evidence.kind == Evidence::Kind::statement ? ellipsis(evidence.text, 600) : evidence.text;
    if (evidence.place && !evidence.place->live() && evidence.place->line > 0)
      text += "  (" + evidence.place->str() + ")";
    add_paragraph(out, look, "- ", "  ", text);
  }

  void add_fix(Lines& out, const Look& look, const Item& item, const Finding& finding) {
    const FixView& fix = *item.fix;
    title(out, look, "Fix");
    if (finding.fix && !finding.fix->title.empty() &&
        (fix.sql.empty() || finding.fix->safety == Fix::Safety::manual))
      add_paragraph(out, look, "", "", finding.fix->title);
    if (!fix.sql.empty()) add_code(out, look, "  ", mask_secrets(fix.sql));
    if (!fix.schema_line.empty()) {
      add_paragraph(out, look, "", "",
                    fix.schema_place.empty() ? "and in schema.ts:" : "and in " + fix.schema_place + ":");
      add_code(out, look, "  ", mask_secrets(fix.schema_line));
    }
    if (!finding.fix) add_paragraph(out, look, "", "", "No SQL statement fixes this: e explains what to do.");
    for (const auto& sentence : fix.lock_impact) add_paragraph(out, look, "- ", "  ", sentence);
    if (!fix.refused.empty() && finding.fix)
      add_paragraph(out, look, "- ", "  ", "can't be accepted here: " + fix.refused);
  }

  void explain(const Finding& finding) {
    const auto* rule = lint::find_rule(finding.rule);
    if (!rule) return;
    read("pgadvise rules explain " + finding.rule,
         [rule](const Look& look) { return report::rule_lines(*rule, look); });
  }

  void show_plan(Item& item, bool run) {
    look_.width = console_.size().columns;
    if (run) {
      status_ = "running …";
      draw(header(*item.finding), finding_lines(item, look_), std::max(1, console_.size().rows - 3), "");
      status_.clear();
    }
    Look narrow = look_;
    narrow.width -= 2;
    auto text = host_.plan(*item.finding, run, narrow);
    if (!text) {
      status_ = text.error().what + (text.error().hint.empty() ? "" : " (" + text.error().hint + ")");
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
      status_ = items_[at_].finding->fix ? "can't be accepted here: " + items_[at_].fix->refused
                                         : std::string("the finding has no fix to accept");
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
    if (pending) return choose(which, choice);
    items_[which] = before;
    status_ = "can't be: " + pending.error().line();
  }

  void ignore() {
    Item& item = items_[at_];
    const int before = offset_;
    std::string reason;
    while (!ending_) {
      const std::string start = "Reason: ";
      const std::size_t room =
          static_cast<std::size_t>(std::max(20, console_.size().columns)) - start.size() - 2;
      std::string shown = reason;
      while (characters(shown) > room) drop_first(shown);
      status_ = "reason to ignore it (Enter to confirm, Esc to cancel)";
      const Key key = ask(
          header(*item.finding), [&](const Look& look) { return finding_lines(item, look); },
          start + printable(shown), true);
      status_.clear();
      if (ending_ || key.kind == Key::Kind::escape) break;
      const bool ends = key.kind == Key::Kind::enter || (key.kind == Key::Kind::several &&
                                                         key.text.find_first_of("\r\n") != std::string::npos);
      if (key.kind == Key::Kind::text || key.kind == Key::Kind::several)
        reason += printable(key.text.substr(0, key.text.find_first_of("\r\n")));
      if (key.kind == Key::Kind::backspace) drop_last(reason);
      if (reason.size() > longest_reason) reason = report::cut(reason, longest_reason);
      if (!ends || key.kind != Key::Kind::enter) continue;
      if (trim(reason).empty()) {
        status_ = "not ignored: no reason given";
        break;
      }
      try_choice(at_, Choice::ignored, std::string(trim(reason)));
      return;
    }
    offset_ = before;
  }

  static void drop_last(std::string& text) {
    while (!text.empty() && continues_character(text.back())) text.pop_back();
    if (!text.empty()) text.pop_back();
  }
  static void drop_first(std::string& text) {
    do text.erase(0, 1);
    while (!text.empty() && continues_character(text.front()));
  }

  void choose(std::size_t which, Choice choice) {
    items_[which].choice = choice;
    history_.push_back(which);
    go_on();
  }

  bool settled(std::size_t at) const {
    if (items_[at].choice != Choice::none) return true;
    const std::size_t from = carrier(at);
    return from != at && items_[from].choice == Choice::accepted;
  }

  void go_on() {
    offset_ = 0;
    at_ = 0;
    while (at_ < items_.size() && settled(at_)) ++at_;
  }

  void undo() {
    if (history_.empty()) {
      status_ = "there is no choice to undo";
      return;
    }
    at_ = history_.back();
    history_.pop_back();
    items_[at_].choice = Choice::none;
    items_[at_].reason.clear();
    offset_ = 0;
    status_ = "undone";
  }

  void to_end() {
    at_ = items_.size();
    offset_ = 0;
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
    const Key key = ask(
        paint(look_, "1", "Your choices"),
        [&](const Look& look) { return summary_lines(*pending, chosen, look); }, "Write this [w,u,q,?]? ");
    if (ending_ || key.kind != Key::Kind::text) return;
    const std::string pressed = lower(key.text);
    if (pressed == "w") write(*pending, chosen);
    else if (pressed == "u") undo();
    else if (pressed == "q") end(Ending::How::left);
    else if (pressed == "?") read("Keys", text_body(std::string(summary_help)));
    else status_ = "w writes, q quits without writing";
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
    if (!pending.notes.empty()) title(out, look, "Notes");
    for (const auto& note : pending.notes) add_paragraph(out, look, "- ", "  ", note);
    return out;
  }

  static void add_file(Lines& out, const Look& look, const files::NewFile& file) {
    title(out, look,
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
      const auto item =
          std::find_if(items_.begin(), items_.end(), [&](const Item& one) { return one.finding == finding; });
      if (!item->fix) item->fix = host_.fix(*finding);
      if (item->fix->schema_line.empty()) continue;
      if (!std::exchange(any, true)) title(out, look, "To add to the schema by hand");
      add_paragraph(out, look, "", "",
                    item->fix->schema_place.empty() ? "schema.ts:" : item->fix->schema_place + ":");
      add_code(out, look, "  ", mask_secrets(item->fix->schema_line));
    }
  }

  void end(Ending::How how) {
    ending_.emplace();
    ending_->how = how;
  }

  Console& console_;
  Host& host_;
  Look look_;
  std::vector<Item> items_;
  std::vector<std::size_t> history_;
  std::size_t at_ = 0;
  std::size_t seen_ = 0;
  int offset_ = 0;
  int last_ = 0;
  std::string status_;
  std::optional<Ending> ending_;
};

}  // namespace

Ending walk(const std::vector<const Finding*>& findings, Console& console, Host& host, Look look) {
  return Walk(findings, console, host, look).run();
}

}  // namespace pgadvise::review
