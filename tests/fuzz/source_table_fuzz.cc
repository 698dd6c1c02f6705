// Any bytes as a sequence of changes to source tables.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <span>
#include <string>

#include "tests/support/heap_source_world.h"
#include "tests/support/source_trial.h"

namespace {

using fwagent::policy::Prefix;
using fwagent::policy::SourceRule;
using fwagent::policy::SourceVerdict;

// Reads an operation after the other; zeros behind the end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  bool empty() const { return rest_.empty(); }
  unsigned Next() {
    if (rest_.empty()) return 0;
    const unsigned byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }

  // A few bytes make an address, so that prefixes meet: the first and the last
  // ones, and one somewhere else.
  Prefix NextPrefix() {
    const std::size_t size = Next() % 2 == 0 ? 4 : 16;
    std::string address(size, '\x20');
    for (const std::size_t place :
         {std::size_t{1}, std::size_t{2}, Next() % size, size - 1}) {
      address[place] = static_cast<char>(Next());
    }
    const unsigned length = Next() % (static_cast<unsigned>(size) * 8 + 1);
    for (unsigned bit = length; bit < size * 8; ++bit) {
      address[bit / 8] =
          static_cast<char>(address[bit / 8] & ~(0x80 >> bit % 8));
    }
    return Prefix::FromBytes(address, length).value_or(Prefix());
  }

 private:
  std::span<const std::uint8_t> rest_;
};

constexpr fwagent::policy::RuleId kBlocksBehind = 1'000'000'000;

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << '\n';
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fwagent::testing::HeapSourceWorld world;
  fwagent::testing::SourceTrial trial(world, 1, {.questions = 20, .places = 2});
  Bytes bytes(data, size);
  for (fwagent::policy::RuleId id = 1; !bytes.empty(); ++id) {
    const unsigned choice = bytes.Next();
    const Prefix prefix = bytes.NextPrefix();
    SourceRule rule = {.prefix = prefix, .id = id};
    if (choice % 16 < 3) rule.verdict = SourceVerdict::kAllow;
    if (choice % 16 == 3) rule.verdict = SourceVerdict::kNone;
    if (choice % 8 == 3) rule.classes = std::uint64_t{1} << choice / 16;
    // The last ones of what 160 values say: rules that end.
    if (choice >= 96 && choice < 160 && rule.verdict != SourceVerdict::kNone) {
      rule.until = choice / 16 % 4;
      if (rule.verdict == SourceVerdict::kAllow) {
        rule.block_until = choice % 4;
        rule.block_id = kBlocksBehind + id;
      }
    }
    if (choice >= 250) {
      auto rules = trial.rules();
      rules.resize(std::min<std::size_t>(rules.size(), choice - 250));
      Require(trial.Replace(rules));
    } else if (choice >= 160) {
      Require(trial.Remove(prefix));
    } else {
      Require(trial.Add(rule));
    }
  }
  Require(trial.CheckEverything());
  return 0;
}
