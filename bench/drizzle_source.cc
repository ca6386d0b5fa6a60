// Reads the Drizzle source of a folder and compares each schema with the newest snapshot in its migrations
// folder.
//   drizzle_source FOLDER [--gaps] [--parse]
// Prints a line of counts for each schema, each difference, and with --gaps what is unknown; then time and
// memory; with --parse also the time to parse every source file. bench/drizzle-source runs it over git
// repositories.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include "base/input_file.h"
#include "base/text.h"
#include "drizzle/snapshot.h"
#include "drizzle/source_reader.h"
#include "files/files.h"
#include "typescript/parse.h"
#include "typescript/resolve.h"

namespace {

using namespace pgadvise;

using Objects = std::map<std::string, std::map<std::string, std::string>>;  // kind -> name -> what it is

std::string plain(std::string text) {
  std::string out;
  for (const char c : lower(text))
    if (c != ' ' && c != '\n' && c != '\t' && c != '"' && c != '(' && c != ')') out += c;
  return out;
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

// The newest snapshot in the folder of migrations, not in one of another configuration below it; "" if there
// is none.
std::string newest_snapshot(const files::Tree& tree, const std::string& folder) {
  std::string newest;
  for (const auto& file : tree.files())
    if (const std::string_view above = files::folder_of(files::folder_of(file));
        above == folder && (file.ends_with("_snapshot.json") || file.ends_with("/snapshot.json")))
      if (newest.empty() || files::natural_less(newest, file)) newest = file;
  return newest;
}

void compare(const drizzle::SourceSchema& schema, const Catalog& snapshot, const std::string& file) {
  const Objects source = objects_of(schema.catalog), expected = objects_of(snapshot);
  std::string counts, differences;
  for (const auto* kind : {"tables", "columns", "keys", "indexes", "checks", "enums", "views", "policies"}) {
    const auto a = source.count(kind) ? source.at(kind) : std::map<std::string, std::string>();
    const auto b = expected.count(kind) ? expected.at(kind) : std::map<std::string, std::string>();
    std::size_t equal = 0;
    for (const auto& [name, what] : b) {
      const auto found = a.find(name);
      if (found != a.end() && found->second == what) ++equal;
      else if (found == a.end())
        differences += fmt::format("  {} only in the snapshot: {} ({})\n", kind, name, what);
      else
        differences += fmt::format("  {} differ: {}\n    source   {}\n    snapshot {}\n", kind, name,
                                   found->second, what);
    }
    for (const auto& [name, what] : a)
      if (!b.count(name)) differences += fmt::format("  {} only in the source: {} ({})\n", kind, name, what);
    if (!a.empty() || !b.empty())
      counts += fmt::format(" {} {}/{} (source {})", kind, equal, b.size(), a.size());
  }
  fmt::print("EQUAL{}: {}\n{}", counts, file, differences);
}

void parse_all(files::Tree& tree) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t files = 0, bytes = 0;
  for (const auto& file : tree.files()) {
    const std::string* text = typescript::is_source(file) ? tree.peek(file) : nullptr;
    if (!text || !typescript::parse(file, *text)) continue;
    ++files;
    bytes += text->size();
  }
  const auto end = std::chrono::steady_clock::now();
  fmt::print("PARSED {} files, {} KB: {} ms\n", files, bytes / 1024,
             std::chrono::duration_cast<std::chrono::milliseconds>(end - begin).count());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || !drizzle::reads_source()) {
    fmt::print(stderr, "drizzle_source FOLDER [--gaps]; needs a build with the TypeScript grammar\n");
    return 2;
  }
  const std::vector<std::string> options(argv + 2, argv + argc);
  const auto given = [&](const char* name) {
    return std::find(options.begin(), options.end(), name) != options.end();
  };
  const auto begin = std::chrono::steady_clock::now();
  Diagnostics diagnostics;
  files::Tree tree(argv[1], diagnostics);
  const auto schemas = drizzle::read_source_schemas(tree);
  const auto end = std::chrono::steady_clock::now();
  for (const auto& schema : schemas) {
    fmt::print("SCHEMA {} ({} files, {} parsed): {} tables, {} incomplete, {} unknown\n",
               schema.config.paths.empty() ? "without configuration" : join(schema.config.paths, ", "),
               schema.config.files.size(), schema.read.size(), schema.catalog.tables.size(),
               schema.incomplete.size(), schema.unknown.size());
    if (given("--gaps"))
      for (const auto& gap : schema.unknown) fmt::print("  unknown: {}: {}\n", gap.location.str(), gap.what);
    const std::string file = newest_snapshot(tree, schema.config.out);
    const std::string* text = file.empty() ? nullptr : tree.text(file);
    if (!text) continue;
    Diagnostics ignored;
    if (const auto snapshot = drizzle::read_snapshot(*text, file, ignored)) compare(schema, *snapshot, file);
  }
  for (const Error& error : diagnostics) fmt::print("  warning: {}\n", error.line());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("TIME {} files, {} schemas: {} ms, {} MB\n", tree.files().size(), schemas.size(),
             std::chrono::duration_cast<std::chrono::milliseconds>(end - begin).count(),
             usage.ru_maxrss / 1024);
  if (given("--parse")) parse_all(tree);
  return 0;
}
