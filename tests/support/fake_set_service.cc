#include "tests/support/fake_set_service.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/fake_firewall_service.h"

namespace fwagent::testing {
namespace {

grpc::Status NoSuchSet(const std::string& name) {
  return WithReason(grpc::StatusCode::NOT_FOUND,
                    absl::StrCat("there is no set ", name), "SET_NOT_FOUND");
}

// With its length, as the agent lists it.
std::string Canonical(const std::string& text) {
  if (text.find('/') != std::string::npos) return text;
  return absl::StrCat(text,
                      text.find(':') == std::string::npos ? "/32" : "/128");
}

// Whether it was not there.
bool Put(const std::string& entry, std::vector<std::string>& entries) {
  const auto at = std::lower_bound(entries.begin(), entries.end(), entry);
  if (at != entries.end() && *at == entry) return false;
  entries.insert(at, entry);
  return true;
}

// Whether it was there.
bool Take(const std::string& entry, std::vector<std::string>& entries) {
  const auto at = std::lower_bound(entries.begin(), entries.end(), entry);
  if (at == entries.end() || *at != entry) return false;
  entries.erase(at);
  return true;
}

void Unpack(const std::string& packed, int family, std::size_t address_bytes,
            std::vector<std::string>& entries) {
  const std::size_t step = address_bytes + 1;
  for (std::size_t at = 0; at + step <= packed.size(); at += step) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, packed.data() + at, text.data(), text.size());
    entries.push_back(
        absl::StrCat(text.data(), "/",
                     static_cast<std::uint8_t>(packed[at + address_bytes])));
  }
}

}  // namespace

void FakeSetService::FailNext(const grpc::Status& status) {
  util::MutexLock lock(&mutex_);
  next_failure_ = status;
}

void FakeSetService::SetPageSize(std::size_t entries) {
  util::MutexLock lock(&mutex_);
  page_size_ = entries;
}

void FakeSetService::RepeatPages() {
  util::MutexLock lock(&mutex_);
  repeat_pages_ = true;
}

void FakeSetService::EndEntries(std::int64_t at) {
  const util::MutexLock lock(&mutex_);
  ends_at_ = at;
}

void FakeSetService::SetChanged(std::uint64_t count) {
  const util::MutexLock lock(&mutex_);
  changed_ = count;
}

std::string FakeSetService::LastRequest() const {
  util::MutexLock lock(&mutex_);
  return last_request_;
}

std::size_t FakeSetService::CallCount() const {
  util::MutexLock lock(&mutex_);
  return call_count_;
}

std::size_t FakeSetService::ImportParts() const {
  util::MutexLock lock(&mutex_);
  return import_parts_;
}

grpc::Status FakeSetService::Begin(const google::protobuf::Message& request) {
  util::MutexLock lock(&mutex_);
  ++call_count_;
  last_request_ = request.ShortDebugString();
  return std::exchange(next_failure_, std::nullopt).value_or(grpc::Status::OK);
}

std::uint64_t FakeSetService::Commit(Sets changed, bool validate_only) {
  if (validate_only) return generation_;
  for (auto& [name, set] : changed) set.info.set_size(set.entries.size());
  sets_ = std::move(changed);
  return ++generation_;
}

grpc::Status FakeSetService::CreateSet(
    grpc::ServerContext*, const fwagent::v1::CreateSetRequest* request,
    fwagent::v1::CreateSetResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  response->set_generation(generation_);
  Sets sets = sets_;
  const auto [set, made] = sets.try_emplace(request->name());
  if (!made && request->skip_satisfied()) return grpc::Status::OK;
  if (!made) {
    return WithReason(grpc::StatusCode::ALREADY_EXISTS,
                      absl::StrCat("there is a set ", request->name()),
                      "SET_EXISTS");
  }
  set->second.info.set_name(request->name());
  set->second.info.set_action(request->action());
  set->second.info.set_comment(request->comment());
  set->second.info.set_owner(request->owner());
  if (request->has_default_ttl()) {
    *set->second.info.mutable_default_ttl() = request->default_ttl();
  }
  *response->mutable_set() = set->second.info;
  response->set_generation(Commit(std::move(sets), request->validate_only()));
  SetConfirmBy(*request, response);
  return grpc::Status::OK;
}

