# Generated protocol code.
find_program(FW_PROTOC NAMES protoc REQUIRED)
find_program(FW_GRPC_CPP_PLUGIN NAMES grpc_cpp_plugin REQUIRED)

# fw_proto(NAME MESSAGES m.proto... SERVICES s.proto...): target fw::NAME; paths
# are relative to this folder. Generated headers are SYSTEM.
function(fw_proto name)
  cmake_parse_arguments(ARG "" "" "MESSAGES;SERVICES" ${ARGN})
  set(sources "")
  foreach(proto IN LISTS ARG_MESSAGES ARG_SERVICES)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(outputs ${CMAKE_CURRENT_BINARY_DIR}/${stem}.pb.cc
                ${CMAKE_CURRENT_BINARY_DIR}/${stem}.pb.h)
    set(arguments --cpp_out=${CMAKE_CURRENT_BINARY_DIR})
    if(proto IN_LIST ARG_SERVICES)
      list(APPEND outputs ${CMAKE_CURRENT_BINARY_DIR}/${stem}.grpc.pb.cc
                          ${CMAKE_CURRENT_BINARY_DIR}/${stem}.grpc.pb.h)
      list(APPEND arguments --grpc_out=${CMAKE_CURRENT_BINARY_DIR}
                            --plugin=protoc-gen-grpc=${FW_GRPC_CPP_PLUGIN})
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND ${FW_PROTOC} -I ${CMAKE_CURRENT_SOURCE_DIR} ${arguments} ${proto}
      DEPENDS ${ARG_MESSAGES} ${ARG_SERVICES}
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
      COMMENT "Protocol ${proto}")
    list(APPEND sources ${outputs})
  endforeach()
  add_library(fw_${name} STATIC ${sources})
  add_library(fw::${name} ALIAS fw_${name})
  target_include_directories(fw_${name} SYSTEM PUBLIC ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(fw_${name} PUBLIC fw::grpc)
endfunction()
