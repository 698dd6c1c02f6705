#include "tests/bench/rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "tests/bench/support.h"

namespace fwagent::bench {
namespace {

using policy::Family;

// How often each length is met.
using Weights = std::array<double, 129>;

Weights Mixed4() {
  Weights weights{};
  weights[32] = 60;
  weights[24] = 25;
  for (std::size_t length = 25; length <= 31; ++length)
    weights[length] = 8. / 7;
  // Half as many for each bit less, so that all of them together leave most of
  // the space open.
  for (std::size_t length = 12; length <= 23; ++length) {
    weights[length] = 3.5 * std::pow(2, static_cast<double>(length) - 23);
  }
  return weights;
}

// From /8 on, in thousands of a table of about a million routes.
Weights Routing4() {
  constexpr double kThousands[] = {0.016, 0.014, 0.04, 0.1, 0.3, 0.6,
                                   1.2,   2.1,   13.5, 8.5, 14,  26,
                                   45,    50,    110,  100, 600};
  Weights weights{};
  std::copy(std::begin(kThousands), std::end(kThousands), weights.begin() + 8);
  return weights;
}

Weights Typical6() {
  Weights weights{};
  std::fill(weights.begin() + 33, weights.begin() + 128, 5. / 92);
  weights[32] = 10;
  weights[48] = 35;
  weights[64] = 35;
  weights[128] = 15;
  return weights;
}

Weights Uniform6() {
  Weights weights{};
  std::fill(weights.begin() + 32, weights.end(), 1);
  return weights;
}

Weights HostsOnly(int bits) {
  Weights weights{};
  weights[static_cast<std::size_t>(bits)] = 1;
  return weights;
}

// What a kind of rules looks like.
struct Shape {
  Family family;
  Weights weights;
  int neighbourhood_bits;
  double in_neighbourhoods;  // the share of rules that lie in one
  std::size_t rules_in_each;
};

Shape ShapeOf(RuleKind kind) {
  switch (kind) {
    case RuleKind::kMixed4:
      return {Family::kIPv4, Mixed4(), 18, 0.3, 50};
    case RuleKind::kRouting4:
      return {Family::kIPv4, Routing4(), 18, 0, 50};
    case RuleKind::kHosts4:
      return {Family::kIPv4, HostsOnly(32), 18, 0.3, 50};
    case RuleKind::kTypical6:
      return {Family::kIPv6, Typical6(), 32, 1, 10};
    case RuleKind::kUniform6:
      return {Family::kIPv6, Uniform6(), 32, 0.5, 10};
    case RuleKind::kHosts6:
      break;
  }
  return {Family::kIPv6, HostsOnly(128), 32, 1, 10};
}

bool ComesBefore(const Rule& left, const Rule& right) {
  return left.address != right.address ? left.address < right.address
                                       : left.length < right.length;
}

bool IsSame(const Rule& left, const Rule& right) {
  return left.address == right.address && left.length == right.length;
}

class Generator {
 public:
  Generator(const Shape& shape, std::size_t count)
      : shape_(shape),
        length_(shape.weights.begin(), shape.weights.end()),
        neighbourhoods_(count / shape.rules_in_each + 1) {
    for (Address& address : neighbourhoods_) {
      address = RandomUnicast(shape_.family, random_) &
                ~HostMask(shape_.neighbourhood_bits);
    }
  }

  Rule Next() {
    Rule rule{.length = length_(random_)};
    rule.address = RandomUnicast(shape_.family, random_);
    if (rule.length > shape_.neighbourhood_bits && in_one_(random_)) {
      rule.address = RandomInside(
          shape_.family, neighbourhoods_[random_() % neighbourhoods_.size()],
          shape_.neighbourhood_bits, random_);
    }
    rule.address &= ~HostMask(rule.length);
    return rule;
  }

 private:
  const Shape shape_;
  Random random_{1};
  std::discrete_distribution<int> length_;
  std::bernoulli_distribution in_one_{shape_.in_neighbourhoods};
  std::vector<Address> neighbourhoods_;
};

std::vector<policy::SourceRule> ToBlocks(const RuleSet& set) {
  std::vector<policy::SourceRule> rules;
  rules.reserve(set.rules.size());
  std::string bytes(set.family == Family::kIPv6 ? 16 : 4, '\0');
  for (const Rule& rule : set.rules) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>(rule.address >> (120 - 8 * i));
    }
    const auto prefix = policy::Prefix::FromBytes(
        bytes, static_cast<std::uint32_t>(rule.length));
    OrDie(prefix.ok(), prefix.status().ToString());
    rules.push_back({.prefix = *prefix, .id = rule.value});
  }
  return rules;
}

}  // namespace

Address HostMask(int length) {
  return length == 0 ? ~Address{0} : (Address{1} << (128 - length)) - 1;
}

bool Rule::Contains(Address other) const {
  return ((address ^ other) & ~HostMask(length)) == 0;
}

Address RandomUnicast(Family family, Random& random) {
  if (family == Family::kIPv6) {
    const Address top = Address{1} << 125;  // 2000::
    return top | ((Address{random()} << 64 | random()) & HostMask(3));
  }
  std::uint64_t address = 0;
  std::uint64_t octet = 0;
  do {
    address = random() >> 32;
    octet = address >> 24;
  } while (octet == 0 || octet == 127 || octet >= 224);
  return Address{address} << 96;
}

Address RandomInside(Family family, Address prefix, int length,
                     Random& random) {
  const Address any = Address{random()} << 64 | random();
  const Address whole = family == Family::kIPv6 ? ~Address{0} : ~HostMask(32);
  return prefix | (any & HostMask(length) & whole);
}

RuleSet MakeRuleSet(const std::string& name, RuleKind kind, std::size_t count) {
  const Shape shape = ShapeOf(kind);
  RuleSet set{
      .name = name,
      .family = shape.family,
      .hosts_only = kind == RuleKind::kHosts4 || kind == RuleKind::kHosts6};
  Generator generator(shape, count);
  auto& rules = set.rules;
  while (rules.size() < count) {
    while (rules.size() < count) rules.push_back(generator.Next());
    std::sort(rules.begin(), rules.end(), ComesBefore);
    rules.erase(std::unique(rules.begin(), rules.end(), IsSame), rules.end());
  }
  for (std::size_t i = 0; i < count; ++i) {
    rules[i].value = static_cast<std::uint32_t>(i + 1);
  }
  set.blocks = ToBlocks(set);
  return set;
}

}  // namespace fwagent::bench
