#include "tests/bpf/two_guards.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/policy/counters.h"
#include "agent/policy/port_table.h"
#include "agent/util/status_macros.h"
#include "tests/support/nft_ruleset.h"
#include "tests/support/process.h"
#include "tests/support/random_frames.h"
#include "tests/support/require_bpf.h"

namespace fwagent::testing {
namespace {

using policy::Protocol;

// The host's ends; those of the peer are named peer-...
constexpr char kOurDevice[] = "ours";
constexpr char kNftDevice[] = "nft";
// What nftables sends out of out-... comes in at the other end, in the same
// namespace: by NftVerdict.
const std::vector<std::string>& Exits() {
  static const auto* const kExits = new std::vector<std::string>{
      "passed", "allowed", "source-blocked", "port-blocked"};
  return *kExits;
}
// The longest name of a device is 15 bytes.
std::string Outwards(const std::string& exit) {
  return "o-" + exit.substr(0, 12);
}

constexpr std::pair<std::uint8_t, Protocol> kProtocols[] = {
    {6, Protocol::kTcp},
    {17, Protocol::kUdp},
    {132, Protocol::kSctp},
    {136, Protocol::kUdpLite},
    {33, Protocol::kDccp}};

policy::PortTable TableOf(std::uint8_t ip_protocol,
                          const ReferenceRules& rules) {
  policy::PortTable table;
  policy::RuleId id = 0;
  for (const ReferenceRules::Ports& ports : rules.ports) {
    if (ports.ip_protocol != ip_protocol) continue;
    ++id;
    table.resize(65536);
    std::fill(table.begin() + ports.first, table.begin() + ports.last + 1, id);
  }
  return table;
}

// The kernel says nothing by itself on devices that are made from now on.
absl::Status KeepSilent(const NetNamespace& where) {
  const InNetNamespace scope(where);
  for (const char* path : {"/proc/sys/net/ipv6/conf/all/disable_ipv6",
                           "/proc/sys/net/ipv6/conf/default/disable_ipv6"}) {
    std::ofstream file(path);
    file << 1 << std::flush;
    if (!file.good()) return absl::InternalError(path);
  }
  return absl::OkStatus();
}

// With room for the longest of random frames.
absl::Status AddCable(const NetNamespace& left, const std::string& left_name,
                      const NetNamespace& right,
                      const std::string& right_name) {
  FW_RETURN_IF_ERROR(AddVethPair(left, left_name, right, right_name));
  const std::string mtu = absl::StrCat(kMaxFrameBytes);
  FW_RETURN_IF_ERROR(left.Ip({"link", "set", left_name, "mtu", mtu}));
  return right.Ip({"link", "set", right_name, "mtu", mtu});
}

}  // namespace

absl::StatusOr<std::unique_ptr<TwoGuards>> TwoGuards::Create(
    dataplane::ModePreference mode) {
  FW_ASSIGN_OR_RETURN(NetNamespace host, NetNamespace::Create());
  FW_ASSIGN_OR_RETURN(NetNamespace peer, NetNamespace::Create());
  FW_RETURN_IF_ERROR(AddDevices(host, peer));
  std::unique_ptr<TwoGuards> guards(
      new TwoGuards(std::move(host), std::move(peer)));
  FW_RETURN_IF_ERROR(guards->Start(mode));
  return guards;
}

TwoGuards::TwoGuards(NetNamespace host, NetNamespace peer)
    : host_(std::move(host)),
      peer_(std::move(peer)),
      here_(host_),
      ours_(peer_, absl::StrCat("peer-", kOurDevice), host_, {kOurDevice}),
      nft_(peer_, absl::StrCat("peer-", kNftDevice), host_, Exits()) {}

absl::Status TwoGuards::AddDevices(const NetNamespace& host,
                                   const NetNamespace& peer) {
  FW_RETURN_IF_ERROR(KeepSilent(host));
  FW_RETURN_IF_ERROR(KeepSilent(peer));
  for (const char* device : {kOurDevice, kNftDevice}) {
    FW_RETURN_IF_ERROR(
        AddCable(host, device, peer, absl::StrCat("peer-", device)));
  }
  for (const std::string& exit : Exits()) {
    FW_RETURN_IF_ERROR(AddCable(host, exit, host, Outwards(exit)));
  }
  return absl::OkStatus();
}

absl::Status TwoGuards::Start(dataplane::ModePreference mode) {
  FW_ASSIGN_OR_RETURN(plane_, dataplane::LibbpfDataPlane::Open(
                                  {.pin_dir = pins_.path() + "/fwagent"}));
  FW_RETURN_IF_ERROR(plane_->Attach(kOurDevice, mode).status());
  return SetRules({});
}

absl::Status TwoGuards::SetRules(const ReferenceRules& rules) {
  FW_RETURN_IF_ERROR(SetOurRules(rules));
  if (!rules_ ||
      !(rules_->sources == rules.sources && rules_->ports == rules.ports)) {
    FW_RETURN_IF_ERROR(SetNftRules(rules));
  }
  rules_ = rules;
  return absl::OkStatus();
}

// What is there already is left alone: every change waits for packets.
absl::Status TwoGuards::SetOurRules(const ReferenceRules& rules) {
  if (!rules_ || rules_->sources != rules.sources) {
    FW_RETURN_IF_ERROR(plane_->ReplaceSources(rules.sources));
  }
  for (const auto& [ip_protocol, protocol] : kProtocols) {
    const policy::PortTable table = TableOf(ip_protocol, rules);
    if (rules_ && TableOf(ip_protocol, *rules_) == table) continue;
    FW_RETURN_IF_ERROR(plane_->ReplacePorts(protocol, table));
  }
  return absl::OkStatus();
}

absl::Status TwoGuards::SetNftRules(const ReferenceRules& rules) const {
  const NftExits exits = {.passed = Outwards(Exits()[0]),
                          .allowed = Outwards(Exits()[1]),
                          .source_blocked = Outwards(Exits()[2]),
                          .port_blocked = Outwards(Exits()[3])};
  const std::string ruleset = NftRuleset(rules, kNftDevice, exits);
  const ProcessResult result = RunProcess({.argv = {"nft", "-f", "-"},
                                           .netns_path = host_.path(),
                                           .input = ruleset});
  if (result.exit_code == 0) return absl::OkStatus();
  constexpr int kNotFound = 127;
  if (result.exit_code == kNotFound) {
    return absl::NotFoundError(
        "nft is missing: deploy/packages.sh install test");
  }
  return absl::InternalError(
      absl::StrCat("nft does not take\n", ruleset, result.err));
}

absl::StatusOr<std::vector<bool>> TwoGuards::AskOurs(
    const std::vector<Bytes>& frames) {
  FW_ASSIGN_OR_RETURN(const Counts before, ReadCounts());
  FW_ASSIGN_OR_RETURN(const FrameTrial::Outcomes outcomes, ours_.Send(frames));
  FW_ASSIGN_OR_RETURN(const Counts after, ReadCounts());
  std::vector<bool> passed;
  for (const auto& exit : outcomes) passed.push_back(exit.has_value());
  const auto passes = static_cast<std::uint64_t>(
      std::count(passed.begin(), passed.end(), true));
  // One more passes, which says that all are through.
  const Counts here = {.passed = after.passed - before.passed - 1,
                       .dropped = after.dropped - before.dropped};
  if (here.passed == passes && here.dropped == frames.size() - passes) {
    return passed;
  }
  return absl::InternalError(absl::StrCat(
      "of ", frames.size(), " frames our filter passed ", here.passed,
      " and dropped ", here.dropped, ", but ", passes, " arrived"));
}

absl::StatusOr<TwoGuards::NftVerdicts> TwoGuards::AskNft(
    const std::vector<Bytes>& frames) {
  FW_ASSIGN_OR_RETURN(const FrameTrial::Outcomes outcomes, nft_.Send(frames));
  NftVerdicts verdicts;
  for (const auto& exit : outcomes) {
    verdicts.push_back(exit ? std::optional(static_cast<NftVerdict>(*exit))
                            : std::nullopt);
  }
  return verdicts;
}

absl::StatusOr<TwoGuards::Counts> TwoGuards::ReadCounts() {
  FW_ASSIGN_OR_RETURN(const auto all, plane_->ReadCounters());
  Counts counts;
  for (const policy::InterfaceCounters& counters : all) {
    for (std::size_t i = 0; i < policy::kOutcomes.size(); ++i) {
      const bool is_pass = policy::kOutcomes[i].first == policy::Verdict::kPass;
      (is_pass ? counts.passed : counts.dropped) +=
          counters.by_outcome[i].packets;
    }
  }
  return counts;
}

}  // namespace fwagent::testing
