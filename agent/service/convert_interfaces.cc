// Requests about interfaces.
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/service/convert.h"
#include "agent/service/error_details.h"
#include "agent/util/name_pattern.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

using dataplane::ModePreference;

template <typename Request>
std::vector<std::string> ReadInterfaces(const Request& request,
                                        FieldViolations& violations) {
  for (int i = 0; i < request.interfaces_size(); ++i) {
    if (util::IsNameOrPattern(request.interfaces(i))) continue;
    violations.Add(
        absl::StrCat("interfaces[", i, "]"),
        absl::StrCat("must be the name of an interface, of 1 to ",
                     util::kMaxNameBytes, " bytes, or a pattern of up to ",
                     util::kMaxPatternBytes));
    break;  // one is enough: there may be very many
  }
  return {request.interfaces().begin(), request.interfaces().end()};
}

std::optional<ModePreference> ReadMode(const v1::AttachRequest& request,
                                       FieldViolations& violations) {
  if (request.mode() == v1::MODE_PREFERENCE_UNSPECIFIED) return std::nullopt;
  if (request.interfaces().empty()) {
    violations.Add("mode", "can only be given with interfaces");
    return std::nullopt;
  }
  switch (request.mode()) {
    case v1::MODE_PREFERENCE_AUTO:
      return ModePreference::kAuto;
    case v1::MODE_PREFERENCE_NATIVE:
      return ModePreference::kNative;
    case v1::MODE_PREFERENCE_GENERIC:
      return ModePreference::kGeneric;
    default:
      violations.Add("mode", absl::StrCat("has no value ",
                                          static_cast<int>(request.mode()),
                                          ": use MODE_PREFERENCE_AUTO (1), "
                                          "MODE_PREFERENCE_NATIVE (2) or "
                                          "MODE_PREFERENCE_GENERIC (3)"));
      return std::nullopt;
  }
}

}  // namespace

absl::StatusOr<core::InterfaceKeeper::AttachRequest> ToAttachRequest(
    const v1::AttachRequest& request) {
  FieldViolations violations;
  core::InterfaceKeeper::AttachRequest result;
  result.interfaces = ReadInterfaces(request, violations);
  result.mode = ReadMode(request, violations);
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return result;
}

absl::StatusOr<std::vector<std::string>> ToInterfaceNames(
    const v1::DetachRequest& request) {
  FieldViolations violations;
  std::vector<std::string> names = ReadInterfaces(request, violations);
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return names;
}

}  // namespace fwagent::service
