#include "agent/store/sqlite_statement.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstddef>

#include "agent/store/sqlite_status.h"

namespace fwagent::store {
namespace {

// SQLite takes a null pointer for NULL, whatever the length.
const char* NonNull(std::string_view bytes) {
  return bytes.data() == nullptr ? "" : bytes.data();
}

}  // namespace

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteStatement& SqliteStatement::Integer(std::int64_t value) {
  return Bound(sqlite3_bind_int64(statement_.get(), next_parameter_, value));
}

SqliteStatement& SqliteStatement::Text(std::string_view value) {
  return Bound(sqlite3_bind_text64(statement_.get(), next_parameter_,
                                   NonNull(value), value.size(),
                                   SQLITE_TRANSIENT, SQLITE_UTF8));
}

SqliteStatement& SqliteStatement::Blob(std::string_view value) {
  return Bound(sqlite3_bind_blob64(statement_.get(), next_parameter_,
                                   NonNull(value), value.size(),
                                   SQLITE_TRANSIENT));
}

SqliteStatement& SqliteStatement::Null() {
  return Bound(sqlite3_bind_null(statement_.get(), next_parameter_));
}

absl::StatusOr<bool> SqliteStatement::Step() {
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  errno = 0;
  const int code =
      bind_code_ == SQLITE_OK ? sqlite3_step(statement_.get()) : bind_code_;
  if (code == SQLITE_ROW) return true;
  const absl::Status status = SqliteStatus(connection, code);
  Reset();
  if (!status.ok()) return status;
  return false;
}

absl::Status SqliteStatement::Run() {
  absl::Status status = Step().status();
  Reset();
  return status;
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_.get());
  next_parameter_ = 1;
  bind_code_ = SQLITE_OK;
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t SqliteStatement::IntegerAt(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::BytesAt(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

SqliteStatement& SqliteStatement::Bound(int code) {
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
  ++next_parameter_;
  return *this;
}

}  // namespace fwagent::store
