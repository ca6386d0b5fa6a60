// What a statement's template shows without a parse: enough for those that the parser does not know, and for
// several statements in one text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log/record/statement_template.h"
#include "log/repeats/repeats.h"

namespace pgadvise::log {

enum class TransactionEffect : std::uint8_t {
  none,
  opens,
  closes,
  chains,  // closes, and opens the next one: COMMIT AND CHAIN
  sets_savepoint,
  releases_savepoint,
  rolls_back_to_savepoint,
};

inline bool closes(TransactionEffect effect) {
  return effect == TransactionEffect::closes || effect == TransactionEffect::chains;
}

struct StatementTraits {
  CallKind kind = CallKind::other;
  TransactionEffect effect = TransactionEffect::none;  // of several statements the last BEGIN or COMMIT
  std::string savepoint;                               // its name, of an effect on one
  bool ignored = false;                                // never part of a repeat
  bool keying_parameters = false;                      // some are not for paging
};

StatementTraits traits_of(const StatementScan& scan);

// The word of small letters that a template begins with; "" when it begins otherwise.
std::string_view first_word(std::string_view text);

}  // namespace pgadvise::log
