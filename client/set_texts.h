// What the commands of sets have in common.
#ifndef FWAGENT_CLIENT_SET_TEXTS_H_
#define FWAGENT_CLIENT_SET_TEXTS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "client/arguments.h"
#include "client/block_fields.h"
#include "client/change_fields.h"
#include "fwagent/v1/set.pb.h"

namespace fwagent::client {

// "1 line", "2 lines".
std::string CountText(std::uint64_t count, const char* one, const char* many);
// "1 entry", "2 entries".
std::string EntriesText(std::uint64_t count);
// "1d"; "-" where entries last for ever.
std::string DefaultTtlText(const fwagent::v1::Set& set);

// A request that names a set and has what every change has.
template <typename Request>
Request Named(const Arguments& arguments) {
  Request request;
  request.set_name(arguments.set.name);
  FillChange(arguments, &request);
  request.set_owner(arguments.owner);
  return request;
}

template <typename Request>
void FillDefaultTtl(const Arguments& arguments, Request* request) {
  if (!arguments.set.default_ttl.has_value()) return;
  SetDuration(*arguments.set.default_ttl, request->mutable_default_ttl());
}

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_SET_TEXTS_H_
