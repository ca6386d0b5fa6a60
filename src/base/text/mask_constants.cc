#include "base/text/mask_constants.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/text/mask_tokens.h"
#include "base/text/text.h"

namespace pgadvise {
namespace {

constexpr std::size_t none = std::string_view::npos;
constexpr std::uint32_t no_one = UINT32_MAX;
constexpr int deepest_body = 4;  // of strings in strings that are read as SQL

using Words = std::vector<std::string_view>;
using Names = bool (*)(std::string_view);

bool name_part(char c) { return is_alphanumeric(c) || c == '_' || c == '-'; }

// Each name in a string: its begin and end.
template <class Use>
void each_name(std::string_view text, Use use) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && name_part(text[end])) ++end;
    if (end > at) use(at, end);
    at = end + 1;
  }
}

bool has_secret_name(std::string_view text, Names is_secret) {
  bool found = false;
  each_name(text, [&](std::size_t begin, std::size_t end) {
    found = found || is_secret(text.substr(begin, end - begin));
  });
  return found;
}

// api_keys
bool names_many(std::string_view name, Names is_secret) {
  return !name.empty() && (name.back() == 's' || name.back() == 'S') &&
         is_secret(name.substr(0, name.size() - 1));
}

// password = x, "password": 1, token=>x, <password>x, in a string.
bool assigns_secret(std::string_view text, Names is_secret) {
  bool found = false;
  each_name(text, [&](std::size_t begin, std::size_t end) {
    if (found) return;
    std::size_t at = std::min(text.find_first_not_of("\\\"' \t\r\n", end), text.size());
    const std::size_t assigned = std::min(text.find_first_not_of("=<>:!~", at), text.size());
    const auto mark = text.substr(at, assigned - at);
    const char before = begin > 0 ? text[begin - 1] : ' ';
    if (!(mark.find('=') != none || (mark == ":" && before == '"') || (mark == ">" && before == '<'))) return;
    at = std::min(text.find_first_not_of("\\\"' \t\r\n([{", assigned), text.size());
    const auto value = text.substr(at, 5);
    if (value.empty() || std::string_view("$*,;)]}&").find(value.front()) != none) return;
    for (const std::string_view kept : {"null", "true", "false"})
      if (starts_with_nocase(value, kept)) return;
    const auto name = text.substr(begin, end - begin);
    const bool number = is_digit(value.front());
    found = is_secret(name) || (!number && names_many(name, is_secret));
  });
  return found;
}

// '$.password ? (@ == "x")'
bool compares_secret_in_jsonpath(std::string_view text, Names is_secret) {
  text = trim(text);
  for (const std::string_view mode : {"strict ", "lax "})
    if (starts_with_nocase(text, mode)) text = trim(text.substr(mode.size()));
  if (!text.starts_with('$') || text.find('?') == none || text.find_first_of("\"0123456789") == none)
    return false;
  return has_secret_name(text, is_secret);
}

// Tokens belong to parts, parts to brackets, and brackets stand in a part.
struct Part {
  std::uint32_t around = no_one;   // the part that its brackets stand in
  std::uint32_t brackets = 0;      // an index
  std::uint32_t result = no_one;   // of whose columns this is one
  std::uint32_t column = 0;        // which
  std::uint32_t operand = no_one;  // of CASE, for what follows its WHEN
  bool yields : 1 = true;          // what the brackets yield comes from here: not from a WHERE
  bool secret : 1 = false;         // holds a secret's name
  bool binds : 1 = false;          // has an operator
  bool defaults : 1 = false;       // DEFAULT of a column
  bool named : 1 = false;          // argument => value
  bool hidden : 1 = false;
};

