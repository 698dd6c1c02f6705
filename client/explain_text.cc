#include "client/explain_text.h"

#include <google/protobuf/timestamp.pb.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/text/duration.h"
#include "agent/text/printable.h"
#include "client/rule_text.h"

namespace fwagent::client {
namespace {

using fwagent::v1::ExplainResponse;
using fwagent::v1::Statement;

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

// What the reasons mean that no rule stands behind.
const char* MeaningOf(const ExplainResponse& response) {
  switch (response.reason()) {
    case fwagent::v1::REASON_NO_MATCH:
      return "no rule says anything of it";
    case fwagent::v1::REASON_NOT_IP:
      return "it is neither IPv4 nor IPv6";
    case fwagent::v1::REASON_SOURCE_BLOCKED:
      return "the source address is blocked";
    case fwagent::v1::REASON_PORT_BLOCKED:
      return "the destination port is blocked";
    case fwagent::v1::REASON_MALFORMED_IP:
      return "it is broken below or in the IP header";
    case fwagent::v1::REASON_MALFORMED_TRANSPORT:
      return "the header with the ports is broken or cut off";
    case fwagent::v1::REASON_TOO_DEEP:
      return "it has more tags or extension headers than are looked through";
    case fwagent::v1::REASON_FRAGMENT:
      return "it is a later fragment: what becomes of it depends on the first "
             "one, of which nothing is known here";
    case fwagent::v1::REASON_NEIGHBOR_DISCOVERY:
      return "it is neighbour discovery, without which there is no network";
    case fwagent::v1::REASON_SOURCE_ALLOWED:
      return "the source address is allowed, whatever else is said of it";
    case fwagent::v1::REASON_DEFAULT:
      return "no rule says anything of it, and the interface drops by default";
    case fwagent::v1::REASON_ESSENTIAL:
      return "the interface drops by default, but the host needs it";
    case fwagent::v1::REASON_RULE:
      return "the first of the ordered rules that matches says so";
    case fwagent::v1::REASON_LIMIT:
      return "such packets come faster than a rule lets them";
    case fwagent::v1::REASON_FAILSAFE:
      return "a failsafe entry of the agent's configuration saves it, whatever "
             "rules say";
    default:
      return "see docs/packets.md";
  }
}

// "from 192.0.2.7 to port 22/tcp".
std::string PacketText(const fwagent::v1::PacketSummary& packet) {
  if (!packet.has_source()) return "without a source address";
  std::string text = absl::StrCat(
      "from ", absl::StripSuffix(
                   absl::StripSuffix(packet.source().text(), "/32"), "/128"));
  if (packet.protocol() == fwagent::v1::PROTOCOL_UNSPECIFIED) return text;
  const std::string name = absl::AsciiStrToLower(absl::StripPrefix(
      fwagent::v1::Protocol_Name(packet.protocol()), "PROTOCOL_"));
  absl::StrAppend(&text,
                  packet.has_port()
                      ? absl::StrCat(" to port ", packet.port(), "/")
                      : std::string(" by "),
                  name);
  return text;
}

// ", owner cli, made 2026-01-02T03:04:05Z (3h2m ago): scan".
template <typename Known>
std::string OriginText(const Known& known, absl::Time now) {
  std::string text = absl::StrCat(", owner ", known.owner());
  if (known.has_create_time()) {
    absl::StrAppend(&text, ", made ", TimeText(known.create_time()), " (",
                    text::DurationText(now - ToTime(known.create_time())),
                    " ago)");
  }
  return text;
}

std::string StatementText(const Statement& statement, absl::Time now) {
  if (statement.has_set()) {
    const auto& set = statement.set().set();
    const bool allows = set.action() == fwagent::v1::SET_ACTION_ALLOW;
    const auto& entry = statement.set().entry();
    const std::string ends =
        entry.has_expire_time()
            ? absl::StrCat(", ends ", EndText(entry.expire_time(), now))
            : "";
    return absl::StrCat("set ", set.name(), " (", set.id(),
                        "): ", allows ? "allow" : "block", " source ",
                        entry.prefix().text(), OriginText(set, now), ends,
                        set.comment().empty() ? "" : ": ", set.comment());
  }
  const auto& rule = statement.rule();
  std::string text = absl::StrCat("rule ", rule.id(), ": ", ActionText(rule),
                                  " ", MatchText(rule), OriginText(rule, now));
  if (rule.has_expire_time()) {
    absl::StrAppend(&text, ", ends ", EndText(rule, now));
  }
  if (!rule.comment().empty()) absl::StrAppend(&text, ": ", rule.comment());
  return text;
}

bool NamesARule(const ExplainResponse& response) {
  return response.reason() == fwagent::v1::REASON_SOURCE_BLOCKED ||
         response.reason() == fwagent::v1::REASON_SOURCE_ALLOWED ||
         response.reason() == fwagent::v1::REASON_RULE ||
         response.reason() == fwagent::v1::REASON_PORT_BLOCKED;
}

}  // namespace

std::string ExplanationText(const ExplainResponse& response, absl::Time now) {
  std::string text = absl::StrCat(
      VerdictText(response.verdict()), ": ", ReasonText(response.reason()),
      " (", MeaningOf(response), ")\npacket ", PacketText(response.packet()));
  absl::StrAppend(
      &text, response.interface().empty()
                 ? ", but no interface is guarded: this is what would "
                   "become of it"
                 : absl::StrCat(" on ", text::Printable(response.interface())));
  if (response.verdict() == fwagent::v1::VERDICT_WOULD_DROP) {
    absl::StrAppend(&text,
                    "\nit passes, as the policy of this interface is only "
                    "tried (shadow)");
  }
  if (response.has_decided_by()) {
    absl::StrAppend(&text, "\ndecided by ",
                    text::Printable(StatementText(response.decided_by(), now)));
  } else if (NamesARule(response)) {
    absl::StrAppend(&text, "\ndecided by a rule that the agent does not know");
  }
  for (const Statement& statement : response.shadowed()) {
    absl::StrAppend(&text, "\nshadowed   ",
                    text::Printable(StatementText(statement, now)));
  }
  return text;
}

}  // namespace fwagent::client
