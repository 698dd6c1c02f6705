# What we use of other people's: Debian packages only, found by pkg-config.
#
# gRPC, Protobuf and Abseil are linked from their archives: fwctl is started
# once for each banned address, and the dynamic loader would take twice as long
# as the call. The agent and the tests use the same archives, so that no
# program ever holds two copies of Abseil.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# fw_package(NAME [STATIC] MODULES m...): imported target fw::NAME from
# pkg-config modules; headers are SYSTEM. With STATIC, everything in the
# closure that has an archive is linked from it.
function(fw_package name)
  cmake_parse_arguments(ARG "STATIC" "" "MODULES" ${ARGN})
  string(TOUPPER FW_PC_${name} prefix)
  pkg_check_modules(${prefix} REQUIRED ${ARG_MODULES})
  add_library(fw_${name} INTERFACE)
  add_library(fw::${name} ALIAS fw_${name})
  target_include_directories(fw_${name} SYSTEM INTERFACE ${${prefix}_INCLUDE_DIRS})
  target_compile_options(fw_${name} INTERFACE ${${prefix}_CFLAGS_OTHER})
  if(NOT ARG_STATIC)
    target_link_libraries(fw_${name} INTERFACE ${${prefix}_LINK_LIBRARIES})
    return()
  endif()
  set(archives "")
  set(shared "")
  set(libraries ${${prefix}_STATIC_LIBRARIES})
  list(REMOVE_DUPLICATES libraries)
  foreach(library IN LISTS libraries)
    if(library MATCHES "^(yaml-cpp|grpc|gpr|upb|re2|cares|address_sorting|absl_|protobuf)")
      find_library(FW_ARCHIVE_${library} NAMES lib${library}.a REQUIRED)
      list(APPEND archives ${FW_ARCHIVE_${library}})
    else()
      list(APPEND shared ${library})
    endif()
  endforeach()
  list(JOIN archives "," archives)
  target_link_libraries(fw_${name} INTERFACE
    $<LINK_GROUP:RESCAN,${archives}> ${shared} Threads::Threads)
endfunction()

fw_package(absl STATIC MODULES
  absl_status absl_statusor absl_strings absl_str_format absl_time
  absl_synchronization absl_flat_hash_map absl_flat_hash_set absl_btree absl_cord)
fw_package(protobuf STATIC MODULES protobuf)
# re2: grpc++ names its archive but not what the archive needs from Abseil.
fw_package(grpc STATIC MODULES grpc++ protobuf re2)
find_library(FW_GRPC_REFLECTION NAMES libgrpc++_reflection.a REQUIRED)
fw_package(libbpf MODULES libbpf)
fw_package(crypto MODULES libcrypto)
fw_package(sqlite MODULES sqlite3)
fw_package(zlib MODULES zlib)
# STATIC: fwctl starts a millisecond earlier.
fw_package(yaml STATIC MODULES yaml-cpp)
fw_package(spdlog MODULES spdlog)
fw_package(systemd MODULES libsystemd)

find_path(FW_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
add_library(fw_cli11 INTERFACE)
add_library(fw::cli11 ALIAS fw_cli11)
target_include_directories(fw_cli11 SYSTEM INTERFACE ${FW_CLI11_INCLUDE})

# fwctl loads the library itself, when it is needed: headers alone.
pkg_check_modules(FW_PC_PCAP REQUIRED libpcap)
add_library(fw_pcap_headers INTERFACE)
add_library(fw::pcap_headers ALIAS fw_pcap_headers)
target_include_directories(fw_pcap_headers SYSTEM INTERFACE ${FW_PC_PCAP_INCLUDE_DIRS})
