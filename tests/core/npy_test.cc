#include "maskbench/core/npy.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class NpyTest : public testing::Test {
 protected:
  std::filesystem::path Write(const std::string& bytes) const {
    const std::filesystem::path file = folder_.path() / "a.npy";
    WriteFileAtomically(file, bytes);
    return file;
  }

  /// A file of version 1.0 with this header, unpadded, and so many bytes of data.
  static std::string WithHeader(const std::string& header, size_t data_bytes) {
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(header.size() & 0xFF);
    bytes += static_cast<char>(header.size() >> 8);
    return bytes + header + std::string(data_bytes, '\0');
  }

  /// What reading the bytes is refused with; empty when it is not.
  std::string Refusal(const std::string& bytes) const {
    try {
      const NpyFile read(Write(bytes));
      return "";
    } catch (const DataError& error) {
      return error.what();
    }
  }

  TemporaryFolder folder_;
};

TEST_F(NpyTest, TheBytesFollowTheFormat) {
  // What the format's description asks of numpy.array([[1, 2, 3], [4, 5, 6]], dtype='<f4').
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  expected.resize(127, ' ');
  expected += '\n';
  const float values[] = {1, 2, 3, 4, 5, 6};
  expected.append(reinterpret_cast<const char*>(values), sizeof values);
  EXPECT_EQ(NpyBytes({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}), expected);
}

TEST_F(NpyTest, FloatsAreReadInPlace) {
  const NpyFile read(Write(NpyBytes({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6})));
  EXPECT_THAT(read.shape(), ElementsAre(2, 3));
  EXPECT_EQ(read.rows(), 2);
  EXPECT_EQ(read.columns(), 3);
  EXPECT_FALSE(read.is_float64());
  std::vector<float> scratch;
  const float* const row = read.Rows(1, 1, &scratch);
  EXPECT_EQ(row[0], 4);
  EXPECT_EQ(row[2], 6);
  EXPECT_TRUE(scratch.empty());
}

TEST_F(NpyTest, DoublesKeepAllDigitsAndAreRoundedOnDemand) {
  const double third = 1.0 / 3, nan = std::numeric_limits<double>::quiet_NaN();
  const NpyFile read(Write(NpyBytes({2, 2}, std::vector<double>{third, nan, -0.0, 1e300})));
  EXPECT_TRUE(read.is_float64());
  const std::vector<double> all = read.RowsAsDouble(0, 2);
  EXPECT_EQ(all[0], third);
  EXPECT_TRUE(std::isnan(all[1]));
  EXPECT_TRUE(std::signbit(all[2]));
  EXPECT_EQ(all[3], 1e300);
  std::vector<float> scratch;
  EXPECT_EQ(read.Rows(0, 1, &scratch)[0], static_cast<float>(third));
}

TEST_F(NpyTest, OtherSpellingsOfTheHeaderAreRead) {
  // Another order, double quotes, no trailing comma, a header that leaves the data unaligned.
  std::string header = R"({"shape":(1,2),"descr":"<f4","fortran_order":False})";
  while ((10 + header.size()) % 4 != 1) header += ' ';
  std::string bytes = WithHeader(header, 0);
  const float values[] = {7, 8};
  bytes.append(reinterpret_cast<const char*>(values), sizeof values);
  const NpyFile read(Write(bytes));
  std::vector<float> scratch;
  EXPECT_EQ(read.Rows(0, 1, &scratch)[1], 8);
  EXPECT_EQ(scratch.size(), 2U) << "the data were aligned after all";
}

TEST_F(NpyTest, Version2HasALongerLength) {
  const std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }\n";
  std::string bytes("\x93NUMPY\x02\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += std::string(3, '\0') + header;
  const double value = 2.5;
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  EXPECT_THAT(NpyFile(Write(bytes)).RowsAsDouble(0, 1), ElementsAre(2.5));
}

TEST_F(NpyTest, AnEmptyTableAndOtherNumbersOfAxes) {
  EXPECT_EQ(NpyFile(Write(NpyBytes({0, 4}, std::vector<float>{}))).columns(), 4);
  const NpyFile list(Write(NpyBytes({3}, std::vector<float>{1, 2, 3})));
  EXPECT_THAT(list.shape(), ElementsAre(3));
  EXPECT_THROW(list.rows(), DataError);
  EXPECT_THROW(NpyBytes({2, 2}, std::vector<float>{1, 2, 3}), Error);
}

TEST_F(NpyTest, RowsOutsideAreRefused) {
  const NpyFile read(Write(NpyBytes({2, 1}, std::vector<float>{1, 2})));
  std::vector<float> scratch;
  EXPECT_THROW(read.Rows(1, 2, &scratch), Error);
  EXPECT_THROW(read.Rows(-1, 1, &scratch), Error);
  EXPECT_NO_THROW(read.Rows(2, 0, &scratch));
}

TEST_F(NpyTest, MalformedFilesAreRefusedWithASentence) {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
  const auto replaced = [&](const std::string& what, const std::string& by) {
    std::string header = good;
    header.replace(header.find(what), what.size(), by);
    return WithHeader(header, 24);
  };
  ASSERT_EQ(Refusal(WithHeader(good, 24)), "");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "is empty"},
      {"no array at all", "does not begin like a .npy file"},
      {std::string("\x93NUMPY\x04\x00\x10\x00", 10), "version 4"},
      {std::string("\x93NUMPY\x01\x00\xFF\xFF", 10) + good, "inside of its header"},
      {WithHeader(good, 23), "another number of values"},
      {WithHeader(good, 28), "another number of values"},
      {replaced("<f4", ">f4"), ">f4"},
      {replaced("<f4", "|O"), "|O"},
      {replaced("<f4", "<i4"), "<i4"},
      {replaced("False", "True"), "Fortran"},
      {replaced("False", "Maybe"), "neither True nor False"},
      {replaced("'descr'", "'desc'"), "\"desc\""},
      {replaced("'descr': '<f4', ", ""), "lacks one of"},
      {replaced("'descr': '<f4'", "'shape': (1,)"), "\"shape\""},
      {replaced("(2, 3)", "(2, -3)"), "no tuple"},
      {replaced("(2, 3)", "(2 3)"), "lacks a \")\""},
      {replaced("(2, 3)", "(4294967296, 4294967296, 4)"), "another number of values"},
      {replaced("(2, 3)", "(99999999999999999999, 3)"), "too large"},
      {replaced("}", "} x"), "does not end"},
      {replaced("'<f4'", "<f4"), "quoted text"},
  };
  for (const auto& [bytes, reason] : cases) {
    const std::string refusal = Refusal(bytes);
    EXPECT_THAT(refusal, HasSubstr(reason));
    EXPECT_THAT(refusal, HasSubstr("a.npy is not an array")) << reason;
    EXPECT_EQ(refusal.back(), '.') << reason;
  }
  EXPECT_THROW(NpyFile(folder_.path() / "none.npy"), DataError);
  EXPECT_THROW(NpyFile(folder_.path()), DataError);
}

// Whatever one byte of the header becomes, the file is read or refused, and nothing else happens.
TEST_F(NpyTest, NoDamagedByteOfTheHeaderDoesHarm) {
  const std::string good = NpyBytes({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  int refused = 0;
  for (size_t at = 0; at < 70; ++at) {
    for (const char value : {'\0', '\xFF', '9', '(', '\''}) {
      std::string bytes = good;
      if (bytes[at] == value) continue;
      bytes[at] = value;
      refused += Refusal(bytes).empty() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 250);
}

}  // namespace
}  // namespace maskbench
