#include "migrations/writing/split_migration.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/line_ends.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/interface/tools.h"
#include "migrations/writing/edit_migration.h"
#include "model/schema/lock.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"

namespace pgadvise::migrations {
namespace {

using Kind = SchemaAction::Kind;
using Transaction = Migration::Transaction;

tl::unexpected<Error> refused(std::string why) { return fail(Error::Kind::nonfatal, "", std::move(why)); }

bool has_word(std::string_view statement, std::string_view word) {
  return std::ranges::any_of(sql::tokens_of(statement),
                             [&](const sql::Lexeme& token) { return token.is_word(word); });
}

bool has_name(std::string_view statement, const std::string& name) {
  return !name.empty() && std::ranges::any_of(sql::tokens_of(statement),
                                              [&](const sql::Lexeme& token) { return token.name() == name; });
}

// The setting that SET or RESET changes; "": another statement.
std::string setting_of(std::string_view statement) {
  sql::Lexer lexer(statement);
  const auto first = lexer.next_token();
  if (!first.is_word("set") && !first.is_word("reset")) return {};
  auto name = lexer.next_token();
  if (name.is_word("local") || name.is_word("session")) name = lexer.next_token();
  return lower(name.text);
}

// ALTER TABLE … ADD COLUMN a int, ADD COLUMN b int.
bool has_several_commands(std::string_view statement) {
  int depth = 0;
  for (const auto& token : sql::Lexer(statement)) {
    if (token.is('(')) ++depth;
    else if (token.is(')')) --depth;
    else if (token.is(',') && depth == 0) return true;
  }
  return false;
}

struct Parts {
  std::vector<std::string> now, later;  // without semicolons
};

Parts parts_of(const std::string& sql) {
  Parts out;
  for (const auto& statement : sql::split(sql)) {
    const bool first = out.later.empty() && !has_word(statement.text, "concurrently") &&
                       !has_word(statement.text, "validate");
    (first ? out.now : out.later).emplace_back(statement.text);
  }
  return out;
}

// CREATE INDEX CONCURRENTLY a … -> CREATE INDEX IF NOT EXISTS a …; others as they are. "": the index has no
// name.
std::string if_not_built(const std::string& statement) {
  sql::Lexer lexer(statement);
  for (const sql::Lexeme& token : lexer) {
    if (!token.is_word("concurrently")) continue;
    const auto next = lexer.next_token();
    if (next.is_word("on")) return {};
    return statement.substr(0, token.offset) + (next.is_word("if") ? "" : "IF NOT EXISTS ") +
           statement.substr(next.offset);
  }
  return statement;
}

bool same_place(const SourceLocation& a, const SourceLocation& b) {
  return a.line == b.line && (a.column == 0 || b.column == 0 || a.column == b.column);
}

class Splitter {
 public:
  // Splits the file of `out`, and adds the rest to it.
  Splitter(const SchemaInput* input, const std::vector<Migration>& checked, const StatementSplit& split,
           SplitMigration& out)
      : input_(input),
        checked_(checked),
        split_(split),
        parts_(parts_of(split.sql)),
        moves_(split.sql.empty()),
        out_(out) {}

  Result<void> run() {
    if (!out_.file.path.ends_with(".sql")) return refused("the migration is no SQL file: change it by hand");
    if (!find()) return refused("the statement is not in the file as it was read");
    if (auto why = why_not(); !why.empty()) return refused(std::move(why));
    if (migration_->transaction == Transaction::none) {
      if (moves_) return refused("no transaction holds a lock beyond its statement");
      auto all = parts_.now;
      all.insert(all.end(), parts_.later.begin(), parts_.later.end());
      replace(all, {});
      return {};
    }
    if (auto why = builds_by_hand() ? by_hand() : in_later_migrations(); !why.empty())
      return refused(std::move(why));
    return {};
  }

  // The statement that the migration then begins with, and the line that it precedes; "": none.
  std::string lock_timeout() const {
    if (!split_.set_lock_timeout || parts_.now.empty() || step_->lock_timeout_ms) return {};
    if (migration_->transaction == Transaction::none) return {};
    return std::string(step_->transaction ? set_local_lock_timeout : set_session_lock_timeout) + ";";
  }
  int first_line() const {
    int line = split_.at.line;
    for (const SchemaStep& step : migration_->steps) line = std::min(line, step.place.line);
    return line;
  }

 private:
  // The statement in the file, and its step.
  bool find() {
    for (const Migration& one : checked_)
      if (one.file == out_.file.path) migration_ = &one;
    if (!migration_) return false;
    for (const SchemaStep& step : migration_->steps)
      if (same_place(step.place, split_.at)) step_ = &step;
    text_ =
        input_ && input_->tool && input_->tool->up ? input_->tool->up(out_.file.content) : out_.file.content;
    const LineIndex lines(text_);
    statements_ = sql::split(text_);
    for (at_ = 0; at_ < statements_.size(); ++at_) {
      const auto place = lines.at(statements_[at_].offset);
      if (place.line == split_.at.line && (split_.at.column == 0 || place.column == split_.at.column)) break;
    }
    return step_ && at_ < statements_.size();
  }

