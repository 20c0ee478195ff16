# What a program that reads hostile files is built with: guarded stacks, checked string functions (where the compiler
# optimises, which they need), addresses that cannot be foreseen, tables of the linker that are read-only.
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
add_compile_options(-fstack-protector-strong)
if(NOT TOA_SANITIZE) # which has checks of its own for the same functions
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
add_link_options(LINKER:-z,relro LINKER:-z,now)