struct Brackets {
  enum class Kind : std::uint8_t { plain, arguments, query, apart };  // apart: columns of a table, OVER (…)
  Kind kind = Kind::plain;
  bool is_case = false;
  bool row = false;      // of VALUES
  bool json = false;     // arguments of a function that takes names of keys
  bool secret = false;   // arguments with a secret
  bool names = true;     // nothing but names and commas
  bool yields = true;    // of the clause that is being read
  bool listing = false;  // the list of a SELECT is being read
  bool in_values = false;
  bool index = false;         // CREATE INDEX … ON t (…)
  std::uint32_t between = 0;  // whose AND is to come
  std::uint32_t part = 0, result = no_one, awaited = no_one, column = 0, id = 0;
  std::uint32_t operand = no_one;        // of CASE
  std::uint32_t closed_result = no_one;  // of the brackets that closed last
  std::size_t open = 0;
};

class Masker {
 public:
  Masker(std::string_view text, Names is_secret, bool escapes, int depth)
      : text_(text), is_secret_(is_secret), depth_(depth), tokens_(sql_tokens(text, escapes)) {}

  std::string run() {
    part_of_.assign(size(), no_one);
    push(Brackets{.kind = Brackets::Kind::query, .names = false}, no_one);
    for (std::size_t i = 0; i < size(); ++i) read(i);
    end_statement(size());
    spread();
    for (std::size_t i = 0; i < size(); ++i)
      if (part_of_[i] != no_one && parts_[part_of_[i]].hidden) hide(i, parts_[part_of_[i]].defaults);
    return written();
  }

