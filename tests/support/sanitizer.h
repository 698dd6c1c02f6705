// What tests know of the sanitizer that they were built with.
#ifndef FWAGENT_TESTS_SUPPORT_SANITIZER_H_
#define FWAGENT_TESTS_SUPPORT_SANITIZER_H_

namespace fwagent::testing {

// Tests that do much at random do it so many times less often: sanitizers take
// ten times as long for each.
#if defined(__has_feature)  // clang's way to say it
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define FW_SANITIZED
#endif
#endif
#if defined(__SANITIZE_THREAD__) || \
    defined(__SANITIZE_ADDRESS__)  // that of g++
#define FW_SANITIZED
#endif

#ifdef FW_SANITIZED
inline constexpr int kFewer = 5;
#else
inline constexpr int kFewer = 1;
#endif

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_SANITIZER_H_
