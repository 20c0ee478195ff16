# Instruments everything; the launcher preloads the run-time library, as tshark itself is not instrumented.
if(TOA_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so
    OUTPUT_VARIABLE TOA_ASAN_LIBRARY OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
