#include "advisor/costs/entry_size.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "advisor/queries/referenced_columns.h"
#include "base/text/identifier.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "model/schema/index_comparison.h"
#include "sql/parse/lexer.h"

namespace pgadvise::advisor {
namespace {

constexpr double largest_entry = 2704;                 // BTMaxItemSize, for pages of 8 kB
constexpr double entry_overhead = 24;                  // header, NULL bitmap, alignment
constexpr double largest_sampled = largest_entry / 2;  // other rows may have longer values
constexpr double indexed_length = 900;  // of a value that an index holds already: a third of an entry
constexpr double sampled_pages = 5000;  // 40 MB
constexpr std::size_t max_sampled_columns = 100;

// Types whose values have a length of their own, small against an entry.
bool is_short(const std::string& type) {
  return is_one_of(type, {"smallint", "integer", "bigint",   "real",   "double precision",
                          "numeric",  "money",   "boolean",  "date",   "interval",
                          "uuid",     "oid",     "inet",     "cidr",   "name",
                          "\"char\"", "macaddr", "macaddr8", "pg_lsn", "xid8"}) ||
         (type.starts_with("numeric(") && !type.ends_with("[]")) ||
         ((type.starts_with("time") || type.starts_with("interval")) && !type.ends_with("[]"));
}

// n of varchar(n) and char(n), in bytes of UTF-8; of bit(n).
std::optional<double> declared_bytes(const std::string& type) {
  const auto open = type.find('(');
  if (open == std::string::npos || !type.ends_with(")")) return std::nullopt;
  int count = 0;
  const auto [end, code] = std::from_chars(type.data() + open + 1, type.data() + type.size() - 1, count);
  if (code != std::errc() || end != type.data() + type.size() - 1) return std::nullopt;
  if (type.starts_with("character")) return 4.0 * count + 4;
  if (type.starts_with("bit")) return count / 8.0 + 9;
  return std::nullopt;
}

bool holds_documents(const std::string& type) {
  return is_one_of(type, {"jsonb", "bytea", "hstore", "tsvector"});
}

// A name of a column for text without an end.
bool names_long_text(const std::string& name) {
  static const std::set<std::string_view> words = {
      "body",    "content",  "contents", "description", "payload",    "html",       "markdown", "text",
      "message", "comment",  "comments", "note",        "notes",      "bio",        "details",  "data",
      "raw",     "document", "blob",     "transcript",  "prompt",     "stacktrace", "trace",    "script",
      "source",  "template", "response", "request",     "completion", "excerpt",    "summary",  "article"};
  std::string word;
  for (const char c : name + "_") {
    const bool upper = c >= 'A' && c <= 'Z';
    if (c != '_' && c != '-' && !upper) {
      word += c;
      continue;
    }
    if (words.count(word)) return true;
    word = upper ? std::string(1, static_cast<char>(c - 'A' + 'a')) : std::string();
  }
  return false;
}

std::string bytes_text(double bytes) { return fmt::format("{:.0f} bytes", bytes); }

// The column that the expression is about, if there is only one of the table.
const Column* column_in(const Table& table, const std::string& expression) {
  const Column* found = nullptr;
  for (const auto& lexeme : sql::tokens_of(expression)) {
    const std::string name = lexeme.name();
    const Column* column = name.empty() ? nullptr : table.column(name);
    if (column && found && column != found) return nullptr;
    if (column) found = column;
  }
  return found;
}

// Expressions whose results are short whatever they are made of.
bool short_result(const std::string& expression) {
  const auto open = expression.find('(');
  return expression.ends_with("::date") ||
         (open != std::string::npos &&
          is_one_of(lower(expression.substr(0, open)),
                    {"md5", "date_trunc", "date_part", "extract", "date", "timezone", "char_length", "length",
                     "hashtext", "abs", "round", "trunc"}));
}

}  // namespace

bool has_order(const std::string& type) {
  return !is_one_of(type, {"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle",
                           "tsquery", "tsvector", "aclitem", "xid", "cid", "refcursor", "jsonpath"});
}

bool is_text(const std::string& type) {
  return type == "text" || type.starts_with("character varying") || type.starts_with("character(");
}

// A value that an entry of another B-tree holds already is known to fit; so is one of a foreign key.
bool EntrySizes::indexed(const Table& table, const Column& column) const {
  const bool key = std::ranges::any_of(table.indexes, [&](const Index& index) {
    return index.valid && index.method == "btree" && !index.predicate && has_column(index.keys, column.name);
  });
  return key || std::ranges::any_of(table.constraints, [&](const Constraint& one) {
           return one.kind == Constraint::Kind::foreign_key && one.validated &&
                  is_one_of(column.name, one.columns);
         });
}

std::optional<double> EntrySizes::declared(const Table& table, const Column& column) const {
  if (is_short(column.type)) return 16;
  if (const auto bytes = declared_bytes(column.type); bytes && *bytes + entry_overhead <= largest_entry)
    return bytes;
  for (const auto& [name, labels] : catalog_.enums)
    if (column.type == name.name || column.type == name.schema + "." + name.name) return 4;
  if (indexed(table, column)) return indexed_length;
  return std::nullopt;
}

// Of the table and all below it.
double EntrySizes::pages(const Table& table) const {
  double out =
      table.statistics
          ? static_cast<double>(std::max(table.statistics->pages, table.statistics->bytes / page_bytes))
          : 0;
  if (table.kind != Table::Kind::partitioned) return out;
  out = 0;
  for (const auto& [name, part] : live_->tables)
    if (part.partition_of == table.name) out += pages(part);
  return out;
}

// All columns without a declared length at once; an expression by itself. pg_column_size() does not read
// values that are stored out of line, and counts their real length.
const EntrySizes::Sample& EntrySizes::sample(const Table& table, const std::string& expression) {
  const std::lock_guard lock(mutex_);
  const auto [it, fresh] = samples_.try_emplace({table.name, expression});
  Sample& out = it->second;
  if (!fresh || !planner_) return out;
  std::vector<std::string> keys;
  if (!expression.empty()) keys.push_back(expression);
  for (const auto& column : table.columns)
    if (expression.empty() && keys.size() < max_sampled_columns && !declared(table, column))
      keys.push_back(quote_identifier(column.name));
  std::vector<std::string> sizes;
  for (const auto& key : keys)
    sizes.push_back(fmt::format("COALESCE(pg_catalog.max(pg_catalog.pg_column_size({})), 0)", key));
  const plan::PlanRequest request{
      fmt::format("SELECT pg_catalog.unnest(ARRAY[pg_catalog.count(*), {}]) FROM {}{}{}", join(sizes, ", "),
                  table.kind == Table::Kind::partitioned ? "" : "ONLY ", quote_name(table.name),
                  pages(table) > sampled_pages ? fmt::format(" TABLESAMPLE SYSTEM ({:.4f}) REPEATABLE (1)",
                                                             100 * sampled_pages / pages(table))
                                               : ""),
      {},
      true,
      {},
      plan::Names::catalog};
  const auto decision = planner_->decide(request);
  if (!decision) return out.failed = decision.error().what, out;
  if (decision->allowed != plan::Allowed::analyze) return out;
  out.allowed = true;
  const auto values = planner_->values(request.sql);
  if (!values) return out.failed = values.error().what, out;
  if (values->size() != keys.size() + 1) return out.failed = "the server sent another number of values", out;
  out.rows = std::strtod(values->front().c_str(), nullptr);
  for (std::size_t at = 0; at < keys.size(); ++at)
    out.longest[keys[at]] = std::strtod((*values)[at + 1].c_str(), nullptr);
  return out;
}

// Without a live table: the type, the statistics, and what the name says.
EntrySizes::Length EntrySizes::guess(const std::string& name, const Column* column) {
  Length out;
  const bool wide = column && column->statistics && column->statistics->average_width > max_average_width;
  if (wide)
    out.refused = fmt::format("{} takes {} bytes on average", name, column->statistics->average_width);
  else if (column && holds_documents(column->type))
    out.refused = fmt::format("{} has the type {}, whose values have no maximum length", name, column->type);
  else if (column && names_long_text(column->name) && !is_short(column->type))
    out.refused = name + " looks like a column of long texts and has no declared length";
  else
    out.note = fmt::format(
        "{} has no declared length{}: the index cannot be built if a value needs more than 2,704 bytes", name,
        column && declared_bytes(column->type) ? " that fits (" + column->type + ")" : "");
  return out;
}

EntrySizes::Length EntrySizes::length(const Table& table, const std::string& key, const Column* column,
                                      bool expression) {
  const std::string name = expression || !column ? key : column->name;
  const Table* live = live_ ? live_->table(table.name) : nullptr;
  if (!live || (column && !live->column(column->name))) return guess(name, column);
  const Sample& found = sample(*live, expression ? key : std::string());
  if (!found.failed.empty())
    return {.refused = "the lengths of " + name + " could not be read (" + found.failed + ")"};
  const auto longest = found.longest.find(key);
  if (!found.allowed || found.rows == 0 || longest == found.longest.end()) return guess(name, column);
  Length out{.bytes = longest->second + 4, .sampled = true};
  const std::string fact = fmt::format("{} has no declared length, and its longest value in {} rows needs {}",
                                       name, short_count(found.rows), bytes_text(longest->second));
  (out.bytes > largest_sampled ? out.refused : out.note) =
      fact + "; an entry of a B-tree has room for 2,704 bytes";
  return out;
}

EntrySizes::Length EntrySizes::length_of_key(const Table& table, const IndexKey& key) {
  const bool expression = key.column.empty();
  const Column* column = expression ? column_in(table, key.expression) : table.column(key.column);
  if (expression ? short_result(key.expression) : !column) return {.bytes = 16};
  if (!expression && !has_order(column->type))
    return {.refused = key.column + " has the type " + column->type + ", which has no order"};
  if (column && (!expression || !holds_documents(column->type)))
    if (const auto bytes = declared(table, *column)) return {.bytes = *bytes};
  return length(table, expression ? key.expression : quote_identifier(key.column), column, expression);
}

bool EntrySizes::too_long(const Table& table, const Column& column) {
  return has_order(column.type) && !length_of_key(table, {.column = column.name}).refused.empty();
}

Fitted EntrySizes::fit(const IndexProposal& proposal) {
  const Table* table = catalog_.table(proposal.table);
  if (!table || proposal.method != "btree") return {proposal};
  Fitted out{proposal};
  std::vector<std::string> notes;
  double bytes = entry_overhead;
  bool sampled = false;
  std::string refused;
  std::size_t fits = 0;
  const auto add = [&](const IndexKey& key) {
    const Length length = length_of_key(*table, key);
    bytes += length.bytes;
    sampled = sampled || length.sampled;
    refused = length.refused;
    if (refused.empty() && bytes > (sampled ? largest_sampled : largest_entry))
      refused = fmt::format("the key columns together can need {}", bytes_text(bytes));
    if (refused.empty() && !length.note.empty()) notes.push_back(length.note);
    return refused.empty();
  };
  while (fits < proposal.keys.size() && add(proposal.keys[fits])) ++fits;
  if (fits == proposal.keys.size())
    for (const auto& column : proposal.include)
      if (refused.empty() && !add({.column = column})) out.proposal->include.clear();
  out.note = join(notes, "; ");
  if (fits == proposal.keys.size()) return out;
  const IndexKey& too_long = proposal.keys[fits];
  if (fits > 0) {
    out.proposal->keys.resize(fits);
    out.proposal->include.clear();
    out.proposal->equality_keys = std::min(fits, proposal.equality_keys);
    out.note = "the index ends before " + (too_long.column.empty() ? too_long.expression : too_long.column) +
               ": " + refused + (notes.empty() ? "" : "; " + out.note);
    return out;
  }
  const Column* column = table->column(too_long.column);
  if (proposal.equality_keys > 0 && column && has_order(column->type)) {
    out.proposal->keys = {{.column = too_long.column}};
    out.proposal->include.clear();
    out.proposal->method = "hash";
    out.note =
        refused + "; the statement compares it by =, which a hash index serves for values of any length";
    return out;
  }
  return {std::nullopt, refused};
}

std::string EntrySizes::instead(const IndexProposal& proposal, const std::string& why) const {
  std::string out = fmt::format("No index on {}: {}", display(proposal.table), why);
  const Table* table = catalog_.table(proposal.table);
  const std::string& name = proposal.keys.front().column;
  const Column* column = table ? table->column(name) : nullptr;
  if (column && (column->type == "text" || column->type.starts_with("character")))
    out += fmt::format(
        ". An index on left({0}, 100) serves statements that compare or sort by left({0}, 100), "
        "one on md5({0}) those that compare md5({0}) by =",
        quote_identifier(name));
  return out;
}

void EntrySizes::fit(std::vector<Finding>& findings) {
  for (auto& finding : findings) {
    if (!finding.proposal) continue;
    Fitted fitted = fit(*finding.proposal);
    if (!fitted.note.empty()) finding.evidence.push_back({Evidence::Kind::catalog, fitted.note});
    if (!fitted.proposal && !finding.fix)
      finding.fix = Fix{.title = instead(*finding.proposal, fitted.note), .safety = Fix::Safety::manual};
    finding.proposal = std::move(fitted.proposal);
    std::vector<IndexProposal> further;
    for (const auto& one : finding.further_proposals)
      if (auto other = fit(one).proposal) further.push_back(std::move(*other));
    finding.further_proposals = std::move(further);
  }
}

}  // namespace pgadvise::advisor
