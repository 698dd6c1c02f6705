// An agent without a packet filter, for tests of its clients.
#ifndef FWAGENT_TESTS_SUPPORT_FAKE_FIREWALL_SERVICE_H_
#define FWAGENT_TESTS_SUPPORT_FAKE_FIREWALL_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/notification.h"
#include "agent/util/mutex.h"
#include "fwagent/v1/firewall_service.grpc.pb.h"

namespace fwagent::testing {

// A refusal as the real agent makes it, with google.rpc.ErrorInfo.
grpc::Status WithReason(grpc::StatusCode code, const std::string& message,
                        const std::string& reason);

// One that names a field.
grpc::Status WithViolation(const std::string& field,
                           const std::string& description);

// Until when a change is to be confirmed, if it is; the fakes' clock stands
// still, at that of FwctlRunner.
template <typename Request, typename Response>
void SetConfirmBy(const Request& request, Response* response) {
  if (!request.has_confirm_within()) return;
  response->mutable_confirm_by()->set_seconds(
      1'700'000'000 + request.confirm_within().seconds());
}

// Keeps rules in memory and judges none of their contents; answers as the
// protocol says when a rule is, or is not, there. Thread-safe.
class FakeFirewallService final : public fwagent::v1::FirewallService::Service {
 public:
  // --- For the test ---

  // The next call of any kind ends with this instead.
  void FailNext(const grpc::Status& status);
  // From now on no call is answered, until Release.
  void Hang();
  void Release();

  void AddRule(const fwagent::v1::Rule& rule);
  void SetPageSize(std::size_t rules);
  // Every page now names itself as the next one.
  void RepeatPages();
  void SetStatus(const fwagent::v1::GetStatusResponse& status);
  // What ListHistory answers with, as many as are asked for; the newest first.
  void SetHistory(std::vector<fwagent::v1::Generation> generations);
  // What Explain answers with.
  void SetExplanation(const fwagent::v1::ExplainResponse& explanation);
  // GetStats answers with these in turn, then with the last one for good.
  void SetStats(const std::vector<fwagent::v1::GetStatsResponse>& samples);

  // The last request, on one line, as in `interfaces: "eth0"`.
  std::string LastRequest() const;
  std::size_t CallCount() const;

  // --- The protocol ---

  grpc::Status BlockIP(grpc::ServerContext* context,
                       const fwagent::v1::BlockIPRequest* request,
                       fwagent::v1::BlockIPResponse* response) override;
  grpc::Status UnblockIP(grpc::ServerContext* context,
                         const fwagent::v1::UnblockIPRequest* request,
                         fwagent::v1::UnblockIPResponse* response) override;
  grpc::Status AllowIP(grpc::ServerContext* context,
                       const fwagent::v1::AllowIPRequest* request,
                       fwagent::v1::AllowIPResponse* response) override;
  grpc::Status UnallowIP(grpc::ServerContext* context,
                         const fwagent::v1::UnallowIPRequest* request,
                         fwagent::v1::UnallowIPResponse* response) override;
  grpc::Status BlockPort(grpc::ServerContext* context,
                         const fwagent::v1::BlockPortRequest* request,
                         fwagent::v1::BlockPortResponse* response) override;
  grpc::Status UnblockPort(grpc::ServerContext* context,
                           const fwagent::v1::UnblockPortRequest* request,
                           fwagent::v1::UnblockPortResponse* response) override;
  grpc::Status ChangeSources(
      grpc::ServerContext* context,
      const fwagent::v1::ChangeSourcesRequest* request,
      fwagent::v1::ChangeSourcesResponse* response) override;
  grpc::Status ListRules(grpc::ServerContext* context,
                         const fwagent::v1::ListRulesRequest* request,
                         fwagent::v1::ListRulesResponse* response) override;
  grpc::Status ListHistory(grpc::ServerContext* context,
                           const fwagent::v1::ListHistoryRequest* request,
                           fwagent::v1::ListHistoryResponse* response) override;
  // To one that the history has; takes away all rules.
  grpc::Status Rollback(grpc::ServerContext* context,
                        const fwagent::v1::RollbackRequest* request,
                        fwagent::v1::RollbackResponse* response) override;
  // Of what SetStatus said.
  grpc::Status Confirm(grpc::ServerContext* context,
                       const fwagent::v1::ConfirmRequest* request,
                       fwagent::v1::ConfirmResponse* response) override;
  grpc::Status GetStats(grpc::ServerContext* context,
                        const fwagent::v1::GetStatsRequest* request,
                        fwagent::v1::GetStatsResponse* response) override;
  grpc::Status Explain(grpc::ServerContext* context,
                       const fwagent::v1::ExplainRequest* request,
                       fwagent::v1::ExplainResponse* response) override;
  grpc::Status GetStatus(grpc::ServerContext* context,
                         const fwagent::v1::GetStatusRequest* request,
                         fwagent::v1::GetStatusResponse* response) override;
  grpc::Status Attach(grpc::ServerContext* context,
                      const fwagent::v1::AttachRequest* request,
                      fwagent::v1::AttachResponse* response) override;
  grpc::Status Detach(grpc::ServerContext* context,
                      const fwagent::v1::DetachRequest* request,
                      fwagent::v1::DetachResponse* response) override;
  // Brings back the rules that there are.
  grpc::Status Recover(grpc::ServerContext* context,
                       const fwagent::v1::RecoverRequest* request,
                       fwagent::v1::RecoverResponse* response) override;

 private:
  // Pointers into status_, those named or, when none is, all.
  template <typename Request>
  std::vector<fwagent::v1::InterfaceStatus*> Chosen(const Request& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What every call does first: notes the request, hangs, fails.
  grpc::Status Begin(const google::protobuf::Message& request);
  template <typename Response>
  grpc::Status Add(fwagent::v1::Rule rule, bool validate_only, bool renew,
                   Response* response);
  template <typename Response>
  grpc::Status Remove(const fwagent::v1::Rule& wanted, bool all_owners,
                      bool validate_only, Response* response);
  template <typename Request, typename Response>
  grpc::Status AddFor(const Request& request, fwagent::v1::Rule rule,
                      Response* response);
  template <typename Request, typename Response>
  grpc::Status RemoveFor(const Request& request, fwagent::v1::Rule rule,
                         Response* response);

  mutable util::Mutex mutex_;
  absl::Notification released_;
  bool hang_ ABSL_GUARDED_BY(mutex_) = false;
  bool repeat_pages_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> next_failure_ ABSL_GUARDED_BY(mutex_);
  std::string last_request_ ABSL_GUARDED_BY(mutex_);
  std::size_t call_count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t page_size_ ABSL_GUARDED_BY(mutex_) = 1000;
  std::uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<fwagent::v1::Rule> rules_ ABSL_GUARDED_BY(mutex_);
  std::vector<fwagent::v1::Generation> history_ ABSL_GUARDED_BY(mutex_);
  fwagent::v1::GetStatusResponse status_ ABSL_GUARDED_BY(mutex_);
  fwagent::v1::ExplainResponse explanation_ ABSL_GUARDED_BY(mutex_);
  std::vector<fwagent::v1::GetStatsResponse> samples_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FAKE_FIREWALL_SERVICE_H_
