# What src/read/typescript reads source with: tree-sitter, from Debian, and the C sources of the TypeScript grammar, which npm brings
# (scripts/packages.sh). Defines pgadvise_typescript (ON or OFF) and the target typescript_grammar. The grammar is no code of ours: it is
# compiled without our warnings, sanitizers and clang-tidy, so this file is included before those options are set.
set(PGADVISE_TYPESCRIPT AUTO CACHE STRING "Read TypeScript source: AUTO, ON (fails without tree-sitter and the grammar) or OFF")
set_property(CACHE PGADVISE_TYPESCRIPT PROPERTY STRINGS AUTO ON OFF)
set(PGADVISE_GRAMMAR "${CMAKE_SOURCE_DIR}/build/grammar/node_modules/tree-sitter-typescript" CACHE PATH
  "The unpacked npm package tree-sitter-typescript")

set(pgadvise_typescript OFF)
if(NOT PGADVISE_TYPESCRIPT STREQUAL "OFF")
  find_path(TreeSitter_INCLUDE_DIR tree_sitter/api.h)
  find_library(TreeSitter_LIBRARY tree-sitter)
  set(_missing "")
  if(NOT TreeSitter_INCLUDE_DIR OR NOT TreeSitter_LIBRARY)
    list(APPEND _missing "tree-sitter (libtree-sitter-dev)")
  endif()
  if(NOT EXISTS "${PGADVISE_GRAMMAR}/tsx/src/parser.c")
    list(APPEND _missing "the grammar in ${PGADVISE_GRAMMAR} (npm ci --ignore-scripts in a copy of cmake/grammar)")
  endif()
  list(JOIN _missing " and " _missing)
  if(_missing STREQUAL "")
    set(pgadvise_typescript ON)
  elseif(PGADVISE_TYPESCRIPT STREQUAL "ON")
    message(FATAL_ERROR "TypeScript source can't be read: ${_missing} is missing")
  endif()
endif()

if(pgadvise_typescript)
  enable_language(C)
  add_library(typescript_grammar STATIC
    "${PGADVISE_GRAMMAR}/typescript/src/parser.c" "${PGADVISE_GRAMMAR}/typescript/src/scanner.c"
    "${PGADVISE_GRAMMAR}/tsx/src/parser.c" "${PGADVISE_GRAMMAR}/tsx/src/scanner.c")
  target_include_directories(typescript_grammar SYSTEM PRIVATE "${PGADVISE_GRAMMAR}/typescript/src")
  target_compile_options(typescript_grammar PRIVATE -w -O2)
  set_target_properties(typescript_grammar PROPERTIES C_STANDARD 11 C_CLANG_TIDY "")
  target_link_libraries(typescript_grammar INTERFACE "${TreeSitter_LIBRARY}")
  message(STATUS "TypeScript source is read with ${PGADVISE_GRAMMAR}")
elseif(PGADVISE_TYPESCRIPT STREQUAL "OFF")
  message(STATUS "TypeScript source is not read: PGADVISE_TYPESCRIPT is OFF")
else()
  message(WARNING "TypeScript source is not read by this build: ${_missing} is missing")
endif()
