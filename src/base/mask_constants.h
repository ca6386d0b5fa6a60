// Masks constants in SQL that are compared with, assigned to, or named as a secret.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// "'***'" in place of each string and number that belongs to a column, setting, key or argument whose name
// `is_secret`:
//   'x' = password, password IN ('x', 'y'), 'x' IN (password, token), password BETWEEN 'x' AND 'y', password
//   = crypt('x', salt), (name, password) = ('x', 'y'), INSERT INTO t (name, password) VALUES ('x', 'y'), CASE
//   password WHEN 'x', 'x' AS password, data->>'password' = 'x', set_config('app.secret', 'x', false), SET
//   app.secret = x, ALTER ROLE r PASSWORD 'x'
// Where a row or a function's arguments hold one such name, all constants of it and of what it is compared
// with go. Subqueries keep theirs. Text that is no SQL, or cut off, is read as far as that goes; text that
// was masked stays as it is. Takes time linear in the text.
std::string mask_constants(std::string_view text, bool (*is_secret)(std::string_view name));

}  // namespace pgadvise
