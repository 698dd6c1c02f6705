// Between the wire's messages and the engine's types. Every malformed request
// stops here, with the name of the field.
#ifndef FWAGENT_AGENT_SERVICE_CONVERT_H_
#define FWAGENT_AGENT_SERVICE_CONVERT_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/core/interface_keeper.h"
#include "agent/policy/counters.h"
#include "agent/policy/rule.h"
#include "agent/service/error_details.h"
#include "agent/service/policy_files.h"
#include "fwagent/v1/firewall_service.pb.h"

namespace fwagent::service {

// INVALID_ARGUMENT with a violation for each wrong field. The origin is left
// for the caller to fill in.
absl::StatusOr<core::Change> ToChange(const v1::BlockIPRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::UnblockIPRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::AllowIPRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::UnallowIPRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::BlockPortRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::UnblockPortRequest& request);
absl::StatusOr<core::Change> ToChange(const v1::ChangeSourcesRequest& request);
// Finds the rule with an id; null when there is none.
using FindRule = std::function<std::optional<policy::Rule>(policy::RuleId)>;
absl::StatusOr<core::Change> ToChange(const v1::ChangeRulesRequest& request,
                                      const FindRule& find);

absl::StatusOr<core::Change> ToChange(const v1::RollbackRequest& request);

// The generations below which a page begins, and how long it may be.
struct HistoryPageRequest {
  std::uint64_t before = 0;
  std::size_t limit = 0;
};
absl::StatusOr<HistoryPageRequest> ToPageRequest(
    const v1::ListHistoryRequest& request);
v1::Generation ToProto(const core::HistoryEntry& entry);
v1::Unconfirmed ToProto(const core::Unconfirmed& what);

// What a page of rules starts after, and how long it may be.
struct PageRequest {
  policy::RuleId after = 0;
  std::size_t limit = 0;
};
absl::StatusOr<PageRequest> ToPageRequest(const v1::ListRulesRequest& request);

// Without origin.
absl::StatusOr<core::InterfaceKeeper::AttachRequest> ToAttachRequest(
    const v1::AttachRequest& request);

// Names and patterns, each of which could be meant of an interface.
absl::StatusOr<std::vector<std::string>> ToInterfaceNames(
    const v1::DetachRequest& request);

absl::StatusOr<core::RecoverFrom> ToRecoverFrom(
    const v1::RecoverRequest& request);

// The match and the action of an ordered rule; of any rule all that its owner
// says of it. Each adds a violation where that is none.
std::pair<policy::Match, policy::Action> ReadFilterRule(
    const v1::FilterRule& rule, const std::string& field,
    FieldViolations& violations);
core::DesiredRule ReadRule(const v1::Rule& wire, const std::string& path,
                           FieldViolations& violations);

v1::Verdict ToProto(policy::Verdict verdict);
v1::Protocol ToProto(policy::Protocol protocol);
v1::Rule ToProto(const policy::Rule& rule);
v1::ListRulesResponse ToProto(const core::RulePage& page);
// Of this rule, or set; nullopt: none are counted. `hits` in order of id.
std::optional<v1::RuleHits> HitsOf(const std::vector<dataplane::RuleHits>& hits,
                                   policy::RuleId id);
// To the ordered rules in it. Likewise.
void AddHits(const std::vector<dataplane::RuleHits>& hits,
             v1::ListRulesResponse& page);
v1::InterfaceStats ToProto(const policy::InterfaceCounters& counters);
v1::InterfaceStatus ToProto(const core::InterfaceReport& report);
v1::TableUsage ToProto(const core::TableUsage& usage);
v1::PolicyFile ToProto(const PolicyFileReport& report);
v1::RecoverResponse ToProto(const core::RecoveryResult& result);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_CONVERT_H_