 private:
  using Kind = SqlToken::Kind;
  std::size_t size() const { return tokens_.size(); }
  std::string_view spelled(std::size_t i) const {
    return i < size() ? text_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin)
                      : std::string_view();
  }
  bool is_string(std::size_t i) const { return i < size() && tokens_[i].kind == Kind::string; }
  bool is(std::size_t i, std::string_view text) const {
    return i < size() && tokens_[i].kind != Kind::string && spelled(i) == text;
  }
  bool is_word(std::size_t i, std::string_view word) const {
    return i < size() && tokens_[i].kind == Kind::word && spelled(i).size() == word.size() &&
           starts_with_nocase(spelled(i), word);
  }
  bool is_one(std::size_t i, const Words& words) const {
    return i < size() && tokens_[i].kind == Kind::word &&
           std::ranges::any_of(words, [&](std::string_view word) { return is_word(i, word); });
  }
  bool is_name(std::size_t i) const {
    return i < size() && (tokens_[i].kind == Kind::word || tokens_[i].kind == Kind::quoted_name);
  }
  bool opens(std::size_t i) const { return is(i, "(") || is(i, "["); }
  bool closes(std::size_t i) const { return is(i, ")") || is(i, "]"); }
  bool looks_into(std::size_t i) const {
    return i < size() && tokens_[i].kind == Kind::operators &&
           (spelled(i).starts_with("->") || spelled(i).starts_with("#>") || spelled(i).starts_with("#-"));
  }
  Brackets& here() { return stack_.back(); }
  Part& part() { return parts_[here().part]; }

  // --- reading -----------------------------------------------------------------------------------------

  void begin_part(bool yields) {
    const Part part{.around = around_[here().id],
                    .brackets = here().id,
                    .result = here().listing ? here().result : no_one,
                    .column = here().column,
                    .yields = yields};
    here().part = static_cast<std::uint32_t>(parts_.size());
    parts_.push_back(part);
  }

  void push(Brackets brackets, std::uint32_t around) {
    brackets.id = static_cast<std::uint32_t>(around_.size());
    around_.push_back(around);
    kinds_.push_back(brackets.kind);
    secret_arguments_.push_back(brackets.secret);
    stack_.push_back(brackets);
    begin_part(true);
  }

  void read(std::size_t i) {
    name(i);
    if (is(i, ";")) return end_statement(i);
    if (opens(i)) return open(i);
    if (closes(i)) return close(i);
    if (is(i, ",")) {
      here().column += here().listing;
      return begin_part(here().yields);
    }
    if (is(i, ":") || ends_url_value(i)) return begin_part(here().yields);  // of a sentence, plan or URL
    part_of_[i] = here().part;
    if (tokens_[i].kind == Kind::word && clause(i)) return;
    here().names = here().names && is_name(i);
    if (tokens_[i].secret) {
      part().secret = true;
      if (tokens_[i].key && is(i - 1, "[") && i > 0) parts_[around_[here().id]].secret = true;
      if (!tokens_[i].key && is_string(i + 1)) hide(i + 1, true);
      if (is_word(i - 1, "as") && i > 0 && part().yields) part().binds = true;
    }
    if (is_password_of_role(i)) tokens_[i + 1].hidden = true;
    if (is_word(i, "program") && i > 0 && is_one(i - 1, {"from", "to"}) && is_string(i + 1))
      hide(i + 1, true);
    if (binds(i)) part().binds = true;
    if (is(i, "=>") || is(i, ":=")) {
      part().named = true;
      if (i > 0 && is_word(i - 1, "new_value") && is_string(i + 1)) hide(i + 1, true);  // of set_config()
    }
  }

  // ALTER ROLE joe PASSWORD secret: no SQL, but a password.
  bool is_password_of_role(std::size_t i) const {
    constexpr std::size_t furthest = 12;
    if (!is_word(i, "password") || i + 1 >= size() || !is_name(i + 1) || is_word(i + 1, "null")) return false;
    for (std::size_t at = i; at > 0 && i - at < furthest; --at)
      if (is_one(at, {"role", "user", "group"}) && is_one(at - 1, {"create", "alter"})) return true;
    return false;
  }

  // ?token=***&
  bool ends_url_value(std::size_t i) const {
    return tokens_[i].kind == Kind::operators && spelled(i).ends_with("&") && !spelled(i).ends_with("&&");
  }

  bool binds(std::size_t i) const {
    if (is_one(i, {"like", "ilike", "similar", "between"})) return true;
    if (is_word(i, "in")) return is(i + 1, "(");
    if (is_word(i, "distinct")) return i > 0 && is_one(i - 1, {"is", "not"});
    if (is_word(i, "operator")) return is(i + 1, "(");
    if (tokens_[i].kind != Kind::operators || looks_into(i)) return false;
    if (spelled(i).find_first_of("=<>~") != none) return true;
    for (const std::string_view mark : {"||", "@@", "@?", "^@", "&&"})
      if (spelled(i).find(mark) != none) return true;
    return false;
  }

  // Whether this word ends a part; then the next one begins.
  bool clause(std::size_t i) {
    static const Words others = {"where",  "having", "on",        "order", "group",      "limit",
                                 "offset", "fetch",  "returning", "join",  "window",     "do",
                                 "if",     "when",   "then",      "else",  "end",        "return",
                                 "union",  "except", "intersect", "loop",  "constraint", "check"};
    static const Words of_queries = {"from", "for", "using"};
    if (is_word(i, "case") && !is(i + 1, ":")) return begin_case(i), true;
    if (here().is_case && end_of_case_part(i)) return true;
    if (is_word(i, "and") && here().between > 0) return --here().between, true;
    if (is_one(i, {"and", "or"})) return part().yields = false, begin_part(false), true;
    if (is_word(i, "between")) return ++here().between, false;
    if (is_word(i, "select")) return begin_list(), true;
    if (is_word(i, "values")) return begin_values(), true;
    if (is_word(i, "default")) return begin_default(), true;
    if (is_word(i, "set") && !is_word(i + 1, "default")) return begin_setting(i), next_clause(), true;
    if (is_word(i, "index")) here().index = true;
    const bool distinct_from =
        is_word(i, "from") && i > 1 && is_word(i - 1, "distinct") && is_one(i - 2, {"is", "not"});
    if (!is_one(i, others) &&
        (here().kind != Brackets::Kind::query || distinct_from || !is_one(i, of_queries)))
      return false;
    return next_clause(), true;
  }

  void next_clause() {
    here().yields = here().listing = here().in_values = false;
    begin_part(false);
  }

  void begin_case(std::size_t i) {
    const auto around = here().part;
    push(Brackets{.is_case = true, .names = false, .open = i}, around);
    part().yields = false;
    part().binds = true;
    part().operand = is_word(i + 1, "when") ? no_one : here().part;
    here().operand = part().operand;
  }

  bool end_of_case_part(std::size_t i) {
    if (is_word(i, "end")) return stack_.pop_back(), true;
    if (!is_one(i, {"when", "then", "else"})) return false;
    here().yields = !is_word(i, "when");
    begin_part(here().yields);
    if (is_word(i, "when")) part().operand = here().operand;
    return true;
  }

  std::uint32_t new_result(std::vector<bool> secret = {}) {
    results_.push_back(std::move(secret));
    return static_cast<std::uint32_t>(results_.size() - 1);
  }

  void begin_result() {
    if (here().awaited != no_one) here().result = here().awaited, here().awaited = no_one;
    if (here().result == no_one) here().result = new_result();
    here().yields = true;
    here().column = 0;
    here().index = false;
  }

  void begin_list() {
    begin_result();
    here().listing = true;
    here().in_values = false;
    begin_part(true);
  }

  void begin_values() {
    begin_result();
    here().listing = false;
    here().in_values = true;
    begin_part(true);
  }

  // Of a column or parameter.
  void begin_default() {
    const bool secret = part().secret;
    begin_part(here().yields);
    part().secret = part().binds = part().defaults = secret;
  }

  void end_statement(std::size_t i) {
    if (setting_ != none) {
      bool column = false;  // of an UPDATE: SET token = excluded.token
      for (std::size_t at = setting_; at < i; ++at) column = column || is(at, ".");
      for (std::size_t at = setting_; at < i && !column; ++at)
        if (!tokens_[at].key && tokens_[at].kind != Kind::punctuation && tokens_[at].kind != Kind::operators)
          tokens_[at].hidden = true;
    }
    setting_ = none;
    statement_ = i + 1;
    stack_.resize(1);
    here() = Brackets{.kind = Brackets::Kind::query, .names = false};
    begin_part(true);
  }

  // Statements that set one: of ALTER ROLE and the like, too; words are values there.
  void begin_setting(std::size_t i) {
    if (setting_ != none || !(i == statement_ || is_word(statement_, "alter"))) return;
    std::size_t at = i + 1;
    if (is_word(at, "local") || is_word(at, "session")) ++at;
    while (is_name(at) && is(at + 1, ".")) at += 2;
    if (is_name(at) && is_secret_(tokens_[at].content) && (is(at + 1, "=") || is_word(at + 1, "to")))
      setting_ = at + 2;
  }

  // --- brackets ----------------------------------------------------------------------------------------

  void open(std::size_t i) {
    static const Words no_functions = {
        "in",     "and",   "or",      "not",  "any",     "all",     "some",  "values",    "on",
        "using",  "where", "key",     "as",   "by",      "unique",  "then",  "else",      "when",
        "having", "set",   "select",  "from", "check",   "like",    "ilike", "distinct",  "limit",
        "offset", "is",    "default", "join", "between", "options", "case",  "returning", "conflict"};
    static const Words holders = {"table", "into", "references", "exists", "only",     "copy",
                                  "view",  "type", "of",         "using",  "function", "procedure"};
    here().names = false;
    Brackets inner{.open = i};
    const auto awaited = awaited_open_ == i ? awaited_result_ : no_one;
    if (here().in_values && is(i, "(") && i > 0 && (is_word(i - 1, "values") || is(i - 1, ",")))
      inner.row = inner.listing = true, inner.result = here().result;
    const bool subscript =
        is(i, "[") && i > 0 && (is_name(i - 1) || closes(i - 1)) && !is_word(i - 1, "array");
    if (subscript) {
      inner.kind = Brackets::Kind::apart;
    } else if (is_one(i + 1, {"select", "with", "values"})) {
      inner.kind = Brackets::Kind::query;
    } else if (is(i, "(") && i > 0 && is_name(i - 1) && !is_one(i - 1, no_functions)) {
      std::size_t first = i - 1;
      while (first > 1 && is(first - 1, ".")) first -= 2;
      const bool held =
          first > 0 && (is_one(first - 1, holders) || (here().index && is_word(first - 1, "on")));
      inner.kind = held || is_one(i - 1, {"over", "filter", "group", "operator"}) ? Brackets::Kind::apart
                                                                                  : Brackets::Kind::arguments;
      if (inner.kind == Brackets::Kind::arguments) function(i - 1, inner);
    }
    if (inner.kind == Brackets::Kind::query) inner.awaited = awaited;
    push(inner, here().part);
  }

  void function(std::size_t i, Brackets& arguments) const {
    static const Words ciphers = {"crypt",   "digest",     "hmac",      "encrypt",
                                  "decrypt", "encrypt_iv", "decrypt_iv"};
    const std::string_view name = tokens_[i].content;
    const bool called = tokens_[i].end == tokens_[i + 1].begin;  // else, in a plan, a table's name
    const std::string lowered = lower(name.substr(0, std::min<std::size_t>(name.size(), 100)));
    arguments.json = lowered.find("json") != none || lowered.find("hstore") != none;
    arguments.secret =
        is_one_of(lowered, ciphers) || lowered.starts_with("pgp_") || (called && is_secret_(name));
  }

  void close(std::size_t i) {
    while (stack_.size() > 1 && here().is_case) stack_.pop_back();
    if (stack_.size() == 1) return;
    const Brackets inner = here();
    stack_.pop_back();
    if (inner.names && inner.kind != Brackets::Kind::query && is(i, ")")) list(inner.open, i);
    here().closed_result = inner.result;
  }

  // A list of columns names those of a VALUES or SELECT in front of it or behind it.
  void list(std::size_t open, std::size_t end) {
    std::vector<bool> secret(1);
    for (std::size_t at = open + 1; at < end; ++at) {
      if (is(at, ",")) secret.push_back(false);
      else if (tokens_[at].secret) secret.back() = true;
    }
    if (std::ranges::find(secret, true) == secret.end()) return;
    std::size_t query = end + 1;
    if (is_word(query, "as")) ++query;
    if (is_word(query, "not")) ++query;
    if (is_word(query, "materialized")) ++query;
    if (query > end + 1 && is(query, "(")) {
      awaited_open_ = query;
      awaited_result_ = new_result(secret);
      return;
    }
    std::size_t name = open;
    const std::size_t furthest = open < 8 ? 0 : open - 8;
    while (name > furthest && (is_name(name - 1) || is(name - 1, ".")) &&
           !is_one(name - 1, {"into", "insert", "view", "table"}))
      --name;
    if (name > furthest && is_one(name - 1, {"into", "insert", "view", "table"})) {
      here().awaited = new_result(secret);
      return;
    }
    std::size_t alias = open;
    if (alias > 0 && is_name(alias - 1)) --alias;
    if (alias > 0 && is_word(alias - 1, "as")) --alias;
    if (alias > 0 && is(alias - 1, ")") && here().closed_result != no_one)
      results_[here().closed_result] = secret;
  }

  // --- names -------------------------------------------------------------------------------------------

  // Names of secrets; of many, where they are looked into: secrets->>'x', 'x' = ANY (tokens).
  void name(std::size_t i) {
    SqlToken& token = tokens_[i];
    if (token.kind == Kind::string) return key(i);
    if (!is_name(i) || is(i + 1, ".") || is(i + 1, "(")) return;
    if (is_word(i, "authorization") && !(i > 0 && is(i - 1, "."))) return;  // SET SESSION AUTHORIZATION
    const bool many = looks_into(i + 1) || is(i + 1, "[") || of_sets(i + 1) || (i > 0 && of_sets(i - 1)) ||
                      (i > 1 && is(i - 1, "(") && is_one(i - 2, {"any", "all"}));
    token.secret =
        (!looks_into(i + 1) && is_secret_(token.content)) || (many && names_many(token.content, is_secret_));
  }

  bool of_sets(std::size_t i) const { return is(i, "@>") || is(i, "<@") || is(i, "&&") || is(i, "||"); }

  void key(std::size_t i) {
    SqlToken& token = tokens_[i];
    const auto reads_setting = [&](std::size_t at) {
      return is_name(at) &&
             (tokens_[at].content == "current_setting" || tokens_[at].content == "set_config" ||
              is_word(at, "current_setting") || is_word(at, "set_config"));
    };
    const bool of_setting = i > 1 && ((is(i - 1, "(") && reads_setting(i - 2)) ||
                                      (is(i - 1, "=>") && is_word(i - 2, "setting_name")));
    const bool subscript = i > 1 && is(i - 1, "[") && is(i + 1, "]") && !is_word(i - 2, "array");
    const bool looked_for = i > 0 && looks_into(i - 1);
    const bool names = of_setting || subscript || looked_for;
    if (names || here().json) {
      const std::string_view last = last_of_path(token.content);
      token.secret = is_secret_(last) || names_many(last, is_secret_);
      token.key = names || token.secret;
    }
    if (is_format_of_secret(i)) token.secret = true;
  }
  // format('ALTER ROLE r PASSWORD %L', 'x')
  bool is_format_of_secret(std::size_t i) const {
    return i > 1 && is(i - 1, "(") && is_word(i - 2, "format") &&
           has_secret_name(tokens_[i].content, is_secret_);
  }

  // app.secret, {a,password,0}, $.users[*].password
  static std::string_view last_of_path(std::string_view path) {
    while (!path.empty()) {
      const auto cut = path.find_last_of(".,{}[]*$\" ");
      const auto last = cut == none ? path : path.substr(cut + 1);
      if (last.find_first_not_of("0123456789") != none) return last;
      if (cut == none) return path;
      path = path.substr(0, cut);
    }
    return path;
  }

  // --- what is hidden ----------------------------------------------------------------------------------

  bool passes(const Part& part) const {
    return part.yields && part.around != no_one && kinds_[part.brackets] != Brackets::Kind::apart;
  }
  bool is_argument(const Part& part) const {
    return kinds_[part.brackets] == Brackets::Kind::arguments && part.yields;
  }

  // Parts stand behind those that they are in.
  void spread() {
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      if (part->secret && !part->named && is_argument(*part)) secret_arguments_[part->brackets] = true;
      if (is_argument(*part) && secret_arguments_[part->brackets]) part->secret = true, part->named = false;
      if (!part->secret) continue;
      if (passes(*part) && !part->named) parts_[part->around].secret = true;
      if (part->operand != no_one) parts_[part->operand].secret = true;
    }
    for (auto& part : parts_) {
      const auto in_secret_place = [&] {
        return part.result != no_one && part.column < results_[part.result].size() &&
               results_[part.result][part.column];
      };
      part.hidden = (part.secret && part.binds) || (is_argument(part) && secret_arguments_[part.brackets]) ||
                    (passes(part) && parts_[part.around].hidden) || in_secret_place() ||
                    (part.operand != no_one && parts_[part.operand].secret);
      part.defaults = part.defaults || (passes(part) && parts_[part.around].defaults);
    }
  }

  // The 20 of x::character varying(20) and CAST(x AS varchar(20)), the 2 of x::numeric(10, 2).
  bool of_type(std::size_t i) const {
    std::size_t left = 12;
    const auto back = [&] { return i > 0 && left > 0 ? --i, --left, true : false; };
    while ((tokens_[i].kind == Kind::number || is(i, ",")) && back()) continue;
    if (!is(i, "(") || i == 0 || !is_name(i - 1)) return false;
    while (i > 0 && !is_word(i - 1, "as") && (is_name(i - 1) || is(i - 1, ".")) && back()) continue;
    return i > 0 && (is(i - 1, "::") || is_word(i - 1, "as"));
  }

  void hide(std::size_t i, bool only_strings) {
    SqlToken& token = tokens_[i];
    if ((token.kind == Kind::string && !token.key && !token.content.empty()) ||
        (token.kind == Kind::number && !only_strings && !of_type(i)))
      token.hidden = true;
  }

  // --- writing -----------------------------------------------------------------------------------------

  std::string written() const {
    std::string out;
    std::size_t end = 0;
    for (const auto& token : tokens_) {
      const std::string_view whole = text_.substr(token.begin, token.end - token.begin);
      std::string masked;
      if (token.kind == Kind::string && token.content == "***") continue;
      if (token.hidden) masked = hidden(token, whole);
      else if (token.kind == Kind::string) masked = looked_through(token, whole);
      else continue;
      out += text_.substr(end, token.begin - end);
      out += masked;
      end = token.end;
    }
    return out + std::string(text_.substr(end));
  }

  static std::string hidden(const SqlToken& token, std::string_view whole) {
    const auto quote = token.kind == Kind::string && whole.front() != '$' ? whole.find('\'') : none;
    std::string out = quote != none ? std::string(whole.substr(0, quote)) : std::string();
    const bool cut = quote != none && static_cast<std::size_t>(token.content.data() + token.content.size() -
                                                               whole.data()) == whole.size();
    return out + (cut ? "'***" : "'***'");
  }

  // A string that is kept: what in it is a secret goes.
  std::string looked_through(const SqlToken& token, std::string_view whole) const;

  std::string_view text_;
  Names is_secret_;
  int depth_;
  std::vector<SqlToken> tokens_;
  std::vector<std::uint32_t> part_of_;  // of a token
  std::vector<Part> parts_;
  std::vector<Brackets> stack_;
  std::vector<std::uint32_t> around_;  // of brackets: the part that they stand in
  std::vector<Brackets::Kind> kinds_;
  std::vector<bool> secret_arguments_;
  std::vector<std::vector<bool>> results_;  // which columns are secrets'
  std::size_t statement_ = 0, setting_ = none, awaited_open_ = none;
  std::uint32_t awaited_result_ = no_one;
};

