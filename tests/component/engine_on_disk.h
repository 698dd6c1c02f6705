// An engine on a store with a disk, and what its policy looks like as text.
#ifndef FWAGENT_TESTS_COMPONENT_ENGINE_ON_DISK_H_
#define FWAGENT_TESTS_COMPONENT_ENGINE_ON_DISK_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/core/engine.h"
#include "agent/dataplane/memory_data_plane.h"
#include "agent/store/sqlite_store.h"
#include "tests/component/engine_fixture.h"
#include "tests/support/fake_clocks.h"
#include "tests/support/temp_dir.h"

namespace fwagent::core {

inline constexpr std::size_t kAll = 100'000;

inline Change Fill(const std::string& name,
                   const std::vector<std::string>& prefixes,
                   SetEdit::Kind kind = SetEdit::Kind::kReplace) {
  policy::SetEntries::Builder builder;
  for (const std::string& prefix : prefixes) {
    builder.Add({*policy::Prefix::Parse(prefix)});
  }
  Change change;
  change.sets.push_back({.kind = kind,
                         .name = name,
                         .create_missing = kind != SetEdit::Kind::kErase,
                         .entries = std::make_shared<policy::SetEntries>(
                             std::move(builder).Build())});
  return change;
}

inline Change Delete(const std::string& name) {
  Change change;
  change.sets.push_back({.kind = SetEdit::Kind::kDelete, .name = name});
  return change;
}

inline Change RollBack(std::uint64_t generation) {
  Change change;
  change.rollback_to = generation;
  return change;
}

class EngineOnDisk : public ::testing::Test {
 protected:
  EngineOnDisk() : kernel_({.max_sources = 100'000}) { Restart(); }

  void Restart() {
    engine_.reset();
    store_.reset();
    auto store = store::SqliteStore::Open(dir_ / "state");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    kernel_.Restart();
    auto engine = Engine::Start(store_.get(), &kernel_, clocks_.Get());
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }

  void Do(const Change& change) {
    const auto result = engine_->Apply(change);
    ASSERT_TRUE(result.ok()) << result.status();
  }

  // Rules, with ids and times, sets with their entries, and what packets see.
  std::string Policy() const {
    std::string text;
    for (const policy::Rule& rule : engine_->List(0, kAll).rules) {
      absl::StrAppend(&text, rule.id, " ", policy::ActionName(rule.action),
                      " of ", rule.owner, " ",
                      policy::MatchToString(rule.match), " ",
                      absl::ToUnixMicros(rule.create_time), " ", rule.until,
                      " ", rule.comment, "\n");
    }
    for (const policy::SetOutcome& set : engine_->Sets()) {
      absl::StrAppend(&text, set.info.id, " ", set.info.name, ":");
      const auto page = engine_->ListEntries(set.info.name, {}, kAll);
      for (const auto& entry : page->entries) {
        absl::StrAppend(&text, " ", entry.prefix.ToString());
      }
      absl::StrAppend(&text, "\n");
    }
    const auto live = kernel_.ReadSources();
    std::map<std::string, policy::RuleId> sources;
    for (const auto& rule : **live) {
      sources[rule.prefix.ToString()] = rule.id;
    }
    for (const auto& [prefix, id] : sources) {
      absl::StrAppend(&text, prefix, " by ", id, "\n");
    }
    const auto ports = kernel_.ReadPorts();
    for (std::size_t port = 0; port < 100; ++port) {
      for (const auto& table : *ports) {
        if (!table->empty() && (*table)[port].id != 0) {
          absl::StrAppend(&text, "port ", port, " by ", (*table)[port].id,
                          "\n");
        }
      }
    }
    return text;
  }

  testing::TempDir dir_;
  std::unique_ptr<store::SqliteStore> store_;
  mutable dataplane::MemoryDataPlane kernel_;
  testing::FakeClocks clocks_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace fwagent::core

#endif  // FWAGENT_TESTS_COMPONENT_ENGINE_ON_DISK_H_
