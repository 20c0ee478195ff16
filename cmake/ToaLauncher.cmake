# build/<preset>/tshark, see launcher.in; and the folder of the plugin below build/<preset>.
set(TOA_PLUGIN_SUBDIR plugins/${Wireshark_MAJOR_VERSION}.${Wireshark_MINOR_VERSION}/epan)
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/cmake/launcher.in ${CMAKE_BINARY_DIR}/tshark
  @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
