#include "maskbench/recognition/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Tables {
  int dimension = 0;
  std::vector<float> probes, gallery;
  int64_t ProbeCount() const { return static_cast<int64_t>(probes.size()) / dimension; }
  int64_t GalleryCount() const { return static_cast<int64_t>(gallery.size()) / dimension; }
};

/// Random rows; some are copies of others, so that there are exact ties, and some nearly so.
Tables Random(int probes, int gallery, int dimension, const char* name) {
  NamedRandom random(1, name, "matching");
  Tables tables;
  tables.dimension = dimension;
  const auto fill = [&](int rows, std::vector<float>* values) {
    for (int i = 0; i < rows; ++i) {
      const uint32_t kind = i == 0 ? 9 : random.Below(10);
      const auto copied = static_cast<size_t>(i == 0 ? 0 : random.Below(static_cast<uint32_t>(i)));
      for (int j = 0; j < dimension; ++j) {
        float value = static_cast<float>(random.Normal());
        if (kind < 3) value = (*values)[copied * dimension + j];       // A copy,
        if (kind == 1) value *= 2;                                     // a longer one,
        if (kind == 2 && j == 0) value = std::nextafter(value, 9.0F);  // or one in the last bit.
        values->push_back(value);
      }
    }
  };
  fill(gallery, &tables.gallery);
  fill(probes, &tables.probes);
  return tables;
}

/// Every pair by DescriptorDistance, sorted.
std::vector<ProbeSearch> BruteForce(const Tables& tables, DescriptorMetric metric, int top,
                                    const std::vector<int64_t>& own) {
  const int d = tables.dimension;
  const auto failed = [&](const float* row) {
    return !std::all_of(row, row + d, [](float value) { return std::isfinite(value); });
  };
  std::vector<ProbeSearch> searches(tables.ProbeCount());
  for (int64_t i = 0; i < tables.ProbeCount(); ++i) {
    const float* const probe = tables.probes.data() + i * d;
    if (failed(probe)) continue;
    ProbeSearch& search = searches[i];
    const int64_t mine = own.empty() ? -1 : own[i];
    if (mine >= 0 && !failed(tables.gallery.data() + mine * d)) {
      search.own_distance = DescriptorDistance(probe, tables.gallery.data() + mine * d, d, metric);
    }
    for (int64_t j = 0; j < tables.GalleryCount(); ++j) {
      const float* const row = tables.gallery.data() + j * d;
      if (failed(row)) continue;
      const double distance = DescriptorDistance(probe, row, d, metric);
      search.best.push_back({j, distance});
      if (j == mine) continue;
      search.nearer += distance < search.own_distance ? 1 : 0;
      search.as_near += distance == search.own_distance ? 1 : 0;
    }
    std::sort(search.best.begin(), search.best.end(), [](const auto& a, const auto& b) {
      return std::tie(a.distance, a.row) < std::tie(b.distance, b.row);
    });
    if (static_cast<int>(search.best.size()) > top) search.best.resize(top);
  }
  return searches;
}

void ExpectEqual(const std::vector<ProbeSearch>& a, const std::vector<ProbeSearch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].best.size(), b[i].best.size()) << "probe " << i;
    for (size_t k = 0; k < a[i].best.size(); ++k) {
      ASSERT_EQ(a[i].best[k].row, b[i].best[k].row) << "probe " << i << ", place " << k;
      ASSERT_EQ(a[i].best[k].distance, b[i].best[k].distance) << "probe " << i << ", place " << k;
    }
    ASSERT_EQ(std::isnan(a[i].own_distance), std::isnan(b[i].own_distance));
    if (!std::isnan(a[i].own_distance)) {
      ASSERT_EQ(a[i].own_distance, b[i].own_distance);
    }
    ASSERT_EQ(a[i].nearer, b[i].nearer) << "probe " << i;
    ASSERT_EQ(a[i].as_near, b[i].as_near) << "probe " << i;
  }
}

std::vector<ProbeSearch> Search(const Tables& tables, const MatchingOptions& options,
                                const std::vector<int64_t>& own = {}) {
  return SearchGallery({tables.probes.data(), tables.ProbeCount(), tables.dimension},
                       {tables.gallery.data(), tables.GalleryCount(), tables.dimension}, options,
                       own);
}

/// Any row of the gallery for each probe; none for some.
std::vector<int64_t> SomeOwn(const Tables& tables) {
  NamedRandom random(2, "own", "matching");
  std::vector<int64_t> own;
  for (int64_t i = 0; i < tables.ProbeCount(); ++i) {
    own.push_back(
        static_cast<int64_t>(random.Below(static_cast<uint32_t>(tables.GalleryCount()) + 1)) - 1);
  }
  return own;
}

class MatchingTest : public testing::TestWithParam<DescriptorMetric> {};

INSTANTIATE_TEST_SUITE_P(Metrics, MatchingTest,
                         testing::Values(DescriptorMetric::kCosine, DescriptorMetric::kEuclidean));

TEST_P(MatchingTest, EqualsBruteForceForAnyBlocks) {
  const Tables tables = Random(83, 517, 37, "blocks");
  const std::vector<int64_t> own = SomeOwn(tables);
  for (const int top : {0, 1, 7, 600}) {
    const std::vector<ProbeSearch> expected = BruteForce(tables, GetParam(), top, own);
    for (const auto& [probe_block, gallery_block, chunk] :
         {std::tuple(256, 1024, 32768), {1, 1, 1}, {16, 64, 100}, {7, 1000, 300}}) {
      MatchingOptions options;
      options.metric = GetParam();
      options.top = top;
      options.probe_block = probe_block;
      options.gallery_block = gallery_block;
      options.gallery_chunk = chunk;
      ExpectEqual(Search(tables, options, own), expected);
    }
  }
}

