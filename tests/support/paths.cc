#include "support/paths.h"

namespace pgadvise::testing_support {

const char* const source_dir = PGADVISE_SOURCE_DIR;
const char* const program = PGADVISE_PROGRAM;

}  // namespace pgadvise::testing_support
