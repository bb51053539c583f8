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
  std::string label;  ///< what a browser shows to a reader who points at it
};

/// Points of one color.
struct PlotSeries {
  std::string name;
  int color = -1;  ///< number of the color; -1: grey
  std::vector<PlotPoint> points;
};

/// What the axes of a plot show, each with its unit.
struct PlotAxes {
  std::string title;
  std::string x;
  std::string y;
};

/// A drawing of points that needs no script: a figure with axes, and a key of the series. All
/// coordinates are finite.
Html ScatterPlot(const PlotAxes& axes, const std::vector<PlotSeries>& series);

/// The same with a column for each series, named below it; a line marks the mean of its points.
/// Only the points' `y` are used.
Html StripPlot(const PlotAxes& axes, const std::vector<PlotSeries>& series);

}  // namespace pdarts

#endif  // PDARTS_REPORT_POINT_PLOT_H_
