// A corner of the BPF file system for one test.
#ifndef FWAGENT_TESTS_SUPPORT_PIN_ROOT_H_
#define FWAGENT_TESTS_SUPPORT_PIN_ROOT_H_

#include <string>

namespace fwagent::testing {

// A folder of the BPF file system that goes, with every pin in it. Aborts the
// test program when it cannot be made.
class PinRoot {
 public:
  PinRoot();
  ~PinRoot();
  PinRoot(const PinRoot&) = delete;
  PinRoot& operator=(const PinRoot&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_PIN_ROOT_H_
