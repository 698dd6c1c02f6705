#include "agent/lookup/source_table.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/lookup/generation_builder.h"
#include "agent/lookup/table_editor.h"
#include "agent/util/status_macros.h"

namespace fwagent::lookup {
namespace {

// More records that may be no longer used are worth a new generation: 1 MiB.
constexpr std::size_t kSpareTerms = 65536;

}  // namespace

template <typename Address>
SourceTable<Address>::SourceTable(LineMemory* memory) : memory_(memory) {}

template <typename Address>
SourceTable<Address>::~SourceTable() {
  if (live_ != nullptr) live_->Abandon();
}

template <typename Address>
std::uint64_t SourceTable<Address>::memory_bytes() const {
  return live_ == nullptr ? 0 : live_->memory_bytes();
}

template <typename Address>
void SourceTable<Address>::CountPrefixes(std::uint64_t count) {
  Publish<__u64>(
      memory_->state()->prefixes[static_cast<std::size_t>(kFamily<Address>)],
      count);
}

template <typename Address>
absl::Status SourceTable<Address>::Add(const Key<Address>& key,
                                       const Statement& statement) {
  if (statement.verdict == policy::SourceVerdict::kNone &&
      statement.classes == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(PrefixOf(key).ToString(), " is given no meaning"));
  }
  if (index_.Find(key) != 0) return Exchange(key, statement);
  FW_ASSIGN_OR_RETURN(const std::uint32_t number, statements_.Add(statement));
  CountPrefixes(index_.size() + 1);
  index_.Insert(key, number);
  absl::Status reflected = Reflect(key, statement, true);
  if (!reflected.ok()) {
    index_.Erase(key);
    Release(number);
    CountPrefixes(index_.size());
  }
  return reflected;
}

// The tables name the statement by its number, which stays if it can.
template <typename Address>
absl::Status SourceTable<Address>::Exchange(const Key<Address>& key,
                                            const Statement& statement) {
  const std::uint32_t old_number = index_.Find(key);
  const Statement old = statements_.Get(old_number);
  if (old == statement) return absl::OkStatus();
  if (old.MeansTheSame(statement) && !statements_.IsShared(old_number)) {
    statements_.Rename(old_number, statement);
    return absl::OkStatus();
  }
  FW_ASSIGN_OR_RETURN(const std::uint32_t number, statements_.Add(statement));
  index_.Renumber(key, number);
  absl::StatusOr<bool> done = Edit(key, [&](TableEditor<Address>& editor) {
    return editor.Changed(key, old, statement);
  });
  absl::Status changed = done.ok() && !*done ? Rebuild() : done.status();
  if (!changed.ok()) index_.Renumber(key, old_number);
  Release(changed.ok() ? old_number : number);
  return changed;
}

template <typename Address>
absl::Status SourceTable<Address>::Remove(const Key<Address>& key) {
  const std::uint32_t number = index_.Find(key);
  if (number == 0) {
    return absl::NotFoundError(
        absl::StrCat(PrefixOf(key).ToString(), " is not in the table"));
  }
  const Statement statement = statements_.Get(number);
  index_.Erase(key);
  absl::Status reflected = Reflect(key, statement, false);
  if (!reflected.ok()) {
    index_.Insert(key, number);
    return reflected;
  }
  Release(number);
  CountPrefixes(index_.size());
  return reflected;
}

// Nothing is said any more by a number that is free.
template <typename Address>
void SourceTable<Address>::Release(std::uint32_t number) {
  const Statement statement = statements_.Get(number);
  if (!statements_.Remove(number)) return;
  const Fold fold = Narrow(Fold(), number, statement);
  if (live_ != nullptr && fold.ends()) live_->RetireTerms(fold);
}

template <typename Address>
absl::Status SourceTable<Address>::Reflect(const Key<Address>& key,
                                           const Statement& statement,
                                           bool present) {
  if (live_ != nullptr && index_.size() != 0) {
    FW_ASSIGN_OR_RETURN(const bool done,
                        Edit(key, [&](TableEditor<Address>& editor) {
                          return present ? editor.Added(key, statement)
                                         : editor.Removed(key, statement);
                        }));
    if (done) return absl::OkStatus();
  }
  return Rebuild();
}

template <typename Address>
template <typename Work>
absl::StatusOr<bool> SourceTable<Address>::Edit(const Key<Address>& key,
                                                const Work& work) {
  if (live_->terms_count() > kSpareTerms + 2 * statements_.size()) return false;
  if (!recent_.Admits(key)) WaitForReaders();
  TableEditor<Address> editor(*live_, index_, statements_);
  FW_ASSIGN_OR_RETURN(const bool done, work(editor));
  if (done) recent_.Note(key);
  return done;
}

