// The sources that packets come from.
#ifndef FWAGENT_TESTS_BENCH_STREAMS_H_
#define FWAGENT_TESTS_BENCH_STREAMS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/reference.h"
#include "tests/bench/rules.h"

namespace fwagent::bench {

inline constexpr std::size_t kStreamLength = 1 << 20;

// What the lookups of one whole stream come to.
struct Answers {
  std::uint64_t hits = 0;
  std::uint64_t sum = 0;  // of the values that were found

  bool operator==(const Answers&) const = default;
};

enum class StreamKind {
  kHit,        // a random address of a random rule
  kHitSkewed,  // the same addresses, few of them often: Zipf, s = 1
  kMiss,       // uniform over unicast space
  kMissSkewed,
  kMissNear,  // beside a longer rule: in its /24, or its /32 for IPv6
};
inline constexpr std::size_t kStreamKinds = 5;

struct Stream {
  StreamKind kind;
  std::vector<Address> sources;
  Answers expected;
};

// "hit", "hit skewed", ...
const char* NameOf(StreamKind kind);

// One of each kind, in order; the last is left out where no rule is that long.
std::vector<Stream> MakeStreams(const RuleSet& set, const Reference& reference);

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_STREAMS_H_