  std::string_view statement() const { return statements_[at_].text; }

  std::string why_not() const {
    if (has_word(statement().substr(0, 3), "do"))
      return "the statement stands in a DO block: take it out of the block first";
    if (has_several_commands(statement()))
      return "the statement makes several changes: give each of them a statement of its own first";
    if (moves_ && statements_.size() == 1)
      return "the migration has no other statement, so that there is nothing to split";
    if (moves_ && migration_->transaction == Transaction::run)
      return "all pending migrations run in one transaction: move the statement to a later deployment";
    if (moves_ && has_word(text_, "search_path"))
      return "the migration sets search_path, which a statement in another migration would lack";
    if (moves_ || !parts_.later.empty())
      for (std::size_t i = 0; i < at_; ++i)
        if (const auto setting = setting_of(statements_[i].text);
            !setting.empty() && setting != "lock_timeout" && setting != "statement_timeout")
          return "the migration sets " + printable(setting) +
                 ", which a statement in another migration would lack";
    if (migration_->transaction == Transaction::none) return {};
    if (auto why = why_needed(); !why.empty()) return why;
    return why_named();
  }

  // Whether a later statement of the file may need what would run later: all of its text counts, with the
  // bodies of DO blocks and functions, as statements that change no schema have no step.
  std::string why_named() const {
    for (std::size_t i = at_ + 1; i < statements_.size(); ++i) {
      const std::string later = lower(statements_[i].text);
      const bool runs_code = contains(later, "$");  // a body
      for (const SchemaAction& own : step_->actions) {
        const bool of_table = contains(later, lower(own.table.name));
        const bool by_key = unique(own) && (contains(later, "conflict") || contains(later, "references"));
        if (of_table && (moves_ || by_key || (unique(own) && runs_code)))
          return fmt::format("\"{}\" names {}: put that statement into a later migration",
                             replace_all(printable(ellipsis(statements_[i].text, 50)), "\n", " "),
                             own.table.name);
      }
    }
    return {};
  }

  // Whether a statement after this one needs what would run later.
  std::string why_needed() const {
    bool after = false;
    for (const Migration& one : checked_)
      for (const SchemaStep& step : one.steps) {
        if (after && needs(step))
          return fmt::format("{} needs what this statement does: put that statement into a later migration",
                             step.place.str());
        after = after || &step == step_;
      }
    return {};
  }

  bool needs(const SchemaStep& later) const {
    for (const SchemaAction& own : step_->actions) {
      // The step's text is cut; names mostly stand near its beginning.
      if (!has_word(later.text, "validate") && has_name(later.text, own.name)) return true;
      const bool by_key = has_word(later.text, "conflict") || has_word(later.text, "references");
      if (has_name(later.text, own.table.name) && (moves_ || (unique(own) && by_key))) return true;
      for (const SchemaAction& action : later.actions) {
        constexpr Kind removals[] = {Kind::drop_table, Kind::drop_column, Kind::rename_table,
                                     Kind::rename_column, Kind::attach_partition};
        const bool removes = std::ranges::find(removals, action.kind) != std::end(removals);
        if (action.table == own.table && (removes || moves_)) return true;
        if (unique(own) && action.constraint && action.constraint->referenced_table == own.table) return true;
      }
    }
    return false;
  }

  static bool unique(const SchemaAction& action) {
    return (action.index && action.index->unique) ||
           (action.constraint && (action.constraint->kind == Constraint::Kind::unique ||
                                  action.constraint->kind == Constraint::Kind::primary_key));
  }

  // Whether an index is to be built CONCURRENTLY, and no migration of the tool can do it.
  bool builds_by_hand() const {
    if (parts_.later.empty() || !has_word(parts_.later.front(), "concurrently")) return false;
    if (migration_->transaction == Transaction::run) return true;
    const auto fitted = fit(input_, {split_.title, parts_.later.front() + ";", {}});
    return fitted && !fitted->concurrent;
  }

  // The index is built before the deployment, and the migration finds it there. Returns why not.
  std::string by_hand() {
    for (const SchemaStep& step : migration_->steps) {
      if (&step == step_) break;
      for (const SchemaAction& action : step.actions)
        if (makes_column_of(action))
          return "the migration makes a column of the index, so that the index cannot be built before it: "
                 "move the statement to a later deployment";
    }
    std::vector<std::string> stay;
    for (const auto& one : parts_.later) stay.push_back(if_not_built(one));
    if (stay.front().empty()) return "the index has no name: give it one first";
    replace(stay,
            "-- pgadvise: ignore blocking-index-build built CONCURRENTLY by hand before the deployment\n");
    out_.notes.push_back(
        "Before the deployment, run by hand, outside a transaction: " + parts_.later.front() + ";");
    return {};
  }

