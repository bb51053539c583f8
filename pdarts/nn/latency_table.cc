#include "pdarts/nn/latency_table.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pdarts/base/file.h"
#include "pdarts/base/finite.h"
#include "pdarts/base/json.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/random.h"

namespace pdarts::nn {
namespace {

bool IsOf(const OperationLatency& row, const std::string& operation, const OperationPlace& place,
          int batch) {
  return row.operation() == operation && row.channels() == place.input.channels &&
         row.height() == place.input.height && row.width() == place.input.width &&
         row.stride() == place.stride && row.batch() == batch;
}

}  // namespace

absl::Status MeasureLatencies(const SearchSpace& space, const NetworkShape& shape, int batch,
                              const MeasureNetwork& measure, LatencyTable* table) {
  PDARTS_ASSIGN_OR_RETURN(const Architecture any, AnyArchitecture(space));
  PDARTS_ASSIGN_OR_RETURN(const std::shared_ptr<Network> network,
                          space.BuildNetwork(any, shape, MakeGenerator(1, "weights")));
  PDARTS_ASSIGN_OR_RETURN(
      OperationCosts costs,
      SumOperationCosts(
          space, shape,
          [&](const std::string& operation, const OperationPlace& place) -> absl::StatusOr<double> {
            const std::shared_ptr<Network> one =
                space.BuildOperation(operation, place, shape, MakeGenerator(1, "weights"));
            OperationLatency* row = table->add_operations();
            row->set_operation(operation);
            row->set_channels(place.input.channels);
            row->set_height(place.input.height);
            row->set_width(place.input.width);
            row->set_stride(place.stride);
            row->set_batch(batch);
            row->set_median_ms(measure(*one, place.input, batch));
            return row->median_ms();
          }));
  FixedLatency* fixed = table->add_fixed();
  fixed->set_batch(batch);
  fixed->set_ms(measure(*network, shape.image, batch) -
                CostModel(space.topology(), 0, std::move(costs)).Of(any));
  return absl::OkStatus();
}

absl::StatusOr<CostModel> LatencyModel(const SearchSpace& space, const NetworkShape& shape,
                                       const LatencyTable& table, int batch) {
  const auto fixed = std::find_if(table.fixed().begin(), table.fixed().end(),
                                  [&](const FixedLatency& row) { return row.batch() == batch; });
  if (fixed == table.fixed().end()) {
    return absl::NotFoundError(absl::StrCat("the table has no times for batches of ", batch));
  }
  PDARTS_ASSIGN_OR_RETURN(
      OperationCosts costs,
      SumOperationCosts(
          space, shape,
          [&](const std::string& operation, const OperationPlace& place) -> absl::StatusOr<double> {
            for (const OperationLatency& row : table.operations()) {
              if (IsOf(row, operation, place, batch)) return row.median_ms();
            }
            return absl::NotFoundError(absl::StrCat("the table has no time of ", operation, " for ",
                                                    place.input.channels, " channels of ",
                                                    place.input.height, "x", place.input.width,
                                                    ", stride ", place.stride, ", batch ", batch,
                                                    ": it was measured of another search space or "
                                                    "another size"));
          }));
  return CostModel(space.topology(), fixed->ms(), std::move(costs));
}

absl::StatusOr<LatencyTable> ReadLatencyTable(const std::string& file) {
  PDARTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  LatencyTable table;
  absl::Status valid = ParseJson(text, &table);
  valid.Update(CheckFinite(table));
  if (valid.ok() && table.operations().empty()) {
    valid = absl::DataLossError("it holds no operations");
  }
  if (!valid.ok()) {
    return absl::DataLossError(
        absl::StrCat(file, ": ", valid.message(),
                     "; expected what pdarts benchmark --operations --json prints"));
  }
  return table;
}

}  // namespace pdarts::nn