grpc::Status FakeSetService::UpdateSet(
    grpc::ServerContext*, const fwagent::v1::UpdateSetRequest* request,
    fwagent::v1::UpdateSetResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  Sets sets = sets_;
  const auto found = sets.find(request->name());
  if (found == sets.end()) return NoSuchSet(request->name());
  fwagent::v1::Set& info = found->second.info;
  const std::string before = info.SerializeAsString();
  if (request->action() != fwagent::v1::SET_ACTION_UNSPECIFIED) {
    info.set_action(request->action());
  }
  if (request->has_comment()) info.set_comment(request->comment());
  if (request->has_default_ttl()) {
    *info.mutable_default_ttl() = request->default_ttl();
  }
  if (request->no_default_ttl()) info.clear_default_ttl();
  response->set_generation(generation_);
  if (info.SerializeAsString() == before) return grpc::Status::OK;
  if (info.action() == fwagent::v1::SET_ACTION_SHADOW) {
    info.mutable_would_drop()->set_packets(7);
  } else {
    info.clear_would_drop();
  }
  *response->mutable_set() = info;
  response->set_generation(Commit(std::move(sets), request->validate_only()));
  SetConfirmBy(*request, response);
  return grpc::Status::OK;
}

grpc::Status FakeSetService::DeleteSet(
    grpc::ServerContext*, const fwagent::v1::DeleteSetRequest* request,
    fwagent::v1::DeleteSetResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  response->set_generation(generation_);
  Sets sets = sets_;
  const auto found = sets.find(request->name());
  if (found == sets.end()) {
    return request->skip_satisfied() ? grpc::Status::OK
                                     : NoSuchSet(request->name());
  }
  *response->mutable_set() = found->second.info;
  sets.erase(found);
  response->set_generation(Commit(std::move(sets), request->validate_only()));
  SetConfirmBy(*request, response);
  return grpc::Status::OK;
}

grpc::Status FakeSetService::AddSetEntries(
    grpc::ServerContext*, const fwagent::v1::AddSetEntriesRequest* request,
    fwagent::v1::AddSetEntriesResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  Sets sets = sets_;
  const auto found = sets.find(request->name());
  if (found == sets.end()) return NoSuchSet(request->name());
  std::uint64_t added = 0;
  for (int i = 0; i < request->entries_size(); ++i) {
    const std::string& text = request->entries(i).prefix().text();
    if (text.find("bad") != std::string::npos) {
      return WithViolation(absl::StrCat("entries[", i, "].prefix.text"),
                           "is no prefix");
    }
    added += Put(Canonical(text), found->second.entries) ? 1 : 0;
  }
  response->set_added(added);
  response->set_changed(changed_);
  response->set_generation(Commit(std::move(sets), request->validate_only()));
  SetConfirmBy(*request, response);
  return grpc::Status::OK;
}

grpc::Status FakeSetService::RemoveSetEntries(
    grpc::ServerContext*, const fwagent::v1::RemoveSetEntriesRequest* request,
    fwagent::v1::RemoveSetEntriesResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  Sets sets = sets_;
  const auto found = sets.find(request->name());
  if (found == sets.end()) return NoSuchSet(request->name());
  std::vector<std::string>& entries = found->second.entries;
  std::uint64_t removed = request->all() ? entries.size() : 0;
  if (request->all()) entries.clear();
  for (int i = 0; i < request->prefixes_size(); ++i) {
    const std::string& text = request->prefixes(i).text();
    if (text.find("bad") != std::string::npos) {
      return WithViolation(absl::StrCat("prefixes[", i, "].text"),
                           "is no prefix");
    }
    const bool taken = Take(Canonical(text), entries);
    if (!taken && !request->skip_satisfied()) {
      return WithReason(grpc::StatusCode::NOT_FOUND,
                        absl::StrCat(text, " is not in the set"),
                        "ENTRY_NOT_FOUND");
    }
    removed += taken ? 1 : 0;
  }
  response->set_removed(removed);
  response->set_generation(Commit(std::move(sets), request->validate_only()));
  SetConfirmBy(*request, response);
  return grpc::Status::OK;
}

