// Changes that must be confirmed, on an engine with a disk.
#ifndef FWAGENT_TESTS_COMPONENT_ENGINE_CONFIRM_FIXTURE_H_
#define FWAGENT_TESTS_COMPONENT_ENGINE_CONFIRM_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/component/engine_on_disk.h"

namespace fwagent::core {

inline constexpr absl::Duration kMinute = absl::Minutes(1);
inline constexpr absl::Duration kPastIt = absl::Seconds(61);

inline Change Unsure(Change change, absl::Duration within = kMinute) {
  change.confirm_within = within;
  change.origin = "someone";
  return change;
}

inline Change BlockFor(const std::string& prefix, Ending ending,
                       bool renew = false, std::string comment = "") {
  return {.edits = {{.match = Source(prefix),
                     .comment = std::move(comment),
                     .ending = ending,
                     .renew = renew}},
          .request_id = ""};
}

class EngineConfirmTest : public EngineOnDisk {
 protected:
  // What the worker does.
  void TakeBack() {
    const auto change = engine_->TakeBackOfOverdue();
    ASSERT_TRUE(change.has_value());
    Do(*change);
    EXPECT_EQ(Waiting(), std::nullopt);
  }
  std::optional<std::uint64_t> Waiting() const {
    const auto what = engine_->GetStatus().unconfirmed;
    if (!what.has_value()) return std::nullopt;
    return what->generation;
  }
  HistoryEntry Newest() { return engine_->History(kAll, 1)->front(); }

  // A policy with something of everything.
  void Prepare() {
    Do(Block(Source("192.0.2.1")));
    Do(BlockFor("192.0.2.2", absl::Hours(1), false, "for an hour"));
    Do(Block(Ports(10, 20)));
    Do(Fill("list", {"10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"}));
    Do(Fill("other", {"198.51.100.0/24"}));
    Do(Unblock(Ports(10, 20)));
    Do(Block(Ports(12, 22)));
  }

  // A change of each kind.
  static std::vector<Change> EveryKind() {
    Change two = Block(Source("192.0.2.8"));
    two.edits.push_back({.kind = Edit::Kind::kRemove,
                         .match = Source("192.0.2.1"),
                         .comment = ""});
    Change create;
    create.sets.push_back({.kind = SetEdit::Kind::kCreate, .name = "empty"});
    return {Block(Source("192.0.2.9")),
            BlockFor("192.0.2.9", absl::Seconds(30)),
            BlockFor("192.0.2.9", absl::Hours(1)),
            Unblock(Source("192.0.2.1")),
            Unblock(Source("192.0.2.2")),
            BlockFor("192.0.2.2", {}, true),
            BlockFor("192.0.2.2", absl::Seconds(30), true, "shorter"),
            Block(Ports(30, 30)),
            Unblock(Ports(12, 22)),
            two,
            create,
            Fill("new", {"10.0.0.0/8", "10.9.0.0/16"}),
            Fill("list", {"10.1.0.0/16", "10.2.0.0/16", "::/1"}),
            Fill("list", {}),
            Fill("list", {"10.3.0.0/16"}, SetEdit::Kind::kPut),
            Fill("list", {"10.1.0.0/16"}, SetEdit::Kind::kErase),
            Delete("list"),
            RollBack(3),
            RollBack(0)};
  }
};

}  // namespace fwagent::core

#endif  // FWAGENT_TESTS_COMPONENT_ENGINE_CONFIRM_FIXTURE_H_
