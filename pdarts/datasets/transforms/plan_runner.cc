#include "pdarts/datasets/transforms/plan_runner.h"

#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ATen/ops/_upsample_bilinear2d_aa.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/from_blob.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "glog/logging.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/backend.h"
#include "pdarts/datasets/transforms/image_loops.h"
#include "pdarts/datasets/transforms/pixel_map.h"
#include "pdarts/datasets/transforms/rgb_resizer.h"

namespace pdarts {
namespace {

using Step = ImagePlan::Step;

/// An image between two passes.
struct View {
  at::Tensor owner;  ///< owner of the pixels; undefined if the caller owns them
  const void* pixels = nullptr;
  int64_t channels = 0;  ///< number of stored channels; one may stand for all
  int64_t height = 0;
  int64_t width = 0;
  int64_t channel_stride = 0;
  int64_t row_stride = 0;
  int64_t column_stride = 0;
  bool is_normalized = false;
};

View MakeView(const at::Tensor& image, bool is_normalized) {
  View view;
  view.owner = image;
  view.pixels = image.const_data_ptr();
  view.channels = image.size(0);
  view.height = image.size(1);
  view.width = image.size(2);
  view.channel_stride = view.channels == 1 ? 0 : image.stride(0);
  view.row_stride = image.stride(1);
  view.column_stride = image.stride(2);
  view.is_normalized = is_normalized;
  return view;
}

/// A view of `[channels,height,width]` contiguous bytes that the caller owns.
View PlanesView(const uint8_t* pixels, int64_t channels, int64_t height, int64_t width) {
  View view;
  view.pixels = pixels;
  view.channels = channels;
  view.height = height;
  view.width = width;
  view.channel_stride = height * width;
  view.row_stride = width;
  view.column_stride = 1;
  return view;
}

absl::Status Fault(absl::string_view what, const at::Tensor& image, int64_t channels,
                   int64_t height, int64_t width) {
  const std::string found = image.defined()
                                ? absl::StrCat(at::toString(image.scalar_type()), " of [",
                                               absl::StrJoin(image.sizes(), ","), "]")
                                : "no tensor";
  return absl::InternalError(
      absl::StrCat(what, " gave ", found, ", expected [", channels, ",", height, ",", width, "]"));
}

template <class T>
class TypedRunner : public PlanRunner {
 public:
  explicit TypedRunner(const ImageShape& image) : image_(image) {}

  absl::Status Run(const ImagePlan& plan, int64_t height, int64_t width, const uint8_t* pixels,
                   void* out) override {
    return Run(plan, 0, PlanesView(pixels, image_.channels, height, width), static_cast<T*>(out));
  }

  absl::Status Run(const ImagePlan& plan, const Sample& sample, void* out) override {
    const std::vector<Step>& steps = plan.steps();
    const bool resizes = !steps.empty() && steps.front().kind == Step::Kind::kResize;
    const PixelRegion region =
        resizes ? steps.front().region : PixelRegion{0, 0, sample.width(), sample.height()};
    const int64_t min_height =
        resizes ? steps.front().height * steps.front().min_scale : region.height;
    const int64_t min_width =
        resizes ? steps.front().width * steps.front().min_scale : region.width;
    PDARTS_ASSIGN_OR_RETURN(const at::Tensor image, sample.Decode(region, min_height, min_width));
    const bool is_image = image.defined() && image.scalar_type() == at::kByte && image.dim() == 3;
    if (!is_image || (image.size(0) != image_.channels && image.size(0) != 1) ||
        image.size(1) > region.height || image.size(2) > region.width ||
        image.size(1) < std::min(region.height, min_height) ||
        image.size(2) < std::min(region.width, min_width)) {
      return Fault("the decoder", image, image_.channels, region.height, region.width);
    }
    View view = MakeView(image, /*is_normalized=*/false);
    if (!resizes) return Run(plan, 0, std::move(view), static_cast<T*>(out));
    const int64_t new_height = steps.front().height, new_width = steps.front().width;
    const bool is_rgb = view.channels == 3 && view.channel_stride == 1 && view.column_stride == 3;
    if (is_rgb && (view.height != new_height || view.width != new_width)) {
      view = ResizeRgb(view, new_height, new_width);
    } else {
      view = Resize(view, {0, 0, view.width, view.height}, new_height, new_width);
    }
    return Run(plan, 1, std::move(view), static_cast<T*>(out));
  }

