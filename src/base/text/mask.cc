#include "base/text/mask.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/text/mask_constants.h"
#include "base/text/mask_signs.h"
#include "base/text/text.h"

namespace pgadvise {
namespace {

bool space_or_quote(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '"' || c == '\'' || c == '`';
}

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::size_t run_end(std::string_view text, std::size_t from) {
  while (from < text.size() && !space_or_quote(text[from])) ++from;
  return from;
}

// Of what stands behind "://": everything between "user:" and the last "@": a password may hold an @ itself.
// Without a user's name, all of it.
std::string mask_authority(std::string_view rest) {
  const auto sign = rest.rfind('@');
  if (sign == std::string_view::npos) return std::string(rest);
  const std::string_view user = rest.substr(0, sign);
  const auto colon = user.find(':');
  std::string out;
  if (colon == std::string_view::npos) {
    out = user.find('$') == std::string_view::npos ? std::string("***") : std::string(user);
  } else {
    const auto password = user.substr(colon + 1);
    const bool variable = !password.empty() && password.front() == '$' &&
                          password.find_first_of("@:/") == std::string_view::npos;
    out = std::string(user.substr(0, colon + 1)) + (variable ? std::string(password) : "***");
  }
  return out + std::string(rest.substr(sign));
}

std::string mask_urls(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t scheme; (scheme = text.find("://", at)) != std::string_view::npos;) {
    const std::size_t begin = scheme + 3;
    const std::size_t end =
        run_end(text, begin);  // looked at once: behind the last @ there is nothing to mask
    out += text.substr(at, begin - at);
    out += mask_authority(text.substr(begin, end - begin));
    at = end;
  }
  return out + std::string(text.substr(at));
}

bool secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 8> parts = {"password", "passwd", "passphrase", "secret",
                                                            "token",    "apikey", "api_key",    "api-key"};
  const std::string lowered = lower(name);
  return contains_any(lowered, parts) || (lowered.size() > 4 && lowered.ends_with("_key")) ||
         ends_with_any(lowered, {"pass", "pwd"});
}

bool name_character(char c) { return is_alphanumeric(c) || c == '_' || c == '-'; }

// Whose value is the secret itself: not "token_type", "password_algorithm" or "users_email_key".
bool names_secret_itself(std::string_view name) {
  static constexpr std::array<std::string_view, 23> ends = {
      "signingkey", "password",      "passwd",     "passphrase",    "passcode",      "pwd",
      "secret",     "token",         "apikey",     "secretkey",     "privatekey",    "accesskey",
      "authkey",    "masterkey",     "sshkey",     "encryptionkey", "secretkeybase", "jwt",
      "bearer",     "authorization", "credential", "credentials",   "cookie"};
  const std::string whole = lower(name);
  static constexpr std::array<std::string_view, 9> passes = {"pass",       "db_pass",    "database_pass",
                                                             "user_pass",  "smtp_pass",  "mail_pass",
                                                             "redis_pass", "admin_pass", "pg_pass"};
  if (is_one_of(whole, passes)) return true;
  if (whole.starts_with("is_") || whole.starts_with("has_")) return false;
  static constexpr std::array<std::string_view, 7> words = {"otp", "totp", "pin",   "cvv",
                                                            "cvc", "pw",   "pwhash"};
  std::string last = whole;
  for (const std::string_view tail : {"_hash", "_digest", "_code"})
    if (last.ends_with(tail)) last.resize(last.size() - tail.size());
  last = last.substr(last.find_last_of("_-") + 1);  // npos + 1 == 0
  if (is_one_of(last, words)) return true;
  std::string letters;
  for (const char c : whole)
    if (c != '_' && c != '-' && c != ' ' && !is_digit(c)) letters += c;
  for (const std::string_view tail :
       {"confirmation", "digest", "hash", "salt", "encrypted", "plain", "pem", "value"})
    if (letters.ends_with(tail)) letters.resize(letters.size() - tail.size());
  return ends_with_any(letters, ends);
}

std::size_t past(std::string_view text, std::size_t at, std::string_view characters) {
  return std::min(text.find_first_not_of(characters, at), text.size());
}

struct Range {
  std::size_t begin = 0, end = 0;
};

struct SecretValue {
  Range range = {};     // empty: there is none
  bool single = false;  // in single quotes
  bool colon = false;   // behind a colon, as in JSON
  bool list = false;    // one of IN (…) or ARRAY[…]
};

