// fwctl explain.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "agent/text/duration.h"
#include "agent/text/printable.h"
#include "client/capture.h"
#include "client/commands.h"
#include "client/explain_text.h"

namespace fwagent::client {

Outcome RunExplain(const CommandContext& context) {
  const ExplainArguments& words = context.arguments.explain;
  fwagent::v1::ExplainRequest request;
  request.set_interface(words.interface);
  std::string remark;
  if (words.capture.empty()) {
    // Read before, so it is right.
    request.set_frame(*BuildFrame(words.packet));
  } else {
    auto captured = ReadCapture(words.capture, words.number);
    if (!captured.ok()) {
      return InputFailure(std::string(captured.status().message()));
    }
    request.set_frame(std::move(captured->frame));
    if (captured->missing_bytes > 0) {
      remark =
          absl::StrCat("\nthe capture lacks the last ", captured->missing_bytes,
                       " bytes of the packet: zeros were put there");
    }
  }
  fwagent::v1::ExplainResponse response;
  if (Outcome failure =
          context.agent.Read(&Agent::Stub::Explain, request, &response)) {
    return failure;
  }
  context.renderer.Said(ExplanationText(response, context.clock.now()) + remark,
                        response);
  return std::nullopt;
}

}  // namespace fwagent::client
