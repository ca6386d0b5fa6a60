// A catalog being replayed, with what a server knows beside it: names in use, inheritance, which index
// belongs to which. Internal to src/read/sql.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/schema/catalog.h"
#include "model/schema/schema_step.h"
#include "sql/definitions/schema_names.h"

namespace pgadvise::sql {

// Why a statement has no effect. `kind` is what an exception handler of a DO block may catch.
struct Problem {
  enum class Kind { exists, missing, other };
  std::string what;
  Kind kind = Kind::other;
  QualifiedName name = {};  // of what is there, or missing
};
using Outcome = std::optional<Problem>;  // nullopt: done

// A table that Supabase's servers have of their own: auth.users, storage.objects.
bool supabase_table(const QualifiedName& name);

Problem exists(const std::string& kind, const QualifiedName& name);
Problem missing(const std::string& kind, const QualifiedName& name);
Problem missing_column(const Table& table, const std::string& column);
Problem existing_column(const Table& table, const std::string& column);
Problem existing_constraint(const Table& table, const std::string& constraint);

// Whether it is a primary key, unique or exclusion constraint, whose index has the same name.
bool has_index(const Constraint& constraint);

// The value of the key in a map; nullptr: none.
template <class Map>
auto* value_at(Map& map, const typename Map::key_type& key) {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

// Renames an entry of a map or a set, unless one of the new name is there.
template <class Container>
void move_key(Container& container, const typename Container::key_type& from,
              const typename Container::key_type& to) {
  if (auto node = container.extract(from)) {
    if constexpr (requires { node.key() = to; }) node.key() = to;
    else node.value() = to;
    container.insert(std::move(node));
  }
}

struct ViewUse {
  std::set<QualifiedName> relations;
  std::set<std::string> columns;  // every name that stands as a column in it
};

// Copied as a whole for a transaction that is rolled back; all copies are independent.
struct SchemaState : SchemaNames {
  using Member = std::pair<QualifiedName, std::string>;  // of a table: a column or constraint

  std::map<QualifiedName, QualifiedName> index_parents;  // a partition's index -> the index it is attached to
  std::multiset<QualifiedName> constraint_names;         // by the table's schema
  std::map<QualifiedName, std::map<std::string, std::string>>
      constraint_parents;                                        // of a partition: own name -> parent's
  std::map<QualifiedName, std::set<std::string>> own_checks;     // NO INHERIT
  std::map<QualifiedName, std::vector<QualifiedName>> children;  // partitions and INHERITS
  std::map<QualifiedName, std::set<std::string>> local_columns;  // of INHERITS children: declared there, too
  std::map<QualifiedName, Domain> domains;
  // Of columns that had an enum's default when their type became another one: the default converts the enum's
  // value, and depends on the enum.
  std::map<Member, QualifiedName> enum_defaults;
  std::map<QualifiedName, ViewUse> views;
  std::map<std::string, std::set<std::string>> functions;  // "schema.name" -> argument types
  std::set<std::string> changing_functions;                // names of those that change schemas

  void ensure_schema(const std::string& schema);

  // The names that the server invents (ChooseRelationName, ChooseConstraintName).
  std::string choose_relation_name(const std::string& schema, const std::string& first,
                                   const std::string& second, const std::string& label,
                                   bool constraint) const;
  std::string choose_constraint_name(const std::string& schema, const std::string& first,
                                     const std::string& second, const std::string& label) const;

  // ---- inheritance
  struct Descent {
    Table* child;
    Table* parent;
    bool partition;
  };
  std::vector<Descent> descendants(const QualifiedName& table, bool partitions_only = false);
  const std::vector<QualifiedName>& children_of(const QualifiedName& parent) const;
  bool has_partitions(const QualifiedName& table) const;
  void add_child(const QualifiedName& parent, const QualifiedName& child);
  void remove_child(const QualifiedName& parent, const QualifiedName& child);

  // ---- parts of tables
  static Column* column(Table& table, const std::string& name);
  // The column of the table and, with `below`, of the tables that inherit from it.
  std::vector<Column*> columns(Table& table, const std::string& name, bool below = true);
  static Constraint* constraint(Table& table, const std::string& name);
  static const Constraint* primary_key(const Table& table);
  // A foreign key with the table and columns that its definition leaves to the search path and the primary
  // key; other constraints as they are.
  Constraint resolved(Constraint constraint) const;
  Index* index(const QualifiedName& name);
  void add_index(Table& table, Index index);
  void add_constraint(Table& table, Constraint constraint);
  void erase_index(const QualifiedName& name);  // and those attached to it, their constraints too
  void erase_constraint(Table& table, const std::string& name);  // with its index; descendants' copies, too
  // Foreign keys that need the key of `table` (all of them, or those that reference exactly `columns`).
  std::vector<Member> foreign_keys_to(const QualifiedName& table,
                                      const std::vector<std::string>* columns = nullptr) const;
  void invalidate_index(QualifiedName name);  // and those that it hangs on
  void validate_index(
      const QualifiedName& parent);  // an ON ONLY index is valid once every partition has one attached

  std::string user_of_type(const QualifiedName& name) const;  // "column c of table t", or ""

  // ---- dropping; the caller has looked at what depends
  void drop_table(const QualifiedName& name);
  void drop_column(Table& table, const std::string& name);
  void drop_sequence(const QualifiedName& name);
  void drop_owned_sequences(const QualifiedName& table, const std::string* column = nullptr);
  void drop_type(const QualifiedName& name);  // and the columns of that type
  void drop_views_on(const QualifiedName& table, const std::string* column = nullptr);
  std::vector<QualifiedName> views_on(const QualifiedName& table) const;
  void drop_schema(const std::string& schema);

  // ---- renaming
  void rename_table(const QualifiedName& from, const QualifiedName& to);
  void rename_index(const QualifiedName& from, const QualifiedName& to);
  void rename_sequence(const QualifiedName& from, const QualifiedName& to);
  void rename_column(Table& table, const std::string& from, const std::string& to);
  void rename_type(const QualifiedName& from, const QualifiedName& to);
  void rename_constraint(Table& table, Constraint& constraint, const std::string& to);  // its index aside
  void rename_schema(const std::string& from, const std::string& to);

 private:
  void rename_index_parent(const QualifiedName& from, const QualifiedName& to);
  void retype(const std::string& from, const std::string& to);
  void erase_one_constraint(Table& table, const std::string& name);
};

// makeObjectName: first_second_label in 63 bytes, the longer of the two cut.
std::string make_object_name(std::string first, std::string second, const std::string& label);
// Names joined by "_" until 64 bytes, as the server names keys over several columns.
std::string joined_columns(const std::vector<std::string>& columns);

// A name in an expression's text replaced, other words and strings left alone.
std::string rename_in_expression(std::string_view text, const std::string& from, const std::string& to);

// The words that an expression's text holds as names.
std::set<std::string> names_in_expression(std::string_view text);

}  // namespace pgadvise::sql
