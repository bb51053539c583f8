#include "pdarts/runs/run_images.h"

#include "ATen/core/Tensor.h"
#include "pdarts/images/thumbnail.h"

namespace pdarts {
namespace {

/// `pixels` has the shape `[C,H,W]` and the type uint8.
Picture MakePicture(const at::Tensor& pixels, int64_t index, const SampleSource& source,
                    const std::vector<std::string>& class_names) {
  Picture picture;
  picture.set_jpeg(images::EncodeThumbnail(pixels));
  picture.set_source(source.Name(index));
  picture.set_class_name(class_names[source.labels()[index].item<int64_t>()]);
  return picture;
}

}  // namespace

TrainingSamples DescribeSamples(const BatchPixels& images, const SampleSource& source,
                                const std::vector<std::string>& class_names) {
  TrainingSamples samples;
  for (int64_t i = 0; i < images.indices.size(0); ++i) {
    *samples.add_pictures() =
        MakePicture(images.pixels[i], images.indices[i].item<int64_t>(), source, class_names);
  }
  return samples;
}

TestMistakes DescribeMistakes(int epoch, const Evaluation& evaluation, const SampleSource& source,
                              const std::vector<std::string>& class_names) {
  TestMistakes mistakes;
  mistakes.set_epoch(epoch);
  if (class_names.size() <= kMostConfusionClasses) {
    AddConfusion(
        CountPredictedClasses(source.labels(), evaluation.predicted_classes, class_names.size()),
        mistakes.mutable_confusion());
  }
  for (const ConfidentMistake& mistake : evaluation.mistakes) {
    MistakenImage* const image = mistakes.add_images();
    *image->mutable_picture() = MakePicture(mistake.pixels, mistake.image, source, class_names);
    image->set_taken_for(class_names[mistake.predicted_class]);
    image->set_probability(mistake.probability);
  }
  return mistakes;
}

void AddConfusion(const std::vector<std::map<int64_t, int64_t>>& counts,
                  google::protobuf::RepeatedPtrField<ConfusionRow>* rows) {
  for (const std::map<int64_t, int64_t>& of_class : counts) {
    ConfusionRow* const row = rows->Add();
    row->mutable_counts()->Resize(static_cast<int>(counts.size()), 0);
    for (const auto& [predicted_class, count] : of_class) {
      row->set_counts(static_cast<int>(predicted_class), static_cast<double>(count));
    }
  }
}

}  // namespace pdarts
