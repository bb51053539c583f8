#include "pdarts/fetch/published_archive.h"

namespace pdarts {

const std::vector<PublishedArchive>& PublishedArchives() {
  // The readers of Apache MXNet check the same SHA-1 values for the files of these archives.
  static const auto* archives = new std::vector<PublishedArchive>{
      {"cifar10",
       "CIFAR-10, binary version",
       "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
       170052171,
       "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
       "cifar-10-batches-bin",
       {{"data_batch_1.bin", 30730000, "aadd24acce27caa71bf4b10992e9e7b2d74c2540"},
        {"data_batch_2.bin", 30730000, "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795"},
        {"data_batch_3.bin", 30730000, "1dd00a74ab1d17a6e7d73e185b69dbf31242f295"},
        {"data_batch_4.bin", 30730000, "aab85764eb3584312d3c7f65fd2fd016e36a258e"},
        {"data_batch_5.bin", 30730000, "26e2849e66a845b7f1e4614ae70f4889ae604628"},
        {"test_batch.bin", 30730000, "67eb016db431130d61cd03c7ad570b013799c88c"}}},
      {"cifar100",
       "CIFAR-100, binary version",
       "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
       168513733,
       "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
       "cifar-100-binary",
       {{"train.bin", 153700000, "e207cd2e05b73b1393c74c7f5e7bea451d63e08e"},
        {"test.bin", 30740000, "8fb6623e830365ff53cf14adec797474f5478006"}}}};
  return *archives;
}

}  // namespace pdarts
