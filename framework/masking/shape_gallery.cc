#include "maskbench/masking/shape_gallery.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include <Eigen/QR>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/json.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr char kFormat[] = "maskbench-shape-gallery";
constexpr int kVersion = 1;
constexpr int kDrawnPeople = 1000;
constexpr std::uint64_t kDrawnSeed = 2005;
// Widths of faces and of irises both spread by about 4 %.
constexpr double kDrawnScale = 0.05;
constexpr double kMostCoefficient = 20, kLeastScale = 0.5, kMostScale = 2;

Eigen::VectorXd Linear(const std::vector<double>& identity, double scale, Eigen::Index size) {
  Eigen::VectorXd values = Eigen::VectorXd::Zero(size);
  values[0] = scale;
  for (size_t i = 0; i < identity.size() && static_cast<Eigen::Index>(i) + 1 < size; ++i)
    values[static_cast<Eigen::Index>(i) + 1] = scale * identity[i];
  return values;
}

}  // namespace

std::string SerialiseGallery(const ShapeGallery& gallery) {
  Json people = Json::array();
  for (const GalleryShape& shape : gallery.people) {
    people.push_back(
        {{"patient", shape.patient}, {"scale", shape.scale}, {"identity", shape.identity}});
  }
  const Json json = {{"format", kFormat},
                     {"format_version", kVersion},
                     {"model", gallery.model},
                     {"people", people}};
  return json.dump(1) + "\n";
}

ShapeGallery ParseGallery(const std::string& bytes, const std::string& origin) {
  const Json json = Json::parse(bytes, nullptr, false);
  if (!json.is_object() || json.value("format", Json()) != kFormat) {
    throw DataError(fmt::format("{} is no gallery of shapes.", origin));
  }
  if (json.value("format_version", Json()) != kVersion) {
    throw DataError(fmt::format("{} has format version {}; this program reads version {}.", origin,
                                json.value("format_version", Json()).dump(), kVersion));
  }
  ShapeGallery gallery;
  std::set<std::string> patients;
  try {
    gallery.model = json.at("model").get<std::string>();
    for (const Json& entry : json.at("people")) {
      GalleryShape shape;
      shape.patient = entry.at("patient").get<std::string>();
      shape.scale = entry.at("scale").get<double>();
      shape.identity = entry.at("identity").get<std::vector<double>>();
      gallery.people.push_back(std::move(shape));
    }
  } catch (const Json::exception&) {
    throw DataError(fmt::format(
        "{} lacks something: a gallery has a model and people, each with patient, scale and "
        "identity.",
        origin));
  }
  for (size_t i = 0; i < gallery.people.size(); ++i) {
    const GalleryShape& shape = gallery.people[i];
    if (!shape.patient.empty() && !patients.insert(shape.patient).second) {
      throw DataError(fmt::format(
          "{} has two shapes of one patient, {}: k would count recordings instead of people.",
          origin, shape.patient));
    }
    bool good = shape.scale >= kLeastScale && shape.scale <= kMostScale;
    for (const double value : shape.identity) good &= std::abs(value) <= kMostCoefficient;
    if (!good) {
      throw DataError(fmt::format(
          "{}: shape {} is none of a face; coefficients lie within ±{:g} and the scale within {:g} "
          "and {:g}.",
          origin, i, kMostCoefficient, kLeastScale, kMostScale));
    }
  }
  return gallery;
}

ShapeGallery DrawnGallery(const std::string& model, int dims) {
  ShapeGallery gallery;
  gallery.model = model;
  for (int i = 0; i < kDrawnPeople; ++i) {
    NamedRandom random(kDrawnSeed, fmt::format("person {}", i), "gallery of shapes");
    GalleryShape shape;
    shape.scale = 1 + kDrawnScale * std::clamp(random.Normal(), -3.0, 3.0);
    for (int k = 0; k < dims; ++k) shape.identity.push_back(random.Normal());
    gallery.people.push_back(std::move(shape));
  }
  return gallery;
}

ShapeSpace::ShapeSpace(const HeadModel& model, int dims) {
  std::vector<SurfacePoint> points;
  for (const auto& place : model.Topology().mesh468)
    if (place) points.push_back(*place);
  const Eigen::Matrix3Xd mean = model.Evaluate({}, {});
  const auto count = static_cast<Eigen::Index>(points.size());
  dims = std::min(dims, model.IdentityDims());
  Eigen::MatrixXd stacked(3 * count, 1 + dims);
  for (Eigen::Index i = 0; i < count; ++i)
    stacked.block<3, 1>(3 * i, 0) = Locate(points[static_cast<size_t>(i)], mean);
  stacked.rightCols(dims) = model.Jacobian({}, {}, points).leftCols(dims);
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(stacked);
  metric_ = qr.matrixQR().topRows(1 + dims).triangularView<Eigen::Upper>();
  metric_ /= std::sqrt(static_cast<double>(std::max<Eigen::Index>(1, count)));
}

Eigen::VectorXd ShapeSpace::VectorOf(const std::vector<double>& identity, double scale) const {
  return metric_ * Linear(identity, scale, metric_.cols());
}

GalleryShape ShapeSpace::MeanOf(const std::vector<const GalleryShape*>& shapes) {
  size_t dims = 0;
  for (const GalleryShape* shape : shapes) dims = std::max(dims, shape->identity.size());
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(dims) + 1);
  for (const GalleryShape* shape : shapes) sum += Linear(shape->identity, shape->scale, sum.size());
  GalleryShape mean;
  mean.scale = sum[0] / static_cast<double>(shapes.size());
  for (Eigen::Index k = 1; k < sum.size(); ++k) mean.identity.push_back(sum[k] / sum[0]);
  return mean;
}

std::vector<int> KSameClusters(const Eigen::MatrixXd& vectors, int k) {
  if (vectors.cols() < k) {
    throw DataError(
        fmt::format("a gallery of {} people has no {} who could share a face.", vectors.cols(), k));
  }
  std::vector<int> cluster_of(static_cast<size_t>(vectors.cols()), -1);
  std::vector<Eigen::Index> left(cluster_of.size());
  std::iota(left.begin(), left.end(), 0);
  for (int cluster = 0; !left.empty(); ++cluster) {
    size_t take = static_cast<size_t>(k);
    if (left.size() < 2 * take) take = left.size();
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(vectors.rows());
    for (const Eigen::Index i : left) mean += vectors.col(i);
    mean /= static_cast<double>(left.size());
    Eigen::Index first = left[0];
    double farthest = -1;
    for (const Eigen::Index i : left) {
      const double distance = (vectors.col(i) - mean).squaredNorm();
      if (distance > farthest) {
        farthest = distance;
        first = i;
      }
    }
    std::vector<double> distance(cluster_of.size());
    for (const Eigen::Index i : left)
      distance[static_cast<size_t>(i)] = (vectors.col(i) - vectors.col(first)).squaredNorm();
    distance[static_cast<size_t>(first)] = -1;  // Even if another has the same shape.
    std::stable_sort(left.begin(), left.end(), [&](Eigen::Index a, Eigen::Index b) {
      return distance[static_cast<size_t>(a)] < distance[static_cast<size_t>(b)];
    });
    for (size_t i = 0; i < take; ++i) cluster_of[static_cast<size_t>(left[i])] = cluster;
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(take));
    std::sort(left.begin(), left.end());
  }
  return cluster_of;
}

}  // namespace maskbench
