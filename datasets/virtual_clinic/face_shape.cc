#include "datasets/virtual_clinic/face_shape.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <Eigen/Dense>

namespace maskbench::virtual_clinic {
namespace {

// How far each detail axis moves the vertex that it moves most: one standard deviation, mm, before
// the measures are held. The axes' own ranges differ ten times in size, so that equal weights would
// make people who differ in the cheeks alone.
constexpr std::pair<const char*, double> kDetailSpreadMm[] = {
    {"nose/", 1.7}, {"mouth/", 1.4}, {"eyes/eye-height", 0.5}, {"eyes/", 1.0}, {"eyebrows/", 2.3},
    {"chin/", 2.5}, {"cheek/", 2.1}, {"forehead/", 3.2},       {"head/", 3.6}, {"ears/", 2.6},
    {"neck/", 3.2}};
constexpr double kAsymmetrySpreadMm = 0.9;
constexpr double kLargestWeight = 0.6;  // Of an axis, per standard deviation.

// Weights that everybody has. The package's mean face has a hanging, bulbous nose tip, round lids,
// an open medial canthus and brow ridges high above the eyes.
constexpr std::pair<const char*, double> kMeanDetails[] = {
    {"nose/nose-point-down|up", 0.4},
    {"nose/nose-septumangle-decr|incr", -0.3},
    {"nose/nose-width3-min|max", -0.3},
    {"nose/nose-volume-point|potato", -0.3},
    {"nose/nose-height-min|max", 0.2},
    {"eyes/eye-epicanthus-in|out", 0.4},
    {"eyes/eye-move-in|out", -0.2},
    {"eyes/eye-height1-min|max", 0.5},
    {"eyes/eye-height2-min|max", -0.5},
    {"eyebrows/eyebrows-trans-vert-less|more", -0.3},
    {"chin/chin-height-min|max", -0.2},
    {"chin/chin-prominent-less|more", 0.25},
    {"cheek/cheek-volume-deflate|inflate", -0.2}};

// Share of the variance of lengths and breadths that the size of the face explains.
constexpr double kCommonShare = 0.25;

double Normal(NamedRandom* random, double cut) { return std::clamp(random->Normal(), -cut, cut); }

// The points between which measures are taken, on a head or on a displacement of it.
class Landmarks {
 public:
  // Points of the 468-point mesh.
  enum Point {
    kNoseFront = 1,
    kSubnasale = 2,
    kTip = 4,
    kUpperLip = 0,
    kUpperStomion = 13,
    kLowerStomion = 14,
    kLowerLip = 17,
    kNasion = 168,
    kGnathion = 152,
    kPogonion = 199,
    kRightMouth = 61,
    kLeftMouth = 291,
    kRightAla = 129,
    kLeftAla = 358,
    kRightRoot = 193,
    kLeftRoot = 417,
    kRightZygion = 234,
    kLeftZygion = 454,
    kRightGonion = 172,
    kLeftGonion = 397,
    kRightTemple = 54,
    kLeftTemple = 284,
    kRightBrow = 66,
    kLeftBrow = 296,
    kRightBrowTail = 52,
    kLeftBrowTail = 282,
    kRightCheek = 50,
    kLeftCheek = 280
  };
  explicit Landmarks(const HeadTopology& topology) {
    for (int s = 0; s < 2; ++s) {
      stencils_.push_back(topology.globe_centre[s]);
      stencils_.push_back({{topology.lids[s].lateral_canthus}, {1}});
      stencils_.push_back({{topology.lids[s].medial_canthus}, {1}});
    }
    for (const Point point :
         {kNoseFront,     kSubnasale,    kTip,         kUpperLip,   kUpperStomion, kLowerStomion,
          kLowerLip,      kNasion,       kGnathion,    kPogonion,   kRightMouth,   kLeftMouth,
          kRightAla,      kLeftAla,      kRightRoot,   kLeftRoot,   kRightZygion,  kLeftZygion,
          kRightGonion,   kLeftGonion,   kRightTemple, kLeftTemple, kRightBrow,    kLeftBrow,
          kRightBrowTail, kLeftBrowTail, kRightCheek,  kLeftCheek}) {
      const SurfacePoint& place = *topology.mesh468[point];
      column_[point] = static_cast<int>(stencils_.size());
      stencils_.push_back({{place.vertices.begin(), place.vertices.end()},
                           {place.weights.begin(), place.weights.end()}});
    }
  }

  Eigen::Matrix3Xd OnHead(const Eigen::Matrix3Xd& shape) const {
    Eigen::Matrix3Xd places(3, static_cast<Eigen::Index>(stencils_.size()));
    for (size_t i = 0; i < stencils_.size(); ++i)
      places.col(static_cast<Eigen::Index>(i)) = Locate(stencils_[i], shape);
    return places;
  }
  Eigen::Matrix3Xd OnDisplacement(const Eigen::Matrix3Xd& displacement) const {
    Eigen::Matrix3Xd places = OnHead(displacement);
    for (size_t i = 0; i < stencils_.size(); ++i)
      places.col(static_cast<Eigen::Index>(i)) -= stencils_[i].offset_mm;
    return places;
  }

