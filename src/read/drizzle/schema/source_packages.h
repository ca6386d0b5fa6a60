// What packages beside drizzle-orm/pg-core declare that schemas refer to.
#pragma once

#include "typescript/program.h"

namespace pgadvise::drizzle {

// Gives the program the roles and tables of drizzle-orm/supabase and drizzle-orm/neon (as of 0.45).
void provide_packages(typescript::Program& program);

}  // namespace pgadvise::drizzle
