// A host that our filter guards on one device and nftables on another, with the
// same rules.
#ifndef FWAGENT_TESTS_BPF_TWO_GUARDS_H_
#define FWAGENT_TESTS_BPF_TWO_GUARDS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/libbpf_data_plane.h"
#include "tests/bpf/frame_trial.h"
#include "tests/support/net_namespace.h"
#include "tests/support/packet.h"
#include "tests/support/pin_root.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

enum class NftVerdict { kPassed, kAllowed, kSourceBlocked, kPortBlocked };

inline bool IsDrop(NftVerdict verdict) {
  return verdict == NftVerdict::kSourceBlocked ||
         verdict == NftVerdict::kPortBlocked;
}

// While it lives, the thread that made it is in the namespace of the host, and
// on one CPU.
class TwoGuards {
 public:
  // Without rules. An error where the kernel refuses, or nft(8) is missing.
  static absl::StatusOr<std::unique_ptr<TwoGuards>> Create(
      dataplane::ModePreference mode);

  TwoGuards(const TwoGuards&) = delete;
  TwoGuards& operator=(const TwoGuards&) = delete;

  // In the place of those that were there, on both devices.
  absl::Status SetRules(const ReferenceRules& rules);

  // Whether each frame gets past our filter. An error when the filter has not
  // counted just these frames: then some were lost on the way.
  absl::StatusOr<std::vector<bool>> AskOurs(const std::vector<Bytes>& frames);

  // Nothing for a frame that Linux throws away before nftables sees it.
  using NftVerdicts = std::vector<std::optional<NftVerdict>>;
  absl::StatusOr<NftVerdicts> AskNft(const std::vector<Bytes>& frames);

 private:
  TwoGuards(NetNamespace host, NetNamespace peer);

  static absl::Status AddDevices(const NetNamespace& host,
                                 const NetNamespace& peer);
  absl::Status Start(dataplane::ModePreference mode);
  absl::Status SetOurRules(const ReferenceRules& rules);
  absl::Status SetNftRules(const ReferenceRules& rules) const;

  struct Counts {
    std::uint64_t passed = 0;
    std::uint64_t dropped = 0;
  };
  absl::StatusOr<Counts> ReadCounts();

  NetNamespace host_;
  NetNamespace peer_;
  InNetNamespace here_;
  OnOneCpu cpu_;
  PinRoot pins_;
  std::unique_ptr<dataplane::LibbpfDataPlane> plane_;
  FrameTrial ours_;
  FrameTrial nft_;
  std::optional<ReferenceRules> rules_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_TWO_GUARDS_H_