grpc::Status FakeSetService::ImportSet(
    grpc::ServerContext*,
    grpc::ServerReader<fwagent::v1::ImportSetRequest>* reader,
    fwagent::v1::ImportSetResponse* response) {
  fwagent::v1::ImportSetRequest part;
  if (!reader->Read(&part) || !part.has_header()) {
    return WithViolation("part", "must be the header at first");
  }
  const fwagent::v1::ImportHeader header = part.header();
  if (grpc::Status status = Begin(header); !status.ok()) return status;
  std::vector<std::string> entries;
  std::size_t parts = 0;
  while (reader->Read(&part) && part.has_prefixes()) {
    ++parts;
    Unpack(part.prefixes().ipv4(), AF_INET, 4, entries);
    Unpack(part.prefixes().ipv6(), AF_INET6, 16, entries);
  }
  if (part.part_case() != fwagent::v1::ImportSetRequest::kEntryCount ||
      part.entry_count() != entries.size()) {
    return WithViolation("entry_count", "is wrong");
  }
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  util::MutexLock lock(&mutex_);
  import_parts_ = parts;
  Sets sets = sets_;
  const auto [found, made] = sets.try_emplace(header.name());
  NamedSet& set = found->second;
  if (made) {
    set.info.set_name(header.name());
    set.info.set_action(header.action() == fwagent::v1::SET_ACTION_UNSPECIFIED
                            ? fwagent::v1::SET_ACTION_BLOCK
                            : header.action());
    set.info.set_comment(header.comment());
    if (header.has_default_ttl()) {
      *set.info.mutable_default_ttl() = header.default_ttl();
    }
  }
  std::vector<std::string> before = set.entries;
  std::uint64_t added = 0;
  for (const std::string& entry : entries) {
    added += Take(entry, before) ? 0 : 1;
    Put(entry, set.entries);
  }
  if (header.mode() == fwagent::v1::IMPORT_MODE_REPLACE) {
    response->set_removed(before.size());
    set.entries = std::move(entries);
  }
  response->set_added(added);
  response->set_changed(changed_);
  *response->mutable_set() = set.info;
  response->mutable_set()->set_size(set.entries.size());
  response->set_generation(Commit(std::move(sets), header.validate_only()));
  SetConfirmBy(header, response);
  return grpc::Status::OK;
}

grpc::Status FakeSetService::ListSets(
    grpc::ServerContext*, const fwagent::v1::ListSetsRequest* request,
    fwagent::v1::ListSetsResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  for (const auto& [name, set] : sets_) *response->add_sets() = set.info;
  return grpc::Status::OK;
}

grpc::Status FakeSetService::ListSetEntries(
    grpc::ServerContext*, const fwagent::v1::ListSetEntriesRequest* request,
    fwagent::v1::ListSetEntriesResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  const auto found = sets_.find(request->name());
  if (found == sets_.end()) return NoSuchSet(request->name());
  const std::vector<std::string>& entries = found->second.entries;
  std::size_t first = 0;
  if (!request->page_token().empty() &&
      !absl::SimpleAtoi(request->page_token(), &first)) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "bad page token"};
  }
  const std::size_t last = std::min(entries.size(), first + page_size_);
  for (std::size_t i = first; i < last; ++i) {
    auto* entry = response->add_entries();
    entry->mutable_prefix()->set_text(entries[i]);
    if (ends_at_) entry->mutable_expire_time()->set_seconds(*ends_at_);
  }
  if (last < entries.size()) response->set_next_page_token(absl::StrCat(last));
  if (repeat_pages_) response->set_next_page_token("0");
  response->set_total_size(entries.size());
  response->set_generation(generation_);
  return grpc::Status::OK;
}

grpc::Status FakeSetService::FindInSets(
    grpc::ServerContext*, const fwagent::v1::FindInSetsRequest* request,
    fwagent::v1::FindInSetsResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  const std::string wanted = Canonical(request->prefix().text());
  for (const auto& [name, set] : sets_) {
    if (!std::binary_search(set.entries.begin(), set.entries.end(), wanted)) {
      continue;
    }
    auto* hit = response->add_hits();
    *hit->mutable_set() = set.info;
    hit->mutable_entry()->mutable_prefix()->set_text(wanted);
    if (ends_at_) {
      hit->mutable_entry()->mutable_expire_time()->set_seconds(*ends_at_);
    }
  }
  return grpc::Status::OK;
}

}  // namespace fwagent::testing
