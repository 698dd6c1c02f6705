// An engine on a store and a kernel that fail when told to.
#ifndef FWAGENT_TESTS_COMPONENT_ENGINE_FIXTURE_H_
#define FWAGENT_TESTS_COMPONENT_ENGINE_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/core/engine.h"
#include "agent/dataplane/memory_data_plane.h"
#include "tests/support/fake_clocks.h"
#include "tests/support/memory_store.h"

namespace fwagent::core {

inline policy::Match Source(const std::string& text) {
  return *policy::Prefix::Parse(text);
}
inline policy::Match Ports(std::uint32_t first, std::uint32_t last) {
  return *policy::PortRange::Create(policy::Protocol::kTcp, first, last);
}
inline policy::SourceRule Blocked(const std::string& prefix,
                                  policy::RuleId id) {
  return {.prefix = *policy::Prefix::Parse(prefix), .id = id};
}
inline Change Block(policy::Match match, std::string request_id = "") {
  return {.edits = {{.match = match}}, .request_id = request_id};
}
inline Change Unblock(policy::Match match, std::string request_id = "") {
  return {.edits = {{.kind = Edit::Kind::kRemove, .match = match}},
          .request_id = request_id};
}

class EngineTest : public ::testing::Test {
 protected:
  explicit EngineTest(std::uint32_t max_sources = 3)
      : kernel_({.max_sources = max_sources}) {
    Restart();
  }

  void Restart() {
    kernel_.Restart();
    auto engine = Engine::Start(&store_, &kernel_, clocks_.Get());
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }

  // List, disk and kernel say the same, namely `sources` and port rules.
  void ExpectSources(const std::vector<std::string>& sources) {
    std::vector<std::string> listed;
    for (const auto& rule : engine_->List(0, 1000).rules) {
      if (auto* prefix = std::get_if<policy::Prefix>(&rule.match)) {
        listed.push_back(prefix->ToString());
      }
    }
    EXPECT_THAT(listed, ::testing::UnorderedElementsAreArray(sources));
    std::vector<std::string> enforced;
    const auto live = kernel_.ReadSources();
    for (const auto& rule : **live) {
      EXPECT_EQ(rule.verdict, policy::SourceVerdict::kBlock);
      enforced.push_back(rule.prefix.ToString());
    }
    EXPECT_THAT(enforced, ::testing::UnorderedElementsAreArray(sources));
    EXPECT_EQ(store_.state().rules, engine_->List(0, 1000).rules);
    EXPECT_EQ(store_.state().generation, engine_->GetStatus().generation);
  }

  policy::RuleId BlockedBy(std::uint16_t port) {
    const auto table = (*kernel_.ReadPorts())[0];
    return table->empty() ? 0 : (*table)[port].id;
  }

  testing::MemoryStore store_;
  dataplane::MemoryDataPlane kernel_;
  testing::FakeClocks clocks_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace fwagent::core

#endif  // FWAGENT_TESTS_COMPONENT_ENGINE_FIXTURE_H_
