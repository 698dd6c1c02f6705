#include "agent/store/schema.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/store/migrations.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// "fwag", in the header of the file; file(1) shows it.
constexpr std::int64_t kApplicationId = 0x66776167;

std::int64_t Version() {
  return static_cast<std::int64_t>(Migrations().size());
}

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

absl::Status CheckVersion(const std::string& file, std::int64_t version) {
  if (version < 0) return ForeignFile(file);
  if (version <= Version()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      file, " has the schema version ", version,
      " of a newer fwagent, and was left alone; this one knows versions up to ",
      Version(), ": install the newer agent again"));
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
  if (version == Version()) return absl::OkStatus();
  return database.InTransaction([&database, version] {
    for (auto step = version; step < Version(); ++step) {
      FW_RETURN_IF_ERROR(
          database.Execute(Migrations()[static_cast<std::size_t>(step)]));
    }
    return database.Execute(
        absl::StrCat("PRAGMA user_version = ", Version(),
                     "; PRAGMA application_id = ", kApplicationId));
  });
}

absl::Status PrepareAny(SqliteDatabase& database) {
  FW_RETURN_IF_ERROR(CheckOwner(database));
  FW_ASSIGN_OR_RETURN(const std::int64_t version,
                      database.ReadInteger("PRAGMA user_version"));
  FW_RETURN_IF_ERROR(CheckVersion(database.file(), version));
  FW_RETURN_IF_ERROR(CheckWhole(database, version));
  FW_RETURN_IF_ERROR(database.AllowWrites());
  return Migrate(database, version);
}

}  // namespace

absl::Status PrepareSchema(SqliteDatabase& database) {
  absl::Status prepared = PrepareAny(database);
  // SQLite has no code of its own for a header in which it does not know a
  // number, nor for tables that are not those of the version that stands there.
  if (!absl::IsInternal(prepared)) return prepared;
  return DamagedError(database.file(), std::string(prepared.message()));
}

}  // namespace fwagent::store
