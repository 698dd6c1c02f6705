// Failsafe entries: what was about to be dropped passes.
#include <string>
#include <vector>

#include "agent/policy/failsafe.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

constexpr Judgement kSaved = Passed(FW_REASON_FAILSAFE);

Bytes Syn4(const char* source, std::uint16_t port) {
  return (Ethernet{} / IPv4{.src = source} / Tcp{.dport = port}).ToBytes();
}
Bytes Syn6(const char* source, std::uint16_t port) {
  return (Ethernet{} / IPv6{.src = source} / Tcp{.dport = port}).ToBytes();
}

// Of every program, which differ in how they are verified.
class FilterFailsafeTest : public FilterTest {
 protected:
  void Load(
      const std::vector<std::string>& entries,
      dataplane::DefaultVerdict verdict = dataplane::DefaultVerdict::kPass) {
    dataplane::PacketOptions packets{.default_verdict = verdict};
    for (const std::string& text : entries) {
      const auto parsed = policy::ParseFailsafe(text);
      ASSERT_TRUE(parsed.ok()) << parsed.status();
      packets.failsafe.insert(packets.failsafe.end(), parsed->begin(),
                              parsed->end());
    }
    loaded_.clear();
    for (const dataplane::ProgramVariant variant : Variants()) {
      auto filter = Filter::Load({.variant = variant, .packets = packets});
      ASSERT_TRUE(filter.ok()) << filter.status();
      loaded_.push_back(*std::move(filter));
    }
  }

  // Those that this kernel takes, of a thread with these capabilities.
  static std::vector<dataplane::ProgramVariant> Variants() {
    using dataplane::ProgramVariant;
    const auto chosen = dataplane::ChooseVariant();
    EXPECT_TRUE(chosen.ok()) << chosen.status();
    if (!chosen.ok()) return {};
    if (*chosen != ProgramVariant::kFast) return {*chosen};
    return {ProgramVariant::kFast, ProgramVariant::kStrict,
            ProgramVariant::kCompat};
  }

  void Block(const Rules& rules) {
    for (Filter& filter : loaded_) {
      ASSERT_EQ(filter.Block(rules), absl::OkStatus());
    }
  }
  void Expect(const Bytes& frame, const Judgement& judgement) {
    for (std::size_t i = 0; i < loaded_.size(); ++i) {
      EXPECT_EQ(loaded_[i].Run(frame), judgement) << "program " << i;
    }
  }

  std::vector<Filter> loaded_;
};

TEST_F(FilterFailsafeTest, SavesFromAddressAndPortBlocks) {
  ASSERT_NO_FATAL_FAILURE(
      Load({"192.0.2.0/24 22/tcp", "2001:db8::/32 22-23/tcp"}));
  Block({.sources = {"192.0.0.0/16", "2001:d00::/24"},
         .ports = {{FW_PORT_TCP, 20, 30}}});
  Expect(Syn4("192.0.2.7", 22), kSaved);
  Expect(Syn6("2001:db8::7", 23), kSaved);
  // The twins: another port, another source, another protocol.
  Expect(Syn4("192.0.2.7", 23), kSourceBlocked);
  Expect(Syn4("192.0.3.7", 22), kSourceBlocked);
  Expect(Syn4("198.51.100.1", 22), kPortBlocked);
  Expect(Syn6("2001:db8::7", 24), kSourceBlocked);
  Expect(Syn6("2001:dff::7", 22), kSourceBlocked);
  Expect((Ethernet{} / IPv4{.src = "192.0.2.7"} / Udp{.dport = 22}).ToBytes(),
         kSourceBlocked);
  Expect(
      (Ethernet{} / IPv4{.src = "192.0.2.7", .protocol = 1} / Raw{}).ToBytes(),
      kSourceBlocked);
}

TEST_F(FilterFailsafeTest, WhatPassesAnywayIsCountedAsItWas) {
  ASSERT_NO_FATAL_FAILURE(Load({"any 22/tcp"}));
  Expect(Syn4("192.0.2.7", 22), kPassed);
  Expect(Syn6("2001:db8::7", 22), kPassed);
  Expect((Ethernet{.ethertype = 0x0806} / Raw{}).ToBytes(), kNotIp);
}

