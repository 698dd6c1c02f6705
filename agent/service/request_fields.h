// Fields that several requests have.
#ifndef FWAGENT_AGENT_SERVICE_REQUEST_FIELDS_H_
#define FWAGENT_AGENT_SERVICE_REQUEST_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/core/change.h"
#include "agent/policy/prefix.h"
#include "agent/service/convert_time.h"
#include "agent/service/error_details.h"
#include "fwagent/v1/rule.pb.h"

namespace fwagent::service {

// Each reads one field; where it is wrong, adds a violation and returns
// something harmless.
policy::Prefix ReadPrefix(const v1::Prefix& prefix, std::string field,
                          FieldViolations& violations);
std::string ReadComment(const std::string& comment, const std::string& field,
                        FieldViolations& violations);
// An owner; the default one for an empty field.
std::string ReadOwner(const std::string& owner, FieldViolations& violations);
std::string ReadRequestId(const std::string& request_id,
                          FieldViolations& violations);
std::size_t ReadPageSize(std::int32_t size, FieldViolations& violations);
// A page token that is a number; `first` for that of the first page.
std::uint64_t ReadNumberToken(const std::string& token, std::uint64_t first,
                              FieldViolations& violations);

// What every change has.
template <typename Request>
core::Change ReadCommon(const Request& request, FieldViolations& violations) {
  core::Change change;
  change.validate_only = request.validate_only();
  change.request_id = ReadRequestId(request.request_id(), violations);
  change.etag = request.etag();
  change.force = request.force();
  if (request.has_confirm_within()) {
    change.confirm_within =
        ReadConfirmWithin(request.confirm_within(), violations);
  }
  return change;
}

// Most edits in one request.
inline constexpr int kMaxEdits = 100'000;

// What every request for a new rule has. `path` goes before the names of
// fields.
template <typename Request>
core::Edit AddEdit(const Request& request, const policy::Match& match,
                   const std::string& path, FieldViolations& violations) {
  core::Edit edit{
      .kind = core::Edit::Kind::kAdd,
      .match = match,
      .comment = ReadComment(request.comment(), path + "comment", violations),
      .renew = request.renew()};
  if (request.has_ttl()) {
    edit.ending = ReadTtl(request.ttl(), path + "ttl", violations);
  } else if (request.has_expire_time()) {
    edit.ending =
        ReadExpireTime(request.expire_time(), path + "expire_time", violations);
  }
  return edit;
}

// What every answer to a change has. `Result` has the members of these names of
// core::ChangeResult.
template <typename Result, typename Response>
void FillCommon(const Result& result, Response& response) {
  response.set_generation(result.generation);
  if (result.confirm_by.has_value()) {
    *response.mutable_confirm_by() = ToTimestamp(*result.confirm_by);
  }
}

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_REQUEST_FIELDS_H_
