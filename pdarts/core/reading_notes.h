#ifndef PDARTS_CORE_READING_NOTES_H_
#define PDARTS_CORE_READING_NOTES_H_

#include <string>
#include <utility>
#include <vector>

namespace pdarts {

/// Collects notes of readers on this thread about how they interpreted an input, while the object
/// lives. If several objects live, the newest one collects.
class ReadingNotes {
 public:
  ReadingNotes() : before_(Newest()) { Newest() = this; }
  ~ReadingNotes() { Newest() = before_; }
  ReadingNotes(const ReadingNotes&) = delete;
  ReadingNotes& operator=(const ReadingNotes&) = delete;

  /// Called by readers: adds a note to the newest living object; does nothing if there is none.
  static void Add(std::string note) {
    if (Newest() != nullptr) Newest()->notes_.push_back(std::move(note));
  }

  const std::vector<std::string>& notes() const { return notes_; }

 private:
  static ReadingNotes*& Newest() {
    static thread_local ReadingNotes* newest = nullptr;
    return newest;
  }

  ReadingNotes* const before_;
  std::vector<std::string> notes_;
};

}  // namespace pdarts

#endif  // PDARTS_CORE_READING_NOTES_H_
