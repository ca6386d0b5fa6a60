#include <algorithm>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/schema/by_schema.h"
#include "lint/schema/key_coverage.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unindexed_policy_column {
namespace {

constexpr Option least_rows =
    size_option("least_rows", 1000,
                "rows, where known, below which a table is not reported, because scanning it is cheap");

using Tokens = std::vector<std::string>;

std::size_t closing(const Tokens& tokens, std::size_t open) {
  int depth = 0;
  for (std::size_t at = open; at < tokens.size(); ++at) {
    if (tokens[at] == "(") ++depth;
    if (tokens[at] == ")" && --depth == 0) return at;
  }
  return tokens.size();
}

// The tokens without subqueries that read other tables, because those compare columns of the other table.
Tokens without_subqueries(const Tokens& tokens) {
  Tokens out;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (tokens[at] == "(" && at + 1 < tokens.size() && tokens[at + 1] == "select") {
      const std::size_t end = closing(tokens, at);
      const auto from =
          std::find(tokens.begin() + static_cast<long>(at), tokens.begin() + static_cast<long>(end), "from");
      if (from != tokens.begin() + static_cast<long>(end)) {
        at = end;
        continue;
      }
    }
    out.push_back(tokens[at]);
  }
  return out;
}

bool is_word(const std::string& token) {
  return !token.empty() && token != "select" && token != "and" && token != "or" &&
         (token[0] == '_' || token[0] >= 'A') && token[0] != '[' && token[0] != ']' && token[0] != '^';
}

// Whether the range contains a function call, also inside a subquery.
bool calls(const Tokens& tokens, std::size_t from, std::size_t to) {
  for (std::size_t at = from; at + 1 < to; ++at)
    if (is_word(tokens[at]) && tokens[at + 1] == "(" && tokens[at] != "any" && tokens[at] != "all" &&
        tokens[at] != "in")
      return true;
  return false;
}

// Columns that the predicate compares with the result of a function: tenant_id = current_setting('…'),
// auth.uid() = user_id.
std::vector<std::string> compared(const Table& table, const std::string& expression) {
  const Tokens tokens = without_subqueries(tokens_of(expression));
  std::vector<std::string> out;
  if (contains(tokens, "or")) return out;  // with OR, no single comparison limits the rows
  const auto column = [&](std::size_t at) -> const Column* {
    if (at >= tokens.size()) return nullptr;
    const Column* found = table.column(tokens[at]);
    const bool called =
        at + 1 < tokens.size() && (tokens[at + 1] == "(" || tokens[at + 1] == "." || tokens[at + 1] == "::");
    return found && !called && found->type != "boolean" ? found : nullptr;
  };
  const auto part_ends = [&](std::size_t at, long step) {
    int depth = 0;
    while (at < tokens.size()) {
      if (tokens[at] == (step > 0 ? "(" : ")")) ++depth;
      if (tokens[at] == (step > 0 ? ")" : "(") && --depth < 0) break;
      if (depth == 0 && (tokens[at] == "and" || tokens[at] == "=")) break;
      at += static_cast<std::size_t>(step);
    }
    return at;
  };
  for (std::size_t at = 1; at + 1 < tokens.size(); ++at) {
    if (tokens[at] != "=" || tokens[at - 1] == "!" || tokens[at - 1] == "<" || tokens[at - 1] == ">")
      continue;
    const std::size_t right_end = part_ends(at + 1, 1);
    const std::size_t left_end = part_ends(at - 1, -1);
    const Column* left = column(at - 1);
    const Column* right = column(right_end - 1);
    if (right_end - at != 2 && !(right_end - at == 4 && tokens[at + 2] == ".")) right = nullptr;
    const std::size_t left_start = left_end + 1 > tokens.size() ? 0 : left_end + 1;
    if (left && !right && calls(tokens, at + 1, right_end)) out.push_back(left->name);
    if (right && !left && calls(tokens, left_start, at)) out.push_back(right->name);
  }
  return out;
}

// The tokens without any subquery: a function in a subquery of its own is called once.
Tokens outside_subqueries(const Tokens& tokens) {
  Tokens out;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (tokens[at] == "(" && at + 1 < tokens.size() && tokens[at + 1] == "select") at = closing(tokens, at);
    else out.push_back(tokens[at]);
  }
  return out;
}

