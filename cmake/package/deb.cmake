# The Debian package: cpack --config build/<preset>/CPackConfig.cmake
# A plugin runs in the series of Wireshark that it was built for and in no other, so the package says which one.
find_program(DPKG_QUERY dpkg-query)
mark_as_advanced(DPKG_QUERY)
if(TOA_INSTALL_PERSONAL OR NOT DPKG_QUERY OR NOT GZIP)
  return()
endif()

# which package the library comes from that we were linked with: libwireshark16 in Debian 12
get_target_property(_library epan LOCATION)
get_filename_component(_library ${_library} REALPATH)
execute_process(COMMAND ${DPKG_QUERY} --search ${_library}
  OUTPUT_VARIABLE _owner OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
string(REGEX REPLACE ":.*" "" _owner "${_owner}")
if(NOT _owner)
  message(STATUS "No package: ${_library} comes from none")
  return()
endif()
set(_series ${Wireshark_MAJOR_VERSION}.${Wireshark_MINOR_VERSION})
math(EXPR _next "${Wireshark_MINOR_VERSION} + 1")
set(_after ${Wireshark_MAJOR_VERSION}.${_next})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ${TOA_PACKAGE_NAME})
set(CPACK_PACKAGE_VENDOR toa)
set(CPACK_PACKAGE_CONTACT "toa maintainers <maintainers@users.noreply.r-seed-fc684eec.example>" CACHE STRING "Maintainer of the package")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
set(CPACK_PACKAGING_INSTALL_PREFIX ${Wireshark_INSTALL_PREFIX})
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/strip.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "${_owner} (>= ${_series}), ${_owner} (<< ${_after})")
if(TARGET toa-scan) # it runs tshark
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", tshark")
endif()
# the next series has its plugins elsewhere and would not load this one, without a word
set(CPACK_DEBIAN_PACKAGE_BREAKS "wireshark-common (>= ${_after}~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "wireshark")
if(TARGET toa-scan) # scan-hosts and reduce-hosts; toa-clickhouse
  set(CPACK_DEBIAN_PACKAGE_SUGGESTS "parallel, openssh-client, curl")
endif()
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Wireshark plugin that finds crossed TCP connections")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Load balancers that replace the client's address hand it to the real server in
a TCP option (TOA), and a module there puts it back. Then two connections that
differ on the wire can be one to the server's TCP stack, and each receives
segments of the other.
.
This plugin for Wireshark and tshark ${_series} decodes the option in its variants,
tells what addresses the server sees, and finds the segments that belong to
another connection, with the evidence for it. The profile TOA comes with it:
columns, colouring rules and filter buttons.")

# ---- what policy asks for in share/doc ----

set(TOA_PACKAGE_VERSION ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${_package_dir}/changelog.Debian @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright.in ${_package_dir}/copyright @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/lintian-overrides.in ${_package_dir}/lintian-overrides @ONLY)
execute_process(COMMAND ${GZIP} -9nkf changelog.Debian WORKING_DIRECTORY ${_package_dir} COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${_package_dir}/copyright ${_package_dir}/changelog.Debian.gz DESTINATION ${TOA_INSTALL_DOC_DIR})
install(FILES ${_package_dir}/lintian-overrides DESTINATION share/lintian/overrides RENAME ${TOA_PACKAGE_NAME})

include(CPack)
