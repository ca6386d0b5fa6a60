// Schemas that a repository declares in the source of an ORM: Drizzle's TypeScript, Prisma's schema.prisma.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "migrations/interface/schema_in_code.h"
#include "model/schema/declared_catalog.h"

namespace pgadvise::migrations {

struct DeclaredSource {
  // What the two ORMs do differently.
  struct Language {
    std::string_view name;     // "Drizzle source", for the report's inputs
    std::string_view schema;   // "the Drizzle schema"
    std::string_view unknown;  // how a part can be unknown
    std::string_view hint;     // how to get SQL
    std::string_view tool;     // MigrationTool::id() of its migrations
    bool expresses_all;        // false: migrations have objects that the source has no words for
  };
  const Language* language = nullptr;
  std::vector<std::string> files;  // that declare it, from the root
  std::string place;               // the configuration, or else the first file
  bool configured = false;         // a configuration names the files
  std::string folder;              // of its migrations, from the root
  DeclaredCatalog declared;        // with absolute locations
  bool all_tables_known = true;    // false: the source may declare more
  // Why none of its tables is known: a file that the configuration names is missing, or was not read.
  std::optional<Error> unread = {};
  // Whether the migrations of the ORM's tool cover the table.
  std::function<bool(const QualifiedName&)> covers_table;
};

struct FoundSource {
  std::shared_ptr<const DeclaredSource> source;
  // Its schema was read already: what is migrated to the folder of a schema that was read, or what lies in
  // the package of one.
  bool covered = false;
};

// The schemas with tables that source declares, and those of which no table is known since a file was not
// read. `files`: relative to the root, sorted. `read`: the schemas that were read. Without Drizzle's in a
// build that does not read TypeScript. What was not read is reported in `diagnostics`.
std::vector<FoundSource> source_schemas(const std::string& root, const std::vector<std::string>& files,
                                        const std::vector<ReadSchema>& read, Diagnostics& diagnostics);

// The catalog without the tables of which a part is unknown, which are reported in `diagnostics`.
Catalog known_part(const DeclaredSource& source, Diagnostics& diagnostics);
// Reports what is unknown, if anything; `not_done`: "not checked".
void report_unknown(const DeclaredSource& source, const std::string& not_done, Diagnostics& diagnostics);
// The part of the catalog that the language of the source has words for. For Prisma, a generated column has
// the default that the source declares, and keys of indexes have the default order of NULLs.
Catalog expressible(const DeclaredSource& source, Catalog catalog);

}  // namespace pgadvise::migrations
