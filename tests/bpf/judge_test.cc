// The program judges packets that nobody sent: as each interface does, and
// without a trace.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "agent/dataplane/map_info.h"
#include "bpf/fw_abi.h"
#include "tests/bpf/kernel_world.h"
#include "tests/support/packet.h"
#include "tests/support/require_bpf.h"

namespace fwagent::dataplane {
namespace {

using policy::Reason;
using policy::Verdict;
using testing::Bytes;
using testing::Ethernet;
using ::testing::HasSubstr;
using testing::IPv4;
using testing::Raw;
using testing::Tcp;

std::string Text(const Bytes& bytes) {
  return std::string(bytes.begin(), bytes.end());
}

class JudgeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::SkipUnless(testing::BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    auto world = testing::KernelWorld::Create();
    ASSERT_TRUE(world.ok()) << world.status();
    world_ = *std::move(world);
    world_->options().packets_of = [](const std::string& name) {
      return PacketOptions{.default_verdict = name == "fw1"
                                                  ? DefaultVerdict::kDrop
                                                  : DefaultVerdict::kPass};
    };
    world_->Restart();
    ASSERT_TRUE(plane().ReplaceSources({}).ok());
    for (const char* name : {"fw0", "fw1"}) {
      world_->AddInterface(name, true);
      ASSERT_TRUE(plane().Attach(name, ModePreference::kAuto).ok());
    }
  }

  DataPlane& plane() { return world_->plane(); }

  Reason ReasonOn(const std::string& interface, const Bytes& frame) {
    const auto judgement = plane().Judge(interface, Text(frame));
    EXPECT_TRUE(judgement.ok()) << judgement.status();
    return judgement.ok() ? judgement->reason : Reason{};
  }

  std::unique_ptr<testing::KernelWorld> world_;
  const Bytes frame_ = (Ethernet{} / IPv4{} / Tcp{.dport = 22}).ToBytes();
};

TEST_F(JudgeTest, ByTheOptionsOfTheInterface) {
  EXPECT_EQ(ReasonOn("fw0", frame_), Reason::kNoMatch);
  EXPECT_EQ(ReasonOn("fw1", frame_), Reason::kDefault);
  EXPECT_EQ(ReasonOn("fw0", frame_), Reason::kNoMatch);
}

TEST_F(JudgeTest, AnInterfaceMustBeNamedWhereTheyJudgeDifferently) {
  const auto judged = plane().Judge("", Text(frame_));
  EXPECT_TRUE(absl::IsInvalidArgument(judged.status())) << judged.status();
  EXPECT_THAT(std::string(judged.status().message()), HasSubstr("fw0, fw1"));
  EXPECT_TRUE(plane().DropsByDefault());
  ASSERT_TRUE(plane().Detach("fw1").ok());
  EXPECT_FALSE(plane().DropsByDefault());
  EXPECT_TRUE(plane().Judge("", Text(frame_)).ok());
}

// A first fragment that is explained must not decide about those that come.
TEST_F(JudgeTest, NothingIsRememberedOfFragments) {
  const Bytes first =
      (Ethernet{} / IPv4{.more_fragments = true} / Tcp{}).ToBytes();
  EXPECT_EQ(ReasonOn("fw1", first), Reason::kDefault);
  auto datagrams = OpenPinnedMap(world_->Pin(
      "maps-v" + std::to_string(FW_LAYOUT_VERSION) + "/fw_datagrams"));
  ASSERT_TRUE(datagrams.ok()) << datagrams.status();
  fw_datagram key{};
  EXPECT_NE(bpf_map_get_next_key(datagrams->get(), nullptr, &key), 0);
}

TEST_F(JudgeTest, FramesOfAnyLengthThatTheKernelTakes) {
  Bytes longest = frame_;
  longest.resize(3000);
  EXPECT_EQ(ReasonOn("fw0", longest), Reason::kNoMatch);
  EXPECT_EQ(
      ReasonOn("fw0",
               (Ethernet{.ethertype = 0x0806}).ToLayer().lay_out(nullptr, {})),
      Reason::kNotIp);
  const auto cut = plane().Judge("fw0", Text(frame_).substr(0, 13));
  EXPECT_TRUE(absl::IsInvalidArgument(cut.status())) << cut.status();
  const auto much = plane().Judge("fw0", std::string(200'000, '\0'));
  EXPECT_TRUE(absl::IsInvalidArgument(much.status())) << much.status();
}

}  // namespace
}  // namespace fwagent::dataplane
