// What Linux accepts, put together at random, and some of it broken.
#include <netinet/in.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"

namespace fwagent::testing {
namespace {

constexpr int kCount = 150;

// The same choices for the same seed, whatever the library.
class Choice {
 public:
  explicit Choice(unsigned seed) : random_(seed * 7919 + 1) {}

  // Below `count`.
  std::size_t Of(std::size_t count) { return random_() % count; }
  bool OneIn(std::size_t count) { return Of(count) == 0; }
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[Of(i)]);
    }
  }

 private:
  std::minstd_rand random_;
};

Packet Tags(Choice& choice) {
  Packet tags;
  if (choice.OneIn(2)) return tags;
  for (std::size_t count = choice.Of(17); count > 0; --count) {
    tags.Append(Vlan{
        .id = static_cast<std::uint16_t>(choice.Of(8) << 13),
        .tpid = static_cast<std::uint16_t>(choice.OneIn(2) ? 0x8100 : 0x88a8)}
                    .ToLayer());
  }
  return tags;
}

// A PadN option, which Linux takes with up to seven bytes, or one to be
// skipped.
Extension Options(Choice& choice, std::uint8_t type) {
  const auto length = static_cast<std::uint8_t>(choice.Of(5));
  const std::size_t data_bytes = length * 8u + 4;
  Bytes content(data_bytes + 2, kDecoy);
  content[0] = 0x1e;
  content[1] = static_cast<std::uint8_t>(data_bytes);
  if (length == 0 && choice.OneIn(2)) content = {1, 4, 0, 0, 0, 0};
  return {.type = type, .length = length, .content = content};
}

// Destination options and routing headers without segments left; at most one
// fragment header, as Linux refuses a second one.
Packet Chain(Choice& choice, bool may_be_fragment) {
  Packet chain;
  for (std::size_t count = choice.Of(9); count > 0; --count) {
    if (may_be_fragment && choice.OneIn(6)) {
      may_be_fragment = false;
      const auto octet = static_cast<std::uint8_t>(choice.Of(256));
      chain.Append(Fragment{.reserved = octet}.ToLayer());
    } else if (choice.OneIn(3)) {
      chain.Append(Extension{.type = IPPROTO_ROUTING,
                             .length = static_cast<std::uint8_t>(choice.Of(4))}
                       .ToLayer());
    } else {
      chain.Append(Options(choice, IPPROTO_DSTOPTS).ToLayer());
    }
  }
  return chain;
}

// Everything before the fragment header, or before all.
Packet Start(Choice& choice, bool may_be_fragment) {
  Packet start;
  if (choice.OneIn(4)) start.Append(Options(choice, IPPROTO_HOPOPTS).ToLayer());
  start.Append(Chain(choice, may_be_fragment));
  return start;
}

Packet Ip(Choice& choice, const Probe& probe, const Piece& piece) {
  const Packet link = One(Ethernet{}) / Tags(choice);
  if (!probe.v4) return link / IPv6{.src = probe.src, .dst = probe.dst};
  return link /
         IPv4{.src = probe.src,
              .dst = probe.dst,
              .option_words = choice.OneIn(2) ? 0 : choice.Of(11),
              .identification = probe.number,
              .fragment_offset = static_cast<std::uint16_t>(piece.offset),
              .more_fragments = piece.more};
}

std::vector<Bytes> Whole(Choice& choice, const Probe& probe) {
  const Raw rest{.bytes = Segment(probe, choice.Of(300)),
                 .ip_protocol = probe.protocol};
  const Packet start = probe.v4 ? Packet{} : Start(choice, true);
  return {(Ip(choice, probe, {}) / start / rest).ToBytes()};
}

std::vector<Bytes> InPieces(Choice& choice, const Probe& probe) {
  const Bytes segment = Segment(probe, 40 + choice.Of(300));
  const Packet start = probe.v4 ? Packet{} : Start(choice, false);
  std::vector<Bytes> frames;
  for (const Piece& piece : Split(segment, 24 + 8 * choice.Of(8))) {
    Packet packet = Ip(choice, probe, piece) / start;
    if (!probe.v4) {
      packet =
          packet / Fragment{.offset = static_cast<std::uint16_t>(piece.offset),
                            .more = piece.more,
                            .identification = probe.number};
    }
    frames.push_back(
        (packet / Raw{.bytes = piece.bytes, .ip_protocol = probe.protocol})
            .ToBytes());
  }
  if (choice.OneIn(3)) frames.push_back(frames[choice.Of(frames.size())]);
  if (choice.OneIn(2)) choice.Shuffle(frames);
  return frames;
}

// One bit, behind the addresses of the Ethernet header.
void Break(Choice& choice, Bytes& frame) {
  const std::size_t place =
      12 + choice.Of(std::min<std::size_t>(frame.size() - 12, 120));
  frame[place] ^= static_cast<std::uint8_t>(1u << choice.Of(8));
}

std::vector<Bytes> RandomFrames(unsigned seed, const Probe& probe) {
  Choice choice(seed);
  std::vector<Bytes> frames =
      choice.OneIn(2) ? Whole(choice, probe) : InPieces(choice, probe);
  for (Bytes& frame : frames) {
    if (choice.OneIn(4))
      frame = Pad(frame, frame.size() + choice.Of(60), kDecoy);
  }
  if (choice.OneIn(3)) Break(choice, frames[choice.Of(frames.size())]);
  return frames;
}

}  // namespace

Shapes RandomShapes() {
  Shapes shapes;
  for (unsigned seed = 0; seed < kCount; ++seed) {
    shapes.push_back({absl::StrCat("random ", seed), [=](const Probe& probe) {
                        return RandomFrames(seed, probe);
                      }});
  }
  return shapes;
}

}  // namespace fwagent::testing
