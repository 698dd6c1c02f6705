// Fragments of either family: orders, sizes and disturbances.
#include <netinet/in.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"

namespace fwagent::testing {
namespace {

using FrameList = std::vector<Bytes>;

// The whole TCP header: what Linux wants to see in the first fragment of IPv6.
constexpr std::size_t kPieceBytes = 24;

Limit LimitOfFirst(std::size_t bytes) {
  return bytes == 8 ? Limit::kDocumentedForTcp4 : Limit::kNone;
}

// At least six pieces, in another order.
Shape Reordered(std::string name, std::size_t piece_bytes,
                std::function<void(FrameList&)> reorder) {
  return {absl::StrCat(piece_bytes, " bytes, ", name),
          [=](const Probe& probe) {
            FrameList frames = Frames(
                probe, Split(Segment(probe, 5 * piece_bytes), piece_bytes));
            reorder(frames);
            return frames;
          },
          LimitOfFirst(piece_bytes)};
}

Shape Sized(std::string name, std::size_t payload_bytes,
            std::size_t piece_bytes, std::size_t first_bytes = 0) {
  return {std::move(name),
          [=](const Probe& probe) {
            return Frames(probe, Split(Segment(probe, payload_bytes),
                                       piece_bytes, first_bytes));
          },
          LimitOfFirst(first_bytes)};
}

Shape Shuffled(std::size_t piece_bytes, unsigned seed) {
  return Reordered(absl::StrCat("shuffled ", seed), piece_bytes,
                   [seed](FrameList& frames) {
                     std::minstd_rand random(seed);
                     std::shuffle(frames.begin(), frames.end(), random);
                   });
}

// The pieces of a datagram, of which there are three or more.
Pieces Parts(const Probe& probe) {
  return Split(Segment(probe, 2 * kPieceBytes + 4), kPieceBytes);
}

Shape WithPieces(std::string name,
                 std::function<void(Pieces&, const Probe&)> change) {
  return {std::move(name), [change](const Probe& probe) {
            Pieces pieces = Parts(probe);
            change(pieces, probe);
            return Frames(probe, pieces);
          }};
}

void Append(FrameList& frames, const FrameList& more) {
  frames.insert(frames.end(), more.begin(), more.end());
}

// To a port on which nobody listens, with the same number.
Probe ToPort(Probe probe, std::uint16_t port) {
  probe.dport = port;
  return probe;
}

FrameList Interleaved(const Probe& probe) {
  Probe other = ToPort(probe, kOtherPort);
  other.number += kNumbersOfOthers;
  const FrameList theirs = Frames(other, Parts(other));
  const FrameList ours = Frames(probe, Parts(probe));
  FrameList frames;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    frames.push_back(theirs[i]);
    frames.push_back(ours[i]);
  }
  return frames;
}

// Another datagram between two hosts with the same identification.
FrameList OfAnotherProtocolBetween(const Probe& probe) {
  Probe other = ToPort(probe, kOtherPort);
  other.protocol = probe.protocol == IPPROTO_UDP ? IPPROTO_TCP : IPPROTO_UDP;
  FrameList frames = Frames(probe, Parts(probe));
  Append(frames, Frames(other, Parts(other)));
  std::swap(frames[1], frames[2]);
  return frames;
}

FrameList InTags(const Probe& probe) {
  FrameList frames;
  for (const Piece& piece : Parts(probe)) {
    frames.push_back(
        Frame(probe, piece, Times(static_cast<int>(frames.size()), Vlan{})));
  }
  return frames;
}

FrameList Padded(const Probe& probe) {
  FrameList frames = Frames(probe, Parts(probe));
  for (Bytes& frame : frames) frame = Pad(frame, frame.size() + 20, kDecoy);
  return frames;
}

// In pieces of one size.
Shapes OrdersOf(std::size_t bytes) {
  return {
      Reordered("in order", bytes, [](FrameList&) {}),
      Reordered("reversed", bytes,
                [](FrameList& f) { std::reverse(f.begin(), f.end()); }),
      Reordered(
          "the last one first", bytes,
          [](FrameList& f) { std::rotate(f.begin(), f.end() - 1, f.end()); }),
      Reordered(
          "the first one last", bytes,
          [](FrameList& f) { std::rotate(f.begin(), f.begin() + 1, f.end()); }),
      Reordered(
          "from the middle", bytes,
          [](FrameList& f) { std::rotate(f.begin(), f.begin() + 3, f.end()); }),
      Shuffled(bytes, 1),
      Shuffled(bytes, 2),
      Shuffled(bytes, 3),
      Reordered("the first one twice", bytes,
                [](FrameList& f) { f.insert(f.begin(), FrameList{f[0]}[0]); }),
      Reordered("the second one twice", bytes,
                [](FrameList& f) { f.insert(f.begin(), FrameList{f[1]}[0]); }),
      Reordered("all but the last twice", bytes,
                [](FrameList& f) {
                  const FrameList start(f.begin(), f.end() - 1);
                  f.insert(f.begin(), start.begin(), start.end());
                }),
      Reordered("all twice", bytes,
                [](FrameList& f) { Append(f, FrameList(f)); }),
      Reordered("without the first", bytes,
                [](FrameList& f) { f.erase(f.begin()); }),
      Reordered("without the last", bytes, [](FrameList& f) { f.pop_back(); }),
      Reordered("without one between", bytes,
                [](FrameList& f) { f.erase(f.begin() + 2); }),
  };
}

// After a longer datagram of the same identification to a port that may be
// blocked. Linux has put that together, and forgotten it, when ours comes:
// unless its later pieces are still waiting for the first.
FrameList AfterTheSameIdentification(const Probe& probe, bool reversed) {
  const Probe other = ToPort(probe, kFirstDecoyPort);
  FrameList frames = Frames(other, Split(Segment(other, 300), 64));
  FrameList ours = Frames(probe, Parts(probe));
  if (reversed) std::reverse(ours.begin(), ours.end());
  Append(frames, ours);
  return frames;
}

}  // namespace

