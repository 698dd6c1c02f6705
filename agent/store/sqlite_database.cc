#include "agent/store/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/store/checksum.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/errno_status.h"
#include "agent/util/scoped_fd.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// How long to wait for someone who looks at the file with another program.
constexpr int kBusyTimeoutMs = 2000;

// SQLite itself would let everyone read a new file.
absl::Status CreateIfAbsent(const std::string& file) {
  const util::ScopedFd fd(
      open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.valid()) return absl::OkStatus();
  return OpenError(file, errno);
}

}  // namespace

void SqliteDatabase::Closer::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

SqliteDatabase::SqliteDatabase(std::string file, sqlite3* connection)
    : file_(std::move(file)),
      on_wait_(std::make_unique<std::function<void()>>()),
      connection_(connection) {}

int SqliteDatabase::Wait(void* on_wait, int times) {
  if (times >= kBusyTimeoutMs) return 0;
  const auto& call = *static_cast<std::function<void()>*>(on_wait);
  if (call) call();
  absl::SleepFor(absl::Milliseconds(1));
  return 1;
}

void SqliteDatabase::OnWait(std::function<void()> on_wait) {
  *on_wait_ = std::move(on_wait);
}

void SqliteDatabase::StopWhen(const std::atomic<bool>* stop) {
  constexpr int kInstructions = 10'000;
  const auto asked = [](void* flag) -> int {
    return static_cast<const std::atomic<bool>*>(flag)->load();
  };
  sqlite3_progress_handler(connection_.get(), kInstructions, asked,
                           const_cast<std::atomic<bool>*>(stop));
}

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& file) {
  FW_RETURN_IF_ERROR(CreateIfAbsent(file));
  sqlite3* connection = nullptr;
  errno = 0;
  const int code =
      sqlite3_open_v2(file.c_str(), &connection,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteDatabase database(file, connection);
  FW_RETURN_IF_ERROR(SqliteStatus(connection, code));
  FW_RETURN_IF_ERROR(SqliteStatus(connection, AddChecksumFunction(connection)));
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_handler(connection, Wait, database.on_wait_.get());
  // The last connection to close would otherwise move the log into the file.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return database;
}

absl::Status SqliteDatabase::AllowWrites() {
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0,
                    nullptr);
  return Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  errno = 0;
  return SqliteStatus(
      connection_.get(),
      sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

absl::StatusOr<SqliteStatement> SqliteDatabase::Prepare(
    const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  errno = 0;
  const int code = sqlite3_prepare_v3(
      connection_.get(), sql.c_str(), static_cast<int>(sql.size()),
      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  SqliteStatement prepared(statement);
  FW_RETURN_IF_ERROR(SqliteStatus(connection_.get(), code));
  return prepared;
}

absl::StatusOr<SqliteStatement> SqliteDatabase::FirstRow(
    const std::string& sql) {
  FW_ASSIGN_OR_RETURN(SqliteStatement statement, Prepare(sql));
  FW_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) {
    return absl::NotFoundError(absl::StrCat(file_, ": no row for ", sql));
  }
  return statement;
}

absl::StatusOr<std::int64_t> SqliteDatabase::ReadInteger(
    const std::string& sql) {
  FW_ASSIGN_OR_RETURN(const SqliteStatement row, FirstRow(sql));
  return row.IntegerAt(0);
}

absl::StatusOr<std::string> SqliteDatabase::ReadText(const std::string& sql) {
  FW_ASSIGN_OR_RETURN(const SqliteStatement row, FirstRow(sql));
  return std::string(row.BytesAt(0));
}

absl::Status SqliteDatabase::InTransaction(
    absl::FunctionRef<absl::Status()> steps) {
  FW_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  absl::Status status = steps();
  bool may_be_written = false;
  if (status.ok()) {
    status = Execute("COMMIT");
    const int code = sqlite3_extended_errcode(connection_.get());
    // What ends the log is the last to be written.
    may_be_written = code != SQLITE_IOERR_WRITE && code != SQLITE_FULL;
  }
  if (status.ok()) return status;
  // SQLite rolls back by itself after some errors.
  if (sqlite3_get_autocommit(connection_.get()) == 0) {
    Execute("ROLLBACK").IgnoreError();
  }
  // A commit whose fsync failed stays whole in the log, where the next start
  // would find it and take it for done. Emptying the log takes it away, and so
  // does the next commit.
  const absl::Status emptied = EmptyLog();
  if (emptied.ok() || !may_be_written) return status;
  return util::WithReason(
      absl::Status(
          status.code(),
          absl::StrCat(status.message(),
                       "; nor can what was written be taken back, so that it "
                       "may be there after a crash, unless another change "
                       "succeeds before")),
      "OUTCOME_UNKNOWN");
}

absl::Status SqliteDatabase::EmptyLog() {
  FW_ASSIGN_OR_RETURN(const std::int64_t busy,
                      ReadInteger("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (busy == 0) return absl::OkStatus();
  return SqliteStatus(connection_.get(), SQLITE_BUSY);
}

absl::Status SqliteDatabase::CopyTo(SqliteDatabase& target,
                                    absl::FunctionRef<bool()> go_on) {
  // One transaction, so that every step sees the same.
  FW_RETURN_IF_ERROR(Execute("BEGIN"));
  absl::Status status =
      ReadInteger("SELECT count(*) FROM sqlite_schema").status();
  if (status.ok()) status = CopyPages(target, go_on);
  Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::Status SqliteDatabase::CopyPages(SqliteDatabase& target,
                                       absl::FunctionRef<bool()> go_on) {
  constexpr int kPagesAtOnce = 256;
  sqlite3* const to = target.connection_.get();
  errno = 0;
  sqlite3_backup* const backup =
      sqlite3_backup_init(to, "main", connection_.get(), "main");
  if (backup == nullptr) return SqliteStatus(to, sqlite3_errcode(to));
  bool wanted = true;
  int code = SQLITE_OK;
  while (code == SQLITE_OK && (wanted = go_on())) {
    errno = 0;
    code = sqlite3_backup_step(backup, kPagesAtOnce);
  }
  const int system_error = errno;
  const int finished = sqlite3_backup_finish(backup);
  if (!wanted) return absl::CancelledError("the copy was given up");
  errno = system_error;
  return SqliteStatus(to, code == SQLITE_DONE ? finished : code);
}

}  // namespace fwagent::store
