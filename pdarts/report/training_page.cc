#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/report/page.h"
#include "pdarts/report/pictures.h"
#include "pdarts/runs/search_decision.h"
#include "pdarts/runs/training_row.h"

namespace pdarts {
namespace {

// Numbers of colors. The charts use the colors of the operations too.
constexpr int kBlue = 4, kOrange = 1, kPurple = 6;

Html Tiles(const TrainingFiles& run) {
  std::vector<Html> tiles;
  if (!run.result && !run.epochs.empty()) {
    const TrainEvent& e = run.epochs.back();
    tiles.push_back(HtmlTile("not finished",
                             absl::StrCat("epoch ", e.epoch(), "/", run.spec.train().epochs())));
    tiles.push_back(HtmlTile("time so far", Measured(DurationText(e.elapsed_s()))));
  }
  if (!run.epochs.empty()) {
    const TrainEvent& e = run.epochs.back();
    tiles.push_back(HtmlTile(absl::StrCat("test top-1 after epoch ", e.epoch()),
                             Number(e.test_top1(), 2) + " %"));
    tiles.push_back(HtmlTile("chance", Number(ChanceTop1(run.classes), 2) + " %"));
    if (HasTop5(run.classes)) {
      tiles.push_back(HtmlTile("test top-5", Number(e.test_top5(), 2) + " %"));
    }
  }
  if (run.result) {
    const TrainResult& r = *run.result;
    for (const Html& tile :
         {HtmlTile(absl::StrCat("best epoch (", r.best_epoch(), "), chosen by the test images"),
                   Number(r.best_test_top1(), 2) + " %"),
          HtmlTile("parameters", Number(r.params() / 1e6, 2) + " M"),
          HtmlTile("multiply-adds", Number(r.macs() / 1e9, 3) + " G"),
          HtmlTile("training time", Measured(DurationText(r.seconds()))),
          HtmlTile("peak memory", Measured(Number(r.mem_gb(), 2) + " GB"))}) {
      tiles.push_back(tile);
    }
  }
  return HtmlTiles(tiles);
}

using EpochNumber = double (TrainEvent::*)() const;

void AddEpochs(const TrainingFiles& run, absl::string_view name, int color, EpochNumber number,
               Chart* chart) {
  std::vector<double> values;
  for (const TrainEvent& epoch : run.epochs) values.push_back((epoch.*number)());
  AddLine(name, color, values, chart);
}

Html EpochTable(const TrainingFiles& run) {
  std::vector<std::vector<HtmlValue>> rows;
  for (const TrainEvent& e : run.epochs) {
    rows.push_back({absl::StrCat(e.epoch()), Number(e.train_loss(), 4), Number(e.train_top1(), 2),
                    Number(e.test_loss(), 4), Number(e.test_top1(), 2),
                    Number(e.learning_rate(), 5), Number(e.drop_path(), 3),
                    Measured(Number(e.seconds(), 1)), Measured(Number(e.images_per_second(), 0)),
                    Measured(Number(e.peak_memory_mb(), 0))});
  }
  return HtmlScrolling(
      "Numbers of every epoch",
      HtmlTable({"epoch", "training loss", "training accuracy %", "test loss", "test accuracy %",
                 "learning rate", "drop path", "seconds", "images/s", "peak MB"},
                rows));
}

Html Curves(const TrainingFiles& run, Charts* charts) {
  Chart loss = MakeChart("Mean cross-entropy of each epoch", "loss");
  AddEpochs(run, "training images, augmented", kBlue, &TrainEvent::train_loss, &loss);
  AddEpochs(run, "test images", kOrange, &TrainEvent::test_loss, &loss);
  Chart accuracy = MakeChart("Top-1 accuracy of each epoch", "percent");
  AddEpochs(run, "training images, augmented", kBlue, &TrainEvent::train_top1, &accuracy);
  AddEpochs(run, "test images", kOrange, &TrainEvent::test_top1, &accuracy);
  Chart rate = MakeChart("Learning rate at the end of each epoch", "learning rate");
  AddEpochs(run, "learning rate", kPurple, &TrainEvent::learning_rate, &rate);
  Html figures;
  for (const Chart& chart : {loss, accuracy, rate}) figures.Append(charts->Add(chart));
  return HtmlCat(HtmlCharts(figures),
                 Block(Tag::kDetails, Block(Tag::kSummary, "The numbers"), EpochTable(run)));
}

/// The accuracy of every class in the last epoch, the worst class first.
Html Classes(const TrainingFiles& run) {
  const TrainEvent* const last = run.epochs.empty() ? nullptr : &run.epochs.back();
  if (last == nullptr || last->class_right_size() == 0) {
    return Block(Tag::kP, "The log has no accuracy of each class. pdarts evaluate --run=", run.path,
                 " measures it.");
  }
  std::vector<int> order;
  for (int c = 0; c < last->class_right_size(); ++c) order.push_back(c);
  // Classes without images are not measured, and come last.
  const auto share = [&](int c) {
    const int images = run.class_images[c];
    return images > 0 ? static_cast<double>(last->class_right(c)) / images : 2;
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return share(a) < share(b); });
  std::vector<std::vector<HtmlValue>> rows;
  for (const int c : order) {
    const int images = run.class_images[c];
    rows.push_back({run.class_names[c], absl::StrCat(images), absl::StrCat(last->class_right(c)),
                    images > 0 ? Number(100 * share(c), 2) : std::string("no images")});
  }
  return HtmlCat(
      Block(Tag::kP, "On the test images after epoch ", last->epoch(),
            ", the least accurate class first."),
      HtmlScrolling(
          "Accuracy of every class",
          HtmlTable({"class", "test images", "classified correctly", "accuracy %"}, rows)));
}

/// The predicted classes of the images of each class. The run has mistakes.
Html Confusion(const TrainingFiles& run) {
  if (run.mistakes->confusion_size() > 0) return ConfusionMatrix(*run.mistakes, run.class_names);
  return Block(Tag::kP, "The table is left out, because there are ", run.class_names.size(),
               " classes. pdarts evaluate --run=", run.path,
               " --csv=FILE writes the predicted classes of every class.");
}

absl::StatusOr<Html> NetworkText(const TrainingFiles& run) {
  PDARTS_ASSIGN_OR_RETURN(const Html cells,
                          CellFigures(run.architecture.architecture(), /*is_final=*/true,
                                      OperationsOf(run.topology), ""));
  std::vector<std::vector<HtmlValue>> rows;
  if (run.result) {
    const TrainResult& r = *run.result;
    rows = {{"cells", absl::StrCat(r.cells())},
            {"initial channels", absl::StrCat(r.channels())},
            {"skeleton", r.skeleton()},
            {"parameters", Number(r.params(), 0)},
            {"multiply-adds of one image", Number(r.macs(), 0)}};
  }
  rows.push_back({"classes", absl::StrCat(run.classes)});
  return HtmlCat(HtmlScrolling("The network's size", HtmlTable(rows)), cells,
                 Block(Tag::kPre, run.architecture.text()));
}

}  // namespace

