// Masks credentials, so that no report contains them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise {

// "postgres://user:***@host", "PGPASSWORD=***", "--password ***", "?password=***". Keeps values that are
// variables. A text that is a connection string is read as libpq reads it, including blanks, quotes and
// mistakes.
std::string mask_credentials(std::string_view text);

// The same for other text: a command, a sentence, SQL. Also masks PASSWORD '***', "password": "***", token =
// '***', api_key text DEFAULT '***'. What was masked may be masked again: each *** stays.
std::string mask_secrets(std::string_view text);

// The same without mask_secrets()'s first look (mask_signs.h): some ten times slower, for the test that the
// look misses nothing.
std::string mask_secrets_in_each_form(std::string_view text);

// The same for each string in JSON text, such as the conditions of plans.
std::string mask_secrets_in_json(std::string_view json);

// Which of the parameters $1 … $count of a statement belong to a column, setting or key with the name of a
// secret.
std::vector<bool> secret_parameters(std::string_view statement, std::size_t count);

// Whether `before`, the text up to a word, ends with the name of a secret, as in "ALTER ROLE joe PASSWORD "
// and "SET app.token = ": then the word is the secret.
bool ends_with_secret_name(std::string_view before);

// Whether the text, given as a file name, is a URI or key=value string for libpq.
bool looks_like_conninfo(std::string_view text);

}  // namespace pgadvise
