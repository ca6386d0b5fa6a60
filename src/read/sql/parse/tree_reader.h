// Parses libpg_query's JSON into its protobuf-c structs. libpg_query's other interface packs the tree as
// protobuf for the caller to unpack, and takes four times as long, since a Node has over two hundred
// alternatives and both sides test each of them for every node. Internal to src/read/sql.
#pragma once

#include <memory_resource>
#include <string_view>

#include <pg_query.pb-c.h>

namespace pgadvise::sql {

// The tree is allocated in `memory`, and not freed separately. nullptr: the JSON has a field or value that
// the structs lack, or omits a number that may be negative (libpg_query omits both 0 and -1). Recursion is as
// deep as the tree.
PgQuery__ParseResult* read_tree(std::string_view json, std::string_view statement,
                                std::pmr::memory_resource& memory);

}  // namespace pgadvise::sql
