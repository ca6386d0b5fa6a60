// Credentials never reach a report.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise {

// "postgres://user:***@host", "PGPASSWORD=***", "--password ***", "?password=***". Values that are variables
// stay. A text that is a connection string by itself is read as libpq reads it, blanks, quotes and mistakes
// included.
std::string mask_credentials(std::string_view text);

// The same of text that is no connection string as a whole: a command, a sentence, SQL. Masked, too: PASSWORD
// '***', "password": "***", token = '***', api_key text DEFAULT '***'. Text that was masked stays as it is.
std::string mask_secrets(std::string_view text);

// The same for each string of a JSON text: plans hold conditions in strings.
std::string mask_secrets_in_json(std::string_view json);

// Which of the parameters $1 … $count of a statement belong to a column, setting or key that is named like a
// secret.
std::vector<bool> secret_parameters(std::string_view statement, std::size_t count);

// Does `before`, the text up to a word, end with the name of a secret, as in "ALTER ROLE joe PASSWORD " and
// "SET app.token = "? Then the word is the secret.
bool ends_with_secret_name(std::string_view before);

// A URI or key=value string for libpq, where a file was expected.
bool looks_like_conninfo(std::string_view text);

}  // namespace pgadvise
