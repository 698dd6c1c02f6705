// Nothing gets around the filter, and no innocent packet is lost: whatever
// Linux delivers without it is sent again with ports and sources blocked. See
// docs/packets.md. With FW_LIST_FRAME_SETS set, prints what Linux delivers.
#include "tests/e2e/delivery.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <ostream>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"
#include "tests/support/require_bpf.h"

namespace fwagent::testing {
namespace {

// Of a failure, to keep the report short.
constexpr std::size_t kMaxDumps = 10;
constexpr std::size_t kMaxDumpedFrames = 8;
constexpr std::size_t kMaxDumpedBytes = 192;

const std::vector<std::string>& ProtocolsWithPorts() {
  static const auto* const kNames =
      new std::vector<std::string>{"tcp", "udp", "sctp", "udplite", "dccp"};
  return *kNames;
}

bool HasPorts(std::uint8_t protocol) {
  return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
         protocol == IPPROTO_SCTP || protocol == IPPROTO_UDPLITE ||
         protocol == IPPROTO_DCCP;
}

// What is expected of a frame set while something is blocked.
enum class Expected { kLost, kDelivered, kEither };

// Some rules, and what they mean for a frame set that Linux delivers.
struct Pass {
  std::string name;
  std::vector<std::vector<std::string>> rules;  // arguments of block-*
  std::function<Expected(const FrameSet&)> expected;
};

Expected DeliveredIfWithinLimits(const FrameSet& set) {
  return set.limit() == Limit::kNone ? Expected::kDelivered : Expected::kEither;
}

std::vector<std::vector<std::string>> BlockPorts(
    const std::string& ports, const std::vector<std::string>& protocols) {
  std::vector<std::vector<std::string>> rules;
  for (const std::string& protocol : protocols) {
    rules.push_back({"port", absl::StrCat(ports, "/", protocol)});
  }
  return rules;
}

// All ports of one protocol are blocked: nothing to any other one.
Pass AllPortsOf(const std::string& name, std::uint8_t protocol) {
  return {"all " + name + " ports blocked", BlockPorts("1-65535", {name}),
          [protocol](const FrameSet& set) {
            return set.protocol == protocol ? Expected::kLost
                                            : DeliveredIfWithinLimits(set);
          }};
}

std::vector<Pass> Passes() {
  return {
      {"its port blocked",
       BlockPorts(absl::StrCat(kProbePort), ProtocolsWithPorts()),
       [](const FrameSet& set) {
         return HasPorts(set.protocol) ? Expected::kLost
                                       : DeliveredIfWithinLimits(set);
       }},
      {"its source blocked",
       {{"ip", AgentHost::kPeerIPv4}, {"ip", AgentHost::kPeerIPv6}},
       [](const FrameSet&) { return Expected::kLost; }},
      {"other ports blocked",
       BlockPorts(absl::StrCat(kFirstDecoyPort, "-", kLastDecoyPort),
                  ProtocolsWithPorts()),
       DeliveredIfWithinLimits},
      AllPortsOf("tcp", IPPROTO_TCP),
      AllPortsOf("udp", IPPROTO_UDP),
  };
}

std::string Dump(const FrameSet& set) {
  std::string dump;
  const std::vector<Bytes> frames = set.Frames(kFirstDecoyPort);
  for (std::size_t i = 0; i < std::min(frames.size(), kMaxDumpedFrames); ++i) {
    const Bytes start = Cut(frames[i], kMaxDumpedBytes);
    absl::StrAppend(
        &dump, "\n  ", frames[i].size(), " bytes: ",
        absl::BytesToHexString(std::string(start.begin(), start.end())));
  }
  return absl::StrCat(dump, "\n  in all ", frames.size(), " frames");
}

struct Setting {
  const char* mode;
  int mtu;

  friend void PrintTo(const Setting& setting, std::ostream* out) {
    *out << setting.mode << ", MTU " << setting.mtu;
  }
};

class DeliveryTest : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    delivery_ = std::make_unique<Delivery>(*site_);
    delivery_->SetMtu(GetParam().mtu);
  }

