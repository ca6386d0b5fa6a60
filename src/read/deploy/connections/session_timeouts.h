// Finds where the committed files of a repository set lock_timeout and statement_timeout for the connection
// of migrations.
#pragma once

#include "files/tree.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

// Fills Project::timeouts: PGOPTIONS in environments, Dockerfiles, compose files, workflows and scripts; the
// options of connection URLs; ALTER ROLE and ALTER DATABASE … SET in .sql files; the configuration of
// migration tools (drizzle-kit, knex, Prisma, TypeORM, Sequelize, Rails, Django, Alembic), and code that runs
// migrations. A value of 0, and one that is no number with a unit, is left out, as are files for development
// and tests. Cost: reads these files once.
void read_session_timeouts(files::Tree& tree, Project& project);

}  // namespace pgadvise::deploy
