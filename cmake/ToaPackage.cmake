# Where `cmake --install` puts what, and the package.
#
# The folder of all users, the default:  sudo cmake --install build/release
#   The prefix is Wireshark's own, as Wireshark looks nowhere else. DESTDIR is respected.
# The folder of one user:                cmake --preset release -DTOA_INSTALL_PERSONAL=ON
#                                        cmake --build --preset release && cmake --install build/release
#   The prefix is the home folder; `--prefix DIR` makes it another one's. Root cannot use it: Wireshark takes plugins
#   for root from the folder of all users only. A profile TOA that is there already is kept: it is the user's now.
# Either way build/release/install_manifest.txt lists the files, for removing them.
# The package:                           cpack --config build/release/CPackConfig.cmake
#
# This file names the folders, before there are targets; package/install.cmake fills them.
option(TOA_INSTALL_PERSONAL "Install into the home folder instead of Wireshark's" OFF)

set(TOA_PACKAGE_NAME wireshark-plugin-toa)
set(TOA_PROFILE_SOURCE ${PROJECT_SOURCE_DIR}/plugin/profile/TOA)
file(GLOB TOA_PROFILE_FILES CONFIGURE_DEPENDS ${TOA_PROFILE_SOURCE}/*)

if(TOA_INSTALL_PERSONAL)
  set(_prefix $ENV{HOME})
  set(TOA_INSTALL_PLUGIN_DIR .local/lib/wireshark/${TOA_PLUGIN_SUBDIR})
  set(TOA_INSTALL_PROFILE_DIR .config/wireshark/profiles/TOA)
  set(_share .local/share)
  set(CMAKE_INSTALL_BINDIR .local/bin)
else()
  set(_prefix ${Wireshark_INSTALL_PREFIX})
  set(TOA_INSTALL_PLUGIN_DIR ${Wireshark_PLUGIN_LIBDIR}/epan)
  set(TOA_INSTALL_PROFILE_DIR share/wireshark/profiles/TOA)
  set(_share share)
endif()
set(TOA_INSTALL_SHARE_DIR ${_share})
set(TOA_INSTALL_DOC_DIR ${_share}/doc/${TOA_PACKAGE_NAME})
set(TOA_INSTALL_MAN_DIR ${_share}/man/man7)
# follows the option when that is changed later, but not over a prefix that the user gave
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT OR CMAKE_INSTALL_PREFIX STREQUAL "${TOA_DEFAULT_PREFIX}")
  set(CMAKE_INSTALL_PREFIX ${_prefix} CACHE PATH "Wireshark's prefix, or the home folder" FORCE)
endif()
set(TOA_DEFAULT_PREFIX ${_prefix} CACHE INTERNAL "The prefix unless the user says otherwise")
