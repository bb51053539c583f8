#include "pdarts/cli/alphas_file.h"

#include <archive.h>
#include <archive_entry.h>

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pdarts/base/little_endian.h"

namespace pdarts {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Two edges of the cell kind normal and one edge of the cell kind reduce, with two operations
/// each.
const Topology& Small() {
  static const auto* const topology = new Topology{
      {{"normal", {{0, 1}, {0, 2}}, {"none", "skip"}}, {"reduce", {{0, 1}}, {"none", "skip"}}}};
  return *topology;
}

absl::StatusOr<GivenAlphas> Read(const std::string& bytes) {
  return ReadAlphas(Small(), AllCandidates(Small()), bytes);
}

std::string ErrorOf(const std::string& bytes) {
  return std::string(Read(bytes).status().message());
}

/// Checks that the bytes hold the alphas below. These alphas are not probabilities.
void ExpectAlphas(const std::string& bytes) {
  const auto given = Read(bytes);
  ASSERT_TRUE(given.ok()) << given.status() << " of " << bytes;
  const auto share = [](double difference) {
    return DoubleNear(1 / (1 + std::exp(difference)), 1e-6);
  };
  ASSERT_EQ(given->probabilities.size(), 2u);
  ASSERT_EQ(given->probabilities[0].size(), 2u);
  ASSERT_EQ(given->probabilities[1].size(), 1u);
  EXPECT_THAT(given->probabilities[0][0], ElementsAre(share(1), share(-1)));  // 1, 2
  EXPECT_THAT(given->probabilities[0][1], ElementsAre(share(-7), share(7)));  // 3, -4
  EXPECT_THAT(given->probabilities[1][0], ElementsAre(share(1), share(-1)));  // 5, 6
  EXPECT_THAT(given->notes, ElementsAre(HasSubstr("softmax")));
}

std::string Npy(const std::string& type, const std::string& shape, const std::string& data,
                bool first_fastest = false) {
  const std::string header =
      absl::StrCat("{'descr': '", type, "', 'fortran_order': ", first_fastest ? "True" : "False",
                   ", 'shape': ", shape, ", }\n");
  std::string bytes("\x93NUMPY\x01\x00", 8);
  AppendLittleEndian(header.size(), 2, &bytes);
  return bytes + header + data;
}

std::string Doubles(const std::vector<double>& values) {
  std::string bytes;
  for (const double value : values) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    AppendLittleEndian(bits, 8, &bytes);
  }
  return bytes;
}

