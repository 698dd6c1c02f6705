// fwctl apply, fwctl diff
#include <grpcpp/support/sync_stream.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/document/policy_text.h"
#include "client/change_fields.h"
#include "client/commands.h"
#include "client/policy_changes_text.h"
#include "client/progress.h"

namespace fwagent::client {
namespace {

using document::PolicyText;
using fwagent::v1::ApplyPolicyResponse;

bool IsDiff(const CommandContext& context) {
  return context.arguments.command == Command::kDiff;
}

grpc::Status Send(const CommandContext& context, const PolicyText& policy,
                  Progress& progress, ApplyPolicyResponse* response) {
  constexpr int kShown = 10'000;
  fwagent::v1::ApplyPolicyRequest first;
  FillChange(context.arguments, first.mutable_header());
  if (IsDiff(context)) first.mutable_header()->set_validate_only(true);
  first.mutable_header()->set_max_changes(kShown);
  grpc::ClientContext call;
  const auto writer = context.agent.StartApply(&call, response);
  bool open = writer->Write(first);
  progress.Begin("sending", policy.parts.size());
  for (const fwagent::v1::ApplyPolicyRequest& part : policy.parts) {
    if (!open) break;
    open = writer->Write(part);
    progress.Advance(1);
  }
  progress.Begin("waiting for the agent");
  if (open) writer->WritesDone();
  return writer->Finish();
}

// Fields are in the terms of the protocol; people have lines.
void NamePlaces(const PolicyText& policy, Failure& failure) {
  std::string message;
  for (FieldViolation& violation : failure.violations) {
    const std::string place = policy.PlaceOf(violation.field);
    if (!place.empty()) violation.field = place;
    absl::StrAppend(&message, message.empty() ? "" : "; ", violation.field,
                    ": ", violation.description);
  }
  if (!message.empty()) failure.message = message;
}

void SayWarnings(const CommandContext& context, const PolicyText& policy,
                 const ApplyPolicyResponse& response) {
  for (const fwagent::v1::PolicyWarning& warning : response.warnings()) {
    const std::string other = policy.PlaceOf(warning.other_field());
    context.renderer.Warned(
        absl::StrCat(policy.PlaceOf(warning.field()), ": ", warning.text(),
                     other.empty() ? "" : absl::StrCat(" (see ", other, ")")));
  }
}

std::string AppliedText(const CommandContext& context,
                        const ApplyPolicyResponse& response) {
  const std::string counts = ChangeCounts(response);
  if (counts.empty()) {
    return IsDiff(context) ? "no difference"
                           : "unchanged: everything is as the document has it";
  }
  if (!IsDiff(context) && !context.arguments.validate_only) {
    return absl::StrCat("applied: ", counts, "; now generation ",
                        response.generation());
  }
  return absl::StrCat(ChangeLines(response), "\nwould apply: ", counts);
}

absl::StatusOr<PolicyText> ReadDocument(const CommandContext& context) {
  document::ReadOptions options;
  if (!context.arguments.owner.empty()) {
    options.default_owner = context.arguments.owner;
  }
  options.now = context.clock.now();
  return document::ReadPolicyFile(context.arguments.file, options);
}

}  // namespace

Outcome RunApply(const CommandContext& context) {
  ApplyPolicyResponse response;
  absl::StatusOr<PolicyText> policy;
  grpc::Status status;
  {
    Progress progress(context.arguments.set.quiet ? nullptr : context.progress,
                      context.progress_delay);
    progress.Begin("reading");
    policy = ReadDocument(context);
    if (policy.ok()) status = Send(context, *policy, progress, &response);
  }
  if (!policy.ok()) return InputFailure(std::string(policy.status().message()));
  if (!status.ok()) {
    Failure failure = context.agent.ChangeFailure(status);
    NamePlaces(*policy, failure);
    return failure;
  }
  SayWarnings(context, *policy, response);
  context.renderer.Said(AppliedText(context, response), response);
  SayUnconfirmed(context, response);
  if (!IsDiff(context) || ChangeCounts(response).empty()) return std::nullopt;
  return CheckFailure("POLICY_DIFFERS",
                      "the policy is not as the document has it");
}

}  // namespace fwagent::client