absl::StatusOr<Html> TrainingPage(const TrainingFiles& run) {
  std::vector<std::string> labels;
  for (const TrainEvent& epoch : run.epochs)
    labels.push_back(absl::StrCat("epoch ", epoch.epoch()));
  Charts charts(labels, "epoch");
  const Html curves = Curves(run, &charts);
  PDARTS_ASSIGN_OR_RETURN(const Html network, NetworkText(run));
  std::vector<PageSection> sections = {
      {"curves", "Curves", "Losses, accuracies, learning rate", curves},
      {"classes", "Classes", "Accuracy of every class", Classes(run)}};
  if (run.mistakes) {
    sections.push_back(
        {"confusion", "Confusion", "Predicted classes of every class", Confusion(run)});
    sections.push_back(
        {"mistakes", "Mistakes", "The most confident mistakes", MistakePictures(*run.mistakes)});
  }
  if (run.samples) sections.push_back(SampleSection(*run.samples));
  sections.push_back({"network", "Network", "The network that is trained", network});
  std::optional<RunResult> result;
  if (run.result) result = RowOf(*run.result);
  sections.push_back(SpecSection(result, run.spec));
  return WholeRunPage(RunTitle(run), run.spec.description(), Tiles(run), sections, charts);
}

}  // namespace pdarts
