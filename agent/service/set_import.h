// The parts of an import, put together.
#ifndef FWAGENT_AGENT_SERVICE_SET_IMPORT_H_
#define FWAGENT_AGENT_SERVICE_SET_IMPORT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/policy/set_entries.h"
#include "fwagent/v1/set_service.pb.h"

namespace fwagent::service {

// Takes the parts in the order in which they come.
class SetImport {
 public:
  // An import of more entries is refused before they fill the memory.
  explicit SetImport(std::uint64_t max_entries) : max_entries_(max_entries) {}

  // INVALID_ARGUMENT: not the part that is due, or something is wrong in it.
  absl::Status Take(const v1::ImportSetRequest& part);

  // The change that was asked for. CANCELLED when the last part did not come.
  absl::StatusOr<core::Change> Finish() &&;

 private:
  absl::Status TakeHeader(const v1::ImportSetRequest& part);
  absl::Status TakePrefixes(const v1::PackedPrefixes& prefixes);
  absl::Status TakeEnd(std::uint64_t entry_count);

  const std::uint64_t max_entries_;
  bool has_header_ = false;
  bool has_end_ = false;
  core::Change change_;
  policy::SetEntries::Builder entries_;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_SET_IMPORT_H_
