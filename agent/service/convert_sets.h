// Between the messages of SetService and the engine's types.
#ifndef FWAGENT_AGENT_SERVICE_CONVERT_SETS_H_
#define FWAGENT_AGENT_SERVICE_CONVERT_SETS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/core/clocks.h"
#include "agent/policy/named_set.h"
#include "agent/policy/prefix.h"
#include "agent/service/error_details.h"
#include "fwagent/v1/set_service.pb.h"

namespace fwagent::service {

// INVALID_ARGUMENT with a violation for each wrong field. The origin is left
// for the caller to fill in.
absl::StatusOr<core::Change> ToChange(const v1::CreateSetRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::UpdateSetRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::DeleteSetRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::AddSetEntriesRequest& request);
absl::StatusOr<core::Change> ToChange(
    const v1::RemoveSetEntriesRequest& request);
// The set that an owner wants, without its entries.
core::DesiredSet ReadSet(const v1::Set& wire, const std::string& path,
                         FieldViolations& violations);
// Without the entries.
absl::StatusOr<core::Change> ToChange(const v1::ImportHeader& header);

// Where a page of entries begins, and how long it may be.
struct EntryPageRequest {
  std::string set;
  std::optional<policy::Prefix> after;
  std::size_t limit = 0;
};
absl::StatusOr<EntryPageRequest> ToPageRequest(
    const v1::ListSetEntriesRequest& request);
absl::StatusOr<policy::Prefix> ToPrefix(const v1::FindInSetsRequest& request);

v1::Set ToProto(const policy::SetInfo& info, std::size_t size);
// With the end of an entry as the wall clock is set now.
v1::SetEntry ToProto(const policy::SetEntry& entry, const core::Moment& now);
v1::ListSetEntriesResponse ToProto(const core::SetPage& page,
                                   const core::Moment& now);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_CONVERT_SETS_H_
