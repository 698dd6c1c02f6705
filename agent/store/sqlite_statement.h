// A prepared SQL statement.
#ifndef FWAGENT_AGENT_STORE_SQLITE_STATEMENT_H_
#define FWAGENT_AGENT_STORE_SQLITE_STATEMENT_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3_stmt;

namespace fwagent::store {

// Owns the statement; must go before its database. To run it: bind the
// parameters from the first to the last, then Run, or Step while there are
// rows. Errors of binding come out there. Either way it is then ready to be
// bound again.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  // Each sets the next parameter; bytes are copied.
  SqliteStatement& Integer(std::int64_t value);
  SqliteStatement& Text(std::string_view value);
  SqliteStatement& Blob(std::string_view value);
  SqliteStatement& Null();

  // True: there is a row, to be read before the next call.
  absl::StatusOr<bool> Step();

  // Executes a statement whose rows, if any, do not matter.
  absl::Status Run();

  // Gives up rows that are left.
  void Reset();

  // The row; columns count from 0. The views live until the next call.
  bool IsNull(int column) const;
  std::int64_t IntegerAt(int column) const;
  std::string_view BytesAt(int column) const;

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };

  // Keeps the first error of binding, and moves on to the next parameter.
  SqliteStatement& Bound(int code);

  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  int next_parameter_ = 1;
  int bind_code_ = 0;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SQLITE_STATEMENT_H_
