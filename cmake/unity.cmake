# PGADVISE_UNITY=ON compiles the files of each folder as one unit, with clang: from nothing that takes less processor time, and after a change
# of one file more. The scripts use it in a new build folder where they build the program alone: demo, package, bench/run
# (docs/decisions/0043-build.md).
option(PGADVISE_UNITY "Compile the files of each folder as one unit" OFF)

# Generated files, and the migration tools, which name helpers alike: each stays a unit.
set(pgadvise_not_in_unity "/generated/|/migrations/tools$")

# The sources of a library, by their folders.
function(pgadvise_unity target)
  if(NOT PGADVISE_UNITY OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_compile_options(${target} PRIVATE -Wno-shadow)
  get_target_property(_sources ${target} SOURCES)
  foreach(_source IN LISTS _sources)
    get_filename_component(_folder "${_source}" DIRECTORY)
    if(NOT _folder MATCHES "${pgadvise_not_in_unity}")
      file(RELATIVE_PATH _group "${CMAKE_SOURCE_DIR}" "${_folder}")
      string(REPLACE "/" "_" _group "${_group}")
      set_source_files_properties("${_source}" PROPERTIES UNITY_GROUP "${_group}")
    endif()
  endforeach()
endfunction()
