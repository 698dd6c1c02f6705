// What source rules mean, told in the plainest way.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_SOURCES_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_SOURCES_H_

#include <cstddef>
#include <map>
#include <vector>

#include "agent/lookup/address.h"
#include "agent/policy/source_rule.h"

namespace fwagent::testing {

// A list of prefixes, asked one length after the other.
template <typename Address>
class ReferenceSources {
 public:
  using Key = lookup::Key<Address>;

  void Set(const policy::SourceRule& rule) {
    rules_[lookup::KeyOf<Address>(rule.prefix)] = rule;
  }
  void Remove(const Key& key) { rules_.erase(key); }
  void Clear() { rules_.clear(); }

  policy::SourceMeaning MeaningOf(Address address) const {
    policy::SourceMeaning meaning;
    for (int length = 0; length <= lookup::kBits<Address>; ++length) {
      const auto found = rules_.find({lookup::Truncate(address, length),
                                      static_cast<std::uint8_t>(length)});
      if (found != rules_.end()) {
        meaning = policy::Narrow(meaning, found->second);
      }
    }
    return meaning;
  }

  const std::map<Key, policy::SourceRule>& rules() const { return rules_; }

 private:
  std::map<Key, policy::SourceRule> rules_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_SOURCES_H_
