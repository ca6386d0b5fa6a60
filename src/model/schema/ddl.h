// Writes catalog objects as DDL. No other file puts a name into CREATE INDEX, DROP INDEX, a constraint, a
// column definition or a command of ALTER TABLE for these (tests/unit/model/ddl_test.cc, which lists the
// exceptions). Pure text: no function here reads a server or a file.
//
// - A statement or clause comes back on one line, without a semicolon.
// - Identifiers are quoted as base/identifier.h quotes them. Expressions, types and partition bounds are SQL
//   text already and are copied as they are.
// - An object that lacks a required part (a foreign key without columns) gives text that does not parse. For
//   an index without keys, "(…)" stands in the place of the keys.
#pragma once

#include <string>
#include <vector>

#include "model/schema/catalog.h"
#include "model/schema/index_proposal.h"

namespace pgadvise {

// "schema.name", each part quoted as needed; the name alone when the schema is empty.
std::string quote_name(const QualifiedName& name);

namespace ddl {

// "(a, \"B\")".
std::string columns(const std::vector<std::string>& names);

// "lower(email) text_pattern_ops DESC", with parentheses around an expression. Collation and operator class
// may carry a schema ("public.citext_ops"); an operator class with parameters is copied.
std::string index_key(const IndexKey& key);

// What follows the table and the method: "(a, b DESC) INCLUDE (c) NULLS NOT DISTINCT WHERE d IS NULL".
std::string index_definition(const Index& index);

// The proposal as an index without a name.
Index index_of(const IndexProposal& proposal);
// The proposal of an index like one that exists.
IndexProposal proposal_of(const QualifiedName& table, const Index& index);

struct CreateIndex {
  bool concurrently = false;
  bool if_not_exists = false;
  bool only = false;  // ON ONLY: without the partitions
};
// An empty index name leaves the choice to the server. USING is left out for btree.
std::string create_index(const QualifiedName& table, const Index& index, CreateIndex how = {});

std::string drop_index(const QualifiedName& index, bool concurrently);

// "ALTER TABLE schema.name".
std::string alter_table(const QualifiedName& table);

// Commands of ALTER TABLE. With a table: the statement ("ALTER TABLE schema.name ALTER COLUMN column").
// Without: the command alone ("ALTER COLUMN column"), for a statement with several. `include`: as of
// constraint().
std::string alter_column(const std::string& column);
std::string alter_column(const QualifiedName& table, const std::string& column);
std::string drop_constraint(const std::string& constraint);
std::string drop_constraint(const QualifiedName& table, const std::string& constraint);
std::string add_constraint(const Constraint& constraint, const std::vector<std::string>& include = {});
std::string add_constraint(const QualifiedName& table, const Constraint& constraint,
                           const std::vector<std::string>& include = {});
std::string validate_constraint(const QualifiedName& table, const std::string& constraint);
std::string add_column(const QualifiedName& table, const Column& column);
std::string drop_column(const QualifiedName& table, const std::string& column);

// "ALTER TABLE schema.name ADD CONSTRAINT index PRIMARY KEY USING INDEX index". REQUIRES `kind` primary_key
// or unique. The constraint has the name of the index.
std::string add_constraint_using_index(const QualifiedName& table, Constraint::Kind kind,
                                       const std::string& index);

// NOT NULL without a long lock, four statements, each on a line and with a semicolon: a check of that name
// that is NOT VALID, its validation, SET NOT NULL, and the end of the check. `between` stands before the
// validation.
std::string set_not_null_by_check(const QualifiedName& table, const std::string& column,
                                  const std::string& check, const std::string& between = {});

// The constraint without its name: "FOREIGN KEY (a) REFERENCES b (id) ON DELETE CASCADE DEFERRABLE", "UNIQUE
// NULLS NOT DISTINCT (a)", "CHECK (a > 0)", "EXCLUDE …". NOT VALID is the caller's: it belongs to ALTER TABLE
// … ADD alone. `include`: of the constraint's index.
std::string constraint(const Constraint& constraint, const std::vector<std::string>& include = {});

// "CONSTRAINT name " and the constraint.
std::string named_constraint(const Constraint& constraint, const std::vector<std::string>& include = {});

// "name type COLLATE c DEFAULT 0 NOT NULL".
std::string column(const Column& column);

}  // namespace ddl
}  // namespace pgadvise
