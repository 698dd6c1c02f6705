// What the imagined kernel does with one packet.
#include <vector>

#include "agent/dataplane/errors.h"
#include "agent/dataplane/memory_data_plane.h"
#include "agent/dataplane/packet_facts.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {

using policy::Reason;
using policy::SourceVerdict;
using policy::Verdict;

bool MemoryDataPlane::DropsByDefault() const {
  const util::MutexLock lock(&mutex_);
  return drops_by_default_;
}

void MemoryDataPlane::SetDropsByDefault(bool drops) {
  const util::MutexLock lock(&mutex_);
  drops_by_default_ = drops;
}

absl::StatusOr<Judgement> MemoryDataPlane::Judge(const std::string& interface,
                                                 std::string_view frame) {
  Judgement judgement;
  {
    const util::MutexLock lock(&mutex_);
    FW_RETURN_IF_ERROR(TakeFailure(Operation::kJudge));
    std::vector<std::string> names;
    for (const auto& [name, guard] : guards_) names.push_back(name);
    if (!interface.empty() && !guards_.contains(interface)) {
      return NotGuarded(interface, names);
    }
    judgement.interface =
        interface.empty() && !names.empty() ? names.front() : interface;
  }
  const auto answer = [&judgement](Verdict verdict, Reason reason) {
    judgement.verdict = verdict;
    judgement.reason = reason;
    return judgement;
  };
  judgement.facts = ReadFacts(frame);
  judgement.facts.more.interface = judgement.interface;
  const auto& [source, protocol, port, more] = judgement.facts;
  static_cast<void>(more);
  if (!source.has_value()) return answer(Verdict::kPass, Reason::kNotIp);
  const SourceVerdict verdict = VerdictOf(*source);
  if (verdict == SourceVerdict::kAllow) {
    return answer(Verdict::kPass, Reason::kSourceAllowed);
  }
  if (verdict == SourceVerdict::kBlock) {
    return answer(Verdict::kDrop, Reason::kSourceBlocked);
  }
  if (port.has_value() && BlocksPort(*protocol, *port)) {
    return answer(Verdict::kDrop, Reason::kPortBlocked);
  }
  if (DropsByDefault()) return answer(Verdict::kDrop, Reason::kDefault);
  return answer(Verdict::kPass, Reason::kNoMatch);
}

}  // namespace fwagent::dataplane
