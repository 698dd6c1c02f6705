// Fragments of either family: orders, sizes and disturbances.
#include <netinet/in.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"

namespace fwagent::testing {
namespace {

// Six pieces of 8 bytes of a UDP datagram with 40 bytes of payload.
constexpr std::size_t kPayloadBytes = 40;

using Frames8 = std::vector<Bytes>;

Shape Reordered(std::string name, std::function<void(Frames8&)> reorder) {
  return {std::move(name),
          [reorder](const Probe& probe) {
            Frames8 frames =
                Frames(probe, Split(Segment(probe, kPayloadBytes), 8));
            reorder(frames);
            return frames;
          },
          Limit::kExceededByTcp4};
}

Shape Sized(std::string name, std::size_t payload, std::size_t piece,
            std::size_t first = 0) {
  return {std::move(name),
          [=](const Probe& probe) {
            return Frames(probe, Split(Segment(probe, payload), piece, first));
          },
          first == 8 || (first == 0 && piece == 8) ? Limit::kExceededByTcp4
                                                   : Limit::kNone};
}

Shape Shuffled(unsigned seed) {
  return Reordered(absl::StrCat("8 bytes, shuffled ", seed),
                   [seed](Frames8& frames) {
                     std::minstd_rand random(seed);
                     std::shuffle(frames.begin(), frames.end(), random);
                   });
}

// Changes pieces of 16 bytes, of which none is refused for its offset.
Shape WithPieces(std::string name,
                 std::function<void(Pieces&, const Probe&)> change) {
  return {std::move(name), [change](const Probe& probe) {
            Pieces pieces = Split(Segment(probe, kPayloadBytes), 16);
            change(pieces, probe);
            return Frames(probe, pieces);
          }};
}

void Append(Frames8& frames, const Frames8& more) {
  frames.insert(frames.end(), more.begin(), more.end());
}

// To a port on which nobody listens, with the same number.
Probe ToPort(Probe probe, std::uint16_t port) {
  probe.dport = port;
  return probe;
}

Frames8 Interleaved(const Probe& probe) {
  Probe other = ToPort(probe, kOtherPort);
  other.number ^= 0x8000;
  const Frames8 theirs = Frames(other, Split(Segment(other), 16));
  const Frames8 ours = Frames(probe, Split(Segment(probe), 16));
  Frames8 frames;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    frames.push_back(theirs[i]);
    frames.push_back(ours[i]);
  }
  return frames;
}

// Another datagram between two hosts with the same identification.
Frames8 OfAnotherProtocolBetween(const Probe& probe) {
  Probe other = ToPort(probe, kOtherPort);
  other.protocol = probe.protocol == IPPROTO_UDP ? IPPROTO_TCP : IPPROTO_UDP;
  Frames8 frames = Frames(probe, Split(Segment(probe), 16));
  Append(frames, Frames(other, Split(Segment(other), 16)));
  std::swap(frames[1], frames[2]);
  return frames;
}

Frames8 InTags(const Probe& probe) {
  Frames8 frames;
  for (const Piece& piece : Split(Segment(probe), 16)) {
    frames.push_back(
        Frame(probe, piece, Times(static_cast<int>(frames.size()), Vlan{})));
  }
  return frames;
}

Frames8 Padded(const Probe& probe) {
  Frames8 frames = Frames(probe, Split(Segment(probe), 16));
  for (Bytes& frame : frames) frame = Pad(frame, frame.size() + 20, kDecoy);
  return frames;
}

}  // namespace

Shapes FragmentShapes() {
  return {
      Reordered("8 bytes, in order", [](Frames8&) {}),
      Reordered("8 bytes, reversed",
                [](Frames8& f) { std::reverse(f.begin(), f.end()); }),
      Reordered(
          "8 bytes, the last one first",
          [](Frames8& f) { std::rotate(f.begin(), f.end() - 1, f.end()); }),
      Reordered(
          "8 bytes, the first one last",
          [](Frames8& f) { std::rotate(f.begin(), f.begin() + 1, f.end()); }),
      Reordered(
          "8 bytes, from the middle",
          [](Frames8& f) { std::rotate(f.begin(), f.begin() + 3, f.end()); }),
      Shuffled(1),
      Shuffled(2),
      Shuffled(3),
      Reordered("8 bytes, the first one twice",
                [](Frames8& f) { f.insert(f.begin(), f.front()); }),
      Reordered("8 bytes, the second one twice",
                [](Frames8& f) { f.insert(f.begin() + 1, f[1]); }),
      Reordered("8 bytes, all but the last twice",
                [](Frames8& f) {
                  const Frames8 start(f.begin(), f.end() - 1);
                  f.insert(f.begin(), start.begin(), start.end());
                }),
      Reordered("8 bytes, all twice",
                [](Frames8& f) { Append(f, Frames8(f)); }),
      Reordered("8 bytes, without the first",
                [](Frames8& f) { f.erase(f.begin()); }),
      Reordered("8 bytes, without the last", [](Frames8& f) { f.pop_back(); }),
      Reordered("8 bytes, without one between",
                [](Frames8& f) { f.erase(f.begin() + 2); }),
      Sized("first of 8, second with the rest", 200, 400, 8),
      Sized("first of 16", 200, 400, 16),
      Sized("first of 24", 200, 400, 24),
      Sized("first of 40, then 8", 80, 8, 40),
      Sized("two pieces", 1000, 512),
      Sized("three pieces of 1400", 4000, 1400),
      Sized("a 60,000 byte datagram", 60000, 1400),
      Sized("a 60,000 byte datagram in jumbo pieces", 60000, 8800),
      {"two datagrams interleaved", Interleaved},
      {"another protocol's with the same identification",
       OfAnotherProtocolBetween},
      {"in more and more tags", InTags},
      {"padded", Padded},
  };
}

