#include "agent/store/schema.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/store/migrations.h"
#include "agent/store/sqlite_status.h"
#include "agent/store/state_files.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// "fwag", in the header of the file; file(1) shows it.
constexpr std::int64_t kApplicationId = 0x66776167;

constexpr char kNewer[] = "STORE_NEWER";

absl::Status ForeignFile(const std::string& file) {
  return absl::FailedPreconditionError(absl::StrCat(
      file,
      " is the database of another program and was left alone: give the agent "
      "a state directory of its own"));
}

// OK for a file of ours, and for one that has nothing in it yet.
absl::Status CheckOwner(SqliteDatabase& database) {
  FW_ASSIGN_OR_RETURN(const std::int64_t application,
                      database.ReadInteger("PRAGMA application_id"));
  if (application == kApplicationId) return absl::OkStatus();
  FW_ASSIGN_OR_RETURN(
      const std::int64_t objects,
      database.ReadInteger("SELECT count(*) FROM sqlite_schema"));
  if (application != 0 || objects != 0) return ForeignFile(database.file());
  return absl::OkStatus();
}

// What can be done about a file of a newer agent.
std::string WayBack(const std::string& file) {
  const std::optional<std::string> copy =
      NewestSchemaCopy(file, SchemaVersion());
  if (!copy.has_value()) return "";
  return absl::StrCat(
      "; or, to stay with this one, go back to ", *copy,
      ", which is the file as it was before the upgrade and lacks all changes "
      "since: 'fwagent --recover schema-copy', with the same configuration, "
      "keeps the newer file under another name (by hand: move ",
      file, ", ", file, "-wal and ", file, "-shm away, then rename the copy)");
}

absl::Status CheckVersion(const std::string& file, std::int64_t version) {
  if (version < 0) return ForeignFile(file);
  if (version <= SchemaVersion()) return absl::OkStatus();
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          file, " has the schema version ", version,
          " of a newer fwagent, and was left alone; this one is too old for it "
          "and knows versions up to ",
          SchemaVersion(), ": install the newer agent again", WayBack(file))),
      kNewer);
}

absl::Status CheckBy(SqliteDatabase& database, const std::string& pragma) {
  FW_ASSIGN_OR_RETURN(const std::string finding, database.ReadText(pragma));
  if (finding == "ok") return absl::OkStatus();
  return DamagedError(database.file(), finding);
}

absl::Status CheckWhole(SqliteDatabase& database, std::int64_t version) {
  FW_RETURN_IF_ERROR(CheckBy(database, "PRAGMA quick_check(1)"));
  if (version == 0) return absl::OkStatus();  // no tables yet
  // A request whose entry in the index is damaged would be taken for a new one.
  // The quick check does not compare the two; no other table has an index.
  return CheckBy(database, "PRAGMA integrity_check(request)");
}

// All steps in one transaction: an upgrade that fails has not begun.
absl::Status Migrate(SqliteDatabase& database, std::int64_t version) {
  return database.InTransaction([&database, version] {
    for (auto step = version; step < SchemaVersion(); ++step) {
      FW_RETURN_IF_ERROR(
          database.Execute(Migrations()[static_cast<std::size_t>(step)]));
    }
    return database.Execute(
        absl::StrCat("PRAGMA user_version = ", SchemaVersion(),
                     "; PRAGMA application_id = ", kApplicationId));
  });
}

absl::StatusOr<std::int64_t> CheckAny(SqliteDatabase& database) {
  FW_RETURN_IF_ERROR(CheckOwner(database));
  FW_ASSIGN_OR_RETURN(const std::int64_t version,
                      database.ReadInteger("PRAGMA user_version"));
  FW_RETURN_IF_ERROR(CheckVersion(database.file(), version));
  FW_RETURN_IF_ERROR(CheckWhole(database, version));
  return version;
}

// SQLite has no code of its own for a header in which it does not know a
// number, nor for tables that are not those of the version that stands there.
absl::Status WithDamage(const std::string& file, const absl::Status& status) {
  if (!absl::IsInternal(status)) return status;
  return DamagedError(file, std::string(status.message()));
}

}  // namespace

std::int64_t SchemaVersion() {
  return static_cast<std::int64_t>(Migrations().size());
}

bool IsNewerSchema(const absl::Status& status) {
  return util::ReasonOf(status) == kNewer;
}

absl::StatusOr<std::int64_t> CheckSchema(SqliteDatabase& database) {
  auto version = CheckAny(database);
  if (!version.ok()) return WithDamage(database.file(), version.status());
  return version;
}

absl::Status PrepareSchema(SqliteDatabase& database,
                           const BeforeUpgrade& before_upgrade) {
  FW_ASSIGN_OR_RETURN(const std::int64_t version, CheckSchema(database));
  const bool is_current = version == SchemaVersion();
  if (version != 0 && !is_current && before_upgrade) {
    FW_RETURN_IF_ERROR(before_upgrade(database, version));
  }
  absl::Status prepared = database.AllowWrites();
  if (prepared.ok() && !is_current) prepared = Migrate(database, version);
  return WithDamage(database.file(), prepared);
}

}  // namespace fwagent::store
