// What libbpf and the kernel's verifier have to say, kept for error messages.
#ifndef FWAGENT_AGENT_DATAPLANE_LIBBPF_LOG_H_
#define FWAGENT_AGENT_DATAPLANE_LIBBPF_LOG_H_

#include <string>

namespace fwagent::dataplane {

// Sends libbpf's own output to the debug log instead of standard error, for
// the whole process. Calling it again is harmless.
void RouteLibbpfLog();

// Collects what libbpf warns of on this thread while the object lives.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  // The last lines that carry information, as one line; empty when libbpf was
  // silent.
  std::string LastLines() const;

  void Append(const std::string& text) { text_ += text; }

 private:
  std::string text_;
  LibbpfLog* const outer_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_LIBBPF_LOG_H_
