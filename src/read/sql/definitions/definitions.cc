#include "sql/definitions/definitions.h"

#include <algorithm>

namespace pgadvise::sql {

using Change = TableChange::Kind;

bool AlterTable::drops_column(std::string_view column) const {
  return std::ranges::any_of(changes, [&](const TableChange& change) {
    return change.kind == Change::drop_column && change.name == column;
  });
}

bool AlterTable::drops_constraint(std::string_view constraint) const {
  return std::ranges::any_of(changes, [&](const TableChange& change) {
    return change.kind == Change::drop_constraint && change.name == constraint;
  });
}

int pass_of(const TableChange& change) {
  switch (change.kind) {
    case Change::drop_column:
    case Change::drop_constraint:
    case Change::drop_not_null:
    case Change::drop_expression:
    case Change::drop_identity:
    case Change::drop_default: return 0;
    case Change::change_type: return 1;
    case Change::add_column: return 2;
    case Change::set_not_null: return 3;
    case Change::add_constraint: {
      const Constraint::Kind kind = change.constraint->constraint.kind;
      return kind == Constraint::Kind::check || kind == Constraint::Kind::foreign_key ? 6 : 5;
    }
    case Change::add_identity: return 6;
    case Change::set_default: return 7;
    default: return 8;
  }
}

}  // namespace pgadvise::sql
