#include "agent/service/convert_explain.h"

#include <cstddef>
#include <variant>

#include "absl/strings/str_cat.h"
#include "agent/service/convert.h"
#include "agent/service/convert_sets.h"
#include "agent/service/error_details.h"

namespace fwagent::service {
namespace {

constexpr std::size_t kEthernetHeaderBytes = 14;
constexpr std::size_t kMostFrameBytes = 64 * 1024;

v1::Statement ToStatement(const core::Statement& statement,
                          const core::Moment& now) {
  v1::Statement wire;
  if (const auto* hit = std::get_if<core::SetHit>(&statement.by)) {
    *wire.mutable_set()->mutable_set() = ToProto(hit->set, 0);
    *wire.mutable_set()->mutable_entry() = ToProto(hit->entry, now);
  } else {
    *wire.mutable_rule() = ToProto(std::get<policy::Rule>(statement.by));
  }
  return wire;
}

v1::PacketSummary ToSummary(const policy::PacketFacts& facts) {
  v1::PacketSummary wire;
  if (facts.source.has_value()) {
    wire.mutable_source()->set_text(facts.source->ToString());
  }
  if (facts.protocol.has_value()) {
    wire.set_protocol(ToProto(*facts.protocol));
  }
  if (facts.port_host.has_value()) wire.set_port(*facts.port_host);
  return wire;
}

}  // namespace

absl::Status Check(const v1::ExplainRequest& request) {
  FieldViolations violations;
  const std::size_t bytes = request.frame().size();
  if (bytes < kEthernetHeaderBytes || bytes > kMostFrameBytes) {
    violations.Add(
        "frame",
        absl::StrCat("must be ", kEthernetHeaderBytes, " to ", kMostFrameBytes,
                     " bytes, from the Ethernet header on, not ", bytes));
  }
  return violations.ToStatus();
}

v1::ExplainResponse ToProto(const core::Explanation& explanation,
                            const core::Moment& now) {
  const dataplane::Judgement& judgement = explanation.judgement;
  v1::ExplainResponse wire;
  wire.set_verdict(ToProto(judgement.verdict));
  wire.set_reason(static_cast<v1::Reason>(judgement.reason));
  if (explanation.decided_by.has_value()) {
    *wire.mutable_decided_by() = ToStatement(*explanation.decided_by, now);
  }
  for (const core::Statement& statement : explanation.shadowed) {
    *wire.add_shadowed() = ToStatement(statement, now);
  }
  *wire.mutable_packet() = ToSummary(judgement.facts);
  wire.set_interface(judgement.interface);
  wire.set_generation(explanation.generation);
  return wire;
}

}  // namespace fwagent::service
