#include "pdarts/report/pictures.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/images/format.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

/// The table shows numbers of images for up to so many classes.
constexpr size_t kMostNumberedClasses = 20;

/// Unset where there is no such file.
template <class Message>
absl::StatusOr<std::optional<Message>> IfThere(absl::StatusOr<Message> message) {
  if (absl::IsNotFound(message.status())) return std::optional<Message>();
  if (!message.ok()) return message.status();
  return std::optional<Message>(*std::move(message));
}

std::string FileOf(const std::string& run, const std::string& name) {
  return (std::filesystem::path(run) / name).string();
}

/// where: of the picture, for the error.
absl::Status CheckPicture(const Picture& picture, const std::string& where) {
  if (images::FindContent(picture.jpeg()).format == images::Format::kJpeg) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(where, ": jpeg holds no JPEG file"));
}

/// Whether there is no matrix, or a square one of numbers of images.
bool HasSoundMatrix(const TestMistakes& mistakes, size_t classes) {
  const auto& rows = mistakes.confusion();
  if (rows.empty()) return true;
  return static_cast<size_t>(rows.size()) == classes &&
         std::all_of(rows.begin(), rows.end(), [&](const ConfusionRow& row) {
           return static_cast<size_t>(row.counts_size()) == classes &&
                  std::all_of(row.counts().begin(), row.counts().end(),
                              [](double count) { return count >= 0; });
         });
}

Html Image(const Picture& picture, absl::string_view in_words) {
  return HtmlCat("<img src=\"data:image/jpeg;base64,"_html, absl::Base64Escape(picture.jpeg()),
                 "\" alt=\""_html, in_words, "\">"_html);
}

/// A table cell that is the darker the greater `share` is, up to its closing bracket. The square
/// root makes small shares visible.
Html ShadedCell(double share) {
  return HtmlCat("<td style=\"--p:"_html, Number(std::sqrt(share), 3), "\""_html);
}

Html Legend() {
  Html cells;
  for (const double percent : {1, 5, 20, 50, 100}) {
    cells.Append(HtmlCat(ShadedCell(percent / 100), ">"_html, percent, " %</td>"_html));
  }
  return HtmlCat(
      "<table class=\"heat\"><caption>Share of the images of a true class</caption>"_html,
      "<tbody><tr>"_html, cells, "</tr></tbody></table>\n"_html);
}

}  // namespace

absl::StatusOr<std::optional<TrainingSamples>> FindSamples(const std::string& run) {
  PDARTS_ASSIGN_OR_RETURN(std::optional<TrainingSamples> samples,
                          IfThere(ReadTrainingSamples(run)));
  for (int i = 0; samples && i < samples->pictures_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(CheckPicture(
        samples->pictures(i), absl::StrCat(FileOf(run, "samples.json"), ": pictures[", i, "]")));
  }
  return samples;
}

absl::StatusOr<std::optional<TestMistakes>> FindMistakes(const std::string& run, size_t classes) {
  PDARTS_ASSIGN_OR_RETURN(std::optional<TestMistakes> mistakes, IfThere(ReadTestMistakes(run)));
  if (!mistakes) return mistakes;
  const std::string file = FileOf(run, "mistakes.json");
  if (!HasSoundMatrix(*mistakes, classes)) {
    return absl::DataLossError(absl::StrCat(
        file, ": confusion: expected a row for each of the ", classes,
        " classes that the log names, with a number of images for each of the classes"));
  }
  for (int i = 0; i < mistakes->images_size(); ++i) {
    PDARTS_RETURN_IF_ERROR(CheckPicture(mistakes->images(i).picture(),
                                        absl::StrCat(file, ": images[", i, "].picture")));
  }
  return mistakes;
}

Html SamplePictures(const TrainingSamples& samples) {
  Html figures;
  for (const Picture& picture : samples.pictures()) {
    figures.Append(HtmlCat("<figure title=\""_html, picture.source(), "\">"_html,
                           Image(picture, absl::StrCat("An image of ", picture.class_name())),
                           "<figcaption>"_html, picture.class_name(),
                           "</figcaption></figure>\n"_html));
  }
  return HtmlCat("<p>The first images of the first epoch as the network is given them, after all ",
                 "transforms and without the normalization. Small images are enlarged, large ones ",
                 "are shrunk.</p>\n"_html, "<div class=\"pictures\">\n"_html, figures,
                 "</div>\n"_html);
}

Html ConfusionMatrix(const TestMistakes& mistakes, const std::vector<std::string>& class_names) {
  const bool has_numbers = class_names.size() <= kMostNumberedClasses;
  Html head = "<th scope=\"col\">true class</th>"_html;
  for (const std::string& name : class_names) {
    head.Append(
        HtmlCat("<th scope=\"col\"><span class=\"upright\">"_html, name, "</span></th>"_html));
  }
  Html rows;
  for (int c = 0; c < mistakes.confusion_size(); ++c) {
    const auto& counts = mistakes.confusion(c).counts();
    const double images = std::accumulate(counts.begin(), counts.end(), 0.0);
    rows.Append(HtmlCat("<tr><th scope=\"row\">"_html, class_names[c], "</th>"_html));
    for (int guess = 0; guess < counts.size(); ++guess) {
      if (counts[guess] == 0) {
        rows.Append("<td></td>"_html);
        continue;
      }
      rows.Append(HtmlCat(ShadedCell(counts[guess] / images), " title=\""_html, class_names[c],
                          " taken for ", class_names[guess], "\">"_html, Number(counts[guess], 0),
                          "</td>"_html));
    }
    rows.Append("</tr>\n"_html);
  }
  return HtmlCat(
      "<p>On the test images after epoch "_html, mistakes.epoch(),
      ": a row for each true class, a column for each class that its images were taken for.",
      "</p>\n"_html, Legend(),
      HtmlScrolling("What each class was taken for",
                    HtmlCat("<table class=\"heat confusion"_html, has_numbers ? "" : " many",
                            "\"><thead><tr>"_html, head, "</tr></thead><tbody>\n"_html, rows,
                            "</tbody></table>\n"_html)));
}

Html MistakePictures(const TestMistakes& mistakes) {
  const Html after = HtmlCat("<p>On the test images after epoch "_html, mistakes.epoch());
  if (mistakes.images_size() == 0) {
    return HtmlCat(after, ", none was taken for another class.</p>\n"_html);
  }
  Html figures;
  for (const MistakenImage& image : mistakes.images()) {
    const Picture& picture = image.picture();
    const std::string classes =
        absl::StrCat(picture.class_name(), ", taken for ", image.taken_for());
    figures.Append(HtmlCat("<figure>"_html, Image(picture, classes), "<figcaption><span>"_html,
                           classes, " ("_html, Number(100 * image.probability(), 1),
                           " %)</span><span class=\"soft\">"_html, picture.source(),
                           "</span></figcaption></figure>\n"_html));
  }
  return HtmlCat(after,
                 ": the wrong guesses that the network gave the highest probabilities, as it was ",
                 "given the images. An image whose label is wrong often stands here.</p>\n"_html,
                 "<div class=\"pictures\">\n"_html, figures, "</div>\n"_html);
}

}  // namespace pdarts
