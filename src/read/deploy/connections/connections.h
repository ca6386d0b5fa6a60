// Finds how the committed files of a repository connect to its database, and what code stores in it as JSON.
// Each read_ function reads the files of the tree once and fills members of the Project; files for
// development and tests are left out.
#pragma once

#include <string_view>

#include "files/tree.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

// Fills Project::insecure_connections, pools and instances: TLS and the number of connections, from URLs,
// options in code, and settings of compose files, Kubernetes, fly.io and PgBouncer.
void read_connections(files::Tree& tree, Project& project);

// Fills Project::timeouts, the lock_timeout and statement_timeout of the connection that runs migrations:
// PGOPTIONS in environments, Dockerfiles, compose files, workflows and scripts; the options of connection
// URLs; ALTER ROLE and ALTER DATABASE … SET in .sql files; the configuration of migration tools (drizzle-kit,
// knex, Prisma, TypeORM, Sequelize, Rails, Django, Alembic), and code that runs migrations. Only values above
// 0 count, as a number with or without a unit.
void read_session_timeouts(files::Tree& tree, Project& project);

// Fills Project::coded_as_json and code_files: names of values that application code parses from JSON or
// serializes to JSON, which a text column of that name then contains. Code is read as text:
// `JSON.parse(row.settings)`, `settings: JSON.stringify(…)`, `json.loads(row["settings"])`, `serialize
// :settings, JSON`. Calls that also encrypt do not count, because the column then contains no JSON.
void read_json_in_code(files::Tree& tree, Project& project);

// Whether the host's name is that of a public server. false: a private address, a service of a compose file,
// or a placeholder.
bool remote_host(std::string_view host);

// Whether the host consists of digits and dots.
bool is_address(std::string_view host);
// Whether the host is an IPv4 address of a private network: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.
bool private_address(std::string_view host);

// Whether the file, by its name in lower case, has environment variables: ".env", ".env.production",
// "app.env".
bool is_environment_file(std::string_view name);

}  // namespace pgadvise::deploy
