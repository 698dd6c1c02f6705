#include "agent/policy/match_cover.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fwagent::policy {
namespace {

// Which of two rules covers which.
std::string Cover(const std::string& one, const std::string& two) {
  const auto a = PacketMatch::Parse(one, kDefaultOrder);
  const auto b = PacketMatch::Parse(two, kDefaultOrder);
  EXPECT_TRUE(a.ok() && b.ok()) << one << "; " << two;
  if (!a.ok() || !b.ok()) return "";
  EXPECT_TRUE(Covers(*a, *a)) << one;
  EXPECT_TRUE(Covers(*b, *b)) << two;
  if (Covers(*a, *b)) return Covers(*b, *a) ? "both" : "first";
  return Covers(*b, *a) ? "second" : "neither";
}

struct Case {
  std::string one;
  std::string two;
  std::string covers;
};

void Expect(const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    EXPECT_EQ(Cover(row.one, row.two), row.covers)
        << row.one << "; " << row.two;
  }
}

TEST(MatchCover, Addresses) {
  Expect({
      {"any", "from 10.0.0.0/8", "first"},
      {"from 10.0.0.0/8", "from 10.1.0.0/16", "first"},
      {"from 10.0.0.0/8", "from 11.1.0.0/16", "neither"},
      {"from 10.0.0.0/8", "to 10.1.0.0/16", "neither"},
      {"from 10.0.0.0/8", "from 10.1.0.0/16,11.0.0.1", "neither"},
      {"from 10.0.0.0/8,11.0.0.0/8", "from 10.1.0.0/16,11.0.0.1", "first"},
      // Halves are as good as the whole.
      {"from 10.0.0.0/9,10.128.0.0/9", "from 10.0.0.0/8", "both"},
      {"from 10.0.0.0/9,10.128.0.0/10", "from 10.0.0.0/8", "second"},
      {"from 0.0.0.0/0", "from 255.255.255.255", "first"},
      {"from 0.0.0.0/0", "from 2001:db8::1", "neither"},
      {"from ::/0", "from 192.0.2.1", "neither"},
      {"from ::/0", "from ffff:ffff::/32", "first"},
      {"from 2001:db8::/32", "from 2001:db8:1::/48", "first"},
      {"from 2001:db8::/32", "from 2001:db9:1::/48", "neither"},
      {"from 2001:db8::/128", "from 2001:db8::1", "neither"},
      {"from 0.0.0.0/0,::/0", "from 2001:db8::1,192.0.2.1", "first"},
  });
}

TEST(MatchCover, NegatedAddresses) {
  Expect({
      {"from !10.1.0.0/16", "from !10.0.0.0/8", "first"},
      {"from !10.0.0.0/8", "from 11.0.0.0/8", "first"},
      {"from !10.0.0.0/8", "from 2001:db8::/32", "first"},
      {"from !10.0.0.0/8", "from 10.1.0.0/16", "neither"},
      {"from !10.1.0.0/16", "from 10.0.0.0/8", "neither"},
      {"from ::/0,128.0.0.0/1", "from !0.0.0.0/1", "both"},
      {"from 128.0.0.0/1", "from !0.0.0.0/1", "second"},
      {"from !10.0.0.0/8,11.0.0.0/8", "from !10.0.0.0/8", "second"},
  });
}

TEST(MatchCover, Sets) {
  Expect({
      {"from @a", "from @a", "both"},
      {"from @a", "from @b", "neither"},
      {"from @a,@b", "from @a", "first"},
      {"from @a,10.0.0.0/8", "from @a,10.1.0.0/16", "first"},
      {"from @a,10.0.0.0/8", "from 10.1.0.0/16", "first"},
      {"from 10.0.0.0/8", "from @a,10.1.0.0/16", "neither"},
      {"from @a", "from !@a", "neither"},
      {"from !@a", "from !@a,@b", "first"},
      {"from !@a", "from 10.0.0.0/8", "neither"},
      {"from !10.0.0.0/8", "from @a", "neither"},
      {"from !10.0.0.0/8", "from !10.0.0.0/8,@a", "first"},
      {"from 0.0.0.0/0,::/0", "from @a", "neither"},
      {"from 0.0.0.0/0,::/0,@a", "from @a", "first"},
      {"from 0.0.0.0/0,::/0", "from !@a", "first"},
  });
}