// What stands in the single quotes at `at`; in SQL a quote is written twice, and all of it once more in a
// string of SQL. A string of JSON may be escaped by a string around it.
Range in_single_quotes(std::string_view text, std::size_t at, bool escapes) {
  if (text.substr(at, 2) == "''" && at + 2 < text.size() &&
      (name_character(text[at + 2]) || text[at + 2] == '$'))
    return {at + 2, std::min(text.find("''", at + 2), text.size())};
  std::size_t end = at + 1;
  while (end < text.size() && (text[end] != '\'' || text.substr(end, 2) == "''"))
    end += text[end] == '\'' || (escapes && text[end] == '\\') ? 2 : 1;
  return {at + 1, std::min(end, text.size())};
}

Range in_double_quotes(std::string_view text, std::size_t at) {
  const std::size_t begin = past(text, at, "\\") + 1;
  const std::size_t backslashes = begin - 1 - at;
  for (std::size_t end = begin, before = 0; end < text.size(); ++end) {
    if (text[end] == '"' && before <= backslashes) return {begin, end - before};
    before = text[end] == '\\' ? before + 1 : 0;
  }
  return {begin, text.size()};
}

// DEFAULT behind a column's name and type.
std::size_t behind_default(std::string_view text, std::size_t at) {
  constexpr std::size_t furthest = 200;
  const std::string near = lower(text.substr(at, furthest));
  const std::size_t stop = std::min(near.find_first_of(",;'\n$"), near.size());
  const std::size_t found = near.substr(0, stop).find("default");
  const std::size_t end = found + std::string_view("default").size();
  return found == std::string::npos || end >= near.size() ||
                 std::string_view(" (\t").find(near[end]) == std::string_view::npos
             ? at
             : at + end;
}

// Past what may stand between a secret's name and a literal: quotes, brackets, casts, operators, and words
// such as IN, LIKE or DEFAULT.
std::size_t before_literal(std::string_view text, std::size_t at, SecretValue& value) {
  static constexpr std::array<std::string_view, 16> words = {
      "in",  "like",  "ilike",   "not", "is",      "distinct", "from",    "any",
      "all", "array", "similar", "to",  "default", "varying",  "collate", "encrypted"};
  static constexpr std::string_view operators = "=<>!:~*";
  constexpr int most = 12;
  for (int step = 0; step < most; ++step) {
    at = past(text, at, "()[ \t\n");
    if (at >= text.size()) break;
    if (text.substr(at, 2) == "::") {
      for (at += 2; at < text.size() && (name_character(text[at]) || text[at] == '.'); ++at) continue;
    } else if (operators.find(text[at]) != std::string_view::npos) {
      value.colon = (text[at] == ':' && text.substr(at, 2) != ":=") || text.substr(at, 2) == "=>";
      const std::size_t end = past(text, at, operators);
      at += std::min(text.substr(at, end - at + 2).find("***"), end - at);
    } else if (name_character(text[at])) {
      std::size_t end = at;
      while (end < text.size() && name_character(text[end])) ++end;
      constexpr std::size_t longest = 9;
      const std::string word = end - at <= longest ? lower(text.substr(at, end - at)) : std::string();
      const bool length =
          !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;  // of a type
      if (!length && !is_one_of(word, words)) break;
      constexpr std::size_t near = 20;  // IS NOT DISTINCT FROM; a COMMENT IS no constant of its column
      if (word == "is" && lower(text.substr(end, near)).find("distinct") == std::string::npos) break;
      value.list |= word == "in" || word == "any" || word == "all" || word == "array";
      at = end;
      if (word == "collate" && (at = past(text, at, " ")) < text.size() && text[at] == '"')
        at = std::min(text.find('"', at + 1), text.size() - 1) + 1;
    } else {
      break;
    }
  }
  return at;
}

// In quotes, single ones, or double ones behind a colon.
SecretValue literal_at(std::string_view text, std::size_t at, SecretValue value) {
  const bool prefixed =
      at + 1 < text.size() && (text[at] == 'E' || text[at] == 'e' || text[at] == 'N') && text[at + 1] == '\'';
  const bool escapes = prefixed && text[at] != 'N';
  if (prefixed) ++at;
  value.single = at < text.size() && text[at] == '\'';
  if (value.single) value.range = in_single_quotes(text, at, escapes);
  const std::size_t mark = past(text, at, "\\");
  if (value.colon && mark < text.size() && text[mark] == '"') value.range = in_double_quotes(text, at);
  return value;
}

