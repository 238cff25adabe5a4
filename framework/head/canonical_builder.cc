// Makes the head model "canonical468" from the canonical face in the package @mediapipe/face_mesh.
#include "canonical_builder.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

#include "head_file.h"
#include "mesh_operators.h"
#include "topology_io.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;

constexpr int kVertices = 468;
constexpr double kMmPerCentimetre = 10;
constexpr double kAdultIpd_mm = 62.5;

// ---- Points of the mesh by number; the right side's, the left's are their mirror images ----

constexpr std::array<int, 7> kRightUpperLid = {173, 157, 158, 159, 160, 161, 246};  // Medial first.
constexpr std::array<int, 7> kRightLowerLid = {155, 154, 153, 145, 144, 163, 7};
constexpr int kRightMedialCanthus = 133, kRightLateralCanthus = 33;
constexpr std::array<int, 9> kUpperLipInside = {191, 80, 81, 82, 13, 312, 311, 310, 415};
constexpr std::array<int, 9> kLowerLipInside = {95, 88, 178, 87, 14, 317, 402, 318, 324};
constexpr std::array<int, 2> kMouthCornersInside = {78, 308};
constexpr std::array<int, 4> kRightMouthCorner = {61, 76, 62, 78};  // From outside to inside.
constexpr std::array<int, 10> kRightBrow = {70, 63, 105, 66, 107, 46, 53, 52, 65, 55};
constexpr std::array<int, 7> kRightHairline = {10, 109, 67, 103, 54, 21, 162};
constexpr int kUpperLipMiddle = 0, kLowerLipMiddle = 17, kSubnasale = 2, kChin = 152;
constexpr int kRightEar = 234;

// ---- The package ----

// Protocol buffers (protobuf.dev/programming-guides/encoding), as far as this file uses them.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view bytes) : bytes_(bytes) {}

  // Goes to the next field; false at the end.
  bool Next() {
    if (bytes_.empty()) return false;
    const std::uint64_t key = Varint();
    number = static_cast<int>(key >> 3);
    switch (key & 7) {
      case 0:
        value = Varint();
        payload = {};
        break;
      case 1:
        payload = Take(8);
        break;
      case 2:
        payload = Take(Varint());
        break;
      case 5:
        payload = Take(4);
        break;
      default:
        throw DataError("unknown wire type");
    }
    return true;
  }
  std::uint64_t Varint() {
    std::uint64_t result = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(Take(1)[0]);
      result |= static_cast<std::uint64_t>(byte & 127) << shift;
      if (byte < 128) return result;
    }
    throw DataError("overlong number");
  }
  bool AtEnd() const { return bytes_.empty(); }

  int number = 0;
  std::uint64_t value = 0;   // Of a field that is a number,
  std::string_view payload;  // else its bytes.

 private:
  std::string_view Take(std::uint64_t size) {
    if (size > bytes_.size()) throw DataError("unexpected end");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view bytes_;
};

struct CanonicalMesh {
  Eigen::Matrix3Xd vertices;  // Centimetres, +x to the patient's left, +y up, +z forward.
  Triangles triangles;
};

// GeometryPipelineMetadata { canonical_mesh = 1: Mesh3d { vertex_buffer = 3: floats x y z u v …;
// index_buffer = 4 } } of mediapipe/modules/face_geometry/protos.
CanonicalMesh ParseMesh(std::string_view message) {
  std::string_view mesh_message;
  for (ProtobufReader reader(message); reader.Next();) {
    if (reader.number == 1) mesh_message = reader.payload;
  }
  std::vector<float> numbers;
  std::vector<int> indices;
  for (ProtobufReader reader(mesh_message); reader.Next();) {
    if (reader.number == 3) {  // Packed or not: four bytes per number.
      const size_t at = numbers.size();
      numbers.resize(at + reader.payload.size() / sizeof(float));
      std::memcpy(numbers.data() + at, reader.payload.data(),
                  (numbers.size() - at) * sizeof(float));
    } else if (reader.number == 4 && reader.payload.empty()) {
      indices.push_back(static_cast<int>(reader.value));
    } else if (reader.number == 4) {
      for (ProtobufReader packed(reader.payload); !packed.AtEnd();) {
        indices.push_back(static_cast<int>(packed.Varint()));
      }
    }
  }
  CanonicalMesh mesh;
  if (numbers.size() != size_t{5} * kVertices) throw DataError("not 468 vertices");
  mesh.vertices =
      Eigen::Map<const Eigen::Matrix<float, 5, Eigen::Dynamic>>(numbers.data(), 5, kVertices)
          .topRows<3>()
          .cast<double>();
  for (size_t at = 0; at + 3 <= indices.size(); at += 3) {
    mesh.triangles.push_back({indices[at], indices[at + 1], indices[at + 2]});
    for (const int vertex : mesh.triangles.back()) {
      if (vertex < 0 || vertex >= kVertices) throw DataError("vertex out of range");
    }
  }
  return mesh;
}

