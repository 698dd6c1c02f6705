// The XDP program with its tables, in memory only: no interface, no pins.
#ifndef FWAGENT_TESTS_BPF_FILTER_H_
#define FWAGENT_TESTS_BPF_FILTER_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/skeleton.h"
#include "agent/dataplane/source_tables.h"
#include "agent/policy/source_rule.h"
#include "bpf/fw_abi.h"
#include "tests/support/judgement.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// The blocks that a case starts with. Rules are numbered from 1, sources
// first, in order.
struct Rules {
  std::vector<std::string> sources = {};  // "192.0.2.0/24"
  struct Ports {
    fw_port_protocol protocol;
    std::uint16_t first;
    std::uint16_t last;
    policy::Deadline until = policy::kForever;
  };
  std::vector<Ports> ports = {};
  // More sources, which may end; their numbers are their own.
  std::vector<policy::SourceRule> more = {};
  // In their order: "drop from 10.0.0.0/8"; and the sets that they name.
  std::vector<std::string> ordered = {};
  std::map<std::string, std::vector<std::string>> sets = {};
};

// The ordered rules of a case: rule n has the number n + 1.
absl::StatusOr<policy::OrderedRules> OrderedOf(const Rules& rules);

inline constexpr Judgement kPassed = {FW_VERDICT_PASS, FW_REASON_NO_MATCH};
inline constexpr Judgement kFragment = {FW_VERDICT_PASS, FW_REASON_FRAGMENT};
inline constexpr Judgement kNotIp = {FW_VERDICT_PASS, FW_REASON_NOT_IP};
inline constexpr Judgement kSourceBlocked = {FW_VERDICT_DROP,
                                             FW_REASON_SOURCE_BLOCKED};
inline constexpr Judgement kPortBlocked = {FW_VERDICT_DROP,
                                           FW_REASON_PORT_BLOCKED};

class Filter {
 public:
  using Counters =
      std::array<std::array<fw_counter, FW_REASON_MAX>, FW_VERDICT_MAX>;

  struct Options {
    std::uint32_t slot = 0;  // whose counters move
    // Unset: the one for this kernel, and what the thread may do.
    std::optional<dataplane::ProgramVariant> variant = {};
    dataplane::PacketOptions packets = {};
  };

  // An error where the kernel refuses.
  static absl::StatusOr<Filter> Load(const Options& options);

  // Puts the rules in the place of those that were there; nothing is known of
  // fragments then.
  absl::Status Block(const Rules& rules);

  // The two halves of that, and sources that do more than block. What is there
  // already is left alone: every change waits for packets.
  absl::Status SetSources(const std::vector<policy::SourceRule>& sources);
  absl::Status BlockPorts(const Rules& rules);
  // The same of ordered rules. `interfaces` are names by slot.
  absl::Status SetOrdered(const policy::OrderedRules& rules,
                          const std::vector<std::string>& interfaces = {});
  absl::StatusOr<std::vector<dataplane::RuleHits>> ReadHits() const {
    return sources_->ReadHits();
  }

  // Forgets every datagram, as after a long time.
  absl::Status ForgetFragments();
  // The same of limits: what sources and networks have used up.
  absl::Status ForgetBuckets();

  // Sends one frame through the program, and reads off the counters what was
  // decided. A test failure when not exactly one counter moved, by one packet
  // and the bytes of the frame, or the action does not fit the verdict.
  Judgement Run(const Bytes& frame) const;

  // The frame that is sent back for this one; nullopt: none is.
  std::optional<Bytes> Answer(const Bytes& frame) const;
  // Sends the same frame many times.
  void Repeat(const Bytes& frame, std::uint32_t times) const;

  // Of one slot, summed over the CPUs.
  Counters ReadCounters(std::uint32_t slot) const;

 private:
  Filter(dataplane::Skeleton skeleton, const Options& options,
         std::unique_ptr<dataplane::SourceTables> sources)
      : skeleton_(std::move(skeleton)),
        options_(options),
        sources_(std::move(sources)) {}

  absl::Status BlockPorts(fw_port_protocol protocol, const Rules& rules);

  dataplane::Skeleton skeleton_;
  Options options_;
  std::unique_ptr<dataplane::SourceTables> sources_;
  std::vector<policy::SourceRule> live_sources_;
  policy::OrderedRules live_ordered_;
  std::vector<std::string> live_interfaces_;
  // Empty where nothing is blocked.
  std::array<std::vector<fw_rule_ref>, FW_PORT_PROTOCOLS> live_ports_;
};

// One row of a table: a frame, and a twin that differs in the one thing that
// matters.
struct Case {
  std::string name;
  Rules rules;
  Bytes frame;
  Judgement judgement;
  Bytes twin;
  Judgement twin_judgement = kPassed;
};

// For tests of tables of cases: one program for all of them.
class FilterTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  // The program for this kernel.
  static Filter& filter() { return filters_[0]; }
  static void CheckAll(const std::vector<Case>& cases);

 private:
  static std::vector<Filter> filters_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_FILTER_H_
