// libpg_query's JSON -> its own protobuf-c structs. The library's other way, packing them as protobuf for the
// caller to unpack, takes four times as long: a Node has over two hundred alternatives, and both look at
// every one of them for every node. Internal to src/sql.
#pragma once

#include <memory_resource>
#include <string_view>

#include <pg_query.pb-c.h>

namespace pgadvise::sql {

// The tree lies in `memory`, and is never freed by itself. nullptr: a field or value that the structs don't
// have, or a number that the JSON leaves out because it is not positive (libpg_query writes 0 and -1 alike)
// while the statement it was made of may well have a negative one. Recursion is as deep as the tree.
PgQuery__ParseResult* read_tree(std::string_view json, std::string_view statement,
                                std::pmr::memory_resource& memory);

}  // namespace pgadvise::sql
