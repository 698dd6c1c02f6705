// What every data plane says of single packets.
#include <string>

#include "tests/support/data_plane_contract.h"
#include "tests/support/packet.h"

namespace fwagent::testing {
namespace {

using dataplane::ModePreference;
using policy::Protocol;
using policy::Reason;
using policy::Verdict;

std::string FrameFrom(const std::string& source, std::uint16_t port) {
  const Bytes bytes =
      (Ethernet{} / IPv4{.src = source} / Tcp{.dport = port}).ToBytes();
  return std::string(bytes.begin(), bytes.end());
}

void ExpectJudged(dataplane::DataPlane& plane, const std::string& frame,
                  Verdict verdict, Reason reason) {
  const auto judgement = plane.Judge("", frame);
  ASSERT_TRUE(judgement.ok()) << judgement.status();
  EXPECT_EQ(judgement->verdict, verdict);
  EXPECT_EQ(judgement->reason, reason);
}

}  // namespace

TEST_P(DataPlaneContract, JudgesByTheTablesInForce) {
  ASSERT_TRUE(
      plane()
          .ReplaceSources({Block("192.0.2.0/24", 1), Allow("192.0.2.7/32", 2)})
          .ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 3)).ok());
  ExpectJudged(plane(), FrameFrom("192.0.2.1", 80), Verdict::kDrop,
               Reason::kSourceBlocked);
  ExpectJudged(plane(), FrameFrom("192.0.2.7", 22), Verdict::kPass,
               Reason::kSourceAllowed);
  ExpectJudged(plane(), FrameFrom("198.51.100.1", 22), Verdict::kDrop,
               Reason::kPortBlocked);
  ExpectJudged(plane(), FrameFrom("198.51.100.1", 23), Verdict::kPass,
               Reason::kNoMatch);
  ASSERT_TRUE(plane().RemoveSource(P("192.0.2.0/24")).ok());
  ExpectJudged(plane(), FrameFrom("192.0.2.1", 80), Verdict::kPass,
               Reason::kNoMatch);
  ASSERT_TRUE(plane().ReplaceSources({Block("198.51.100.0/24", 4)}).ok());
  ExpectJudged(plane(), FrameFrom("198.51.100.1", 23), Verdict::kDrop,
               Reason::kSourceBlocked);
}

TEST_P(DataPlaneContract, JudgesOfAnInterfaceThatIsGuarded) {
  EXPECT_EQ(plane().Judge("", FrameFrom("192.0.2.1", 80))->interface, "");
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  EXPECT_EQ(plane().Judge("", FrameFrom("192.0.2.1", 80))->interface, "fw0");
  EXPECT_EQ(plane().Judge("fw0", FrameFrom("192.0.2.1", 80))->interface, "fw0");
  const auto other = plane().Judge("fw9", FrameFrom("192.0.2.1", 80));
  EXPECT_TRUE(absl::IsNotFound(other.status())) << other.status();
}

TEST_P(DataPlaneContract, JudgesAndSaysWhatIsReadOfThePacket) {
  auto judgement = plane().Judge("", FrameFrom("192.0.2.1", 80));
  ASSERT_TRUE(judgement.ok());
  judgement->facts.more = {};
  EXPECT_EQ(judgement->facts, (policy::PacketFacts{.source = P("192.0.2.1"),
                                                   .protocol = Protocol::kTcp,
                                                   .port_host = 80}));
}

TEST_P(DataPlaneContract, JudgesAndCountsNothing) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().ReplaceSources({Block("192.0.2.1/32", 1)}).ok());
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  ExpectJudged(plane(), FrameFrom("192.0.2.1", 80), Verdict::kDrop,
               Reason::kSourceBlocked);
  EXPECT_EQ(DropsOn("fw0"), 0u);
  // The twin: packets that do come in.
  world_->ReceiveBlocked("fw0", 2);
  EXPECT_EQ(DropsOn("fw0"), 2u);
}

}  // namespace fwagent::testing
