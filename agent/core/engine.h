// The one way in: every change of the filter is applied here.
#ifndef FWAGENT_AGENT_CORE_ENGINE_H_
#define FWAGENT_AGENT_CORE_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/core/change.h"
#include "agent/core/change_queue.h"
#include "agent/core/clocks.h"
#include "agent/core/explain.h"
#include "agent/core/plan.h"
#include "agent/core/set_plan.h"
#include "agent/core/sources.h"
#include "agent/dataplane/data_plane.h"
#include "agent/policy/rule_set.h"
#include "agent/store/store.h"
#include "agent/util/mutex.h"

namespace fwagent::core {

// Keeps list, disk and kernel in step. A change is validated, persisted,
// published and then acknowledged; when a step fails, the steps before it are
// undone and the error is returned. Thread-safe: changes take effect one after
// the other, and those that come at the same time share one write to the disk;
// readers of the list never wait for the disk or the kernel.
class Engine {
 public:
  // Loads the store and makes the kernel's tables agree with it: what was
  // acknowledged is enforced, and nothing else. When there was no store yet,
  // the rules that the kernel already enforces are adopted instead.
  // What was not confirmed in time is taken back before that, if it can be.
  // Rules that ended meanwhile are still to be taken away; see ExpiryWorker.
  // `store` and `data_plane` must outlive the engine.
  static absl::StatusOr<std::unique_ptr<Engine>> Start(
      store::Store* store, dataplane::DataPlane* data_plane, Clocks clocks);

  // For a store that cannot be read, because of `why`: an engine without one.
  // It leaves the kernel's tables as they are, lists the blocks that it finds
  // there, and refuses changes until Recover. Where the filter that is in force
  // reads other tables, Attach is FAILED_PRECONDITION too: it would lift it.
  // `recovery` must outlive the engine.
  static std::unique_ptr<Engine> StartReadOnly(const absl::Status& why,
                                               store::Recovery* recovery,
                                               dataplane::DataPlane* data_plane,
                                               Clocks clocks);

  // Ends that: the rules are again those of a store, and enforced.
  // FAILED_PRECONDITION: the store is sound; NOT_FOUND: there is nothing to
  // recover from. On error the engine is as it was, unless it says otherwise.
  absl::StatusOr<RecoveryResult> Recover(RecoverFrom from,
                                         const std::string& origin);

  // ALREADY_EXISTS, NOT_FOUND: the rule is, or is not, there.
  // RESOURCE_EXHAUSTED: the kernel's table or the disk is full.
  // INVALID_ARGUMENT: the request id was used for something else, or edits
  // that do not go together.
  // FAILED_PRECONDITION: an earlier failure could not be undone; or the change
  // must be confirmed, and so must another one; or it would cut off one of its
  // lifelines.
  absl::StatusOr<ChangeResult> Apply(const Change& change);

  // How many changes wait for the group before theirs.
  std::size_t WaitingChanges() const { return queue_.size(); }

  // At most `limit` rules with ids above `after`, without those that have
  // ended. Their times of expiry are those of the wall clock as it is set now.
  RulePage List(policy::RuleId after, std::size_t limit) const;

  // What other rules than these, which all say the same, say it too.
  std::vector<policy::Rule> OthersLike(
      const std::vector<policy::Rule>& rules) const;

  // Whether there is a rule or a set of this owner.
  bool Owns(const std::string& owner) const;

  // Entries that have ended are in none of these.
  // The sets in order of name, without their entries.
  std::vector<policy::SetOutcome> Sets() const;
  // At most `limit` entries behind `after`. NOT_FOUND: no such set.
  absl::StatusOr<SetPage> ListEntries(
      const std::string& name, const std::optional<policy::Prefix>& after,
      std::size_t limit) const;
  // The entries that hold all of a prefix, in order of set.
  std::vector<SetHit> FindInSets(const policy::Prefix& prefix) const;
  // What is for ExpiryWorker to do. The change takes away all rules and entries
  // of sets that have ended; nullopt when there are none.
  std::optional<Change> RemovalOfEnded() const;
  // The earliest end of a rule or entry, also one that has passed; else
  // kForever.
  policy::Deadline NextDeadline() const;
  // Makes the store's deadlines those of this run of the host, and its times of
  // expiry those of the wall clock as it is set now, in one step. Nothing is
  // written when they are so already.
  absl::Status RefreshExpiry();
  // Called, until it is set to null, when there is a new first deadline of
  // rules, entries and confirmations. Must not call the engine.
  void OnEarlierDeadline(std::function<void()> listener);
  Moment Now() const { return clocks_.Now(); }

