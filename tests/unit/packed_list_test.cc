#include "agent/text/packed_list.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/text/pack_prefix.h"

namespace fwagent::text {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// What was packed, read back: those of IPv4 first.
std::vector<std::string> Unpack(const fwagent::v1::PackedPrefixes& packed) {
  std::vector<std::string> texts;
  const auto unpack = [&texts](const std::string& bytes, int family,
                               std::size_t size) {
    EXPECT_EQ(bytes.size() % (size + 1), 0u);
    for (std::size_t at = 0; at < bytes.size(); at += size + 1) {
      std::array<char, INET6_ADDRSTRLEN> text{};
      inet_ntop(family, bytes.data() + at, text.data(), text.size());
      texts.push_back(absl::StrCat(
          text.data(), "/", static_cast<std::uint8_t>(bytes[at + size])));
    }
  };
  unpack(packed.ipv4(), AF_INET, 4);
  unpack(packed.ipv6(), AF_INET6, 16);
  return texts;
}

std::vector<std::string> Packed(const std::string& text,
                                bool skip_invalid = false) {
  const auto list = PackList(text, "list", {.skip_invalid = skip_invalid});
  EXPECT_TRUE(list.ok()) << list.status();
  if (!list.ok()) return {};
  std::vector<std::string> texts;
  for (const auto& part : list->parts) {
    for (std::string& one : Unpack(part)) texts.push_back(std::move(one));
  }
  EXPECT_EQ(list->count, texts.size());
  return texts;
}

// Why one prefix is refused; empty if it is not.
std::string Refusal(const std::string& word) {
  fwagent::v1::PackedPrefixes packed;
  const absl::Status status = PackPrefix(word, packed);
  EXPECT_EQ(status.ok(), packed.ipv4().size() + packed.ipv6().size() > 0);
  return std::string(status.message());
}

TEST(PackPrefix, TakesAddressesAndPrefixesOfBothFamilies) {
  EXPECT_THAT(Packed("192.0.2.1\n192.0.2.0/24\n0.0.0.0/0\n255.255.255.255/32\n"
                     "2001:db8::1\n2001:DB8::/32\n::/0\n::1/128\n"),
              ElementsAre("192.0.2.1/32", "192.0.2.0/24", "0.0.0.0/0",
                          "255.255.255.255/32", "2001:db8::1/128",
                          "2001:db8::/32", "::/0", "::1/128"));
}

TEST(PackPrefix, RefusesWhatIsNoAddress) {
  for (const char* word :
       {"",         "x",        "1",           "1.2.3",     "1.2.3.4.5",
        "1.2.3.",   ".1.2.3",   "1..2.3",      "1.2.3.256", "1.2.3.-4",
        "1.2.3.+4", "1.2.3.4x", "0x1.2.3.4",   "1,2,3,4",   "1:2",
        ":::",      "1::2::3",  "2001:db8::g", "12345::",   "fe80::1%eth0",
        "[::1]",    "/24",      "localhost"}) {
    EXPECT_THAT(Refusal(word), HasSubstr("no IPv4 or IPv6 address")) << word;
  }
}

TEST(PackPrefix, RefusesZerosInFrontWhichAreOctalToSome) {
  for (const char* word : {"01.2.3.4", "1.2.3.04", "1.2.3.00", "001.2.3.4"}) {
    EXPECT_THAT(Refusal(word), HasSubstr("no IPv4 or IPv6 address")) << word;
  }
  EXPECT_EQ(Refusal("0.0.0.0"), "");
  EXPECT_THAT(Refusal("192.0.2.0/024"), HasSubstr("no length of 0 to 32"));
  EXPECT_THAT(Refusal("0.0.0.0/00"), HasSubstr("no length of 0 to 32"));
  EXPECT_EQ(Refusal("0.0.0.0/0"), "");
}

TEST(PackPrefix, LengthsHaveTheRangeOfTheirFamily) {
  for (int length = 0; length <= 140; ++length) {
    const std::string tail = absl::StrCat("/", length);
    EXPECT_EQ(Refusal("0.0.0.0" + tail).empty(), length <= 32) << length;
    EXPECT_EQ(Refusal("::" + tail).empty(), length <= 128) << length;
  }
  for (const char* length : {"", "x", "-1", "+1", " 1", "1 ", "1x", "24/24",
                             "256", "4294967320", "1e1"}) {
    const std::string word = absl::StrCat("0.0.0.0/", length);
    EXPECT_THAT(Refusal(word), HasSubstr("no length of 0 to 32 bits")) << word;
  }
  EXPECT_THAT(Refusal("::/129"), HasSubstr("no length of 0 to 128 bits"));
}

TEST(PackPrefix, HostBitsAreExplainedWhateverTheLength) {
  EXPECT_THAT(Refusal("192.0.2.7/24"), HasSubstr("did you mean 192.0.2.0/24?"));
  EXPECT_THAT(Refusal("2001:db8::1/32"),
              HasSubstr("did you mean 2001:db8::/32?"));
  for (int length = 0; length <= 32; ++length) {
    EXPECT_EQ(Refusal(absl::StrCat("255.255.255.255/", length)).empty(),
              length == 32)
        << length;
    EXPECT_EQ(Refusal(absl::StrCat("128.0.0.0/", length)).empty(), length > 0);
  }
  for (int length = 0; length < 128; ++length) {
    EXPECT_THAT(Refusal(absl::StrCat("::1/", length)), HasSubstr("::/"));
  }
}

TEST(PackPrefix, MappedAddressesAreRefusedAndWhatHoldsThemAllIsNot) {
  for (const char* word : {"::ffff:192.0.2.1", "::ffff:192.0.2.0/120",
                           "::ffff:0:0/96", "0:0:0:0:0:FFFF:c000:201"}) {
    EXPECT_THAT(Refusal(word), HasSubstr("IPv4-mapped")) << word;
  }
  EXPECT_EQ(Refusal("::/80"), "");
  EXPECT_EQ(Refusal("::fffe:192.0.2.1"), "");
  EXPECT_EQ(Refusal("1::ffff:192.0.2.1"), "");
  EXPECT_EQ(Refusal("64:ff9b::192.0.2.1"), "");
}

TEST(PackPrefix, AWrongWordIsPrintedHarmlessly) {
  EXPECT_THAT(Refusal("\x1b[2J"), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Refusal(std::string("1.2.3.4\0", 8)), Not(IsEmpty()));
}

// Beside the C library, on text that is nearly an address.
TEST(PackPrefix, ReadsAddressesAsInetPtonDoes) {
  std::mt19937 random(1);
  const std::array<std::string, 2> letters = {"0125.9", "01af:.2"};
  const std::vector<std::string> seeds = {"192.0.2.1",       "10.255.0.25",
                                          "2001:db8::1",     "::1:2",
                                          "1:2:3:4:5:6:7:8", "1::0.2.5.9"};
  int good = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = seeds[random() % seeds.size()];
    const std::string& alphabet =
        letters[text.find(':') == std::string::npos ? 0 : 1];
    for (unsigned edits = random() % 4; edits > 0; --edits) {
      const std::size_t at = random() % (text.size() + 1);
      const char letter = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0) {
        text.insert(at, 1, letter);
      } else if (at < text.size() && random() % 2 == 0) {
        text.erase(at, 1);
      } else if (at < text.size()) {
        text[at] = letter;
      }
    }
    std::array<char, 16> address{};
    const bool is_v4 = inet_pton(AF_INET, text.c_str(), address.data()) == 1;
    const bool is_v6 =
        !is_v4 && inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
    fwagent::v1::PackedPrefixes packed;
    const absl::Status status = PackPrefix(text, packed);
    if (absl::StrContains(status.message(), "IPv4-mapped")) continue;
    ASSERT_EQ(status.ok(), is_v4 || is_v6) << text;
    if (!status.ok()) continue;
    ++good;
    ASSERT_EQ(
        is_v4 ? packed.ipv4() : packed.ipv6(),
        std::string(address.data(), is_v4 ? 4 : 16) + (is_v4 ? '\x20' : '\x80'))
        << text;
  }
  EXPECT_GT(good, 20'000);
}

