#include "log/repeats/statement_traits.h"

#include "base/text/text.h"

namespace pgadvise::log {
namespace {

// Does a FROM or JOIN name the server's own tables?
bool reads_catalog(std::string_view text) {
  for (const std::string_view word : {"from ", "join "})
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos;) {
      at += word.size();
      std::string_view table = text.substr(at);
      if (table.starts_with("only ")) table.remove_prefix(5);
      if (table.starts_with("pg_") || table.starts_with("information_schema.")) return true;
    }
  return false;
}

bool pages_of_foreign_key(std::string_view text) {
  return contains(text, "from only ") && text.find(" for key share of ") != std::string_view::npos;
}

struct Control {
  TransactionEffect effect = TransactionEffect::none;
  std::string_view savepoint;
};

// `statement`: one of a template, which begins with `word`.
Control control_of(std::string_view statement, std::string_view word) {
  const auto named = [&](TransactionEffect effect) {
    return Control{effect, statement.substr(statement.find_last_of(' ') + 1)};
  };
  if (word == "begin" || statement.starts_with("start transaction")) return {TransactionEffect::opens, {}};
  if (word == "savepoint") return named(TransactionEffect::sets_savepoint);
  if (word == "release") return named(TransactionEffect::releases_savepoint);
  if (statement.starts_with("prepare transaction")) return {TransactionEffect::closes, {}};
  if (!is_one_of(word, {"commit", "end", "rollback", "abort"}) || contains(statement, " prepared")) return {};
  if (contains(statement, " to ")) return named(TransactionEffect::rolls_back_to_savepoint);
  return {contains(statement, " and chain") ? TransactionEffect::chains : TransactionEffect::closes, {}};
}

}  // namespace

std::string_view first_word(std::string_view text) {
  const auto start = text.find_first_not_of(" (");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  return text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"));
}

StatementTraits traits_of(const StatementScan& scan) {
  StatementTraits out;
  const std::string_view text = scan.text;
  bool control_only = true;
  for (const std::string_view part : split(text, ';')) {
    const std::string_view piece = trim(part);
    const std::string_view word = first_word(piece);
    const Control control = control_of(piece, word);
    if (control.effect != TransactionEffect::none &&
        (control.savepoint.empty() || out.effect == TransactionEffect::none)) {
      out.effect = control.effect;
      out.savepoint = control.savepoint;
    }
    control_only &=
        is_one_of(word, {"",          "begin",   "start",    "commit", "end",   "rollback", "abort",
                         "savepoint", "release", "set",      "reset",  "show",  "discard",  "deallocate",
                         "prepare",   "listen",  "unlisten", "notify", "fetch", "move",     "close"});
  }
  const std::string_view word = first_word(text);
  if (is_one_of(word, {"insert", "update", "delete", "merge"})) out.kind = CallKind::write;
  if (is_one_of(word, {"select", "table", "values", "declare"})) out.kind = CallKind::select;
  if (word == "with")
    out.kind = contains(text, "insert into ") || contains(text, "delete from ") ||
                       contains(text, "(update ") || contains(text, ") update ")
                   ? CallKind::write
                   : CallKind::select;
  out.ignored =
      control_only || reads_catalog(text) || pages_of_foreign_key(text) || text.starts_with("select pg_");
  for (const auto& placeholder : *scan.placeholders) out.keying_parameters |= !placeholder.paging;
  return out;
}

}  // namespace pgadvise::log
