// How the program gets its memory, and gives it back.
#ifndef FWAGENT_AGENT_UTIL_MEMORY_H_
#define FWAGENT_AGENT_UTIL_MEMORY_H_

namespace fwagent::util {

// Begins the program anew where the C library's allocator is set otherwise than
// work on a million things wants it: one heap, in large pages, which halves the
// time of that. glibc reads such settings before main and from the environment
// alone (GLIBC_TUNABLES); those of the environment are left as they are.
// Returns where nothing is to be set, or it cannot be. Takes the arguments of
// main, before anything is open.
void BeginWithLargePages(char* const* argv);

// Gives the pages that nothing lies in back to the kernel, which the allocator
// does not do by itself where something is left behind them. Takes some
// milliseconds: for after work on a million things.
void ReturnFreeMemory();

}  // namespace fwagent::util

#endif  // FWAGENT_AGENT_UTIL_MEMORY_H_
