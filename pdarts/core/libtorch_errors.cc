#include "pdarts/core/libtorch_errors.h"

#include <exception>
#include <new>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"
#include "pdarts/core/communication_error.h"

namespace pdarts {

absl::Status StatusOfException() {
  try {
    throw;
  } catch (const CommunicationError& error) {
    return error.status();
  } catch (const c10::Error& error) {
    const char* text = error.what_without_backtrace();
    // LibTorch's allocator for the CPU throws no exception type of its own.
    if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
        absl::StrContains(text, "DefaultCPUAllocator: can't allocate memory")) {
      return absl::ResourceExhaustedError(absl::StrCat("out of memory: ", text));
    }
    return absl::InternalError(absl::StrCat("LibTorch: ", text));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  } catch (...) {
    return absl::InternalError("an exception without a text was thrown");
  }
}

}  // namespace pdarts
