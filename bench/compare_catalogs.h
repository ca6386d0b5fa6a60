// Compares two catalogs object by object, for measurements of how much of a schema is read.
#pragma once

#include <string>

#include "model/schema/catalog.h"

namespace pgadvise::bench {

// Prints a line of counts for `name` (per kind of object: equal of those expected), and each difference.
// `a` and `b`: what the catalogs are called.
void compare(const Catalog& found, const std::string& a, const Catalog& expected, const std::string& b,
             const std::string& name);

}  // namespace pgadvise::bench