CanonicalMesh ReadMesh(const fs::path& package) {
  constexpr std::string_view kList = "{\"files\":";
  constexpr std::string_view kName = "geometry_pipeline_metadata_landmarks.binarypb";
  const fs::path loader = package / CanonicalPackage().files[1];
  const fs::path data = package / CanonicalPackage().files[0];
  const std::string script = ReadFile(loader);
  const std::string bytes = ReadFile(data);
  try {
    // The list of files stands as JSON in a call; it ends where the parser says so.
    const size_t begin = script.find(kList);
    const size_t end = begin == std::string::npos ? begin : script.find("});", begin);
    if (end == std::string::npos) throw DataError("no list of files");
    const Json list = Json::parse(script.substr(begin, end + 1 - begin));
    for (const Json& file : list.at("files")) {
      const auto name = file.at("filename").get<std::string>();
      if (name.size() < kName.size() || name.substr(name.size() - kName.size()) != kName) continue;
      const auto from = file.at("start").get<size_t>();
      const auto to = file.at("end").get<size_t>();
      if (from > to || to > bytes.size()) throw DataError("a place outside the data");
      return ParseMesh(std::string_view(bytes).substr(from, to - from));
    }
    throw DataError("no face geometry");
  } catch (const Json::exception&) {
    throw DataError(fmt::format("{} holds no list of packed files.", loader.string()));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{} holds no canonical face that could be read: {}.", data.string(),
                                error.what()));
  }
}

// ---- Topology ----

std::vector<int> MirrorMap(const Eigen::Matrix3Xd& vertices) {
  std::vector<int> mirror(vertices.cols());
  for (Eigen::Index v = 0; v < vertices.cols(); ++v) {
    const Eigen::Vector3d image(-vertices(0, v), vertices(1, v), vertices(2, v));
    Eigen::Index nearest;
    const double distance = (vertices.colwise() - image).colwise().norm().minCoeff(&nearest);
    if (distance > 1e-3) {
      throw DataError(fmt::format("The canonical face is not symmetric at vertex {}.", v));
    }
    mirror[v] = static_cast<int>(nearest);
  }
  return mirror;
}

template <class Ring>
std::vector<int> OnSide(const Ring& right, Side side, const std::vector<int>& mirror) {
  std::vector<int> ring(right.begin(), right.end());
  if (side == Side::kLeft) {
    for (int& vertex : ring) vertex = mirror[vertex];
  }
  return ring;
}

// Where lips meet.
std::set<int> LipsInside() {
  std::set<int> lips(kUpperLipInside.begin(), kUpperLipInside.end());
  lips.insert(kLowerLipInside.begin(), kLowerLipInside.end());
  lips.insert(kMouthCornersInside.begin(), kMouthCornersInside.end());
  return lips;
}

// The triangles less those with all corners in a set.
Triangles Without(const Triangles& triangles, const std::set<int>& vertices) {
  Triangles rest;
  for (const auto& triangle : triangles) {
    const bool inside = std::all_of(triangle.begin(), triangle.end(),
                                    [&](int v) { return vertices.count(v) != 0; });
    if (!inside) rest.push_back(triangle);
  }
  return rest;
}

// The ring of this mesh nearest to the opening is margin and lash line in one: the next ring out
// (247, 30, 29, …) lies 2.5 mm up on the skin of the lid.
LidRings RingsOf(Side side, const std::vector<int>& mirror) {
  LidRings lids;
  lids.upper_inner = lids.upper_outer = OnSide(kRightUpperLid, side, mirror);
  lids.lower_inner = lids.lower_outer = OnSide(kRightLowerLid, side, mirror);
  const auto canthi = OnSide(std::array{kRightMedialCanthus, kRightLateralCanthus}, side, mirror);
  lids.medial_canthus = canthi[0];
  lids.lateral_canthus = canthi[1];
  return lids;
}

