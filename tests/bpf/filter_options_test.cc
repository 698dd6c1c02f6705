// What can be set for each interface about packets that are cut off.
#include "agent/util/errno_status.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using dataplane::Malformed;

class FilterOptionsTest : public FilterTest {
 protected:
  void Load(Malformed malformed) {
    auto filter = Filter::Load({.packets = {.malformed = malformed}});
    ASSERT_TRUE(filter.ok()) << filter.status();
    filter_ = std::make_unique<Filter>(*std::move(filter));
  }

  // With and without a rule that would need what is missing.
  void Expect(const Bytes& frame, fw_reason reason, bool drops_needed,
              bool drops_others) {
    const Rules rules = {.sources = {"203.0.113.0/24", "2001:db8:2::/48"},
                         .ports = {{FW_PORT_TCP, 80, 80}}};
    ASSERT_EQ(filter_->Block(rules), absl::OkStatus());
    EXPECT_EQ(filter_->Run(frame),
              drops_needed ? Dropped(reason) : Passed(reason));
    ASSERT_EQ(filter_->Block({}), absl::OkStatus());
    EXPECT_EQ(filter_->Run(frame),
              drops_others ? Dropped(reason) : Passed(reason));
  }

  const Bytes wrong_version_ =
      (Ethernet{} / IPv4{.version = 5} / Tcp{}).ToBytes();
  const Bytes wrong_length_ =
      (Ethernet{} / IPv6{.payload_bytes = 2000} / Tcp{}).ToBytes();
  const Bytes no_ports_ = (Ethernet{} / IPv4{.protocol = 6}).ToBytes();
  const Bytes deep_ =
      (Packet() / Ethernet{} / IPv6{} / Times(25, Extension{}) / Tcp{})
          .ToBytes();

 private:
  std::unique_ptr<Filter> filter_;
};

TEST_F(FilterOptionsTest, AutoDropsWhatARuleWouldNeed) {
  ASSERT_NO_FATAL_FAILURE(Load(Malformed::kAuto));
  Expect(wrong_version_, FW_REASON_MALFORMED_IP, true, false);
  Expect(wrong_length_, FW_REASON_MALFORMED_IP, true, false);
  Expect(no_ports_, FW_REASON_MALFORMED_TRANSPORT, true, false);
  Expect(deep_, FW_REASON_TOO_DEEP, true, false);
}

// And nothing that could reach a socket.
TEST_F(FilterOptionsTest, PassPassesWhatLinuxThrowsAway) {
  ASSERT_NO_FATAL_FAILURE(Load(Malformed::kPass));
  Expect(wrong_version_, FW_REASON_MALFORMED_IP, false, false);
  Expect(wrong_length_, FW_REASON_MALFORMED_IP, false, false);
  Expect(no_ports_, FW_REASON_MALFORMED_TRANSPORT, true, false);
  Expect(deep_, FW_REASON_TOO_DEEP, true, false);
}

TEST_F(FilterOptionsTest, DropDropsAllOfThem) {
  ASSERT_NO_FATAL_FAILURE(Load(Malformed::kDrop));
  Expect(wrong_version_, FW_REASON_MALFORMED_IP, true, true);
  Expect(wrong_length_, FW_REASON_MALFORMED_IP, true, true);
  Expect(no_ports_, FW_REASON_MALFORMED_TRANSPORT, true, true);
  Expect(deep_, FW_REASON_TOO_DEEP, true, true);
}

}  // namespace
}  // namespace fwagent::testing
