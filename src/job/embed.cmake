# cmake -DOUT=x.h -DNAME=ora_x -DIN="a.sql;b.sql" -P embed.cmake: each text becomes `static const char NAME_a[]`.
set(code "/* made from ${IN} */\n")
foreach(file ${IN})
  get_filename_component(stem ${file} NAME_WE)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND code "static const char ${NAME}_${stem}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUT} "${code}")
