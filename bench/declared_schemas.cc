// The schemas that code declares, compared with what its own tool makes of them:
//   declared_schemas drizzle FOLDER [--gaps] [--parse]
//   declared_schemas prisma FOLDER
//   declared_schemas prisma FOLDER FILE SQL
//
// drizzle: each schema, with drizzle-kit's newest snapshot; also time and memory. --gaps: what is unknown;
// --parse: also the time to parse every source file. prisma FOLDER: the files of each schema, that with the
// datasource first. With FILE and SQL: the schema whose first file is FILE, with the script SQL. Prints a
// line of counts for each compared schema, and each difference. bench/run drizzle-source and
// bench/run prisma-schema run it over git repositories.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "drizzle/kit/snapshot.h"
#include "drizzle/schema/source_reader.h"
#include "files/files.h"
#include "files/tree.h"
#include "model/schema/catalog.h"
#include "prisma/project.h"
#include "sql/replay/replay.h"
#include "typescript/parse.h"
#include "typescript/resolve.h"

namespace pgadvise {
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

// Prints a line of counts for `name` (per kind of object: equal of those expected), and each difference.
// `a` and `b`: what the catalogs are called.
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

int compare_drizzle(const std::string& folder, const std::vector<std::string>& options) {
  const auto given = [&](const char* name) {
    return std::find(options.begin(), options.end(), name) != options.end();
  };
  const auto begin = std::chrono::steady_clock::now();
  Diagnostics diagnostics;
  files::Tree tree(folder, diagnostics);
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
    if (const auto snapshot = drizzle::read_snapshot(*text, file, ignored))
      compare(schema.catalog, "source", *snapshot, "snapshot", file);
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

// arguments: empty, or FILE and SQL.
int compare_prisma(const std::string& folder, const std::vector<std::string>& arguments) {
  Diagnostics diagnostics;
  files::Tree tree(folder, diagnostics);
  for (const auto& found : prisma::project_schemas(tree, diagnostics)) {
    if (arguments.empty()) {
      fmt::print("{}\n", join(found.files, "\t"));
      continue;
    }
    if (found.files.front() != arguments[0]) continue;
    const auto text = read_file(arguments[1], files::sql_limit);
    if (!text) {
      fmt::print(stderr, "{}\n", text.error().line());
      return 2;
    }
    sql::Replayer replayer;
    replayer.run(*text, arguments[1]);
    replayer.finish();
    compare(found.schema.catalog, "source", replayer.take(), "Prisma", arguments[0]);
    for (const auto& gap : found.schema.unknown)
      fmt::print("  unknown: {}: {}\n", gap.location.str(), gap.what);
  }
  for (const Error& error : diagnostics) fmt::print(stderr, "{}\n", error.line());
  return 0;
}

}  // namespace
}  // namespace pgadvise

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 2) {
    const std::vector<std::string> rest(words.begin() + 2, words.end());
    if (words[0] == "drizzle" && pgadvise::drizzle::reads_source())
      return pgadvise::compare_drizzle(words[1], rest);
    if (words[0] == "prisma" && (rest.empty() || rest.size() == 2))
      return pgadvise::compare_prisma(words[1], rest);
  }
  fmt::print(stderr,
             "declared_schemas drizzle FOLDER [--gaps] [--parse]; needs a build with the TypeScript grammar\n"
             "declared_schemas prisma FOLDER [FILE SQL]\n");
  return 2;
}
