# Warnings for all targets; toa_core_warnings adds what Wireshark's own headers do not pass.
add_library(toa_warnings INTERFACE)
target_compile_options(toa_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
  -Werror=implicit-function-declaration
  $<$<BOOL:${TOA_WERROR}>:-Werror>)

add_library(toa_core_warnings INTERFACE)
target_link_libraries(toa_core_warnings INTERFACE toa_warnings)
target_compile_options(toa_core_warnings INTERFACE -Wconversion -Wundef)
