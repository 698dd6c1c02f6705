#include "agent/service/request_fields.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/policy/rule.h"

namespace fwagent::service {
namespace {

using policy::Prefix;

constexpr std::size_t kMaxRequestIdBytes = 64;
constexpr std::size_t kDefaultPageSize = 1'000;
constexpr std::size_t kMaxPageSize = 10'000;

}  // namespace

policy::Prefix ReadPrefix(const v1::Prefix& prefix, std::string field,
                          FieldViolations& violations) {
  absl::StatusOr<Prefix> parsed;
  switch (prefix.form_case()) {
    case v1::Prefix::kText:
      field += ".text";
      parsed = Prefix::Parse(prefix.text());
      break;
    case v1::Prefix::kBinary: {
      field += ".binary";
      const auto& binary = prefix.binary();
      parsed = Prefix::FromBytes(
          binary.address(),
          binary.has_length()
              ? binary.length()
              : static_cast<std::uint32_t>(8 * binary.address().size()));
      break;
    }
    case v1::Prefix::FORM_NOT_SET:
      parsed = absl::InvalidArgumentError(
          "is missing: give the addresses to match, as text such as "
          "\"192.0.2.0/24\" or in binary");
      break;
  }
  if (parsed.ok()) return *parsed;
  violations.Add(field, std::string(parsed.status().message()));
  return Prefix();
}

std::string ReadComment(const std::string& comment, const std::string& field,
                        FieldViolations& violations) {
  const absl::Status valid = policy::ValidateComment(comment);
  if (!valid.ok()) violations.Add(field, std::string(valid.message()));
  return comment;
}

std::string ReadOwner(const std::string& owner, FieldViolations& violations) {
  if (owner.empty()) return policy::kDefaultOwner;
  const absl::Status valid = policy::ValidateOwner(owner);
  if (!valid.ok()) violations.Add("owner", std::string(valid.message()));
  return owner;
}

std::string ReadRequestId(const std::string& request_id,
                          FieldViolations& violations) {
  const bool printable =
      std::all_of(request_id.begin(), request_id.end(),
                  [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable || request_id.size() > kMaxRequestIdBytes) {
    violations.Add("request_id",
                   absl::StrCat("must be at most ", kMaxRequestIdBytes,
                                " printable ASCII characters, best a UUID"));
  }
  return request_id;
}

std::uint64_t ReadNumberToken(const std::string& token, std::uint64_t first,
                              FieldViolations& violations) {
  if (token.empty()) return first;
  std::uint64_t number = 0;
  // SimpleAtoi alone would also take spaces around it.
  const bool digits = std::all_of(token.begin(), token.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (digits && absl::SimpleAtoi(token, &number)) return number;
  violations.Add("page_token",
                 "is not one that this service gave: use next_page_token of "
                 "the page before");
  return first;
}

std::size_t ReadPageSize(std::int32_t size, FieldViolations& violations) {
  if (size < 0) violations.Add("page_size", "must not be negative");
  if (size <= 0) return kDefaultPageSize;
  return std::min(static_cast<std::size_t>(size), kMaxPageSize);
}

}  // namespace fwagent::service
