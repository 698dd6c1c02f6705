// Counters in policy terms. The numbers of verdicts and reasons are those of
// the wire protocol and of the kernel program; the edges assert that.
#ifndef FWAGENT_AGENT_POLICY_COUNTERS_H_
#define FWAGENT_AGENT_POLICY_COUNTERS_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace fwagent::policy {

enum class Verdict : std::uint8_t {
  // Passed on an interface whose policy is only tried: it would have been
  // dropped. Another number on the wire, where 0 means that nothing was said.
  kShadowed = 0,
  kPass = 1,
  kDrop = 2,
  kReject = 3,
};

enum class Reason : std::uint8_t {
  kNoMatch = 1,
  kNotIp = 2,
  kSourceBlocked = 3,
  kPortBlocked = 4,
  kMalformedIp = 5,
  kMalformedTransport = 6,
  kTooDeep = 7,
  kFragment = 8,
  kNeighborDiscovery = 9,
  kSourceAllowed = 10,
  kDefault = 11,
  kEssential = 12,
  kRule = 13,
  kLimit = 14,
  kFailsafe = 15,
};

// Every pair that can occur, in order. What is broken passes while no rule
// would have needed the part that is missing, and is dropped otherwise.
inline constexpr std::array<std::pair<Verdict, Reason>, 30> kOutcomes = {{
    {Verdict::kPass, Reason::kNoMatch},
    {Verdict::kPass, Reason::kNotIp},
    {Verdict::kPass, Reason::kMalformedIp},
    {Verdict::kPass, Reason::kMalformedTransport},
    {Verdict::kPass, Reason::kTooDeep},
    {Verdict::kPass, Reason::kFragment},
    {Verdict::kPass, Reason::kNeighborDiscovery},
    {Verdict::kPass, Reason::kSourceAllowed},
    {Verdict::kPass, Reason::kEssential},
    {Verdict::kPass, Reason::kRule},
    {Verdict::kPass, Reason::kFailsafe},
    {Verdict::kDrop, Reason::kSourceBlocked},
    {Verdict::kDrop, Reason::kPortBlocked},
    {Verdict::kDrop, Reason::kMalformedIp},
    {Verdict::kDrop, Reason::kMalformedTransport},
    {Verdict::kDrop, Reason::kTooDeep},
    {Verdict::kDrop, Reason::kFragment},
    {Verdict::kDrop, Reason::kDefault},
    {Verdict::kDrop, Reason::kRule},
    {Verdict::kDrop, Reason::kLimit},
    {Verdict::kReject, Reason::kRule},
    {Verdict::kShadowed, Reason::kSourceBlocked},
    {Verdict::kShadowed, Reason::kPortBlocked},
    {Verdict::kShadowed, Reason::kMalformedIp},
    {Verdict::kShadowed, Reason::kMalformedTransport},
    {Verdict::kShadowed, Reason::kTooDeep},
    {Verdict::kShadowed, Reason::kFragment},
    {Verdict::kShadowed, Reason::kDefault},
    {Verdict::kShadowed, Reason::kRule},
    {Verdict::kShadowed, Reason::kLimit},
}};

// Whether the packet went on to the host.
inline bool Passes(Verdict verdict) {
  return verdict == Verdict::kPass || verdict == Verdict::kShadowed;
}

struct Counter {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  // Ethernet header included
};

struct InterfaceCounters {
  std::string interface;
  std::array<Counter, kOutcomes.size()> by_outcome;  // indexed as kOutcomes
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_COUNTERS_H_
