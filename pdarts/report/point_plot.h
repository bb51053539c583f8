#ifndef PDARTS_REPORT_POINT_PLOT_H_
#define PDARTS_REPORT_POINT_PLOT_H_

#include <optional>
#include <string>
#include <vector>

#include "pdarts/report/html.h"

namespace pdarts {

/// A point of a plot.
struct PlotPoint {
  double x = 0;
  double y = 0;
  std::string label;  ///< the browser shows it if a reader points at the point
};

/// Points of one color.
struct PlotSeries {
  std::string name;
  int color = -1;  ///< number of the color; -1: gray
  std::vector<PlotPoint> points;
};

/// The titles of the axes of a plot, each with its unit.
struct PlotAxes {
  std::string title;
  std::string x;
  std::string y;
};

/// A drawing of points that needs no script: a figure with axes, and a key of the series. All
/// coordinates are finite. Points that lie below the lower quartile of y by more than three
/// interquartile ranges do not extend the y axis: they are drawn at its end, and the caption counts
/// them.
Html ScatterPlot(const PlotAxes& axes, const std::vector<PlotSeries>& series);

/// As ScatterPlot, but with a column for each series, and its name below it. A line marks the mean
/// of its points. Only `y` of the points is used.
Html StripPlot(const PlotAxes& axes, const std::vector<PlotSeries>& series);

}  // namespace pdarts

#endif  // PDARTS_REPORT_POINT_PLOT_H_