  // Those that get to a socket. What does not fit the device is not sent.
  std::vector<FrameSet> Delivered(const std::vector<FrameSet>& sets) {
    const std::uint16_t first = next_number_;
    for (const FrameSet& set : sets) {
      for (const Bytes& frame : set.Frames(next_number_)) {
        if (!delivery_->Send(frame)) break;
      }
      ++next_number_;
    }
    EXPECT_LE(next_number_, kLastDecoyPort);
    const std::multiset<std::uint16_t> numbers = delivery_->Collect();
    std::vector<FrameSet> delivered;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (numbers.contains(static_cast<std::uint16_t>(first + i))) {
        delivered.push_back(sets[i]);
      }
    }
    return delivered;
  }

  // Each of them by itself: a busy machine may have lost a frame.
  std::vector<FrameSet> LostAgain(const std::vector<FrameSet>& sets) {
    std::vector<FrameSet> lost;
    for (const FrameSet& set : sets) {
      if (Delivered({set}).empty()) lost.push_back(set);
    }
    return lost;
  }

  void Fwctl(const std::string& verb, const Pass& pass) {
    for (const auto& rule : pass.rules) {
      const ProcessResult result =
          site_->Fwctl({absl::StrCat(verb, "-", rule[0]), rule[1]});
      ASSERT_EQ(result.exit_code, 0) << result.err;
    }
  }

  void Run(const Pass& pass, const std::vector<FrameSet>& sets,
           const std::vector<FrameSet>& delivered_without) {
    Fwctl("block", pass);
    const std::vector<FrameSet> delivered = Delivered(sets);
    const std::vector<FrameSet> evasions = Select(delivered, [&](auto& set) {
      return pass.expected(set) == Expected::kLost;
    });
    const std::set<std::string> names = NamesOf(delivered);
    const std::vector<FrameSet> collateral =
        LostAgain(Select(delivered_without, [&](auto& set) {
          return pass.expected(set) == Expected::kDelivered &&
                 !names.contains(set.name);
        }));
    Fwctl("unblock", pass);
    Report("gets around the filter", pass, evasions);
    Report("is lost for no reason", pass, collateral);
    Summarize(pass.name, sets.size(), delivered.size(), evasions.size(),
              collateral.size());
  }

  static std::set<std::string> NamesOf(const std::vector<FrameSet>& sets) {
    std::set<std::string> names;
    for (const FrameSet& set : sets) names.insert(set.name);
    return names;
  }

  template <typename Condition>
  static std::vector<FrameSet> Select(const std::vector<FrameSet>& sets,
                                      Condition condition) {
    std::vector<FrameSet> selected;
    std::copy_if(sets.begin(), sets.end(), std::back_inserter(selected),
                 condition);
    return selected;
  }

  void Report(const char* what, const Pass& pass,
              const std::vector<FrameSet>& sets) {
    for (std::size_t i = 0; i < sets.size(); ++i) {
      ADD_FAILURE() << what << ": " << sets[i].name << " (" << pass.name << ", "
                    << GetParam().mode << ", MTU " << GetParam().mtu << ")"
                    << (i < kMaxDumps ? Dump(sets[i]) : "");
    }
  }

  static void List(const std::vector<FrameSet>& sets,
                   const std::vector<FrameSet>& delivered) {
    const std::set<std::string> names = NamesOf(delivered);
    for (const FrameSet& set : sets) {
      std::printf("%s %s\n", names.contains(set.name) ? "+" : "-",
                  set.name.c_str());
    }
  }

  void Summarize(const std::string& pass, std::size_t sets,
                 std::size_t delivered, std::size_t evasions,
                 std::size_t collateral) {
    std::printf(
        "%-8s MTU %d, %-23s %zu sets, %zu delivered, %zu evasions, "
        "%zu collateral\n",
        GetParam().mode, GetParam().mtu, (pass + ":").c_str(), sets, delivered,
        evasions, collateral);
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Delivery> delivery_;
  std::uint16_t next_number_ = kFirstDecoyPort;
};

TEST_P(DeliveryTest, NothingGetsAroundAndNothingElseIsLost) {
  const std::vector<FrameSet> sets = AllFrameSets();
  const std::vector<FrameSet> delivered = Delivered(sets);
  Summarize("no filter", sets.size(), delivered.size(), 0, 0);
  if (std::getenv("FW_LIST_FRAME_SETS") != nullptr) List(sets, delivered);
  ASSERT_TRUE(site_->StartAgent({"--mode", GetParam().mode}));
  for (const Pass& pass : Passes()) Run(pass, sets, delivered);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, DeliveryTest,
    ::testing::Values(Setting{"native", 1500}, Setting{"native", 9000},
                      Setting{"generic", 1500}, Setting{"generic", 9000}),
    [](const auto& instance) {
      return absl::StrCat(instance.param.mode, "_", instance.param.mtu);
    });

}  // namespace
}  // namespace fwagent::testing
