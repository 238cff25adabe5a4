#include "maskbench/masking/shape_gallery.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "maskbench/core/json.h"
#include "maskbench/core/rng.h"
#include "maskbench/head/head_registry.h"

#include "masking/mask_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

std::map<int, int> Sizes(const std::vector<int>& clusters) {
  std::map<int, int> sizes;
  for (const int cluster : clusters) ++sizes[cluster];
  return sizes;
}

TEST(KSameClusters, NearestGoTogetherAndTheRestIsTheLast) {
  // Two far groups of three and one more point on a line.
  Eigen::MatrixXd line(1, 7);
  line << 0, 100, 1, 101, 2, 102, 50;
  const std::vector<int> clusters = KSameClusters(line, 3);
  // The mean is 50.9: 102 is farthest and takes 101 and 100; four are left, fewer than twice three.
  EXPECT_EQ(clusters, (std::vector<int>{1, 0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(KSameClusters(line, 7), std::vector<int>(7, 0));
  EXPECT_EQ(Sizes(KSameClusters(line, 4)).size(), 1u);
  ExpectDataError([&] { KSameClusters(line, 8); }, {"7 people", "no 8"});
}

TEST(KSameClusters, EveryFaceStandsForAtLeastKPeople) {
  NamedRandom random(1, "points", "clusters");
  for (const int count : {20, 57, 100}) {
    Eigen::MatrixXd points(5, count);
    for (double& value : points.reshaped()) value = random.Normal();
    // Somebody twice.
    points.col(3) = points.col(7);
    for (const int k : {2, 3, 10}) {
      const auto sizes = Sizes(KSameClusters(points, k));
      EXPECT_EQ(sizes.size(), static_cast<size_t>(count / k));
      for (const auto& [cluster, size] : sizes) {
        EXPECT_GE(size, k);
        EXPECT_LT(size, 2 * k);
      }
    }
  }
}

TEST(ShapeSpace, DistancesAreThoseOfFaces) {
  for (const char* name : {"parametric", "canonical468"}) {
    const auto model = MakeHeadModel(name, ModelsFolder());
    const int dims = std::min(40, model->IdentityDims());
    const ShapeSpace space(*model, dims);
    const ShapeGallery people = DrawnGallery(name, dims);
    const GalleryShape &a = people.people[0], &b = people.people[1];
    const auto points = [&](const GalleryShape& shape) {
      const Eigen::Map<const Eigen::VectorXd> identity(
          shape.identity.data(), static_cast<Eigen::Index>(shape.identity.size()));
      const Eigen::Matrix3Xd vertices = shape.scale * model->Evaluate(identity, {});
      std::vector<Eigen::Vector3d> places;
      for (const auto& place : model->Topology().mesh468)
        if (place) places.push_back(Locate(*place, vertices));
      return places;
    };
    const auto pa = points(a), pb = points(b);
    double square = 0;
    for (size_t i = 0; i < pa.size(); ++i) square += (pa[i] - pb[i]).squaredNorm();
    const double rms = std::sqrt(square / static_cast<double>(pa.size()));
    EXPECT_NEAR((space.VectorOf(a.identity, a.scale) - space.VectorOf(b.identity, b.scale)).norm(),
                rms, 1e-3 * rms);
    // The mean shape is the mean of the vertices.
    const GalleryShape mean = ShapeSpace::MeanOf({&a, &b});
    const auto pm = points(mean);
    for (size_t i = 0; i < pa.size(); ++i)
      EXPECT_LT((pm[i] - 0.5 * (pa[i] + pb[i])).norm(), 1e-3) << i;
  }
}

TEST(ShapeGallery, DrawnPeopleAreAlwaysTheSame) {
  const ShapeGallery people = DrawnGallery("parametric", 40);
  EXPECT_EQ(people.people.size(), 1000u);
  EXPECT_EQ(SerialiseGallery(people), SerialiseGallery(DrawnGallery("parametric", 40)));
  double sum = 0, square = 0;
  for (const GalleryShape& shape : people.people) {
    ASSERT_EQ(shape.identity.size(), 40u);
    for (const double value : shape.identity) {
      sum += value;
      square += value * value;
    }
    EXPECT_NEAR(shape.scale, 1, 0.16);
  }
  EXPECT_NEAR(sum / 40000, 0, 0.02);
  EXPECT_NEAR(square / 40000, 1, 0.03);
}

TEST(ShapeGallery, FileReadsBackAndBadOnesAreRefused) {
  const ShapeGallery gallery = {
      "parametric", {{"p1", {0.5, -1}, 1.02}, {"p2", {}, 0.97}, {"", {2}, 1}, {"", {1}, 1}}};
  const std::string bytes = SerialiseGallery(gallery);
  const ShapeGallery read = ParseGallery(bytes, "g");
  EXPECT_EQ(SerialiseGallery(read), bytes);
  EXPECT_EQ(read.people[0].identity, gallery.people[0].identity);
  ExpectDataError([] { ParseGallery("no", "g.json"); }, {"g.json", "no gallery"});
  const auto refused = [&](const std::vector<std::string>& parts, const auto& change) {
    Json json = Json::parse(bytes);
    change(json);
    ExpectDataError([&] { ParseGallery(json.dump(), "g.json"); }, parts);
  };
  refused({"format version 9"}, [](Json& json) { json["format_version"] = 9; });
  refused({"lacks something"}, [](Json& json) { json.erase("people"); });
  refused({"lacks something"}, [](Json& json) { json["people"][0]["identity"] = "1"; });
  refused({"two shapes of one patient", "p1"},
          [](Json& json) { json["people"][1]["patient"] = "p1"; });
  refused({"shape 1"}, [](Json& json) { json["people"][1]["scale"] = 0; });
  refused({"shape 0"}, [](Json& json) { json["people"][0]["identity"][1] = 1e9; });
}

}  // namespace
}  // namespace maskbench
