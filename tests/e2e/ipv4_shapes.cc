// What only IPv4 headers have: options, flags and a checksum.
#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"
#include "tests/support/checksum.h"

namespace fwagent::testing {
namespace {

constexpr std::size_t kHeader = 14;  // where it begins

// The plain frame with these bytes of the header changed, and its checksum.
Shape Changed(std::string name, std::size_t place, Bytes bytes) {
  return {std::move(name), [=](const Probe& probe) {
            Bytes frame = Frame(probe);
            Bytes header(frame.begin() + kHeader, frame.begin() + kHeader + 20);
            std::copy(bytes.begin(), bytes.end(),
                      header.begin() + static_cast<std::ptrdiff_t>(place));
            PutChecksum(header, 10, 0);
            std::copy(header.begin(), header.end(), frame.begin() + kHeader);
            return std::vector<Bytes>{frame};
          }};
}

Bytes WithHeader(const Probe& probe, IPv4 header, const Bytes& bytes) {
  header.src = probe.src;
  header.dst = probe.dst;
  header.identification = probe.number;
  return (Ethernet{} / header /
          Raw{.bytes = bytes, .ip_protocol = probe.protocol})
      .ToBytes();
}

Shape Of(std::string name, const IPv4& header) {
  return {
      std::move(name), [header](const Probe& probe) {
        return std::vector<Bytes>{WithHeader(probe, header, Segment(probe))};
      }};
}

Shape Options(std::string name, const Bytes& options) {
  return Of(std::move(name),
            {.option_words = (options.size() + 3) / 4, .options = options});
}

// An option of that type whose pointer, if it has one, says where to go on.
Bytes Option(std::uint8_t type, std::uint8_t size, std::uint8_t pointer) {
  Bytes option(size, kDecoy);
  option[0] = type;
  option[1] = size;
  option[2] = pointer;
  return option;
}

Bytes RecordRoute() {
  Bytes option = Option(7, 11, 4);
  option.resize(11);
  return option;
}

Bytes Timestamp() {
  Bytes option = Option(68, 12, 5);
  option[3] = 0;  // time stamps only, none missed
  return option;
}

// Fragments of 16 bytes; the first one, or all, with options.
Shape FragmentOptions(std::string name, std::size_t words_first,
                      std::size_t words_others, std::size_t piece_bytes) {
  return {std::move(name),
          [=](const Probe& probe) {
            std::vector<Bytes> frames;
            for (const Piece& piece : Split(Segment(probe), piece_bytes)) {
              frames.push_back(WithHeader(
                  probe,
                  {.option_words = frames.empty() ? words_first : words_others,
                   .fragment_offset = static_cast<std::uint16_t>(piece.offset),
                   .more_fragments = piece.more},
                  piece.bytes));
            }
            return frames;
          },
          piece_bytes == 8 ? Limit::kDocumentedForTcp4 : Limit::kNone};
}

}  // namespace

Shapes IPv4Shapes() {
  return {
      Changed("do not fragment", 6, {0x40, 0}),
      Changed("reserved flag", 6, {0x80, 0}),
      Changed("reserved flag, do not fragment", 6, {0xc0, 0}),
      Changed("do not fragment, more fragments", 6, {0x60, 0}),
      Changed("type of service", 1, {kDecoy}),
      Changed("time to live 0", 8, {0}),
      Changed("time to live 1", 8, {1}),
      Changed("version 5", 0, {0x55}),
      Changed("version 6", 0, {0x65}),
      Changed("version 0", 0, {0x05}),
      Changed("header of 4 words", 0, {0x44}),
      Changed("header of no words", 0, {0x40}),
      Changed("header of 6 words", 0, {0x46}),
      Changed("header of 15 words", 0, {0x4f}),
      Changed("total length 0", 2, {0, 0}),
      Changed("total length 19", 2, {0, 19}),
      Changed("total length 20", 2, {0, 20}),
      {"wrong header checksum",
       [](const Probe& probe) {
         Bytes frame = Frame(probe);
         frame[kHeader + 10] ^= 0x55;
         return std::vector<Bytes>{frame};
       }},
  };
}

Shapes IPv4OptionShapes() {
  Shapes shapes = {
      Options("end of options, then a decoy", {0, kDecoy, kDecoy, kDecoy}),
      Options("record route", RecordRoute()),
      Options("record route, full", Option(7, 11, 12)),
      Options("timestamp", Timestamp()),
      Options("router alert", {148, 4, 0, 0}),
      Options("security", Option(130, 11, kDecoy)),
      Options("stream identifier", Option(136, 4, kDecoy)),
      Options("unknown option of 40 bytes", Option(158, 40, kDecoy)),
      Options("loose source route", Option(131, 7, 4)),
      Options("loose source route, at its end", Option(131, 7, 8)),
      Options("strict source route, at its end", Option(137, 7, 8)),
      Options("option of length 0", {158, 0, 0, 0}),
      Options("option of length 1", {158, 1, 0, 0}),
      Options("option longer than the header", {158, 200, 0, 0}),
      FragmentOptions("pieces of 16, options in the first", 5, 0, 16),
      FragmentOptions("pieces of 16, options in all", 10, 10, 16),
      FragmentOptions("pieces of 16, options in the later ones", 0, 10, 16),
      FragmentOptions("pieces of 8, options in the first", 10, 0, 8),
  };
  for (std::size_t words = 1; words <= 10; ++words) {
    shapes.push_back(Of(absl::StrCat(words, " words of no operation"),
                        {.option_words = words}));
  }
  return shapes;
}

}  // namespace fwagent::testing