TEST(PackList, PassesOverCommentsBlanksAndLineEnds) {
  EXPECT_THAT(Packed("# a list\r\n\r\n   \t\n; too\n192.0.2.1\r\n"
                     "  192.0.2.2  # scanner\n192.0.2.0/24 ; SBL1\n"
                     "192.0.2.3#x\n192.0.2.4;x\n2001:db8::/32 # x\n192.0.2.5"),
              ElementsAre("192.0.2.1/32", "192.0.2.2/32", "192.0.2.0/24",
                          "192.0.2.3/32", "192.0.2.4/32", "192.0.2.5/32",
                          "2001:db8::/32"));
  for (const char* empty : {"", "\n", "\r\n\r\n", "#", "# x\n;\n"}) {
    EXPECT_THAT(Packed(empty), IsEmpty()) << empty;
  }
}

TEST(PackList, TakesWhatIpsetSaves) {
  EXPECT_THAT(
      Packed("create old hash:net family inet hashsize 1024 maxelem 65536\n"
             "add old 192.0.2.0/24\n"
             "add old 192.0.2.1 timeout 300 comment \"seen at 1.2.3.4\"\n"
             "add old 2001:db8::/32 comment \"no nomatch\"\r\n"),
      ElementsAre("192.0.2.0/24", "192.0.2.1/32", "2001:db8::/32"));
  for (const char* line : {"add", "add old", "add old 1.2.3", "destroy old",
                           "add old 192.0.2.1 timeout 5 nomatch"}) {
    EXPECT_FALSE(PackList(line, "list").ok()) << line;
  }
}

using Ttls = std::vector<std::uint32_t>;

