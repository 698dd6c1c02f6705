// How far a long command is, on a terminal.
#ifndef FWAGENT_CLIENT_PROGRESS_H_
#define FWAGENT_CLIENT_PROGRESS_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>

#include "absl/time/time.h"

namespace fwagent::client {

// "sending    [########............]  40%", and without a bar where the total
// is 0.
std::string ProgressText(const std::string& phase, std::uint64_t done,
                         std::uint64_t total);

// One line, which is drawn anew a few times a second and goes at the end. A
// command that takes less than the delay shows nothing.
class Progress {
 public:
  // Null: nothing is ever shown. The stream must outlive this, and is written
  // to by nobody else meanwhile.
  Progress(std::ostream* terminal, absl::Duration delay);
  ~Progress();

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Begin(const std::string& phase, std::uint64_t total = 0);
  void Advance(std::uint64_t by);

 private:
  void Run();

  std::ostream* const terminal_;
  const absl::Duration delay_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool at_end_ = false;
  std::string phase_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::thread thread_;
};

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_PROGRESS_H_
