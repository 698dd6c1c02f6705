# BPF objects and their skeletons.
find_program(FW_CLANG NAMES clang clang-19 clang-16 clang-14 REQUIRED)
find_program(FW_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

# fw_bpf_object(NAME SOURCE file): compiles one BPF C file and makes the target
# fw::NAME with the header "NAME.skel.h".
#
# -mcpu=v2, not v3: with 32-bit registers the compiler spills 4 bytes at a time
# to the stack, and where something else was spilled before, the verifier calls
# that the corruption of a pointer when CAP_PERFMON is missing.
function(fw_bpf_object name source)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  # The BPF target knows no multiarch folders; asm/types.h is in one.
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${FW_CLANG} -target bpf -mcpu=v2 -O2 -g -std=gnu11
            -Wall -Wextra -Werror -Wno-unused-parameter
            -I ${CMAKE_SOURCE_DIR}
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
            -MD -MF ${object}.d -MT ${object}
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source}
    DEPFILE ${object}.d
    COMMENT "BPF object ${name}")
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${FW_BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}.new
    COMMAND ${CMAKE_COMMAND} -E rename ${skeleton}.new ${skeleton}
    DEPENDS ${object}
    COMMENT "BPF skeleton ${name}")
  add_custom_target(fw_${name}_gen DEPENDS ${skeleton})
  add_library(fw_${name} INTERFACE)
  add_library(fw::${name} ALIAS fw_${name})
  add_dependencies(fw_${name} fw_${name}_gen)
  target_include_directories(fw_${name} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(fw_${name} INTERFACE fw::libbpf)
endfunction()
