#include "base/text/mask_signs.h"

#include <array>
#include <string>

#include "base/text/text.h"

namespace pgadvise {
namespace {

// What stands within one string or word of a text, as it is written.
bool has_form(std::string_view text) {
  static constexpr std::array<std::string_view, 11> forms = {
      "://", "''", "ghp_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_", "rk_live_", "AKIA", "eyJ"};
  if (contains_any(text, forms)) return true;
  for (std::size_t at = 0; (at = text.find('$', at)) != std::string_view::npos;)
    if (++at >= text.size() || !is_digit(text[at])) return true;  // "$1" begins no string
  return false;
}

// "otp" is in "not present": these count at the begin of a word only.
bool has_short_name(std::string_view lowered) {
  static constexpr std::array<std::string_view, 6> names = {"otp", "totp", "pin", "cvv", "cvc", "pw"};
  for (const auto name : names)
    for (std::size_t at = 0; (at = lowered.find(name, at)) != std::string_view::npos; ++at)
      if (at == 0 || !is_letter(lowered[at - 1])) return true;
  return false;
}

// Parts of each name that mask.cc and mask_constants.cc know, without '_', '-', digits and blanks.
bool has_part_of_name(std::string_view letters) {
  static constexpr std::array<std::string_view, 23> parts = {
      "pass",    "pwd",       "secret",        "token",  "apikey", "signingkey", "privatekey", "accesskey",
      "authkey", "masterkey", "encryptionkey", "sshkey", "jwt",    "bearer",     "authoriza",  "credential",
      "cookie",  "crypt",     "digest",        "hmac",   "pgp",    "program",    "newvalue"};
  return contains_any(letters, parts);
}

}  // namespace

bool may_hold_secret(std::string_view text) {
  if (has_form(text)) return true;
  std::string lowered(text), letters;
  letters.reserve(text.size());
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (is_letter(c)) letters += c;
  }
  return has_part_of_name(letters) || has_short_name(lowered) || contains(lowered, "_key=") ||
         (contains(lowered, "_key ") && contains(lowered, "--"));
}

}  // namespace pgadvise
