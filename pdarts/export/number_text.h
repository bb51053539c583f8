#ifndef PDARTS_EXPORT_NUMBER_TEXT_H_
#define PDARTS_EXPORT_NUMBER_TEXT_H_

#include <charconv>
#include <string>
#include <vector>

namespace pdarts {

/// The shortest text that JSON and Python read as this number. The number must be finite.
inline std::string NumberText(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), number).ptr};
}

/// The texts of several numbers.
inline std::vector<std::string> NumberTexts(const std::vector<double>& numbers) {
  std::vector<std::string> texts;
  for (const double number : numbers) texts.push_back(NumberText(number));
  return texts;
}

}  // namespace pdarts

#endif  // PDARTS_EXPORT_NUMBER_TEXT_H_