// The value of a name that stands at begin…end, in quotes: after an operator, DEFAULT or nothing.
SecretValue secret_value(std::string_view text, std::size_t begin, std::size_t end) {
  std::size_t at = end;
  if (text[end - 1] == '-' && text.substr(end, 1) == ">") return {};  // token->>'kind' looks into it
  if (begin > 0 && text[begin - 1] == '.' && text.substr(end, 1) == "'") return {};  // 'app.secret'
  const char quote =
      begin > 0 && space_or_quote(text[begin - 1]) && !blank(text[begin - 1]) ? text[begin - 1] : '\0';
  if (quote) at = past(text, at, "\\");
  if (quote && at < text.size() && text[at] == quote) ++at;
  SecretValue value;
  value = literal_at(text, before_literal(text, at, value), value);
  if (value.range.end > value.range.begin || value.single) return value;
  const std::size_t other = behind_default(text, at);
  if (other == at) return {};
  value = {};
  return literal_at(text, before_literal(text, other, value), value);
}

// excluded.token, after token=
bool same_column(std::string_view value, std::string_view name) {
  value = value.substr(0, value.find_last_not_of(",;)") + 1);
  const auto dot = value.rfind('.');
  return dot != std::string_view::npos && dot > 0 && value.substr(dot + 1) == name &&
         std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(dot), name_character);
}

// Of a command: what follows NAME= or --name, in quotes or up to the next blank. In SQL that may be a column:
// o.token=t.token.
Range argument(std::string_view text, std::string_view name, std::size_t begin, std::size_t end) {
  const bool option = name.starts_with("--");
  const bool shouted = std::ranges::none_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
  if (end >= text.size() || !(text[end] == '=' || (option && text[end] == ' '))) return {};
  if (!option && ((begin > 0 && text[begin - 1] == '.') || !(shouted || names_secret_itself(name))))
    return {};
  const bool arrow = text.substr(end, 2) == "=>";  // hstore's
  Range value{end + 1 + arrow, end + 1 + arrow};
  const char quote = value.begin < text.size() && (text[value.begin] == '"' || text[value.begin] == '\'')
                         ? text[value.begin]
                         : '\0';
  if (quote) value.end = ++value.begin;
  while (value.end < text.size() &&
         (quote ? text[value.end] != quote
                : !space_or_quote(text[value.end]) && text[value.end] != (arrow ? ',' : '&')))
    ++value.end;
  const std::string_view found = text.substr(value.begin, value.end - value.begin);
  const bool of_url = begin > 0 && (text[begin - 1] == '?' || text[begin - 1] == '&');
  return !quote && !option && !shouted && !of_url && same_column(found, name) ? Range{} : value;
}

// Behind a literal that ends at `at`: where the next one of its list has its quote; npos: there is none.
std::size_t next_of_list(std::string_view text, std::size_t at) {
  SecretValue cast;
  at = past(text, std::min(at + 1, text.size()), " \n");
  if (text.substr(at, 2) == "::") at = past(text, before_literal(text, at, cast), " \n");
  if (at >= text.size() || text[at] != ',') return std::string_view::npos;
  at = past(text, at + 1, " \n");
  return at < text.size() && text[at] == '\'' ? at : std::string_view::npos;
}

// "api key": a name of two words.
std::string_view with_word_before(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view name = text.substr(begin, end - begin);
  if (name.size() != 3 || !starts_with_nocase(name, "key") || begin < 2 || text[begin - 1] != ' ')
    return name;
  constexpr std::size_t longest = 10;
  std::size_t first = begin - 1;
  while (first > 0 && begin - first <= longest && name_character(text[first - 1])) --first;
  return text.substr(first, end - first);
}

// SET SESSION AUTHORIZATION 'joe': a role.
bool is_authorization_clause(std::string_view text, std::size_t begin, std::size_t end) {
  return starts_with_nocase(text.substr(begin, end - begin), "authorization") &&
         past(text, end, " \t\r\n") > end;
}

// NAME=value and --name value, where the name tells; and what is in quotes beside the name of a secret.
std::string mask_named(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!name_character(text[at])) {
      out += text[at++];
      continue;
    }
    const std::size_t begin = at;
    std::size_t end = at;
    while (end < text.size() && name_character(text[end])) ++end;
    const std::string_view name = text.substr(at, end - at);
    out += name;
    at = end;
    const bool itself =
        names_secret_itself(with_word_before(text, begin, end)) && !is_authorization_clause(text, begin, end);
    if (!itself && !secret_name(name)) continue;
    SecretValue value;
    if (itself) value = secret_value(text, begin, end);
    if (value.range.end <= value.range.begin) value = {argument(text, name, begin, end)};
    const std::string_view hidden = text.substr(value.range.begin, value.range.end - value.range.begin);
    if (hidden.empty()) continue;
    const bool variable = hidden.front() == '$' && (!value.single || hidden.starts_with("${"));
    const bool keep = variable || (name.starts_with("--") && hidden.front() == '-');
    out += text.substr(at, value.range.begin - at);
    out += keep ? hidden : std::string_view("***");
    at = value.range.end;
    for (std::size_t next;
         value.list && value.single && (next = next_of_list(text, at)) != std::string_view::npos;) {
      const Range range = in_single_quotes(text, next, false);
      out += text.substr(at, range.begin - at);
      out += "***";
      at = range.end;
    }
  }
  return out;
}