  // The change that waits for a confirmation stays. Returns its generation.
  // NOT_FOUND: there is none; FAILED_PRECONDITION: it is another one than that
  // which is named, or it is too late.
  absl::StatusOr<std::uint64_t> Confirm(std::optional<std::uint64_t> generation,
                                        const std::string& origin);
  // For ExpiryWorker: the change that takes back what was not confirmed in
  // time, if there is such; and until when it waits, else kForever.
  std::optional<Change> TakeBackOfOverdue() const;
  policy::Deadline NextConfirmation() const;

  // As Store::ListHistory. FAILED_PRECONDITION: there is no store.
  absl::StatusOr<std::vector<HistoryEntry>> History(std::uint64_t before,
                                                    std::size_t limit);

  // As DataPlane's methods of the same names. Nothing else attaches, detaches
  // or mends; which interfaces are wanted, InterfaceKeeper knows. Mend also
  // writes damaged tables anew.
  absl::StatusOr<dataplane::AttachResult> Attach(
      const std::string& interface, dataplane::ModePreference preference);
  absl::Status Forget(const std::string& interface);
  dataplane::MendReport Mend();
  std::vector<std::string> Devices() const;
  std::vector<dataplane::InterfaceState> Interfaces() const;

  // As DataPlane::Detach for each name, or for all interfaces when there are
  // none; a name that is not guarded fails the call before anything is done.
  // Returns the names that are no longer guarded.
  absl::StatusOr<std::vector<std::string>> Detach(
      const std::vector<std::string>& interfaces, const std::string& origin);

  // Whether interfaces that are not guarded yet, by name or pattern, can be:
  // FAILED_PRECONDITION, reason LOCKOUT, when one of the lifelines comes in
  // there and would be dropped. No names: all of them.
  absl::Status CheckGuarding(const std::vector<std::string>& interfaces,
                             const std::vector<Lifeline>& lifelines) const;

  // What becomes now of a frame, from its Ethernet header on, that comes in
  // through an interface, and which rules say so. Waits for changes at work.
  // Errors as of DataPlane::Judge.
  absl::StatusOr<Explanation> Explain(const std::string& interface,
                                      std::string_view frame);

  EngineStatus GetStatus() const;
  // Called with EngineStatus::trouble whenever it changes, and now if there is
  // some.
  void OnTrouble(std::function<void(const std::string&)> tell);
  absl::StatusOr<std::vector<policy::InterfaceCounters>> ReadCounters() const;
  absl::StatusOr<std::vector<dataplane::RuleHits>> ReadRuleHits() const {
    return data_plane_->ReadRuleHits();
  }

 private:
  Engine(store::Store* store, dataplane::DataPlane* data_plane, Clocks clocks)
      : data_plane_(data_plane), clocks_(std::move(clocks)), store_(store) {}

  using Group = ChangeQueue::Group;

