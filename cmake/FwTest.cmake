# Eight files of a test take hardly longer to compile than one of them, nearly
# all of which is headers. Not the programs' own files: each has to compile by
# what it includes itself.
option(FW_UNITY "Compile the files of a test several at a time" OFF)
function(fw_compile_together)
  set_target_properties(${ARGN} PROPERTIES UNITY_BUILD ${FW_UNITY} UNITY_BUILD_BATCH_SIZE 8)
endfunction()

# fw_test(NAME ROOM room SOURCES... LINK libraries... [DEFINITIONS D=v...]
#   [DEPENDS targets...] [TIMEOUT seconds] [CROSSES_GRPC] [IN_THE_KERNEL]
#   [ONE_THREAD filter] [NO_THREADS] [BY_HAND filter] [APART]):
# one GoogleTest program, each of its cases a ctest with the room's name as
# label; under sanitizers most programs are one test. The target fw_tests_ROOM
# builds all that a preset has of a room, and nothing else.
#
# The time limit ends tests that hang. It judges nobody's speed: a busy machine
# with a sanitizer takes a minute for what takes two seconds elsewhere.
#
# CROSSES_GRPC: threads hand each other objects through gRPC. Debian's archive
# of it is not instrumented, so ThreadSanitizer does not see the hand-over and
# takes every request for a race: such programs are left out of its preset.
# ONE_THREAD, NO_THREADS: these tests, or all, have no other thread, and so
# nothing for that preset to find.
# BY_HAND: these tests need what only a command of their own gives them.
# APART: its files give the same names to different things, and so cannot be
# compiled together.
# IN_THE_KERNEL: what it judges is the program in the kernel, where sanitizers
# see nothing; what of the agent it needs, other programs test.
foreach(room unit component bpf e2e torture)
  add_custom_target(fw_tests_${room})
endforeach()

function(fw_test name)
  cmake_parse_arguments(ARG "APART;CROSSES_GRPC;IN_THE_KERNEL;NO_THREADS" "ROOM;TIMEOUT;ONE_THREAD;BY_HAND"
    "SOURCES;LINK;DEFINITIONS;DEPENDS" ${ARGN})
  if((ARG_CROSSES_GRPC OR ARG_NO_THREADS) AND FW_SANITIZE MATCHES "thread")
    return()
  endif()
  if(ARG_IN_THE_KERNEL AND FW_SANITIZE)
    return()
  endif()
  set(left_out ${ARG_BY_HAND})
  if(ARG_ONE_THREAD AND FW_SANITIZE MATCHES "thread")
    set(left_out ${ARG_ONE_THREAD})
  endif()
  set(selection "")
  set(filter "")
  if(left_out)
    set(selection TEST_FILTER "-${left_out}")
    set(filter "--gtest_filter=-${left_out}")
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE fw::flags ${ARG_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE ${ARG_DEFINITIONS})
  # Compiling them takes longer than running them.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0>)
  fw_use_pch(${name} fw_pch_test ${ARG_LINK})
  if(NOT ARG_APART)
    fw_compile_together(${name})
  endif()
  add_dependencies(fw_tests_${ARG_ROOM} ${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  # Starting a program under a sanitizer takes longer than most cases do.
  if(FW_SANITIZE AND ARG_ROOM MATCHES "^(unit|component)$")
    add_test(NAME ${ARG_ROOM}/${name} COMMAND ${name} --gtest_brief=1 ${filter})
    set_tests_properties(${ARG_ROOM}/${name} PROPERTIES
      LABELS ${ARG_ROOM} TIMEOUT 1500 SKIP_REGULAR_EXPRESSION "SKIPPED")
    return()
  endif()
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    TEST_PREFIX ${ARG_ROOM}/
    ${selection}
    PROPERTIES LABELS ${ARG_ROOM} TIMEOUT ${ARG_TIMEOUT})
endfunction()
