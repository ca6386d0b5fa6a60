#include "compare_catalogs.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::bench {
namespace {

using Objects = std::map<std::string, std::map<std::string, std::string>>;  // kind -> name -> what it is

std::string plain(std::string text) {
  std::string out;
  for (const char c : lower(text))
    if (c != ' ' && c != '\n' && c != '\t' && c != '"' && c != '(' && c != ')') out += c;
  return replace_all(std::move(out), "::int[]", "::integer[]");
}

std::string keys_of(const Index& index) {
  std::string out;
  for (const auto& key : index.keys)
    out += (out.empty() ? "" : ",") + (key.column.empty() ? plain(key.expression) : key.column) +
           (key.descending ? " desc" : "") + (key.nulls_first ? " first" : "") +
           (key.operator_class.empty() ? "" : " " + key.operator_class);
  return out;
}

Objects objects_of(const Catalog& catalog) {
  Objects out;
  for (const auto& [name, labels] : catalog.enums) out["enums"][display(name)] = join(labels.labels, ",");
  for (const auto& [name, table] : catalog.tables) {
    const std::string shown = display(name);
    if (table.kind != Table::Kind::ordinary) {
      out["views"][shown] = "";
      continue;
    }
    out["tables"][shown] = table.row_security ? "row security" : "";
    for (const auto& column : table.columns)
      out["columns"][shown + "." + column.name] =
          column.type + (column.not_null ? " not null" : "") +
          (column.default_expression ? " default " + plain(*column.default_expression) : "") +
          (column.identity != Column::Identity::none ? " identity" : "") +
          (column.generated_expression ? " as " + plain(*column.generated_expression) : "");
    for (const auto& key : table.constraints) {
      // A primary key's name is not in snapshots that have it on the column.
      const bool primary = key.kind == Constraint::Kind::primary_key;
      out[key.kind == Constraint::Kind::check ? "checks" : "keys"]
         [shown + "." + (primary ? "primary key" : key.name)] =
             join(key.columns, ",") + " " + display(key.referenced_table) + " " +
             join(key.referenced_columns, ",") + key.on_delete + key.on_update + plain(key.expression);
    }
    for (const auto& index : table.indexes)
      if (!index.constraint)
        out["indexes"][shown + "." + index.name] =
            (index.unique ? "unique " : "") + index.method + " " + keys_of(index) +
            (index.predicate ? " where " + plain(*index.predicate) : "");
    for (const auto& policy : table.policies)
      out["policies"][shown + "." + policy.name] = policy.command + plain(policy.using_expression);
  }
  return out;
}

}  // namespace

void compare(const Catalog& found, const std::string& a, const Catalog& expected, const std::string& b,
             const std::string& name) {
  Objects source = objects_of(found), other = objects_of(expected);
  std::string counts, differences;
  for (const auto* kind : {"tables", "columns", "keys", "indexes", "checks", "enums", "views", "policies"}) {
    const auto &ours = source[kind], &theirs = other[kind];
    std::size_t equal = 0;
    for (const auto& [object, what] : theirs) {
      const auto same = ours.find(object);
      if (same != ours.end() && same->second == what) ++equal;
      else if (same == ours.end())
        differences += fmt::format("  {} only in the {}: {} ({})\n", kind, b, object, what);
      else
        differences += fmt::format("  {} differ: {}\n    {:<8} {}\n    {:<8} {}\n", kind, object, a,
                                   same->second, b, what);
    }
    for (const auto& [object, what] : ours)
      if (!theirs.count(object))
        differences += fmt::format("  {} only in the {}: {} ({})\n", kind, a, object, what);
    if (!ours.empty() || !theirs.empty())
      counts += fmt::format(" {} {}/{} ({} {})", kind, equal, theirs.size(), a, ours.size());
  }
  fmt::print("EQUAL{}: {}\n{}", counts, name, differences);
}

}  // namespace pgadvise::bench