std::set<int> VerticesOf(const LidRings& lids) {
  std::set<int> all = {lids.medial_canthus, lids.lateral_canthus};
  all.insert(lids.upper_inner.begin(), lids.upper_inner.end());
  all.insert(lids.lower_inner.begin(), lids.lower_inner.end());
  return all;
}

// Globe of 12 mm behind the middle of the lids: 12.6 mm from their margins (half a millimetre of
// lid and tear film), half a millimetre above the middle of the opening, as in adults at rest.
VertexStencil GlobeCentre(const LidRings& lids, const Eigen::Matrix3Xd& vertices) {
  constexpr double kMarginDistance_mm = 12.6, kAboveMiddle_mm = 0.5;
  VertexStencil globe;
  globe.vertices = {lids.medial_canthus, lids.lateral_canthus};
  globe.weights = {0.5, 0.5};
  const Eigen::Vector3d canthi =
      (vertices.col(lids.medial_canthus) + vertices.col(lids.lateral_canthus)) / 2;
  const Eigen::Vector3d upper = vertices.col(lids.upper_inner[lids.upper_inner.size() / 2]);
  const Eigen::Vector3d lower = vertices.col(lids.lower_inner[lids.lower_inner.size() / 2]);
  Eigen::Vector3d centre = canthi;
  centre.y() = (upper.y() + lower.y()) / 2 + kAboveMiddle_mm;
  // Mean over both margins of the depth at which they are so far away.
  double depth = 0;
  for (const Eigen::Vector3d& margin : {upper, lower}) {
    const double beside = (margin - centre).head<2>().norm();
    depth +=
        (margin.z() - std::sqrt(kMarginDistance_mm * kMarginDistance_mm - beside * beside)) / 2;
  }
  centre.z() = depth;
  globe.offset_mm = centre - canthi;
  globe.offset_mm.x() = 0;
  return globe;
}

// ---- Identity basis ----

constexpr int kHarmonics = 40;
constexpr double kSpread_mm = 5.5;  // Root of the mean over vertices of the summed variance.
constexpr double kAsymmetryFactor = 0.35;

