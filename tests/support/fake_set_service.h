// The sets of an agent without a packet filter, for tests of its clients.
#ifndef FWAGENT_TESTS_SUPPORT_FAKE_SET_SERVICE_H_
#define FWAGENT_TESTS_SUPPORT_FAKE_SET_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "agent/util/mutex.h"
#include "fwagent/v1/set_service.grpc.pb.h"

namespace fwagent::testing {

// Keeps sets in memory and judges none of their contents, but that it refuses
// entries with "bad" in them; answers as the protocol says when a set or an
// entry is, or is not, there. Thread-safe.
class FakeSetService final : public fwagent::v1::SetService::Service {
 public:
  // --- For the test ---

  // The next call of any kind ends with this instead.
  void FailNext(const grpc::Status& status);
  void SetPageSize(std::size_t entries);
  // Every page of entries now names itself as the next one.
  void RepeatPages();

  // Every entry ends then, in answers, by the seconds since 1970.
  void EndEntries(std::int64_t at);
  // How many entries an import or addition says that it redated.
  void SetChanged(std::uint64_t count);

  // The last request, or header of an import, on one line.
  std::string LastRequest() const;
  std::size_t CallCount() const;
  // Of the last import: how many parts came between header and end.
  std::size_t ImportParts() const;

  // --- The protocol ---

  grpc::Status CreateSet(grpc::ServerContext* context,
                         const fwagent::v1::CreateSetRequest* request,
                         fwagent::v1::CreateSetResponse* response) override;
  grpc::Status UpdateSet(grpc::ServerContext* context,
                         const fwagent::v1::UpdateSetRequest* request,
                         fwagent::v1::UpdateSetResponse* response) override;
  grpc::Status DeleteSet(grpc::ServerContext* context,
                         const fwagent::v1::DeleteSetRequest* request,
                         fwagent::v1::DeleteSetResponse* response) override;
  grpc::Status AddSetEntries(
      grpc::ServerContext* context,
      const fwagent::v1::AddSetEntriesRequest* request,
      fwagent::v1::AddSetEntriesResponse* response) override;
  grpc::Status RemoveSetEntries(
      grpc::ServerContext* context,
      const fwagent::v1::RemoveSetEntriesRequest* request,
      fwagent::v1::RemoveSetEntriesResponse* response) override;
  grpc::Status ImportSet(
      grpc::ServerContext* context,
      grpc::ServerReader<fwagent::v1::ImportSetRequest>* reader,
      fwagent::v1::ImportSetResponse* response) override;
  grpc::Status ListSets(grpc::ServerContext* context,
                        const fwagent::v1::ListSetsRequest* request,
                        fwagent::v1::ListSetsResponse* response) override;
  grpc::Status ListSetEntries(
      grpc::ServerContext* context,
      const fwagent::v1::ListSetEntriesRequest* request,
      fwagent::v1::ListSetEntriesResponse* response) override;
  // Finds entries of the very same text alone.
  grpc::Status FindInSets(grpc::ServerContext* context,
                          const fwagent::v1::FindInSetsRequest* request,
                          fwagent::v1::FindInSetsResponse* response) override;

 private:
  struct NamedSet {
    fwagent::v1::Set info;
    std::vector<std::string> entries;  // sorted, as text
  };
  using Sets = std::map<std::string, NamedSet>;

  // What every call does first: notes the request, fails.
  grpc::Status Begin(const google::protobuf::Message& request);
  // Puts changed sets in force unless they are only tried; the generation.
  std::uint64_t Commit(Sets changed, bool validate_only)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable util::Mutex mutex_;
  std::optional<grpc::Status> next_failure_ ABSL_GUARDED_BY(mutex_);
  std::string last_request_ ABSL_GUARDED_BY(mutex_);
  std::size_t call_count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t import_parts_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t page_size_ ABSL_GUARDED_BY(mutex_) = 1000;
  bool repeat_pages_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<std::int64_t> ends_at_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t changed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  Sets sets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FAKE_SET_SERVICE_H_
