# Run by cpack on the staged files: what dh_strip would take out. CPACK_STRIP_FILES would leave .comment and .note.
file(GLOB_RECURSE binaries ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/toa.so ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/bin/*)
if(NOT binaries)
  message(FATAL_ERROR "no plugin among the staged files")
endif()
execute_process(COMMAND strip --strip-unneeded --remove-section=.comment --remove-section=.note ${binaries}
  COMMAND_ERROR_IS_FATAL ANY)
