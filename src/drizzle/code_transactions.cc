#include "drizzle/code_transactions.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace pgadvise::drizzle {
namespace {

using typescript::arguments_of;
using typescript::bare;
using typescript::Field;
using typescript::is_function;
using typescript::Kind;
using typescript::Node;
using Values = typescript::Value::Kind;

constexpr int max_followed = 3;  // functions of the project

// Packages whose awaited calls wait for another service. A name that ends in "/" stands for a scope.
constexpr std::array<std::string_view, 34> services = {"axios",      "got",
                                                       "ky",         "node-fetch",
                                                       "undici",     "ofetch",
                                                       "stripe",     "resend",
                                                       "nodemailer", "twilio",
                                                       "openai",     "@anthropic-ai/",
                                                       "@sendgrid/", "@aws-sdk/",
                                                       "@octokit/",  "octokit",
                                                       "googleapis", "@slack/",
                                                       "postmark",   "replicate",
                                                       "@google/",   "@google-cloud/",
                                                       "@azure/",    "plaid",
                                                       "@paddle/",   "@lemonsqueezy/",
                                                       "@polar-sh/", "@mailchimp/",
                                                       "@clerk/",    "@workos-inc/",
                                                       "mailgun.js", "@vercel/blob",
                                                       "@novu/",     "@trigger.dev/"};

bool is_service(std::string_view package) {
  return std::any_of(services.begin(), services.end(), [&](std::string_view service) {
    return service.ends_with('/') ? package.starts_with(service) : package == service;
  });
}

}  // namespace

// What the call waits for: "fetch", "stripe"; "" if it is no service.
std::string ServiceCalls::service_of(const Node& call) {
  Node root = bare(call.child(Field::function));
  if (root.text() == "fetch") {
    const auto fetched = index_.value(root);
    return fetched->is(Values::external) && fetched->text.empty() ? "fetch" : "";
  }
  auto value = index_.value(root);
  for (int depth = 0; depth < 12; ++depth) {
    if (value->is(Values::external)) return is_service(value->text) ? value->text : "";
    if (!value->base) return {};
    value = value->base;
  }
  return {};
}

std::vector<CallInTransaction> ServiceCalls::in(const Node& function, int depth) {
  const auto [entry, is_new] = found_.try_emplace(function);
  if (!is_new || depth > max_followed) return entry->second;
  std::vector<CallInTransaction> found;
  std::vector<Node> open{function.child(Field::body)};
  while (!open.empty()) {
    const Node at = open.back();
    open.pop_back();
    // Functions that are only declared run elsewhere.
    if (is_function(at) && !runs_at_once(at)) continue;
    if (at.is(Kind::call_expression) && is_awaited(at)) {
      if (const std::string what = service_of(at); !what.empty())
        found.push_back({.what = what, .function = {}, .place = at.location(), .transaction = {}, .via = {}});
      else if (const Node called = depth < max_followed ? index_.names().called(at) : Node())
        for (CallInTransaction one : in(called, depth + 1)) {
          one.via.insert(one.via.begin(), at.location());
          found.push_back(std::move(one));
        }
    }
    for (Node part = at.first(); part; part = part.next())
      if (!part.is(Kind::token) && !part.is(Kind::type)) open.push_back(part);
  }
  return found_[function] = std::move(found);
}

std::vector<CallInTransaction> calls_in_transactions(CodeIndex& index) {
  ServiceCalls services(index);
  std::vector<CallInTransaction> out;
  for (const auto& query : index.queries()) {
    if (query.facts.kind != CodeQuery::Kind::transaction) continue;
    const auto arguments = arguments_of(query.anchor);
    const Node callback = arguments.empty() ? Node() : bare(arguments.front());
    if (!is_function(callback)) continue;
    for (CallInTransaction& call : services.in(callback)) {
      call.function = query.facts.function;
      call.transaction = query.facts.place;
      out.push_back(std::move(call));
    }
  }
  std::sort(out.begin(), out.end(), [](const CallInTransaction& a, const CallInTransaction& b) {
    return std::tie(a.transaction, a.via, a.place) < std::tie(b.transaction, b.via, b.place);
  });
  return out;
}

std::vector<CodeTransaction> tables_of_transactions(CodeIndex& index) {
  std::map<Node, CodeTransaction> found;  // by callback
  for (const FoundQuery& query : index.queries()) {
    if (query.facts.kind != CodeQuery::Kind::transaction) continue;
    const auto arguments = arguments_of(query.anchor);
    const Node callback = arguments.empty() ? Node() : bare(arguments.front());
    if (is_function(callback)) found[callback] = {{}, query.facts.function, query.facts.place};
  }
  if (found.empty()) return {};
  const auto use = [](CodeTransaction& transaction, const CodeQuery& query) {
    using Query = CodeQuery::Kind;
    const bool writes =
        query.kind == Query::insert || query.kind == Query::update || query.kind == Query::delete_;
    for (const QualifiedName& table : query.tables) {
      const auto known = std::find_if(transaction.tables.begin(), transaction.tables.end(),
                                      [&](const CodeTransaction::Use& one) { return one.table == table; });
      if (known == transaction.tables.end()) transaction.tables.push_back({table, writes, query.place});
      else known->writes = known->writes || writes;
    }
  };
  for (const FoundQuery& query : index.queries())
    for (Node at = query.anchor.parent(); at; at = at.parent())
      if (const auto in = found.find(at); in != found.end()) {
        use(in->second, query.facts);
        break;
      }
  std::vector<CodeTransaction> out;
  for (auto& [callback, transaction] : found) {
    std::stable_sort(transaction.tables.begin(), transaction.tables.end(),
                     [](const auto& a, const auto& b) { return a.place < b.place; });
    if (transaction.tables.size() >= 2) out.push_back(std::move(transaction));
  }
  std::sort(out.begin(), out.end(),
            [](const CodeTransaction& a, const CodeTransaction& b) { return a.place < b.place; });
  return out;
}

}  // namespace pgadvise::drizzle
