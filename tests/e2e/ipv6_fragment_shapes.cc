// The IPv6 fragment header: alone, and among other headers.
#include <netinet/in.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"

namespace fwagent::testing {
namespace {

using Frames6 = std::vector<Bytes>;

// The whole TCP header: Linux wants to see it in the first fragment.
constexpr std::size_t kPieceBytes = 24;

// Six PadN bytes: 8 bytes in all.
const Extension kOptions{.content = {1, 4, 0, 0, 0, 0}};
const Extension kHopByHop{.type = IPPROTO_HOPOPTS,
                          .content = {1, 4, 0, 0, 0, 0}};
const Extension kRouting{.type = IPPROTO_ROUTING};

// A packet that is whole, with these headers in it.
Shape Behind(std::string name, const Packet& headers) {
  return {std::move(name), [headers](const Probe& probe) {
            return Frames6{Frame(probe, Segment(probe), headers)};
          }};
}

// Fragments behind other headers, each.
Shape PiecesBehind(std::string name, const Packet& headers,
                   std::size_t piece_bytes) {
  return {std::move(name), [=](const Probe& probe) {
            Frames6 frames;
            for (const Piece& piece : Split(Segment(probe), piece_bytes)) {
              frames.push_back(Frame(probe, piece, {}, headers));
            }
            return frames;
          }};
}

// Fragments of a segment with destination options before it.
Shape OptionsInPieces(std::string name, const Extension& options,
                      std::size_t piece_bytes, std::size_t first_bytes = 0) {
  return {std::move(name), [=](const Probe& probe) {
            const Bytes whole =
                (One(options) /
                 Raw{.bytes = Segment(probe), .ip_protocol = probe.protocol})
                    .ToBytes();
            Frames6 frames;
            for (const Piece& piece : Split(whole, piece_bytes, first_bytes)) {
              frames.push_back(Frame(probe, piece, {}, {}, IPPROTO_DSTOPTS));
            }
            return frames;
          }};
}

// As above, with a change of the frames.
Shape Reversed(Shape shape) {
  return {shape.name + ", reversed", [shape](const Probe& probe) {
            Frames6 frames = shape.frames(probe);
            std::reverse(frames.begin(), frames.end());
            return frames;
          }};
}

// Later fragments announce something else than the first one: what counts to
// Linux is the first one.
Frames6 OtherNextHeaders(const Probe& probe, bool lie_in_first) {
  Frames6 frames;
  for (const Piece& piece : Split(Segment(probe), kPieceBytes)) {
    const bool lies = (piece.offset == 0) == lie_in_first;
    frames.push_back(Frame(probe, piece, {}, {},
                           lies ? std::uint8_t{IPPROTO_NONE} : probe.protocol));
  }
  return frames;
}

// A fragment header in what is fragmented.
Frames6 FragmentsOfFragments(const Probe& probe, bool inner_is_atomic) {
  const Bytes whole =
      (One(Fragment{.more = !inner_is_atomic, .identification = 77}) /
       Raw{.bytes = Segment(probe), .ip_protocol = probe.protocol})
          .ToBytes();
  Frames6 frames;
  for (const Piece& piece : Split(whole, 24)) {
    frames.push_back(Frame(probe, piece, {}, {}, IPPROTO_FRAGMENT));
  }
  return frames;
}

// The two bits between offset and flag are reserved as well.
Frames6 ReservedBits(const Probe& probe) {
  Frames6 frames = Frames(probe, Split(Segment(probe), kPieceBytes));
  constexpr std::size_t kOffsetField = 14 + 40 + 3;
  for (Bytes& frame : frames) frame[kOffsetField] |= 6;
  return frames;
}

// An atomic one does not belong to the fragments of the same identification.
Frames6 AtomicBetween(const Probe& probe) {
  Frames6 frames = Frames(probe, Split(Segment(probe), kPieceBytes));
  Probe other = probe;
  other.dport = kOtherPort;
  frames.insert(frames.begin() + 1,
                Frame(other, Piece{.bytes = Segment(other)}));
  return frames;
}

}  // namespace

Shapes IPv6FragmentShapes() {
  Shapes shapes = {
      Behind("two atomic fragment headers", Times(2, Fragment{})),
      Behind("atomic, then destination options", One(Fragment{}) / kOptions),
      Behind("destination options, then atomic", One(kOptions) / Fragment{}),
      Behind("atomic between destination options",
             One(kOptions) / Fragment{} / kOptions),
      Behind("atomic, then 20 destination options",
             One(Fragment{}) / Times(20, kOptions)),
      Behind("atomic, then hop-by-hop", One(Fragment{}) / kHopByHop),
      Behind("routing, then atomic", One(kRouting) / Fragment{}),
      Behind("the last of one that never began", One(Fragment{.offset = 1})),
      Behind("the first of one that never ends", One(Fragment{.more = true})),
      PiecesBehind("pieces behind hop-by-hop", One(kHopByHop), kPieceBytes),
      PiecesBehind("pieces behind destination options", One(kOptions), 8),
      PiecesBehind("pieces behind three headers",
                   One(kHopByHop) / kOptions / kRouting, kPieceBytes),
      PiecesBehind("pieces behind 20 destination options", Times(20, kOptions),
                   16),
      PiecesBehind("pieces behind an atomic header", One(Fragment{}),
                   kPieceBytes),
      OptionsInPieces("options within pieces of 32", kOptions, 32),
      Reversed(OptionsInPieces("options within pieces of 32", kOptions, 32)),
      OptionsInPieces("options within pieces of 16", kOptions, 16),
      Reversed(OptionsInPieces("options within pieces of 16", kOptions, 16)),
      OptionsInPieces("first piece ends in the options", kOptions, 8),
      OptionsInPieces("first piece ends in longer options",
                      {.length = 3, .content = {0x1e, 28}}, 16),
      OptionsInPieces("first piece ends with longer options",
                      {.length = 1, .content = {0x1e, 12}}, 16),
      OptionsInPieces("first piece ends behind the ports",
                      {.length = 1, .content = {0x1e, 12}}, 64, 24),
      {"later pieces announce something else",
       [](const Probe& probe) { return OtherNextHeaders(probe, false); }},
      {"the first piece announces something else",
       [](const Probe& probe) { return OtherNextHeaders(probe, true); }},
      {"fragments of a fragment",
       [](const Probe& probe) { return FragmentsOfFragments(probe, false); }},
      {"fragments of an atomic one",
       [](const Probe& probe) { return FragmentsOfFragments(probe, true); }},
      {"reserved bits in pieces", ReservedBits},
      {"an atomic one between the pieces", AtomicBetween},
  };
  for (const std::uint8_t octet : Bytes{0, 1, 2, 7, 8, kDecoy, 127, 255}) {
    shapes.push_back(Behind(absl::StrCat("atomic, reserved octet ", octet),
                            One(Fragment{.reserved = octet})));
  }
  return shapes;
}

}  // namespace fwagent::testing
