# Flags of our own code, in one place: link fw::flags PRIVATE to every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(fw_flags INTERFACE)
add_library(fw::flags ALIAS fw_flags)
target_include_directories(fw_flags INTERFACE ${CMAKE_SOURCE_DIR})
# Designated initializers leave the rest to its defaults on purpose, which g++
# calls missing.
target_compile_options(fw_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers
  $<$<BOOL:${FW_WERROR}>:-Werror>)
# clang++ counts signs among conversions, g++ does not; it alone knows which
# mutex guards what.
target_compile_options(fw_flags INTERFACE
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion;-Wthread-safety>)
if(NOT FW_SANITIZE)
  target_compile_definitions(fw_flags INTERFACE
    $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
  target_compile_options(fw_flags INTERFACE -fstack-protector-strong)
endif()

# Sanitizers go to generated code too: ThreadSanitizer must see every access.
if(FW_SANITIZE)
  add_compile_options(-fsanitize=${FW_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FW_SANITIZE})
  # g++ warns of std::regex itself when it is instrumented.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# A hundred programs of tests are linked, most with all of gRPC in them: this
# linker takes a quarter of the time.
find_program(FW_LLD NAMES ld.lld)
if(FW_LLD AND CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_link_options(-fuse-ld=lld)
endif()

# fw_library(NAME SOURCES... LINK libraries...): one folder, one target, with
# the alias fw::NAME. Links are PUBLIC: our headers name what they use.
# OPTIMIZED: tests ask it millions of questions, also where nothing else is.
function(fw_library name)
  cmake_parse_arguments(ARG "OPTIMIZED" "" "SOURCES;LINK" ${ARGN})
  add_library(fw_${name} STATIC ${ARG_SOURCES})
  add_library(fw::${name} ALIAS fw_${name})
  target_link_libraries(fw_${name} PRIVATE fw::flags PUBLIC ${ARG_LINK})
  target_include_directories(fw_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  if(ARG_OPTIMIZED)
    target_compile_options(fw_${name} PRIVATE $<$<CONFIG:Debug>:-O1>)
  endif()
  # clang takes no headers that were precompiled with less optimisation.
  if(NOT (ARG_OPTIMIZED AND FW_SANITIZE))
    fw_use_pch(fw_${name} fw_pch ${ARG_LINK})
  endif()
endfunction()
