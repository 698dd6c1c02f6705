// What our filter does with a frame, foretold from what nftables does with it.
// docs/packets.md, "Beside nftables", has the reasons.
#ifndef FWAGENT_TESTS_BPF_NFT_EXPECTATION_H_
#define FWAGENT_TESTS_BPF_NFT_EXPECTATION_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "tests/bpf/two_guards.h"
#include "tests/support/frame_outline.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

// The classes of packets that nftables passes, also in their plain form, and we
// drop.
namespace nft_class {
inline constexpr char kCutInTag[] = "cut off in a tag";
inline constexpr char kTooManyTags[] = "more than 16 tags";
inline constexpr char kBadIPv4[] = "malformed IPv4 header";
inline constexpr char kBadIPv6[] = "malformed IPv6 header";
inline constexpr char kCutInExtension[] = "cut off in an extension header";
inline constexpr char kTooManyExtensions[] = "more than 24 extension headers";
inline constexpr char kCutBeforePort[] = "cut off before the port";
inline constexpr char kRewritesTcp[] = "TCP fragment at offset 1";
inline constexpr char kOfDroppedDatagram[] =
    "later fragment of a dropped datagram";
inline constexpr const char* kAll[] = {
    kCutInTag,      kTooManyTags,    kBadIPv4,
    kBadIPv6,       kCutInExtension, kTooManyExtensions,
    kCutBeforePort, kRewritesTcp,    kOfDroppedDatagram};
}  // namespace nft_class

// The one that nftables drops and we pass.
inline constexpr char kTakenForPort[] =
    "later fragment that nftables reads a port in";

// Between these two a frame was judged.
struct Moments {
  std::chrono::steady_clock::time_point begin;
  std::chrono::steady_clock::time_point end;
};

struct Expectation {
  enum class Verdict { kPass, kDrop, kEither };
  Verdict verdict;
  // The class of packets that we judge otherwise than nftables judges their
  // plain form; null where we judge alike.
  const char* otherwise = nullptr;
};

// Remembers first fragments, as the filter does.
class NftExpectations {
 public:
  // Of frames in the order in which they are judged. `plain` is what nftables
  // says of the frame's plain form.
  Expectation Next(const FrameOutline& outline, NftVerdict plain,
                   const ReferenceRules& rules, const Moments& when);

 private:
  struct FirstFragment {
    bool is_dropped;
    Moments when;
  };
  Expectation OfLaterFragment(const FrameOutline& outline,
                              const Moments& when) const;

  std::map<std::string, FirstFragment> first_fragments_;
};

// Why nftables treats the plain form of a frame otherwise than the frame.
const char* WhatHidesFromNft(const FrameOutline& outline);

// Linux takes one tag off before nftables sees the frame, and throws it away
// when the next two bytes are not there.
bool IsLostBeforeNft(const Bytes& frame, const FrameOutline& outline);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_NFT_EXPECTATION_H_