/// A .npz file, compressed as by numpy.savez_compressed.
std::string Npz(const std::vector<std::pair<std::string, std::string>>& arrays) {
  std::string bytes(1 << 16, '\0');
  size_t used = 0;
  archive* const zip = archive_write_new();
  archive_write_set_format_zip(zip);
  archive_write_open_memory(zip, bytes.data(), bytes.size(), &used);
  for (const auto& [name, content] : arrays) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(zip, entry);
    archive_write_data(zip, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(zip);
  archive_write_free(zip);
  return bytes.substr(0, used);
}

TEST(Alphas, AreReadFromTexts) {
  ExpectAlphas("1 2\n3 -4\n\n5 6\n");
  ExpectAlphas("\xef\xbb\xbf# the normal cell\n1,2\n3,-4\n# reduce\n5\t6");
  ExpectAlphas("reduce:\n5 6\nnormal:\n1 2\n3 -4\n");
  ExpectAlphas("[[1, 2], [3, -4], [5, 6]]");
  ExpectAlphas("[[[1, 2], [3, -4]], [[5, 6]]]");
  ExpectAlphas("{\"alphas_reduce\": [[5, 6]], \"alphas_normal\": [[1.0, 2e0], [3, -4]]}");
  ExpectAlphas("[[ 1.  2.]\n [ 3. -4.]]\n[[5. 6.]]\n");
  ExpectAlphas(
      "06/21 10:11:12 PM tensor([[1.0, 2.0],\n        [3.0, -4.0]], device='cuda:0')\n"
      "06/21 10:11:12 PM tensor([[5.0, 6.0]], requires_grad=True)\n");
}

TEST(Alphas, AreReadFromNumpyFiles) {
  const std::string all = Doubles({1, 2, 3, -4, 5, 6});
  ExpectAlphas(Npy("<f8", "(3, 2)", all));
  ExpectAlphas(Npy("<f8", "(1, 3, 2)", all));
  ExpectAlphas(Npy("<f8", "(3, 2)", Doubles({1, 3, 5, 2, -4, 6}), /*first_fastest=*/true));
  ExpectAlphas(Npy("|i1", "(3, 2)", "\x01\x02\x03\xfc\x05\x06"));
  // 1, 2, 3, -4, 5, 6 as half precision, the most significant byte first.
  ExpectAlphas(Npy(">f2", "(3, 2)", std::string("\x3c\0\x40\0\x42\0\xc4\0\x45\0\x46\0", 12)));
  const std::string normal = Npy("<f8", "(2, 2)", Doubles({1, 2, 3, -4}));
  const std::string reduce = Npy("<f8", "(1, 2)", Doubles({5, 6}));
  ExpectAlphas(Npz({{"alphas_reduce.npy", reduce}, {"alphas_normal.npy", normal}}));
  ExpectAlphas(Npz({{"arr_0.npy", normal}, {"arr_1.npy", reduce}}));
}

TEST(Alphas, ThatAddUpToOneAreProbabilities) {
  const auto given = Read("0.25 0.75\n0.5 0.5\n0.1254 0.8745\n");
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_THAT(given->probabilities[0][0], ElementsAre(0.25, 0.75));
  EXPECT_THAT(given->notes, ElementsAre(HasSubstr("read as probabilities")));
}

TEST(Alphas, ErrorsNameTheRowAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf("1 2\n3 4\n"),
            "found 2 rows of alphas, expected a row for each edge: 2 (normal) and 1 (reduce)");
  EXPECT_EQ(ErrorOf("normal\n1 2\nreduce\n3 4\n"),
            "found 1 rows of alphas for the cell kind normal, expected 2, a row for each edge");
  EXPECT_EQ(ErrorOf("1 2\n3 4 5\n6 7\n"),
            "row 2 has 3 numbers, expected 2: one for each of none, skip, in this order");
  EXPECT_EQ(ErrorOf("1 2\n3 four\n"), "line 2: \"four\" is not a number");
  EXPECT_EQ(ErrorOf("[[1 2]\n ...\n [5 6]]"), "line 2: \"...\" is not a number");
  EXPECT_EQ(ErrorOf("1 2\n3 nan\n5 6\n"), "row 2 holds nan, expected finite numbers");
  EXPECT_THAT(ErrorOf(""), HasSubstr("found 0 rows"));
  EXPECT_THAT(ErrorOf(Npz({{"normal.npy", Npy("<f8", "(4,)", Doubles({1, 2, 3, 4}))}})),
              HasSubstr("array normal is of shape [4], expected [edges,candidates]"));
}

TEST(Alphas, DamagedNumpyFilesAreRefused) {
  const std::string data = Doubles({1, 2, 3, -4, 5, 6});
  EXPECT_THAT(ErrorOf(Npy("<f8", "(3, 2)", data.substr(1))),
              HasSubstr("it has 47 bytes of elements, expected 48"));
  EXPECT_THAT(ErrorOf(Npy("|O", "(3, 2)", data)),
              HasSubstr("of the type \"|O\", expected numbers"));
  EXPECT_THAT(ErrorOf(Npy("<c16", "(3, 1)", data)), HasSubstr("expected integers or floats"));
  EXPECT_THAT(ErrorOf(Npy("<f8", "(9999999, 9999999)", data)), HasSubstr("more than 1048576"));
  EXPECT_THAT(ErrorOf(Npy("<f8", "(-1, 2)", data)), HasSubstr("its shape is none"));
  EXPECT_THAT(ErrorOf("\x93NUMPY"), HasSubstr("damaged"));
  EXPECT_THAT(ErrorOf(std::string("\x93NUMPY\x01\0\xff\xff{}", 12)),
              HasSubstr("it ends within its header"));
  EXPECT_THAT(ErrorOf("PK\x03\x04 and nothing else"), HasSubstr("damaged"));
}

}  // namespace
}  // namespace pdarts