// The lowest harmonics of the surface, each mirror-symmetric or antisymmetric, times the three
// axes. The standard deviation of a displacement falls with its harmonic's eigenvalue λ as 1 / (λ +
// λ1), λ1 the lowest: fine detail is rare, as in faces.
Eigen::MatrixXd IdentityBasis(const Eigen::Matrix3Xd& vertices, const Triangles& triangles,
                              const HeadTopology& topology) {
  const LaplaceOperator laplace = MakeLaplaceOperator(vertices, triangles);
  struct Harmonic {
    double eigenvalue;
    bool symmetric;
    Eigen::VectorXd values;
  };
  std::vector<Harmonic> harmonics;
  for (const bool symmetric : {true, false}) {
    std::vector<Eigen::VectorXd> functions;  // A basis of the functions of this symmetry.
    for (int v = 0; v < kVertices; ++v) {
      const int image = topology.mirror[v];
      if (image < v || (image == v && !symmetric)) continue;
      Eigen::VectorXd function = Eigen::VectorXd::Zero(kVertices);
      function[v] = 1;
      function[image] += image == v ? 0 : symmetric ? 1 : -1;
      functions.push_back(function);
    }
    Eigen::MatrixXd basis(kVertices, static_cast<Eigen::Index>(functions.size()));
    for (size_t i = 0; i < functions.size(); ++i) {
      basis.col(static_cast<Eigen::Index>(i)) = functions[i];
    }
    const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd> solver(
        basis.transpose() * laplace.stiffness * basis,
        basis.transpose() * laplace.mass.asDiagonal() * basis);
    for (Eigen::Index k = 0; k < std::min<Eigen::Index>(kHarmonics + 1, basis.cols()); ++k) {
      Eigen::VectorXd values = basis * solver.eigenvectors().col(k);
      // Eigenvectors have no sign: the largest entry is made positive.
      Eigen::Index largest;
      values.cwiseAbs().maxCoeff(&largest);
      if (values[largest] < 0) values = -values;
      values *= std::sqrt(laplace.mass.sum());
      harmonics.push_back({solver.eigenvalues()[k], symmetric, values});
    }
  }
  std::stable_sort(harmonics.begin(), harmonics.end(), [](const Harmonic& a, const Harmonic& b) {
    return a.eigenvalue < b.eigenvalue;
  });
  harmonics.erase(harmonics.begin());  // The constant: a shift, which the pose describes.
  harmonics.resize(kHarmonics);

  const double lowest = harmonics.front().eigenvalue;
  std::vector<std::pair<double, Eigen::VectorXd>> columns;
  for (const Harmonic& harmonic : harmonics) {
    for (Eigen::Index axis = 0; axis < 3; ++axis) {
      const bool symmetric = harmonic.symmetric == (axis != 0);
      const double sigma =
          2 * lowest / (harmonic.eigenvalue + lowest) * (symmetric ? 1 : kAsymmetryFactor);
      Eigen::Matrix3Xd displacement = Eigen::Matrix3Xd::Zero(3, kVertices);
      displacement.row(axis) = sigma * harmonic.values.transpose();
      Eigen::Vector3d origin = Eigen::Vector3d::Zero();
      for (const VertexStencil& globe : topology.globe_centre) {
        origin += (Locate(globe, displacement) - globe.offset_mm) / 2;
      }
      displacement.colwise() -= origin;
      columns.emplace_back(sigma, Eigen::Map<Eigen::VectorXd>(displacement.data(), 3 * kVertices));
    }
  }
  std::stable_sort(columns.begin(), columns.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  Eigen::MatrixXd basis(3 * kVertices, static_cast<Eigen::Index>(columns.size()));
  for (size_t i = 0; i < columns.size(); ++i) {
    basis.col(static_cast<Eigen::Index>(i)) = columns[i].second;
  }
  return basis * (kSpread_mm / std::sqrt(basis.squaredNorm() / kVertices));
}

// ---- Expressions ----

// A displacement that is given at some vertices, zero beyond a distance from them, and as smooth as
// possible in between.
class DisplacementField {
 public:
  void Move(int vertex, const Eigen::Vector3d& displacement) {
    vertices_.push_back(vertex);
    displacements_.push_back(displacement);
  }
  template <class Vertices>
  void Hold(const Vertices& vertices) {
    for (const int vertex : vertices) Move(vertex, Eigen::Vector3d::Zero());
  }
  // Holds everything farther than `radius_mm` (along the surface) from what was moved so far.
  void HoldBeyond(double radius_mm, const Eigen::Matrix3Xd& mean, const Triangles& triangles) {
    const Eigen::VectorXd distances = EdgeDistances(mean, triangles, vertices_);
    for (int v = 0; v < kVertices; ++v) {
      if (distances[v] > radius_mm) Move(v, Eigen::Vector3d::Zero());
    }
  }
  Eigen::VectorXd Solve(const LaplaceOperator& laplace) const {
    // What was said first holds.
    std::set<int> seen;
    std::vector<int> vertices;
    std::vector<Eigen::Vector3d> displacements;
    for (size_t i = 0; i < vertices_.size(); ++i) {
      if (!seen.insert(vertices_[i]).second) continue;
      vertices.push_back(vertices_[i]);
      displacements.push_back(displacements_[i]);
    }
    Eigen::MatrixXd values(static_cast<Eigen::Index>(vertices.size()), 3);
    for (size_t i = 0; i < vertices.size(); ++i) {
      values.row(static_cast<Eigen::Index>(i)) = displacements[i].transpose();
    }
    const Eigen::Matrix3Xd field = Extend(laplace, vertices, values).transpose();
    return Eigen::Map<const Eigen::VectorXd>(field.data(), field.size());
  }

 private:
  std::vector<int> vertices_;
  std::vector<Eigen::Vector3d> displacements_;
};

struct Expressions {
  std::vector<std::string> names;
  std::vector<Eigen::VectorXd> columns;
  std::vector<std::pair<double, double>> ranges;
};

Expressions MakeExpressions(const Eigen::Matrix3Xd& mean, const Triangles& closed,
                            const HeadTopology& topology) {
  // Lips move apart: the triangles between them do not carry displacements over.
  const Triangles triangles = Without(closed, LipsInside());
  const LaplaceOperator laplace = MakeLaplaceOperator(mean, triangles);

  Expressions expressions;
  const auto add = [&](const std::string& name, const DisplacementField& field) {
    expressions.names.push_back(name);
    expressions.columns.push_back(field.Solve(laplace));
    expressions.ranges.emplace_back(0.0, 1.0);
  };
  const auto on_side = [&](const auto& right, Side side) {
    return OnSide(right, side, topology.mirror);
  };
  const auto one_on_side = [&](int right, Side side) {
    return side == Side::kRight ? right : topology.mirror[right];
  };
  std::set<int> eyes, hairline;
  for (const Side side : kSides) {
    for (const int v : on_side(kRightHairline, side)) hairline.insert(v);
  }
  for (const LidRings& lids : topology.lids) eyes.merge(VerticesOf(lids));

  {
    // Opening turns the jaw while its joints slide forward: in sum a turn about an axis behind and
    // below them, so that the chin goes down more than back.
    constexpr double kOpening = 16 * M_PI / 180, kAxisAboveChin_mm = 40;
    const Eigen::Vector3d joint(0, mean(1, kChin) + kAxisAboveChin_mm, mean(2, kRightEar));
    const Eigen::Matrix3d turn =
        Eigen::AngleAxisd(kOpening, Eigen::Vector3d::UnitX()).toRotationMatrix();
    const auto jaw = [&](int v) {
      const Eigen::Vector3d arm = mean.col(v) - joint;
      return Eigen::Vector3d(turn * arm - arm);
    };
    DisplacementField field;
    for (const int v : kLowerLipInside) field.Move(v, jaw(v));
    for (const int v : {kChin, 148, 377, 176, 400, 175, 199, 200, 18, kLowerLipMiddle, 149, 378}) {
      field.Move(v, jaw(v));
    }
    for (const Side side : kSides) {
      for (const int v : on_side(kRightMouthCorner, side)) field.Move(v, 0.35 * jaw(v));
    }
    field.Hold(kUpperLipInside);
    for (int v = 0; v < kVertices; ++v) {
      if (mean(1, v) > mean(1, kSubnasale)) field.Move(v, Eigen::Vector3d::Zero());
    }
    add("jaw_open", field);
  }

  // Both corners of the mouth; x is away from the middle.
  const auto mouth = [&](const std::string& name, const Eigen::Vector3d& corner,
                         const Eigen::Vector3d& middle) {
    DisplacementField field;
    for (const Side side : kSides) {
      for (const int v : on_side(kRightMouthCorner, side)) {
        field.Move(v, {side == Side::kLeft ? corner.x() : -corner.x(), corner.y(), corner.z()});
      }
    }
    for (const int v : {kUpperLipMiddle, 13, kLowerLipMiddle, 14}) field.Move(v, middle);
    field.HoldBeyond(38, mean, triangles);
    field.Hold(eyes);
    add(name, field);
  };
  mouth("mouth_wide", {6, 0, -3}, {0, 0, -1.5});
  mouth("mouth_narrow", {-6, 0, 1.5}, {0, 0, 1.5});
  mouth("lip_pucker", {-9, 0, 4}, {0, 0, 6});
  for (const auto& [name, corner] :
       {std::pair{"mouth_corner_up", Eigen::Vector3d(4, 8, -2)},
        std::pair{"mouth_corner_down", Eigen::Vector3d(1.5, -7, -1)}}) {
    for (const Side side : kSides) {
      DisplacementField field;
      for (const int v : on_side(kRightMouthCorner, side)) {
        field.Move(v, {side == Side::kLeft ? corner.x() : -corner.x(), corner.y(), corner.z()});
      }
      field.Hold(std::array{kUpperLipMiddle, 13, kLowerLipMiddle, 14});
      field.HoldBeyond(35, mean, triangles);
      field.Hold(eyes);
      add(fmt::format("{}_{}", name, side == Side::kLeft ? "left" : "right"), field);
    }
  }
  {
    DisplacementField field;
    for (const int v : kUpperLipInside) field.Move(v, {0, -1.0, -2.0});
    for (const int v : kLowerLipInside) field.Move(v, {0, 1.5, -2.0});
    field.Hold(kMouthCornersInside);
    field.HoldBeyond(18, mean, triangles);
    add("lip_press", field);
  }

  const auto brow = [&](const std::string& name, double up, double medial) {
    for (const Side side : kSides) {
      DisplacementField field;
      for (const int v : on_side(kRightBrow, side)) {
        field.Move(v, {side == Side::kLeft ? -medial : medial, up, 0});
      }
      field.HoldBeyond(32, mean, triangles);
      field.Hold(eyes);
      field.Hold(hairline);
      add(fmt::format("{}_{}", name, side == Side::kLeft ? "left" : "right"), field);
    }
  };
  brow("brow_up", 8, 0);
  brow("brow_down", -5, 2);
  {
    DisplacementField field;
    for (const Side side : kSides) {
      for (const int v : {107, 55, 66, 65}) field.Move(one_on_side(v, side), {0, 7, 0});
    }
    field.HoldBeyond(28, mean, triangles);
    field.Hold(eyes);
    field.Hold(hairline);
    add("brow_inner_up", field);
  }
  for (const Side side : kSides) {
    DisplacementField field;
    for (const int v : {50, 205, 101, 36}) {
      field.Move(one_on_side(v, side), {side == Side::kLeft ? 1.0 : -1.0, 5, 2});
    }
    field.HoldBeyond(28, mean, triangles);
    field.Hold(eyes);
    add(fmt::format("cheek_up_{}", side == Side::kLeft ? "left" : "right"), field);
  }
  {
    DisplacementField field;
    for (const Side side : kSides) {
      for (const int v : {48, 64, 98, 49}) {
        field.Move(one_on_side(v, side), {side == Side::kLeft ? 1.0 : -1.0, 3.5, 0});
      }
      field.Move(one_on_side(55, side), {side == Side::kLeft ? -1.0 : 1.0, -2.5, 0});
    }
    field.HoldBeyond(22, mean, triangles);
    field.Hold(eyes);
    add("nose_wrinkle", field);
  }

  const auto eye = [&](const std::string& name, auto upper_goal, auto lower_goal) {
    for (const Side side : kSides) {
      const LidRings& lids = topology.lids[static_cast<size_t>(side)];
      DisplacementField field;
      const size_t count = lids.upper_inner.size();
      for (size_t i = 0; i < count; ++i) {
        const Eigen::Vector3d upper = mean.col(lids.upper_inner[i]);
        const Eigen::Vector3d lower = mean.col(lids.lower_inner[i]);
        // 0 at the canthi, 1 in the middle.
        const double along = std::sin(M_PI * static_cast<double>(i + 1) / (count + 1.0));
        field.Move(lids.upper_inner[i], upper_goal(upper, lower, along));
        field.Move(lids.lower_inner[i], lower_goal(upper, lower, along));
      }
      field.HoldBeyond(14, mean, triangles);
      field.Hold(std::array{lids.medial_canthus, lids.lateral_canthus});
      field.Hold(on_side(kRightBrow, side));
      add(fmt::format("{}_{}", name, side == Side::kLeft ? "left" : "right"), field);
    }
  };
  // The upper lid does 85 % of the way.
  eye(
      "eye_close",
      [](const auto& upper, const auto& lower, double) {
        return Eigen::Vector3d(0.85 * (lower - upper));
      },
      [](const auto& upper, const auto& lower, double) {
        return Eigen::Vector3d(0.15 * (upper - lower));
      });
  eye(
      "eye_wide",
      [](const auto&, const auto&, double along) {
        return Eigen::Vector3d(0, 3.0 * along, -0.5 * along);
      },
      [](const auto&, const auto&, double along) {
        return Eigen::Vector3d(0, -1.2 * along, -0.2 * along);
      });
  return expressions;
}

}  // namespace