 private:
  /// Runs the steps beginning with number `step`.
  absl::Status Run(const ImagePlan& plan, size_t step, View view, T* out) {
    const std::vector<Step>& steps = plan.steps();
    while (true) {
      map_.Begin(view.height, view.width);
      while (step < steps.size() && map_.Add(steps[step])) ++step;
      if (step == steps.size()) break;
      if (!map_.is_identity()) view = Written(view);
      if (steps[step].kind == Step::Kind::kResize) {
        view = Resize(view, steps[step].region, steps[step].height, steps[step].width);
        ++step;
      } else if (steps[step].kind == Step::Kind::kApply) {
        PDARTS_ASSIGN_OR_RETURN(view, Applied(view, steps[step]));
        ++step;
      }  // the next step needs a pass of its own, which begins now
    }
    if (!view.is_normalized && map_.normalize() == nullptr) {
      return absl::InternalError("an image is not normalized after the last transform");
    }
    if (map_.height() != image_.height || map_.width() != image_.width) {
      return absl::InternalError(absl::StrCat("an image has ", map_.height(), "x", map_.width(),
                                              " pixels after the last transform"));
    }
    Write(view, out);
    return absl::OkStatus();
  }

  static at::ScalarType DtypeOf(bool is_normalized) {
    return is_normalized ? c10::CppTypeToScalarType<T>::value : at::kByte;
  }

  at::Tensor AsTensor(const View& view) const {
    return at::from_blob(const_cast<void*>(view.pixels), {view.channels, view.height, view.width},
                         {view.channel_stride, view.row_stride, view.column_stride},
                         at::TensorOptions(DtypeOf(view.is_normalized)));
  }

  /// Computes the same as Resize for interleaved pixels, in less time. The result is valid until
  /// the next image.
  View ResizeRgb(const View& view, int64_t height, int64_t width) {
    const uint8_t* const resized =
        resizer_.Resize(static_cast<const uint8_t*>(view.pixels), view.row_stride, view.height,
                        view.width, height, width);
    return PlanesView(resized, view.channels, height, width);
  }

  View Resize(const View& view, const PixelRegion& region, int64_t height, int64_t width) const {
    at::Tensor part =
        AsTensor(view).narrow(1, region.top, region.height).narrow(2, region.left, region.width);
    if (region.height != height || region.width != width) {
      part = at::_upsample_bilinear2d_aa(part.unsqueeze(0), {height, width},
                                         /*align_corners=*/false)
                 .squeeze(0);
      return MakeView(part, view.is_normalized);
    }
    View resized = MakeView(part, view.is_normalized);
    resized.owner = view.owner;
    return resized;
  }

  absl::StatusOr<View> Applied(const View& view, const Step& step) const {
    const at::Tensor image = AsTensor(view).expand({image_.channels, view.height, view.width});
    const at::Tensor applied = step.apply(image);
    if (!applied.defined() || applied.scalar_type() != image.scalar_type() ||
        applied.sizes() != image.sizes()) {
      return Fault("a transform", applied, image_.channels, view.height, view.width);
    }
    return MakeView(applied, view.is_normalized);
  }

  /// The image after the steps of the map, as a new image.
  View Written(const View& view) {
    const bool is_normalized = view.is_normalized || map_.normalize() != nullptr;
    const at::Tensor image =
        at::empty({image_.channels, map_.height(), map_.width()}, DtypeOf(is_normalized));
    if (is_normalized) {
      Write(view, image.template mutable_data_ptr<T>());
    } else {
      Write(view, image.template mutable_data_ptr<uint8_t>());
    }
    return MakeView(image, is_normalized);
  }

  template <class Out>
  void Write(const View& view, Out* out) {
    if constexpr (!std::is_same_v<Out, uint8_t>) {
      if (map_.normalize() != nullptr) {
        SetTables(*map_.normalize());
        WriteChannels<uint8_t>(view, out, [this](int c) -> const Table& { return tables_[c]; });
        return;
      }
    }
    // This pass does not normalize, so the type of the values stays the same.
    WriteChannels<Out>(view, out, [](int) { return Same(); });
  }

  /// Leaves values unchanged.
  struct Same {
    template <class Value>
    Value operator[](Value value) const {
      return value;
    }
  };

  /// Normalizes values with a table.
  struct Table {
    std::array<T, 256> values;
    bool is_linear = false;  ///< whether `loops.scale` gives the same values
    double factor = 0;
    double offset = 0;
    T operator[](uint8_t value) const { return values[value]; }
  };

