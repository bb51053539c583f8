#include "pdarts/report/point_plot.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pdarts/comparison/statistics.h"
#include "pdarts/report/cell_drawing.h"

namespace pdarts {
namespace {

// The size of the drawing in its own units. The page scales it.
constexpr double kWidth = 640, kHeight = 360;
constexpr double kLeft = 64, kRight = 16, kTop = 12, kBottom = 52;
constexpr double kLetter = 7;  ///< approximate width of a letter
constexpr int kTicks = 6;      ///< approximate number on an axis

/// How many interquartile ranges a value on an axis may lie below the lower quartile: Tukey's outer
/// fence.
constexpr double kFarOut = 3;

/// The values without those that are far below the others.
std::vector<double> WithoutFarBelow(std::vector<double> values) {
  if (values.empty()) return values;
  std::sort(values.begin(), values.end());
  const double lower = values[(values.size() - 1) / 4], upper = values[(values.size() - 1) * 3 / 4];
  const double fence = lower - kFarOut * (upper - lower);
  if (upper > lower) {
    values.erase(values.begin(), std::lower_bound(values.begin(), values.end(), fence));
  }
  return values;
}

/// A range of values and its place in the drawing.
class Scale {
 public:
  /// The range covers all values and a small margin. begin, end: its ends in the drawing.
  Scale(const std::vector<double>& values, double begin, double end) : begin_(begin), end_(end) {
    low_ = std::numeric_limits<double>::infinity();
    high_ = -low_;
    for (const double value : values) {
      low_ = std::min(low_, value);
      high_ = std::max(high_, value);
    }
    if (values.empty()) low_ = high_ = 0;
    const double spread = high_ - low_;
    const double margin = spread > 0 ? 0.06 * spread : std::max(1e-3, 0.01 * std::abs(low_));
    low_ -= margin;
    high_ += margin;
  }

  /// The place of a value. A value below the range has the place of its end.
  double At(double value) const {
    return begin_ + (std::max(value, low_) - low_) / (high_ - low_) * (end_ - begin_);
  }

  bool IsBelow(double value) const { return value < low_; }

  /// The distance of the ticks: 1, 2 or 5 times a power of ten.
  double Step() const {
    const double rough = (high_ - low_) / kTicks;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1, 2, 5}) {
      if (factor * power >= rough) return factor * power;
    }
    return 10 * power;
  }

  std::vector<double> Ticks() const {
    const double step = Step();
    std::vector<double> ticks;
    // "+ 0" makes 0 of -0.
    for (double i = std::ceil(low_ / step) + 0; i * step <= high_; ++i) ticks.push_back(i * step);
    return ticks;
  }

  /// The number of digits after the decimal point that distinguish two ticks.
  int Digits() const {
    return std::max(0, -static_cast<int>(std::floor(std::log10(Step()) + 1e-9)));
  }

 private:
  double begin_, end_;
  double low_, high_;
};

std::string At(double coordinate) { return Number(coordinate, 1); }

Html Line(absl::string_view type, double x1, double y1, double x2, double y2) {
  return Block(Tag::kLine, {{Attr::kClass, type},
                            {Attr::kX1, At(x1)},
                            {Attr::kY1, At(y1)},
                            {Attr::kX2, At(x2)},
                            {Attr::kY2, At(y2)}});
}

Html Text(double x, double y, absl::string_view anchor, const std::string& text) {
  return Block(Tag::kText, {{Attr::kX, At(x)}, {Attr::kY, At(y)}, {Attr::kTextAnchor, anchor}},
               text);
}

Html YAxis(const Scale& y, const std::string& title) {
  Html axis;
  for (const double tick : y.Ticks()) {
    axis.Append(Line("grid", kLeft, y.At(tick), kWidth - kRight, y.At(tick)));
    axis.Append(Text(kLeft - 6, y.At(tick) + 4, "end", Number(tick, y.Digits())));
  }
  const std::string middle = At((kTop + kHeight - kBottom) / 2);
  axis.Append(Block(Tag::kText,
                    {{Attr::kX, 14},
                     {Attr::kY, middle},
                     {Attr::kTextAnchor, "middle"},
                     {Attr::kTransform, absl::StrCat("rotate(-90 14 ", middle, ")")}},
                    title));
  return axis;
}

Html XTitle(const std::string& title) {
  return Text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", title);
}

/// A name that fits below a column. A key or a table has the complete name.
std::string Shortened(const std::string& name, double width) {
  const auto most = static_cast<size_t>(std::max(1.0, width / kLetter));
  if (name.size() <= most) return name;
  size_t end = most;
  while (end > 0 && (name[end] & 0xC0) == 0x80) --end;  // not within a character of UTF-8
  return absl::StrCat(name.substr(0, end), "…");
}

