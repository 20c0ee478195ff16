# INPUT as a C byte array NAME, NUL at the end, in OUTPUT.
file(READ ${INPUT} _hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," _bytes "${_hex}")
string(REGEX REPLACE "(0x0a,)" "\\1\n" _bytes "${_bytes}")
file(WRITE ${OUTPUT} "/* Made from ${INPUT}. */\n#include \"reduce/reduce.h\"\n\nconst unsigned char ${NAME}[] = {\n${_bytes}0};\n")
