// Frames that our filter and nftables have judged, and what comes of all.
#ifndef FWAGENT_TESTS_BPF_NFT_COMPARISON_H_
#define FWAGENT_TESTS_BPF_NFT_COMPARISON_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "tests/bpf/nft_expectation.h"
#include "tests/bpf/two_guards.h"
#include "tests/support/frame_outline.h"
#include "tests/support/packet.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

struct Judged {
  Bytes frame;
  FrameOutline outline;
  bool gets_past_us = false;
  NftVerdict raw = NftVerdict::kPassed;
  NftVerdict plain = NftVerdict::kPassed;  // of the plain form
  Expectation expected;

  bool IsAsExpected() const;
};

// All that is known of it.
std::string ToText(const Judged& judged, const ReferenceRules& rules);

// How often filter and nftables agreed, and why they differed.
class NftTally {
 public:
  void Count(const Judged& judged);
  void Print() const;

  // Test failures where a kind of agreement, or a class of differences, was
  // met so rarely that the comparison says little about it.
  void ExpectEnough() const;

 private:
  // An IP protocol with a port that can be read, or this one for all others.
  static constexpr int kNoPort = -1;
  struct Kind {
    NftVerdict verdict;
    bool is_ipv4;
    int protocol;
    auto operator<=>(const Kind&) const = default;
  };
  std::uint64_t Agreed(const Kind& kind) const;

  std::uint64_t frames_ = 0;
  std::map<Kind, std::uint64_t> agreed_;
  // Judged otherwise than the plain form, by name of the class; and where
  // nftables itself judges the plain form otherwise than the frame.
  std::map<std::string, std::uint64_t> otherwise_;
  std::map<std::string, std::uint64_t> hidden_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_NFT_COMPARISON_H_
