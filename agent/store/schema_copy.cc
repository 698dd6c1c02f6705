#include "agent/store/schema_copy.h"

#include <spdlog/spdlog.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "agent/store/schema.h"
#include "agent/store/state_files.h"
#include "agent/store/store_copy.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// Rows are not looked at, which only the older agent knows how to: they are as
// they were in a file that was whole.
absl::Status CheckCopy(const std::string& file, std::int64_t version) {
  FW_ASSIGN_OR_RETURN(SqliteDatabase copy, SqliteDatabase::Open(file));
  FW_ASSIGN_OR_RETURN(const std::int64_t copied, CheckSchema(copy));
  if (copied == version) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(file, " has not the version that was written"));
}

// Without a reason, by which others would take the state file for damaged.
absl::Status NotKept(const std::string& copy, const absl::Status& why) {
  return absl::Status(
      why.code(),
      absl::StrCat("the rules on disk are of an older fwagent, and nothing was "
                   "changed, because ",
                   copy,
                   ", which keeps them as they are for the way back, cannot be "
                   "written: ",
                   why.message(),
                   "; start again when that is mended, or install the older "
                   "agent again"));
}

}  // namespace

absl::Status KeepSchemaCopy(SqliteDatabase& database, std::int64_t version,
                            const StateDirectory& directory) {
  const std::string copy = SchemaCopyFile(StateFile(directory), version);
  const absl::Status placed = PlaceCopy(
      database, copy, directory, [] { return true; },
      [version](const std::string& file) { return CheckCopy(file, version); });
  if (!placed.ok()) return NotKept(copy, placed);
  spdlog::info(
      "the rules on disk are brought from schema version {} to {}; {} keeps "
      "them as they were, for an older fwagent",
      version, SchemaVersion(), copy);
  return absl::OkStatus();
}

}  // namespace fwagent::store
