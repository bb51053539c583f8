#include "pdarts/nn/operation_network.h"

#include <utility>

#include "pdarts/nn/layers.h"

namespace pdarts::nn {
namespace {

class OperationNetwork : public Network {
 public:
  OperationNetwork(std::shared_ptr<Operation> operation, const Backend& backend)
      : operation_(register_module("operation", std::move(operation))), backend_(backend) {}

 private:
  NetworkOutput DoForward(const at::Tensor& images, const ForwardContext& context) override {
    const at::Tensor input =
        backend_.channels_last() ? images.contiguous(at::MemoryFormat::ChannelsLast) : images;
    return {operation_->Forward(AsStored(input, backend_.storage), context), {}};
  }

  const std::shared_ptr<Operation> operation_;
  const Backend backend_;
};

}  // namespace

std::shared_ptr<Network> MakeOperationNetwork(std::shared_ptr<Operation> operation,
                                              const Backend& backend) {
  return std::make_shared<OperationNetwork>(std::move(operation), backend);
}

void AddPlace(const ImageShape& input, int stride, std::vector<OperationPlace>* places) {
  for (OperationPlace& place : *places) {
    const ImageShape& known = place.input;
    if (place.stride == stride && known.channels == input.channels &&
        known.height == input.height && known.width == input.width) {
      ++place.cells;
      return;
    }
  }
  places->push_back({input, stride, /*cells=*/1});
}

}  // namespace pdarts::nn
