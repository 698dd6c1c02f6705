// The tables of the agent, filled by its own code.
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/source_tables.h"
#include "bpf/fw_table.h"  // for the skeleton
#include "candidate_ours.skel.h"
#include "tests/bench/candidate_object.h"

namespace fwagent::bench {
namespace {

class Ours : public CandidateObject<candidate_ours> {
 public:
  Ours(const RuleSet& set, bool asks_rule)
      : CandidateObject(set.family), asks_rule_(asks_rule) {
    (*this)->rodata->ask_rule = asks_rule;
    Load();
    auto& maps = (*this)->maps;
    // Nothing is pinned, so the folder need not be there.
    auto tables = dataplane::SourceTables::Open(
        {bpf_map__fd(maps.fw_slabs), bpf_map__fd(maps.data_tables),
         bpf_map__fd(maps.fw_used)},
        absl::StrCat("/sys/fs/bpf/fwbench-", getpid()), set.rules.size());
    OrDie(tables.ok(), tables.status().ToString());
    tables_ = *std::move(tables);
    const absl::Status filled = tables_->Replace(set.blocks);
    OrDie(filled.ok(), filled.ToString());
  }

  std::uint64_t StatedBytes() const override {
    return CandidateObject::StatedBytes() +
           tables_->Usage(policy::Family::kIPv4).memory_bytes +
           tables_->Usage(policy::Family::kIPv6).memory_bytes;
  }

  bool TellsRules() const override { return asks_rule_; }

 private:
  const bool asks_rule_;
  std::unique_ptr<dataplane::SourceTables> tables_;
};

}  // namespace

std::unique_ptr<Candidate> LoadOurs(const RuleSet& set) {
  return std::make_unique<Ours>(set, false);
}

std::unique_ptr<Candidate> LoadOursWithRule(const RuleSet& set) {
  return std::make_unique<Ours>(set, true);
}

}  // namespace fwagent::bench