// How long the entries of one part last, first those of IPv4.
Ttls TtlsOf(const std::string& text, bool ignore = false) {
  const auto list = PackList(text, "list", {.ignore_ttls = ignore});
  EXPECT_TRUE(list.ok()) << list.status();
  if (!list.ok() || list->parts.size() != 1) return {};
  const auto& part = list->parts[0];
  Ttls ttls(part.ipv4_ttl_seconds().begin(), part.ipv4_ttl_seconds().end());
  ttls.insert(ttls.end(), part.ipv6_ttl_seconds().begin(),
              part.ipv6_ttl_seconds().end());
  return ttls;
}

TEST(PackList, TimeoutsOfIpsetAreKept) {
  EXPECT_THAT(TtlsOf("create old hash:net family inet\n"
                     "add old 192.0.2.1\nadd old 192.0.2.2\n"),
              IsEmpty())
      << "where none ends nothing is sent of ends";
  const std::string list =
      "192.0.2.9\n"
      "create old hash:net family inet hashsize 1024 timeout 600\n"
      "add old 192.0.2.1 timeout 30\n"
      "add old 192.0.2.2 timeout 0 comment \"timeout 7\"\n"
      "add old 192.0.2.3\n"
      "create old6 hash:net family inet6 timeout 0\n"
      "add old6 2001:db8::/32 packets 5 timeout 40\n"
      "add old6 2001:db8::/33 comment \"timeout 7\"\n";
  EXPECT_THAT(TtlsOf(list), ElementsAre(kAsTheImportSays, 30, kNeverEnds, 600,
                                        40, kAsTheImportSays));
  EXPECT_THAT(TtlsOf(list, /*ignore=*/true), IsEmpty());
}

TEST(PackList, WrongTimeoutsAreNamedByTheirLine) {
  for (const char* timeout :
       {"", "x", "-1", "1.5", "99999999999", "315619201"}) {
    const auto list = PackList(
        absl::StrCat("\nadd old 192.0.2.1 timeout ", timeout, "\n"), "list");
    EXPECT_THAT(std::string(list.status().message()),
                HasSubstr("list, line 2: "))
        << timeout;
  }
  EXPECT_FALSE(PackList("create old hash:net timeout x\n", "list").ok());
}

TEST(PackList, NamesTheFirstWrongLineByItsNumber) {
  const auto list =
      PackList("192.0.2.1\n\n# x\r\n192.0.2.999\n1::/8\n", "bad.txt");
  EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(list.status().message()),
              AllOf(HasSubstr("bad.txt, line 4: "), HasSubstr("192.0.2.999")));
  EXPECT_THAT(
      std::string(PackList("192.0.2.1 192.0.2.2\n", "list").status().message()),
      AllOf(HasSubstr("list, line 1: "), HasSubstr("more than a prefix")));
}

TEST(PackList, LeavesWrongLinesOutWhenToldTo) {
  std::string text = "192.0.2.1\n";
  for (int i = 0; i < 12; ++i) absl::StrAppend(&text, "wrong", i, "\n");
  text += "192.0.2.2\n";
  EXPECT_THAT(Packed(text, true), ElementsAre("192.0.2.1/32", "192.0.2.2/32"));
  const auto list = PackList(text, "list", {.skip_invalid = true});
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->skipped, 12u);
  ASSERT_THAT(list->skipped_lines, SizeIs(10));
  EXPECT_THAT(list->skipped_lines[0], HasSubstr("list, line 2: \"wrong0\""));
  EXPECT_THAT(list->skipped_lines[9], HasSubstr("line 11: \"wrong9\""));
  EXPECT_EQ(PackList("192.0.2.1\n", "list", {.skip_invalid = true})->skipped,
            0u);
}

TEST(PackList, ALongListIsCutIntoMessagesThatGrpcTakes) {
  constexpr std::uint32_t kCount = 1'000'000;
  std::string text;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    absl::StrAppend(&text, "10.", i >> 16, ".", i >> 8 & 255, ".", i & 255,
                    i % 2 == 0 ? "\n" : "\r\n");
  }
  const auto list = PackList(text, "list");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->count, kCount);
  EXPECT_GT(list->parts.size(), 1u);
  std::string bytes;
  for (const auto& part : list->parts) {
    EXPECT_LT(part.ByteSizeLong(), 2u << 20);
    bytes += part.ipv4();
  }
  ASSERT_EQ(bytes.size(), 5u * kCount);
  EXPECT_EQ(bytes.substr(bytes.size() - 5),
            std::string("\x0a\x0f\x42\x3f\x20"));
}

TEST(PackFile, SaysWhyItCannotBeRead) {
  const auto list = PackFile("/nowhere/list");
  EXPECT_EQ(list.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(list.status().message()),
              AllOf(HasSubstr("/nowhere/list"), HasSubstr("No such file")));
  EXPECT_FALSE(PackFile("/").ok()) << "a folder";
  EXPECT_TRUE(PackFile("/dev/null").ok());
}

}  // namespace
}  // namespace fwagent::text
