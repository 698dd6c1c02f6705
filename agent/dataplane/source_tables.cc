#include "agent/dataplane/source_tables.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/errors.h"
#include "agent/lookup/table_reader.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

using lookup::Address4;
using lookup::Address6;
using lookup::kActiveBit;
using lookup::KeyOf;
using lookup::StatementOf;
using policy::Family;
using policy::Prefix;
using policy::SourceRule;
using policy::SourceVerdict;

static_assert(static_cast<int>(Family::kIPv4) == FW_FAMILY_IPV4);
static_assert(static_cast<int>(Family::kIPv6) == FW_FAMILY_IPV6);
static_assert(policy::kFamilies == FW_FAMILIES);

// What Stage makes of one family, with the error of ours.
template <typename Address>
auto StageFamily(const lookup::SourceTable<Address>& table,
                 const std::vector<SourceRule>& rules)
    -> absl::StatusOr<
        std::unique_ptr<typename lookup::SourceTable<Address>::Staged>> {
  lookup::Key<Address> duplicate;
  auto staged = table.Stage(rules, &duplicate);
  if (absl::IsAlreadyExists(staged.status())) {
    return SourceGivenTwice(PrefixOf(duplicate));
  }
  return staged;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SourceTables>> SourceTables::Open(
    const SourceMapFds& fds, const std::string& folder,
    std::uint64_t capacity) {
  FW_ASSIGN_OR_RETURN(auto slabs, SlabMaps::Open(fds, folder));
  return std::unique_ptr<SourceTables>(
      new SourceTables(std::move(slabs), fds, capacity));
}

SourceTables::SourceTables(std::unique_ptr<SlabMaps> slabs,
                           const SourceMapFds& fds, std::uint64_t capacity)
    : slabs_(std::move(slabs)),
      capacity_(capacity),
      table4_(slabs_.get()),
      table6_(slabs_.get()),
      rules_(slabs_.get(), fds) {}

absl::Status SourceTables::CheckLoaded() const {
  if (loaded_) return absl::OkStatus();
  return SourcesNotLoaded();
}

absl::Status SourceTables::CheckRoom(
    const std::vector<SourceRule>& rules) const {
  for (const Family family : {Family::kIPv4, Family::kIPv6}) {
    const auto prefixes = static_cast<std::uint64_t>(std::count_if(
        rules.begin(), rules.end(),
        [family](const auto& rule) { return rule.prefix.family() == family; }));
    if (prefixes > capacity_) {
      return TooManySources(family, prefixes, capacity_);
    }
  }
  return absl::OkStatus();
}

absl::Status SourceTables::Add(const SourceRule& rule) {
  FW_RETURN_IF_ERROR(CheckLoaded());
  const Prefix& prefix = rule.prefix;
  const bool is_ipv4 = prefix.family() == Family::kIPv4;
  const bool present = is_ipv4 ? table4_.Contains(KeyOf<Address4>(prefix))
                               : table6_.Contains(KeyOf<Address6>(prefix));
  const std::uint64_t size = is_ipv4 ? table4_.size() : table6_.size();
  if (!present && size >= capacity_) {
    return SourceTableFull(prefix.family(), capacity_);
  }
  absl::Status added =
      is_ipv4 ? table4_.Add(KeyOf<Address4>(prefix), StatementOf(rule))
              : table6_.Add(KeyOf<Address6>(prefix), StatementOf(rule));
  NoteChange();
  return util::WithContext(added,
                           absl::StrCat("add source ", prefix.ToString()));
}

absl::Status SourceTables::Remove(const Prefix& prefix) {
  FW_RETURN_IF_ERROR(CheckLoaded());
  absl::Status removed = prefix.family() == Family::kIPv4
                             ? table4_.Remove(KeyOf<Address4>(prefix))
                             : table6_.Remove(KeyOf<Address6>(prefix));
  NoteChange();
  if (absl::IsNotFound(removed)) return SourceNotInTable(prefix);
  return util::WithContext(removed,
                           absl::StrCat("remove source ", prefix.ToString()));
}

absl::Status SourceTables::Replace(const std::vector<SourceRule>* sources,
                                   const policy::OrderedRules* ordered,
                                   const std::vector<std::string>& interfaces,
                                   std::uint32_t and_flip) {
  if (sources != nullptr) FW_RETURN_IF_ERROR(CheckRoom(*sources));
  // The memory of an earlier run goes when there are sources of this one: its
  // ordered rules too.
  const policy::OrderedRules none;
  if (sources != nullptr && !loaded_ && ordered == nullptr) ordered = &none;
  if (ordered != nullptr) {
    FW_ASSIGN_OR_RETURN(const std::uint32_t bits,
                        rules_.Stage(*ordered, interfaces));
    and_flip |= bits;
  }
  absl::Status swapped = Swap(sources, and_flip);
  if (ordered != nullptr) swapped.ok() ? rules_.Finish() : rules_.Forget();
  NoteChange();
  return swapped;
}

absl::Status SourceTables::Swap(const std::vector<SourceRule>* sources,
                                std::uint32_t flip) {
  if (sources == nullptr) return Flip(flip);
  absl::Status swapped = StageAndSwap(*sources, flip);
  if (!swapped.ok()) {
    table4_.ForgetUnfinished();
    table6_.ForgetUnfinished();
    return swapped;
  }
  if (!loaded_) slabs_->RemoveInherited();
  loaded_ = true;
  return absl::OkStatus();
}

absl::Status SourceTables::Flip(std::uint32_t bits) {
  FW_RETURN_IF_ERROR(slabs_->Connect());
  fw_table_state& state = *slabs_->state();
  lookup::Publish(state.active, state.active ^ bits);
  slabs_->WaitForReaders();
  return absl::OkStatus();
}

absl::Status SourceTables::StageAndSwap(const std::vector<SourceRule>& rules,
                                        std::uint32_t and_flip) {
  FW_ASSIGN_OR_RETURN(auto staged4, StageFamily(table4_, rules));
  FW_ASSIGN_OR_RETURN(auto staged6, StageFamily(table6_, rules));
  FW_RETURN_IF_ERROR(slabs_->Connect());
  fw_table_state& state = *slabs_->state();
  const auto prefixes = std::to_array(state.prefixes);
  table4_.Prepare(*staged4);
  table6_.Prepare(*staged6);
  if (trial_.has_value()) {
    absl::Status tried = trial_->Check(rules);
    if (!tried.ok()) {
      std::copy(prefixes.begin(), prefixes.end(), state.prefixes);
      return tried;
    }
  }
  lookup::Publish(
      state.active,
      state.active ^ (kActiveBit<Address4> | kActiveBit<Address6> | and_flip));
  slabs_->WaitForReaders();
  table4_.Finish(std::move(staged4));
  table6_.Finish(std::move(staged6));
  return absl::OkStatus();
}

template <typename Address>
void SourceTables::ReadFamily(const lookup::SourceTable<Address>& table,
                              std::vector<SourceRule>& rules) const {
  for (const auto& finding : lookup::ReadTable<Address>(*slabs_)) {
    const lookup::Fold& fold = finding.fold;
    const auto rule_of = [&](std::uint32_t number, SourceVerdict verdict) {
      return loaded_ && number != 0 ? table.RuleOf(number, verdict) : 0;
    };
    rules.push_back(
        {.prefix = PrefixOf(finding.key),
         .id = rule_of(fold.number, fold.verdict),
         .verdict = fold.verdict,
         .classes = fold.classes,
         .until = fold.until,
         .block_until = fold.block_until,
         .block_id = rule_of(fold.block_number, SourceVerdict::kBlock)});
  }
}

absl::StatusOr<std::optional<std::vector<SourceRule>>> SourceTables::Read()
    const {
  if (!loaded_ && !slabs_->inherited_is_readable()) return std::nullopt;
  std::vector<SourceRule> rules;
  ReadFamily(table4_, rules);
  ReadFamily(table6_, rules);
  return rules;
}

absl::StatusOr<std::string> SourceTables::Damage() {
  if (!loaded_) return "";
  fw_table_state& state = *slabs_->state();
  if (std::memcmp(&state, &published_, sizeof(state)) != 0) {
    // The next change starts from here; readers come last.
    const std::uint32_t active = published_.active;
    std::memcpy(state.prefixes, published_.prefixes, sizeof(state.prefixes));
    std::memcpy(state.generations, published_.generations,
                sizeof(state.generations));
    std::memcpy(state.rules, published_.rules, sizeof(state.rules));
    lookup::Publish(state.active, active);
    return "fw_tables was changed";
  }
  FW_ASSIGN_OR_RETURN(std::string damage, slabs_->Damage());
  if (!damage.empty()) return damage;
  const std::uint64_t fingerprint = slabs_->Fingerprint();
  if (fingerprint_.value_or(fingerprint) != fingerprint) {
    damage = "entries of the source tables were changed";
  }
  fingerprint_ = fingerprint;
  return damage;
}

void SourceTables::NoteChange() {
  published_ = *slabs_->state();
  fingerprint_.reset();
  prefixes_[FW_FAMILY_IPV4] = table4_.size();
  prefixes_[FW_FAMILY_IPV6] = table6_.size();
  memory_bytes_[FW_FAMILY_IPV4] = table4_.memory_bytes();
  memory_bytes_[FW_FAMILY_IPV6] = table6_.memory_bytes();
}

SourceUsage SourceTables::Usage(Family family) const {
  const auto index = static_cast<std::size_t>(family);
  return {.prefixes = prefixes_[index],
          .capacity = capacity_,
          .memory_bytes = memory_bytes_[index]};
}

}  // namespace fwagent::dataplane
