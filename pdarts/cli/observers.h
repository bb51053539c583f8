#ifndef PDARTS_CLI_OBSERVERS_H_
#define PDARTS_CLI_OBSERVERS_H_

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pdarts/core/status_macros.h"
#include "pdarts/trainers/network_trainer.h"
#include "pdarts/trainers/search_trainer.h"

namespace pdarts {

/// Passes every report on to several observers, one after the other. Observer: SearchObserver or
/// TrainObserver.
template <class Observer>
class ObserverList : public Observer {
 public:
  /// observers: must outlive the list.
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
  absl::Status OnStageBegin(const SearchPosition& position, const SuperNet& net) override {
    return Each([&](SearchObserver& observer) { return observer.OnStageBegin(position, net); });
  }
  absl::Status OnResume(const SearchPosition& position, const SuperNet& net) override {
    return Each([&](SearchObserver& observer) { return observer.OnResume(position, net); });
  }
  absl::Status OnEpochEnd(const EpochReport& report) override {
    return Each([&](SearchObserver& observer) { return observer.OnEpochEnd(report); });
  }
  absl::Status OnStageEnd(const SearchPosition& position, const SuperNet& net,
                          const Candidates& kept) override {
    return Each([&](SearchObserver& observer) { return observer.OnStageEnd(position, net, kept); });
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

}  // namespace pdarts

#endif  // PDARTS_CLI_OBSERVERS_H_
