#include "pdarts/report/pictures.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/images/format.h"
#include "pdarts/runs/run_directory.h"

namespace pdarts {
namespace {

/// The table shows numbers of images if there are at most this number of classes.
constexpr size_t kMostNumberedClasses = 20;

/// No value if there is no such file.
template <class Message>
absl::StatusOr<std::optional<Message>> IfThere(absl::StatusOr<Message> message) {
  if (absl::IsNotFound(message.status())) return std::optional<Message>();
  if (!message.ok()) return message.status();
  return std::optional<Message>(*std::move(message));
}

std::string FileOf(const std::string& run, const std::string& name) {
  return (std::filesystem::path(run) / name).string();
}

/// where: the place of the image, for the error.
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
  return Element(Tag::kImg, {JpegSource(picture.jpeg()), {Attr::kAlt, in_words}});
}

/// A table cell is darker if `share` is greater. The square root makes small shares visible.
HtmlAttribute ShadeOf(double share) { return Shade(std::sqrt(share)); }

Html Legend() {
  Html cells;
  for (const double percent : {1, 5, 20, 50, 100}) {
    cells.Append(Element(Tag::kTd, {ShadeOf(percent / 100)}, percent, " %"));
  }
  return Block(Tag::kTable, {{Attr::kClass, "heat"}},
               Element(Tag::kCaption, "Share of the images of a true class"),
               Element(Tag::kTbody, Element(Tag::kTr, cells)));
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
    figures.Append(Block(Tag::kFigure, {{Attr::kTitle, picture.source()}},
                         Image(picture, absl::StrCat("An image of ", picture.class_name())),
                         Element(Tag::kFigcaption, picture.class_name())));
  }
  return HtmlCat(
      Block(Tag::kP, "The first images of the first epoch as the network is given them, after all ",
            "transforms and without the normalization. Small images are enlarged, large ones ",
            "are shrunk."),
      Block(Tag::kDiv, {{Attr::kClass, "pictures"}}, "\n", figures));
}

Html ConfusionMatrix(const TestMistakes& mistakes, const std::vector<std::string>& class_names) {
  const bool has_numbers = class_names.size() <= kMostNumberedClasses;
  Html head = Element(Tag::kTh, {{Attr::kScope, "col"}}, "true class");
  for (const std::string& name : class_names) {
    head.Append(Element(Tag::kTh, {{Attr::kScope, "col"}},
                        Element(Tag::kSpan, {{Attr::kClass, "upright"}}, name)));
  }
  Html rows;
  for (int c = 0; c < mistakes.confusion_size(); ++c) {
    const auto& counts = mistakes.confusion(c).counts();
    const double images = std::accumulate(counts.begin(), counts.end(), 0.0);
    Html cells = HtmlRowHead(class_names[c]);
    for (int predicted_class = 0; predicted_class < counts.size(); ++predicted_class) {
      if (counts[predicted_class] == 0) {
        cells.Append(Element(Tag::kTd));
        continue;
      }
      cells.Append(Element(Tag::kTd,
                           {ShadeOf(counts[predicted_class] / images),
                            {Attr::kTitle, absl::StrCat(class_names[c], ", predicted class ",
                                                        class_names[predicted_class])}},
                           Number(counts[predicted_class], 0)));
    }
    rows.Append(Block(Tag::kTr, cells));
  }
  return HtmlCat(
      Block(Tag::kP, "On the test images after epoch ", mistakes.epoch(),
            ": a row for each true class, a column for each predicted class."),
      Legend(),
      HtmlScrolling(
          "Predicted classes of every class",
          Block(Tag::kTable,
                {{Attr::kClass, has_numbers ? "heat confusion" : "heat confusion many"}},
                Element(Tag::kThead, Element(Tag::kTr, head)), Element(Tag::kTbody, "\n", rows))));
}

Html MistakePictures(const TestMistakes& mistakes) {
  const std::string after = absl::StrCat("On the test images after epoch ", mistakes.epoch());
  if (mistakes.images_size() == 0) {
    return Block(Tag::kP, after, ", every predicted class is correct.");
  }
  Html figures;
  for (const MistakenImage& image : mistakes.images()) {
    const Picture& picture = image.picture();
    const std::string classes =
        absl::StrCat(picture.class_name(), ", predicted class ", image.taken_for());
    const Html predicted_class =
        Element(Tag::kSpan, classes, " (", Number(100 * image.probability(), 1), " %)");
    figures.Append(Block(Tag::kFigure, Image(picture, classes),
                         Element(Tag::kFigcaption, predicted_class,
                                 Element(Tag::kSpan, {{Attr::kClass, "soft"}}, picture.source()))));
  }
  return HtmlCat(Block(Tag::kP, after,
                       ": the wrong predicted classes that the network gave the highest "
                       "probabilities, as it was ",
                       "given the images. An image whose label is wrong is often among them."),
                 Block(Tag::kDiv, {{Attr::kClass, "pictures"}}, "\n", figures));
}

}  // namespace pdarts
