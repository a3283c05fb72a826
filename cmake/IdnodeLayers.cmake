# idnode_add_layer(NAME SOURCES ... HEADERS ... DEPS ... [PRIVATE_DEPS ...] [PCH ...])
# declares one layer (one folder): a static library `idnode_NAME` with the alias
# `idnode::NAME`, its headers as a verified file set, and the warnings everybody shares.
add_library(idnode_warnings INTERFACE)
target_compile_options(idnode_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  $<$<BOOL:${IDNODE_WERROR}>:-Werror>)
# GCC 12 reports false positives of these in libstdc++ at -O2 (PR 105329, 105651).
target_compile_options(idnode_warnings INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(IDNODE_SANITIZE)
  target_compile_options(idnode_warnings INTERFACE -fsanitize=${IDNODE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(idnode_warnings INTERFACE -fsanitize=${IDNODE_SANITIZE})
endif()

function(idnode_add_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPS;PRIVATE_DEPS;PCH" ${ARGN})
  add_library(idnode_${name} STATIC ${ARG_SOURCES})
  add_library(idnode::${name} ALIAS idnode_${name})
  set_target_properties(idnode_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_sources(idnode_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_link_libraries(idnode_${name} PUBLIC ${ARG_DEPS} PRIVATE idnode_warnings ${ARG_PRIVATE_DEPS})
  if(ARG_PCH)
    target_precompile_headers(idnode_${name} PRIVATE ${ARG_PCH})
  endif()
endfunction()

# idnode_add_program(NAME SOURCES ... DEPS ...): an executable in build/bin.
function(idnode_add_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PCH" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE idnode_warnings ${ARG_DEPS})
  if(IDNODE_JEMALLOC AND JEMALLOC_LIBRARY AND NOT IDNODE_SANITIZE)
    target_link_libraries(${name} PRIVATE ${JEMALLOC_LIBRARY})
  endif()
  if(ARG_PCH)
    target_precompile_headers(${name} PRIVATE ${ARG_PCH})
  endif()
endfunction()
