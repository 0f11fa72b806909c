# What `cmake --install` puts down: the libraries, the headers as they lie in the repository, and
# the descriptions that find_package and pkg-config read.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pelton)

install(TARGETS pelton-buffers pelton-runtime EXPORT pelton-targets)
install(DIRECTORY buffers runtime DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pelton
        FILES_MATCHING PATTERN *.hpp)
install(EXPORT pelton-targets NAMESPACE pelton:: DESTINATION ${package_dir})

configure_package_config_file(cmake/pelton-config.cmake.in pelton-config.cmake
    INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 every minor version may break what is built on it.
write_basic_package_version_file(pelton-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pelton-config.cmake
              ${PROJECT_BINARY_DIR}/pelton-config-version.cmake
        DESTINATION ${package_dir})

# pelton.pc finds its prefix from where it lies itself, so that an installed tree can be moved.
file(RELATIVE_PATH pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/pelton.pc.in pelton.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pelton.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
