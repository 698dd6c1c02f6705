#include "tests/support/reference_limits.h"

#include <algorithm>
#include <set>

namespace fwagent::testing {
namespace {

using policy::OrderedRule;
using policy::RateLimit;
using policy::RuleId;
using std::chrono::nanoseconds;

// The moment of a judgement is known as well as this.
constexpr double kSlackSeconds = 0.5;

// The first three bytes of an IPv4 address, the first eight of IPv6.
Bytes NetworkOf(const Bytes& address) {
  const std::ptrdiff_t bytes = address.size() == 4 ? 3 : 8;
  return {address.begin(), address.begin() + bytes};
}

double RateOf(const RateLimit& limit) {
  return static_cast<double>(limit.amount) / limit.seconds;
}

}  // namespace

void ReferenceLimits::SetRules(const std::vector<OrderedRule>& rules) {
  std::set<RuleId> ids;
  for (const OrderedRule& rule : rules) {
    ids.insert(rule.id);
    hits_[rule.id];
  }
  const auto is_gone = [&ids](RuleId id) { return !ids.contains(id); };
  std::erase_if(hits_, [&](const auto& one) { return is_gone(one.first); });
  std::erase_if(of_rules_, [&](const auto& one) { return is_gone(one.first); });
}

// Of rules that are gone too: the program keeps them.
void ReferenceLimits::ForgetSources() { of_sources_.clear(); }

ReferenceLimits::Bucket& ReferenceLimits::BucketOf(const OrderedRule& rule,
                                                   const Bytes& source) {
  switch (rule.match.limit()->scope) {
    case RateLimit::Scope::kSource:
      return of_sources_[{rule.id, source}];
    case RateLimit::Scope::kNetwork:
      return of_sources_[{rule.id, NetworkOf(source)}];
    case RateLimit::Scope::kRule:
      break;
  }
  return of_rules_[rule.id];
}

// With what came back at most it is too much, or with nothing at all it is not;
// in between only the program's own clock can tell.
bool ReferenceLimits::IsTooMuch(const OrderedRule& rule, const Bucket& bucket,
                                double cost, nanoseconds now) const {
  const RateLimit& limit = *rule.match.limit();
  const auto burst = static_cast<double>(limit.burst);
  const std::chrono::duration<double> passed = now - bucket.since;
  const double back = RateOf(limit) * (passed.count() + kSlackSeconds);
  if (bucket.is_blocked || std::max(bucket.taken - back, 0.0) + cost > burst) {
    return true;
  }
  if (bucket.taken + cost <= burst || !witness_) return false;
  return witness_(rule.id) > hits_.at(rule.id).packets;
}

bool ReferenceLimits::Exceeds(const OrderedRule& rule, const Bytes& source,
                              std::uint32_t length, nanoseconds now) {
  const RateLimit& limit = *rule.match.limit();
  const double cost = limit.of_bytes ? length : 1;
  Bucket& bucket = BucketOf(rule, source);
  if (bucket.taken == 0) bucket.since = now;
  if (IsTooMuch(rule, bucket, cost, now)) {
    bucket.is_blocked = bucket.is_blocked || limit.block_seconds != 0;
    return true;
  }
  bucket.taken += cost;
  return false;
}

void ReferenceLimits::Count(RuleId rule, std::uint32_t length) {
  Hits& hits = hits_.at(rule);
  ++hits.packets;
  hits.bytes += length;
}

}  // namespace fwagent::testing