/// The class of an element that gives it the color of a series.
std::string ColorClass(int color) {
  return color < 0 ? "" : absl::StrCat("op-", color % kNumOperationColors);
}

Html Dot(double x, double y, int color, const std::string& label) {
  return Block(Tag::kCircle,
               {{Attr::kClass, ColorClass(color)},
                {Attr::kCx, At(x)},
                {Attr::kCy, At(y)},
                {Attr::kR, "4.5"}},
               Element(Tag::kTitle, label));
}

std::vector<double> Coordinates(const std::vector<PlotSeries>& series, double PlotPoint::*of) {
  std::vector<double> values;
  for (const PlotSeries& s : series) {
    for (const PlotPoint& point : s.points) values.push_back(point.*of);
  }
  return values;
}

/// The scale of the y axis of all series. One architecture that does not learn must not squeeze all
/// others into a line.
Scale YScale(const std::vector<PlotSeries>& series) {
  return Scale(WithoutFarBelow(Coordinates(series, &PlotPoint::y)), kHeight - kBottom, kTop);
}

/// The caption of a plot. It counts the points that lie below the y axis.
std::string Caption(const PlotAxes& axes, const std::vector<PlotSeries>& series, const Scale& y) {
  const std::vector<double> values = Coordinates(series, &PlotPoint::y);
  const auto below =
      std::count_if(values.begin(), values.end(), [&y](double value) { return y.IsBelow(value); });
  if (below == 0) return axes.title;
  return absl::StrCat(axes.title,
                      below == 1 ? " (1 point is" : absl::StrCat(" (", below, " points are"),
                      " far below the axis and drawn at its end)");
}

Html Figure(const PlotAxes& axes, const std::string& caption, const Html& drawing,
            const Html& key) {
  const Html plot =
      Element(Tag::kSvg,
              {{Attr::kViewBox, absl::StrCat("0 0 ", kWidth, " ", kHeight)},
               {Attr::kRole, "img"},
               {Attr::kAriaLabel, absl::StrCat(axes.title, ": ", axes.y, " against ", axes.x)}},
              "\n", drawing);
  return Block(Tag::kFigure, {{Attr::kClass, "points"}}, Block(Tag::kFigcaption, caption), key,
               plot);
}

}  // namespace

Html ScatterPlot(const PlotAxes& axes, const std::vector<PlotSeries>& series) {
  const Scale x(Coordinates(series, &PlotPoint::x), kLeft, kWidth - kRight);
  const Scale y = YScale(series);
  Html drawing = YAxis(y, axes.y);
  for (const double tick : x.Ticks()) {
    drawing.Append(Line("grid", x.At(tick), kTop, x.At(tick), kHeight - kBottom));
    drawing.Append(Text(x.At(tick), kHeight - kBottom + 18, "middle", Number(tick, x.Digits())));
  }
  drawing.Append(XTitle(axes.x));
  Html key;
  for (const PlotSeries& s : series) {
    key.Append(Block(Tag::kLi, {{Attr::kClass, ColorClass(s.color)}}, s.name));
    for (const PlotPoint& point : s.points) {
      drawing.Append(Dot(x.At(point.x), y.At(point.y), s.color, point.label));
    }
  }
  return Figure(axes, Caption(axes, series, y), drawing,
                Block(Tag::kUl, {{Attr::kClass, "key"}}, "\n", key));
}

Html StripPlot(const PlotAxes& axes, const std::vector<PlotSeries>& series) {
  const Scale y = YScale(series);
  Html drawing = YAxis(y, axes.y);
  const double width = (kWidth - kRight - kLeft) / std::max<double>(1, series.size());
  for (size_t s = 0; s < series.size(); ++s) {
    const std::vector<PlotPoint>& points = series[s].points;
    const double middle = kLeft + (static_cast<double>(s) + 0.5) * width;
    drawing.Append(
        Text(middle, kHeight - kBottom + 18, "middle", Shortened(series[s].name, width)));
    std::vector<double> values;
    for (size_t i = 0; i < points.size(); ++i) {
      values.push_back(points[i].y);
      // The points have different x, so that equal values do not hide each other. The fractional
      // parts of the multiples of the golden ratio are evenly spread.
      const double place = std::fmod(0.5 + 0.618034 * static_cast<double>(i), 1) - 0.5;
      drawing.Append(
          Dot(middle + 0.4 * width * place, y.At(points[i].y), series[s].color, points[i].label));
    }
    if (values.empty()) continue;
    const double mean = y.At(Mean(values));
    drawing.Append(Line("mean", middle - 0.35 * width, mean, middle + 0.35 * width, mean));
  }
  drawing.Append(XTitle(axes.x));
  return Figure(axes, Caption(axes, series, y), drawing, Html());
}

}  // namespace pdarts
