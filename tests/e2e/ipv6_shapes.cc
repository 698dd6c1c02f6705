// IPv6 headers: the fixed one, and what may be chained behind it.
#include <netinet/in.h>

#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"

namespace fwagent::testing {
namespace {

constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;
constexpr std::size_t kHeader = 14;  // where the fixed header begins

// An option header that Linux accepts: unknown options to be skipped, with
// decoys in them. `length` counts as the header's length field does.
Extension Options(std::uint8_t length, std::uint8_t type = IPPROTO_DSTOPTS) {
  constexpr std::uint8_t kSkipped = 0x1e;
  Bytes content;
  std::size_t room = (length + 1u) * 8 - 2;
  while (room > 0) {
    const std::size_t size = room > 257 ? (room == 258 ? 256 : 257) : room;
    Bytes option(size, kDecoy);
    option[0] = kSkipped;
    option[1] = static_cast<std::uint8_t>(size - 2);
    content.insert(content.end(), option.begin(), option.end());
    room -= size;
  }
  return {.type = type, .length = length, .content = content};
}

Extension HopByHop(std::uint8_t length = 0) {
  return Options(length, IPPROTO_HOPOPTS);
}

// Of 8 bytes, or longer.
Extension Routing(std::uint8_t type, std::uint8_t segments_left,
                  std::uint8_t length = 0) {
  return {.type = IPPROTO_ROUTING,
          .length = length,
          .content = {type, segments_left, 0, 0, 0, 0}};
}

Shape Behind(std::string name, const Packet& headers,
             Limit limit = Limit::kNone) {
  return {std::move(name),
          [headers](const Probe& probe) {
            return std::vector<Bytes>{Frame(probe, Segment(probe), headers)};
          },
          limit};
}

template <IsLayer T>
Shape Behind(std::string name, const T& header) {
  return Behind(std::move(name), One(header));
}

Shape Changed(std::string name, std::size_t place, std::uint8_t value) {
  return {std::move(name), [=](const Probe& probe) {
            Bytes frame = Frame(probe);
            frame[kHeader + place] = value;
            return std::vector<Bytes>{frame};
          }};
}

// No payload length, for a jumbogram.
Shape WithoutLength(std::string name, const Packet& headers,
                    std::size_t padding) {
  return {
      std::move(name), [=](const Probe& probe) {
        Bytes frame = Frame(probe, Segment(probe), headers);
        frame[kHeader + 4] = frame[kHeader + 5] = 0;
        return std::vector<Bytes>{Pad(frame, frame.size() + padding, kDecoy)};
      }};
}

// An extension header whose length field says something else.
Shape LyingLength(std::uint8_t type, std::uint8_t length) {
  return {absl::StrCat("header ", type, " that says length ", length),
          [=](const Probe& probe) {
            Bytes frame = Frame(probe, Segment(probe), One(Options(0, type)));
            frame[kHeader + 41] = length;
            return std::vector<Bytes>{frame};
          }};
}

}  // namespace

Shapes IPv6HeaderShapes() {
  const Packet jumbo_option =
      One(Extension{.type = IPPROTO_HOPOPTS, .content = {194, 4, 0, 0, 0, 48}});
  return {
      Changed("hop limit 0", 7, 0),
      Changed("hop limit 255", 7, 255),
      Changed("traffic class", 0, 0x65),
      Changed("flow label", 2, kDecoy),
      Changed("version 4", 0, 0x40),
      Changed("version 5", 0, 0x50),
      Changed("next header: none", 6, IPPROTO_NONE),
      Changed("next header: no such option header", 6, IPPROTO_DSTOPTS),
      WithoutLength("payload length 0", {}, 0),
      WithoutLength("payload length 0, hop-by-hop", One(HopByHop()), 0),
      WithoutLength("payload length 0, hop-by-hop, padded", One(HopByHop()),
                    20),
      WithoutLength("payload length 0, destination options", One(Options(0)),
                    0),
      WithoutLength("payload length 0, small jumbo option", jumbo_option, 0),
      Behind("jumbo option with a payload length", jumbo_option),
      LyingLength(IPPROTO_DSTOPTS, 1),
      LyingLength(IPPROTO_DSTOPTS, 3),
      LyingLength(IPPROTO_DSTOPTS, 4),
      LyingLength(IPPROTO_DSTOPTS, 255),
      LyingLength(IPPROTO_HOPOPTS, 1),
      LyingLength(IPPROTO_HOPOPTS, 255),
      LyingLength(IPPROTO_ROUTING, 255),
  };
}

Shapes IPv6ChainShapes() {
  Shapes shapes = {
      Behind("hop-by-hop", HopByHop()),
      Behind("hop-by-hop of 2 KB", HopByHop(255)),
      Behind("hop-by-hop, destination options", One(HopByHop()) / Options(3)),
      Behind("destination options, hop-by-hop", One(Options(0)) / HopByHop()),
      Behind("two hop-by-hop", Times(2, HopByHop())),
      Behind("router alert",
             Extension{.type = IPPROTO_HOPOPTS, .content = {5, 2, 0, 0, 1, 0}}),
      Behind("options that are all Pad1", Extension{}),
      Behind("an option that forbids to go on",
             Extension{.content = {0x5e, 4, kDecoy, kDecoy, kDecoy, kDecoy}}),
      Behind("1 KB of destination options", Options(127)),
      Behind("2 KB of destination options", Options(255)),
      Behind("2 times 2 KB of destination options", Times(2, Options(255)),
             Limit::kDocumented),
      Behind("3 times 2 KB of destination options", Times(3, Options(255)),
             Limit::kDocumented),
      Behind("4 times 2 KB of destination options", Times(4, Options(255)),
             Limit::kDocumented),
      Behind("24 times 352 bytes of options", Times(24, Options(43)),
             Limit::kDocumented),
      Behind("all kinds of header", One(HopByHop()) / Options(0) /
                                        Routing(0, 0) / Fragment{} /
                                        Options(1)),
      Behind("authentication", Extension{.type = IPPROTO_AH, .length = 4}),
      Behind("authentication of 12 bytes",
             Extension{.type = IPPROTO_AH, .length = 1}),
      Behind("mobility", Extension{.type = IPPROTO_MH}),
      Behind("HIP", Extension{.type = kHip, .length = 4}),
      Behind("Shim6", Extension{.type = kShim6}),
      Behind("ESP before it", Extension{.type = IPPROTO_ESP}),
  };
  for (const int count :
       {1, 2, 3, 4, 8, 12, 16, 20, 23, 24, 25, 26, 32, 64, 100}) {
    const Limit limit = count > 24 ? Limit::kDocumented : Limit::kNone;
    shapes.push_back(Behind(absl::StrCat(count, " destination options"),
                            Times(count, Options(0)), limit));
    shapes.push_back(Behind(absl::StrCat(count, " routing headers"),
                            Times(count, Routing(0, 0)), limit));
  }
  // The first buffer of a veth device ends at 3,520: before, in and behind the
  // ports.
  for (std::uint8_t length = 168; length < 188; ++length) {
    shapes.push_back(Behind(
        absl::StrCat("ports at byte ", 14 + 40 + 2048 + 8 * (length + 1)),
        One(Options(255)) / Options(length), Limit::kDocumented));
  }
  for (const std::uint8_t type : Bytes{0, 1, 2, 3, 4, 5, 253}) {
    shapes.push_back(Behind(absl::StrCat("routing type ", type, ", none left"),
                            Routing(type, 0, 2)));
    shapes.push_back(Behind(absl::StrCat("routing type ", type, ", one left"),
                            Routing(type, 1, 2)));
  }
  return shapes;
}

}  // namespace fwagent::testing