  bool makes_column_of(const SchemaAction& action) const {
    const std::string own_text = lower(statement());
    const auto used = [&](const std::string& column) {
      return !column.empty() && contains(own_text, lower(column));
    };
    const bool same = !step_->actions.empty() && step_->actions.front().table == action.table;
    return same && ((action.kind == Kind::add_column && std::ranges::any_of(action.columns, used)) ||
                    (action.kind == Kind::rename_column && used(action.name)));
  }

  // Returns why not.
  std::string in_later_migrations() {
    if (migration_->transaction == Transaction::run) {
      replace(parts_.now, {});
      out_.notes.push_back(
          "After the deployment, run by hand or in the next deployment: " + join(parts_.later, "; ") + ";");
      return {};
    }
    const std::vector<std::string> later = moves_ ? std::vector{std::string(statement())} : parts_.later;
    Change change{split_.title, join(later, ";\n") + ";", {}};
    change.own = moves_;
    change.alone = moves_ || later.size() > 1;
    change.lock_timeout =
        split_.set_lock_timeout && !moves_ && !has_word(later.back(), "validate") && later.size() > 1;
    if (moves_ && split_.rule == "blocking-alter") change.suppressed = split_.rule;
    if (const auto fitted = fit(input_, change); !fitted) return fitted.error().what;
    if (has_word(later.front(), "concurrently"))
      note("If a build fails, drop the invalid index that it leaves before the next try");
    if (change.lock_timeout)
      note("Let the deployment run a migration again that fails with 55P03 (lock_not_available)");
    out_.later.push_back(std::move(change));
    const std::string what = replace_all(printable(ellipsis(statement(), 70)), "-->", "->");
    const bool nothing_stays = parts_.now.empty() && statements_.size() == 1;
    replace(nothing_stays ? std::vector{std::string("SELECT 1")} : parts_.now,
            parts_.now.empty() ? "-- In a later migration: " + replace_all(what, "\n", " ") + "\n"
                               : std::string("-- A later migration validates the constraint.\n"));
    return {};
  }

  void note(std::string text) {
    if (!is_one_of(text, out_.notes)) out_.notes.push_back(std::move(text));
  }

  void replace(const std::vector<std::string>& with, const std::string& comment) {
    const std::size_t from = statements_[at_].offset;
    std::size_t to = from + statement().size();
    std::string& text = out_.file.content;
    const bool breaks = contains(text, drizzle_breakpoint);
    std::string added = comment + join(with, breaks ? ";" + std::string(drizzle_breakpoint) + "\n" : ";\n");
    if (with.empty()) {  // with its semicolon and the line's end
      while (to < text.size() && (text[to] == ' ' || text[to] == ';')) ++to;
      if (text.compare(to, 2, "\r\n") == 0) to += 2;
      else if (to < text.size() && text[to] == '\n') ++to;
    }
    text.replace(from, to - from, added);
  }

  const SchemaInput* input_;
  const std::vector<Migration>& checked_;
  const StatementSplit& split_;
  const Parts parts_;
  const bool moves_;  // the whole statement, to a later migration
  SplitMigration& out_;
  std::string text_;  // what runs on the way up; statements_ has views into it
  std::vector<sql::SourceStatement> statements_;
  std::size_t at_ = 0;
  const Migration* migration_ = nullptr;
  const SchemaStep* step_ = nullptr;
};

}  // namespace

Result<SplitMigration> split_migration(const SchemaInput* input, const std::vector<Migration>& checked,
                                       const std::string& path, std::vector<StatementSplit> splits) {
  TRY(const auto text, read_file(path, files::text_limit));
  SplitMigration out;
  out.file = {path, text, text};
  // From the last to the first, so that the lines above stay as they were read; each statement once, and
  // rather replaced than moved.
  std::ranges::stable_sort(splits, [](const StatementSplit& a, const StatementSplit& b) {
    return a.at != b.at ? b.at < a.at : a.sql.empty() < b.sql.empty();
  });
  splits.erase(std::unique(splits.begin(), splits.end(),
                           [](const StatementSplit& a, const StatementSplit& b) { return a.at == b.at; }),
               splits.end());
  std::string set;
  int line = 0;
  for (const StatementSplit& split : splits) {
    Splitter splitter(input, checked, split, out);
    TRY_VOID(splitter.run());
    if (!set.empty()) continue;
    set = splitter.lock_timeout();
    line = splitter.first_line();
  }
  std::ranges::reverse(out.later);
  std::ranges::reverse(out.notes);
  if (!set.empty()) {
    TRY(out.file, with_statement(out.file, line, set));
    out.notes.push_back(run_again_note(path));
  }
  out.file.content = with_line_ends_of(text, out.file.content);
  return out;
}

}  // namespace pgadvise::migrations
