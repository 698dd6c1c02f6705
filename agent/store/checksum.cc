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
  char little_endian[8];
  for (int i = 0; i < 8; ++i) {
    little_endian[i] = static_cast<char>(number >> 8 * i);
  }
  bytes.append(little_endian, sizeof(little_endian));
}

std::string_view ContentOf(sqlite3_value* value) {
  // Text as it is stored, which is UTF-8.
  const void* content = sqlite3_value_blob(value);
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return size == 0 ? std::string_view()
                   : std::string_view(static_cast<const char*>(content), size);
}

void Checksum(sqlite3_context* context, int count, sqlite3_value** values) {
  RowChecksum checksum;
  for (int i = 0; i < count; ++i) {
    switch (sqlite3_value_type(values[i])) {
      case SQLITE_INTEGER:
        checksum.Integer(sqlite3_value_int64(values[i]));
        break;
      case SQLITE_NULL:
        checksum.Null();
        break;
      case SQLITE_BLOB:
        checksum.Blob(ContentOf(values[i]));
        break;
      default:  // no column of ours is REAL
        checksum.Text(ContentOf(values[i]));
    }
  }
  sqlite3_result_int64(context, checksum.Value());
}

}  // namespace

RowChecksum& RowChecksum::Integer(std::int64_t value) {
  bytes_.push_back('i');
  AppendNumber(static_cast<std::uint64_t>(value), bytes_);
  return *this;
}

RowChecksum& RowChecksum::Text(std::string_view value) {
  return Bytes('t', value);
}

RowChecksum& RowChecksum::Blob(std::string_view value) {
  return Bytes('b', value);
}

RowChecksum& RowChecksum::Null() {
  bytes_.push_back('n');
  return *this;
}

RowChecksum& RowChecksum::Bytes(char type, std::string_view value) {
  bytes_.push_back(type);
  AppendNumber(value.size(), bytes_);
  bytes_.append(value);
  return *this;
}

std::int64_t RowChecksum::Value() const {
  return static_cast<std::int64_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes_.data()), bytes_.size()));
}

int AddChecksumFunction(sqlite3* connection) {
  constexpr int kAnyNumber = -1;
  // Not to be called by what a file says, such as a trigger.
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  return sqlite3_create_function_v2(connection, "fw_checksum", kAnyNumber,
                                    kFlags, nullptr, Checksum, nullptr, nullptr,
                                    nullptr);
}

}  // namespace fwagent::store
