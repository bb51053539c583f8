#include "pdarts/trainers/libtorch_errors.h"

#include <exception>
#include <new>

#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"

namespace pdarts {

absl::Status StatusOfException() {
  try {
    throw;
  } catch (const c10::Error& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the memory is used up");
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  } catch (...) {
    return absl::InternalError("an exception without a text was thrown");
  }
}

}  // namespace pdarts
