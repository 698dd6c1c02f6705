// What readers are told of sets and of the history.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/core/engine.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {

using policy::SetEntry;

namespace {

std::size_t LiveCount(const policy::SetEntries& entries, policy::Deadline now) {
  return entries.size() - entries.EndedCount(now);
}

}  // namespace

std::vector<policy::SetOutcome> Engine::Sets() const {
  const policy::Deadline now = clocks_.Now().tick();
  const util::MutexLock lock(&mutex_);
  std::vector<policy::SetOutcome> sets;
  for (const auto& [name, set] : sets_) {
    sets.push_back({.info = set->info, .size = LiveCount(set->entries, now)});
  }
  return sets;
}

absl::StatusOr<SetPage> Engine::ListEntries(
    const std::string& name, const std::optional<policy::Prefix>& after,
    std::size_t limit) const {
  const policy::Deadline now = clocks_.Now().tick();
  const util::MutexLock lock(&mutex_);
  const auto found = sets_.find(name);
  if (found == sets_.end()) return NoSuchSet(name);
  const policy::SetEntries& entries = found->second->entries;
  SetPage page;
  // One more, to see whether this is the last page.
  page.entries = entries.Page(after, limit + 1, now);
  page.last = page.entries.size() <= limit;
  if (!page.last) page.entries.pop_back();
  page.total = LiveCount(entries, now);
  page.generation = generation_;
  return page;
}

absl::StatusOr<std::vector<HistoryEntry>> Engine::History(std::uint64_t before,
                                                          std::size_t limit) {
  const util::MutexLock change_lock(&change_mutex_);
  if (store_ == nullptr) return broken_;
  FW_ASSIGN_OR_RETURN(auto entries, store_->ListHistory(before, limit));
  const auto unconfirmed = GetStatus().unconfirmed;
  for (HistoryEntry& entry : entries) {
    if (unconfirmed && entry.generation == unconfirmed->generation) {
      entry.confirm_by = unconfirmed->confirm_by;
    }
  }
  return entries;
}

std::vector<SetHit> Engine::FindInSets(const policy::Prefix& prefix) const {
  const policy::Deadline now = clocks_.Now().tick();
  const util::MutexLock lock(&mutex_);
  std::vector<SetHit> hits;
  for (const auto& [name, set] : sets_) {
    for (const SetEntry& entry : set->entries.Holding(prefix, now)) {
      hits.push_back({set->info, entry});
    }
  }
  return hits;
}

bool Engine::Owns(const std::string& owner) const {
  const util::MutexLock lock(&mutex_);
  const auto& rules = rules_.rules();
  return std::any_of(
             rules.begin(), rules.end(),
             [&owner](const auto& one) { return one.second.owner == owner; }) ||
         std::any_of(sets_.begin(), sets_.end(), [&owner](const auto& one) {
           return one.second->info.owner == owner;
         });
}

}  // namespace fwagent::core
