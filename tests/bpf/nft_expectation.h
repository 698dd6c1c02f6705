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