bool own_function(const Catalog& catalog, const std::string& schema, const std::string& name) {
  return std::ranges::any_of(catalog.user_functions, [&](const std::string& function) {
    const auto dot = function.rfind('.');
    return function.compare(dot + 1, std::string::npos, name) == 0 &&
           (schema.empty() || function.compare(0, dot, schema) == 0);
  });
}

// Whether the predicate is an index look-up, for which the value is computed once.
bool looks_up_by_index(const Context& context, const Table& table, const std::string& expression) {
  const auto columns = compared(table, expression);
  return std::ranges::any_of(columns, [&](const std::string& column) {
    return key_coverage(context, table, {column}).coverage != Coverage::none;
  });
}

// The name of a user-defined function that is called without a column, so that every row computes the same
// value; "" if there is none.
std::string called_for_each_row(const Context& context, const Table& table, const std::string& expression) {
  const Tokens tokens = outside_subqueries(tokens_of(expression));
  for (std::size_t at = 0; at + 1 < tokens.size(); ++at) {
    if (!is_word(tokens[at]) || tokens[at + 1] != "(") continue;
    const std::string schema = at > 1 && tokens[at - 1] == "." ? tokens[at - 2] : "";
    const std::size_t end = closing(tokens, at + 1);
    const bool of_row = std::any_of(tokens.begin() + static_cast<long>(at),
                                    tokens.begin() + static_cast<long>(std::min(end, tokens.size())),
                                    [&](const std::string& token) { return table.column(token) != nullptr; });
    if (of_row || !own_function(context.catalog(), schema, tokens[at])) continue;
    return schema.empty() ? tokens[at] : schema + "." + tokens[at];
  }
  return {};
}

// Walks through an expression: which parts are quoted, and which lie in a subquery.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  bool done() const { return at_ >= text_.size(); }
  bool quoted() const { return quote_ != 0; }
  std::size_t depth() const { return in_select_.size(); }
  bool in_select() const { return !in_select_.empty() && in_select_.back(); }

  void step() {
    const char c = text_[at_++];
    if (quote_) {
      if (c == quote_) quote_ = 0;  // '' begins another constant
      return;
    }
    if (c == '\'' || c == '"') quote_ = c;
    if (c == '(') in_select_.push_back(in_select() || begins_select());
    if (c == ')' && !in_select_.empty()) in_select_.pop_back();
  }

 private:
  bool begins_select() const {
    const std::string_view rest = trim(text_.substr(at_));
    return starts_with_nocase(rest, "select") && (rest.size() == 6 || !is_name(rest[6]));
  }
  static bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }

  std::string_view text_;
  std::size_t at_ = 0;
  char quote_ = 0;
  std::vector<bool> in_select_;
};

// The place behind the parenthesis that closes the one at `open`; npos: none does.
std::size_t behind_call(std::string_view text, std::size_t open) {
  Scanner scanner(text.substr(open));
  scanner.step();
  while (!scanner.done() && scanner.depth() > 0) scanner.step();
  return scanner.depth() == 0 ? open + scanner.at() : std::string_view::npos;
}

// Whether the arguments are constants, so that the call has one value for a whole statement.
bool constant_arguments(std::string_view arguments) {
  static constexpr std::string_view words[] = {",", "(", ")", "::", "text", "true", "false"};
  const auto tokens = tokens_of(arguments);  // without strings
  return std::ranges::all_of(tokens, [](const auto& token) { return is_one_of(token, words); });
}

// Puts each call that begins with `call`, `auth.uid(`, and is not in a subquery into one. Whether there was
// one.
bool wrap_calls(std::string& expression, std::string_view call) {
  std::string out;
  std::size_t copied = 0;
  for (Scanner scanner(expression); !scanner.done(); scanner.step()) {
    const std::size_t at = scanner.at();
    if (scanner.quoted() || scanner.in_select() || at < copied ||
        expression.compare(at, call.size(), call) != 0)
      continue;
    const char before = at > 0 ? expression[at - 1] : ' ';
    if (std::isalnum(static_cast<unsigned char>(before)) || before == '_' || before == '.' || before == '"')
      continue;
    const std::size_t open = at + call.size() - 1;
    const std::size_t end = behind_call(expression, open);
    if (end == std::string::npos ||
        !constant_arguments(std::string_view(expression).substr(open, end - open)))
      continue;
    out += expression.substr(copied, at - copied) + "(SELECT " + expression.substr(at, end - at) + ")";
    copied = end;
  }
  if (copied == 0) return false;
  expression = out + expression.substr(copied);
  return true;
}