Shapes FragmentShapes() {
  Shapes shapes = OrdersOf(8);
  for (const Shape& shape : OrdersOf(kPieceBytes)) shapes.push_back(shape);
  const Shapes others = {
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
  shapes.insert(shapes.end(), others.begin(), others.end());
  return shapes;
}

Shapes DisturbedFragmentShapes() {
  return {
      {"after the same identification",
       [](const Probe& probe) {
         return AfterTheSameIdentification(probe, false);
       },
       Limit::kNone},
      {"after the same identification, reversed",
       [](const Probe& probe) {
         return AfterTheSameIdentification(probe, true);
       },
       Limit::kDocumented},
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
                   pieces.insert(pieces.begin(), Parts(other).front());
                 }),
      WithPieces("first to the port, then another one",
                 [](Pieces& pieces, const Probe& probe) {
                   const Probe other = ToPort(probe, kOtherPort);
                   pieces.insert(pieces.begin() + 1, Parts(other).front());
                 }),
      WithPieces("first to another port, rewritten at the end",
                 [](Pieces& pieces, const Probe& probe) {
                   const Probe other = ToPort(probe, kOtherPort);
                   const Piece right = pieces.front();
                   pieces.front() = Parts(other).front();
                   pieces.insert(pieces.end() - 1, right);
                 }),
      WithPieces("first shorter, then as it should be",
                 [](Pieces& pieces, const Probe&) {
                   Piece start = pieces.front();
                   start.bytes.resize(8);
                   pieces.insert(pieces.begin(), start);
                 }),
      WithPieces("first of 28 bytes, of which 24 count",
                 [](Pieces& pieces, const Probe&) {
                   pieces.front().bytes.resize(28, kDecoy);
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
