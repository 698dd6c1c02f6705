#include "agent/policy/prefix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/hash/hash_testing.h"

namespace fwagent::policy {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::SizeIs;
using ::testing::StartsWith;

// What Parse says: the canonical text, or the error.
std::string Parsed(std::string_view text) {
  const auto prefix = Prefix::Parse(text);
  if (prefix.ok()) return prefix->ToString();
  EXPECT_EQ(prefix.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(prefix.status().message());
}

std::string FromBytes(std::string_view bytes, std::uint32_t length) {
  const auto prefix = Prefix::FromBytes(bytes, length);
  if (prefix.ok()) return prefix->ToString();
  EXPECT_EQ(prefix.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(prefix.status().message());
}

struct Case {
  std::string text;
  std::string expected;
};

TEST(PrefixParse, ReadsEveryGoodForm) {
  const std::vector<Case> cases = {
      {"192.0.2.1", "192.0.2.1/32"},
      {"192.0.2.1/32", "192.0.2.1/32"},
      {"192.0.2.0/24", "192.0.2.0/24"},
      {"192.0.2.0/25", "192.0.2.0/25"},
      {"192.0.2.128/25", "192.0.2.128/25"},
      {"0.0.0.0", "0.0.0.0/32"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"128.0.0.0/1", "128.0.0.0/1"},
      {"255.255.255.255", "255.255.255.255/32"},
      {"2001:db8::/32", "2001:db8::/32"},
      {"2001:db8::1", "2001:db8::1/128"},
      {"2001:DB8:0:0:0:0:0:1/128", "2001:db8::1/128"},
      {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1/128"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1/128"},
      {"2001:db8::192.0.2.1", "2001:db8::c000:201/128"},
      {"::", "::/128"},
      {"::/0", "::/0"},
      {"8000::/1", "8000::/1"},
      {"2001:db8::8000:0:0:0/65", "2001:db8:0:0:8000::/65"},
      {"fe80::1", "fe80::1/128"},
  };
  for (const Case& c : cases) EXPECT_EQ(Parsed(c.text), c.expected) << c.text;
}

TEST(PrefixParse, HostBitsSayWhatWasMeant) {
  const std::vector<Case> cases = {
      {"10.0.0.5/8",
       "host bits are set: did you mean 10.0.0.0/8, or the single host "
       "10.0.0.5/32?"},
      {"192.0.2.1/31",
       "host bits are set: did you mean 192.0.2.0/31, or the single host "
       "192.0.2.1/32?"},
      {"192.0.2.1/0",
       "host bits are set: did you mean 0.0.0.0/0, or the single host "
       "192.0.2.1/32?"},
      {"2001:db8::1/64",
       "host bits are set: did you mean 2001:db8::/64, or the single host "
       "2001:db8::1/128?"},
      // The host would be an IPv4-mapped address.
      {"::ffff:192.0.2.1/64",
       "host bits are set: did you mean ::/64, or the single host "
       "192.0.2.1/32?"},
  };
  for (const Case& c : cases) EXPECT_EQ(Parsed(c.text), c.expected) << c.text;
}

TEST(PrefixParse, MappedAddressesAskForTheIPv4Form) {
  const std::vector<Case> cases = {
      {"::ffff:192.0.2.1", "192.0.2.1/32"},
      {"::ffff:c000:201/128", "192.0.2.1/32"},
      {"::ffff:192.0.2.0/120", "192.0.2.0/24"},
      {"::ffff:0:0/96", "0.0.0.0/0"},
      {"::ffff:10.0.0.5/104", "10.0.0.0/8, or the single host 10.0.0.5/32"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Parsed(c.text),
              "an IPv4-mapped IPv6 address never matches a packet: give the "
              "IPv4 form, " +
                  c.expected);
  }
}

TEST(PrefixParse, NeighboursOfTheMappedBlockAreGood) {
  for (const std::string text :
       {"::fffe:0:0/95", "::/80", "::/0", "::fffe:0:0/96", "::1:0:0:0/96",
        "::ffff:0:0:0/96", "1::ffff:0:0/96"}) {
    EXPECT_EQ(Parsed(text), text);
  }
}

struct BadCase {
  std::string text;
  std::string because;
};

TEST(PrefixParse, RefusesWithAReason) {
  const std::vector<BadCase> cases = {
      {"", "is empty"},
      {"/", "not an IPv4 address"},
      {"/24", "not an IPv4 address"},
      {"192.0.2.0/33", "0 to 32 bits, not 33"},
      {"192.0.2.0/128", "0 to 32 bits, not 128"},
      {"2001:db8::/129", "0 to 128 bits, not 129"},
      {"192.0.2.0/4294967295", "0 to 32 bits, not 4294967295"},
      {"192.0.2.0/4294967328", "not a number of bits"},  // 32 + 2^32
      {"192.0.2.0/", "\"\" is not a number of bits"},
      {"192.0.2.0/-1", "\"-1\" is not a number of bits"},
      {"192.0.2.0/+24", "\"+24\" is not a number of bits"},
      {"192.0.2.0/24.0", "not a number of bits"},
      {"192.0.2.0/0x18", "not a number of bits"},
      {"192.0.2.0/24/24", "not a number of bits"},
      {"192.0.2.0/255.255.255.0", "not a number of bits"},
      {"1.2.3.4/08", "\"08\" has a leading zero"},
      {"192.0.2.0/00", "\"00\" has a leading zero"},
      {"2001:db8::/032", "leading zero"},
      {"010.0.0.1", "leading zero"},
      {"192.0.2.01", "leading zero"},
      {"192.00.2.1", "leading zero"},
      {"192.0.2", "not an IPv4 address"},
      {"192.0.2.1.1", "not an IPv4 address"},
      {"192.0.2.256", "not an IPv4 address"},
      {"192.0.2.", "not an IPv4 address"},
      {"192..2.1", "not an IPv4 address"},
      {"3221225985", "not an IPv4 address"},
      {"0xc0.0.2.1", "names are not looked up"},
      {"192.0.2.1-192.0.2.9", "names are not looked up"},
      {"example.com", "names are not looked up"},
      {"example.com/24", "names are not looked up"},
      {"localhost", "names are not looked up"},
      {"dead.beef", "names are not looked up"},
      {"192.0.2.1:80", "not an IPv6 address"},
      {"[2001:db8::1]", "without brackets"},
      {"http://192.0.2.1", "not an IPv6 address"},
      {"2001:db8:::1", "not an IPv6 address"},
      {"2001:db8::1::2", "not an IPv6 address"},
      {"2001:db8", "not an IPv6 address"},
      {"2001:db8::12345", "not an IPv6 address"},
      {"1:2:3:4:5:6:7:8:9", "not an IPv6 address"},
      {"::ffff:192.0.2.256", "not an IPv6 address"},
      {"fe80::1%eth0", "zone id"},
      {"fe80::1%eth0/64", "zone id"},
      {"192.0.2.1%1", "zone id"},
      {" 192.0.2.1", "white space"},
      {"192.0.2.1 ", "white space"},
      {"192.0.2.0 /24", "white space"},
      {"192.0.2.0/ 24", "white space"},
      {"192.0.2.1\n", "white space or control"},
      {std::string("192.0.2.1\0", 10), "white space or control"},
      {std::string("192.0.2.0/24\0/8", 15), "white space or control"},
      {"192.0.2.1\x1b[2J", "white space or control"},
      {"１９２.0.2.1", "names are not looked up"},
  };
  for (const BadCase& c : cases) {
    EXPECT_THAT(Parsed(c.text), HasSubstr(c.because)) << c.text;
  }
}

TEST(PrefixParse, EchoesLittleAndOnlyWhatIsSafeToPrint) {
  for (const std::string& text :
       {std::string(1 << 20, 'a'), std::string(1 << 20, '1'),
        std::string(1 << 20, ':'), "192.0.2.0/" + std::string(1 << 20, '9')}) {
    EXPECT_THAT(Parsed(text), AllOf(HasSubstr("…"), SizeIs(Lt(300))));
  }
  const std::string said = Parsed(
      "a\x1b[31m\x07\x7f\r\n\x9b"
      "b\xff");
  EXPECT_THAT(said, StartsWith("\"a?[31m?????b?\""));
}

TEST(PrefixFromBytes, ReadsBothFamilies) {
  EXPECT_EQ(FromBytes(std::string("\xc0\x00\x02\x01", 4), 32), "192.0.2.1/32");
  EXPECT_EQ(FromBytes(std::string("\xc0\x00\x02\x00", 4), 24), "192.0.2.0/24");
  EXPECT_EQ(FromBytes(std::string(4, '\0'), 0), "0.0.0.0/0");
  EXPECT_EQ(FromBytes(std::string(16, '\0'), 0), "::/0");
  EXPECT_EQ(FromBytes("\x20\x01\x0d\xb8" + std::string(12, '\0'), 32),
            "2001:db8::/32");
}

TEST(PrefixFromBytes, RefusesWithAReason) {
  for (const std::size_t size : {0u, 1u, 3u, 5u, 8u, 15u, 17u, 4096u}) {
    EXPECT_EQ(FromBytes(std::string(size, '\0'), 0),
              "an address has 4 bytes (IPv4) or 16 bytes (IPv6), not " +
                  std::to_string(size));
  }
  const std::string ipv4("\xc0\x00\x02\x01", 4);
  EXPECT_THAT(FromBytes(ipv4, 33), HasSubstr("0 to 32 bits, not 33"));
  EXPECT_THAT(FromBytes(ipv4, 0xffffffff), HasSubstr("not 4294967295"));
  EXPECT_THAT(FromBytes(ipv4, 24), HasSubstr("did you mean 192.0.2.0/24"));
  EXPECT_THAT(FromBytes(std::string(16, '\0'), 129), HasSubstr("not 129"));
  EXPECT_THAT(FromBytes(std::string(10, '\0') + "\xff\xff" + ipv4, 128),
              HasSubstr("give the IPv4 form, 192.0.2.1/32"));
}

TEST(Prefix, FamiliesNeverMix) {
  const auto all4 = Prefix::Parse("0.0.0.0/0");
  const auto all6 = Prefix::Parse("::/0");
  EXPECT_NE(*all4, *all6);
  EXPECT_EQ(*all4, Prefix());
  EXPECT_EQ(all4->family(), Family::kIPv4);
  EXPECT_EQ(all6->family(), Family::kIPv6);
}

TEST(Prefix, BytesPastTheAddressAreZero) {
  const auto prefix = Prefix::Parse("192.0.2.1");
  const std::vector<std::uint8_t> rest(prefix->address().begin() + 4,
                                       prefix->address().end());
  EXPECT_THAT(rest, Each(0));
}

// A random address with random host bits cleared, or not.
struct RandomPrefix {
  std::string bytes;
  std::uint32_t length;
};

RandomPrefix MakeRandomPrefix(std::mt19937& random) {
  RandomPrefix result;
  result.bytes.resize(random() % 2 == 0 ? 4 : 16);
  for (char& byte : result.bytes) {
    // Runs of zeros and ones exercise the abbreviations of IPv6.
    const auto kind = random() % 4;
    byte = static_cast<char>(kind == 0 ? 0 : kind == 1 ? 0xff : random());
  }
  result.length =
      static_cast<std::uint32_t>(random() % (8 * result.bytes.size() + 1));
  return result;
}

std::string ClearHostBits(std::string bytes, std::uint32_t length) {
  for (std::uint32_t bit = length; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] & ~(0x80 >> bit % 8));
  }
  return bytes;
}

TEST(PrefixProperty, TextAndBytesRoundTrip) {
  std::mt19937 random(20240607);
  std::vector<Prefix> prefixes;
  for (int i = 0; i < 20'000; ++i) {
    const auto [bytes, length] = MakeRandomPrefix(random);
    const std::string network = ClearHostBits(bytes, length);
    const auto prefix = Prefix::FromBytes(network, length);
    ASSERT_TRUE(prefix.ok()) << prefix.status();
    EXPECT_EQ(prefix->length(), length);
    EXPECT_TRUE(std::equal(
        network.begin(), network.end(), prefix->address().begin(),
        [](char a, auto b) { return static_cast<std::uint8_t>(a) == b; }));
    const auto again = Prefix::Parse(prefix->ToString());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, *prefix);
    if (network != bytes) {
      EXPECT_THAT(FromBytes(bytes, length),
                  HasSubstr("host bits are set: did you mean " +
                            prefix->ToString() + ","));
    }
    if (i < 100) prefixes.push_back(*prefix);
  }
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(prefixes));
}

TEST(PrefixProperty, RandomTextIsNeverMisread) {
  constexpr std::string_view kAlphabet = "0123456789abcdf.:/%x -";
  std::mt19937 random(4711);
  for (int i = 0; i < 100'000; ++i) {
    std::string text(random() % 24, ' ');
    for (char& c : text) c = kAlphabet[random() % kAlphabet.size()];
    const auto prefix = Prefix::Parse(text);
    if (!prefix.ok()) continue;
    const auto again = Prefix::Parse(prefix->ToString());
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_EQ(*again, *prefix) << text;
  }
}

}  // namespace
}  // namespace fwagent::policy
