#include "agent/policy/set_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace fwagent::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Prefix P(const std::string& text) { return *Prefix::Parse(text); }

SetEntries Make(const std::vector<SetEntry>& entries) {
  SetEntries::Builder builder;
  for (const SetEntry& entry : entries) builder.Add(entry);
  return std::move(builder).Build();
}

std::vector<SetEntry> All(const SetEntries& entries) {
  std::vector<SetEntry> all;
  entries.ForEach([&all](const SetEntry& entry) { all.push_back(entry); });
  return all;
}

// In the order that the header promises.
struct InOrder {
  bool operator()(const Prefix& a, const Prefix& b) const {
    return std::make_tuple(a.family(), a.address(), a.length()) <
           std::make_tuple(b.family(), b.address(), b.length());
  }
};
using Reference = std::map<Prefix, Deadline, InOrder>;

std::vector<SetEntry> All(const Reference& reference) {
  std::vector<SetEntry> all;
  for (const auto& [prefix, until] : reference) all.push_back({prefix, until});
  return all;
}

class Dice {
 public:
  std::uint32_t Below(std::uint32_t end) {
    return static_cast<std::uint32_t>(random_()) % end;
  }
  // Few enough that they meet, and lie in each other.
  Prefix RandomPrefix() {
    const bool ipv4 = Below(2) == 0;
    const std::string address =
        ipv4 ? absl::StrCat("10.", Below(2), ".", Below(4), ".", Below(3))
             : absl::StrCat("2001:db8::", Below(3), ":", Below(4));
    const Prefix host = P(address);
    return host.Shortened(static_cast<std::uint8_t>(
        Below(2) == 0 ? host.length() : Below(host.length() + 1)));
  }
  Deadline RandomEnd() { return Below(3) == 0 ? 1 + Below(5) : kForever; }

 private:
  std::mt19937 random_{20'261'123};
};

TEST(SetEntries, DoesWhatAMapDoes) {
  Dice dice;
  SetEntries entries;
  Reference reference;
  for (int round = 0; round < 20'000; ++round) {
    const Prefix prefix = dice.RandomPrefix();
    if (dice.Below(3) == 0) {
      ASSERT_EQ(entries.Erase(prefix), reference.erase(prefix) != 0);
    } else {
      const Deadline until = dice.RandomEnd();
      entries.Put({prefix, until});
      reference[prefix] = until;
    }
    ASSERT_EQ(entries.size(), reference.size());
    const Prefix other = dice.RandomPrefix();
    const auto found = reference.find(other);
    ASSERT_EQ(entries.Find(other), found == reference.end()
                                       ? std::nullopt
                                       : std::make_optional(found->second));
  }
  EXPECT_EQ(All(entries), All(reference));
  EXPECT_EQ(entries.size(Family::kIPv4) + entries.size(Family::kIPv6),
            entries.size());
}

TEST(SetEntries, PagesJoinToTheWhole) {
  Dice dice;
  SetEntries entries;
  for (int i = 0; i < 300; ++i) entries.Put({dice.RandomPrefix()});
  std::vector<SetEntry> joined;
  std::optional<Prefix> after;
  for (;;) {
    const std::vector<SetEntry> page = entries.Page(after, 7);
    if (page.empty()) break;
    joined.insert(joined.end(), page.begin(), page.end());
    after = page.back().prefix;
  }
  EXPECT_EQ(joined, All(entries));
  EXPECT_THAT(entries.Page({}, 0), IsEmpty());
  // Also behind a prefix that is not in it.
  EXPECT_EQ(Make({{P("10.0.0.2")}}).Page(P("10.0.0.1"), 9).size(), 1u);
  EXPECT_THAT(Make({{P("10.0.0.2")}}).Page(P("::1"), 9), IsEmpty());
}

TEST(SetEntries, HoldingFindsTheLongestFirst) {
  const SetEntries entries = Make({{P("10.0.0.0/8")},
                                   {P("10.1.0.0/16"), 7},
                                   {P("10.1.2.3")},
                                   {P("0.0.0.0/0")},
                                   {P("::/0")}});
  EXPECT_THAT(
      entries.Holding(P("10.1.2.3")),
      ElementsAre(SetEntry{P("10.1.2.3")}, SetEntry{P("10.1.0.0/16"), 7},
                  SetEntry{P("10.0.0.0/8")}, SetEntry{P("0.0.0.0/0")}));
  EXPECT_THAT(entries.Holding(P("10.1.0.0/17")),
              ElementsAre(SetEntry{P("10.1.0.0/16"), 7},
                          SetEntry{P("10.0.0.0/8")}, SetEntry{P("0.0.0.0/0")}));
  EXPECT_THAT(entries.Holding(P("2001:db8::1")),
              ElementsAre(SetEntry{P("::/0")}));
}