// An expression of a policy, with the calls that each row repeats.
struct RowCalls {
  std::string expression;  // as it is
  std::string once;        // with Supabase's functions and current_setting() in subqueries; "": it calls none
  bool dear = false;       // one of Supabase's, which read a JSON document at each call
  std::string function;    // else: a user-defined function; "": none

  bool any() const { return !once.empty() || !function.empty(); }
};

struct Sought {
  bool current_setting;
  bool user_functions;
};

RowCalls row_calls(const Context& context, const Table& table, const std::string& expression, Sought sought) {
  static constexpr std::string_view supabase[] = {"auth.uid(", "auth.jwt(", "auth.role(", "auth.email("};
  RowCalls out{.expression = expression, .once = expression};
  for (const auto call : supabase) out.dear = wrap_calls(out.once, call) || out.dear;
  const bool settings = sought.current_setting && wrap_calls(out.once, "current_setting(");
  if (out.dear || settings) return out;
  out.once.clear();
  if (sought.user_functions) out.function = called_for_each_row(context, table, expression);
  return out;
}

void check_columns(const Context& context, Reporter& reporter, const Table& table) {
  std::map<std::string, std::vector<const Policy*>> columns;
  for (const auto& policy : table.policies) {
    if (policy.command == "INSERT") continue;
    for (const auto& column : compared(table, policy.using_expression))
      if (auto& list = columns[column]; list.empty() || list.back() != &policy) list.push_back(&policy);
  }
  for (const auto& [column, policies] : columns) {
    if (key_coverage(context, table, {column}).coverage != Coverage::none) continue;
    Finding& finding = reporter.add(
        column_subject(table.name, column), policies.front()->origin,
        "Row-level security on " + display(table.name) + " filters every statement by " + column +
            ", which no index serves: each statement scans all of " + display(table.name) + ".");
    for (const Policy* policy : policies)
      finding.evidence.push_back(catalog_fact(
          "policy " + policy->name + " (" + policy->command + "): " + ellipsis(policy->using_expression, 120),
          policy->origin));
    IndexProposal proposal{.table = table.name};
    proposal.keys.push_back({.column = column});
    finding.proposal = std::move(proposal);
  }
}

Fix subquery_of(const Table& table, const Policy& policy, const RowCalls& reads, const RowCalls& writes) {
  if (reads.once.empty())
    return manual_fix("Put the call in a subquery, (SELECT " + reads.function +
                      "(…)): the result is the same if the function is STABLE or IMMUTABLE. An SQL function "
                      "of one expression that is not SECURITY DEFINER is inlined and may already be cheap");
  const auto alter = [&](const std::string& using_expression, const std::string& check_expression) {
    return "ALTER POLICY " + quote_identifier(policy.name) + " ON " + quote_name(table.name) + " USING (" +
           using_expression + ")" + (writes.once.empty() ? "" : " WITH CHECK (" + check_expression + ")") +
           ";";
  };
  return {.title = "Put the call in a subquery: the result is the same",
          .sql = alter(reads.once, writes.once),
          .down_sql = alter(reads.expression, writes.expression),
          .safety = Fix::Safety::safe};
}

// `indexed`: the policy itself looks up an index, for which the value is computed once.
void report_reads(Reporter& reporter, const Table& table, const Policy& policy, const RowCalls& reads,
                  const RowCalls& writes, bool indexed) {
  const bool cheap = indexed || (reads.function.empty() && !reads.dear);
  Finding& finding =
      reporter.add(subject_in(table.name, "policy", {}, policy.name), policy.origin,
                   "The policy " + policy.name + " on " + display(table.name) + " calls " +
                       (reads.function.empty() ? "a function" : reads.function + "()") + " for every row" +
                       (indexed ? " that a statement finds through another index than the policy's" : "") +
                       ": in a subquery the call runs once per statement.",
                   cheap ? std::optional(Severity::note) : std::nullopt);
  finding.evidence.push_back(
      catalog_fact(policy.command + ": " + ellipsis(policy.using_expression, 160), policy.origin));
  finding.fix = subquery_of(table, policy, reads, writes);
}