const PackageSource& CanonicalPackage() {
  static const PackageSource source = {
      "@mediapipe/face_mesh",
      "0.4.1657299874",
      {"face_mesh_solution_packed_assets.data", "face_mesh_solution_packed_assets_loader.js"}};
  return source;
}

LinearHeadData BuildCanonicalHead(const fs::path& npm_root) {
  CanonicalMesh mesh = ReadMesh(PackageFolder(CanonicalPackage(), npm_root));
  LinearHeadData data;
  data.name = "canonical468/1";
  HeadTopology& topology = data.topology;
  topology.vertex_count = kVertices;
  topology.mirror = MirrorMap(mesh.vertices);

  // The middle between an eye's canthi stands for its pupil.
  const double ipd_mm = kMmPerCentimetre * std::abs(mesh.vertices(0, kRightMedialCanthus) +
                                                    mesh.vertices(0, kRightLateralCanthus));
  mesh.vertices *= kMmPerCentimetre * kAdultIpd_mm / ipd_mm;
  Eigen::Vector3d origin = Eigen::Vector3d::Zero();
  std::set<int> openings;
  for (const Side side : kSides) {
    const auto s = static_cast<size_t>(side);
    topology.lids[s] = RingsOf(side, topology.mirror);
    topology.globe_centre[s] = GlobeCentre(topology.lids[s], mesh.vertices);
    origin += Locate(topology.globe_centre[s], mesh.vertices) / 2;
    // The package closes the eyes with triangles between the lids.
    mesh.triangles = Without(mesh.triangles, VerticesOf(topology.lids[s]));
  }
  mesh.vertices.colwise() -= origin;
  const std::set<int> lips = LipsInside();
  for (const auto& triangle : mesh.triangles) {
    topology.faces.push_back({triangle[0], triangle[1], triangle[2], triangle[2]});
    const bool between_lips =
        std::all_of(triangle.begin(), triangle.end(), [&](int v) { return lips.count(v) != 0; });
    topology.face_parts.push_back(between_lips ? HeadPart::kMouthCavity : HeadPart::kSkin);
  }
  for (int v = 0; v < kVertices; ++v)
    topology.mesh468.push_back(SurfacePoint{{v, v, v}, {1, 0, 0}});

  data.mean = Eigen::Map<const Eigen::VectorXd>(mesh.vertices.data(), 3 * kVertices).cast<float>();
  data.identity = IdentityBasis(mesh.vertices, mesh.triangles, topology).cast<float>();
  const Expressions expressions = MakeExpressions(mesh.vertices, mesh.triangles, topology);
  data.expression_names = expressions.names;
  data.expression_range = expressions.ranges;
  data.expression.resize(3 * kVertices, static_cast<Eigen::Index>(expressions.names.size()));
  for (size_t i = 0; i < expressions.columns.size(); ++i) {
    data.expression.col(static_cast<Eigen::Index>(i)) = expressions.columns[i].cast<float>();
  }
  return data;
}

