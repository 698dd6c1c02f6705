// State files as earlier versions of the agent left them.
#ifndef FWAGENT_TESTS_UNIT_OLDER_STATE_FILE_H_
#define FWAGENT_TESTS_UNIT_OLDER_STATE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "agent/store/migrations.h"
#include "agent/store/sqlite_database.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {

// What the first version wrote into its tables: two rules, and the answers to
// the requests for them. Generation 12.
inline constexpr char kOldestRows[] = R"sql(
INSERT INTO meta VALUES (1, 12, 34);
INSERT INTO rule VALUES
  (5, 'source', x'c0000200', 24, NULL, NULL, NULL, 'scans', 1000000),
  (7, 'port', NULL, NULL, 'udp', 53, 54, '', 2000000);
INSERT INTO request VALUES
  (3, 'one', 'block source 192.0.2.0/24', 11, 5,
   'source', x'c0000200', 24, NULL, NULL, NULL, 'scans', 1000000),
  (4, 'two', 'block port', 12, 7,
   'port', NULL, NULL, 'udp', 53, 54, '', 2000000);
)sql";

// Makes a file with these rows, as each version up to `version` upgraded it. As
// long as what is returned lives, the rows are in the log.
inline absl::StatusOr<SqliteDatabase> MakeOlderState(
    const std::string& file, std::int64_t version,
    const std::string& rows = kOldestRows) {
  FW_ASSIGN_OR_RETURN(SqliteDatabase database, SqliteDatabase::Open(file));
  FW_RETURN_IF_ERROR(database.AllowWrites());
  for (std::int64_t step = 0; step < version; ++step) {
    FW_RETURN_IF_ERROR(
        database.Execute(Migrations()[static_cast<std::size_t>(step)]));
    if (step == 0) FW_RETURN_IF_ERROR(database.Execute(rows));
  }
  FW_RETURN_IF_ERROR(
      database.Execute(absl::StrCat("PRAGMA application_id = ", 0x66776167,
                                    "; PRAGMA user_version = ", version)));
  return database;
}

}  // namespace fwagent::store

#endif  // FWAGENT_TESTS_UNIT_OLDER_STATE_FILE_H_
