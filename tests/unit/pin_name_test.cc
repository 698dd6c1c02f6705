#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "agent/dataplane/bpffs.h"

namespace fwagent::dataplane {
namespace {

TEST(PinNameTest, HasNoDotsAndReadsBack) {
  for (const char* name :
       {"eth0", "eth0.100", "a.b.c", "100%", "%2e", "%25."}) {
    const std::string encoded = EncodePinName(name);
    EXPECT_EQ(encoded.find('.'), std::string::npos) << encoded;
    EXPECT_EQ(DecodePinName(encoded), name);
  }
}

TEST(PinNameTest, LeavesPlainNamesAsTheyAre) {
  EXPECT_EQ(EncodePinName("br-lan_0"), "br-lan_0");
  EXPECT_EQ(EncodePinName("eth0.7"), "eth0%2e7");
}

TEST(PinNameTest, DoesNotReadWhatItNeverWrites) {
  for (const char* pin : {"eth0.7", "100%", "%41"}) {
    EXPECT_EQ(DecodePinName(pin), std::nullopt) << pin;
  }
}

}  // namespace
}  // namespace fwagent::dataplane