HeadImportReport ImportCanonicalHead(const fs::path& npm_root, const fs::path& models_dir) {
  const auto start = std::chrono::steady_clock::now();
  Json manifest = {{"head", "canonical468"},
                   {"builder_version", kHeadBuilderVersion},
                   {"sources", {DescribeSource(CanonicalPackage(), npm_root)}}};
  HeadImportReport report;
  report.head = "canonical468";
  report.file = CanonicalHeadFile(models_dir);
  report.was_up_to_date = IsUpToDate(manifest, report.file);
  if (!report.was_up_to_date) {
    const LinearHeadData data = BuildCanonicalHead(npm_root);
    HeadFile file;
    PutTopology(data.topology, &file);
    const auto flat = [](const Eigen::MatrixXf& matrix) {
      return std::vector<float>(matrix.data(), matrix.data() + matrix.size());
    };
    file.Put("identity_mean", flat(data.mean));
    file.Put("identity_basis", flat(data.identity));
    file.Put("expression_basis", flat(data.expression));
    file.PutTexts("expression_names", data.expression_names);
    std::vector<float> range;
    for (const auto& [low, high] : data.expression_range) {
      range.push_back(static_cast<float>(low));
      range.push_back(static_cast<float>(high));
    }
    file.Put("expression_range", range);
    const fs::path package = PackageFolder(CanonicalPackage(), npm_root);
    manifest["licences"] = {
        {{"package", CanonicalPackage().package},
         {"stamp", {{"license", ReadJsonFile(package / "package.json").value("license", "")}}}}};
    manifest["counts"] = {{"vertices", data.topology.vertex_count},
                          {"faces", data.topology.faces.size()},
                          {"identities", data.identity.cols()},
                          {"expressions", data.expression.cols()}};
    manifest["adult_ipd_mm"] = kAdultIpd_mm;
    manifest["identity"] = {{"harmonics", kHarmonics},
                            {"spread_mm", kSpread_mm},
                            {"asymmetry_factor", kAsymmetryFactor}};
    file.Write(report.file, manifest);
  } else {
    fs::path manifest_file = report.file;
    manifest = ReadJsonFile(manifest_file.replace_extension(".json"));
  }
  report.vertex_count = manifest.at("counts").at("vertices").get<int>();
  report.summary = fmt::format("{} vertices, {} expressions", report.vertex_count,
                               manifest.at("counts").at("expressions").get<int>());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace maskbench
