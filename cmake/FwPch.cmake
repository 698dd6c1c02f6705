# Precompiled headers, of other people's libraries alone: reading those takes
# most of the time that a file of ours takes to compile.
#
# Not in the release preset, where every file compiles by what it includes
# itself.
option(FW_PCH "Precompile the headers of libraries" OFF)

set(FW_PCH_BASE
  <algorithm> <array> <atomic> <chrono> <cstddef> <cstdint> <filesystem>
  <fstream> <functional> <map> <memory> <optional> <random> <set> <sstream>
  <string> <string_view> <thread> <tuple> <utility> <variant> <vector>
  <absl/container/btree_map.h> <absl/container/flat_hash_map.h>
  <absl/container/flat_hash_set.h> <absl/status/status.h>
  <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_join.h>
  <absl/strings/str_split.h> <absl/synchronization/mutex.h>
  <absl/time/clock.h> <absl/time/time.h>)
set(FW_PCH_PROTO
  <grpcpp/grpcpp.h> <google/protobuf/util/json_util.h>
  <fwagent/v1/firewall_service.grpc.pb.h> <fwagent/v1/policy_service.grpc.pb.h>
  <fwagent/v1/set_service.grpc.pb.h>)

# A target of which others take the headers. It has to be what they are, a
# library or a program, because that decides how its code may be placed.
function(fw_pch name)
  cmake_parse_arguments(ARG "PROGRAM" "" "LINK;HEADERS;OPTIONS" ${ARGN})
  if(ARG_PROGRAM)
    add_executable(${name} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
  else()
    add_library(${name} OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
  endif()
  target_link_libraries(${name} PRIVATE fw::flags ${ARG_LINK})
  target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

# To be called when fw::proto is there.
function(fw_make_pch)
  if(NOT FW_PCH)
    return()
  endif()
  set(as_tests OPTIONS $<$<CONFIG:Debug>:-O0>)
  fw_pch(fw_pch_base LINK fw::absl HEADERS ${FW_PCH_BASE})
  fw_pch(fw_pch_proto LINK fw::absl fw::proto HEADERS ${FW_PCH_BASE} ${FW_PCH_PROTO})
  if(FW_TESTS)
    find_package(GTest CONFIG REQUIRED)
    fw_pch(fw_pch_test_base PROGRAM ${as_tests} LINK fw::absl GTest::gmock
      HEADERS ${FW_PCH_BASE} <gmock/gmock.h> <gtest/gtest.h>)
    fw_pch(fw_pch_test_proto PROGRAM ${as_tests} LINK fw::absl fw::proto GTest::gmock
      HEADERS ${FW_PCH_BASE} ${FW_PCH_PROTO} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endfunction()

# Whether these libraries bring the generated protocol code.
function(fw_links_proto result)
  set(${result} FALSE PARENT_SCOPE)
  foreach(library IN LISTS ARGN)
    if(library MATCHES "^fw::(proto|text|document|service|fwctl|fake_agent|service_support|agent_config)$")
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# fw_use_pch(TARGET fw_pch|fw_pch_test libraries...): the headers that go with
# what it links.
function(fw_use_pch target family)
  if(NOT FW_PCH)
    return()
  endif()
  # With it come definitions without which the compiler does not take them.
  target_link_libraries(${target} PRIVATE fw::absl)
  fw_links_proto(proto ${ARGN})
  if(proto)
    target_precompile_headers(${target} REUSE_FROM ${family}_proto)
  else()
    target_precompile_headers(${target} REUSE_FROM ${family}_base)
  endif()
endfunction()
