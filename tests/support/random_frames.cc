#include "tests/support/random_frames.h"

#include <algorithm>

namespace fwagent::testing {
namespace {

constexpr std::uint64_t kMostTags = 18;
constexpr std::uint64_t kMostExtensions = 26;

constexpr std::array<std::uint16_t, 2> kTags = {0x8100, 0x88a8};
constexpr std::array<std::uint16_t, 9> kOtherTypes = {
    0x0806, 0x88cc, 46, 0x9100, 0x8847, 0x8863, 0x86dc, 0x0801, 0x0008};
constexpr std::array<std::uint8_t, 8> kExtensions = {0,  43,  44,  51,
                                                     60, 135, 139, 140};
// TCP, UDP and SCTP often; also UDP-Lite, DCCP, ICMP, ICMPv6, GRE, ESP, IP in
// IP, OSPF, no next header.
constexpr std::array<std::uint8_t, 31> kTransports = {
    6,   6,  6,  6,  6,  6,  17, 17, 17, 17, 17, 132, 132, 132, 132, 136,
    136, 33, 33, 58, 58, 58, 1,  1,  47, 50, 4,  41,  89,  59,  59};
// What bytes of headers are worth changing to.
constexpr std::array<std::uint8_t, 28> kValues = {
    0,  1,  2,  4,    5,    6,    8,    17,   32,   33,   43,  44,  50,  51,
    58, 59, 60, 0x40, 0x45, 0x46, 0x60, 0x81, 0x86, 0x88, 132, 135, 140, 255};

constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmp6 = 58;

}  // namespace

Bytes RandomFrames::Next() {
  Build();
  if (dice_.OneIn(2)) {
    for (std::uint64_t i = dice_.Between(1, 3); i > 0; --i) Mutate();
  }
  if (frame_.size() > kMaxFrameBytes) frame_.resize(kMaxFrameBytes);
  return frame_;
}

Bytes RandomFrames::NextBig() {
  extra_bytes_ = kMaxFrameBytes + dice_.Below(2 * kMaxFrameBytes);
  do {
    Build();
  } while (frame_.size() < kMaxFrameBytes ||
           frame_.size() - extra_bytes_ > kMaxFrameBytes / 2);
  extra_bytes_ = 0;
  return frame_;
}

void RandomFrames::Build() {
  frame_ = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0, 0};
  AwaitNext(12, 2);
  AddTags();
  const std::uint64_t chosen = dice_.Below(100);
  if (chosen < 45) {
    AddIPv4();
  } else if (chosen < 98) {
    AddIPv6();
  } else {
    Announce(dice_.Of(kOtherTypes));
    PutRandom(dice_.Below(60));
  }
  if (dice_.OneIn(8)) PutRandom(dice_.Below(40));  // padding
}

void RandomFrames::AddTags() {
  if (!dice_.OneIn(3)) return;
  const bool many = dice_.OneIn(4);
  const std::uint64_t least = many ? kMostTags - 3 : 1;
  for (std::uint64_t i = dice_.Between(least, many ? kMostTags : 3); i > 0;
       --i) {
    Announce(dice_.Of(kTags));
    PutRandom(2);
    Put16(0);
    AwaitNext(frame_.size() - 2, 2);
  }
}

void RandomFrames::AddIPv4() {
  Announce(0x0800);
  const std::size_t at = frame_.size();
  const std::size_t words = dice_.OneIn(2) ? 5 : dice_.Between(5, 15);
  frame_.push_back(static_cast<std::uint8_t>(0x40 | words));
  frame_.push_back(dice_.Byte());
  Put16(0);               // total length
  Put16(dice_.Below(4));  // identification
  constexpr std::array<std::uint16_t, 9> kFlags = {
      0x2000, 0x2001, 1, 2, 0x2008, 0x1fff, 0x3fff, 0x1000, 185};
  const std::uint16_t flags = dice_.OneIn(4) ? dice_.Of(kFlags) : 0;
  constexpr std::array<std::uint16_t, 4> kOtherBits = {0, 0, 0x4000, 0x8000};
  Put16(flags | dice_.Of(kOtherBits));
  frame_.push_back(64);
  frame_.push_back(0);
  AwaitNext(frame_.size() - 1, 1);
  PutRandom(2);  // checksum
  const auto& source = dice_.Of(kFrameSources4);
  frame_.insert(frame_.end(), source.begin(), source.end());
  if (dice_.OneIn(8)) frame_.back() = dice_.Byte();
  const auto& destination =
      dice_.OneIn(4) ? dice_.Of(kFrameDestinations4) : kFrameDestinations4[0];
  frame_.insert(frame_.end(), destination.begin(), destination.end());
  PutRandom(4 * (words - 5));
  AddTransport();
  Put16At(at + 2, LengthOrLie(frame_.size() - at));
}

void RandomFrames::AddIPv6() {
  Announce(0x86dd);
  const std::size_t at = frame_.size();
  frame_.push_back(0x60);
  PutRandom(3);
  Put16(0);  // payload length
  frame_.push_back(0);
  AwaitNext(frame_.size() - 1, 1);
  frame_.push_back(dice_.OneIn(3) ? 255 : 64);
  const auto& source = dice_.Of(kFrameSources6);
  frame_.insert(frame_.end(), source.begin(), source.end());
  if (dice_.OneIn(8)) frame_.back() = dice_.Byte();
  const auto& destination =
      dice_.OneIn(4) ? dice_.Of(kFrameSources6) : kFrameSources6[0];
  frame_.insert(frame_.end(), destination.begin(), destination.end());
  if (!dice_.OneIn(3)) {
    const bool many = dice_.OneIn(6);
    const std::uint64_t least = many ? kMostExtensions - 4 : 1;
    for (std::uint64_t i = dice_.Between(least, many ? kMostExtensions : 4);
         i > 0; --i) {
      AddExtension();
    }
  }
  AddTransport();
  Put16At(at + 4, LengthOrLie(frame_.size() - at - 40));
}