  /// Writes the channels. `values(c)` has an operator [] that converts values of channel c.
  template <class In, class Out, class Values>
  void WriteChannels(const View& view, Out* out, Values values) const {
    for (int c = 0; c < image_.channels; ++c) {
      const In* const channel = static_cast<const In*>(view.pixels) + c * view.channel_stride;
      Out* const plane = out + c * map_.height() * map_.width();
      // With a constant stride, the compiler optimizes the common loops.
      if (view.column_stride == 1) {
        WriteChannel(view, channel, values(c), std::integral_constant<int64_t, 1>(), plane);
      } else if (view.column_stride == 3) {
        WriteChannel(view, channel, values(c), std::integral_constant<int64_t, 3>(), plane);
      } else {
        WriteChannel(view, channel, values(c), view.column_stride, plane);
      }
    }
  }

  template <class In, class Out, class Values, class Stride>
  void WriteChannel(const View& view, const In* channel, const Values& values, Stride stride,
                    Out* plane) const {
    const int64_t height = map_.height(), width = map_.width(), left = map_.left();
    const PixelRegion& part = map_.part();
    const Out zero = values[In(0)];
    // The columns that come from the part, before they are mirrored.
    const int64_t begin = std::clamp<int64_t>(part.left - left, 0, width);
    const int64_t end = std::clamp<int64_t>(part.left + part.width - left, begin, width);
    for (int64_t y = 0; y < height; ++y) {
      Out* const row = plane + y * width;
      const int64_t from = y + map_.top();
      if (from < part.top || from >= part.top + part.height) {
        std::fill(row, row + width, zero);
        continue;
      }
      const In* const pixels = channel + from * view.row_stride + (left + begin) * stride;
      Out* const to = row + (map_.is_flipped() ? width - end : begin);
      std::fill(row, to, zero);
      WriteRow(values, pixels, stride, end - begin, to);
      std::fill(to + (end - begin), row + width, zero);
    }
    for (const PixelMap::Hole& hole : map_.holes()) {
      const Out value = hole.before_normalize ? zero : Out(0);
      for (int64_t y = hole.top; y < hole.bottom; ++y) {
        Out* const row = plane + y * width;
        std::fill(row + hole.left, row + hole.right, value);
      }
    }
  }

  template <class Values, class In, class Out, class Stride>
  void WriteRow(const Values& values, const In* pixels, Stride stride, int64_t count,
                Out* out) const {
    if constexpr (std::is_same_v<Values, Table> && std::is_same_v<Out, float>) {
      if (values.is_linear && stride == 1) {
        return loops_.scale(pixels, count, values.factor, values.offset, map_.is_flipped(), out);
      }
    }
    if (map_.is_flipped()) {
      Out* const last = out + count - 1;
      for (int64_t x = 0; x < count; ++x) last[-x] = values[pixels[x * stride]];
    } else {
      for (int64_t x = 0; x < count; ++x) out[x] = values[pixels[x * stride]];
    }
  }

  /// Makes the tables of normalized values. All images of a list of transforms use the same tables.
  void SetTables(const Step& step) {
    if (table_mean_ == step.mean && table_deviation_ == step.deviation) return;
    table_mean_ = step.mean;
    table_deviation_ = step.deviation;
    tables_.resize(static_cast<size_t>(image_.channels));
    for (int c = 0; c < image_.channels; ++c) {
      Table& table = tables_[c];
      const double mean = (*step.mean)[c], standard_deviation = (*step.deviation)[c];
      std::array<uint8_t, 256> all;
      for (int v = 0; v < 256; ++v) {
        all[v] = static_cast<uint8_t>(v);
        table.values[v] = NormalizedByte<T>(v, mean, standard_deviation);
      }
      table.factor = 1 / (255 * standard_deviation);
      table.offset = -mean / standard_deviation;
      if constexpr (std::is_same_v<T, float>) {
        std::array<float, 256> scaled;
        loops_.scale(all.data(), 256, table.factor, table.offset, /*is_mirrored=*/false,
                     scaled.data());
        table.is_linear = scaled == table.values;
      }
    }
  }

  const ImageShape image_;
  PixelMap map_;
  RgbResizer resizer_;
  const ImageLoops& loops_ = ImageLoopsFor(BestInstructionSet());
  std::vector<Table> tables_;  ///< one table for each channel
  const std::vector<double>* table_mean_ = nullptr;
  const std::vector<double>* table_deviation_ = nullptr;
};

}  // namespace

std::unique_ptr<PlanRunner> PlanRunner::Make(const ImageShape& image, at::ScalarType dtype) {
  if (dtype == at::kDouble) return std::make_unique<TypedRunner<double>>(image);
  CHECK(dtype == at::kFloat) << "images of " << at::toString(dtype);
  return std::make_unique<TypedRunner<float>>(image);
}

}  // namespace pdarts
