# cmake --install, and by cpack a Debian package that depends on the libraries that the program was linked with.
include(GNUInstallDirs)
install(TARGETS pgadvise RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)

# The licenses: ours, and of what is compiled in or linked with and not Debian's to name: tree-sitter and the grammar.
file(READ "${CMAKE_SOURCE_DIR}/LICENSE" _licenses)
if(pgadvise_typescript)
  file(READ "${PGADVISE_GRAMMAR}/LICENSE" _grammar_license)
  string(APPEND _licenses "
The program contains the TypeScript grammar of tree-sitter-typescript, and uses tree-sitter (libtree-sitter, Copyright (c) 2018-2022 Max
Brunsfeld). Both have this license:

${_grammar_license}")
endif()
if(pgadvise_page)
  string(APPEND _licenses "
The page of --format html contains packages from npm, with the licenses in the file NOTICES beside this one.
")
  install(FILES "${pgadvise_page_folder}/NOTICES" DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
file(GENERATE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/own/copyright" CONTENT "${_licenses}")

# The program writes its own manual page and completions.
set(_own "${CMAKE_CURRENT_BINARY_DIR}/own")
add_custom_command(TARGET pgadvise POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E make_directory ${_own}
  COMMAND pgadvise manual > ${_own}/pgadvise.1
  COMMAND pgadvise completion bash > ${_own}/pgadvise
  COMMAND pgadvise completion zsh > ${_own}/_pgadvise
  COMMAND pgadvise completion fish > ${_own}/pgadvise.fish
  # As Debian wants them: compressed without a time, so that the same sources give the same files.
  COMMAND gzip -9nc ${_own}/pgadvise.1 > ${_own}/pgadvise.1.gz
  COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/CHANGELOG.md > ${_own}/changelog.gz
  VERBATIM)
install(FILES ${_own}/changelog.gz ${_own}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${_own}/pgadvise.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${_own}/pgadvise DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${_own}/_pgadvise DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${_own}/pgadvise.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pgadvise)
set(CPACK_PACKAGE_CONTACT "the pgadvise project <maintainers@pgadvise.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "finds what makes a PostgreSQL application slow or unsafe")
set(CPACK_PACKAGE_DESCRIPTION "Checks schemas, migrations, logs and deployments, confirms its findings with\nEXPLAIN ANALYZE on a database, and writes the index that fixes them.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# Each release of Debian has libraries of its own, so the name says which one a package is for.
set(_codename "unknown")
if(EXISTS /etc/os-release)
  file(STRINGS /etc/os-release _codename_line REGEX "^VERSION_CODENAME=")
  string(REGEX REPLACE "^VERSION_CODENAME=\"?([a-z]+)\"?$" "\\1" _codename "${_codename_line}")
endif()
execute_process(COMMAND dpkg --print-architecture OUTPUT_VARIABLE _architecture OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
set(CPACK_DEBIAN_FILE_NAME "pgadvise_${PROJECT_VERSION}_${_codename}_${_architecture}.deb")
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql, git")
include(CPack)