void RandomFrames::AddExtension() {
  std::uint8_t type = dice_.Of(kExtensions);
  // Most chains with fragments in them would end there.
  if (type == kFragment && dice_.OneIn(2)) type = 60;
  Announce(type);
  std::uint64_t length = dice_.Below(3);
  if (dice_.OneIn(40)) length = dice_.Byte();
  frame_.push_back(0);
  AwaitNext(frame_.size() - 1, 1);
  if (type == kFragment) {
    frame_.push_back(dice_.OneIn(2) ? 0 : dice_.Byte());  // reserved
    // Offset, reserved bits, more to come.
    constexpr std::array<std::uint16_t, 11> kOffsets = {
        0, 0, 0, 1, 1, 1, 6, 8, 9, 0x8000, 0xfff9};
    Put16(dice_.Of(kOffsets));
    Put16(0);
    Put16(dice_.Below(4));  // identification
    return;
  }
  frame_.push_back(static_cast<std::uint8_t>(length));
  PutRandom(type == kAuthentication ? 4 * length + 6 : 8 * length + 6);
}

void RandomFrames::AddTransport() {
  const std::uint8_t protocol =
      dice_.OneIn(30) ? dice_.Byte() : dice_.Of(kTransports);
  Announce(protocol);
  const std::size_t at = frame_.size();
  if (protocol == kIcmp || protocol == kIcmp6) {
    frame_.push_back(dice_.OneIn(8) ? dice_.Byte() : dice_.Of(kFrameIcmpTypes));
    frame_.push_back(dice_.OneIn(8) ? dice_.Byte() : dice_.Of(kFrameIcmpCodes));
  } else {
    AddPorts();
  }
  PutRandom(dice_.Below(24));
  // Short from the start, with all lengths true.
  if (dice_.OneIn(6)) {
    frame_.resize(std::min(frame_.size(), at + dice_.Below(6)));
  }
  frame_.resize(frame_.size() + extra_bytes_);
}

void RandomFrames::AddPorts() {
  Put16(dice_.Of(kFramePorts));
  Put16(dice_.OneIn(8) ? dice_.Below(65536) : dice_.Of(kFramePorts));
}

void RandomFrames::Announce(std::uint16_t type) {
  if (next_bytes_ == 2) {
    Put16At(next_at_, type);
  } else {
    frame_[next_at_] = static_cast<std::uint8_t>(type);
  }
}

void RandomFrames::AwaitNext(std::size_t at, std::size_t bytes) {
  next_at_ = at;
  next_bytes_ = bytes;
}

void RandomFrames::Put16(std::uint64_t value) {
  frame_.resize(frame_.size() + 2);
  Put16At(frame_.size() - 2, value);
}

void RandomFrames::Put16At(std::size_t at, std::uint64_t value) {
  frame_[at] = static_cast<std::uint8_t>(value >> 8);
  frame_[at + 1] = static_cast<std::uint8_t>(value);
}

void RandomFrames::PutRandom(std::size_t count) {
  for (; count > 0; --count) frame_.push_back(dice_.Byte());
}

std::uint64_t RandomFrames::LengthOrLie(std::uint64_t length) {
  // The program for most kernels counts the bytes of the first buffer only when
  // a datagram ends in it.
  if (extra_bytes_ > 0 || !dice_.OneIn(12)) return length;
  switch (dice_.Below(4)) {
    case 0:
      return 0;
    case 1:
      return dice_.Below(length + 2);
    case 2:
      return dice_.Below(65536);
    default:
      return length + dice_.Between(0, 8) - 4;
  }
}

void RandomFrames::Mutate() {
  // Addresses of the link are nobody's business: not the first twelve bytes.
  const std::size_t at = dice_.Between(12, frame_.size() - 1);
  switch (dice_.Below(6)) {
    case 0:
      frame_[at] ^= static_cast<std::uint8_t>(1u << dice_.Below(8));
      break;
    case 1:
      frame_[at] = dice_.Of(kValues);
      break;
    case 2:
      frame_[at] = dice_.Byte();
      break;
    case 3:
      Cut();
      break;
    case 4:
      PutRandom(dice_.Below(64));
      break;
    default:
      Duplicate();
      break;
  }
}

void RandomFrames::Cut() {
  frame_.resize(dice_.Between(kMinFrameBytes, frame_.size()));
}

// Of a few bytes that may be a header, there or elsewhere.
void RandomFrames::Duplicate() {
  const std::size_t from = dice_.Between(12, frame_.size() - 1);
  const std::size_t count =
      std::min(frame_.size() - from, std::size_t{dice_.Between(1, 64)});
  const Bytes copy(frame_.begin() + static_cast<std::ptrdiff_t>(from),
                   frame_.begin() + static_cast<std::ptrdiff_t>(from + count));
  const std::size_t to =
      dice_.OneIn(2) ? from : dice_.Between(12, frame_.size());
  frame_.insert(frame_.begin() + static_cast<std::ptrdiff_t>(to), copy.begin(),
                copy.end());
}

}  // namespace fwagent::testing
