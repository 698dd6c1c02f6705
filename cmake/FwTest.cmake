# fw_test(NAME ROOM room SOURCES... LINK libraries...): one GoogleTest program,
# each of its cases a ctest with the room's name as its label.
function(fw_test name)
  cmake_parse_arguments(ARG "" "ROOM;TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE fw::flags ${ARG_LINK} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    TEST_PREFIX ${ARG_ROOM}/
    PROPERTIES LABELS ${ARG_ROOM} TIMEOUT ${ARG_TIMEOUT})
endfunction()