std::string mask(std::string_view text, Names is_secret, int depth) {
  std::string out = Masker(text, is_secret, false, depth).run();
  if (out.find("\\'") != std::string::npos) out = Masker(out, is_secret, true, depth).run();
  return out;
}

std::string Masker::looked_through(const SqlToken& token, std::string_view whole) const {
  if (token.key) return std::string(whole);
  const bool dollars = whole.front() == '$';
  const bool quotes = token.content.find("''") != none;
  const bool body = dollars || quotes;
  if (body && depth_ >= deepest_body) return hidden(token, whole);
  if (dollars) {
    const std::string inner = mask(token.content, is_secret_, depth_ + 1);
    const auto begin = static_cast<std::size_t>(token.content.data() - whole.data());
    return std::string(whole.substr(0, begin)) + inner +
           std::string(whole.substr(begin + token.content.size()));
  }
  if (assigns_secret(token.content, is_secret_) || compares_secret_in_jsonpath(token.content, is_secret_))
    return hidden(token, whole);
  if (!quotes) return std::string(whole);
  const std::string inner = replace_all(std::string(token.content), "''", "'");
  const std::string masked = mask(inner, is_secret_, depth_ + 1);
  if (masked == inner) return std::string(whole);
  const auto begin = static_cast<std::size_t>(token.content.data() - whole.data());
  return std::string(whole.substr(0, begin)) + replace_all(masked, "'", "''") +
         std::string(whole.substr(begin + token.content.size()));
}

}  // namespace

std::string mask_constants(std::string_view text, Names is_secret) { return mask(text, is_secret, 0); }

}  // namespace pgadvise