TEST(MatchCover, Numbers) {
  Expect({
      {"proto tcp dport 80-90", "proto tcp dport 81,85-90", "first"},
      {"proto tcp dport 80-90", "proto tcp dport 81,85-91", "neither"},
      {"proto tcp,udp dport 53", "proto udp dport 53", "first"},
      {"proto tcp dport 53", "proto udp dport 53", "neither"},
      {"dport 53", "proto udp dport 53", "first"},
      {"dport 53", "sport 53", "neither"},
      {"dport !22", "dport 23-65535", "first"},
      {"dport !22", "dport 0-21,23-65535", "both"},
      {"dport !22", "dport 22", "neither"},
      {"dport !22", "dport !22,23", "first"},
      {"vlan !10", "vlan 0-9,11-4095", "both"},
      {"proto !tcp", "proto udp", "first"},
      {"length 0-100", "length 64", "first"},
      // IPv6 packets may be longer than 65,535 bytes.
      {"length 101-65535", "length !0-100", "second"},
  });
}

// What a packet does not have keeps conditions on it from holding.
TEST(MatchCover, ConditionsOnlyOneOfThemHas) {
  Expect({
      {"dport !22", "proto icmp", "neither"},
      {"dport 0-65535", "proto tcp", "neither"},
      {"vlan !10", "any", "second"},
      {"vlan 0-4095", "proto tcp", "neither"},
      {"iface *", "proto tcp", "neither"},
      {"proto tcp", "flags S/SA", "first"},
      {"proto udp", "flags S/SA", "neither"},
      {"proto icmp", "icmp 8", "first"},
      {"proto icmp", "icmpv6 128", "neither"},
      // There is ICMP, the protocol, also behind IPv6, and without types.
      {"icmp any", "proto icmp", "second"},
      {"icmp any", "icmp 3/4", "first"},
      {"icmp 3", "icmp 3/4", "first"},
      {"icmp 3/4", "icmp 3/5", "neither"},
      {"icmp !3/4", "icmp 3/5", "first"},
      {"icmp any", "icmpv6 any", "neither"},
  });
}

TEST(MatchCover, FlagsAndInterfaces) {
  Expect({
      {"flags S/SA", "flags S/SA", "both"},
      {"flags S/SA", "flags S/SAF", "first"},
      {"flags S/SA", "flags SA/SA", "neither"},
      {"flags S/SA,A/SA", "flags S/SA", "first"},
      {"flags !S/SA", "flags A/A", "first"},
      {"flags !S/SA", "flags S/S", "neither"},
      {"iface eth0", "iface eth0", "both"},
      {"iface eth0", "iface eth1", "neither"},
      {"iface eth*", "iface eth0,eth1", "first"},
      {"iface eth*", "iface eth0,wlan0", "neither"},
      {"iface eth*", "iface eth?", "neither"},
      {"iface eth*,wlan0", "iface eth*", "first"},
      // No pattern means it.
      {"iface *", "iface lo", "neither"},
      {"iface !eth0", "iface !eth*", "first"},
      {"iface !eth*", "iface wlan0", "first"},
      {"iface !eth*", "iface lo", "first"},
      {"iface !eth*", "iface eth0", "neither"},
      {"iface !eth0", "iface eth*", "neither"},
      {"iface !lo", "iface *", "neither"},
  });
}

TEST(MatchCover, AllOfThemAtOnce) {
  const std::string wide =
      "from 10.0.0.0/8 to !192.0.2.1 proto tcp dport 1-1023 iface eth*";
  EXPECT_EQ(Cover(wide,
                  "from 10.1.0.0/16,10.2.0.0/16 to 198.51.100.7 dport 22 "
                  "flags S/SA vlan 7 iface eth0"),
            "first");
  for (const char* const but_one :
       {"from 11.1.0.0/16 to 198.51.100.7 dport 22 flags S/SA iface eth0",
        "from 10.1.0.0/16 to 192.0.2.0/24 dport 22 flags S/SA iface eth0",
        "from 10.1.0.0/16 to 198.51.100.7 proto udp dport 22 iface eth0",
        "from 10.1.0.0/16 to 198.51.100.7 dport 22,8080 flags S/SA iface eth0",
        "from 10.1.0.0/16 to 198.51.100.7 dport 22 flags S/SA iface wlan0",
        "from 10.1.0.0/16 to 198.51.100.7 dport 22 flags S/SA",
        "from 10.1.0.0/16 dport 22 flags S/SA iface eth0"}) {
    EXPECT_EQ(Cover(wide, but_one), "neither") << but_one;
  }
}

}  // namespace
}  // namespace fwagent::policy
