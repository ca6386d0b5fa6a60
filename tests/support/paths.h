// Where the sources lie and the program that is tested. The paths are in one object alone, so that a
// compiler's cache serves every other test of every clone.
#pragma once

namespace pgadvise::testing_support {

extern const char* const source_dir;
extern const char* const program;

}  // namespace pgadvise::testing_support