using MembersBySchema = std::map<std::string, std::vector<SchemaMember>>;

void check_calls(const Context& context, Reporter& reporter, const Table& table, const Policy& policy,
                 MembersBySchema& writing) {
  const bool indexed = looks_up_by_index(context, table, policy.using_expression);
  const RowCalls reads = row_calls(context, table, policy.using_expression,
                                   {.current_setting = !indexed, .user_functions = !indexed});
  const RowCalls writes =
      row_calls(context, table, policy.check_expression, {.current_setting = false, .user_functions = true});
  if (reads.any()) report_reads(reporter, table, policy, reads, writes, indexed);
  else if (writes.any())
    writing[table.name.schema].push_back(
        {"policy " + policy.name + " on " + display(table.name),
         "(" + policy.command + "): WITH CHECK " + ellipsis(policy.check_expression, 120), policy.origin});
}

void report_writes(Reporter& reporter, const std::string& schema, const std::vector<SchemaMember>& policies) {
  const bool one = policies.size() == 1;
  Finding& finding =
      report_schema(reporter, schema,
                    (one ? "The WITH CHECK expression of one policy"
                         : "The WITH CHECK expressions of " + std::to_string(policies.size()) + " policies") +
                        " in schema " + schema + " call" + (one ? "s" : "") +
                        " a function for every row that a statement writes: in a subquery the call runs once "
                        "per statement, which matters for statements that write many rows.",
                    policies);
  finding.severity = Severity::note;
  finding.fix = manual_fix(
      "Put the call in a subquery, as in WITH CHECK (user_id = (SELECT auth.uid())): the result is the same "
      "if the function is STABLE or IMMUTABLE");
}

void check(const Context& context, Reporter& reporter) {
  MembersBySchema writing;
  for (const Table* table : checked_tables(context)) {
    const bool small = table->statistics && table->statistics->rows >= 0 &&
                       table->statistics->rows < context.option(least_rows);
    if (!table->row_security || small) continue;
    check_columns(context, reporter, *table);
    for (const auto& policy : table->policies) check_calls(context, reporter, *table, policy, writing);
  }
  for (const auto& [schema, policies] : writing) report_writes(reporter, schema, policies);
}

}  // namespace

constinit const Rule rule{
    .id = "unindexed-policy-column",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "a row-level security policy that scans the whole table",
    .why =
        "PostgreSQL adds the predicate of a policy to every statement on the table. If the predicate "
        "compares a column that is the first column of no index (`user_id = auth.uid()`), each statement "
        "without a more selective condition scans all rows. A function in the predicate is called for each "
        "row, unless it is in a subquery of its own: `(SELECT auth.uid())` is called once. If the policy "
        "itself is an index look-up, the value is computed once in any case, and the finding is a note.\n\n"
        "The rule checks three things. First, columns compared by = with the result of a function, outside "
        "OR and outside subqueries on other tables. Second, calls of auth.uid(), auth.jwt(), auth.role(), "
        "auth.email() and current_setting(). Third, calls of user-defined functions without a column among "
        "their arguments, unless the policy looks up an indexed column. Declaring the function STABLE does "
        "not help: on 200,000 rows, a PL/pgSQL function in an OR took 2.0 s, and 0.05 s in a subquery.\n\n"
        "Calls in WITH CHECK alone are one note for a schema, because they run for each row that is written: "
        "an INSERT of 100,000 rows took 2.2 s with auth.uid() and 1.3 s with (SELECT auth.uid()). "
        "current_setting() is a note, too: it took 0.35 s of a scan of a million rows against 0.15 s, and "
        "cost nothing that could be measured in WITH CHECK, where it is not reported.",
    .fix = "Create an index that begins with the column, and put the call in a subquery.",
    .when_to_ignore = "The table stays small.",
    .options = {&least_rows},
    .check = check};

}  // namespace pgadvise::rules::unindexed_policy_column
