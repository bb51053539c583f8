#include "pdarts/report/point_plot.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/strings/str_cat.h"
#include "pdarts/comparison/statistics.h"
#include "pdarts/report/cell_drawing.h"

namespace pdarts {
namespace {

// Of the drawing, in its own units; the page scales it.
constexpr double kWidth = 640, kHeight = 360;
constexpr double kLeft = 64, kRight = 16, kTop = 12, kBottom = 52;
constexpr double kLetter = 7;  ///< about the width of one
constexpr int kTicks = 6;      ///< about so many on an axis

/// A range of values and where it lies in the drawing.
class Scale {
 public:
  /// The range covers all values and a little more. begin, end: its ends in the drawing.
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

  double At(double value) const {
    return begin_ + (value - low_) / (high_ - low_) * (end_ - begin_);
  }

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
    for (double i = std::ceil(low_ / step); i * step <= high_; ++i) ticks.push_back(i * step);
    return ticks;
  }

  /// The digits after the point that tell two ticks apart.
  int Digits() const {
    return std::max(0, -static_cast<int>(std::floor(std::log10(Step()) + 1e-9)));
  }

 private:
  double begin_, end_;
  double low_, high_;
};

std::string At(double coordinate) { return Number(coordinate, 1); }

Html Line(const Html& type, double x1, double y1, double x2, double y2) {
  return HtmlCat("<line class=\""_html, type, "\" x1=\""_html, At(x1), "\" y1=\""_html, At(y1),
                 "\" x2=\""_html, At(x2), "\" y2=\""_html, At(y2), "\"/>\n"_html);
}

Html Text(double x, double y, const Html& anchor, const std::string& text) {
  return HtmlCat("<text x=\""_html, At(x), "\" y=\""_html, At(y), "\" text-anchor=\""_html, anchor,
                 "\">"_html, text, "</text>\n"_html);
}

Html YAxis(const Scale& y, const std::string& title) {
  Html axis;
  for (const double tick : y.Ticks()) {
    axis.Append(Line("grid"_html, kLeft, y.At(tick), kWidth - kRight, y.At(tick)));
    axis.Append(Text(kLeft - 6, y.At(tick) + 4, "end"_html, Number(tick, y.Digits())));
  }
  const std::string middle = At((kTop + kHeight - kBottom) / 2);
  axis.Append(HtmlCat("<text x=\"14\" y=\""_html, middle,
                      "\" text-anchor=\"middle\" transform=\"rotate(-90 14 "_html, middle,
                      ")\">"_html, title, "</text>\n"_html));
  return axis;
}

Html XTitle(const std::string& title) {
  return Text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle"_html, title);
}

/// A name that fits below a column; a key or a table has the whole name.
std::string Shortened(const std::string& name, double width) {
  const auto most = static_cast<size_t>(std::max(1.0, width / kLetter));
  if (name.size() <= most) return name;
  size_t end = most;
  while (end > 0 && (name[end] & 0xC0) == 0x80) --end;  // not within a character of UTF-8
  return absl::StrCat(name.substr(0, end), "…");
}

/// The class that gives an element the color of a series.
Html ColorClass(int color) {
  return color < 0 ? Html() : HtmlCat("op-"_html, color % kNumOperationColors);
}

Html Dot(double x, double y, int color, const std::string& label) {
  return HtmlCat("<circle class=\""_html, ColorClass(color), "\" cx=\""_html, At(x),
                 "\" cy=\""_html, At(y), "\" r=\"4.5\"><title>"_html, label,
                 "</title></circle>\n"_html);
}

std::vector<double> Coordinates(const std::vector<PlotSeries>& series, double PlotPoint::*of) {
  std::vector<double> values;
  for (const PlotSeries& s : series) {
    for (const PlotPoint& point : s.points) values.push_back(point.*of);
  }
  return values;
}

Html Figure(const PlotAxes& axes, const Html& drawing, const Html& key) {
  return HtmlCat("<figure class=\"points\"><figcaption>"_html, axes.title, "</figcaption>\n"_html,
                 key, "<svg viewBox=\"0 0 "_html, kWidth, " "_html, kHeight,
                 "\" role=\"img\" aria-label=\""_html, axes.title, ": ", axes.y, " against ",
                 axes.x, "\">\n"_html, drawing, "</svg></figure>\n"_html);
}

}  // namespace

Html ScatterPlot(const PlotAxes& axes, const std::vector<PlotSeries>& series) {
  const Scale x(Coordinates(series, &PlotPoint::x), kLeft, kWidth - kRight);
  const Scale y(Coordinates(series, &PlotPoint::y), kHeight - kBottom, kTop);
  Html drawing = YAxis(y, axes.y);
  for (const double tick : x.Ticks()) {
    drawing.Append(Line("grid"_html, x.At(tick), kTop, x.At(tick), kHeight - kBottom));
    drawing.Append(
        Text(x.At(tick), kHeight - kBottom + 18, "middle"_html, Number(tick, x.Digits())));
  }
  drawing.Append(XTitle(axes.x));
  Html key = "<ul class=\"key\">\n"_html;
  for (const PlotSeries& s : series) {
    key.Append(
        HtmlCat("<li class=\""_html, ColorClass(s.color), "\">"_html, s.name, "</li>\n"_html));
    for (const PlotPoint& point : s.points) {
      drawing.Append(Dot(x.At(point.x), y.At(point.y), s.color, point.label));
    }
  }
  key.Append("</ul>\n"_html);
  return Figure(axes, drawing, key);
}

Html StripPlot(const PlotAxes& axes, const std::vector<PlotSeries>& series) {
  const Scale y(Coordinates(series, &PlotPoint::y), kHeight - kBottom, kTop);
  Html drawing = YAxis(y, axes.y);
  const double width = (kWidth - kRight - kLeft) / std::max<double>(1, series.size());
  for (size_t s = 0; s < series.size(); ++s) {
    const std::vector<PlotPoint>& points = series[s].points;
    const double middle = kLeft + (static_cast<double>(s) + 0.5) * width;
    drawing.Append(
        Text(middle, kHeight - kBottom + 18, "middle"_html, Shortened(series[s].name, width)));
    std::vector<double> values;
    for (size_t i = 0; i < points.size(); ++i) {
      values.push_back(points[i].y);
      // Beside each other, so that equal values don't hide each other: multiples of the golden
      // ratio, without their whole part, lie evenly.
      const double place = std::fmod(0.5 + 0.618034 * static_cast<double>(i), 1) - 0.5;
      drawing.Append(
          Dot(middle + 0.4 * width * place, y.At(points[i].y), series[s].color, points[i].label));
    }
    if (values.empty()) continue;
    const double mean = y.At(Mean(values));
    drawing.Append(Line("mean"_html, middle - 0.35 * width, mean, middle + 0.35 * width, mean));
  }
  drawing.Append(XTitle(axes.x));
  return Figure(axes, drawing, Html());
}

}  // namespace pdarts
