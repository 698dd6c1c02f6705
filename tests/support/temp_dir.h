// A folder for one test.
#ifndef FWAGENT_TESTS_SUPPORT_TEMP_DIR_H_
#define FWAGENT_TESTS_SUPPORT_TEMP_DIR_H_

#include <string>

namespace fwagent::testing {

// Makes an empty folder with a unique name, and removes it with everything in
// it. Aborts the test program when it cannot be made.
class TempDir {
 public:
  // Inside `parent`; by default where the environment wants temporary files.
  TempDir();
  explicit TempDir(const std::string& parent);
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  // The path of something inside.
  std::string operator/(const std::string& name) const {
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_TEMP_DIR_H_
