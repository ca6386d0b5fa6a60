#include <algorithm>

#include "base/identifier.h"
#include "base/text.h"
#include "lint/key_coverage.h"
#include "lint/tables.h"
#include "lint/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option least_rows{
    .name = "least_rows",
    .fallback = 1000,
    .table_size = true,
    .meaning = "rows, where known, below which a table is not reported, because scanning it is cheap"};
constexpr const Option* options[] = {&least_rows};

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
  if (std::find(tokens.begin(), tokens.end(), "or") != tokens.end())
    return out;  // with OR, no single comparison limits the rows
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
  return std::any_of(catalog.user_functions.begin(), catalog.user_functions.end(),
                     [&](const std::string& function) {
                       const auto dot = function.rfind('.');
                       return function.compare(dot + 1, std::string::npos, name) == 0 &&
                              (schema.empty() || function.compare(0, dot, schema) == 0);
                     });
}

// Whether the predicate is an index look-up, for which the value is computed once.
bool looks_up_by_index(const Context& context, const Table& table, const std::string& expression) {
  const auto columns = compared(table, expression);
  return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
    return key_coverage(context, table, {column}).coverage != Coverage::none;
  });
}

// The name of a user-defined function that is called without a column, so that every row computes the same
// value; "" if there is none. An index look-up (`tenant_id = my_tenant()` and nothing else) computes the
// value once.
std::string called_for_each_row(const Context& context, const Table& table, const std::string& expression) {
  const Tokens tokens = outside_subqueries(tokens_of(expression));
  if (looks_up_by_index(context, table, expression)) return {};
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

// The predicate with each Supabase function that is not in a subquery wrapped in one; "" if there is none.
std::string evaluated_once(const std::string& expression) {
  static constexpr std::string_view looked_up[] = {"auth.uid()", "auth.jwt()", "auth.role()", "auth.email()"};
  std::string out = expression;
  bool changed = false;
  for (const auto call : looked_up) {
    for (std::size_t at = out.find(call); at != std::string::npos; at = out.find(call, at + 1)) {
      std::string_view before = trim(std::string_view(out).substr(0, at));
      while (!before.empty() && before.back() == '(') before = trim(before.substr(0, before.size() - 1));
      if (before.size() >= 6 && lower(before.substr(before.size() - 6)) == "select") continue;
      const std::string wrapped = "(SELECT " + std::string(call) + ")";
      out.replace(at, call.size(), wrapped);
      at += wrapped.size();
      changed = true;
    }
  }
  return changed ? out : std::string();
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
        {.kind = "column", .schema = table.name.schema, .table = table.name.name, .columns = {column}},
        "Row-level security on " + display(table.name) + " filters every statement by " + column +
            ", which no index serves: each statement scans the whole table.");
    finding.location = policies.front()->origin;
    for (const Policy* policy : policies)
      finding.evidence.push_back(catalog_fact(
          "policy " + policy->name + " (" + policy->command + "): " + ellipsis(policy->using_expression, 120),
          policy->origin));
    IndexProposal proposal{.table = table.name};
    proposal.keys.push_back({.column = column});
    finding.proposal = std::move(proposal);
  }
}

void check_own_calls(const Context& context, Reporter& reporter, const Table& table, const Policy& policy) {
  const std::string function = called_for_each_row(context, table, policy.using_expression);
  if (function.empty()) return;
  Finding& finding = reporter.add(
      {.kind = "policy", .schema = table.name.schema, .table = table.name.name, .constraint = policy.name},
      "The policy " + policy.name + " on " + display(table.name) + " calls " + function +
          "() for every row: in a subquery the call runs once per statement.");
  finding.location = policy.origin;
  finding.evidence.push_back(
      catalog_fact(policy.command + ": " + ellipsis(policy.using_expression, 160), policy.origin));
  Fix fix;
  fix.title = "Put the call in a subquery, (SELECT " + function +
              "(…)): the result is the same if the function is STABLE or IMMUTABLE. An SQL function of one "
              "expression that is not SECURITY DEFINER is inlined and may already be cheap";
  fix.safety = Fix::Safety::manual;
  finding.fix = std::move(fix);
}

void check_calls(const Context& context, Reporter& reporter, const Table& table, const Policy& policy) {
  const std::string once = evaluated_once(policy.using_expression);
  if (once.empty()) return check_own_calls(context, reporter, table, policy);
  const bool indexed = looks_up_by_index(context, table, policy.using_expression);
  Finding& finding = reporter.add(
      {.kind = "policy", .schema = table.name.schema, .table = table.name.name, .constraint = policy.name},
      "The policy " + policy.name + " on " + display(table.name) + " calls a function for every row" +
          (indexed ? " that a statement finds through another index than the policy's" : "") +
          ": in a subquery the call runs once per statement.",
      indexed ? std::optional(Severity::note) : std::nullopt);
  finding.location = policy.origin;
  finding.evidence.push_back(
      catalog_fact(policy.command + ": " + ellipsis(policy.using_expression, 160), policy.origin));
  const std::string alter = "ALTER POLICY " + quote_identifier(policy.name) + " ON " +
                            quote_name(table.name.schema, table.name.name);
  Fix fix;
  fix.title = "Put the call in a subquery: the result is the same";
  fix.sql = alter + " USING (" + once + ");";
  fix.down_sql = alter + " USING (" + policy.using_expression + ");";
  fix.safety = Fix::Safety::safe;
  finding.fix = std::move(fix);
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    const bool small = table->statistics && table->statistics->rows >= 0 &&
                       table->statistics->rows < context.option(least_rows);
    if (!table->row_security || small) continue;
    check_columns(context, reporter, *table);
    for (const auto& policy : table->policies) check_calls(context, reporter, *table, policy);
  }
}

}  // namespace

constinit const Rule unindexed_policy_column{
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
        "OR and outside subqueries on other tables. Second, calls of auth.uid(), auth.jwt(), auth.role() and "
        "auth.email(). Third, calls of user-defined functions without a column among their arguments, unless "
        "the policy looks up an indexed column. Declaring the function STABLE does not help: on 200,000 "
        "rows, a PL/pgSQL function in an OR took 2.0 s, and 0.05 s in a subquery.",
    .fix = "Create an index that begins with the column, and put the call in a subquery.",
    .when_to_ignore = "The table stays small.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
