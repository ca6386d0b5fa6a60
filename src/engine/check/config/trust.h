// The one decision about where a repository may send the user's credentials. PGPASSWORD, ~/.pgpass and client
// certificates go to whatever server is connected to, so a server that only a repository names is connected
// to when the user allowed it: by --allow-host, or by allow-hosts in the user's own configuration.
#pragma once

#include <string>

#include "check/config/config.h"

namespace pgadvise::check {

// The user's own configuration; empty when there is none. Errors (usage): read_config()'s, and a file that
// others could have written: one inside `repository` (a git work tree, symbolic links resolved; "": none),
// one that belongs neither to this user nor to root, or one that its group or everybody may write (as ssh
// refuses its configuration). The folders above the file are not checked.
tl::expected<Config, Diagnostics> read_user_config(const std::string& repository);

// The connection string of a profile that the user's own configuration names. Errors (usage): its variable is
// not set.
Result<std::string> trusted_conninfo(const std::string& name, const DatabaseProfile& profile);

// The connection string of a profile that a repository names. `service` is one of the user's own
// pg_service.conf. `url` may set no keyword beyond host, hostaddr, port, dbname, user, connect_timeout and
// target_session_attrs, and every server that libpq would try must be among the hosts that the user's
// configuration or this run allows; localhost and sockets are no exceptions. `url-env` is the user's, but for
// variables in which CI systems put what the author of a commit wrote. Errors (usage): what is refused, with
// the option and the line that allow it. No error shows a variable's value.
Result<std::string> repository_conninfo(const std::string& name, const DatabaseProfile& profile,
                                        const Config& user);

// A diagnostic about a file that a symbolic link leads to from a repository (base/boundary.h), without what
// it quotes of that file.
Error without_outside_text(Error error);
// The same where `boundary` is known: a folder, symbolic links resolved.
Error without_outside_text(Error error, const std::string& boundary);

}  // namespace pgadvise::check