bool is_uri(std::string_view text) {
  return starts_with_nocase(text, "postgres://") || starts_with_nocase(text, "postgresql://");
}

// "pass%77ord" is a name to libpq, too.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const char* const digits = text.data() + i + 1;
    const bool coded = text[i] == '%' && i + 2 < text.size() &&
                       std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2;
    out += coded ? static_cast<char>(code) : text[i];
    if (coded) i += 2;
  }
  return out;
}

// All of the text is one URI: blanks and quotes that ought to be written as %20 and the like end nothing.
std::string mask_uri(std::string_view text) {
  const std::size_t begin = text.find("://") + 3;
  const std::string masked = std::string(text.substr(0, begin)) + mask_authority(text.substr(begin));
  const std::size_t question = masked.find('?');
  if (question == std::string::npos) return masked;
  std::vector<std::string> parts;
  for (const auto part : split(std::string_view(masked).substr(question + 1), '&')) {
    const auto equals = part.find('=');
    const bool secret =
        equals != std::string_view::npos && secret_name(percent_decoded(part.substr(0, equals)));
    parts.push_back(secret && part.substr(equals + 1, 1) != "$"
                        ? std::string(part.substr(0, equals + 1)) + "***"
                        : std::string(part));
  }
  return masked.substr(0, question + 1) + join(parts, "&");
}

// As libpq reads key=value pairs: blanks around the =, values in single quotes, backslashes. What follows a
// secret and is no pair may be a part of it.
std::string mask_pairs(std::string_view text) {
  std::string out;
  bool after_secret = false;
  for (std::size_t at = 0; at < text.size();) {
    if (blank(text[at])) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !blank(text[end]) && text[end] != '=') ++end;
    const std::string_view name = text.substr(at, end - at);
    while (end < text.size() && blank(text[end])) ++end;
    if (end >= text.size() || text[end] != '=') {
      out += after_secret ? "***" : std::string(name);
      at += name.size();
      continue;
    }
    ++end;
    while (end < text.size() && blank(text[end])) ++end;
    out += text.substr(at, end - at);
    at = end;
    const bool quoted = at < text.size() && text[at] == '\'';
    if (quoted) ++end;
    while (end < text.size() && (quoted ? text[end] != '\'' : !blank(text[end])))
      end += text[end] == '\\' ? 2 : 1;
    end = std::min(text.size(), end + (quoted ? 1 : 0));
    const std::string_view value = text.substr(at, end - at);
    after_secret = secret_name(name) && !value.empty() && value.front() != '$';
    out += after_secret ? "***" : is_uri(value) ? mask_uri(value) : std::string(value);
    at = end;
  }
  return out;
}

constexpr std::string_view parameter_mark = "'pgadvise parameter ";

// The parameters whose marks a text has.
std::vector<bool> marked(std::string_view text, std::size_t count) {
  std::vector<bool> out(count);
  for (std::size_t at = 0; (at = text.find(parameter_mark, at)) != std::string_view::npos;) {
    at += parameter_mark.size();
    std::size_t number = 0;
    for (; at < text.size() && is_digit(text[at]) && number <= count; ++at)
      number = number * 10 + static_cast<std::size_t>(text[at] - '0');
    if (number > 0 && number <= count) out[number - 1] = true;
  }
  return out;
}

// The end of what could be one credential: letters, digits and what Base64 and JWTs have.
std::size_t credential_end(std::string_view text, std::size_t at) {
  while (at < text.size() &&
         (name_character(text[at]) || std::string_view("._~+/=").find(text[at]) != std::string_view::npos))
    ++at;
  return at;
}

bool has_digit(std::string_view text) { return text.find_first_of("0123456789") != std::string_view::npos; }

