#include "agent/util/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace fwagent::util {

void BeginWithLargePages(char* const* argv) {
  constexpr char kName[] = "GLIBC_TUNABLES";
  // In the heaps of other threads the allocator asks the kernel for each page
  // by itself. Where large pages are forbidden, "hugetlb" says nothing.
  constexpr char kSettings[] =
      "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1";
  if (getenv(kName) != nullptr) return;
  // With capabilities of its file the program is not given them, and would
  // begin anew for ever.
  if (getauxval(AT_SECURE) != 0) return;
  std::error_code error;
  // By its own name: under that of the link the process would be called "exe".
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error || setenv(kName, kSettings, 0) != 0) return;
  execv(program.c_str(), argv);
  unsetenv(kName);
}

void ReturnFreeMemory() { malloc_trim(0); }

}  // namespace fwagent::util
