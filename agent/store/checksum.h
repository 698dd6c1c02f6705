// Checksums of rows: SQLite alone does not see a flipped bit inside of one.
#ifndef FWAGENT_AGENT_STORE_CHECKSUM_H_
#define FWAGENT_AGENT_STORE_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;

namespace fwagent::store {

// CRC-32 over the values of a row in the order of its columns: types, lengths
// and contents. What is in state files depends on it: never to be changed.
class RowChecksum {
 public:
  RowChecksum() { bytes_.reserve(kUsualBytes); }

  RowChecksum& Integer(std::int64_t value);
  RowChecksum& Text(std::string_view value);
  RowChecksum& Blob(std::string_view value);
  RowChecksum& Null();

  // 0 to 2^32 - 1.
  std::int64_t Value() const;

 private:
  static constexpr std::size_t kUsualBytes = 192;

  RowChecksum& Bytes(char type, std::string_view value);

  std::string bytes_;
};

// Makes fw_checksum(value, ...) known to this connection: the same in SQL.
// Returns SQLite's result code.
int AddChecksumFunction(sqlite3* connection);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_CHECKSUM_H_
