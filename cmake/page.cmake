# The page of `--format html`: web/ is built with the npm packages in build/web (scripts/packages.sh), and the program contains the
# result. Defines pgadvise_page (ON or OFF), PGADVISE_PAGE_FILE and the target report_page.
set(PGADVISE_PAGE AUTO CACHE STRING "Contain the page of --format html: AUTO, ON (fails without node and the packages) or OFF")
set_property(CACHE PGADVISE_PAGE PROPERTY STRINGS AUTO ON OFF)
set(PGADVISE_PAGE_PACKAGES "${CMAKE_SOURCE_DIR}/build/web" CACHE PATH "Folder with the node_modules of web/package-lock.json")
set(PGADVISE_BUILT_PAGE "" CACHE FILEPATH "A page.html that was built before, with NOTICES beside it, in place of building one")

set(pgadvise_page OFF)
set(pgadvise_page_folder "${CMAKE_BINARY_DIR}/page")
set(pgadvise_page_file "${pgadvise_page_folder}/page.html")
if(NOT PGADVISE_PAGE STREQUAL "OFF" AND NOT PGADVISE_FUZZ)
  set(_missing "")
  if(PGADVISE_BUILT_PAGE)
    if(NOT EXISTS "${PGADVISE_BUILT_PAGE}")
      list(APPEND _missing "${PGADVISE_BUILT_PAGE}")
    endif()
  else()
    find_program(PGADVISE_NODE NAMES node nodejs)
    if(NOT PGADVISE_NODE)
      list(APPEND _missing "node")
    endif()
    if(NOT EXISTS "${PGADVISE_PAGE_PACKAGES}/node_modules/vite")
      list(APPEND _missing "${PGADVISE_PAGE_PACKAGES}/node_modules (npm ci --ignore-scripts in a copy of web)")
    endif()
  endif()
  list(JOIN _missing " and " _missing)
  if(_missing STREQUAL "")
    set(pgadvise_page ON)
  elseif(PGADVISE_PAGE STREQUAL "ON")
    message(FATAL_ERROR "The page of --format html can't be built: ${_missing} is missing")
  else()
    message(STATUS "--format html is not in this build: ${_missing} is missing")
  endif()
endif()

if(pgadvise_page)
  if(PGADVISE_BUILT_PAGE)
    cmake_path(GET PGADVISE_BUILT_PAGE PARENT_PATH pgadvise_page_folder)
    set(pgadvise_page_file "${PGADVISE_BUILT_PAGE}")
    add_custom_target(report_page)
  else()
    file(GLOB_RECURSE _page_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/web/src/*" "${CMAKE_SOURCE_DIR}/web/frame/*")
    list(APPEND _page_sources "${CMAKE_SOURCE_DIR}/web/build.mjs" "${CMAKE_SOURCE_DIR}/web/index.html"
      "${CMAKE_SOURCE_DIR}/web/package.json" "${CMAKE_SOURCE_DIR}/web/package-lock.json" "${CMAKE_SOURCE_DIR}/web/tsconfig.json")
    set(_web "${CMAKE_BINARY_DIR}/web")
    # The sources are copied beside a link to the packages: nothing is written into web/.
    add_custom_command(OUTPUT "${pgadvise_page_file}" "${pgadvise_page_folder}/NOTICES"
      COMMAND ${CMAKE_COMMAND} -E rm -rf "${_web}"
      COMMAND ${CMAKE_COMMAND} -E make_directory "${_web}"
      COMMAND ${CMAKE_COMMAND} -E copy_directory "${CMAKE_SOURCE_DIR}/web/src" "${_web}/src"
      COMMAND ${CMAKE_COMMAND} -E copy_directory "${CMAKE_SOURCE_DIR}/web/frame" "${_web}/frame"
      COMMAND ${CMAKE_COMMAND} -E copy "${CMAKE_SOURCE_DIR}/web/build.mjs" "${CMAKE_SOURCE_DIR}/web/index.html"
        "${CMAKE_SOURCE_DIR}/web/package.json" "${CMAKE_SOURCE_DIR}/web/tsconfig.json" "${_web}"
      COMMAND ${CMAKE_COMMAND} -E create_symlink "${PGADVISE_PAGE_PACKAGES}/node_modules" "${_web}/node_modules"
      COMMAND ${PGADVISE_NODE} "${_web}/build.mjs" "${pgadvise_page_file}"
      DEPENDS ${_page_sources}
      COMMENT "Building the page of --format html"
      VERBATIM)
    add_custom_target(report_page DEPENDS "${pgadvise_page_file}")
  endif()
  set_source_files_properties(src/report/pages/page.cc PROPERTIES
    COMPILE_DEFINITIONS "PGADVISE_PAGE_FILE=\"${pgadvise_page_file}\""
    OBJECT_DEPENDS "${pgadvise_page_file}")
endif()
