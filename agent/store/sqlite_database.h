// A connection to one SQLite file.
#ifndef FWAGENT_AGENT_STORE_SQLITE_DATABASE_H_
#define FWAGENT_AGENT_STORE_SQLITE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/store/sqlite_statement.h"

struct sqlite3;

namespace fwagent::store {

// Knows the SQL function of checksum.h. Not thread-safe. Errors are those of
// SqliteStatus.
class SqliteDatabase {
 public:
  // Opens the file, or creates it, readable by its owner alone. Nothing is
  // written to a file that is there, not even when it is closed again, until
  // AllowWrites is called.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& file);

  absl::Status AllowWrites();

  // Runs one or several statements, and ignores their rows.
  absl::Status Execute(const std::string& sql);

  absl::StatusOr<SqliteStatement> Prepare(const std::string& sql);

  // The first column of the first row.
  absl::StatusOr<std::int64_t> ReadInteger(const std::string& sql);
  absl::StatusOr<std::string> ReadText(const std::string& sql);

  // Runs `steps` in one transaction, which is on disk when this returns OK, and
  // leaves no trace otherwise.
  absl::Status InTransaction(absl::FunctionRef<absl::Status()> steps);

  const std::string& file() const { return file_; }

 private:
  struct Closer {
    void operator()(sqlite3* connection) const;
  };

  SqliteDatabase(std::string file, sqlite3* connection);

  absl::StatusOr<SqliteStatement> FirstRow(const std::string& sql);
  void Abandon();

  std::string file_;
  std::unique_ptr<sqlite3, Closer> connection_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SQLITE_DATABASE_H_
