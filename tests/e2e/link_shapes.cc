// What is before the IP header, and what is behind the datagram.
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"

namespace fwagent::testing {
namespace {

constexpr std::uint16_t kCustomerTag = 0x8100;  // 802.1Q
constexpr std::uint16_t kServiceTag = 0x88a8;   // 802.1ad

Bytes FrameBehind(const Probe& probe, const Packet& before) {
  return (Outside(probe, before) /
          Raw{.bytes = Segment(probe), .ip_protocol = probe.protocol})
      .ToBytes();
}

Shape Behind(std::string name, const Packet& before,
             Limit limit = Limit::kNone) {
  return {std::move(name),
          [before](const Probe& probe) {
            return std::vector<Bytes>{FrameBehind(probe, before)};
          },
          limit};
}

Packet MixedTags(int count) {
  Packet tags;
  for (int i = 0; i < count; ++i) {
    tags = tags / Vlan{.tpid = i % 2 == 0 ? kServiceTag : kCustomerTag};
  }
  return tags;
}

// The plain frame, changed.
Shape Changed(std::string name, std::function<void(Bytes&)> change) {
  return {std::move(name), [change](const Probe& probe) {
            Bytes frame = Frame(probe);
            change(frame);
            return std::vector<Bytes>{frame};
          }};
}

Shape To(std::string name, const Bytes& mac) {
  return Changed(std::move(name), [mac](Bytes& frame) {
    std::copy(mac.begin(), mac.end(), frame.begin());
  });
}

// Something else than IP, with the packet in it.
Shape Inside(std::string name, std::uint16_t ethertype, const Bytes& header) {
  return Changed(std::move(name), [ethertype, header](Bytes& frame) {
    Bytes type = {static_cast<std::uint8_t>(ethertype >> 8),
                  static_cast<std::uint8_t>(ethertype)};
    type.insert(type.end(), header.begin(), header.end());
    frame.erase(frame.begin() + 12, frame.begin() + 14);
    frame.insert(frame.begin() + 12, type.begin(), type.end());
  });
}

void AddTags(Shapes& shapes) {
  for (const int count : {1, 2, 5, 9, 16, 17, 20}) {
    const Limit limit = count > 16 ? Limit::kDocumented : Limit::kNone;
    const auto add = [&](const char* kind, const Packet& tags) {
      shapes.push_back(
          Behind(absl::StrCat(count, " ", kind, " tags"), tags, limit));
    };
    add("802.1Q", Times(count, Vlan{.tpid = kCustomerTag}));
    add("802.1ad", Times(count, Vlan{.tpid = kServiceTag}));
    if (count > 1) add("mixed", MixedTags(count));
  }
}

Shape Padded(std::size_t bytes, std::uint8_t filler) {
  return Changed(
      absl::StrCat(bytes, " bytes of padding, ", filler),
      [=](Bytes& frame) { frame = Pad(frame, frame.size() + bytes, filler); });
}

}  // namespace

Shapes LinkShapes() {
  Shapes shapes = {
      Behind("priority tag", One(Vlan{.id = 0xe000})),
      Behind("tag of VLAN 5", One(Vlan{.id = 5})),
      Behind("tag of VLAN 5 in one of VLAN 0", One(Vlan{}) / Vlan{.id = 5}),
      Behind("tag of VLAN 0 in one of VLAN 5", One(Vlan{.id = 5}) / Vlan{}),
      Behind("tag with an old type", One(Vlan{.tpid = 0x9100})),
      To("to all stations", Bytes(6, 0xff)),
      To("to a group of stations", {0x01, 0, 0x5e, 0, 0, 1}),
      To("to another station", {0x02, 0, 0, 0, 0, 9}),
      Inside("announced as ARP", 0x0806, {}),
      Inside("in MPLS", 0x8847, {0, 0, 0x11, 0x40}),
      Inside("in PPPoE", 0x8864, {0x11, 0, 0, 1, 0, 62, 0, 0x21}),
      Inside("in LLC and SNAP", 60, {0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0}),
      Inside("IPv4 in an 802.3 frame", 60, {6, 6, 3}),
  };
  AddTags(shapes);
  return shapes;
}

Shapes PaddingShapes() {
  Shapes shapes = {Padded(0, kDecoy)};
  for (const std::size_t bytes : {1u, 2u, 3u, 7u, 46u, 500u}) {
    shapes.push_back(Padded(bytes, kDecoy));
  }
  shapes.push_back(Padded(46, 0));
  shapes.push_back({"the other family's ethertype", [](const Probe& probe) {
                      Bytes frame = Frame(probe);
                      frame[12] ^= 0x08 ^ 0x86;
                      frame[13] ^= 0xdd;
                      return std::vector<Bytes>{frame};
                    }});
  return shapes;
}

}  // namespace fwagent::testing