TEST_F(FilterFailsafeTest, AnEntryWithoutPortsSavesWhateverComes) {
  ASSERT_NO_FATAL_FAILURE(
      Load({"192.0.2.7", "2001:db8::7/128"}, dataplane::DefaultVerdict::kDrop));
  Expect(
      (Ethernet{} / IPv4{.src = "192.0.2.7", .protocol = 47} / Raw{}).ToBytes(),
      kSaved);
  Expect((Ethernet{} / IPv4{.src = "192.0.2.7", .fragment_offset = 9} / Raw{})
             .ToBytes(),
         kSaved);
  Expect(Syn6("2001:db8::7", 1), kSaved);
  Expect(
      (Ethernet{} / IPv4{.src = "192.0.2.6", .protocol = 47} / Raw{}).ToBytes(),
      Dropped(FW_REASON_DEFAULT));
  Expect(Syn6("2001:db8::6", 1), Dropped(FW_REASON_DEFAULT));
}

TEST_F(FilterFailsafeTest, BehindTagsOptionsAndExtensionHeaders) {
  ASSERT_NO_FATAL_FAILURE(Load({"any 22/tcp"}));
  Block({.sources = {"0.0.0.0/0", "::/0"}, .ports = {}});
  const auto deep4 = [](std::uint16_t port) {
    return (Packet() / Ethernet{} / Times(3, Vlan{}) / IPv4{.option_words = 5} /
            Tcp{.dport = port})
        .ToBytes();
  };
  const auto deep6 = [](std::uint16_t port) {
    return (Packet() / Ethernet{} / Vlan{} / IPv6{} / Times(4, Extension{}) /
            Tcp{.dport = port})
        .ToBytes();
  };
  Expect(deep4(22), kSaved);
  Expect(deep4(23), kSourceBlocked);
  Expect(deep6(22), kSaved);
  Expect(deep6(23), kSourceBlocked);
}

TEST_F(FilterFailsafeTest, WhatHasNoAddressIsNotSaved) {
  ASSERT_NO_FATAL_FAILURE(Load({"any"}));
  Block({.sources = {"198.51.100.1"}, .ports = {}});
  Expect((Ethernet{} / IPv4{.version = 5} / Tcp{}).ToBytes(),
         Dropped(FW_REASON_MALFORMED_IP));
  // The port of a later fragment, or of one that is cut off, is not known.
  ASSERT_NO_FATAL_FAILURE(Load({"any 22/tcp"}));
  Block({.sources = {"192.0.2.7"}, .ports = {}});
  Expect((Ethernet{} / IPv4{.src = "192.0.2.7", .protocol = 6}).ToBytes(),
         kSourceBlocked);
  Expect((Ethernet{} / IPv4{.src = "192.0.2.7", .fragment_offset = 9} / Tcp{})
             .ToBytes(),
         kSourceBlocked);
  // An empty datagram, which is no jumbogram, and padding like a port.
  Block({.sources = {"2001:db8::7"}, .ports = {}});
  Expect((Ethernet{} / IPv6{.src = "2001:db8::7", .payload_bytes = 0} /
          Tcp{.dport = 22})
             .ToBytes(),
         kSourceBlocked);
}

TEST_F(FilterFailsafeTest, AsManyEntriesAsThereMayBe) {
  std::vector<std::string> entries;
  for (int i = 0; i < FW_FAILSAFE_ENTRIES; ++i) {
    entries.push_back("198.51.100." + std::to_string(i) + " 22/tcp");
  }
  ASSERT_NO_FATAL_FAILURE(Load(entries));
  Block({.sources = {"0.0.0.0/0"}, .ports = {}});
  Expect(Syn4("198.51.100.0", 22), kSaved);
  Expect(Syn4("198.51.100.63", 22), kSaved);
  Expect(Syn4("198.51.100.64", 22), kSourceBlocked);
}

}  // namespace
}  // namespace fwagent::testing
