# Run by cpack on the staged files: what dh_strip would take out. CPACK_STRIP_FILES would leave .comment and .note.
file(GLOB_RECURSE staged ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/toa.so ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/bin/*)
foreach(one IN LISTS staged)
  file(READ ${one} magic LIMIT 4 HEX)
  if(magic STREQUAL "7f454c46") # scripts are installed, too
    list(APPEND binaries ${one})
  endif()
endforeach()
if(NOT binaries)
  message(FATAL_ERROR "no plugin among the staged files")
endif()
execute_process(COMMAND strip --strip-unneeded --remove-section=.comment --remove-section=.note ${binaries}
  COMMAND_ERROR_IS_FATAL ANY)