TEST(SetEntries, ADifferenceLeadsThereAndBack) {
  Dice dice;
  for (int round = 0; round < 200; ++round) {
    SetEntries before;
    SetEntries after;
    for (std::uint32_t i = dice.Below(40); i > 0; --i) {
      const SetEntry entry{dice.RandomPrefix(), dice.RandomEnd()};
      if (dice.Below(4) != 0) before.Put(entry);
      if (dice.Below(4) != 0) after.Put(entry);
    }
    const SetDifference difference = SetEntries::Compare(before, after);
    EXPECT_EQ(difference.empty(), before == after);
    SetEntries there = before;
    ApplyDifference(difference, there);
    EXPECT_EQ(there, after);
    ApplyDifference(difference.Inverse(), there);
    EXPECT_EQ(there, before);
  }
}

TEST(SetEntriesBuilder, OfTwoTheLaterEndCounts) {
  EXPECT_THAT(All(Make({{P("10.0.0.1"), 5}, {P("10.0.0.1"), 9}})),
              ElementsAre(SetEntry{P("10.0.0.1"), 9}));
  EXPECT_THAT(All(Make({{P("10.0.0.1")}, {P("10.0.0.1"), 9}})),
              ElementsAre(SetEntry{P("10.0.0.1")}));
}

TEST(SetEntriesBuilder, SortsWhatComesInAnyOrder) {
  Dice dice;
  Reference reference;
  SetEntries::Builder builder;
  for (int i = 0; i < 2'000; ++i) {
    const Prefix prefix = dice.RandomPrefix();
    builder.Add({prefix});
    reference[prefix] = kForever;
  }
  EXPECT_EQ(builder.size(), 2'000u);
  EXPECT_EQ(All(std::move(builder).Build()), All(reference));
}

std::string Packed(const std::string& address, int length) {
  return address + static_cast<char>(length);
}

TEST(SetEntriesBuilder, TakesThePackedForm) {
  SetEntries::Builder builder;
  const std::string ipv6 =
      std::string("\x20\x01\x0d\xb8", 4) + std::string(12, '\0');
  ASSERT_TRUE(
      builder
          .AddPacked(Family::kIPv4, Packed(std::string("\x0a\0\0\0", 4), 8) +
                                        Packed("\xc0\x01\x02\x03", 32) +
                                        Packed(std::string(4, '\0'), 0))
          .ok());
  ASSERT_TRUE(
      builder
          .AddPacked(Family::kIPv6, Packed(ipv6, 32), std::vector<Deadline>{7})
          .ok());
  ASSERT_TRUE(builder.AddPacked(Family::kIPv6, "").ok());
  EXPECT_THAT(
      All(std::move(builder).Build()),
      ElementsAre(SetEntry{P("0.0.0.0/0")}, SetEntry{P("10.0.0.0/8")},
                  SetEntry{P("192.1.2.3")}, SetEntry{P("2001:db8::/32"), 7}));
}

TEST(SetEntriesBuilder, RefusesWhatIsNoPrefixAndNamesIt) {
  const std::string good = Packed("\x01\x02\x03\x04", 32);
  const std::string good6 = Packed(std::string(15, '\0') + "\x01", 128);
  const std::string mapped = std::string(10, '\0') + "\xff\xff\x01\x02\x03\x04";
  const struct {
    Family family;
    std::string bytes;
    std::string said;
  } rows[] = {
      {Family::kIPv4, "\x01", "no multiple of 5"},
      {Family::kIPv4, good + "\x01\x02\x03\x04", "no multiple of 5"},
      {Family::kIPv4, good + Packed("\x01\x02\x03\x04", 33), "entry 1"},
      {Family::kIPv4, good + Packed("\x01\x02\x03\x04", 255), "entry 1"},
      {Family::kIPv4, good + Packed("\x01\x02\x03\x05", 31), "host bits"},
      {Family::kIPv4, Packed("\x80\x01\x01\x01", 0), "host bits"},
      {Family::kIPv6, good6 + "\x01", "no multiple of 17"},
      {Family::kIPv6, good6 + Packed(std::string(16, '\0'), 129), "entry 1"},
      {Family::kIPv6, Packed(std::string(15, '\0') + "\x01", 127), "host bits"},
      {Family::kIPv6, Packed(mapped, 128), "IPv4-mapped"},
  };
  for (const auto& row : rows) {
    SetEntries::Builder builder;
    builder.Add({P("10.0.0.1")});
    const absl::Status added = builder.AddPacked(row.family, row.bytes);
    EXPECT_TRUE(absl::IsInvalidArgument(added)) << row.said;
    EXPECT_THAT(std::string(added.message()), HasSubstr(row.said));
    EXPECT_EQ(builder.size(), 1u) << "nothing of it is taken";
  }
  // The twin of the host bits.
  SetEntries::Builder builder;
  EXPECT_TRUE(
      builder.AddPacked(Family::kIPv4, Packed("\x01\x02\x03\x04", 31)).ok());
}

}  // namespace
}  // namespace fwagent::policy
