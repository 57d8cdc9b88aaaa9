# Every library the house stands on, from Debian 12 packages (deploy/install-deps lists them).
find_package(PkgConfig REQUIRED)
foreach(dep
    "ICU:icu-uc;icu-i18n" "XML:libxml-2.0" "ESPEAK:espeak-ng" "SNDFILE:sndfile" "EBUR128:libebur128" "SOXR:soxr"
    "PROTOBUFC:libprotobuf-c" "ZMQ:libzmq" "SQLITE:sqlite3" "YAML:yaml-0.1" "JANSSON:jansson"
    "SODIUM:libsodium" "ARCHIVE:libarchive" "MPI:ompi-c")
  string(REGEX REPLACE ":.*" "" name "${dep}")
  string(REGEX REPLACE "^[^:]*:" "" mods "${dep}")
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${mods})
endforeach()
find_program(PROTOC_C NAMES protoc-c REQUIRED)
find_package(Threads REQUIRED)
# The serial OpenBLAS is linked statically by its full path: by its soname the alternatives system would
# decide at run time which flavour is loaded (measured: a -lopenblas link got the pthread one).
find_library(OPENBLAS_SERIAL NAMES libopenblas.a
  PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial NO_DEFAULT_PATH REQUIRED)
find_path(OPENBLAS_SERIAL_INCLUDE NAMES cblas.h
  PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial NO_DEFAULT_PATH REQUIRED)
