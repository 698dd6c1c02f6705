#include "agent/store/set_chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace fwagent::store {
namespace {

using policy::Prefix;
using policy::SetEntry;

const EntryClock kClock = {.shift = 1'000'000};

Prefix P(const std::string& text) { return *Prefix::Parse(text); }

std::vector<std::vector<SetEntry>> Chunks() {
  return {
      {{P("0.0.0.0/0")}},
      {{P("10.0.0.0/8")}, {P("10.0.0.0/9")}, {P("10.1.2.3")}},
      {{P("10.0.0.0/8")}, {P("10.0.0.0/9"), 1}, {P("255.255.255.255"), 77}},
      {{P("::/0")}, {P("2001:db8::/32")}, {P("2001:db8::1")}},
      {{P("2001:db8::/32"), policy::kForever - 1}, {P("2001:db8::1")}},
  };
}

TEST(SetChunk, ComesBackAsItWas) {
  for (const auto& chunk : Chunks()) {
    const auto read = UnpackChunk(PackChunk(chunk, kClock), kClock);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, chunk);
  }
}

TEST(SetChunk, EntriesOfIPv4AreFiveBytesEach) {
  std::vector<SetEntry> chunk;
  for (int i = 0; i < 250; ++i) {
    chunk.push_back({P("10.0.0." + std::to_string(i))});
  }
  EXPECT_EQ(PackChunk(chunk, kClock).size(), 1 + 5 * chunk.size());
}

TEST(SetChunk, EndsTakeFourBytesMoreAndEightForTheirFirst) {
  const std::vector<SetEntry> chunk = {{P("10.0.0.1"), 9}, {P("10.0.0.2")}};
  EXPECT_EQ(PackChunk(chunk, kClock).size(), 1 + 8 + 2 * (5 + 4u));
}

// After a reboot the clock is so much further, and the host's begins anew.
TEST(SetChunk, EndsGoOnByAnotherRunsClock) {
  const std::vector<SetEntry> chunk = {
      {P("10.0.0.1"), 500}, {P("10.0.0.2")}, {P("10.0.0.3"), 900}};
  const std::string bytes = PackChunk(chunk, {.shift = 0});
  const std::vector<SetEntry> later = {
      {P("10.0.0.1"), 1}, {P("10.0.0.2")}, {P("10.0.0.3"), 200}};
  EXPECT_EQ(*UnpackChunk(bytes, {.shift = 700}), later)
      << "what lies before the host's start has ended";
  const std::vector<SetEntry> earlier = {
      {P("10.0.0.1"), 1200}, {P("10.0.0.2")}, {P("10.0.0.3"), 1600}};
  EXPECT_EQ(*UnpackChunk(bytes, {.shift = -700}), earlier);
}

TEST(SetChunk, KeysAreInTheOrderOfEntries) {
  const std::vector<Prefix> prefixes = {
      P("0.0.0.0/0"),   P("10.0.0.0/8"), P("10.0.0.0/9"), P("10.0.0.1"),
      P("128.0.0.0/1"), P("::/0"),       P("::1"),        P("2001:db8::/32")};
  std::vector<std::string> keys;
  for (const Prefix& prefix : prefixes) keys.push_back(ChunkKey(prefix));
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

// Whatever is read from a damaged one is canonical and in order; the checksum
// of the row is what tells that it is damaged.
TEST(SetChunk, DamageIsRefusedOrStillEntries) {
  for (const auto& chunk : Chunks()) {
    const std::string bytes = PackChunk(chunk, kClock);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto read = UnpackChunk(bytes.substr(0, size), kClock);
      if (read.ok()) {
        EXPECT_LT(read->size(), chunk.size());
      }
    }
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      const auto read = UnpackChunk(damaged, kClock);
      if (!read.ok()) {
        EXPECT_TRUE(absl::IsDataLoss(read.status()));
        continue;
      }
      ASSERT_FALSE(read->empty());
      for (std::size_t i = 0; i < read->size(); ++i) {
        EXPECT_NE((*read)[i].until, policy::kNever);
        if (i > 0) {
          EXPECT_LT(ChunkKey((*read)[i - 1].prefix),
                    ChunkKey((*read)[i].prefix));
        }
      }
    }
  }
}

}  // namespace
}  // namespace fwagent::store
