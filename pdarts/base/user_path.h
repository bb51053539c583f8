#ifndef PDARTS_BASE_USER_PATH_H_
#define PDARTS_BASE_USER_PATH_H_

#include <filesystem>
#include <string>

namespace pdarts {

/// The absolute path of a path that is relative to the folder in which the user typed the command.
inline std::string UserPath(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace pdarts

#endif  // PDARTS_BASE_USER_PATH_H_
