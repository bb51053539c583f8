#ifndef PDARTS_SESSIONS_OBSERVERS_H_
#define PDARTS_SESSIONS_OBSERVERS_H_

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/base/process.h"
#include "pdarts/base/status_macros.h"
#include "pdarts/core/communicator.h"
#include "pdarts/processes/agreement.h"
#include "pdarts/trainers/network_trainer.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Passes every report to several observers, one after the other. `Observer` is SearchObserver or
/// TrainObserver.
template <class Observer>
class ObserverList : public Observer {
 public:
  /// The observers must outlive the list.
  explicit ObserverList(std::vector<Observer*> observers) : observers_(std::move(observers)) {}

  absl::Status OnStep(const StepReport& report) override {
    return Each([&](Observer& observer) { return observer.OnStep(report); });
  }

 protected:
  template <class Call>
  absl::Status Each(const Call& call) const {
    for (Observer* observer : observers_) PDARTS_RETURN_IF_ERROR(call(*observer));
    return absl::OkStatus();
  }

 private:
  const std::vector<Observer*> observers_;
};

class SearchObservers : public ObserverList<SearchObserver> {
 public:
  using ObserverList::ObserverList;
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& super_net) override {
    return Each(
        [&](SearchObserver& observer) { return observer.OnStageBegin(position, super_net); });
  }
  absl::Status OnResume(const SearchPosition& position, const SuperNet& super_net) override {
    return Each([&](SearchObserver& observer) { return observer.OnResume(position, super_net); });
  }
  absl::Status OnEpochEnd(const EpochReport& report) override {
    return Each([&](SearchObserver& observer) { return observer.OnEpochEnd(report); });
  }
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& super_net,
                          const Candidates& kept) override {
    return Each(
        [&](SearchObserver& observer) { return observer.OnStageEnd(position, super_net, kept); });
  }
};

class TrainObservers : public ObserverList<TrainObserver> {
 public:
  using ObserverList::ObserverList;
  absl::Status OnResume(const LoopPosition& position) override {
    return Each([&](TrainObserver& observer) { return observer.OnResume(position); });
  }
  absl::Status OnEpochEnd(const TrainEpochReport& report) override {
    return Each([&](TrainObserver& observer) { return observer.OnEpochEnd(report); });
  }
};

/// At the end of every epoch, collects the numbers of each process that the log holds. Every
/// process has such an object. `Observer` is SearchObserver or TrainObserver. `Report` is the type
/// of the argument of its OnEpochEnd.
template <class Observer, class Report>
class ProcessReports : public Observer {
 public:
  /// `communicator` must outlive this object.
  explicit ProcessReports(Communicator* communicator) : communicator_(communicator) {}

  /// `Recorder` is SearchRecorder or TrainingRecorder. It must outlive this object.
  template <class Recorder>
  void GiveTo(Recorder* recorder) {
    take_ = [this, recorder](const std::vector<int64_t>& peak_bytes) {
      recorder->SetProcessReports(peak_bytes, communicator_->counts());
    };
  }

  absl::Status OnEpochEnd(const Report& report) override {
    PDARTS_ASSIGN_OR_RETURN(const std::vector<int64_t> peak_bytes,
                            Gather(*communicator_, PeakResidentBytes()));
    if (take_) take_(peak_bytes);
    return absl::OkStatus();
  }

 private:
  Communicator* const communicator_;
  std::function<void(const std::vector<int64_t>& peak_bytes)> take_;
};

using SearchProcessReports = ProcessReports<SearchObserver, EpochReport>;
using TrainProcessReports = ProcessReports<TrainObserver, TrainEpochReport>;

}  // namespace pdarts

#endif  // PDARTS_SESSIONS_OBSERVERS_H_
