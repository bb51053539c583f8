#include "pdarts/fetch/published_archive.h"

namespace pdarts {

const std::vector<PublishedArchive>& PublishedArchives() {
  static const auto* archives = new std::vector<PublishedArchive>{
      {"cifar10",
       "CIFAR-10, binary version",
       "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
       170052171,
       "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
       "cifar-10-batches-bin",
       {{"data_batch_1.bin", 30730000},
        {"data_batch_2.bin", 30730000},
        {"data_batch_3.bin", 30730000},
        {"data_batch_4.bin", 30730000},
        {"data_batch_5.bin", 30730000},
        {"test_batch.bin", 30730000}}},
      {"cifar100",
       "CIFAR-100, binary version",
       "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
       168513733,
       "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
       "cifar-100-binary",
       {{"train.bin", 153700000}, {"test.bin", 30740000}}}};
  return *archives;
}

}  // namespace pdarts