  // In the order of FaceMeasures().
  Eigen::VectorXd Measure(const Eigen::Matrix3Xd& places) const {
    const auto at = [&](Point point) -> Eigen::Vector3d { return places.col(column_[point]); };
    const auto distance = [&](Point a, Point b) { return (at(a) - at(b)).norm(); };
    const auto middle = [&](Point a, Point b) -> Eigen::Vector3d { return (at(a) + at(b)) / 2; };
    const Eigen::Vector3d right = places.col(0), right_lateral = places.col(1),
                          right_medial = places.col(2), left = places.col(3),
                          left_lateral = places.col(4), left_medial = places.col(5),
                          eyes = (right + left) / 2;
    const Eigen::Vector3d brows = middle(kRightBrow, kLeftBrow);
    Eigen::VectorXd values(static_cast<Eigen::Index>(FaceMeasures().size()));
    values << (right - left).norm(), (right_medial - left_medial).norm(),
        (right_lateral - left_lateral).norm(), distance(kRightAla, kLeftAla),
        distance(kRightRoot, kLeftRoot), distance(kNasion, kSubnasale),
        distance(kSubnasale, kGnathion), distance(kRightMouth, kLeftMouth),
        distance(kSubnasale, kUpperStomion), distance(kUpperLip, kUpperStomion),
        distance(kLowerStomion, kLowerLip), distance(kRightZygion, kLeftZygion),
        distance(kRightGonion, kLeftGonion), distance(kRightTemple, kLeftTemple),
        (brows - eyes).y(), distance(kTip, kSubnasale),
        (right_lateral - right_medial + left_lateral - left_medial).y() / 2,
        (right_lateral + right_medial - left_lateral - left_medial).y() / 2,
        (at(kRightMouth) - at(kLeftMouth)).y(), (at(kNoseFront) - eyes).x(),
        (at(kGnathion) - eyes).x(), (at(kUpperStomion) - eyes).x(), (at(kTip) - at(kSubnasale)).y(),
        (brows - eyes).z(), (at(kPogonion) - at(kSubnasale)).z(),
        (at(kUpperStomion) - middle(kRightMouth, kLeftMouth)).y(),
        (middle(kRightBrowTail, kLeftBrowTail) - brows).y(),
        (middle(kRightCheek, kLeftCheek) - eyes).z();
    return values;
  }

