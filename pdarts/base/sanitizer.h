#ifndef PDARTS_BASE_SANITIZER_H_
#define PDARTS_BASE_SANITIZER_H_

namespace pdarts {

/// Whether this is a build for AddressSanitizer or ThreadSanitizer. Both map terabytes of address
/// space, and end the program if an allocation fails.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kUnderSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kUnderSanitizer =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool kUnderSanitizer = false;
#endif

}  // namespace pdarts

#endif  // PDARTS_BASE_SANITIZER_H_
