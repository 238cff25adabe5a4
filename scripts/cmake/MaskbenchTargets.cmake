# maskbench_layer(NAME [USES layer…] [LIBRARIES …] [PRIVATE_LIBRARIES …])
#   framework/NAME/include is the layer's own include root, so a header of a layer that is not named
#   by USES (directly or through one that is) cannot be included at all.
function(maskbench_layer name)
  cmake_parse_arguments(ARG "" "" "USES;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  set(folder ${CMAKE_SOURCE_DIR}/framework/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc)
  add_library(maskbench_${name} STATIC ${sources})
  add_library(maskbench::${name} ALIAS maskbench_${name})
  target_include_directories(maskbench_${name} PUBLIC $<BUILD_INTERFACE:${folder}/include>
                                                    PRIVATE ${folder})
  list(TRANSFORM ARG_USES PREPEND maskbench::)
  target_link_libraries(maskbench_${name} PUBLIC ${ARG_USES} ${ARG_LIBRARIES}
                                          PRIVATE ${ARG_PRIVATE_LIBRARIES})
  maskbench_own_code(maskbench_${name})
endfunction()

# Warnings, sanitisers and clang-tidy for a target of ours.
function(maskbench_own_code target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror -Wnon-virtual-dtor)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT MASKBENCH_TIDY)
    target_compile_options(${target} PRIVATE -Wshadow=local)  # clang-tidy does not know it.
  endif()
  if(MASKBENCH_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${MASKBENCH_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${MASKBENCH_SANITIZE})
  endif()
  if(MASKBENCH_TIDY)
    set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "clang-tidy;--quiet")
  endif()
endfunction()
