// The tables of Drizzle source by their values: which name a table and its columns have in SQL.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "drizzle/schema/source_column.h"
#include "model/schema/catalog.h"
#include "typescript/program.h"

namespace pgadvise::drizzle {

struct SourceTable {
  std::optional<QualifiedName> name;               // nullopt: not known
  typescript::ValuePtr value;                      // the call of pgTable()
  typescript::ValuePtr columns;                    // the object of columns; unknown if it is not known
  std::map<std::string, ColumnName> column_names;  // by key; without those that are not known
};

class SourceTables {
 public:
  // `array_forgets`: as of SourceConfig.
  SourceTables(typescript::Program& program, Casing casing, std::optional<bool> array_forgets = {});
  SourceTables(const SourceTables&) = delete;
  SourceTables& operator=(const SourceTables&) = delete;

  // The table that the value is, with calls such as .enableRLS() behind; nullptr for other values. Valid as
  // long as this object.
  const SourceTable* table(const typescript::ValuePtr& value);

  struct ColumnOf {
    const SourceTable* table = nullptr;
    std::string column;
    std::string key_name;  // as of ColumnName
  };
  // Of `orders.total`; nullopt for other values, and for an unknown name.
  std::optional<ColumnOf> column(const typescript::ValuePtr& value);

  ColumnContext context() { return {program_, casing_, names_, array_forgets_}; }
  const SqlNames& names() const { return names_; }

 private:
  SourceTable make_table(const typescript::ValuePtr& call, std::optional<std::string> schema);

  typescript::Program& program_;
  Casing casing_;
  std::optional<bool> array_forgets_;
  SqlNames names_;
  std::map<const typescript::Value*, SourceTable> tables_;  // by the call of pgTable()
};

}  // namespace pgadvise::drizzle