// Known by their own form, whatever they are called: "Bearer x1…", "Authorization: Basic …", a JWT, keys with
// the prefix of who issues them.
std::string mask_forms(std::string_view text) {
  static constexpr std::array<std::string_view, 8> prefixes = {"ghp_",  "github_pat_", "glpat-",   "xoxb-",
                                                               "xoxp-", "sk_live_",    "rk_live_", "AKIA"};
  constexpr std::size_t shortest = 8, longest_prefix = 16;
  std::string out;
  bool authorization = false, scheme = false;
  for (std::size_t at = 0; at < text.size();) {
    if (!name_character(text[at])) {
      authorization = authorization && text[at] != '\n' && text[at] != ',';
      out += text[at++];
      continue;
    }
    const std::size_t end = credential_end(text, at);
    const std::string_view run = text.substr(at, end - at);
    const bool prefixed = std::ranges::any_of(prefixes, [&](std::string_view prefix) {
      return run.starts_with(prefix) && run.size() >= prefix.size() + shortest;
    });
    const bool jwt = run.starts_with("eyJ") && run.size() > longest_prefix && contains(run, ".");
    const bool follows = scheme && (authorization || (run.size() >= shortest && has_digit(run)));
    out += prefixed || jwt || follows ? std::string_view("***") : run;
    scheme = run.size() <= longest_prefix &&
             (lower(run) == "bearer" || (authorization && (lower(run) == "basic" || lower(run) == "token")));
    authorization =
        (authorization && scheme) || (run.size() <= longest_prefix && lower(run) == "authorization");
    at = end;
  }
  return out;
}

}  // namespace

bool looks_like_conninfo(std::string_view text) {
  text = trim(text);
  if (is_uri(text)) return true;
  constexpr auto keys =
      word_list("host", "hostaddr", "port", "dbname", "password", "user", "service", "sslmode", "passfile",
                "options", "application_name", "sslpassword", "sslcert", "sslkey", "sslrootcert", "sslcrl",
                "requirepeer", "channel_binding", "gssencmode", "krbsrvname", "connect_timeout",
                "client_encoding", "target_session_attrs", "require_auth");
  const auto equals = text.find('=');  // libpq takes blanks around it
  return equals != std::string_view::npos && is_one_of(lower(trim(text.substr(0, equals))), keys);
}

std::string mask_secrets_in_each_form(std::string_view text) {
  return mask_constants(mask_forms(mask_named(mask_urls(text))), names_secret_itself);
}

std::string mask_secrets(std::string_view text) {
  return may_hold_secret(text) ? mask_secrets_in_each_form(text) : std::string(text);
}

std::string mask_credentials(std::string_view text) {
  if (!looks_like_conninfo(text)) return mask_secrets(text);
  return is_uri(trim(text)) ? mask_uri(text) : mask_pairs(text);
}

std::string mask_secrets_in_json(std::string_view json) {
  std::string out;
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] != '"') {
      out += json[at++];
      continue;
    }
    std::size_t end = at + 1;
    while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
    end = std::min(end, json.size());
    out += '"' + mask_secrets(json.substr(at + 1, end - at - 1));
    if (end < json.size()) out += '"';
    at = end + 1;
  }
  return out;
}

bool ends_with_secret_name(std::string_view before) {
  constexpr std::size_t furthest = 200;
  before = before.substr(before.size() - std::min(before.size(), furthest));
  const auto name_end = [&] {
    const auto last = before.find_last_not_of(" \t\r\n=:(\"'");
    return last == std::string_view::npos ? 0 : last + 1;
  };
  before = before.substr(0, name_end());
  if (before.size() > 3 && blank(before[before.size() - 3]) &&
      lower(before.substr(before.size() - 2)) == "to")
    before = before.substr(0, before.size() - 2), before = before.substr(0, name_end());
  std::size_t begin = before.size();
  while (begin > 0 && name_character(before[begin - 1])) --begin;
  return names_secret_itself(before.substr(begin));
}

std::vector<bool> secret_parameters(std::string_view statement, std::size_t count) {
  std::vector<bool> out(count);
  if (count == 0) return out;
  std::string text;
  for (std::size_t at = 0; at < statement.size();) {
    std::size_t end = at + 1, number = 0;
    for (; statement[at] == '$' && end < statement.size() && end < at + 8 && statement[end] >= '0' &&
           statement[end] <= '9';
         ++end)
      number = number * 10 + static_cast<std::size_t>(statement[end] - '0');
    if (number > 0 && number <= count) text += std::string(parameter_mark) + std::to_string(number) + "'";
    else text += statement.substr(at, end - at);
    at = end;
  }
  const std::vector<bool> before = marked(text, count), after = marked(mask_secrets(text), count);
  for (std::size_t i = 0; i < count; ++i) out[i] = before[i] && !after[i];
  return out;
}

}  // namespace pgadvise
