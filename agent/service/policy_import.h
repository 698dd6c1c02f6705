// The parts of what owners want, put together.
#ifndef FWAGENT_AGENT_SERVICE_POLICY_IMPORT_H_
#define FWAGENT_AGENT_SERVICE_POLICY_IMPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/policy/set_entries.h"
#include "fwagent/v1/policy_service.pb.h"

namespace fwagent::service {

// Takes the parts in the order in which they come.
class PolicyImport {
 public:
  // What has more entries is refused before they fill the memory.
  explicit PolicyImport(std::uint64_t max_entries)
      : max_entries_(max_entries) {}

  // INVALID_ARGUMENT: not the part that is due, or something is wrong in it;
  // RESOURCE_EXHAUSTED: too much.
  absl::Status Take(const v1::ApplyPolicyRequest& part);

  // The change that was asked for. CANCELLED when the last part did not come.
  absl::StatusOr<core::Change> Finish() &&;

  // How many changes of rules the answer may name.
  std::size_t max_changes() const { return max_changes_; }

 private:
  absl::Status TakeHeader(const v1::ApplyPolicyHeader& header);
  absl::Status TakeDocument(const v1::PolicyDocument& document);
  absl::Status TakeRules(const v1::PolicyRules& rules);
  absl::Status TakeSet(const v1::PolicySet& set);
  absl::Status TakePrefixes(const v1::PackedPrefixes& prefixes);
  absl::Status TakeEnd(const v1::PolicyEnd& end);

  core::DesiredPolicy& document() { return change_.desired.back(); }
  // "documents[2]", the last one.
  std::string Path() const;
  // No more entries come for the set before.
  void CloseSet();

  const std::uint64_t max_entries_;
  bool has_header_ = false;
  bool has_end_ = false;
  std::size_t max_changes_ = 0;
  core::Change change_;
  std::uint32_t last_order_ = 0;  // of the rules of this document
  std::unique_ptr<policy::SetEntries::Builder> entries_;  // of the last set
  std::uint64_t rule_count_ = 0;
  std::uint64_t set_count_ = 0;
  std::uint64_t entry_count_ = 0;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_POLICY_IMPORT_H_