  // The kernel enforces this state, and the list shows it. Nothing is changed
  // when the state contradicts itself.
  absl::Status TakeOver(store::Store& store, store::State state,
                        const dataplane::LivePorts& ports)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_) ABSL_LOCKS_EXCLUDED(mutex_);
  // What was not confirmed before the start is taken back.
  absl::Status TakeBackAtStart(store::Store& store, const Moment& now,
                               policy::RuleSet& rules, store::State& state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  // RESOURCE_EXHAUSTED: the kernel's tables would be too full after it.
  absl::Status CheckRoomFor(const PlannedChange& change) const;
  // Of rules and confirmations.
  policy::Deadline FirstDeadline() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The parts of StartReadOnly and Recover.
  void ListLiveRules() ABSL_LOCKS_EXCLUDED(mutex_);
  void SayReadOnly(const absl::Status& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::unique_ptr<store::Store>> RecoveredStore(RecoverFrom from)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  // `why` is OK when changes are taken again.
  void SetBroken(absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Changes that go to the disk together, with a delta for each.
  struct Batch {
    struct Member {
      QueuedChange* queued = nullptr;
      std::vector<Step> steps;
      std::vector<SetStep> set_steps;
      // What waited for a confirmation and does so no longer.
      std::optional<store::PendingChange> ended;
    };
    std::vector<Member> members;
    std::vector<store::Delta> deltas;
    std::string etag;  // after the last of them
  };

  // The work for a group, a batch at a time.
  void ApplyGroup(const Group& group);
  Batch TakeBatch(std::deque<QueuedChange*>& waiting)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  absl::StatusOr<std::optional<ChangeResult>> FindAnswer(const Change& change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  // What is read of the disk before a change is planned, and before the lock
  // that readers take.
  struct WayBack {
    std::vector<store::UndoableEntry> entries;  // of a rollback
    // What the change ends the wait of.
    std::optional<store::PendingChange> pending;
  };
  // What a plan asks of the kernel.
  struct KernelLimits {
    SourceCapacity capacity;
    bool drops_by_default = false;
  };
  absl::StatusOr<WayBack> ReadWayBackOf(const Change& change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  void PlanBack(const Change& change, WayBack way_back, const Moment& now,
                Batch::Member& member)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_, mutex_);
  absl::Status Plan(const Change& change, WayBack way_back,
                    const KernelLimits& kernel, const Moment& now,
                    Batch::Member& member)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_, mutex_);
  static ChangeResult ResultOf(const Batch::Member& member,
                               std::uint64_t generation);
  // Gives the answer to a change that needs no commit.
  bool AnswerAtOnce(Batch::Member& member)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_, mutex_);
  void Accept(Batch::Member member, const Moment& now, Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_, mutex_);
  void NumberNew(Batch::Member& member, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_, mutex_);
  std::size_t Carry(Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  absl::Status Undo(const Batch& batch, std::size_t first,
                    const absl::Status& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  // The clock of sets' entries as it stands now goes to the store.
  void GiveEntryClock() ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  policy::Deadline FirstEnd() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<store::Delta> Refreshed(const Moment& now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_) ABSL_LOCKS_EXCLUDED(mutex_);
  void Acknowledge(Batch::Member& member, const store::Delta& delta)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);

  dataplane::DataPlane* const data_plane_;
  const Clocks clocks_;

  ChangeQueue queue_;

  // Held by the one group of changes at work, over disk and kernel.
  util::Mutex change_mutex_;
  store::Store* store_ ABSL_GUARDED_BY(change_mutex_);  // null: read-only
  std::unique_ptr<store::Store> recovered_ ABSL_GUARDED_BY(change_mutex_);
  store::Recovery* recovery_ ABSL_GUARDED_BY(change_mutex_) = nullptr;
  std::function<void(const std::string&)> tell_ ABSL_GUARDED_BY(change_mutex_);
  // Why nothing is attached.
  absl::Status may_attach_ ABSL_GUARDED_BY(change_mutex_);
  // Why no further change is taken; OK while list, disk and kernel agree.
  absl::Status broken_ ABSL_GUARDED_BY(change_mutex_);
  // Much memory was needed for a while.
  bool rewrote_sources_ ABSL_GUARDED_BY(change_mutex_) = false;
  // Somebody else wrote to the tables, and they could not be mended yet.
  bool tables_damaged_ ABSL_GUARDED_BY(change_mutex_) = false;
  // The store holds deadlines of an earlier run of the host.
  bool old_deadlines_ ABSL_GUARDED_BY(change_mutex_) = false;
  // The clock by which the store keeps the ends of sets' entries; whether it is
  // to be written even if nothing else is.
  store::EntryClock entry_clock_ ABSL_GUARDED_BY(change_mutex_);
  bool entry_clock_due_ ABSL_GUARDED_BY(change_mutex_) = false;
  // How the wall clock stood when the times of expiry were last looked at.
  std::optional<absl::Time> wall_at_boot_ ABSL_GUARDED_BY(change_mutex_);
  std::function<void()> on_earlier_deadline_ ABSL_GUARDED_BY(change_mutex_);

  // Guards what readers see; never held over a wait. Written by whoever holds
  // change_mutex_.
  mutable util::Mutex mutex_ ABSL_ACQUIRED_AFTER(change_mutex_);
  policy::RuleSet rules_ ABSL_GUARDED_BY(mutex_);
  policy::SetTable sets_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string etag_ ABSL_GUARDED_BY(mutex_);
  policy::RuleId next_rule_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::optional<Unconfirmed> unconfirmed_ ABSL_GUARDED_BY(mutex_);
  bool read_only_ ABSL_GUARDED_BY(mutex_) = false;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);  // as broken_ says it
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_ENGINE_H_
