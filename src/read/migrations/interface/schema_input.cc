#include "migrations/interface/schema_input.h"

#include <fmt/format.h>

#include "migrations/interface/source_schemas.h"

namespace pgadvise::migrations {

std::string SchemaInput::what() const {
  const auto counted = [&](std::string_view name) {
    return fmt::format("{} ({} {})", name, files.size(), files.size() == 1 ? "file" : "files");
  };
  switch (kind) {
    case SchemaKind::sql_file: return "SQL script";
    case SchemaKind::migrations: return counted(std::string(tool->name()) + " migrations");
    case SchemaKind::sql_folder: return counted("SQL files");
    case SchemaKind::drizzle_snapshot: return "drizzle snapshot";
    case SchemaKind::source: return counted(source->language->name);
    case SchemaKind::server_snapshot: return "snapshot";
    case SchemaKind::executed: return fmt::format("migrations that the command ran ({})", files.size());
    case SchemaKind::none: break;
  }
  return "nothing";
}

}  // namespace pgadvise::migrations
