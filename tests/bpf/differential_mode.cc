#include "tests/bpf/differential_mode.h"

#include <array>
#include <cstdlib>

#include "tests/support/dice.h"

namespace fwagent::testing {
namespace {

using dataplane::DefaultVerdict;
using dataplane::Malformed;
using dataplane::PacketOptions;
using dataplane::ProgramVariant;
using dataplane::UndecidedFragments;
using Judgements = std::vector<Judgement>;

constexpr std::array<const char*, 8> kFailsafe = {
    "192.0.2.0/25",         "192.0.2.1 22/tcp",    "203.0.113.7",
    "2001:db8::/64 53/udp", "2001:db8:0:1::/64",   "any 80-443/tcp",
    "any 8080/sctp",        "fe80::/10 22/udplite"};

// Where drops are counted as `verdict`.
Judgements ExpectedWith(fw_verdict verdict) {
  Judgements judgements = {Passed(FW_REASON_NOT_IP),
                           Passed(FW_REASON_SOURCE_ALLOWED),
                           Passed(FW_REASON_RULE)};
  for (const fw_reason reason :
       {FW_REASON_SOURCE_BLOCKED, FW_REASON_PORT_BLOCKED,
        FW_REASON_MALFORMED_IP, FW_REASON_MALFORMED_TRANSPORT,
        FW_REASON_TOO_DEEP, FW_REASON_FRAGMENT, FW_REASON_RULE,
        FW_REASON_LIMIT}) {
    judgements.push_back({verdict, reason});
  }
  return judgements;
}

Judgements operator+(Judgements some, const Judgements& others) {
  some.insert(some.end(), others.begin(), others.end());
  return some;
}

const char* NameOf(ProgramVariant variant) {
  switch (variant) {
    case ProgramVariant::kFast:
      return "Fast";
    case ProgramVariant::kStrict:
      return "Strict";
    case ProgramVariant::kCompat:
      return "Compat";
  }
  std::abort();
}

void AddFailsafe(const char* text, PacketOptions& packets) {
  const auto entries = policy::ParseFailsafe(text);
  if (!entries.ok()) std::abort();
  packets.failsafe.insert(packets.failsafe.end(), entries->begin(),
                          entries->end());
}

// Nothing as it is by itself.
PacketOptions Unusual() {
  PacketOptions packets = {.malformed = Malformed::kDrop,
                           .undecided_fragments = UndecidedFragments::kDrop,
                           .default_verdict = DefaultVerdict::kDrop,
                           .essential = 0,
                           .shadow = true};
  for (const char* text : kFailsafe) AddFailsafe(text, packets);
  return packets;
}

PacketOptions RandomOptions(std::uint64_t seed) {
  Dice dice(seed);
  PacketOptions packets;
  packets.malformed = dice.OneIn(2) ? Malformed::kPass : Malformed::kDrop;
  if (dice.OneIn(2)) packets.undecided_fragments = UndecidedFragments::kDrop;
  if (dice.OneIn(2)) packets.default_verdict = DefaultVerdict::kDrop;
  packets.essential =
      static_cast<std::uint32_t>(dice.Below(dataplane::kAllEssentials + 1));
  packets.shadow = dice.OneIn(4);
  for (std::uint64_t i = dice.Below(4); i > 0; --i) {
    AddFailsafe(dice.Of(kFailsafe), packets);
  }
  return packets;
}

// By the place in dataplane::kEssentials.
bool Keeps(const PacketOptions& packets, std::size_t essential) {
  return (packets.essential & dataplane::kEssentials[essential].bit) != 0;
}

void AddModes(ProgramVariant variant, std::uint64_t seed,
              std::vector<Mode>& modes) {
  const auto add = [&](const char* suffix, const PacketOptions& packets,
                       const Judgements& expected) {
    modes.push_back({.name = std::string(NameOf(variant)) + suffix,
                     .variant = variant,
                     .packets = packets,
                     .seed = 16 * seed + modes.size(),
                     .expected = expected});
  };
  const Judgements dropped = ExpectedWith(FW_VERDICT_DROP) +
                             Judgements{{FW_VERDICT_REJECT, FW_REASON_RULE},
                                        Passed(FW_REASON_NEIGHBOR_DISCOVERY)};
  add("", {},
      dropped +
          Judgements{Passed(FW_REASON_NO_MATCH), Passed(FW_REASON_MALFORMED_IP),
                     Passed(FW_REASON_MALFORMED_TRANSPORT),
                     Passed(FW_REASON_TOO_DEEP), Passed(FW_REASON_FRAGMENT)});
  add("DropByDefault", {.default_verdict = DefaultVerdict::kDrop},
      dropped + Judgements{Dropped(FW_REASON_DEFAULT),
                           Passed(FW_REASON_ESSENTIAL),
                           Passed(FW_REASON_FRAGMENT)});
  add("Unusual", Unusual(),
      ExpectedWith(FW_VERDICT_SHADOWED) +
          Judgements{{FW_VERDICT_SHADOWED, FW_REASON_DEFAULT},
                     Passed(FW_REASON_FAILSAFE)});
  add("AtRandom", RandomOptions(16 * seed + modes.size()), {});
}

}  // namespace

void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

std::vector<Mode> ModesOf(std::uint64_t seed) {
  std::vector<Mode> modes;
  for (const ProgramVariant variant :
       {ProgramVariant::kFast, ProgramVariant::kStrict,
        ProgramVariant::kCompat}) {
    AddModes(variant, seed, modes);
  }
  return modes;
}

ReferenceFilter::Options ReferenceFor(const PacketOptions& packets) {
  ReferenceFilter::Options options = {
      .knows_udp_lite_and_dccp = true,
      .follows_fragments = true,
      .drops_undecided_fragments =
          packets.undecided_fragments == UndecidedFragments::kDrop,
      .drops_by_default = packets.default_verdict == DefaultVerdict::kDrop,
      .essentials = {.neighbor_discovery = Keeps(packets, 0),
                     .icmp_errors = Keeps(packets, 1),
                     .multicast_listeners = Keeps(packets, 2),
                     .dhcp = Keeps(packets, 3)},
      .is_shadow = packets.shadow,
      .failsafe = packets.failsafe};
  switch (packets.malformed) {
    case Malformed::kAuto:
      break;
    case Malformed::kPass:
      options.malformed = ReferenceFilter::Malformed::kPass;
      break;
    case Malformed::kDrop:
      options.malformed = ReferenceFilter::Malformed::kDrop;
      break;
  }
  return options;
}

}  // namespace fwagent::testing
