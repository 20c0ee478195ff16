# What `cmake --install` copies where: the folders are ToaPackage.cmake's.

# ---- plugin and profile ----

install(TARGETS toa LIBRARY DESTINATION ${TOA_INSTALL_PLUGIN_DIR}
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

if(TOA_INSTALL_PERSONAL)
  install(CODE "
    set(profile \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${TOA_INSTALL_PROFILE_DIR}\")
    if(EXISTS \"\${profile}\")
      message(STATUS \"Kept: \${profile} (remove it to get this version's)\")
    else()
      file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${TOA_INSTALL_PROFILE_DIR}\" TYPE FILE
        FILES ${TOA_PROFILE_FILES})
    endif()")
else()
  install(FILES ${TOA_PROFILE_FILES} DESTINATION ${TOA_INSTALL_PROFILE_DIR})
endif()

# for `build/<preset>/tshark -C TOA`; a copy, as the GUI writes into the profile in use
foreach(_file IN LISTS TOA_PROFILE_FILES)
  get_filename_component(_name ${_file} NAME)
  configure_file(${_file} ${CMAKE_BINARY_DIR}/home/.config/wireshark/profiles/TOA/${_name} COPYONLY)
endforeach()

# what distributions build with; needs an optimising build, and the sanitizers have their own
foreach(_target toa toa_core toa-read toa-scan toa-watch)
  if(TARGET ${_target} AND NOT TOA_SANITIZE)
    target_compile_options(${_target} PRIVATE -fstack-protector-strong
      $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=2>)
    target_link_options(${_target} PRIVATE LINKER:-z,relro,-z,now)
  endif()
endforeach()

# ---- documents ----

# the same tree as in the sources, so that the links between these work
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CONTRIBUTING.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${TOA_INSTALL_DOC_DIR})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/Dockerfile DESTINATION ${TOA_INSTALL_DOC_DIR})
install(FILES ${PROJECT_SOURCE_DIR}/sample-captures/README.md DESTINATION ${TOA_INSTALL_DOC_DIR}/sample-captures)
install(FILES ${PROJECT_SOURCE_DIR}/tests/matrix/RESULTS.md DESTINATION ${TOA_INSTALL_DOC_DIR}/tests/matrix)
install(FILES ${PROJECT_SOURCE_DIR}/tests/lab/README.md DESTINATION ${TOA_INSTALL_DOC_DIR}/tests/lab)
file(GLOB_RECURSE _documents CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/plugin/doc/*.md ${PROJECT_SOURCE_DIR}/plugin/doc/*.png ${PROJECT_SOURCE_DIR}/plugin/doc/*.pcap
  ${PROJECT_SOURCE_DIR}/batch/*.md ${PROJECT_SOURCE_DIR}/batch/*.png)
foreach(_document IN LISTS _documents)
  get_filename_component(_folder ${_document} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${_document} DESTINATION ${TOA_INSTALL_DOC_DIR}/${_folder})
endforeach()
file(GLOB _captures CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/sample-captures/*.pcap)
install(FILES ${_captures} DESTINATION ${TOA_INSTALL_DOC_DIR}/examples)

# of a build of its own (preset web), if there was one
install(FILES ${PROJECT_SOURCE_DIR}/build/web/toa.html DESTINATION ${TOA_INSTALL_DOC_DIR} OPTIONAL)

find_program(ASCIIDOCTOR asciidoctor DOC "Makes the man page; without it there is none")
find_program(GZIP gzip)
mark_as_advanced(ASCIIDOCTOR GZIP)
set(_package_dir ${CMAKE_BINARY_DIR}/package)
# man pages: name, section and source of each
function(toa_man_page name section source)
  set(_page ${_package_dir}/${name}.${section})
  add_custom_command(OUTPUT ${_page}.gz
    COMMAND ${ASCIIDOCTOR} --backend manpage --failure-level WARN -a reproducible
            -a manmanual=Wireshark -a mansource=toa\ ${PROJECT_VERSION}
            -o ${_page} ${source}
    COMMAND ${GZIP} -9nf ${_page}
    DEPENDS ${source}
    COMMENT "Man page ${name}(${section})"
    VERBATIM)
  add_custom_target(man-${name} ALL DEPENDS ${_page}.gz)
  get_filename_component(_mans ${TOA_INSTALL_MAN_DIR} DIRECTORY)
  install(FILES ${_page}.gz DESTINATION ${_mans}/man${section})
endfunction()
if(ASCIIDOCTOR AND GZIP)
  toa_man_page(wireshark-toa 7 ${PROJECT_SOURCE_DIR}/plugin/doc/man/wireshark-toa.7.adoc)
  if(TARGET toa-scan)
    toa_man_page(toa-scan 1 ${PROJECT_SOURCE_DIR}/batch/toa-scan.1.adoc)
    foreach(_page toa-read toa-watch scan-hosts reduce-hosts toa-clickhouse)
      toa_man_page(${_page} 1 ${PROJECT_SOURCE_DIR}/batch/${_page}.1.adoc)
    endforeach()
  endif()
else()
  message(WARNING "No man pages: they need asciidoctor and gzip (Debian: asciidoctor)")
endif()

include(${CMAKE_CURRENT_LIST_DIR}/deb.cmake)
