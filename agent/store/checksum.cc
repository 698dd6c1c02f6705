#include "agent/store/checksum.h"

#include <sqlite3.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace fwagent::store {
namespace {

// Least significant byte first, on every machine.
void AppendNumber(std::uint64_t number, std::string& bytes) {
  for (int shift = 0; shift < 64; shift += 8) {
    bytes.push_back(static_cast<char>(number >> shift));
  }
}

void AppendValue(sqlite3_value* value, std::string& bytes) {
  const int type = sqlite3_value_type(value);
  bytes.push_back(static_cast<char>(type));
  if (type == SQLITE_INTEGER) {
    AppendNumber(static_cast<std::uint64_t>(sqlite3_value_int64(value)), bytes);
  } else if (type != SQLITE_NULL) {
    // Text as it is stored, which is UTF-8.
    const void* content = sqlite3_value_blob(value);
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
    AppendNumber(size, bytes);
    if (size > 0) bytes.append(static_cast<const char*>(content), size);
  }
}

void Checksum(sqlite3_context* context, int count, sqlite3_value** values) {
  auto& bytes = *static_cast<std::string*>(sqlite3_user_data(context));
  bytes.clear();
  for (int i = 0; i < count; ++i) AppendValue(values[i], bytes);
  const auto sum =
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  sqlite3_result_int64(context, static_cast<sqlite3_int64>(sum));
}

void DeleteBuffer(void* buffer) { delete static_cast<std::string*>(buffer); }

}  // namespace

int AddChecksumFunction(sqlite3* connection) {
  constexpr int kAnyNumber = -1;
  // Not to be called by what a file says, such as a trigger.
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  return sqlite3_create_function_v2(connection, "fw_checksum", kAnyNumber,
                                    kFlags, new std::string, Checksum, nullptr,
                                    nullptr, DeleteBuffer);
}

}  // namespace fwagent::store
