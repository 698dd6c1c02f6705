// Source tables whose changes are counted.
#ifndef FWAGENT_TESTS_SUPPORT_COUNTED_SOURCE_WORLD_H_
#define FWAGENT_TESTS_SUPPORT_COUNTED_SOURCE_WORLD_H_

#include <linux/types.h>

#include <atomic>
#include <vector>

#include "tests/support/source_world.h"

namespace fwagent::testing {

// Another world, and counts of its changes, in memory that readers see: one has
// begun before the tables say anything new, and has ended when they say nothing
// old any more.
class CountedSourceWorld : public SourceWorld {
 public:
  // All must outlive it.
  CountedSourceWorld(SourceWorld& world, __u64& begun, __u64& ended)
      : world_(world), begun_(begun), ended_(ended) {}

  absl::Status Add(const policy::SourceRule& rule) override {
    return Count([&] { return world_.Add(rule); });
  }
  absl::Status Remove(const policy::Prefix& prefix) override {
    return Count([&] { return world_.Remove(prefix); });
  }
  absl::Status Replace(const std::vector<policy::SourceRule>& rules) override {
    return Count([&] { return world_.Replace(rules); });
  }
  std::vector<lookup::Fold> Ask(
      const std::vector<Question>& questions) override {
    return world_.Ask(questions);
  }

 private:
  template <typename Change>
  absl::Status Count(const Change& change) {
    ++begun_;
    absl::Status status = change();
    ++ended_;
    return status;
  }

  SourceWorld& world_;
  std::atomic_ref<__u64> begun_;
  std::atomic_ref<__u64> ended_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_COUNTED_SOURCE_WORLD_H_
