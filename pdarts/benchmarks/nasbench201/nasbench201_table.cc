#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "pdarts/base/file.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/benchmarks/nasbench201/nasbench201_table.pb.h"
#include "pdarts/benchmarks/nasbench201/shipped_table.h"
#include "pdarts/benchmarks/nasbench201/table.h"
#include "pdarts/core/benchmark.h"
#include "pdarts/core/registry.h"
#include "pdarts/spaces/nasbench201/cell.h"

namespace pdarts::nasbench201 {
namespace {

/// The table that belongs to the program, and the columns of users' files. The order of its rows is
/// the benchmark's order of architectures.
class NasBench201Table : public Benchmark {
 public:
  explicit NasBench201Table(std::string default_dataset)
      : default_dataset_(std::move(default_dataset)) {
    absl::StatusOr<Table> shipped = ReadTable(kShippedTable, kShippedTableFile);
    CHECK(shipped.ok()) << shipped.status().ToString();
    codes_ = shipped->codes;
    indices_.resize(codes_.size());
    for (size_t i = 0; i < codes_.size(); ++i) indices_[codes_[i]] = static_cast<int>(i);
    Add(*shipped);
  }

  std::string space() const override { return "nasbench201"; }
  int size() const override { return kNumArchitectures; }
  std::vector<std::string> datasets() const override {
    std::vector<std::string> names;
    for (const Table::Column& column : columns_) names.push_back(column.dataset);
    return names;
  }
  std::string default_dataset() const override { return default_dataset_; }

 private:
  std::string DoText(int index) const override { return FormatCell(FromCode(codes_[index])); }
  absl::StatusOr<int> DoIndex(absl::string_view text) const override {
    PDARTS_ASSIGN_OR_RETURN(const CellOperations cell, ParseCell(text));
    return indices_[ToCode(cell)];
  }
  const std::vector<double>& DoAccuracies(absl::string_view dataset) const override {
    for (const Table::Column& column : columns_) {
      if (column.dataset == dataset) return column.accuracies;
    }
    LOG(FATAL) << "no dataset " << dataset;
  }
  absl::Status DoAddTable(const std::string& file) override {
    const absl::StatusOr<std::string> text = ReadFile(file);
    if (absl::IsNotFound(text.status())) {
      return absl::NotFoundError(absl::StrCat("cannot read the table ", file));
    }
    if (!text.ok()) return Annotate(text.status(), "the table");
    PDARTS_ASSIGN_OR_RETURN(const Table table, ReadTable(*text, file));
    Add(table);
    return absl::OkStatus();
  }

  void Add(const Table& table) {
    for (const Table::Column& column : table.columns) {
      Table::Column own{column.dataset, {}};
      for (const int code : codes_) own.accuracies.push_back(column.accuracies[code]);
      bool replaced = false;
      for (Table::Column& known : columns_) {
        if (known.dataset != own.dataset) continue;
        known = own;
        replaced = true;
      }
      if (!replaced) columns_.push_back(std::move(own));
    }
  }

  const std::string default_dataset_;
  std::vector<int> codes_;              ///< [index]
  std::vector<int> indices_;            ///< [code]
  std::vector<Table::Column> columns_;  ///< accuracies [index]
};

const bool registered = Registry<Benchmark>::Register<NasBench201TableConfig>(
    "nasbench201", "accuracies of all 15,625 architectures (NAS-Bench-201)",
    [](const NasBench201TableConfig& config) -> absl::StatusOr<std::unique_ptr<Benchmark>> {
      auto table = std::make_unique<NasBench201Table>(config.dataset());
      if (!config.table().empty()) {
        PDARTS_RETURN_IF_ERROR(Annotate(table->AddTable(config.table()), "table"));
      }
      PDARTS_RETURN_IF_ERROR(Annotate(table->Score(0).status(), "dataset"));
      return table;
    });

}  // namespace
}  // namespace pdarts::nasbench201
