#include "sql/definitions/definitions.h"

#include <algorithm>

namespace pgadvise::sql {

using Kind = TableChange::Kind;

bool AlterTable::drops_column(std::string_view column) const {
  return std::ranges::any_of(changes, [&](const TableChange& change) {
    return change.kind == Kind::drop_column && change.name == column;
  });
}

bool AlterTable::drops_constraint(std::string_view constraint) const {
  return std::ranges::any_of(changes, [&](const TableChange& change) {
    return change.kind == Kind::drop_constraint && change.name == constraint;
  });
}

int pass_of(const TableChange& change) {
  switch (change.kind) {
    case Kind::drop_column:
    case Kind::drop_constraint:
    case Kind::drop_not_null:
    case Kind::drop_expression:
    case Kind::drop_identity:
    case Kind::drop_default: return 0;
    case Kind::change_type: return 1;
    case Kind::add_column: return 2;
    case Kind::set_not_null: return 3;
    case Kind::add_constraint: {
      const Constraint::Kind kind = change.constraint->constraint.kind;
      return kind == Constraint::Kind::check || kind == Constraint::Kind::foreign_key ? 6 : 5;
    }
    case Kind::add_identity: return 6;
    case Kind::set_default: return 7;
    default: return 8;
  }
}

}  // namespace pgadvise::sql
