#include "tests/bpf/nft_comparison.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "tests/support/frame_text.h"

namespace fwagent::testing {
namespace {

using Verdict = Expectation::Verdict;

const char* NameOf(NftVerdict verdict) {
  switch (verdict) {
    case NftVerdict::kPassed:
      return "passed";
    case NftVerdict::kAllowed:
      return "source allowed";
    case NftVerdict::kSourceBlocked:
      return "source blocked";
    case NftVerdict::kPortBlocked:
      return "port blocked";
  }
  return "";
}

const char* NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kDrop:
      return "drop";
    case Verdict::kEither:
      return "either";
  }
  return "";
}

void PrintCounts(const char* title,
                 const std::map<std::string, std::uint64_t>& counts) {
  std::printf("%s\n", title);
  for (const auto& [name, count] : counts) {
    std::printf("  %8lu %s\n", static_cast<unsigned long>(count), name.c_str());
  }
}

}  // namespace

bool Judged::IsAsExpected() const {
  const Verdict otherwise = gets_past_us ? Verdict::kDrop : Verdict::kPass;
  if (expected.verdict == otherwise) return false;
  // Whatever may be hidden from nftables: what it drops, we drop too.
  const bool is_no_port =
      raw == NftVerdict::kPortBlocked && IsLaterFragment(outline);
  return !IsDrop(raw) || !gets_past_us || is_no_port;
}

std::string ToText(const Judged& judged, const ReferenceRules& rules) {
  const char* const otherwise = judged.expected.otherwise;
  return absl::StrCat(
      "our filter: ", judged.gets_past_us ? "pass" : "drop",
      "\nexpected: ", NameOf(judged.expected.verdict), ", ",
      otherwise != nullptr ? otherwise : "as nftables for the plain form",
      "\nnftables: ", NameOf(judged.raw),
      "\nnftables, for the plain form: ", NameOf(judged.plain),
      "\nrules:", RulesToText(rules), "\nframe of ", judged.frame.size(),
      " bytes:", ToHex(judged.frame));
}

void NftTally::Count(const Judged& judged) {
  ++frames_;
  if (judged.gets_past_us == IsDrop(judged.plain)) {
    ++otherwise_[judged.expected.otherwise != nullptr
                     ? judged.expected.otherwise
                     : "no class"];
  }
  if (IsDrop(judged.raw) != IsDrop(judged.plain)) {
    ++hidden_[WhatHidesFromNft(judged.outline)];
  }
  if (judged.gets_past_us == IsDrop(judged.raw)) return;
  const bool has_port = judged.outline.end == FrameOutline::End::kWhole &&
                        HasPorts(judged.outline.protocol);
  ++agreed_[{.verdict = judged.raw,
             .is_ipv4 = judged.outline.is_ipv4,
             .protocol = has_port ? judged.outline.protocol : kNoPort}];
}

void NftTally::Print() const {
  std::printf("%lu frames\n", static_cast<unsigned long>(frames_));
  std::map<std::string, std::uint64_t> agreed;
  for (const auto& [kind, count] : agreed_) {
    const char* const family = kind.is_ipv4 ? "IPv4" : "IPv6 and not IP";
    agreed[absl::StrCat(NameOf(kind.verdict), ", ", family)] += count;
  }
  PrintCounts("judged alike", agreed);
  PrintCounts("dropped by one of the two only", otherwise_);
  PrintCounts("hidden from nftables", hidden_);
}

void NftTally::ExpectEnough() const {
  for (const bool is_ipv4 : {false, true}) {
    for (const int protocol : {kNoPort, 6, 17, 33, 132, 136}) {
      for (const NftVerdict verdict :
           {NftVerdict::kPassed, NftVerdict::kAllowed,
            NftVerdict::kSourceBlocked, NftVerdict::kPortBlocked}) {
        // What has no port is blocked by one only by mistake.
        if (protocol == kNoPort && verdict == NftVerdict::kPortBlocked) {
          continue;
        }
        EXPECT_GE(Agreed({verdict, is_ipv4, protocol}), frames_ / 1000)
            << NameOf(verdict) << (is_ipv4 ? " IPv4" : " IPv6") << " protocol "
            << protocol;
      }
    }
  }
  for (const char* const name : nft_class::kAll) {
    const auto found = otherwise_.find(name);
    const std::uint64_t count = found == otherwise_.end() ? 0 : found->second;
    EXPECT_GE(count, frames_ / 5000) << name;
  }
  EXPECT_EQ(hidden_.size(), 3u) << "kinds of what is hidden";
}

std::uint64_t NftTally::Agreed(const Kind& kind) const {
  const auto found = agreed_.find(kind);
  return found == agreed_.end() ? 0 : found->second;
}

}  // namespace fwagent::testing
