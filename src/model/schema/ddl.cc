#include "model/schema/ddl.h"

#include "base/text/identifier.h"
#include "base/text/text.h"

namespace pgadvise {

std::string quote_name(const QualifiedName& name) { return quote_name(name.schema, name.name); }

namespace ddl {
namespace {

// "public.citext_ops", each part quoted as needed. With parameters: as it came.
std::string path(const std::string& name) {
  if (name.find('(') != std::string::npos) return name;
  const auto dot = name.find('.');
  return dot == std::string::npos ? quote_identifier(name)
                                  : quote_name(name.substr(0, dot), name.substr(dot + 1));
}

std::string include_clause(const std::vector<std::string>& include) {
  return include.empty() ? std::string() : " INCLUDE " + columns(include);
}

std::string foreign_key(const Constraint& key) {
  std::string out = "FOREIGN KEY " + columns(key.columns) + " REFERENCES " + quote_name(key.referenced_table);
  if (!key.referenced_columns.empty()) out += " " + columns(key.referenced_columns);
  if (key.match_full) out += " MATCH FULL";
  if (key.on_delete != "NO ACTION") out += " ON DELETE " + key.on_delete;
  if (!key.on_delete_columns.empty()) out += " " + columns(key.on_delete_columns);
  if (key.on_update != "NO ACTION") out += " ON UPDATE " + key.on_update;
  return out;
}

}  // namespace

std::string columns(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& name : names) out.push_back(quote_identifier(name));
  return "(" + join(out, ", ") + ")";
}

std::string index_key(const IndexKey& key) {
  std::string out = key.column.empty() ? "(" + key.expression + ")" : quote_identifier(key.column);
  if (!key.collation.empty()) out += " COLLATE " + path(key.collation);
  if (!key.operator_class.empty()) out += " " + path(key.operator_class);
  if (key.descending) out += " DESC";
  if (key.nulls_first != key.descending) out += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  return out;
}

std::string index_definition(const Index& index) {
  std::vector<std::string> keys;
  for (const auto& key : index.keys) keys.push_back(index_key(key));
  std::string out = "(" + (keys.empty() ? "…" : join(keys, ", ")) + ")" + include_clause(index.include);
  if (index.nulls_not_distinct) out += " NULLS NOT DISTINCT";
  if (index.predicate) out += " WHERE " + *index.predicate;
  return out;
}

Index index_of(const IndexProposal& proposal) {
  Index out;
  out.method = proposal.method;
  out.keys = proposal.keys;
  out.include = proposal.include;
  out.predicate = proposal.predicate;
  return out;
}

IndexProposal proposal_of(const QualifiedName& table, const Index& index) {
  return {.table = table,
          .keys = index.keys,
          .include = index.include,
          .predicate = index.predicate,
          .method = index.method};
}

std::string create_index(const QualifiedName& table, const Index& index, CreateIndex how) {
  std::string out = index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
  if (how.concurrently) out += "CONCURRENTLY ";
  if (how.if_not_exists) out += "IF NOT EXISTS ";
  if (!index.name.empty()) out += quote_identifier(index.name) + " ";
  out += how.only ? "ON ONLY " : "ON ";
  out += quote_name(table);
  if (index.method != "btree") out += " USING " + quote_identifier(index.method);
  return out + " " + index_definition(index);
}

std::string drop_index(const QualifiedName& index, bool concurrently) {
  return (concurrently ? "DROP INDEX CONCURRENTLY " : "DROP INDEX ") + quote_name(index);
}

std::string alter_table(const QualifiedName& table) { return "ALTER TABLE " + quote_name(table); }

std::string alter_column(const std::string& column) { return "ALTER COLUMN " + quote_identifier(column); }

std::string alter_column(const QualifiedName& table, const std::string& column) {
  return alter_table(table) + " " + alter_column(column);
}

std::string drop_constraint(const std::string& constraint) {
  return "DROP CONSTRAINT " + quote_identifier(constraint);
}

std::string drop_constraint(const QualifiedName& table, const std::string& constraint) {
  return alter_table(table) + " " + drop_constraint(constraint);
}

std::string add_constraint(const Constraint& constraint, const std::vector<std::string>& include) {
  return "ADD " + named_constraint(constraint, include);
}

std::string add_constraint(const QualifiedName& table, const Constraint& constraint,
                           const std::vector<std::string>& include) {
  return alter_table(table) + " " + add_constraint(constraint, include);
}

std::string validate_constraint(const QualifiedName& table, const std::string& constraint) {
  return alter_table(table) + " VALIDATE CONSTRAINT " + quote_identifier(constraint);
}

std::string add_column(const QualifiedName& table, const Column& column) {
  return alter_table(table) + " ADD COLUMN " + ddl::column(column);
}

std::string drop_column(const QualifiedName& table, const std::string& column) {
  return alter_table(table) + " DROP COLUMN " + quote_identifier(column);
}

std::string add_constraint_using_index(const QualifiedName& table, Constraint::Kind kind,
                                       const std::string& index) {
  const std::string name = quote_identifier(index);
  return alter_table(table) + " ADD CONSTRAINT " + name +
         (kind == Constraint::Kind::primary_key ? " PRIMARY KEY" : " UNIQUE") + " USING INDEX " + name;
}

std::string set_not_null_by_check(const QualifiedName& table, const std::string& column,
                                  const std::string& check, const std::string& between) {
  const Constraint not_null{.kind = Constraint::Kind::check,
                            .name = check,
                            .expression = quote_identifier(column) + " IS NOT NULL"};
  return add_constraint(table, not_null) + " NOT VALID;\n" + between + validate_constraint(table, check) +
         ";\n" + alter_column(table, column) + " SET NOT NULL;\n" + drop_constraint(table, check) + ";";
}

std::string constraint(const Constraint& constraint, const std::vector<std::string>& include) {
  const std::string deferrable = std::string(constraint.deferrable ? " DEFERRABLE" : "") +
                                 (constraint.initially_deferred ? " INITIALLY DEFERRED" : "");
  switch (constraint.kind) {
    case Constraint::Kind::primary_key:
      return "PRIMARY KEY " + columns(constraint.columns) + include_clause(include) + deferrable;
    case Constraint::Kind::unique:
      return std::string("UNIQUE ") + (constraint.nulls_not_distinct ? "NULLS NOT DISTINCT " : "") +
             columns(constraint.columns) + include_clause(include) + deferrable;
    case Constraint::Kind::foreign_key: return foreign_key(constraint) + deferrable;
    case Constraint::Kind::check: return "CHECK (" + constraint.expression + ")";
    case Constraint::Kind::exclusion: break;
  }
  return "EXCLUDE " + constraint.expression;
}

std::string named_constraint(const Constraint& constraint, const std::vector<std::string>& include) {
  return "CONSTRAINT " + quote_identifier(constraint.name) + " " + ddl::constraint(constraint, include);
}

std::string column(const Column& column) {
  std::string out = quote_identifier(column.name) + " " + column.type;
  if (!column.collation.empty()) out += " COLLATE " + path(column.collation);
  if (column.generated_expression) {
    out += " GENERATED ALWAYS AS (" + *column.generated_expression + ") STORED";
  } else if (column.identity != Column::Identity::none) {
    out += column.identity == Column::Identity::always ? " GENERATED ALWAYS AS IDENTITY"
                                                       : " GENERATED BY DEFAULT AS IDENTITY";
  } else if (column.default_expression) {
    out += " DEFAULT " + *column.default_expression;
  }
  if (column.not_null) out += " NOT NULL";
  return out;
}

}  // namespace ddl
}  // namespace pgadvise
