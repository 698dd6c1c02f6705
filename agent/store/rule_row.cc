#include "agent/store/rule_row.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

constexpr std::string_view kSource = "source";
constexpr std::string_view kPort = "port";
constexpr std::string_view kOrdered = "ordered";

// Distances from the id.
enum Column {
  kKind = 1,
  kAddress,
  kLength,
  kProtocol,
  kFirstPort,
  kLastPort,
  kComment,
  kCreatedUs,
  kExpiresUs,
  kUntilTick,
  kAction,
  kOwner,
};

absl::Status Unreadable(const char* what) { return absl::DataLossError(what); }

// Out of range becomes a value that no prefix and no port has.
std::uint32_t NarrowAt(const SqliteStatement& row, int column) {
  const std::int64_t value = row.IntegerAt(column);
  constexpr std::uint32_t kMax = std::numeric_limits<std::uint32_t>::max();
  return value < 0 || value > kMax ? kMax : static_cast<std::uint32_t>(value);
}

std::optional<policy::Protocol> ProtocolNamed(std::string_view name) {
  for (const policy::Protocol protocol : policy::kProtocols) {
    if (policy::ProtocolName(protocol) == name) return protocol;
  }
  return std::nullopt;
}

absl::StatusOr<policy::Match> ReadMatch(const SqliteStatement& row, int first) {
  const std::string_view kind = row.BytesAt(first + kKind);
  if (kind == kSource) {
    return policy::Prefix::FromBytes(row.BytesAt(first + kAddress),
                                     NarrowAt(row, first + kLength));
  }
  if (kind == kOrdered) {
    const std::string_view text = row.BytesAt(first + kAddress);
    auto match =
        policy::PacketMatch::Parse(absl::string_view(text.data(), text.size()),
                                   NarrowAt(row, first + kLength));
    if (match.ok() && match->text() != text) {
      return Unreadable("a match in other words");
    }
    return match;
  }
  if (kind != kPort) return Unreadable("unknown kind of rule");
  const auto protocol = ProtocolNamed(row.BytesAt(first + kProtocol));
  if (!protocol) return Unreadable("unknown protocol");
  return policy::PortRange::Create(*protocol, NarrowAt(row, first + kFirstPort),
                                   NarrowAt(row, first + kLastPort));
}

absl::StatusOr<policy::Action> ReadAction(std::string_view name) {
  for (const policy::Action action : policy::kActions) {
    if (policy::ActionName(action) == name) return action;
  }
  return Unreadable("unknown action");
}

absl::Status ReadEnd(const SqliteStatement& row, int first,
                     policy::Rule& rule) {
  const bool ends = !row.IsNull(first + kUntilTick);
  if (ends == row.IsNull(first + kExpiresUs)) {
    return Unreadable("half an end");
  }
  if (!ends) return absl::OkStatus();
  const std::int64_t until = row.IntegerAt(first + kUntilTick);
  if (until < policy::kNever || until >= policy::kForever) {
    return Unreadable("impossible end");
  }
  rule.until = static_cast<policy::Deadline>(until);
  rule.expire_time = absl::FromUnixMicros(row.IntegerAt(first + kExpiresUs));
  return absl::OkStatus();
}

// A row is a statement's parameters, or what its checksum is over.
template <typename Row>
void PutPrefix(const policy::Prefix& prefix, Row& row) {
  const auto bytes =
      static_cast<std::size_t>(policy::AddressBits(prefix.family())) / 8;
  row.Text(kSource)
      .Blob({reinterpret_cast<const char*>(prefix.address().data()), bytes})
      .Integer(prefix.length())
      .Null()
      .Null()
      .Null();
}

template <typename Row>
void PutPackets(const policy::PacketMatch& packets, Row& row) {
  row.Text(kOrdered)
      .Blob(packets.text())
      .Integer(packets.order())
      .Null()
      .Null()
      .Null();
}

template <typename Row>
void PutPorts(const policy::PortRange& ports, Row& row) {
  row.Text(kPort)
      .Null()
      .Null()
      .Text(policy::ProtocolName(ports.protocol()))
      .Integer(ports.first())
      .Integer(ports.last());
}

template <typename Row>
void PutRule(const policy::Rule& rule, Row& row) {
  row.Integer(static_cast<std::int64_t>(rule.id));
  if (const auto* prefix = std::get_if<policy::Prefix>(&rule.match)) {
    PutPrefix(*prefix, row);
  } else if (const auto* packets =
                 std::get_if<policy::PacketMatch>(&rule.match)) {
    PutPackets(*packets, row);
  } else {
    PutPorts(std::get<policy::PortRange>(rule.match), row);
  }
  row.Text(rule.comment).Integer(absl::ToUnixMicros(rule.create_time));
  if (policy::Ends(rule)) {
    row.Integer(absl::ToUnixMicros(rule.expire_time)).Integer(rule.until);
  } else {
    row.Null().Null();
  }
  row.Text(policy::ActionName(rule.action)).Text(rule.owner);
}

}  // namespace

void BindRule(const policy::Rule& rule, SqliteStatement& statement) {
  PutRule(rule, statement);
}

void SumRule(const policy::Rule& rule, RowChecksum& checksum) {
  PutRule(rule, checksum);
}

absl::StatusOr<policy::Rule> ReadRule(const SqliteStatement& row, int first) {
  const std::int64_t id = row.IntegerAt(first);
  if (id <= 0) return Unreadable("impossible rule id");
  auto match = ReadMatch(row, first);
  if (!match.ok()) return match.status();
  std::string comment(row.BytesAt(first + kComment));
  FW_RETURN_IF_ERROR(policy::ValidateComment(comment));
  auto action = ReadAction(row.BytesAt(first + kAction));
  if (!action.ok()) return action.status();
  if (!policy::GoTogether(*match, *action)) {
    return Unreadable("an action that does not go with its match");
  }
  std::string owner(row.BytesAt(first + kOwner));
  FW_RETURN_IF_ERROR(policy::ValidateOwner(owner));
  policy::Rule rule{
      .id = static_cast<policy::RuleId>(id),
      .match = *std::move(match),
      .action = *action,
      .owner = std::move(owner),
      .comment = std::move(comment),
      .create_time = absl::FromUnixMicros(row.IntegerAt(first + kCreatedUs))};
  FW_RETURN_IF_ERROR(ReadEnd(row, first, rule));
  return rule;
}

}  // namespace fwagent::store
