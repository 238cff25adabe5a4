#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/head/head_builder.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/head/parametric_head.h"

namespace maskbench {

/// Folder of what was fetched and imported.
inline std::filesystem::path AssetsFolder() {
  if (const char* assets = std::getenv("MASKBENCH_ASSETS")) return assets;
#ifdef MASKBENCH_ASSETS_DIR
  return MASKBENCH_ASSETS_DIR;
#else
  return "assets";
#endif
}
inline std::filesystem::path ModelsFolder() { return AssetsFolder() / "models"; }

/// The imported heads, loaded once; a missing file fails the test and says what to do.
inline const ParametricHead& ImportedParametricHead() {
  static const std::shared_ptr<const ParametricHead> head =
      ParametricHead::Load(ParametricHeadFile(ModelsFolder()));
  return *head;
}
inline const HeadModel& ImportedModel(const std::string& name) {
  static const std::unique_ptr<HeadModel> parametric = MakeHeadModel("parametric", ModelsFolder());
  static const std::unique_ptr<HeadModel> canonical = MakeHeadModel("canonical468", ModelsFolder());
  return name == "parametric" ? *parametric : *canonical;
}

inline Eigen::VectorXd RandomCoefficients(int count, const std::string& subject) {
  NamedRandom random(7, subject, "coefficients");
  Eigen::VectorXd coefficients(count);
  for (double& value : coefficients) value = random.Normal();
  return coefficients;
}

inline SurfacePoint AtVertex(int vertex) { return {{vertex, vertex, vertex}, {1, 0, 0}}; }

inline std::vector<SurfacePoint> MeshPoints(const HeadModel& model) {
  std::vector<SurfacePoint> points;
  for (const auto& point : model.Topology().mesh468) points.push_back(point.value());
  return points;
}

inline Eigen::Matrix3Xd LocateAll(const std::vector<SurfacePoint>& points,
                                  const Eigen::Matrix3Xd& vertices) {
  Eigen::Matrix3Xd located(3, static_cast<Eigen::Index>(points.size()));
  for (size_t i = 0; i < points.size(); ++i) {
    located.col(static_cast<Eigen::Index>(i)) = Locate(points[i], vertices);
  }
  return located;
}

/// How far `vertices` are from being their own mirror image.
inline double LargestAsymmetry(const HeadTopology& topology, const Eigen::Matrix3Xd& vertices) {
  double largest = 0;
  for (int v = 0; v < topology.vertex_count; ++v) {
    const Eigen::Vector3d image = vertices.col(topology.mirror[v]);
    const Eigen::Vector3d reflected(-image.x(), image.y(), image.z());
    largest = std::max(largest, (vertices.col(v) - reflected).norm());
  }
  return largest;
}

/// Runs `action`, which must throw `Failure` with one line that has every one of `parts`.
template <class Failure, class Action>
void ExpectError(Action action, const std::vector<std::string>& parts) {
  try {
    action();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Failure& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << "more than one line: " << message;
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' is not in: " << message;
    }
  }
}

}  // namespace maskbench
