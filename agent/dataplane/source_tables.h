// The tables of source addresses, and the ordered rules, which share their
// memory: what is said of whom.
#ifndef FWAGENT_AGENT_DATAPLANE_SOURCE_TABLES_H_
#define FWAGENT_AGENT_DATAPLANE_SOURCE_TABLES_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/data_plane.h"
#include "agent/dataplane/rule_tables.h"
#include "agent/dataplane/slab_maps.h"
#include "agent/dataplane/trial.h"
#include "agent/lookup/source_table.h"
#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"

namespace fwagent::dataplane {

// Both families' tables and the ordered rules over one pool of memory. What an
// earlier run left stays in force, untouched, until the first Replace.
class SourceTables {
 public:
  // The descriptors are the caller's and must outlive the object. `folder`
  // holds the pins, `capacity` is of each family.
  static absl::StatusOr<std::unique_ptr<SourceTables>> Open(
      const SourceMapFds& fds, const std::string& folder,
      std::uint64_t capacity);

  // As in DataPlane.
  absl::Status Add(const policy::SourceRule& rule);
  absl::Status Remove(const policy::Prefix& prefix);
  // What is null stays. Other bits of fw_table_state::active may be turned over
  // at the same instant: FW_ACTIVE_PORTS. Returns when nobody judges by what
  // was before. `interfaces` are names by slot, for ordered rules.
  absl::Status Replace(const std::vector<policy::SourceRule>* sources,
                       const policy::OrderedRules* ordered,
                       const std::vector<std::string>& interfaces,
                       std::uint32_t and_flip);
  // Sources alone.
  absl::Status Replace(const std::vector<policy::SourceRule>& sources) {
    return Replace(&sources, nullptr, {}, 0);
  }
  absl::StatusOr<std::optional<std::vector<policy::SourceRule>>> Read() const;
  SourceUsage Usage(policy::Family family) const;
  // From any thread.
  absl::StatusOr<std::vector<RuleHits>> ReadHits() const {
    return rules_.ReadHits();
  }

  // What somebody else did to the tables since they were last written; empty:
  // nothing. Where it was done before the first call after a change, contents
  // are not known well enough to tell.
  absl::StatusOr<std::string> Damage();

  // Which tables are in force; for the other tables. As long as this object.
  const fw_table_state* state() const { return slabs_->state(); }

  // How to load what new tables are tried with; without it they are not.
  void TryWith(Trial::Load load) { trial_.emplace(std::move(load)); }

  // Pins the memory, and from then on new memory too; the folder must be there.
  absl::Status Pin() { return slabs_->Pin(); }
  absl::Status Unpin() { return slabs_->Unpin(); }

 private:
  using Table4 = lookup::SourceTable<lookup::Address4>;
  using Table6 = lookup::SourceTable<lookup::Address6>;

  SourceTables(std::unique_ptr<SlabMaps> slabs, const SourceMapFds& fds,
               std::uint64_t capacity);

  absl::Status CheckLoaded() const;
  absl::Status StageAndSwap(const std::vector<policy::SourceRule>& rules,
                            std::uint32_t and_flip);
  absl::Status Swap(const std::vector<policy::SourceRule>* sources,
                    std::uint32_t flip);
  absl::Status Flip(std::uint32_t bits);
  absl::Status CheckRoom(const std::vector<policy::SourceRule>& rules) const;
  template <typename Address>
  void ReadFamily(const lookup::SourceTable<Address>& table,
                  std::vector<policy::SourceRule>& rules) const;
  // After every change, and every attempt.
  void NoteChange();

  const std::unique_ptr<SlabMaps> slabs_;
  const std::uint64_t capacity_;
  Table4 table4_;
  Table6 table6_;
  RuleTables rules_;
  bool loaded_ = false;  // the tables are what the kernel has
  std::optional<Trial> trial_;

  // What this object wrote last.
  fw_table_state published_{};
  std::optional<std::uint64_t> fingerprint_;  // none yet since then

  // Of each family; for other threads.
  std::array<std::atomic<std::uint64_t>, policy::kFamilies> prefixes_{};
  std::array<std::atomic<std::uint64_t>, policy::kFamilies> memory_bytes_{};
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_SOURCE_TABLES_H_
