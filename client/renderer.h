// What the commands have to say, apart from how it looks.
#ifndef FWAGENT_CLIENT_RENDERER_H_
#define FWAGENT_CLIENT_RENDERER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/failure.h"
#include "fwagent/v1/firewall_service.pb.h"
#include "fwagent/v1/set_service.pb.h"

namespace fwagent::client {

// What a command does to rules.
struct Verb {
  bool adds = true;
  bool allows = false;
};

// A change that the agent made, or would make.
struct ChangeReport {
  Verb verb;
  bool validate_only = false;
  fwagent::v1::Rule rule;
  std::uint64_t generation = 0;
  // Of what lifts: for other owners too; and by whom it is still held.
  std::vector<fwagent::v1::Rule> other_rules = {};
  std::vector<fwagent::v1::Rule> still_held = {};
  // Null unless it must be confirmed.
  const google::protobuf::Timestamp* confirm_by = nullptr;
};

// The same for any number of sources.
struct ManyChangesReport {
  Verb verb;
  bool validate_only = false;
  std::size_t asked_for = 0;
  fwagent::v1::ChangeSourcesResponse response;
};

// The counters, and what they were one interval ago; null for the first.
struct StatsSample {
  const fwagent::v1::GetStatsResponse* now = nullptr;
  const fwagent::v1::GetStatsResponse* before = nullptr;
  absl::Duration elapsed;
};

// Writes results to one stream and failures to another. Callers check the
// streams.
class Renderer {
 public:
  virtual ~Renderer() = default;

  virtual void Changed(const ChangeReport& report) = 0;
  virtual void ChangedMany(const ManyChangesReport& report) = 0;
  // Behind a change whose answer was rendered: it must be confirmed in this
  // time.
  virtual void Unconfirmed(absl::Duration within,
                           const google::protobuf::Timestamp& confirm_by) = 0;
  // Nothing to change, and that is fine; the agent's words.
  virtual void Unchanged(const std::string& message) = 0;

  // What is probably not meant; an answer that has it too follows.
  virtual void Warned(const std::string& message) = 0;

  // An answer in words, and as it came.
  virtual void Said(const std::string& text,
                    const google::protobuf::Message& response) = 0;

  // One listing is pages in order, then the end with the last page again.
  virtual void RulePage(const fwagent::v1::ListRulesResponse& page) = 0;
  virtual void EndOfRules(const fwagent::v1::ListRulesResponse& last) = 0;

  // Ordered rules, in their order.
  virtual void FilterRules(const fwagent::v1::ListRulesResponse& rules) = 0;

  virtual void EntryPage(const std::string& set,
                         const fwagent::v1::ListSetEntriesResponse& page) = 0;
  virtual void EndOfEntries(
      const fwagent::v1::ListSetEntriesResponse& last) = 0;

  virtual void Stats(const StatsSample& sample) = 0;
  virtual void Status(const fwagent::v1::GetStatusResponse& status) = 0;
  virtual void Attached(const fwagent::v1::AttachResponse& attached) = 0;
  virtual void Detached(const fwagent::v1::DetachResponse& detached) = 0;
  virtual void Recovered(const fwagent::v1::RecoverResponse& recovered) = 0;
  // `agent` is null when it could not be asked.
  virtual void Versions(const std::string& client,
                        const std::string* agent) = 0;

  virtual void Failed(const Failure& failure) = 0;
};

// How text is laid out.
struct TextLayout {
  bool zero_counters = false;
  // Each sample of the counters takes the place of the one before.
  bool redraw = false;
  // Counters come with rates.
  bool rates = false;
  // The wall clock, for the time that is left of rules that end.
  std::function<absl::Time()> now = {};
};

// The streams must outlive the renderer.
std::unique_ptr<Renderer> MakeTextRenderer(const TextLayout& layout,
                                           std::ostream& out,
                                           std::ostream& err);
std::unique_ptr<Renderer> MakeJsonRenderer(std::ostream& out,
                                           std::ostream& err);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_RENDERER_H_
