// IPv6 extension headers.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using FilterExtensionTest = FilterTest;

const Rules kUdp53 = {.ports = {{FW_PORT_UDP, 53, 53}}};
const Rules kOtherPorts = {.ports = {{FW_PORT_SCTP, 1, 1}}};
const Rules kNoPorts = {.sources = {"203.0.113.0/24"}};

Bytes Behind(const Packet& chain, std::uint16_t port) {
  return (Packet() / Ethernet{} / IPv6{} / chain / Udp{.dport = port})
      .ToBytes();
}

TEST_F(FilterExtensionTest, EveryKindIsSeenThrough) {
  // Hop-by-hop, routing, authentication, destination options, mobility, HIP,
  // Shim6; lengths in the units of each.
  for (const std::uint8_t type : Bytes{0, 43, 51, 60, 135, 139, 140}) {
    for (const std::uint8_t length : Bytes{0, 1, 2, 7, 255}) {
      const Packet chain = Packet() / Extension{.type = type, .length = length};
      CheckAll({{absl::StrCat("type ", type, ", length ", length), kUdp53,
                 Behind(chain, 53), kPortBlocked, Behind(chain, 54)}});
    }
  }
}

TEST_F(FilterExtensionTest, ChainsEndAtEncryptionAndAtNothing) {
  for (const std::uint8_t type : Bytes{50, 59}) {
    const auto frame = [&](std::uint8_t last) {
      return (Ethernet{} / IPv6{} / Extension{.next_header = last} /
              Udp{.dport = 53})
          .ToBytes();
    };
    CheckAll({{absl::StrCat("type ", type), kUdp53, frame(17), kPortBlocked,
               frame(type)}});
  }
}

TEST_F(FilterExtensionTest, UpToTwentyFourAreSeenThrough) {
  for (int count = 0; count <= FW_MAX_EXT_HEADERS; ++count) {
    const Packet chain = Times(count, Extension{});
    CheckAll({{absl::StrCat(count, " headers"), kUdp53, Behind(chain, 53),
               kPortBlocked, Behind(chain, 54)}});
  }
}

TEST_F(FilterExtensionTest, MoreThanTwentyFourAreTooDeep) {
  const Bytes frame = Behind(Times(FW_MAX_EXT_HEADERS + 1, Extension{}), 443);
  const Bytes deepest = Behind(Times(FW_MAX_EXT_HEADERS, Extension{}), 443);
  CheckAll({
      {"ports are blocked", kUdp53, frame, Dropped(FW_REASON_TOO_DEEP),
       deepest},
      {"any ports", kOtherPorts, frame, Dropped(FW_REASON_TOO_DEEP), deepest},
      {"no ports", kNoPorts, frame, Passed(FW_REASON_TOO_DEEP), deepest},
  });
}

TEST_F(FilterExtensionTest, LongChainsAreSeenThrough) {
  // 2 KiB in one header, and a mix of all units.
  const Packet mixed = Packet() / Extension{.type = 0, .length = 5} /
                       Extension{.type = 43, .length = 2} / Fragment{} /
                       Extension{.type = 51, .length = 5} /
                       Extension{.type = 60, .length = 30};
  CheckAll({
      {"2 KiB", kUdp53, Behind(Packet() / Extension{.length = 254}, 53),
       kPortBlocked, Behind(Packet() / Extension{.length = 254}, 54)},
      {"mixed", kUdp53, Behind(mixed, 53), kPortBlocked, Behind(mixed, 54)},
  });
}

TEST_F(FilterExtensionTest, TagsBelowAndChainsAboveAddUp) {
  const auto frame = [](std::uint16_t port) {
    return (Packet() / Ethernet{} / Times(FW_MAX_VLAN_TAGS, Vlan{}) / IPv6{} /
            Times(FW_MAX_EXT_HEADERS, Extension{.length = 2}) /
            Udp{.dport = port})
        .ToBytes();
  };
  CheckAll(
      {{"both at their most", kUdp53, frame(53), kPortBlocked, frame(54)}});
}

TEST_F(FilterExtensionTest, AChainThatBreaksOffIsDroppedForAnyPortRule) {
  // The datagram ends inside the second header, wherever the frame does.
  const auto frame = [](std::uint16_t payload_bytes) {
    return (Ethernet{} / IPv6{.payload_bytes = payload_bytes} / Extension{} /
            Extension{.length = 1} / Udp{.dport = 443})
        .ToBytes();
  };
  for (std::uint16_t size = 0; size < 24; ++size) {
    SCOPED_TRACE(absl::StrCat(size, " of 32 bytes"));
    CheckAll({
        {"that port", kUdp53, frame(size),
         Dropped(FW_REASON_MALFORMED_TRANSPORT), frame(32)},
        {"other ports", kOtherPorts, frame(size),
         Dropped(FW_REASON_MALFORMED_TRANSPORT), frame(32)},
        {"no ports", kNoPorts, frame(size),
         Passed(FW_REASON_MALFORMED_TRANSPORT), frame(32)},
    });
  }
  for (std::uint16_t size = 24; size < 28; ++size) {
    SCOPED_TRACE(absl::StrCat(size, " of 32 bytes"));
    CheckAll({
        {"that protocol", kUdp53, frame(size),
         Dropped(FW_REASON_MALFORMED_TRANSPORT), frame(32)},
        {"another protocol", kOtherPorts, frame(size),
         Passed(FW_REASON_MALFORMED_TRANSPORT), frame(32)},
    });
  }
}

// Linux takes the whole frame for the datagram when there is no length and the
// first header has hop-by-hop options.
TEST_F(FilterExtensionTest, NoLengthIsAJumbogramOnlyWithHopByHopOptions) {
  const auto frame = [](std::uint8_t type, std::uint16_t port) {
    return (Ethernet{} / IPv6{.payload_bytes = 0} / Extension{.type = type} /
            Udp{.dport = port})
        .ToBytes();
  };
  CheckAll({
      {"hop-by-hop", kUdp53, frame(0, 53), kPortBlocked, frame(0, 54)},
      {"destination options", kUdp53, frame(60, 53),
       Dropped(FW_REASON_MALFORMED_TRANSPORT), frame(0, 54)},
  });
}

}  // namespace
}  // namespace fwagent::testing
