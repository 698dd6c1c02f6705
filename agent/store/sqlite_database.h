// A connection to one SQLite file.
#ifndef FWAGENT_AGENT_STORE_SQLITE_DATABASE_H_
#define FWAGENT_AGENT_STORE_SQLITE_DATABASE_H_

#include <atomic>
#include <cstdint>
#include <functional>
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

  // Whenever another connection is in the way, `on_wait` is called, from
  // whatever method waits.
  void OnWait(std::function<void()> on_wait);
  // Calls fail with CANCELLED as soon as this is true; it must outlive us.
  void StopWhen(const std::atomic<bool>* stop);

  // Moves the log into the file, so that the file alone is the whole.
  absl::Status EmptyLog();

  // Writes the content, as it is at one instant, over that of `target`, in
  // small steps before each of which `go_on` is asked; CANCELLED when it says
  // no. Other connections may write meanwhile.
  absl::Status CopyTo(SqliteDatabase& target, absl::FunctionRef<bool()> go_on);

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
  absl::Status CopyPages(SqliteDatabase& target,
                         absl::FunctionRef<bool()> go_on);
  // SQLite's busy handler.
  static int Wait(void* on_wait, int times);

  std::string file_;
  // Where SQLite's handler finds it.
  std::unique_ptr<std::function<void()>> on_wait_;
  std::unique_ptr<sqlite3, Closer> connection_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SQLITE_DATABASE_H_
