#include "agent/policy/port_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <tuple>
#include <utility>

namespace fwagent::policy {
namespace {

constexpr std::size_t kPorts = 65536;

// The ports that have no rule yet: a disjoint-set forest in which each port
// points towards the next free one. Painting all ports costs about one step
// for each, however much the ranges overlap.
class FreePorts {
 public:
  FreePorts() : next_(kPorts + 1) {
    std::iota(next_.begin(), next_.end(), std::uint32_t{0});
  }

  // The first free port from `port` on; kPorts when there is none.
  std::size_t From(std::size_t port) {
    while (next_[port] != port) {
      next_[port] = next_[next_[port]];  // halves the path for the next walk
      port = next_[port];
    }
    return port;
  }

  void Take(std::size_t port) {
    next_[port] = static_cast<std::uint32_t>(port + 1);
  }

 private:
  std::vector<std::uint32_t> next_;
};

// The rules of the protocol, the one that wins every contest first.
std::vector<std::pair<PortRange, PortRule>> ByPrecedence(const PortRules& rules,
                                                         Protocol protocol) {
  std::vector<std::pair<PortRange, PortRule>> ranges;
  const auto lowest = PortRange::Create(protocol, 1, 1);
  for (auto rule = rules.lower_bound(*lowest);
       rule != rules.end() && rule->first.protocol() == protocol; ++rule) {
    ranges.emplace_back(rule->first, rule->second);
  }
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
    return std::make_tuple(b.second.until, a.first.last() - a.first.first(),
                           a.second.id) <
           std::make_tuple(a.second.until, b.first.last() - b.first.first(),
                           b.second.id);
  });
  return ranges;
}

}  // namespace

void ErasePortRule(const PortRange& range, RuleId id, PortRules& rules) {
  const auto [first, last] = rules.equal_range(range);
  const auto found = std::find_if(
      first, last, [id](const auto& rule) { return rule.second.id == id; });
  if (found != last) rules.erase(found);
}

PortTable CompilePortTable(const PortRules& rules, Protocol protocol) {
  const auto ranges = ByPrecedence(rules, protocol);
  if (ranges.empty()) return {};
  PortTable table(kPorts, 0);
  FreePorts free;
  for (const auto& [range, rule] : ranges) {
    for (std::size_t port = free.From(range.first()); port <= range.last();
         port = free.From(port)) {
      table[port] = rule;
      free.Take(port);
    }
  }
  return table;
}

std::vector<PortRun> PortRuns(Protocol protocol, const PortTable& table) {
  std::vector<PortRun> runs;
  std::size_t first = 1;  // port 0 is never blocked
  while (first < table.size()) {
    std::size_t end = first + 1;
    while (end < table.size() && table[end] == table[first]) ++end;
    if (table[first].id != 0) {
      const auto ports =
          PortRange::Create(protocol, static_cast<std::uint32_t>(first),
                            static_cast<std::uint32_t>(end - 1));
      runs.push_back({*ports, table[first].id, table[first].until});
    }
    first = end;
  }
  return runs;
}

}  // namespace fwagent::policy