template <typename Address>
void SourceTable<Address>::WaitForReaders() {
  memory_->WaitForReaders();
  recent_.Forget();
}

// Before there was one, the table of an earlier run may be in force.
template <typename Address>
void SourceTable<Address>::ForgetUnfinished() {
  if (live_ != nullptr) NarrowUsed();
}

// No reader uses another generation than the live one.
template <typename Address>
void SourceTable<Address>::NarrowUsed() {
  if constexpr (kFamily<Address> == policy::Family::kIPv4) {
    lookup::NarrowUsed(*memory_, live_ == nullptr ? nullptr : &live_->front());
  }
}

template <typename Address>
void SourceTable<Address>::Point(const Generation<Address>* generation) {
  fw_table_state& state = *memory_->state();
  const bool active = (state.active & kActiveBit<Address>) != 0;
  // No reader has used this one since the last swap.
  state.generations[static_cast<std::size_t>(kFamily<Address>)][!active] =
      generation == nullptr ? fw_generation{} : generation->Describe();
}

template <typename Address>
auto SourceTable<Address>::BuildNext()
    -> absl::StatusOr<std::unique_ptr<Generation<Address>>> {
  if (index_.size() == 0) return nullptr;
  const std::vector<Item<Address>> items = index_.Items();
  FW_ASSIGN_OR_RETURN(auto next,
                      BuildGeneration<Address>(memory_, items, statements_));
  FW_RETURN_IF_ERROR(memory_->Connect());
  next->GoLive();
  return next;
}

template <typename Address>
absl::Status SourceTable<Address>::Rebuild() {
  auto built = BuildNext();
  if (!built.ok()) {
    ForgetUnfinished();
    return built.status();
  }
  std::unique_ptr<Generation<Address>> next = *std::move(built);
  Point(next.get());
  fw_table_state& state = *memory_->state();
  Publish(state.active, state.active ^ kActiveBit<Address>);
  WaitForReaders();
  live_ = std::move(next);
  NarrowUsed();
  return absl::OkStatus();
}

template <typename Address>
auto SourceTable<Address>::Stage(const std::vector<policy::SourceRule>& rules,
                                 Key<Address>* duplicate) const
    -> absl::StatusOr<std::unique_ptr<Staged>> {
  const auto is_mine = [](const policy::SourceRule& rule) {
    return rule.prefix.family() == kFamily<Address>;
  };
  auto staged = std::make_unique<Staged>();
  std::vector<Item<Address>> items;
  items.reserve(static_cast<std::size_t>(
      std::count_if(rules.begin(), rules.end(), is_mine)));
  for (const policy::SourceRule& rule : rules) {
    if (!is_mine(rule)) continue;
    FW_ASSIGN_OR_RETURN(const std::uint32_t number,
                        staged->statements.Add(StatementOf(rule)));
    items.push_back({KeyOf<Address>(rule.prefix), number});
  }
  const auto by_key = [](const Item<Address>& a, const Item<Address>& b) {
    return a.key < b.key;
  };
  if (!std::is_sorted(items.begin(), items.end(), by_key)) {
    std::sort(items.begin(), items.end(), by_key);
  }
  const auto twice = std::adjacent_find(
      items.begin(), items.end(),
      [](const auto& a, const auto& b) { return a.key == b.key; });
  if (twice != items.end()) {
    *duplicate = twice->key;
    return absl::AlreadyExistsError("a prefix comes twice");
  }
  staged->index = PrefixIndex<Address>(items);
  if (!items.empty()) {
    FW_ASSIGN_OR_RETURN(
        staged->generation,
        BuildGeneration<Address>(memory_, items, staged->statements));
  }
  return staged;
}

template <typename Address>
void SourceTable<Address>::Prepare(const Staged& staged) {
  CountPrefixes(std::max(index_.size(), staged.index.size()));
  Point(staged.generation.get());
}

template <typename Address>
void SourceTable<Address>::Finish(std::unique_ptr<Staged> staged) {
  index_ = std::move(staged->index);
  statements_ = std::move(staged->statements);
  recent_.Forget();
  live_ = std::move(staged->generation);
  if (live_ != nullptr) live_->GoLive();
  NarrowUsed();
  CountPrefixes(index_.size());
}

template class SourceTable<Address4>;
template class SourceTable<Address6>;

}  // namespace fwagent::lookup
