#include "tests/bpf/differential_pair.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/core/ordered.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule_set.h"
#include "agent/util/status_macros.h"

namespace fwagent::testing {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr nanoseconds kClockSlack = std::chrono::milliseconds(200);

// The interface has this slot; those before it are others, or free.
constexpr std::uint32_t kSlot = 3;
std::vector<std::string> Interfaces(const std::string& name) {
  return {"veth0", "", "eth1", name};
}

// Above this it gets likely that two many have the same line of the table, and
// one of them no bucket of its own.
constexpr std::size_t kMostBuckets = 3000;

Rules::Ports ToFilter(const ReferenceRules::Ports& ports) {
  const auto of = [&ports](fw_port_protocol protocol) -> Rules::Ports {
    return {protocol, ports.first, ports.last, ports.until};
  };
  switch (ports.ip_protocol) {
    case 6:
      return of(FW_PORT_TCP);
    case 17:
      return of(FW_PORT_UDP);
    case 33:
      return of(FW_PORT_DCCP);
    case 132:
      return of(FW_PORT_SCTP);
    case 136:
      return of(FW_PORT_UDPLITE);
    default:
      std::abort();
  }
}

absl::StatusOr<policy::OrderedRules> AsTheAgentSays(
    const policy::OrderedRules& said) {
  policy::RuleSet rules;
  for (const policy::OrderedRule& rule : said.rules) {
    FW_RETURN_IF_ERROR(rules.Add({.id = rule.id,
                                  .match = rule.match,
                                  .action = rule.action,
                                  .until = rule.until}));
  }
  policy::SetTable sets;
  for (const auto& [name, prefixes] : said.sets) {
    auto set = std::make_shared<policy::NamedSet>();
    set->info.name = name;
    for (const policy::Prefix& prefix : prefixes) {
      set->entries.Put({.prefix = prefix});
    }
    sets.emplace(name, std::move(set));
  }
  return core::OrderedOf(rules, sets);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DifferentialPair>> DifferentialPair::Load(
    const Mode& mode) {
  FW_ASSIGN_OR_RETURN(Filter filter, Filter::Load({.slot = kSlot,
                                                   .variant = mode.variant,
                                                   .packets = mode.packets}));
  // As the agent begins: the first sources put an end to all that was there
  // before, ordered rules included.
  FW_RETURN_IF_ERROR(filter.SetSources({{.prefix = {}, .id = 1}}));
  FW_RETURN_IF_ERROR(filter.SetSources({}));
  return std::unique_ptr<DifferentialPair>(
      new DifferentialPair(mode, std::move(filter)));
}

DifferentialPair::DifferentialPair(const Mode& mode, Filter filter)
    : filter_(std::move(filter)), reference_(ReferenceFor(mode.packets)) {
  reference_.limits().SetWitness(
      [this](policy::RuleId rule) { return PacketsCountedBy(rule); });
}

absl::Status DifferentialPair::SetRules(const ReferenceRules& rules) {
  Rules of_ports;
  for (const ReferenceRules::Ports& ports : rules.ports) {
    of_ports.ports.push_back(ToFilter(ports));
  }
  FW_RETURN_IF_ERROR(filter_.BlockPorts(of_ports));
  FW_RETURN_IF_ERROR(filter_.SetSources(rules.sources));
  FW_ASSIGN_OR_RETURN(const policy::OrderedRules ordered,
                      AsTheAgentSays(rules.ordered));
  FW_RETURN_IF_ERROR(filter_.SetOrdered(ordered, Interfaces(rules.interface)));
  reference_.SetRules(rules);
  return absl::OkStatus();
}

absl::Status DifferentialPair::SetNewRules(ReferenceRules rules) {
  for (policy::OrderedRule& rule : rules.ordered.rules) {
    rule.id = next_new_id_++;
  }
  return SetRules(rules);
}

DifferentialPair::Comparison DifferentialPair::Compare(const Bytes& frame) {
  if (reference_.limits().source_bucket_count() > kMostBuckets) {
    EXPECT_EQ(filter_.ForgetBuckets(), absl::OkStatus());
    reference_.limits().ForgetSources();
  }
  const nanoseconds now = steady_clock::now().time_since_epoch();
  Comparison comparison = {.program = filter_.Run(frame),
                           .reference = reference_.Judge(frame, now)};
  comparison.is_same = comparison.program == comparison.reference;
  // The program has a clock of its own, which decides about later fragments;
  // asking about those again changes nothing.
  for (const nanoseconds slack : {-kClockSlack, kClockSlack}) {
    if (comparison.is_same) break;
    if (comparison.reference.reason != FW_REASON_FRAGMENT &&
        comparison.reference.reason != FW_REASON_FAILSAFE) {
      break;
    }
    comparison.is_same =
        comparison.program == reference_.JudgeWithoutLimits(frame, now + slack);
  }
  return comparison;
}

std::uint64_t DifferentialPair::PacketsCountedBy(policy::RuleId rule) const {
  const auto hits = filter_.ReadHits();
  EXPECT_TRUE(hits.ok()) << hits.status();
  if (!hits.ok()) return 0;
  for (const dataplane::RuleHits& one : *hits) {
    if (one.rule == rule) return one.count.packets;
  }
  return 0;
}

absl::StatusOr<std::string> DifferentialPair::HitsThatDiffer() const {
  FW_ASSIGN_OR_RETURN(const auto all, filter_.ReadHits());
  std::string differences;
  auto expected = reference_.limits().hits();
  for (const dataplane::RuleHits& one : all) {
    const ReferenceLimits::Hits hits = {one.count.packets, one.count.bytes};
    const auto node = expected.extract(one.rule);
    if (node.empty()) {
      absl::StrAppend(&differences, " unknown rule ", one.rule);
    } else if (node.mapped() != hits) {
      absl::StrAppend(&differences, " rule ", one.rule, ": program ",
                      hits.packets, " of ", hits.bytes, " bytes, reference ",
                      node.mapped().packets, " of ", node.mapped().bytes);
    }
  }
  for (const auto& [rule, hits] : expected) {
    absl::StrAppend(&differences, " no counter of rule ", rule);
  }
  return differences;
}

}  // namespace fwagent::testing
