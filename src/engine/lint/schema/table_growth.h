// How many rows a table will have, as far as its definition shows.
#pragma once

#include "model/schema/catalog.h"

namespace pgadvise::lint {

enum class Growth {
  lookup,    // its rows are part of the application: types, states, countries, roles
  ordinary,  // grows with the number of users
  growing,   // grows with use: events, messages, sessions, orders
};

// By the table's name. A lookup table also has no foreign keys to other tables and at most eight columns.
// Statistics, where known, have the last word: a lookup table has fewer than 100,000 rows.
Growth growth_of(const Table& table);

// The rows from statistics, else a guess by growth_of(): 200, 20,000 or 1,000,000.
double likely_rows(const Table& table);
// Whether the number of rows is known from statistics.
bool rows_known(const Table& table);

}  // namespace pgadvise::lint
