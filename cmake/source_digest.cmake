# cmake -DLIST=FILE -DROOT=DIR -DOUT=HEADER -DNAME=MACRO -P source_digest.cmake
# Writes a header that defines NAME as the SHA-256 over the names and contents of the files that LIST names (one a
# line, relative to ROOT). A header that would say the same is left alone, so that nothing is compiled again.
file(STRINGS ${LIST} files)
set(all "")
foreach(file ${files})
  file(SHA256 ${ROOT}/${file} digest)
  string(APPEND all "${digest} ${file}\n")
endforeach()
string(SHA256 digest "${all}")
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define ${NAME} \"${digest}\"\n")