Shapes DisturbedFragmentShapes() {
  return {
      WithPieces("an equal piece with other bytes",
                 [](Pieces& pieces, const Probe&) {
                   Piece other = pieces[1];
                   other.bytes.assign(other.bytes.size(), 0x12);
                   pieces.insert(pieces.begin() + 1, other);
                 }),
      WithPieces("pieces that overlap by 8",
                 [](Pieces& pieces, const Probe&) {
                   pieces[1].offset -= 1;
                   pieces[1].bytes.insert(pieces[1].bytes.begin(), 8, kDecoy);
                 }),
      WithPieces("first to another port, then the right one",
                 [](Pieces& pieces, const Probe& probe) {
                   const Probe other = ToPort(probe, kOtherPort);
                   pieces.insert(
                       pieces.begin(),
                       Split(Segment(other, kPayloadBytes), 16).front());
                 }),
      WithPieces("first to the port, then another one",
                 [](Pieces& pieces, const Probe& probe) {
                   const Probe other = ToPort(probe, kOtherPort);
                   pieces.insert(
                       pieces.begin() + 1,
                       Split(Segment(other, kPayloadBytes), 16).front());
                 }),
      WithPieces("first to another port, rewritten at the end",
                 [](Pieces& pieces, const Probe& probe) {
                   const Probe other = ToPort(probe, kOtherPort);
                   const Piece right = pieces.front();
                   pieces.front() =
                       Split(Segment(other, kPayloadBytes), 16).front();
                   pieces.insert(pieces.end() - 1, right);
                 }),
      WithPieces("first shorter, then as it should be",
                 [](Pieces& pieces, const Probe&) {
                   Piece start = pieces.front();
                   start.bytes.resize(8);
                   pieces.insert(pieces.begin(), start);
                 }),
      WithPieces("first of 20 bytes, of which 16 count",
                 [](Pieces& pieces, const Probe&) {
                   pieces.front().bytes.resize(20, kDecoy);
                 }),
      WithPieces("first of 15 bytes",
                 [](Pieces& pieces, const Probe&) {
                   pieces.front().bytes.resize(15);
                 }),
      WithPieces(
          "first of 3 bytes",
          [](Pieces& pieces, const Probe&) { pieces.front().bytes.resize(3); }),
      WithPieces("first without bytes",
                 [](Pieces& pieces, const Probe&) {
                   Piece start = pieces.front();
                   start.bytes.clear();
                   pieces.insert(pieces.begin(), start);
                 }),
      WithPieces("last without bytes",
                 [](Pieces& pieces, const Probe&) {
                   Piece& last = pieces.back();
                   last.more = true;
                   pieces.push_back(
                       {.offset = last.offset + (last.bytes.size() + 7) / 8});
                 }),
      WithPieces("two last ones",
                 [](Pieces& pieces, const Probe&) {
                   pieces.insert(pieces.begin() + 1, pieces.back());
                 }),
      WithPieces("one beyond the last",
                 [](Pieces& pieces, const Probe&) {
                   pieces.insert(pieces.end() - 1,
                                 {.offset = 100, .bytes = Bytes(8, kDecoy)});
                 }),
      WithPieces("one at the highest offset",
                 [](Pieces& pieces, const Probe&) {
                   pieces.insert(pieces.begin(),
                                 {.offset = 0x1fff, .bytes = Bytes(8, kDecoy)});
                 }),
      WithPieces(
          "all say that more follow",
          [](Pieces& pieces, const Probe&) { pieces.back().more = true; }),
      WithPieces("the first says that nothing follows",
                 [](Pieces& pieces, const Probe&) { pieces[0].more = false; }),
  };
}

}  // namespace fwagent::testing
