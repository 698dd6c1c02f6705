#include "tests/bench/streams.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace fwagent::bench {
namespace {

using policy::Family;

const Rule& RandomRule(const std::vector<Rule>& rules, Random& random) {
  return rules[random() % rules.size()];
}

// A place in a list as long as the stream for each packet: the first is drawn
// twice as often as the second and a thousand times as often as the thousandth.
const std::vector<std::uint32_t>& ZipfPlaces() {
  static const std::vector<std::uint32_t> places = [] {
    std::vector<double> cumulative(kStreamLength);
    double total = 0;
    for (std::size_t i = 0; i < kStreamLength; ++i) {
      total += 1 / static_cast<double>(i + 1);
      cumulative[i] = total;
    }
    Random random(2);
    std::uniform_real_distribution<double> uniform(0, total);
    std::vector<std::uint32_t> drawn(kStreamLength);
    for (std::uint32_t& place : drawn) {
      const auto at = std::upper_bound(cumulative.begin(), cumulative.end() - 1,
                                       uniform(random));
      place = static_cast<std::uint32_t>(at - cumulative.begin());
    }
    return drawn;
  }();
  return places;
}

Stream MakeStream(StreamKind kind, const Reference& reference,
                  std::vector<Address> sources) {
  Stream stream{.kind = kind, .sources = std::move(sources)};
  for (const Address source : stream.sources) {
    const std::uint32_t value = reference.ValueOf(source);
    stream.expected.hits += value != 0;
    stream.expected.sum += value;
  }
  return stream;
}

std::vector<Address> Draw(const std::function<Address()>& draw) {
  std::vector<Address> sources(kStreamLength);
  std::generate(sources.begin(), sources.end(), draw);
  return sources;
}

std::vector<Address> Skewed(const std::vector<Address>& sources) {
  std::size_t i = 0;
  return Draw([&] { return sources[ZipfPlaces()[i++]]; });
}

// Only addresses that no rule holds.
std::vector<Address> DrawMisses(const Reference& reference,
                                const std::function<Address()>& draw) {
  return Draw([&] {
    Address source = draw();
    while (reference.ValueOf(source) != 0) source = draw();
    return source;
  });
}

}  // namespace

const char* NameOf(StreamKind kind) {
  switch (kind) {
    case StreamKind::kHit:
      return "hit";
    case StreamKind::kHitSkewed:
      return "hit skewed";
    case StreamKind::kMiss:
      return "miss";
    case StreamKind::kMissSkewed:
      return "miss skewed";
    case StreamKind::kMissNear:
      break;
  }
  return "miss near";
}

std::vector<Stream> MakeStreams(const RuleSet& set,
                                const Reference& reference) {
  Random random(3);
  const auto hits = Draw([&] {
    const Rule& rule = RandomRule(set.rules, random);
    return RandomInside(set.family, rule.address, rule.length, random);
  });
  const auto misses =
      DrawMisses(reference, [&] { return RandomUnicast(set.family, random); });
  std::vector<Stream> streams;
  streams.push_back(MakeStream(StreamKind::kHit, reference, hits));
  streams.push_back(
      MakeStream(StreamKind::kHitSkewed, reference, Skewed(hits)));
  streams.push_back(MakeStream(StreamKind::kMiss, reference, misses));
  streams.push_back(
      MakeStream(StreamKind::kMissSkewed, reference, Skewed(misses)));

  const int near = set.family == Family::kIPv6 ? 32 : 24;
  std::vector<Rule> longer;
  std::copy_if(set.rules.begin(), set.rules.end(), std::back_inserter(longer),
               [near](const Rule& rule) { return rule.length > near; });
  if (longer.empty()) return streams;
  streams.push_back(MakeStream(
      StreamKind::kMissNear, reference, DrawMisses(reference, [&] {
        const Rule& rule = RandomRule(longer, random);
        return RandomInside(set.family, rule.address & ~HostMask(near), near,
                            random);
      })));
  return streams;
}

}  // namespace fwagent::bench
