// Masks constants in SQL that are compared with, assigned to, or named as a secret.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// "'***'" in place of each string and number that belongs to a column, setting, key or argument whose name
// `is_secret`. AND, OR, commas, brackets, CASE and the clauses of a query divide SQL into parts, and
//   - where a part has a comparison or another operator, and a secret's name, all of its constants go:
//     'x' = password, data->>'password' = 'x', coalesce(password, '') = 'x', password IN ('x', 'y')
//   - so do a function's, where one argument is a secret, or where the function takes or makes secrets:
//     crypt('x', password), set_config('app.secret', 'x', false), digest('x', 'sha256'), verify_token('x')
//   - and values in the place of a secret: INSERT INTO t (name, password) VALUES ('ok', 'x'),
//     'x' AS password, SET app.secret = x, PASSWORD 'x', DEFAULT 'x'
// A part has what the brackets in it yield: (SELECT password FROM u WHERE id = 3) = 'x' hides 'x' and keeps
// 3. A string that assigns a secret by itself, as in '{"pin_secret": 1}' and 'host=h password = x', goes as a
// whole, and so does COPY's PROGRAM; strings in dollars are read as SQL. Text that is no SQL, or cut off, is
// read as far as that goes; text that was masked stays as it is. Takes time linear in the text, and calls
// `is_secret` a few times for each name.
std::string mask_constants(std::string_view text, bool (*is_secret)(std::string_view name));

}  // namespace pgadvise
