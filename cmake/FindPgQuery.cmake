# Debian's libpg-query-dev ships neither a pkg-config nor a CMake file.
# Defines PgQuery::PgQuery and PgQuery_VERSION (the PostgreSQL version of the grammar).
find_path(PgQuery_INCLUDE_DIR pg_query.h)
# Debian 12 puts the protobuf header under pg_query/, upstream under protobuf/.
find_path(PgQuery_PB_INCLUDE_DIR pg_query.pb-c.h PATH_SUFFIXES pg_query protobuf)
find_library(PgQuery_LIBRARY pg_query)
find_library(ProtobufC_LIBRARY protobuf-c)
find_path(ProtobufC_INCLUDE_DIR protobuf-c/protobuf-c.h)
if(PgQuery_INCLUDE_DIR)
  file(STRINGS "${PgQuery_INCLUDE_DIR}/pg_query.h" _line REGEX "define PG_VERSION ")
  string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" PgQuery_VERSION "${_line}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PgQuery
  REQUIRED_VARS PgQuery_LIBRARY PgQuery_INCLUDE_DIR PgQuery_PB_INCLUDE_DIR ProtobufC_LIBRARY ProtobufC_INCLUDE_DIR
  VERSION_VAR PgQuery_VERSION)
if(PgQuery_FOUND AND NOT TARGET PgQuery::PgQuery)
  add_library(PgQuery::PgQuery UNKNOWN IMPORTED)
  set_target_properties(PgQuery::PgQuery PROPERTIES
    IMPORTED_LOCATION "${PgQuery_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${PgQuery_INCLUDE_DIR};${PgQuery_PB_INCLUDE_DIR};${ProtobufC_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${ProtobufC_LIBRARY}")
endif()