 private:
  std::vector<VertexStencil> stencils_;
  std::array<int, 468> column_{};
};

// One standard deviation of an axis on the landmarks, to the negative and to the positive side.
struct Step {
  std::array<double, 2> weight{};
  std::array<Eigen::Matrix3Xd, 2> places;
};

std::vector<Step> StepsOf(const ParametricHead& head, const Landmarks& landmarks) {
  std::vector<Step> steps;
  Eigen::Matrix3Xd moved = Eigen::Matrix3Xd::Zero(3, head.Topology().vertex_count);
  for (const DetailAxis& axis : head.DetailAxes()) {
    double spread_mm = kAsymmetrySpreadMm;
    if (!axis.asymmetric) {
      for (const auto& [start, mm] : kDetailSpreadMm) {
        if (axis.name.rfind(start, 0) != 0) continue;
        spread_mm = mm;
        break;
      }
    }
    Step step;
    for (const size_t side : {0, 1}) {
      if (axis.reach_mm[side] > 0)
        step.weight[side] = std::min(spread_mm / axis.reach_mm[side], kLargestWeight);
      std::vector<int> touched;
      for (const int detail : side == 0 ? axis.negative : axis.positive) {
        const SparseDelta delta = head.DetailDelta(detail);
        for (size_t k = 0; k < delta.vertices.size(); ++k)
          moved.col(delta.vertices[k]) +=
              delta.millimetres.col(static_cast<Eigen::Index>(k)).cast<double>();
        touched.insert(touched.end(), delta.vertices.begin(), delta.vertices.end());
      }
      step.places[side] = step.weight[side] * landmarks.OnDisplacement(moved);
      for (const int vertex : touched) moved.col(vertex).setZero();
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace

const std::vector<FaceMeasure>& FaceMeasures() {
  // Breadths and heights: Farkas, Anthropometry of the Head and Face (1994); pupils: Dodgson
  // (2004); medial canthi: 1.6 to 3.2 mm by ancestry in a pooled review (PMC9029890). A tenth more,
  // since the tolerance below takes it back. Brow, canthal tilt and sides against each other: the
  // project's own, as small as people's.
  static const std::vector<FaceMeasure> measures = {
      {"pupils", 3.6, 1.0, true},          {"medial canthi", 2.9, 0, true},
      {"lateral canthi", 4.2, 2.0, true},  {"nose breadth", 3.1, 0, true},
      {"nasal root", 2.1, 0, false},       {"nose height", 3.5, 0, true},
      {"lower face", 4.8, 0, true},        {"mouth", 3.8, 2.5, true},
      {"upper lip", 2.3, 0, false},        {"upper vermilion", 1.4, 0, false},
      {"lower vermilion", 1.5, 0, false},  {"face breadth", 5.8, 0, true},
      {"jaw breadth", 6.6, 0, true},       {"forehead breadth", 5.5, 0, true},
      {"brow height", 2.6, 0, false},      {"nose protrusion", 2.1, 0, false},
      {"canthal tilt", 1.2, 1.0, false},   {"eyes' sides", 1.0, 0, false},
      {"mouth's sides", 1.2, 0, false},    {"nose's deviation", 1.1, 0, false},
      {"chin's deviation", 1.4, 0, false}, {"mouth's deviation", 1.2, 0, false},
      {"tip height", 2.2, 0, false},       {"brow depth", 2.0, 0, false},
      {"chin depth", 4.0, 0, false},       {"mouth corners", 1.4, -1.3, false},
      {"brow slope", 1.8, 0, false},       {"cheek depth", 2.0, 0, false}};
  return measures;
}

Eigen::VectorXd MeasureFace(const ParametricHead& head, const Eigen::Matrix3Xd& shape) {
  const Landmarks landmarks(head.Topology());
  return landmarks.Measure(landmarks.OnHead(shape));
}

void DrawFaceShape(const ParametricHead& head, NamedRandom* random, HeadRecipe* recipe) {
  const std::vector<DetailAxis>& axes = head.DetailAxes();
  for (const DetailAxis& axis : axes)
    for (const auto& [name, weight] : kMeanDetails)
      if (axis.name == name) ParametricHead::AddDetail(axis, weight, recipe);

  const Landmarks landmarks(head.Topology());
  const std::vector<Step> steps = StepsOf(head, landmarks);
  const auto count = static_cast<Eigen::Index>(axes.size());
  Eigen::VectorXd weights(count);  // In standard deviations.
  for (double& weight : weights) weight = Normal(random, 2.5);

  const Eigen::Matrix3Xd mean = landmarks.OnHead(head.Shape(*recipe));
  Eigen::VectorXd wanted = landmarks.Measure(mean);
  const double size = Normal(random, 2.2);
  Eigen::Index m = 0;
  for (const FaceMeasure& measure : FaceMeasures()) {
    const double own = Normal(random, 2.2);
    const double deviation =
        measure.grows_with_face ? std::sqrt(kCommonShare) * size + std::sqrt(1 - kCommonShare) * own
                                : own;
    wanted[m++] += measure.shift_mm + measure.spread_mm * deviation;
  }
  // The most probable weights that give the wanted measures, starting from the free draw
  // (conditioning by kriging; Journel & Huijbregts, Mining Geostatistics, 1978). Axes bend at zero,
  // so it takes a few rounds; a small tolerance keeps weights small where measures contradict.
  constexpr int kRounds = 4;
  constexpr double kTolerance = 0.05, kProbe = 0.3, kLargest = 3.0;
  for (int round = 0; round < kRounds; ++round) {
    Eigen::Matrix3Xd places = mean;
    for (Eigen::Index i = 0; i < count; ++i)
      places += std::abs(weights[i]) * steps[i].places[weights[i] < 0 ? 0 : 1];
    const Eigen::VectorXd now = landmarks.Measure(places);
    Eigen::MatrixXd slope(now.size(), count);
    for (Eigen::Index i = 0; i < count; ++i) {
      const bool positive = weights[i] >= 0;
      const Eigen::Matrix3Xd probe = places + kProbe * steps[i].places[positive ? 1 : 0];
      slope.col(i) = (landmarks.Measure(probe) - now) * ((positive ? 1 : -1) / kProbe);
    }
    Eigen::MatrixXd covariance = slope * slope.transpose();
    m = 0;
    for (const FaceMeasure& measure : FaceMeasures()) {
      covariance(m, m) += kTolerance * measure.spread_mm * measure.spread_mm;
      ++m;
    }
    weights += slope.transpose() * covariance.ldlt().solve(wanted - now);
    weights = weights.cwiseMax(-kLargest).cwiseMin(kLargest);
  }
  for (Eigen::Index i = 0; i < count; ++i) {
    const double weight =
        std::clamp(weights[i] * steps[i].weight[weights[i] < 0 ? 0 : 1], -1.0, 1.0);
    ParametricHead::AddDetail(axes[i], weight, recipe);
  }
}

}  // namespace maskbench::virtual_clinic