TEST_P(MatchingTest, EqualsBruteForceWhenAllAreNearlyTheSame) {
  // Differences far below the rounding of single-precision products.
  Tables tables = Random(20, 400, 128, "alike");
  NamedRandom random(3, "alike", "noise");
  for (std::vector<float>* values : {&tables.probes, &tables.gallery}) {
    for (size_t i = 0; i < values->size(); ++i) {
      (*values)[i] = 1 + 1e-6F * static_cast<float>(random.Normal());
    }
  }
  MatchingOptions options;
  options.metric = GetParam();
  options.gallery_block = 64;
  ExpectEqual(Search(tables, options), BruteForce(tables, GetParam(), options.top, {}));
}

TEST_P(MatchingTest, EqualsBruteForceAtTheEndsOfTheRange) {
  Tables tables = Random(30, 300, 16, "range");
  NamedRandom random(4, "range", "scale");
  for (std::vector<float>* values : {&tables.probes, &tables.gallery}) {
    for (size_t row = 0; row * 16 < values->size(); ++row) {
      const auto scale =
          static_cast<float>(std::pow(10.0, static_cast<double>(random.Below(76)) - 38));
      for (size_t j = 0; j < 16; ++j) (*values)[row * 16 + j] *= row % 5 == 4 ? 0 : scale;
    }
  }
  const std::vector<int64_t> own = SomeOwn(tables);
  MatchingOptions options;
  options.metric = GetParam();
  options.gallery_block = 50;
  ExpectEqual(Search(tables, options, own), BruteForce(tables, GetParam(), options.top, own));
}

TEST_P(MatchingTest, FailuresAreNobodysNeighbours) {
  Tables tables = Random(12, 40, 8, "failures");
  for (int j = 0; j < 8; ++j) tables.gallery[3 * 8 + j] = kNan;
  tables.gallery[5 * 8 + 7] = std::numeric_limits<float>::infinity();
  tables.probes[2 * 8 + 1] = kNan;
  std::vector<int64_t> own(12, 3);
  own[0] = 1;
  own[2] = 2;
  MatchingOptions options;
  options.metric = GetParam();
  options.top = 40;
  const std::vector<ProbeSearch> searches = Search(tables, options, own);
  ExpectEqual(searches, BruteForce(tables, GetParam(), 40, own));
  EXPECT_EQ(searches[0].best.size(), 38U);
  EXPECT_FALSE(std::isnan(searches[0].own_distance));
  EXPECT_TRUE(std::isnan(searches[1].own_distance)) << "its own template failed";
  EXPECT_TRUE(searches[2].best.empty());
  EXPECT_TRUE(std::isnan(searches[2].own_distance));
}

TEST_P(MatchingTest, TiesKeepTheOrderOfTheGallery) {
  Tables tables;
  tables.dimension = 2;
  tables.probes = {1, 0};
  for (int i = 0; i < 50; ++i) tables.gallery.insert(tables.gallery.end(), {0, 1});
  MatchingOptions options;
  options.metric = GetParam();
  options.top = 5;
  options.gallery_block = 7;
  const std::vector<ProbeSearch> searches = Search(tables, options, {20});
  for (int k = 0; k < 5; ++k) EXPECT_EQ(searches[0].best[k].row, k);
  EXPECT_EQ(searches[0].nearer, 0);
  EXPECT_EQ(searches[0].as_near, 49);
}

TEST_P(MatchingTest, MappedFilesGiveTheSame) {
  const Tables tables = Random(20, 150, 24, "mapped");
  const TemporaryFolder folder;
  MatchingOptions options;
  options.metric = GetParam();
  options.gallery_block = 32;
  options.gallery_chunk = 70;
  const std::vector<ProbeSearch> expected = Search(tables, options);
  const auto mapped = [&](const std::string& name, const std::string& bytes) {
    WriteFileAtomically(folder.path() / name, bytes);
    return DescriptorTable(std::make_shared<NpyFile>(folder.path() / name));
  };
  const std::vector<double> wide(tables.gallery.begin(), tables.gallery.end());
  ExpectEqual(SearchGallery(mapped("p.npy", NpyBytes({20, 24}, tables.probes)),
                            mapped("g.npy", NpyBytes({150, 24}, wide)), options),
              expected);
}

TEST(Matching, WhatDoesNotFitIsRefused) {
  const std::vector<float> values(12, 1);
  const DescriptorTable three(values.data(), 4, 3), four(values.data(), 3, 4);
  EXPECT_THROW(SearchGallery(three, four, {}), DataError);
  EXPECT_THROW(SearchGallery(three, three, {}, {0}), Error);
  EXPECT_THROW(SearchGallery(three, three, {}, {0, 1, 2, 4}), Error);
  MatchingOptions options;
  options.gallery_block = 0;
  EXPECT_THROW(SearchGallery(three, three, options), Error);
  EXPECT_TRUE(SearchGallery(DescriptorTable(nullptr, 0, 3), three, {}).empty());
  EXPECT_TRUE(SearchGallery(three, DescriptorTable(nullptr, 0, 3), {})[0].best.empty());
}

}  // namespace
}  // namespace maskbench
